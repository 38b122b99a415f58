"""Where the text of one kernel goes, and what expressions find behind their names.

Positions are 32-bit unless the module is compiled with AN_WIDE (`an_ix`); values are as NumPy's, so
a counter that is used as a number is widened first.  All variables are declared at the top, so that
a step that fails can be left with `goto`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from ...fxgraph.affine import linear, size_node
from ...fxgraph.constants import is_value
from ...fxgraph.node import Node, origin
from ...optimize.loopnest.program import Buffer
from ..cython.expressions import ATOM, PRODUCT, SUM, Dialect, Text, write
from ..cython.expressions import C as DIALECT
from ..cython.names import Names
from ..lines import Lines
from ..scalar_code import ScalarFunction, code, infix, scalar_function
from .host import HostValues
from .plan import Arena, Counters, ErrorWord, Expr, Int, KernelArgument, Pointer

#: Words that C++ and CUDA take beyond those that no emitted text uses.
_CPP = frozenset(
    """alignas alignof and_eq asm auto bitand bitor case catch char16_t char32_t compl concept
    const_cast constexpr decltype default delete dynamic_cast explicit export friend goto mutable
    namespace noexcept nullptr operator private protected register reinterpret_cast requires signed
    static static_assert static_cast switch template this thread_local throw typeid typename using
    virtual wchar_t xor threadIdx blockIdx blockDim gridDim warpSize uint int
    float double""".split()
)


@dataclass
class ModuleText:
    """What the kernels of one module share: scalar functions, and names of kernels."""

    name: str
    scalars: dict[str, ScalarFunction] = field(default_factory=dict)
    kernels: list[str] = field(default_factory=list)


class KernelNames(Names):
    """Identifiers that are legal in CUDA C++ as well."""

    def fresh(self, name: str) -> str:
        if name.startswith("an_"):  # ours; a user's name never does
            found, k = name, 2
            while found in self.taken:
                found, k = f"{name}{k}", k + 1
            self.taken.add(found)
            return found
        return super().fresh(f"{name}_" if name in _CPP else name)


class KernelScope(Lines):
    """One kernel that is being printed.

    roots: root buffer -> its pointer variable.  params: variable -> (type, argument), in order.
    vectors: elements that are in variables for the moment.  stored: buffers that the kernel
    writes.  barriers, grid_barriers: do its threads wait for each other, in a block, in the grid?
    """

    dialect: Dialect = DIALECT

    def __init__(self, module: ModuleText, host: HostValues, folded: frozenset[Node]) -> None:
        super().__init__(1)
        self.module, self.host, self.folded = module, host, folded
        self.names = KernelNames()
        self.held: dict[Node, str] = {}
        self.counters: dict[Node, str] = {}
        self.roots: dict[Buffer, str] = {}
        self.params: dict[str, tuple[str, KernelArgument]] = {}
        self.pointers: dict[str, tuple[Buffer, KernelArgument]] = {}
        self.stored: set[Buffer] = set()
        self.vectors: dict[tuple[Buffer, tuple[Node, ...]], str] = {}
        self.declared: dict[str, str] = {}
        self.arrays: list[str] = []
        self.opening: list[str] = []
        self.grid_barriers = self.barriers = False
        self.labels = 0

    # ---- variables
    def variable(self, name: str, type: str) -> str:
        found = self.names.fresh(name)
        self.declared[found] = type
        return found

    def parameter(self, name: str, type: str, argument: KernelArgument) -> str:
        found = self.names.fresh(name)
        self.params[found] = (type, argument)
        return found

    def host_int(self, expr: Expr) -> str:
        """A number that the host computes."""
        for name, (_, argument) in self.params.items():
            if argument == Int(expr):
                return name
        return self.parameter("an_size_of", "an_i8", Int(expr))

    def error(self) -> str:
        return self._once("an_error", "an_i8*", ErrorWord())

    def counter_words(self) -> str:
        return self._once("an_counters", "an_u4*", Counters(4))

    def _once(self, name: str, type: str, argument: KernelArgument) -> str:
        self.params.setdefault(name, (type, argument))
        return name

    def scratch(self, name: str, element: str, bytes: Expr) -> str:
        """A pointer to memory that the kernel alone uses."""
        return self.parameter(name, f"{element}*", Arena(bytes))

    def assigned(self, n: Node) -> str:
        """The variable of a node that gets a value here."""
        name = self.held.get(n)
        if name is None:
            name = self.held[n] = self.variable(named(n), self.value_type(n))
        return name

    def value_type(self, n: Node) -> str:
        name = code(n.dtype)
        return f"an_{'f4' if name == 'f2' and n in self.folded else name}"

    def open_index(self, n: Node, wide: bool = False) -> str:
        """The variable of a loop counter."""
        found = self.names.counter(("w" if wide else "") + n.attr("name"))
        self.declared[found] = "an_i8" if wide else "an_ix"
        self.counters[n] = found
        return found

    def close_index(self, n: Node) -> None:
        found = self.counters.pop(n)
        wide = "w" if self.declared[found] == "an_i8" else ""
        self.names.release(wide + n.attr("name"), found)

    def label(self) -> str:
        self.labels += 1
        return f"an_next{self.labels}"

    def pointer(self, b: Buffer) -> str:
        b = root(b)
        name = self.roots.get(b)
        if name is None:
            name = self.roots[b] = self.names.fresh(b.name)
            self.pointers[name] = (b, Pointer(""))
        return name

    # ---- expressions (the questions of `expressions.Host`)
    def texts(self, *nodes: Node) -> list[Text]:
        return write(nodes, self)

    def text(self, n: Node, level: int = 3) -> str:
        return write((n,), self)[0].within(level)

    def name(self, n: Node) -> str | None:
        if n in self.counters:
            return f"(an_i8){self.counters[n]}"
        held = self.held.get(n)
        if held is None:
            return self._given(n)
        if n.op.name == "local" and code(n.dtype) == "f2" and n in self.folded:
            return f"an_f2_of_f4({held})"
        return held

    def _given(self, n: Node) -> str | None:
        """A value that the host hands over."""
        value = self.host.values.get(n)
        if value is not None:
            held = self.held[n] = self.parameter(named(n), f"an_{code(n.dtype)}", value)
            return held
        expr = self.host.entry.get(n)
        if expr is not None:  # the kernel gives it other values later
            held = self.held[n] = self.variable(named(n), self.value_type(n))
            self.opening.append(f"{held} = {self.host_int(f'int({expr})')};")
            return held
        expr = self.host.names.get(n)
        if expr is not None:
            held = self.held[n] = self.parameter(named(n), "an_i8", Int(f"int({expr})"))
            return held
        if n.op.name in ("local", "index", "input"):
            raise LookupError(f"{n} ({dict(n.attrs).get('name')}) has no value in the kernel")
        return None

    def let(self, n: Node, value: str) -> str:
        found = self.variable(named(n), f"an_{code(n.dtype)}")
        self.put(f"{found} = {value};")
        return found

    def element(self, n: Node, index: Sequence[Text]) -> Text:
        return Text(self.place(n.attr("buffer"), n.inputs))

    def place(self, b: Buffer, index: tuple[Node, ...]) -> str:
        """An element as something to read or to assign to."""
        held = self.vectors.get((b, index))
        return held if held is not None else f"{self.pointer(b)}[{self.offset(b, index)}]"

    def operator(self, n: Node) -> str | None:
        return infix(n.op, tuple(x.dtype for x in n.inputs))

    def function(self, n: Node) -> str:
        return self.call(scalar_function(n.op, tuple(x.dtype for x in n.inputs), n.dtype))

    def call(self, s: ScalarFunction) -> str:
        self.module.scalars[s.name] = s
        return s.name

    def type_of(self, code: str) -> str:
        return f"an_{code}"

    def require(self, part: str) -> None:
        """Every part of the preamble is in every module."""

    # ---- positions
    def offset(self, b: Buffer, index: Sequence[Node]) -> str:
        """Where an element stands: Horner's rule for C order, a sum of products for strides."""
        if b.strides is not None:
            return self._strided(b.strides, index)
        out: Text | None = None
        for d, i in zip(b.shape, index, strict=True):
            if isinstance(d, int) and d == 1:
                continue
            if out is not None:
                out = Text(f"{out.within(ATOM)} * {self.position(size_node(d)).within(ATOM)}")
            if is_value(i, 0):
                continue
            t = self.position(i)
            out = t if out is None else Text(f"{out.text} + {t.within(PRODUCT)}", SUM)
        return out.text if out is not None else "0"

    def _strided(self, strides: Sequence[int | Node], index: Sequence[Node]) -> str:
        terms = []
        for s, i in zip(strides, index, strict=True):
            if is_value(i, 0) or (isinstance(s, int) and s == 0):
                continue
            t = self.position(i)
            if isinstance(s, int) and s == 1:
                terms.append(t.within(PRODUCT))
            else:
                terms.append(f"{t.within(ATOM)} * {self.position(size_node(s)).within(ATOM)}")
        return " + ".join(terms) or "0"

    def position(self, n: Node) -> Text:
        """An integer in index arithmetic: exact where the result fits."""
        coefs, const = linear(n)
        out = ""
        for atom, k in sorted(coefs.items(), key=lambda item: item[1] < 0):
            term = self._atom(atom)
            if abs(k) != 1:
                term = f"{abs(k)} * {term}"
            out = (
                f"{out} {'-' if k < 0 else '+'} {term}" if out else f"{'-' if k < 0 else ''}{term}"
            )
        if const or not out:
            sign = "-" if const < 0 else "+"
            out = f"{out} {sign} {abs(const)}" if out else str(const)
        plain = len(coefs) + bool(const) <= 1
        level = ATOM if plain and (not coefs or 1 in coefs.values()) and const >= 0 else SUM
        return Text(out, level)

    def _atom(self, n: Node) -> str:
        if n in self.counters:
            name = self.counters[n]
            return name if self.declared[name] == "an_ix" else f"(an_ix){name}"
        if n.op.name == "multiply":
            a, b = (self.position(x).within(ATOM) for x in n.inputs)
            return f"({a} * {b})"
        return f"(an_ix){self.text(n, ATOM)}"


def named(n: Node) -> str:
    """What the user calls a value."""
    at = dict(n.attrs)
    if n.op.name in ("local", "index", "input", "param"):
        return str(at["name"])
    if n.op.name == "load":
        return f"{at['buffer'].name}_at"
    where = origin.get(n)
    return where.name if where is not None and where.name else "t"


def root(b: Buffer) -> Buffer:
    """The buffer that owns b's memory."""
    while b.base is not None:
        b = b.base
    return b
