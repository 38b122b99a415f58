"""What a loop carries: for each name, what it is taken to hold at the start of every step.

The body is traced with a guess: numbers are carried by value with a type, arrays keep their binding
(writes go through cells).  What the body leaves says whether the guess holds; if not it is widened
and the body is traced again.  Types only grow, so this ends after two or three times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeAlias

from ..fxgraph.affine import minus, plus, size_node, times
from ..fxgraph.constants import is_const, new_param, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import BOOL, I64, Shape, TensorType
from .aliasing import slid, slides
from .containers import filled, flatten, rebuilt
from .merging import NUMBERS, Conflict, Unmergeable, agreed, as_type, blank, is_number, join
from .proxy import Array, Scalar, node_of, same_place, wrap
from .session import session
from .slicing import int_node
from .undefined import Undefined, certain, flag_of, unsure, yes
from .varying import check_room, first_rows, only_first_differs, padded

#: Integers that only count steps stay below this: at most 2**53 steps run in the lifetime of a
#: machine, each adds at most MOST_PER_STEP.
COUNTED = 2**62
MOST_PER_STEP = 2**9
WEAK_INT = TensorType(I64, (), True)


class Unstable(Exception):
    """No guess holds: what a name is changes from step to step."""


@dataclass(frozen=True)
class Slide:
    """A view that moves along its cell: `axes` of its window's starts are carried."""

    axes: tuple[int, ...]


@dataclass(frozen=True)
class Count:
    """A Python integer that grows by `by` at every step: no carry, a function of the counter."""

    by: int


@dataclass(frozen=True)
class Varying:
    """An array whose first size changes: the first rows of a buffer of this type, and their number."""

    type: TensorType


#: A value carried with a type, a view that slides, a count, a varying array, or None: the binding
#: stays.
Leaf: TypeAlias = "TensorType | Slide | Count | Varying | None"


@dataclass(frozen=True)
class Guess:
    """types: one a leaf.  structure: None until the name is assigned.

    like: a container to build others after, its traced leaves left out.
    flagged: the name may be unassigned at the start of a step.
    """

    structure: Any
    types: tuple[Leaf, ...]
    flagged: bool = False
    deep: bool = False
    like: Any = field(default=None, compare=False)

    @property
    def unassigned(self) -> bool:
        return self.types == () and self.flagged and self.like is None


@dataclass
class Held:
    """A name at the start of a step: its value there, and the params in it.

    position: how many steps ran before this one, in a range by 1 or -1.
    """

    name: str
    guess: Guess
    value: Any
    params: tuple[tuple[Node, ...], ...]
    flag: Node | None
    position: Node | None = None

    @property
    def leaves(self) -> list[Any]:
        return [] if self.guess.unassigned else flatten(certain(self.value), self.guess.deep)[1]


_UNASSIGNED = Guess(None, (), flagged=True)


def first_guess(value: Any) -> Guess:
    if isinstance(value, Undefined):
        return _UNASSIGNED
    plain = certain(value)
    structure, leaves = flatten(plain)
    types = tuple(_scalar_type(leaf) for leaf in leaves)
    return Guess(structure, types, flag_of(value) is not yes(), like=_template(plain, False))


def _scalar_type(leaf: Any) -> TensorType | None:
    if isinstance(leaf, (Scalar, *NUMBERS)):
        t: TensorType = node_of(leaf).type
        return t
    return None


def _template(value: Any, deep: bool) -> Any:
    """The container without its traced leaves, which would keep their memory alive."""
    return rebuilt(value, lambda leaf: 0 if is_number(leaf) else leaf, deep)


def remembered(guess: Guess, known: Guess | None) -> Guess:
    """The guess widened by what an earlier trace of the same loop found."""
    if known is None or any(d.free for t in known.types for d in _sizes(t)):
        return guess
    if guess.unassigned:
        return known
    if known.unassigned or known.structure != guess.structure or known.deep != guess.deep:
        return guess
    try:
        types = tuple(_wider(a, b) for a, b in zip(guess.types, known.types, strict=True))
    except Unmergeable:
        return guess
    return replace(guess, types=types, flagged=guess.flagged or known.flagged)


def _wider(a: Leaf, b: Leaf) -> Leaf:
    if a is None or b is None:
        return b if a is None else a
    if isinstance(a, TensorType) and isinstance(b, Count):
        return b if a.weak and a.dtype == I64 else a
    if not isinstance(a, TensorType) or not isinstance(b, TensorType):
        return b if isinstance(b, TensorType) else a
    shape = agreed(a.shape, b.shape)
    t = join(a, b)
    return TensorType(t.dtype, shape, t.weak)


