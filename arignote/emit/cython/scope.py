"""Where text goes: the module that is printed, and one Scope for each C function in it.

A Scope notes every name it reads without declaring it.  Those become the function's parameters, so
a loop body moves into a function of its own without an analysis: it is printed, then asked.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np

from ...fxgraph.affine import size_node
from ...fxgraph.constants import is_value
from ...fxgraph.node import Node, origin
from ...fxgraph.ops.family import cast
from ...fxgraph.ops.scalar import product
from ...optimize.loopnest.access import Effects, effects_of
from ...optimize.loopnest.mentions import locals_of
from ...optimize.loopnest.program import (
    Assign,
    Buffer,
    Check,
    Fold,
    Loop,
    Program,
    Statement,
    expressions,
    walk,
)
from ..lines import Lines
from ..scalar_code import ScalarFunction, code, infix, scalar_function
from .divisors import by_known_divisor, in_vectors
from .expressions import ATOM, CYTHON, SUM, Dialect, Text, write
from .header import Part
from .names import Names

_HALF, _SINGLE = np.dtype(np.float16), np.dtype(np.float32)


@dataclass(frozen=True)
class VectorFunction:
    """A C function over registers: its name, text and Cython declaration."""

    name: str
    c: str
    declaration: str


@dataclass
class Module:
    """What one text collects beside statements.

    held: node -> the variable it is in.  pointers: buffer -> its variable.  types: variable -> type
    as Cython declares it.  slots: scratch places handed out, slot_of: to whom; slots_a_thread: does
    each thread of a parallel loop have its own?  streams: are rows written past the cache?  None:
    not looked at yet.
    """

    program: Program
    parallel_work: float
    pointed: frozenset[Buffer]
    folded: frozenset[Node]
    names: Names = field(default_factory=Names)
    held: dict[Node, str] = field(default_factory=dict)
    pointers: dict[Buffer, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    parts: dict[str, None] = field(default_factory=dict)
    scalars: dict[str, ScalarFunction] = field(default_factory=dict)
    folds: dict[str, tuple[str, str]] = field(default_factory=dict)
    externs: dict[str, None] = field(default_factory=dict)
    functions: list[str] = field(default_factory=list)
    libraries: dict[str, Part] = field(default_factory=dict)
    vectors: dict[str, VectorFunction] = field(default_factory=dict)
    slots: int = 0
    slot_of: dict[Buffer, int] = field(default_factory=dict)
    slots_a_thread: bool = False
    streams: bool | None = None
    _mentions: dict[Node, int] | None = None
    _effects: Effects | None = None

    def effects(self) -> Effects:
        """What the program's statements read and write."""
        if self._effects is None:
            self._effects = effects_of(self.program.statements)
        return self._effects

    def type_of(self, name: str) -> str:
        """The element type of a dtype code, made known to the header."""
        self.parts[f"type_{name}"] = None
        return f"an_{name}"

    def pointer_type(self, b: Buffer) -> str:
        restrict = b.restrict and b.role != "alias" and root(b) not in self.pointed
        return self.type_of(code(b.dtype)) + ("p" if restrict else "q")

    def local_to(self, loop: Loop) -> frozenset[Node]:
        """The locals that are mentioned in this loop and nowhere else."""
        if self._mentions is None:
            self._mentions = mentions(self.program.statements)
            for r in self.program.results:
                if r.value is not None:
                    for n in locals_of((r.value,)):
                        self._mentions[n] = self._mentions.get(n, 0) + 1
        inside = mentions(loop.body)
        return frozenset(n for n, k in inside.items() if self._mentions.get(n) == k)


def mentions(block: Iterable[Statement]) -> dict[Node, int]:
    """How many statements read or write each local."""
    out: dict[Node, int] = {}
    for s in walk(block):
        for n in locals_of(expressions(s)) | _set_by(s):
            out[n] = out.get(n, 0) + 1
    return out


def assigned(block: Iterable[Statement]) -> set[Node]:
    """The locals that statements (and the blocks in them) set."""
    return {n for s in walk(block) for n in _set_by(s)}


def _set_by(s: Statement) -> set[Node]:
    if isinstance(s, Assign | Fold):
        return {s.local}
    if isinstance(s, Check) and s.result is not None:
        return {s.result}
    return set()


def function_text(head: str, scope: Scope) -> str:
    """A function: head, declarations, lines."""
    return "\n".join([head, *_declarations(scope), *scope.lines])


def _declarations(scope: Scope) -> list[str]:
    """The variables of a function, one line a type."""
    by_type: dict[str, list[str]] = {}
    pointers = []  # Cython wants a line for each
    for d in scope.declared.values():
        kind, _, name = d.partition(" ")
        if kind.endswith("*"):
            pointers.append(f"    cdef {d}")
        else:
            by_type.setdefault(kind, []).append(name)
    values = [f"    cdef {kind} {', '.join(names)}" for kind, names in by_type.items()]
    return [*values, *pointers]


def root(b: Buffer) -> Buffer:
    """The buffer that owns b's memory."""
    while b.base is not None:
        b = b.base
    return b


