"""Which loops of a nest may be shared among threads, and how: the questions a schedule asks.

Everything is decided by the dependences of `optimize/loopnest/dependence.py`, so loops that a user
wrote and loops that came from array operations are treated alike.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.types import TensorType
from ...optimize.loopnest.access import effects_of
from ...optimize.loopnest.dependence import independent_steps
from ...optimize.loopnest.mentions import own
from ...optimize.loopnest.program import (
    Assign,
    Break,
    Buffer,
    Fold,
    Loop,
    Statement,
    Store,
    children,
    expressions,
    new_local,
    walk,
    with_children,
)
from ...optimize.loopnest.strides import stride
from ..scalar_code import code
from .scope import root

#: dtypes that hardware adds atomically (complex numbers are two of them).
ATOMIC = frozenset(("f4", "f8", "i4", "i8", "u4", "u8", "c8", "c16"))
#: Inner loops of at most this many steps, known when printing, stay in one thread.
SHORT = 16
#: So many steps of one thread are no loss.
FEW = 256


@dataclass(frozen=True)
class Nest:
    """Loops whose steps may run at once, outermost first, and what each combination of steps does.

    folds: reductions over them that end in variables.  atomic: buffers that several steps add to.
    """

    loops: tuple[Loop, ...]
    body: tuple[Statement, ...]
    folds: tuple[Fold, ...] = ()
    atomic: frozenset[Buffer] = frozenset()


@dataclass
class Analysis:
    """mentions: how many statements of the program name each variable."""

    mentions: dict[Node, int]
    _nests: dict[Loop, Nest | None] = field(default_factory=dict)

    def nest(self, loop: Loop) -> Nest | None:
        """How threads may share the loop; None where its steps must follow each other."""
        if loop not in self._nests:
            self._nests[loop] = self._nest(loop)
        return self._nests[loop]

    def _nest(self, loop: Loop) -> Nest | None:
        found = self._hoisted(loop, (), frozenset())
        if found is not None:
            return found
        folds = outer_folds(loop)
        if folds:
            return self._hoisted(loop, folds, frozenset())
        atomic = added_only(loop)
        if atomic:
            return self._hoisted(loop, (), atomic)
        return None

    def _hoisted(
        self, loop: Loop, folds: tuple[Fold, ...], atomic: frozenset[Buffer]
    ) -> Nest | None:
        """The independent loops of a perfect nest, moved outside."""
        if not self._private(loop, folds):
            return None
        chain = _chain(loop)
        if folds or atomic:  # every loop of the nest, or none
            return self._whole(chain, folds, atomic)
        rest, free = list(chain), []
        while rest:
            k = next((k for k in range(len(rest)) if _movable(rest, k) and _free(rest, k)), None)
            if k is None:
                break
            free.append(rest.pop(k))
        if not free:
            return None
        free.sort(key=chain.index)
        body = chain[-1].body
        for inner in reversed(rest):
            body = (replace(inner, body=body),)
        return Nest(tuple(free), body)

    def _whole(
        self, chain: list[Loop], folds: tuple[Fold, ...], atomic: frozenset[Buffer]
    ) -> Nest | None:
        """As many outer loops of a nest as are independent but for folds and additions."""
        free: list[Loop] = []
        for k, loop in enumerate(chain):
            if not _rectangular(chain, k) or not _independent(_without(loop, folds, atomic)):
                break
            free.append(loop)
        if not free:
            return None
        return Nest(tuple(free), free[-1].body, folds, atomic)

    def _private(self, loop: Loop, folds: tuple[Fold, ...]) -> bool:
        """Does nobody look at the variables of a step after the loop (but at its folds)?"""
        shown = effects_of(loop.body).sets - {f.local for f in folds}
        return shown <= set(own((loop,), self.mentions))


def _chain(loop: Loop) -> list[Loop]:
    """A loop, and the loops that are alone in each other."""
    out = [loop]
    while len(out[-1].body) == 1 and isinstance(out[-1].body[0], Loop):
        out.append(out[-1].body[0])
    return out


def _movable(rest: Sequence[Loop], k: int) -> bool:
    """May loop k stand outside those before it: does its range not depend on them?"""
    return _rectangular(rest, k)


def _rectangular(chain: Sequence[Loop], k: int) -> bool:
    outer = {x.index for x in chain[:k]}
    i = chain[k].index
    nodes = order_of((i.attr("lo"), i.attr("hi")))
    varying = effects_of((chain[0],)).sets if k else set()
    return not outer & set(nodes) and not any(m.op.name == "load" or m in varying for m in nodes)


def _free(rest: Sequence[Loop], k: int) -> bool:
    """Are the steps of loop k, as the outermost one, independent?  A pass may know more than the
    accesses tell."""
    if k == 0 and rest[k].parallel:
        return not any(isinstance(s, Break) for s in _own_level(rest[k].body))
    body = rest[-1].body
    for inner in reversed([x for j, x in enumerate(rest) if j != k]):
        body = (replace(inner, body=body),)
    return _independent(replace(rest[k], body=body))


def _independent(loop: Loop) -> bool:
    """Checks do not order steps here: a failed one is reported after the kernel."""
    if any(isinstance(s, Break) for s in _own_level(loop.body)):
        return False
    return independent_steps(_unchecked(loop), set())


def _own_level(block: Iterable[Statement]) -> Iterable[Statement]:
    """Statements whose `break` would leave this loop."""
    for s in block:
        yield s
        if not isinstance(s, Loop) and children(s) and type(s).__name__ != "While":
            for c in children(s):
                yield from _own_level(c)


def _unchecked(loop: Loop) -> Loop:
    """The loop with checks replaced by what they give."""

    def plain(s: Statement) -> Statement:
        if type(s).__name__ == "Check":
            value = s.operands[0]  # type: ignore[union-attr]
            kept = s.result  # type: ignore[union-attr]
            return Assign(kept if kept is not None else _dummy(value), value)
        if isinstance(s, Break):
            return Assign(_dummy(loop.index), loop.index)
        return s

    if not any(type(s).__name__ in ("Check", "Break") for s in walk(loop.body)):
        return loop
    (out,) = _mapped((loop,), plain)
    assert isinstance(out, Loop)
    return out


def _dummy(value: Node) -> Node:
    return new_local("unused", TensorType(value.dtype))


def _mapped(block: tuple[Statement, ...], f) -> tuple[Statement, ...]:  # type: ignore[no-untyped-def]
    new = [f(s) for s in block]
    return tuple(with_children(s, tuple(_mapped(c, f) for c in children(s))) for s in new)


def _without(loop: Loop, folds: tuple[Fold, ...], atomic: frozenset[Buffer]) -> Loop:
    """The loop without the folds and additions that are done together."""
    locals = {f.local for f in folds}

    def plain(s: Statement) -> Statement:
        if isinstance(s, Fold) and s.local in locals:
            return Assign(_dummy(s.value), s.value)
        if isinstance(s, Store) and root(s.buffer) in atomic:
            return Assign(_dummy(s.value), s.value)
        return s

    (out,) = _mapped((loop,), plain)
    assert isinstance(out, Loop)
    return out


def outer_folds(loop: Loop) -> tuple[Fold, ...]:
    """The folds of a loop into variables that live outside of it and that it only folds; () where a
    fold is of another kind."""
    folds: dict[Node, Fold] = {}
    assigned = {s.local for s in walk(loop.body) if isinstance(s, Assign)}
    for s in walk(loop.body):
        if isinstance(s, Fold) and s.local not in assigned:
            if s.local in folds and folds[s.local].op is not s.op:
                return ()
            if not has_identity(s):
                return ()
            folds[s.local] = s
    for s in walk(loop.body):
        read = (s.value,) if isinstance(s, Fold) else expressions(s)
        if any(m in folds for m in order_of(read)):
            return ()
    return tuple(folds.values())


def kind_of(loop: Loop) -> str:
    """How threads share an innermost loop: "free", "folds" into variables, "adds" to places that
    data gives, or "" where its steps follow each other."""
    if _independent(loop):
        return "free"
    folds, atomic = outer_folds(loop), added_only(loop)
    if folds and _independent(_without(loop, folds, frozenset())):
        return "folds"
    if atomic and _independent(_without(loop, (), atomic)):
        return "adds"
    return ""


def has_identity(s: Fold) -> bool:
    """Is there a start value that changes nothing?"""
    name = s.op.name
    if s.local.dtype.kind == "c":
        return name in ("reduce_sum", "reduce_prod")
    known = ("reduce_sum", "reduce_prod", "reduce_max", "reduce_min", "reduce_all", "reduce_any")
    return name in known


def added_only(loop: Loop) -> frozenset[Buffer]:
    """The buffers that a loop does nothing else to than join values to their elements: adds, or
    takes the greatest or the least integer, one of these at all places."""
    names: dict[Buffer, set[str]] = {}

    def plain(s: Statement) -> Statement:
        if not isinstance(s, Store):
            return s
        value = joined(s)
        if value is None and not s.accumulate:
            return s
        name = "add" if value is None else s.value.op.name
        names.setdefault(root(s.buffer), set()).add(name)
        return s if value is None else replace(s, value=value, accumulate=True)

    body = _mapped(loop.body, plain)
    out: set[Buffer] = set()
    other: set[Buffer] = set()
    for a in effects_of(body).accesses:
        (out if a.accumulate else other).add(root(a.buffer))
    return frozenset(b for b in out - other if code(b.dtype) in ATOMIC and len(names[b]) == 1)


def joined(s: Statement) -> Node | None:
    """What a store takes the greatest or the least of, beside the integer that is there."""
    if not isinstance(s, Store) or s.accumulate or s.value.op.name not in ("maximum", "minimum"):
        return None
    if s.buffer.dtype.kind not in "iu" or s.value.dtype != s.buffer.dtype:
        return None
    for here, other in (s.value.inputs, s.value.inputs[::-1]):
        if here.op.name == "load" and here.attr("buffer") is s.buffer and here.inputs == s.index:
            return other
    return None


def wants_team(nest: Nest, analysis: Analysis) -> bool:
    """Does a step have inner loops that several threads should share?

    Not where the threads of neighbouring steps read neighbouring elements and the inner loops do
    not: then a thread a step reads whole lines of memory.
    """
    if nest.folds or nest.atomic:
        return False
    inner = [
        s
        for s in walk(nest.body)
        if isinstance(s, Loop) and not _short(s) and analysis.nest(s) is not None
    ]
    if not inner:
        return False
    last = nest.loops[-1].index
    across = along = 0
    for loop in inner:
        for a in effects_of(loop.body).accesses:
            if stride(a, loop.index) == "unit":
                along += 1
            elif stride(a, last) == "unit":
                across += 1
    return along > 0 and across == 0


def _short(loop: Loop) -> bool:
    return few_steps(loop, SHORT)


def few_steps(s: Statement, most: int = FEW) -> bool:
    """Is it a loop of at most so many steps, known when it is printed?"""
    if not isinstance(s, Loop):
        return False
    lo, hi = s.index.attr("lo"), s.index.attr("hi")
    if lo.op.name != "constant" or hi.op.name != "constant":
        return False
    span = abs(int(hi.attr("bits").array()) - int(lo.attr("bits").array()))
    return span <= most * abs(int(s.index.attr("step")))