def _sizes(t: Leaf) -> list[Node]:
    if isinstance(t, Varying):
        t = t.type
    if not isinstance(t, TensorType):
        return []
    return [d for d in t.shape if isinstance(d, Node)]


# ---- the start of a step -------------------------------------------------------------------------
def enter(name: str, guess: Guess, value: Any, counted: bool, position: Node | None = None) -> Held:
    """The name at the start of a step: params for what is carried by value.

    counted: Python integers in it are assumed to stay below COUNTED (see `grows_slowly`).
    """
    if guess.unassigned:
        return Held(name, guess, Undefined(name), (), None, position)
    bindings = bindings_of(guess, value)
    params: list[tuple[Node, ...]] = []
    leaves: list[Any] = []
    for t, leaf in zip(guess.types, bindings, strict=True):
        made, inside = _started(name, t, leaf, counted, position)
        params.append(made)
        leaves.append(inside)
    if any(t is not None for t in guess.types) or guess.deep or isinstance(value, Undefined):
        inside = filled(guess.like, leaves, guess.deep)
    else:
        inside = certain(value)
    flag = None
    if guess.flagged:
        flag = new_param(f"{name}_assigned", TensorType(BOOL, (), True))
        inside = unsure(inside, flag, name)
    return Held(name, guess, inside, tuple(params), flag, position)


def _started(
    name: str, t: Leaf, leaf: Any, counted: bool, position: Node | None
) -> tuple[tuple[Node, ...], Any]:
    """(the params of a leaf, what it is inside)"""
    if t is None:
        return (), leaf
    if isinstance(t, Count):
        assert position is not None
        return (), wrap(plus(int_node(leaf), times(position, t.by)))
    if isinstance(t, Slide):
        starts = list(leaf.window.starts)
        made = []
        for axis in t.axes:
            starts[axis] = _counted_param(f"{name}_start{axis}", WEAK_INT, True)
            made.append(starts[axis])
        return tuple(made), slid(leaf, tuple(starts))
    if isinstance(t, Varying):
        buffer, rows = new_param(name, t.type), new_param(f"{name}_rows", WEAK_INT)
        session().bounds[rows] = (0, COUNTED)
        return (buffer, rows), first_rows(buffer, rows)
    p = _counted_param(name, t, counted)
    return (p,), wrap(p)


def _counted_param(name: str, t: TensorType, counted: bool) -> Node:
    p = new_param(name, t)
    if t.weak and t.dtype == I64 and counted:
        session().bounds[p] = (-COUNTED, COUNTED)
    return p


def bindings_of(guess: Guess, value: Any) -> list[Any]:
    """The leaves of a name's value before the loop."""
    if isinstance(value, Undefined):
        return flatten(guess.like, guess.deep)[1]
    return flatten(certain(value), guess.deep)[1]


# ---- the end of a step ---------------------------------------------------------------------------
def widened(held: Held, start: Any, now: Any) -> Guess:
    """The guess that holds for what the body left too; the same object when nothing changed.

    Raises Unstable.
    """
    guess = held.guess
    try:
        if isinstance(now, Undefined):
            return guess if guess.flagged else replace(guess, flagged=True)
        flag_needed = flag_of(now) is not yes() and not guess.flagged
        new = _for_values(held, start, certain(now))
        return replace(new, flagged=True) if flag_needed else new
    except Unmergeable as error:
        raise Unstable(f"{held.name!r} is one of {error} from step to step") from None


def _for_values(held: Held, start: Any, now: Any) -> Guess:
    guess = held.guess
    if isinstance(now, Conflict):
        raise Unmergeable(repr(now))
    if guess.unassigned:
        structure, leaves = flatten(now, True)
        types = tuple(node_of(x).type if is_number(x) else None for x in leaves)
        return Guess(structure, types, True, True, _template(now, True))
    was = certain(held.value)
    structure, leaves = flatten(now, guess.deep)
    if structure != guess.structure or (not guess.deep and _replaced(was, now)):
        if guess.deep:
            raise Unmergeable(f"values of different structure ({_brief(was)} and {_brief(now)})")
        return _opened(held, start, now)
    before = flatten(was, guess.deep)[1]
    first = bindings_of(guess, start)
    types = tuple(
        _leaf_type(t, f, b, x)
        for t, f, b, x in zip(guess.types, first, before, leaves, strict=True)
    )
    return guess if types == guess.types else replace(guess, types=types)


def _brief(x: Any) -> str:
    return f"{x!r}"[:60] if not is_number(x) else "a number or array"


