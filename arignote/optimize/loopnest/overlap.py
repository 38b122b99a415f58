"""Writes whose value reads the array they write: where the right side needs memory of its own.

It does not where what is read is provably apart from what is written, or provably not yet
overwritten by ascending loops.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.affine import minus, size_node
from ...fxgraph.constants import array_of, constant, lit, new_index
from ...fxgraph.graph import substitute
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from ...fxgraph.window import Window, place, window_of
from .element import aligned
from .region import Region
from .scope import Scope
from .selection import keeps_rows, reads_ahead
from .versions import is_array


def needs_temporary(w: Node, actions: set[Node], region: Region, scope: Scope) -> bool:
    """Does w read, through another window, elements of its base that it writes?  Marks what to
    store.
    """
    window, value, base = window_of(w), w.inputs[-1], w.inputs[0]
    if value in actions or not value.shape:
        return False
    here = _position(window.shape)
    written = place(window, here)
    bad = []
    for source, index, through in _reads(value, aligned(value, here), actions, scope, value):
        if source is not base or all(x is y for x, y in zip(index, written, strict=True)):
            continue
        if not (
            _apart(here, index, written)
            or _later(window, index, written)
            or reads_ahead(window, index, written)
        ):
            bad.append(through)
    if not bad:
        return False
    rank = sum(not (isinstance(d, int) and d == 1) for d in window.shape)
    small = [
        b
        for b in bad
        if b is not value and sum(not (isinstance(d, int) and d == 1) for d in b.shape) < rank
    ]
    storable = len(small) == len(bad) and not any(b in region.forced for b in small)
    region.forced.update(small if storable else [value])
    scope.state.note(
        w,
        "a temporary for "
        + ("operands" if storable else "the right side")
        + ": it reads what it overwrites",
    )
    return True


def scatter_reads_itself(
    w: Node, actions: set[Node], region: Region, scope: Scope, saved: set[tuple[Node, Node]]
) -> bool:
    """Does a scatter compute its value or its positions from the array it writes?  Marks what to
    store: which positions come first is known at run time only."""
    base = w.inputs[0]
    changed = False
    for x in w.inputs[1:]:
        if not is_array(x) or x in actions:
            continue
        here = _position(x.shape)
        if not any(source is base for source, _, _ in _reads(x, here, actions, scope, x)):
            continue
        changed = True
        if x is base or x in scope:
            saved.add((w, base))
        else:
            region.forced.add(x)
    if changed:
        scope.state.note(w, "a temporary for what it computes from the array it writes")
    return changed


def _position(shape: Sequence[int | Node]) -> list[Node]:
    return [
        lit(0) if isinstance(d, int) and d == 1 else new_index(lit(0), size_node(d)) for d in shape
    ]


def _apart(here: Sequence[Node], index: Sequence[Node], written: Sequence[Node]) -> bool:
    """Some axis of the read differs from every written one."""
    other = _renamed(here)
    renamed = substitute(list(index), other)
    return any(
        ge0(minus(minus(x, y), lit(1))) or ge0(minus(minus(y, x), lit(1)))
        for x, y in zip(renamed, written, strict=True)
    )


def _renamed(here: Sequence[Node]) -> dict[Node, Node]:
    return {i: new_index(i.attr("lo"), i.attr("hi")) for i in here if i.op is not constant}


def _later(window: Window, index: Sequence[Node], written: Sequence[Node]) -> bool:
    """Each element read is written by a later step of ascending loops, or never."""
    distance: dict[int, int] = {}
    for k, axis in enumerate(window.axes):
        d = minus(index[k], written[k])
        if d.op is not constant:
            return False
        far = int(array_of(d))
        if axis < 0:
            if far:
                return True
            continue
        if far % window.steps[k]:
            return True
        far //= window.steps[k]
        if distance.setdefault(axis, far) != far:
            return True
    for axis in range(window.rank):
        if distance.get(axis, 0):
            return distance[axis] > 0
    return True


def _reads(n: Node, index: list[Node], actions: set[Node], scope: Scope, through: Node):  # type: ignore[no-untyped-def]
    """(version, index, node read through) for every stored value the expression reads."""
    stack = [(n, index, through)]
    while stack:
        n, index, through = stack.pop()
        if n in scope or n in actions or n.op.name == "proj":
            if is_array(n):
                yield n, index, through
        elif n.op.name == "view":
            if n.shape:
                stack.append((n.inputs[0], place(window_of(n), index), n))
        elif "elementwise" in n.op.traits:
            stack.extend((x, aligned(x, index), x) for x in n.inputs)
        elif "reduction" in n.op.traits:
            x, rest, axes = n.inputs[0], iter(index), n.attr("axes")
            inner = _position(x.shape)
            full = [inner[a] if a in axes else next(rest) for a in range(x.rank)]
            stack.append((x, full, n))
        elif n.op.name == "matmul":
            a, b = n.inputs
            k = _position(a.shape[-1:])[0]
            *batch, row, column = index
            stack.append((a, [*batch[len(batch) - a.rank + 2 :], row, k], n))
            stack.append((b, [*batch[len(batch) - b.rank + 2 :], k, column], n))
        elif n.op.name in ("gather", "reshape"):
            x = n.inputs[0]
            if keeps_rows(n):  # row k there is row k here, or a later one
                row = new_index(index[0], size_node(x.shape[0]))
                stack.append((x, [row, *index[1:]], n))
                continue
            while x.op.name == "reshape":
                x = x.inputs[0]
            stack.append((x, [new_index(lit(0), size_node(d)) for d in x.shape], n))
            stack.extend((i, _position(i.shape), n) for i in n.inputs[1:] if is_array(i))
