"""Innermost loops of transcendental functions as C over whole AVX-512 registers.

The compiler's own vector code of such a loop has no instructions that take exponents and mantissas
apart, and no tables in registers, which make a logarithm or an exponential a third cheaper
(preamble/wide.h); called for each register by the vector ABI they lost in short rows and beside
choices.  Here the loop itself is written with registers: what is left in the end runs through the
same code with a mask, so that an element's value does not depend on where it stands.

A loop of several such functions is cut into stages (stages.py): all their constants and tables do
not fit into the registers.  One of square roots alone goes two registers a step (turns.py).

The text has both forms, `if AN_WIDE: the call, else: the loop`, and the C compiler keeps one.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ...fxgraph.affine import from_linear, linear
from ...fxgraph.constants import constant, is_const, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...optimize.loopnest.dependence import independent_steps
from ...optimize.loopnest.program import Assign, Loop, Statement, Store, expressions
from ..scalar_code import code, wide_library
from .expressions import ATOM, LOOSE, PRODUCT, Text, infix
from .names import Names
from .scope import Module, Scope, VectorFunction, named, root
from .stages import Line, in_stages, in_turns
from .turns import saved

#: Cycles that a register of each function takes here less those of the compiler's vector code
#: (Zen 4, loops over 1024 elements): a loop has a form in registers where that saves some.
COST = {
    "f8": {
        "exp": -3.8, "log": -6.6, "log1p": -0.6, "log1p_up": -8.3, "expit": -2.2, "softplus": -3.7,
        "tanh": -0.1,
    },
    "f4": {
        "exp": -4.3, "log": -5.5, "log1p": -0.6, "log1p_up": -4.5, "expit": -2.8, "softplus": -1.5,
        "tanh": -1.4, "sin": -4.5, "cos": -3.5,
    },
}  # fmt: skip
_INFIX = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/"}
_COMPARED = {"less", "less_equal", "greater", "greater_equal", "equal", "not_equal"}
_OTHERS = frozenset(
    {"absolute", "square", "reciprocal", "sqrt", "maximum", "minimum", "where", *_COMPARED}
)
_LOGICAL = {"logical_and": "&", "logical_or": "|", "bitwise_and": "&", "bitwise_or": "|"}
_NOT = ("logical_not", "invert")
#: Whose values are never negative: log1p of them is shorter.
_POSITIVE = frozenset({"absolute", "square", "exp", "sqrt", "expit"})
#: Shorter loops are not worth a call.
_FEWEST = 4
#: Loops that are known to have no more steps are not cut into stages (an LSTM of 16 units, five
#: functions a step: some 5 % slower in stages).
_FEW = 32
#: Bodies of more transcendental functions call them out of line: the C compiler takes more than
#: linear time for a long block (a thousand inlined tanh: 20 s), and a call costs a few of some
#: twenty cycles.
_MOST_INLINE = 32

GUARD = (
    "defined(__AVX512F__) && defined(__AVX512DQ__) && defined(__GNUC__) && !defined(__clang__)"
    " && __GNUC__ >= 10"
)

_CALLED = re.compile(r"\ban_called_(\w+)_(f\d)\(")

Block = Callable[[Scope, Iterable[Statement]], None]


def print_vectors(scope: Scope, loop: Loop, bounds: tuple[str, str]) -> bool:
    """Print the head `if AN_WIDE: call; else:` of a loop that has a form in registers."""
    kind = _kind(scope.module, loop)
    if kind is None:
        return False
    nest = _Nest(scope, loop, kind)
    if not nest.print_body():
        return False
    name = _function(scope.module, nest)
    scope.put("if AN_WIDE:")
    scope.put(f"    {name}({', '.join([*bounds, *nest.given])})")
    scope.put("else:")
    return True


def _kind(module: Module, loop: Loop) -> str | None:
    """The type code of all that the loop computes, if its statements are simple enough."""
    index = loop.index
    if index.attr("step") != 1 or not all(isinstance(s, Assign | Store) for s in loop.body):
        return None
    roots = [r for s in loop.body for r in expressions(s)]
    names = {n.op.name for n in order_of(roots)}
    if not names & {"sqrt", *COST["f8"], *COST["f4"]}:
        return None
    lo, hi = index.attr("lo"), index.attr("hi")
    if is_const(lo) and is_const(hi) and value_of(hi) - value_of(lo) < _FEWEST:
        return None
    stores = [s.buffer for s in loop.body if isinstance(s, Store)]
    if not all(module.pointer_type(root(b)).endswith("p") for b in stores):
        return None
    stored = {code(b.dtype) for b in stores}
    inside = module.local_to(loop)
    if any(isinstance(s, Assign) and s.local not in inside for s in loop.body):
        return None
    if len(stored) != 1 or not stored <= set(COST):
        return None
    return stored.pop() if loop.parallel or independent_steps(loop, set()) else None


@dataclass
class _Nest:
    """The body of a loop in registers: C lines, and what its function is handed.

    given: what the Cython text hands over, with the parameter for it.
    """

    scope: Scope
    loop: Loop
    kind: str
    names: Names = field(default_factory=Names)
    given: dict[str, str] = field(default_factory=dict)
    types: dict[str, str] = field(default_factory=dict)
    lines: list[Line] = field(default_factory=list)
    held: dict[Node, Text] = field(default_factory=dict)
    varying: dict[Node, bool] = field(default_factory=dict)
    cost: float = 0.0
    long: bool = False
    turns: bool = False

    def print_body(self) -> bool:
        """Print the statements; False where one has no form in registers."""
        for word in ("k", "last", "whole", "m", "from", "stop", "r", "turn"):
            self.names.fresh(word)
        self.varying[self.loop.index] = True
        uses = self._uses()
        works = sum(n.op.name in COST[self.kind] for n in uses)
        self.long = works > _MOST_INLINE
        if not works:
            self.cost = -saved(self.kind, uses)
            self.turns = self.cost < 0
        before = self.scope.lines[:]
        try:
            for s in self.loop.body:
                self._statement(s, uses)
        except _NoForm:
            self.scope.lines = before
            return False
        return self.cost < 0

    def _statement(self, s: Statement, uses: dict[Node, int]) -> None:
        assert isinstance(s, Assign | Store)
        if isinstance(s, Assign):
            text = self._value(s.value, uses)
            name = self._fresh(named(s.local))
            self._let(s.local, name, text)
            self.varying[s.local] = True
            return
        text = self._value(s.value, uses)
        place = self._place(s.buffer, s.index)
        if s.accumulate:
            text = infix("+", (Text(f"an_get_{self.kind}({place}, whole, m)"), text))
        self.lines.append(Line(f"an_put_{self.kind}({place}, {text.text}, whole, m);"))
        for n in [n for n in self.held if _reads(n)]:
            del self.held[n]  # the store may have changed what it read

    def _let(self, n: Node, name: str, text: Text) -> None:
        kind = f"an_mask_{self.kind}" if n.dtype.kind == "b" else f"an_lanes_{self.kind}"
        work, loads = n.op.name in COST[self.kind], n.op.name == "load"
        self.lines.append(Line(f"const {kind} {name} = {text.text};", name, kind, work, loads))
        self.held[n] = Text(name)

    def _fresh(self, name: str) -> str:
        """A name that is no macro of C's, whatever the user's is."""
        return self.names.fresh(f"{name}_")

    # ---- expressions
    def _uses(self) -> dict[Node, int]:
        """How often each varying expression of the body is used."""
        uses: dict[Node, int] = {}
        stack = [r for s in self.loop.body for r in expressions(s)]
        while stack:
            n = stack.pop()
            uses[n] = uses.get(n, 0) + 1
            if uses[n] == 1 and n.op.name != "load":
                stack.extend(n.inputs)
        return uses

    def _value(self, root: Node, uses: dict[Node, int]) -> Text:
        """An expression's text; what is used more than once gets a line of its own."""
        stack = [(root, False)]
        while stack:
            n, ready = stack.pop()
            if n in self.held:
                continue
            if not self._varies(n):
                self.held[n] = self._invariant(n)
            elif n.op.name == "load":
                buffer = n.attr("buffer")
                if code(buffer.dtype) != self.kind:
                    raise _NoForm
                place = self._place(buffer, n.inputs)
                name = self._fresh(f"{buffer.name}_at")
                self._let(n, name, Text(f"an_get_{self.kind}({place}, whole, m)"))
            elif not ready:
                self._check(n)
                stack.append((n, True))
                stack.extend((x, False) for x in reversed(n.inputs))
            else:
                text = self._write(n)
                if (uses.get(n, 0) > 1 and n is not root) or n.op.name in COST[self.kind]:
                    self._let(n, self._fresh(named(n)), text)
                else:
                    self.held[n] = text
        return self.held[root]

    def _varies(self, root: Node) -> bool:
        """Does it depend on the loop's index, or on what its steps compute?"""
        own = {s.local for s in self.loop.body if isinstance(s, Assign)}
        stack = [(root, False)]
        while stack:
            n, ready = stack.pop()
            if n in self.varying:
                continue
            if ready or not n.inputs or n in own:
                self.varying[n] = n in own or any(self.varying[x] for x in n.inputs)
            else:
                stack.append((n, True))
                stack.extend((x, False) for x in n.inputs)
        return self.varying[root]

    def _check(self, n: Node) -> None:
        """Is the op of an expression one of ours, and all of the loop's type?"""
        name, kinds = n.op.name, {code(x.dtype) for x in n.inputs}
        self.cost += COST[self.kind].get(_variant(n), 0)
        known = name in _INFIX or name in _OTHERS or name in COST[self.kind]
        if name == "where":
            plain = kinds == {"b1", self.kind} and n.inputs[0].dtype.kind == "b"
        elif name in _LOGICAL or name in _NOT:
            known, plain = True, kinds == {"b1"}
        else:
            plain = kinds == {self.kind}
            known = known or name == "negative"
        if not known or not plain or code(n.dtype) not in (self.kind, "b1"):
            raise _NoForm

    def _write(self, n: Node) -> Text:
        name, operands = n.op.name, [self.held[x] for x in n.inputs]
        if name in _INFIX:
            return infix(_INFIX[name], operands)
        if name in _LOGICAL:
            return infix(_LOGICAL[name], [Text(t.within(ATOM)) for t in operands])
        if name == "negative":
            return Text(f"-{operands[0].within(ATOM)}", PRODUCT)
        if name in _NOT:
            return Text(f"(an_mask_{self.kind})~{operands[0].within(ATOM)}", LOOSE)
        given = ", ".join(t.text for t in operands)
        if self.long and name in COST[self.kind]:
            return Text(f"an_called_{_variant(n)}_{self.kind}({given})")
        if name == "softplus":  # two functions, an exponential and a logarithm
            start, kind = self._fresh("start"), f"an_lanes_{self.kind}"
            text = f"const {kind} {start} = an_softplus_start_{self.kind}({given});"
            self.lines.append(Line(text, start, kind, work=True))
            return Text(f"an_softplus_end_{self.kind}({start}, {given})")
        if name == "sqrt" and self.turns:
            return Text(f"an_turned_sqrt_{self.kind}({given}, turn)")
        return Text(f"an_wide_{_variant(n)}_{self.kind}({given})")

    def _invariant(self, n: Node) -> Text:
        """A value that all steps share: a constant, or one that the function is handed."""
        logical = n.dtype.kind == "b"
        if not logical and code(n.dtype) != self.kind:
            raise _NoForm
        if n.op is constant and not logical:
            return Text(f"an_filled_{self.kind}({_literal(float(value_of(n)))})")
        name = self._parameter(self.scope.text(n), named(n), code(n.dtype))
        if logical:
            return Text(f"(an_mask_{self.kind})-{name}", LOOSE)
        return Text(f"an_filled_{self.kind}({name})")

    def _place(self, buffer: object, index: tuple[Node, ...]) -> str:
        """Where the registers of a buffer are; _NoForm unless steps go from one to the next."""
        from_lo = self._start(buffer, index)
        if from_lo is None:
            raise _NoForm
        scope, b = self.scope, buffer
        offset = scope.offset(b, from_lo, scope.texts(*from_lo))  # type: ignore[arg-type]
        pointer = scope.pointer(b)  # type: ignore[arg-type]
        text = pointer if offset == "0" else f"&{pointer}[{offset}]"
        return f"{self._parameter(text, pointer, f'{self.kind}*')} + k"

    def _start(self, buffer: object, index: tuple[Node, ...]) -> tuple[Node, ...] | None:
        """The index with 0 for the loop's, if that counts elements that lie side by side."""
        own = self.loop.index
        at = [k for k, i in enumerate(index) if self._varies(i)]
        if len(at) != 1:
            return None
        k = at[0]
        strides = buffer.strides  # type: ignore[attr-defined]
        coefs, rest = linear(index[k])
        others = {x: c for x, c in coefs.items() if x is not own}
        together = k == len(index) - 1 if strides is None else strides[k] == 1
        if not together or coefs.get(own) != 1 or any(self._varies(x) for x in others):
            return None
        return (*index[:k], from_linear(others, rest), *index[k + 1 :])

    def _parameter(self, text: str, name: str, kind: str) -> str:
        """The parameter that is handed `text`."""
        if text not in self.given:
            self.given[text] = self._fresh(name)
            self.types[text] = f"an_{kind}"
        return self.given[text]


