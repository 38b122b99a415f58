"""Arrays that a loop carries by value: whose memory they are, step by step.

Names that change places (`a, b = b, a`) are carried by value, and what the caller's arrays hold in
the end follows from the number of steps.  Otherwise a carried array is tied to what it may share
memory with, so that a write that would have to be seen elsewhere is refused, never lost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..fxgraph.constants import lit, new_token
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import BOOL, TensorType
from ..scanloop.cond import branch, cond
from .aliasing import (
    Lost,
    dtypes_among,
    family,
    may_be,
    perhaps_written,
    tie,
    tie_both,
    wrote,
)
from .carries import Held, bindings_of
from .containers import flatten
from .forms import like
from .leaves import Unstable, Varying
from .merging import as_type
from .proxy import Array, Cell
from .storage import written
from .undefined import Undefined, certain

#: One leaf of one name.
Place: TypeAlias = "tuple[str, int]"
#: Two places, or a place and a cell from outside, that share memory at the end of a step.
Links: TypeAlias = "frozenset[tuple[Place, Any]]"


@dataclass(frozen=True)
class Carried:
    """first: the array before the loop (or whatever was there); inside: at the start of a step."""

    place: Place
    first: Any
    inside: Array
    param: Node

    @property
    def is_written(self) -> bool:
        cell = self.inside.cell
        return cell.version is not self.param or perhaps_written(cell)


def carried_arrays(held: Mapping[str, Held], start: Mapping[str, Any]) -> list[Carried]:
    """The arrays that are carried by value."""
    out = []
    for name, h in held.items():
        if h.guess.unassigned:
            continue
        firsts: Sequence[Any] = [None] * len(h.guess.types)
        if not isinstance(start[name], Undefined):
            firsts = bindings_of(h.guess, start[name])
        for k, (t, params, x) in enumerate(zip(h.guess.types, h.params, h.leaves, strict=True)):
            if isinstance(t, TensorType | Varying) and isinstance(x, Array):
                out.append(Carried((name, k), firsts[k], x, params[0]))
    return out


def ends(held: Mapping[str, Held], state: Mapping[str, Any]) -> dict[Place, Any]:
    """What the leaves of the names hold at the end of a step."""
    out: dict[Place, Any] = {}
    for name, h in held.items():
        if not h.guess.unassigned and not isinstance(state[name], Undefined):
            leaves = flatten(like(certain(state[name]), h.guess.like), h.guess.deep)[1]
            out.update(((name, k), x) for k, x in enumerate(leaves))
    return out


# ---- ties ----------------------------------------------------------------------------------------
def bind(arrays: Sequence[Carried], links: Links, where: str) -> None:
    """Tie the arrays of a step to what they may share memory with."""
    cell_of = {c.place: c.inside.cell for c in arrays}
    for position, c in enumerate(arrays):
        why = _why(c.place, where)
        may_be(c.inside.cell, c.first)
        if isinstance(c.first, Array):
            for cell in family(c.first.cell):
                tie(cell, c.inside.cell, why)
            for other in arrays[:position]:
                if isinstance(other.first, Array) and other.first.cell is c.first.cell:
                    tie_both(c.inside.cell, other.inside.cell, why)
    _tie_links(cell_of, links, where)


def _tie_links(cell_of: Mapping[Place, Cell], links: Links, where: str) -> None:
    for place, other in links:
        mine = cell_of.get(place)
        theirs = other if isinstance(other, Cell) else cell_of.get(other)
        if mine is not None and theirs is not None:
            tie_both(mine, theirs, _why(place, where))


def _why(place: Place, where: str) -> str:
    return f"{place[0]!r} shares memory with another array in some steps of a loop only ({where})"


def links_of(arrays: Sequence[Carried], last: Mapping[Place, Any], known: Sequence[Cell]) -> Links:
    """Which carried arrays share memory with each other or outer cells after a step."""
    outside = set(known)
    users: dict[Cell, list[Place]] = {}
    for c in arrays:
        x = last.get(c.place)
        if isinstance(x, Array):
            for cell in family(x.cell):
                users.setdefault(cell, []).append(c.place)
    found: set[tuple[Place, Any]] = set()
    for cell, places in users.items():
        if cell in outside:
            found.update((p, cell) for p in places)
        found.update((p, q) for k, p in enumerate(places) for q in places[:k])
    return frozenset(found)


# ---- names that change places --------------------------------------------------------------------
@dataclass
class Aftermath:
    """What is to be done about memory once the loop is made."""

    orbits: list[list[Carried]] = field(default_factory=list)
    stale: list[Carried] = field(default_factory=list)
    kept: dict[Place, list[Carried]] = field(default_factory=dict)
    """The arrays from before the loop that a name may hold after one step or more."""
    last: Mapping[Place, Any] = field(default_factory=dict)
    written: set[Place] = field(default_factory=set)


def settle(arrays: Sequence[Carried], last: Mapping[Place, Any], unused: set[Cell]) -> Aftermath:
    """How the arrays before the loop come to hold what they must.

    unused: the outer cells that the body neither reads nor writes.  Raises Unstable where a first
    step differs from the others: an array is written that others see, then the name is bound to
    another.
    """
    moves = _moves(arrays, last)
    out = Aftermath(_orbits(arrays, last, unused), kept=_kept(arrays, moves), last=last)
    rotating = {c.place for orbit in out.orbits for c in orbit}
    out.written = _written(arrays, moves)
    for c in arrays:
        firsts = [q.first for q in out.kept[c.place]]
        dtypes = dtypes_among([c.first, c.inside, last.get(c.place), *firsts])
        if c.place in out.written and len(dtypes) > 1:
            raise Unstable(
                f"{c.place[0]!r} is written, and of dtype {' or '.join(sorted(dtypes))} from step "
                "to step"
            )
        if c.place not in out.written or c.place in rotating or not isinstance(c.first, Array):
            continue
        for cell in family(c.first.cell):
            if cell.owner is not None or cell not in unused:
                raise Unstable(
                    f"{c.place[0]!r} is written, seen under another name, and then another array"
                )
        out.stale.append(c)
    return out


def _moves(arrays: Sequence[Carried], last: Mapping[Place, Any]) -> list[tuple[Place, Place]]:
    """(a, b): what `a` holds at the end of a step may be what `b` held at its start."""
    by_cell = {c.inside.cell: c.place for c in arrays}
    out = []
    for c in arrays:
        x = last.get(c.place)
        if isinstance(x, Array):
            out += [(c.place, by_cell[cell]) for cell in family(x.cell) if cell in by_cell]
    return out


def _written(arrays: Sequence[Carried], moves: list[tuple[Place, Place]]) -> set[Place]:
    """The places whose array before the loop some step writes, be it under another name."""
    out = {c.place for c in arrays if c.is_written}
    while True:
        more = {was for now, was in moves if now in out} - out
        if not more:
            return out
        out |= more


def _kept(
    arrays: Sequence[Carried], moves: list[tuple[Place, Place]]
) -> dict[Place, list[Carried]]:
    """What each place may hold of the arrays before the loop, one step or more later."""
    out = {}
    for c in arrays:
        came = list(dict.fromkeys(was for now, was in moves if now == c.place))
        for place in came:
            came += [was for now, was in moves if now == place and was not in came]
        out[c.place] = [q for q in arrays if q.place in came]
    return out


def _orbits(
    arrays: Sequence[Carried], last: Mapping[Place, Any], untouched: set[Cell]
) -> list[list[Carried]]:
    """Groups of whole arrays that change places among themselves at every step."""
    by_cell = {c.inside.cell: c for c in arrays}
    follows: dict[Place, Carried] = {}
    for c in arrays:
        x = last.get(c.place)
        if isinstance(x, Array) and not x.path and x.cell in by_cell:
            follows[c.place] = by_cell[x.cell]
    done: set[Place] = set()
    orbits = []
    for c in arrays:
        orbit = [c]
        while orbit[-1].place in follows and len(orbit) <= len(arrays):
            following = follows[orbit[-1].place]
            if following is c:
                break
            orbit.append(following)
        else:
            continue
        if c.place in done or len(orbit) < 2:
            continue
        done.update(m.place for m in orbit)
        cells = {m.first.cell for m in orbit if isinstance(m.first, Array)}
        if len(cells) == len(orbit) and cells <= untouched:
            orbits.append(orbit)
    return orbits


def after_loop(
    aftermath: Aftermath,
    arrays: Sequence[Carried],
    links: Links,
    final: Mapping[Place, Any],
    steps: Node,
    runs: bool,
    where: str,
) -> None:
    """Bring the arrays from before the loop up to date and tie the new ones.

    final: what the places hold now.  steps: how many steps ran; runs: at least one for sure.
    """
    cell_of = {p: x.cell for p, x in final.items() if isinstance(x, Array)}
    known = {c.place: family(c.first.cell) for c in arrays if isinstance(c.first, Array)}
    for c in aftermath.stale:
        for cell in known[c.place]:
            if cell is not cell_of.get(c.place):
                cell.stale = Lost(
                    f"{_why(c.place, where)} and it is written there. Make a copy before the loop "
                    "for what the other name shall keep: x = x.copy()."
                )
    for orbit in aftermath.orbits:
        firsts = [c.first for c in orbit]
        for first in firsts if any(c.place in aftermath.written for c in orbit) else ():
            wrote(first.cell)
        values = [final[c.place].node for c in orbit]
        for k, first in enumerate(firsts):
            new = _rotated([as_type(v, first.node.type) for v in values], k, steps)
            first.cell.version = written(first.cell.version, first.path, new)
        for c in orbit:
            for cell in dict.fromkeys(cell for q in orbit for cell in known[q.place]):
                tie_both(cell_of[c.place], cell, _why(c.place, where))
    rotating = {c.place for orbit in aftermath.orbits for c in orbit}
    for c in arrays:
        may_be(cell_of[c.place], aftermath.last.get(c.place))
        if c.place in rotating:
            continue
        for q in aftermath.kept[c.place] if runs else (c, *aftermath.kept[c.place]):
            if isinstance(q.first, Array):
                may_be(cell_of[c.place], q.first)
                for cell in known[q.place]:
                    tie_both(cell_of[c.place], cell, _why(c.place, where))
    _tie_links(cell_of, links, where)


def _rotated(values: list[Node], k: int, steps: Node) -> Node:
    """The value of the name that holds the k-th array after `steps` steps."""
    r = len(values)
    phase = OPS["remainder"](steps, lit(r), weak=True)
    out = values[(k - (r - 1)) % r]
    for m in range(r - 2, -1, -1):
        here = cast_to(OPS["equal"](phase, lit(m), weak=True), BOOL, True)
        (out,) = cond(here, branch([values[(k - m) % r]], new_token()), branch([out], new_token()))
    return out