def _replaced(was: Any, now: Any) -> bool:
    """Was a list, dict or object replaced by another?"""
    for a, b in zip(flatten(was)[1], flatten(now)[1], strict=True):
        if a is not b and not is_number(a) and flatten(a, True)[0] is not None:
            return True
    return False


def _opened(held: Held, start: Any, now: Any) -> Guess:
    """The same guess, looking into lists, dicts and objects."""
    if isinstance(start, Undefined):
        raise Unmergeable("values of different structure")
    plain = certain(start)
    structure, leaves = flatten(plain, True)
    if structure != flatten(now, True)[0] or structure is None:
        raise Unmergeable(f"{_kind(plain)} and {_kind(now)}")
    types = tuple(_scalar_type(leaf) for leaf in leaves)
    return Guess(structure, types, held.guess.flagged, True, _template(plain, True))


def _kind(x: Any) -> str:
    if x is None:
        return "None"
    if is_number(x):
        t = node_of(x).type
        return f"an array {t}" if t.rank else "a number"
    return f"a {type(x).__name__}"


def _leaf_type(t: Leaf, first: Any, was: Any, now: Any) -> Leaf:
    if isinstance(t, Count):
        if _grown_by(was, now) == t.by:
            return t
        t = node_of(first).type
    if isinstance(t, Varying):
        return _still_varying(t, now)
    if isinstance(t, TensorType):
        if not is_number(now):
            raise Unmergeable(f"a number and {_kind(now)}")
        found = node_of(now).type
        if _varies(t.shape, found.shape):
            return Varying(join_types(node_of(first).type, found))
        agreed(t.shape, found.shape)
        wider = join(t, found)
        if (wider.dtype, wider.weak) == (t.dtype, t.weak):
            return t
        return TensorType(wider.dtype, t.shape, wider.weak)
    if now is was or same_place(now, was):
        return t
    if slides(first, now):
        axes = _moved(first, now)
        return Slide(tuple(sorted({*axes, *(t.axes if isinstance(t, Slide) else ())})))
    if not is_number(now) or not is_number(first):
        if type(now) is type(was) and not is_number(now) and _same_static(now, was):
            return None
        raise Unmergeable(f"{_kind(first)} and {_kind(now)}")
    a, b = node_of(first).type, node_of(now).type
    if _varies(a.shape, b.shape):
        return Varying(join_types(a, b))
    shape = agreed(a.shape, b.shape)
    wider = join(a, b)
    return TensorType(wider.dtype, shape, wider.weak)


def _varies(a: Shape, b: Shape) -> bool:
    """Do two shapes differ in the first size, and in nothing else?"""
    try:
        agreed(a, b)
    except Unmergeable:
        return only_first_differs(a, b)
    return False


def join_types(a: TensorType, b: TensorType) -> TensorType:
    """The type of the elements of both, in the shape of a."""
    t = join(a, b)
    return TensorType(t.dtype, a.shape, t.weak)


def _still_varying(t: Varying, now: Any) -> Varying:
    if not is_number(now):
        raise Unmergeable(f"an array and {_kind(now)}")
    found = node_of(now).type
    if not only_first_differs(t.type.shape, found.shape):
        agreed(t.type.shape, found.shape)
    wider = join_types(t.type, found)
    return t if wider.dtype == t.type.dtype else Varying(wider)


def check_rooms(held: Held, now: Any) -> None:
    """Inside a step, at its end: arrays of varying size must fit their buffers."""
    if held.guess.unassigned or isinstance(now, Undefined):
        return
    structure, ends = flatten(certain(now), held.guess.deep)
    if structure == held.guess.structure:
        for t, x in zip(held.guess.types, ends, strict=True):
            if isinstance(t, Varying) and is_number(x):
                check_room(size_node(node_of(x).shape[0]), size_node(t.type.shape[0]))


def _grown_by(was: Any, now: Any) -> int | None:
    """By how much a Python integer is larger at the end of a step, if that is a literal."""
    if not is_number(now) or not is_number(was):
        return None
    a, b = node_of(was), node_of(now)
    if any(not n.type.weak or n.type.dtype != I64 for n in (a, b)):
        return None
    by = minus(b, a)
    return int(value_of(by)) if is_const(by) else None


def counting(held: Held, now: Any) -> Guess:
    """The guess in which integers that grow by a literal are counts (or the guess itself)."""
    guess = held.guess
    if guess.unassigned or isinstance(now, Undefined) or held.position is None:
        return guess
    ends = flatten(certain(now), guess.deep)[1]
    types = []
    for t, was, x in zip(guess.types, held.leaves, ends, strict=True):
        by = _grown_by(was, x) if isinstance(t, TensorType) else None
        types.append(Count(by) if by else t)
    return replace(guess, types=tuple(types)) if tuple(types) != guess.types else guess


