"""Lists that a while loop appends to in each step are stacks of it.

Room for such a list is made before the loop, for as many elements as a run that only counts the
steps has found (`trace/lists`):

    n = steps of (while c(x): x = f(x));  b = empty(n);  while c(x): b[k] = g(x); k += 1; x = f(x)

A stack that grows needs no room before, so nothing is left to count for:

    while c(x): push g(x); x = f(x)
"""

from __future__ import annotations

from ..fxgraph.affine import dim, plus, size_node
from ..fxgraph.constants import is_const, lit, project, value_of
from ..fxgraph.graph import Body
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.structure import empty_op, reshape, set_item_op
from ..fxgraph.window import whole, window_of
from .scan import scan_node
from .unused import parts_of


def stacked_lists(n: Node) -> dict[Node, Node]:
    """What stands for the values of the loop n with its lists as stacks; {} where it has none."""
    parts = parts_of(n)
    body: Body = parts["body"]
    if body.index is not None or body.cond is None:
        return {}
    found = {k: v for k in range(len(body.params)) if (v := _appended(n, body, k)) is not None}
    if not found:
        return {}
    kept = [k for k in range(len(body.params)) if k not in found]
    with at_origin(origin.get(n), n):
        new_body = Body(
            None,
            tuple(body.params[k] for k in kept),
            body.cond,
            tuple(body.results[k] for k in kept),
            body.token,
            body.effects,
            (*body.stacks, *found.values()),
        )
        new = scan_node([parts["inits"][k] for k in kept], new_body, None, parts["here"])
    forward = {n: new}
    steps = project(new, len(new.type) - 1)
    first = len(kept) + len(body.stacks)
    places = [*kept, *range(len(body.params), len(n.type))]
    for j, k in enumerate(places[:-1]):
        forward[project(n, k)] = project(new, j)
    forward[project(n, len(n.type) - 1)] = steps
    for j, k in enumerate(found):
        rows = project(new, first + j)
        forward[project(n, k)] = reshape(rows, (dim(steps), *rows.shape[1:]))
    return forward


def _appended(n: Node, body: Body, k: int) -> Node | None:
    """What each step puts behind the last row of carry k, if that is all that is done with it."""
    p, r = body.params[k], body.results[k]
    if not p.rank or n.inputs[k].op is not empty_op:
        return None
    if r.op is not set_item_op or r.inputs[0] is not p or len(r.attrs) != 2:
        return None
    w, value = window_of(r), r.inputs[-1]
    rest = whole(p.shape[1:])
    row = (rest.starts, rest.steps, tuple(rest.axes))
    if w.axes[0] != -1 or (w.starts[1:], w.steps[1:], w.axes[1:]) != row:
        return None
    same = len(w.shape) == p.rank - 1 == value.rank and all(
        size_node(a) is size_node(b) is size_node(c)
        for a, b, c in zip(w.shape, p.shape[1:], value.shape, strict=True)
    )
    if not same or value.dtype != p.dtype or not _counts_steps(n, body, w.starts[0]):
        return None
    others = [x for j, x in enumerate(body.results) if j != k]
    read = (body.cond, *body.effects, *others, *body.stacks, *r.inputs[1:])
    return None if any(x is not None and p in x.free for x in read) else value


def _counts_steps(n: Node, body: Body, c: Node) -> bool:
    """Is c the number of steps before this one?"""
    if c not in body.params:
        return False
    k = body.params.index(c)
    start = n.inputs[k]
    return is_const(start) and value_of(start) == 0 and body.results[k] is plus(c, lit(1))
