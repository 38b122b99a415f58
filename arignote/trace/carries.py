"""What a loop carries: for each name, what it is taken to hold at the start of every step.

The body is traced with a guess: numbers are carried by value with a type, arrays keep their binding
(writes go through cells).  What the body leaves says whether the guess holds; if not it is widened
and the body is traced again.  Types only grow, so this ends after two or three times.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ..fxgraph.affine import size_node
from ..fxgraph.constants import new_param
from ..fxgraph.node import Node
from ..fxgraph.types import BOOL, TensorType
from .conflicts import Conflict, Unmergeable
from .containers import filled, flatten, rebuilt
from .forms import Blank, freed, like
from .leaves import (
    Count,
    Leaf,
    Slot,
    Unstable,
    Varying,
    final_leaf,
    grown_by,
    kind_words,
    leaf_slots,
    leaf_type,
    scalar_type,
    sizes_of,
    started,
    wider_leaf,
)  # fmt: skip
from .merging import is_number
from .proxy import node_of
from .undefined import Undefined, certain, flag_of, unsure, yes
from .varying import check_room


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
    types = tuple(
        node_of(x).type if type(x) is Blank else scalar_type(x) for x in leaves
    )
    return Guess(structure, types, flag_of(value) is not yes(), like=_template(plain, False))


def _template(value: Any, deep: bool) -> Any:
    """The container without its traced leaves, which would keep their memory alive."""
    return rebuilt(value, lambda leaf: 0 if is_number(leaf) else leaf, deep)


def remembered(guess: Guess, known: Guess | None) -> Guess:
    """The guess widened by what an earlier trace of the same loop found."""
    if known is None or any(d.free for t in known.types for d in sizes_of(t)):
        return guess
    if guess.unassigned:
        return known
    if known.unassigned or known.structure != guess.structure or known.deep != guess.deep:
        return guess
    try:
        types = tuple(wider_leaf(a, b) for a, b in zip(guess.types, known.types, strict=True))
    except Unmergeable:
        return guess
    return replace(guess, types=types, flagged=guess.flagged or known.flagged)


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
        made, inside = started(name, t, leaf, counted, position)
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


def bindings_of(guess: Guess, value: Any) -> list[Any]:
    """The leaves of a name's value before the loop."""
    if isinstance(value, Undefined):
        return flatten(guess.like, guess.deep)[1]
    return flatten(like(certain(value), guess.like), guess.deep)[1]


# ---- the end of a step ---------------------------------------------------------------------------
def widened(held: Held, start: Any, now: Any, optional: bool = False) -> Guess:
    """The guess that holds for what the body left too; the same object when nothing changed.

    optional: None before the loop may be a value after a step.  Raises Unstable.
    """
    guess = held.guess
    try:
        if isinstance(now, Undefined):
            return guess if guess.flagged else replace(guess, flagged=True)
        flag_needed = flag_of(now) is not yes() and not guess.flagged
        new = _for_values(held, start, certain(now), optional)
        return replace(new, flagged=True) if flag_needed else new
    except Unmergeable as error:
        raise Unstable(f"{held.name!r} is one of {error} from step to step") from None


def _for_values(held: Held, start: Any, now: Any, optional: bool) -> Guess:
    guess = held.guess
    if isinstance(now, Conflict):
        raise Unmergeable(repr(now))
    if guess.unassigned:
        structure, leaves = flatten(now, True)
        types = tuple(node_of(x).type if is_number(x) else None for x in leaves)
        return Guess(structure, types, True, True, _template(now, True))
    was = certain(held.value)
    now = like(now, was)
    open_start = freed(was, now, optional)
    if open_start is not was:
        of = like(certain(start), open_start) if not isinstance(start, Undefined) else open_start
        return replace(first_guess(of), flagged=guess.flagged)
    structure, leaves = flatten(now, guess.deep)
    if structure != guess.structure or (not guess.deep and _replaced(was, now)):
        if guess.deep:
            raise Unmergeable(f"values of different structure ({_brief(was)} and {_brief(now)})")
        return _opened(held, start, now)
    before = flatten(was, guess.deep)[1]
    first = bindings_of(guess, start)
    types = tuple(
        leaf_type(t, f, b, x) for t, f, b, x in zip(guess.types, first, before, leaves, strict=True)
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
        raise Unmergeable(f"{kind_words(plain)} and {kind_words(now)}")
    types = tuple(scalar_type(leaf) for leaf in leaves)
    return Guess(structure, types, held.guess.flagged, True, _template(plain, True))


def check_rooms(held: Held, now: Any) -> None:
    """Inside a step, at its end: arrays of varying size must fit their buffers."""
    if held.guess.unassigned or isinstance(now, Undefined):
        return
    structure, ends = flatten(like(certain(now), held.guess.like), held.guess.deep)
    if structure == held.guess.structure:
        for t, x in zip(held.guess.types, ends, strict=True):
            if isinstance(t, Varying) and is_number(x):
                check_room(size_node(node_of(x).shape[0]), size_node(t.type.shape[0]))


def counting(held: Held, now: Any) -> Guess:
    """The guess in which integers that grow by a literal are counts (or the guess itself)."""
    guess = held.guess
    if guess.unassigned or isinstance(now, Undefined) or held.position is None:
        return guess
    ends = flatten(like(certain(now), guess.like), guess.deep)[1]
    types = []
    for t, was, x in zip(guess.types, held.leaves, ends, strict=True):
        by = grown_by(was, x) if isinstance(t, TensorType) else None
        types.append(Count(by) if by else t)
    return replace(guess, types=tuple(types)) if tuple(types) != guess.types else guess


# ---- the carries ---------------------------------------------------------------------------------
def slots_of(held: Held, start: Any, now: Any) -> list[Slot]:
    """The carries of a name, the flag last."""
    guess = held.guess
    if guess.unassigned:
        return []
    ends: list[Any] = [None] * len(guess.types)
    if not isinstance(now, Undefined):
        ends = flatten(like(certain(now), guess.like), guess.deep)[1]
    starts = (
        [None] * len(guess.types) if isinstance(start, Undefined) else bindings_of(guess, start)
    )
    slots: list[Slot] = []
    rows = zip(guess.types, held.params, starts, ends, strict=True)
    for k, (t, params, first, last) in enumerate(rows):
        slots += leaf_slots(t, params, first, last, k)
    if held.flag is not None:
        flag = flag_of(now)
        slots.append(Slot(flag_of(start), held.flag, flag))
    return slots


def leave(held: Held, start: Any, now: Any, results: Callable[[], Node], steps: Node) -> Any:
    """What the name holds after the loop; `results` gives the final values of its carries."""
    guess = held.guess
    if guess.unassigned:
        return now if not isinstance(now, Undefined) else Undefined(held.name)
    template = guess.like if isinstance(start, Undefined) else like(certain(start), guess.like)
    if any(t is not None for t in guess.types) or isinstance(start, Undefined):
        bindings = bindings_of(guess, start)
        parts = zip(guess.types, held.params, bindings, strict=True)
        leaves = [final_leaf(t, params, leaf, results, steps) for t, params, leaf in parts]
        template = filled(template, leaves, guess.deep)
    if held.flag is not None:
        return unsure(template, results(), held.name)
    return template


def check_shapes(guesses: Sequence[tuple[str, Guess]], own: frozenset[Node]) -> None:
    """Raises Unstable for a carry whose size is computed inside the loop."""
    for name, guess in guesses:
        for t in guess.types:
            if any(d.free & own for d in sizes_of(t)):
                raise Unstable(f"{name!r} is an array whose size changes from step to step")