def _reads(n: Node) -> bool:
    """Is there an element of memory in an expression?"""
    return any(m.op.name == "load" for m in order_of((n,)))


def _variant(n: Node) -> str:
    """The name of the function in wide*.h."""
    up = n.op.name == "log1p" and n.inputs[0].op.name in _POSITIVE
    return "log1p_up" if up else n.op.name


class _NoForm(Exception):
    """Something in the loop cannot be done in registers here."""


def _literal(x: float) -> str:
    if x != x:
        return "NAN"
    return f"{'-' if x < 0 else ''}INFINITY" if abs(x) == float("inf") else repr(x)


def _function(module: Module, nest: _Nest) -> str:
    """The name of the function of a nest; equal ones are one."""
    pairs = [(nest.types[text], name) for text, name in nest.given.items()]
    body = "\n".join(f"    {line.text}" for line in nest.lines)
    own = {*nest.names.taken}
    numbers: dict[str, str] = {}
    key = re.sub(
        r"[A-Za-z_]\w*",
        lambda w: numbers.setdefault(w[0], f"#{len(numbers)}") if w[0] in own else w[0],
        " ".join(f"{t} {x}," for t, x in pairs) + body,
    )
    known = module.vectors.get(key)
    if known is not None:
        return known.name
    name = module.names.fresh("vectors")
    declared = ", ".join(t for t, _ in pairs)
    head = f"void {name}(int64_t k, int64_t last, {declared}) noexcept nogil"
    lo, hi = nest.loop.index.attr("lo"), nest.loop.index.attr("hi")
    short = is_const(lo) and is_const(hi) and value_of(hi) - value_of(lo) <= _FEW
    if nest.turns:
        c = in_turns(name, nest.kind, nest.lines, pairs)
    else:
        c = in_stages(name, nest.kind, nest.lines, pairs, short=short, long=nest.long)
    module.vectors[key] = VectorFunction(name, c, head)
    return name


def vector_text(module: Module) -> str:
    """The C of a module's functions over registers, and of what they stand on."""
    functions = "\n".join(f.c for f in module.vectors.values())
    called = "\n".join(_out_of_line(f) for f in sorted(set(_CALLED.findall(functions))))
    nothing = "\n".join(f"#define {f.name}(...) ((void)0)" for f in module.vectors.values())
    return f"""\
#if {GUARD}
#define AN_WIDE 1
{wide_library(called + functions)}{called}
{functions}
#else
#define AN_WIDE 0
{nothing}
#endif"""


def _out_of_line(function: tuple[str, str]) -> str:
    """A function of the library for the bodies that call it very often."""
    name, kind = function
    lanes = f"an_lanes_{kind}"
    return f"""
static __attribute__((noinline)) {lanes} an_called_{name}_{kind}({lanes} x) {{
    return an_wide_{name}_{kind}(x);
}}"""
