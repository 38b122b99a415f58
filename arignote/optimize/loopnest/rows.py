"""Rows of branches, of which each reads what the ones before it gave.

What only a branch uses is computed in the branch, once for each branch that uses it: a row of n
where each reads what the last two gave, or reads the last one on both of its sides, would be code
exponential in n.  So where a branch would hold too many others, those are computed before it.
"""

from __future__ import annotations

from collections.abc import Iterable
from weakref import WeakKeyDictionary

from ...fxgraph.constants import project
from ...fxgraph.graph import bodies
from ...fxgraph.node import Node, dependencies, size_nodes
from .versions import is_array

#: Branches in a row whose code is written out for every way through them.
ROW = 4
#: Pieces of code that a branch and those in it may be.
MOST = 2**ROW

#: The other branches that computing a node takes in its own region, the nearest first; MOST and one
#: at most.
_conds: WeakKeyDictionary[Node, tuple[Node, ...]] = WeakKeyDictionary()
#: Of a branch: how many pieces it is, and what is computed before it.
_pieces: WeakKeyDictionary[Node, int] = WeakKeyDictionary()
_before: WeakKeyDictionary[Node, tuple[Node, ...]] = WeakKeyDictionary()


def before_branch(n: Node) -> list[Node]:
    """What must be computed before a branch, beside its condition, although only its sides use it.

    Branches that its sides would hold too many of, and the results of long rows of branches that
    both sides write to, or hand on.
    """
    if n not in _before:
        _measure(n)
    return list(_before[n])


def _measure(last: Node) -> None:
    """Fill the tables for a node and all under it, operands and what its bodies read first."""
    stack = [(last, False)]
    while stack:
        n, ready = stack.pop()
        if n in _conds:
            continue
        below = dependencies(n)
        if n.op.name == "cond":
            below = [*below, *(r for b in bodies(n) for r in b.roots)]
        if not ready:
            stack.append((n, True))
            stack.extend((d, False) for d in below if d not in _conds)
            continue
        if n.op.name == "cond":
            _weigh(n)
            below = [n.inputs[0], *size_nodes(n.type), *_before[n]]
        _conds[n] = tuple(_taken(below))[: MOST + 1]


def _taken(nodes: Iterable[Node]) -> dict[Node, None]:
    """The branches that computing these takes."""
    found: dict[Node, None] = {}
    for n in nodes:
        if n.op.name == "proj":  # one that nothing reads is in no table
            n = n.inputs[0]
        if n.op.name == "cond":
            found[n] = None
        found.update(dict.fromkeys(_conds[n]))
    return found


def _weigh(n: Node) -> None:
    early = _gone_on_from(n)
    had = _taken((n.inputs[0], *size_nodes(n.type), *early))
    sides = []
    for b in bodies(n):
        inside = [c for c in _taken(b.roots) if c not in had]
        sides += [(c, b.own.isdisjoint(c.free)) for c in inside]
    pieces = 1 + sum(_pieces[c] for c, _ in sides)
    if pieces > MOST:
        early += tuple(dict.fromkeys(project(c, 0) for c, around in sides if around))
        pieces = 1 + sum(_pieces[c] for c, around in sides if not around)
    _pieces[n], _before[n] = pieces, early


def _gone_on_from(n: Node) -> tuple[Node, ...]:
    """The results of long rows of branches that both sides of n write to, or hand on."""
    out: dict[Node, None] = {}
    then, other = bodies(n)
    for t, o in zip(then.results, other.results, strict=True):
        if not is_array(t):
            continue
        v = written_to(t)
        if v is written_to(o) and _ends_a_row(v):
            out[v] = None
    return tuple(out)


def _ends_a_row(v: Node) -> bool:
    for _ in range(ROW):
        if v.op.name != "proj" or v.inputs[0].op.name != "cond":
            return False
        v = written_to(bodies(v.inputs[0])[0].results[v.attr("k")])
    return True


def written_to(n: Node) -> Node:
    while n.op.traits & {"write", "scatter"}:
        n = n.inputs[0]
    return n
