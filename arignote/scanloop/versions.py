"""Which carries are written in place, and through which versions.

An array that a loop writes is a chain of versions: param <- set_item <- inner loop <- ... <-
result. The backward loop holds the same array and walks the chain down again.
"""

from __future__ import annotations

import weakref

from ..fxgraph.constants import proj
from ..fxgraph.graph import Body, bodies
from ..fxgraph.node import Node
from .cond import cond_op
from .scan import scan_op

#: What `base_of` found for results of loops and branches: each looks at many before it.
_bases: weakref.WeakKeyDictionary[Node, Node | None] = weakref.WeakKeyDictionary()


def base_of(n: Node) -> Node | None:
    """The version that n was made from by writing, if it was."""
    if n.op is not proj:
        return _base_of(n)
    if n not in _bases:
        _bases[n] = _base_of(n)
    return _bases[n]


def _base_of(n: Node) -> Node | None:
    if "write" in n.op.traits or "scatter" in n.op.traits:
        return n.inputs[0]
    if n.op is not proj or not bodies(n.inputs[0]):
        return None
    k, owner = n.attr("k"), n.inputs[0]
    if owner.op is scan_op:
        body: Body = owner.attr("bodies")[0]
        if k < len(body.params) and chain(body.results[k], body.params[k]) is not None:
            start: Node = owner.inputs[k]
            return start
        return None
    return _branch_base(owner, k) if owner.op is cond_op else None


def _branch_base(owner: Node, k: int) -> Node | None:
    """The newest version from which both branches start."""
    then, other = (b.results[k] for b in bodies(owner))
    if not then.rank:
        return None
    mine, below = [then], base_of(then)
    while below is not None:
        mine.append(below)
        below = base_of(below)
    known = set(mine)
    n: Node | None = other
    while n is not None and n not in known:
        n = base_of(n)
    return n


def chain(last: Node, first: Node) -> list[Node] | None:
    """The versions from `last` down to `first`, both included; None if they are not one array."""
    out = [last]
    while out[-1] is not first:
        below = base_of(out[-1])
        if below is None:
            return None
        out.append(below)
    return out