class Scope(Lines):
    """One C function being printed; answers the questions of `expressions.Host`."""

    dialect: Dialect = CYTHON
    mark = "#"

    def __init__(self, module: Module, outer: Scope | None = None, depth: int = 1) -> None:
        super().__init__(depth)
        self.module = module
        self.outer = outer
        self.declared: dict[str, str] = {}
        self.free: dict[str, None] = {}
        self.fails = False
        self.parts_of_loop = False  # is this the body of a loop that is cut into parts?
        self.each = False  # is this the body of a loop with known divisors that will be vectors?
        self.streamed = False  # does it, or a function that it calls, write past the cache?

    # ---- variables
    def variable(self, name: str, type: str, declaration: str | None = None) -> str:
        """A new variable of this function."""
        found = self.module.names.fresh(name)
        self.module.types[found] = type
        self.declared[found] = declaration if declaration is not None else f"{type} {found}"
        return found

    def open_index(self, n: Node) -> str:
        """The variable of a loop counter."""
        found = self.module.names.counter(n.attr("name"))
        self.module.types[found] = "int64_t"
        self.declared[found] = f"int64_t {found}"
        self.module.held[n] = found
        return found

    def close_index(self, n: Node) -> None:
        """The loop has ended: its variable is free for another."""
        self.module.names.release(n.attr("name"), self.module.held.pop(n))

    def read(self, name: str) -> str:
        """A variable that is used here; one of an outer function becomes a parameter."""
        if name not in self.declared:
            self.free[name] = None
        return name

    def streams(self) -> None:
        """Stores past the cache are made here: they end before the function and its callers do."""
        at: Scope | None = self
        while at is not None:
            at.streamed = True
            at = at.outer

    def context(self) -> str:
        self.module.types.setdefault("ctx", "an_context*")
        return self.read("ctx")

    def assigned(self, n: Node) -> str:
        """The variable of a node that gets a value here."""
        name = self.module.held.get(n)
        if name is None:
            name = self.variable(named(n), self.value_type(n))
            self.module.held[n] = name
        return self.read(name)

    def value_type(self, n: Node) -> str:
        name = code(n.dtype)
        return self.module.type_of("f4" if name == "f2" and n in self.module.folded else name)

    def pointer(self, b: Buffer) -> str:
        """The pointer to a buffer's elements."""
        b = root(b)
        name = self.module.pointers.get(b)
        if name is None:
            raise LookupError(f"{b} is used before it is allocated")
        return self.read(name)

    # ---- expressions
    def texts(self, *nodes: Node) -> list[Text]:
        return write(nodes, self)

    def text(self, n: Node, level: int = 3) -> str:
        return write((n,), self)[0].within(level)

    def name(self, n: Node) -> str | None:
        held = self.module.held.get(n)
        if held is None:
            if n.op.name in ("local", "index", "input"):
                raise LookupError(
                    f"{n} ({dict(n.attrs).get('name')}) is read before it has a value"
                )
            return None
        self.read(held)
        if n.op.name == "local" and code(n.dtype) == "f2" and n in self.module.folded:
            return f"{self.call(scalar_function(cast, (_SINGLE,), _HALF))}({held})"
        return held

    def let(self, n: Node, value: str) -> str:
        found = self.variable(named(n), self.module.type_of(code(n.dtype)))
        self.put(f"{found} = {value}")
        return found

    def element(self, n: Node, index: Sequence[Text]) -> Text:
        b: Buffer = n.attr("buffer")
        self.module.type_of(code(b.dtype))
        return Text(f"{self.pointer(b)}[{self.offset(b, n.inputs, index)}]")

    def operator(self, n: Node) -> str | None:
        return infix(n.op, tuple(x.dtype for x in n.inputs))

    def function(self, n: Node) -> str:
        if self.each and by_known_divisor(n):
            return self.call(in_vectors(n))
        return self.call(scalar_function(n.op, tuple(x.dtype for x in n.inputs), n.dtype))

    def call(self, s: ScalarFunction) -> str:
        for t in (*s.operands, s.result):
            self.module.type_of(t)
        self.module.scalars[s.name] = s
        return s.name

    def type_of(self, code: str) -> str:
        return self.module.type_of(code)

    def require(self, part: str) -> None:
        self.module.parts[part] = None

    # ---- positions
    def offset(self, b: Buffer, index: Sequence[Node], texts: Sequence[Text]) -> str:
        """Where an element stands: Horner's rule for C order, a sum of products for strides."""
        if b.strides is not None:
            return self._strided(b, index, texts)
        out: Text | None = None
        for d, i, t in zip(b.shape, index, texts, strict=True):
            if isinstance(d, int) and d == 1:
                continue
            if out is not None:
                step = self.text(size_node(d), ATOM)
                out = Text(f"{out.within(ATOM)}*{step}")
                out = out if is_value(i, 0) else Text(f"{out.text} + {t.within(SUM)}", SUM)
            elif not is_value(i, 0):
                out = t
        return out.text if out is not None else "0"

    def _strided(self, b: Buffer, index: Sequence[Node], texts: Sequence[Text]) -> str:
        assert b.strides is not None
        terms = []
        for s, i, t in zip(b.strides, index, texts, strict=True):
            if is_value(i, 0) or (isinstance(s, int) and s == 0):
                continue
            one = isinstance(s, int) and s == 1
            terms.append(
                t.within(SUM) if one else f"{t.within(ATOM)}*{self.text(size_node(s), ATOM)}"
            )
        return " + ".join(terms) or "0"

    def count(self, b: Buffer) -> str:
        """The number of elements of a buffer."""
        return self.text(product([size_node(d) for d in b.shape]), ATOM)


def named(n: Node) -> str:
    """What the user calls a value."""
    at = dict(n.attrs)
    if n.op.name in ("local", "index", "input", "param"):
        return str(at["name"])
    if n.op.name == "load":
        return f"{at['buffer'].name}_at"
    where = origin.get(n)
    if where is not None and where.name:
        return where.name
    return "t"