def _moved(a: Array, b: Array) -> tuple[int, ...]:
    """The axes of the cell along which two views of it start elsewhere."""
    pairs = enumerate(zip(a.window.starts, b.window.starts, strict=True))
    return tuple(k for k, (x, y) in pairs if x is not y)


def _same_static(a: Any, b: Any) -> bool:
    try:
        return bool(a == b)
    except Exception:
        return False


# ---- the carries ---------------------------------------------------------------------------------
@dataclass(frozen=True)
class Slot:
    """One carried value."""

    init: Node
    param: Node
    result: Node
    place: tuple[int, int] = (-1, 0)  # the leaf, and the axis of a view that slides


def slots_of(held: Held, start: Any, now: Any) -> list[Slot]:
    """The carries of a name, the flag last."""
    guess = held.guess
    if guess.unassigned:
        return []
    missing = isinstance(now, Undefined)
    ends = [None] * len(guess.types) if missing else flatten(certain(now), guess.deep)[1]
    starts = (
        [None] * len(guess.types) if isinstance(start, Undefined) else bindings_of(guess, start)
    )
    slots = []
    rows = zip(guess.types, held.params, starts, ends, strict=True)
    for k, (t, params, first, last) in enumerate(rows):
        if isinstance(t, Slide):
            for axis, p in zip(t.axes, params, strict=True):
                result = p if missing else last.window.starts[axis]
                slots.append(Slot(first.window.starts[axis], p, result, (k, axis)))
        elif isinstance(t, Varying):
            slots += _varying_slots(t, params, first, last, missing, k)
        elif isinstance(t, TensorType):
            init = blank(t) if isinstance(start, Undefined) else as_type(node_of(first), t)
            result = params[0] if missing else as_type(node_of(last), t)
            slots.append(Slot(init, params[0], result, (k, 0)))
    if held.flag is not None:
        flag = flag_of(now)
        slots.append(Slot(flag_of(start), held.flag, flag))
    return slots


def _varying_slots(
    t: Varying, params: tuple[Node, ...], first: Any, last: Any, missing: bool, k: int
) -> list[Slot]:
    """The buffer and the number of rows."""
    buffer, rows = params
    if first is None:
        raise Unstable("an array of varying size is assigned in the loop only")
    begin = cast_to(node_of(first), t.type.dtype)
    end = begin if missing else cast_to(node_of(last), t.type.dtype)
    slots = [
        Slot(padded(begin, t.type.shape), buffer, padded(end, t.type.shape), (k, 0)),
        Slot(size_node(begin.shape[0]), rows, size_node(end.shape[0]), (k, 1)),
    ]
    return slots


def leave(held: Held, start: Any, now: Any, results: Callable[[], Node], steps: Node) -> Any:
    """What the name holds after the loop; `results` gives the final values of its carries."""
    guess = held.guess
    if guess.unassigned:
        return now if not isinstance(now, Undefined) else Undefined(held.name)
    template = guess.like if isinstance(start, Undefined) else certain(start)
    if any(t is not None for t in guess.types) or isinstance(start, Undefined):
        bindings = bindings_of(guess, start)
        parts = zip(guess.types, held.params, bindings, strict=True)
        leaves = [_final(t, params, leaf, results, steps) for t, params, leaf in parts]
        template = filled(template, leaves, guess.deep)
    if held.flag is not None:
        return unsure(template, results(), held.name)
    return template


def _final(
    t: Leaf, params: tuple[Node, ...], leaf: Any, results: Callable[[], Node], steps: Node
) -> Any:
    if isinstance(t, Count):
        return wrap(plus(int_node(leaf), times(steps, t.by)))
    if isinstance(t, Slide):
        starts = list(leaf.window.starts)
        for axis in t.axes:
            starts[axis] = results()
        return slid(leaf, tuple(starts))
    if isinstance(t, Varying):
        buffer = results()
        return first_rows(buffer, results())
    return wrap(results()) if params else leaf


def check_shapes(guesses: Sequence[tuple[str, Guess]], own: frozenset[Node]) -> None:
    """Raises Unstable for a carry whose size is computed inside the loop."""
    for name, guess in guesses:
        for t in guess.types:
            if any(d.free & own for d in _sizes(t)):
                raise Unstable(f"{name!r} is an array whose size changes from step to step")
