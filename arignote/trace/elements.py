"""Lists, dicts and objects that are elements of lists whose length is known at run time only.

Such a list keeps the numbers in its elements in buffers, so an element has two places: the object
that the function holds, and the buffers.  Here they are kept alike: what is changed in an element
is written to the buffers, and what others write there is put into the elements that are at hand.
Where that cannot be followed, an error says so.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from dataclasses import dataclass
from sys import getrefcount
from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import minus
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.elementwise import where
from ..fxgraph.prove import ge0, knowledge
from ..fxgraph.window import Window
from . import journal
from .aliasing import tie_both, wrote
from .containers import flatten, opened_up
from .growing import COPIED, SHARED, Growing, copied, from_items, growing, has_containers
from .journal import Linked, freeze, mutating
from .merging import as_type, is_number, join
from .proxy import node_of, wrap
from .rows import Row
from .session import record
from .storage import Cell
from .where import place


@dataclass
class Link:
    """root: an element.  held, at: the list and the place.  regions: those open when it was put
    or read."""

    root: Any
    held: list[Any]
    at: Node
    regions: list[Node]

    @property
    def current(self) -> bool:
        """Does the place mean anything here?"""
        return knowledge().regions[: len(self.regions)] == self.regions


class _Members(dict[int, list[list[Any]]]):
    """Items of plain lists, and what is in them, of which one was read at a traced position."""


class _Pairs(list[tuple[list[Any], Node, Node]]):
    """Places of a list that hold the same element."""


def element(held: list[Any], g: Growing, position: Node) -> Any:
    """The element at a position that is in bounds; its changes reach the list."""
    if isinstance(g, Row):
        return _linked([Row(held, position)], held, position) if g.kind.nested else g.at(position)
    if not has_containers(g.kind):
        return g.at(position)
    root = [Row(held, position)] if g.kind.nested else g.at(position)
    return _linked(root, held, position)


def one_of(root: Any, held: list[Any], position: Node) -> Any:
    """An element of a plain list, by an index that is known at run time only: a copy of one of its
    items, kept like it."""
    if not any(True for _ in _containers(root)):
        return root
    members = record(_Members)
    for item in held:
        for c in _containers(item):
            around = members.setdefault(id(c), [])
            if not any(held is x for x in around):
                around.append(held)
    return _linked(root, held, position)


def _linked(root: Any, held: list[Any], position: Node) -> Any:
    for c in _containers(root):
        journal.made(c)
    _link(root, held, position)
    return root


def _link(root: Any, held: list[Any], position: Node) -> None:
    link = Link(root, held, position, list(knowledge().regions))
    for c in _containers(root):
        record(Linked).setdefault(id(c), []).append(link)


def _containers(root: Any) -> Iterator[Any]:
    """The lists, dicts and objects in an element, itself among them."""
    if isinstance(root, Growing):
        return
    found = opened_up(root, True)
    if found is not None:
        if not isinstance(root, tuple) and journal.is_container(root):
            yield root
        for part in found[1]:
            yield from _containers(part)


# ---- changes of elements -------------------------------------------------------------------------
def changed(container: Any) -> None:
    """Call after something in a container was changed: the lists it is an element of follow."""
    for held in record(_Members).get(id(container), ()):
        if growing(held) is None:
            _refresh(held, from_items(held, lit(0)), None)
    for link in tuple(record(Linked).get(id(container), ())):
        _check(link)
        g = growing(link.held)
        if g is None:
            _into_items(link)
            continue
        for cell in g.buffers:
            wrote(cell)
        g.put(link.at, link.root)
        if g.wanted is not None:
            g = _wider(link.held, g)
            g.put(link.at, link.root)
        _refresh(link.held, g, link.root)


def is_linked(container: Any) -> bool:
    """Is it an element of a list whose length is known at run time only?"""
    return id(container) in record(Linked)


def _check(link: Link) -> None:
    if not link.current:
        raise TraceError(
            f"an element of a list is changed at {place()}, after the loop or branch in which it "
            "was read or put there: read it again, x[i]"
        )
    if any(held is link.held for held, _, _ in record(_Pairs)):
        raise TraceError(f"{SHARED}, at {place()}: put a copy there, list(x)")


def check_shared(g: Growing) -> None:
    """Call before a row is written.  Raises TraceError where another place has the same row."""
    while isinstance(g, Row):
        if any(held is g.held for held, _, _ in record(_Pairs)):
            raise TraceError(f"{SHARED}, at {place()}: put a copy there, list(x)")
        g = g.around


def _wider(held: list[Any], g: Growing) -> Growing:
    """The list with elements of the kind that one of them asked for."""
    new = g.resized(g.capacity, g.wanted)
    new.reserved = g.reserved
    mutating(held, linked=True)
    held[:] = [new]
    return new


def _refresh(held: list[Any], g: Growing, written: Any) -> None:
    """Put what is in the buffers into the other elements that are at hand."""
    for link in _links_of(held):
        if link.root is not written and link.current and _alive(link):
            _refill(link.root, g.at(link.at))


def _into_items(link: Link) -> None:
    """Write an element of a plain list to the item that it is a copy of."""
    shape = flatten(link.root, True)[0]
    if any(flatten(item, True)[0] != shape for item in link.held):
        raise TraceError(
            f"one of several lists or dicts gets another length or other keys at {place()}, by an "
            "index that is known at run time only: keep a list of pairs, or an array and counts"
        )
    for k, item in enumerate(link.held):
        here = OPS["equal"](link.at, lit(k), weak=True)
        _refill(item, link.root, here)
    _refresh(link.held, from_items(link.held, lit(0)), link.root)


def item_replaced(held: Any) -> None:
    """Call before an item of a plain list is replaced, or the list changes its length."""
    if type(held) is not list or not record(_Members) or growing(held) is not None:
        return
    if rows_in_use(held):
        raise TraceError(
            f"an item of a list is replaced at {place()} while a name stands for one of them, by "
            "an index known at run time only: take a copy of what is still needed first"
        )


def rows_in_use(held: list[Any]) -> bool:
    """Does a name stand for an element that was read at a traced position?"""
    return any(link.current and _alive(link) for link in _links_of(held))


def _refill(old: Any, new: Any, where_holds: Node | None = None) -> None:
    """Give what is in one element to another; `where_holds`: only where this is true."""
    if isinstance(old, tuple):
        for a, b in zip(old, new, strict=True):
            _refill(a, b, where_holds)
        return
    found, parts = opened_up(old, True), opened_up(new, True)
    if found is None or parts is None:
        return
    keys = list(old) if isinstance(old, dict) else [f.name for f in _fields(old)]
    mutating(old, linked=True)
    for k, (a, b) in enumerate(zip(found[1], parts[1], strict=True)):
        if opened_up(a, True) is not None:
            _refill(a, b, where_holds)
            continue
        if a is b:
            continue
        b = b if where_holds is None else _chosen(where_holds, b, a)
        if isinstance(old, list):
            old[k] = b
        elif isinstance(old, dict):
            old[keys[k]] = b
        else:
            object.__setattr__(old, keys[k], b)


def _chosen(holds: Node, a: Any, b: Any) -> Any:
    if not (is_number(a) and is_number(b)) or node_of(a).rank or node_of(b).rank:
        raise TraceError(
            f"one of several lists, dicts or objects is changed at {place()}, by an index that is "
            "known at run time only, and it holds more than numbers"
        )
    t = join(node_of(a).type, node_of(b).type)
    m, n = as_type(node_of(a), t), as_type(node_of(b), t)
    return wrap(where(holds, m, n, weak=t.weak))


def _fields(x: Any) -> tuple[Any, ...]:
    return dataclasses.fields(x) if dataclasses.is_dataclass(x) else ()


def _links_of(held: list[Any]) -> list[Link]:
    found = {id(link): link for links in record(Linked).values() for link in links}
    return [link for link in found.values() if link.held is held]


def _alive(link: Link) -> bool:
    """Does the function still hold the element?"""
    return _references(link) > _UNUSED


def _references(link: Link) -> int:
    links = len(record(Linked).get(id(link.root), ())) or 1
    return getrefcount(link.root) - journal.times_born(link.root) - links


_UNUSED = _references(Link([], [], lit(0), []))


# ---- what is put into lists ----------------------------------------------------------------------
def placed(held: list[Any], position: Node, value: Any) -> None:
    """Call after a value was put at a place: from now on it is an element."""
    g = growing(held)
    if g is None or not has_containers(g.kind):
        return
    links = [link for link in record(Linked).get(id(value), ()) if link.current]
    inside = growing(value)
    if links or isinstance(inside, Row):
        same = [link for link in links if link.held is held]
        record(_Pairs).extend((held, link.at, position) for link in same)
        for link in links:
            other = growing(link.held)
            if link.held is not held and other is not None:
                _tie(g, other)
        if same:
            _link(value, held, position)
    elif not all(map(journal.born_here, _containers(value))):
        for c in _containers(value):
            freeze(c)
        for cell in inside.buffers if inside is not None else ():
            tie_both(cell, g.buffers[0], COPIED)
    else:
        if inside is not None:
            mutating(value, linked=True)
            value[:] = [Row(held, position)]
        _link(value, held, position)


def _tie(a: Growing, b: Growing) -> None:
    if isinstance(a, Row) or isinstance(b, Row):
        return
    for x, y in zip(a.buffers, b.buffers, strict=False):
        tie_both(x, y, SHARED)


def replacing(held: list[Any], g: Growing, position: Node, value: Any) -> None:
    """Call before an element is replaced by another: who holds it, keeps it."""
    if not isinstance(g, Row):
        for cell in g.buffers:
            _detach(cell, position)
    pairs = record(_Pairs)
    pairs[:] = [p for p in pairs if p[0] is not held or position not in p[1:]]
    for link in _links_of(held):
        if not link.current or _differ(link.at, position):
            continue
        if link.at is position:
            _let_go(link)
        elif link.root is not value and _alive(link):
            raise TraceError(
                f"an element of a list is replaced at {place()} while another name may stand for "
                "it: take a copy of what is still needed first, list(x[i])"
            )


def _detach(cell: Cell, position: Node) -> None:
    """Arrays that were read from a list keep what they hold when the list gets another there."""
    views = [v for ref in cell.views or () if (v := ref()) is not None and v.cell is cell]
    old: dict[bool, Cell] = {}
    for v in views:
        step = v.path[0] if v.path else None
        at = step.starts[0] if isinstance(step, Window) and step.axes[0] < 0 else None
        if at is not None and _differ(at, position):
            continue
        sure = at is position
        if sure not in old:
            old[sure] = Cell(cell.version)
            if not sure:
                tie_both(old[sure], cell, COPIED)
        v.cell = old[sure]


def _let_go(link: Link) -> None:
    """The element is one no more."""
    for c in _containers(link.root):
        links = record(Linked)[id(c)]
        links[:] = [x for x in links if x is not link]
        if not links:
            del record(Linked)[id(c)]
    row = growing(link.root)
    if isinstance(row, Row) and row.held is link.held and row.place is link.at:
        rest = record(Linked).get(id(link.root))
        mutating(link.root, linked=True)
        link.root[:] = [Row(rest[0].held, rest[0].at) if rest else copied(row.kind, row.view())]
    link.root = None  # it does not keep the element alive


def _differ(a: Node, b: Node) -> bool:
    gap = minus(a, b)
    return ge0(minus(gap, lit(1))) or ge0(minus(lit(-1), gap))


def moving(held: list[Any], last: Node | None = None) -> None:
    """Call before elements of a list change places; `last`: only this one is taken out."""
    g = growing(held)
    if g is None or not has_containers(g.kind):
        return
    for link in _links_of(held):
        if not link.current or (last is not None and _differ(link.at, last)):
            continue
        if last is not None and link.at is last:
            _let_go(link)
        elif _alive(link):
            raise TraceError(
                f"elements of a list change places at {place()} while a name stands for one of "
                "them: take a copy of what is still needed first, list(x[i])"
            )
        else:
            _let_go(link)
