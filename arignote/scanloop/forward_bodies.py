"""Forward mode of loops and branches: tangents are carried beside the values, no tape.

What a tangent's operations raise (a solve's matrix is singular) they raise in their own body.  The
loop with tangents shares its body's leaves with the loop without, so `merge` makes them one.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..autograd_sym.activity import carries_derivative
from ..autograd_sym.forward import Forward
from ..fxgraph.constants import new_param, project
from ..fxgraph.graph import Body, bodies
from ..fxgraph.node import Node, origin
from ..fxgraph.ops.checks import recording
from ..fxgraph.ops.shaping import zeros_like
from ..fxgraph.prove import inside
from ..fxgraph.types import TensorType
from .cond import branch, cond, cond_op
from .scan import scan, scan_op
from .unused import parts_of


def forward_scan(n: Node, walk: Forward) -> None:
    """The tangents of a loop's results."""
    body: Body = n.attr("bodies")[0]
    parts = parts_of(n)
    inits: Sequence[Node] = parts["inits"]
    moving = [
        k for k, x in enumerate(inits) if carries_derivative(x) and walk.tangent(x) is not None
    ]
    while True:
        beside = {k: _param(body.params[k]) for k in moving}
        inner = Forward((), walk, body.own)
        inner.known.update({body.params[k]: t for k, t in beside.items()})
        with inside(body.token), recording() as checks:
            inner.run((*body.results, *body.stacks))
        grown = [
            k
            for k, r in enumerate(body.results)
            if k in beside or (carries_derivative(r) and inner.tangent(r) is not None)
        ]
        if grown == moving:
            break
        moving = grown
    rows = [
        j
        for j, s in enumerate(body.stacks)
        if carries_derivative(s) and inner.tangent(s) is not None
    ]
    if not moving and not rows:
        return
    both = Body(
        body.index,
        (*body.params, *beside.values()),
        body.cond,
        (*body.results, *(inner.filled(body.results[k]) for k in moving)),
        body.token,
        (*body.effects, *checks),
        (*body.stacks, *(inner.filled(body.stacks[j]) for j in rows)),
    )
    starts = [walk.filled(inits[k]) for k in moving]
    outs = scan((*inits, *starts), both, parts["trip"], parts["here"])
    if n in origin:
        origin[outs[0].inputs[0]] = origin[n]
    count = len(body.params)
    for at, k in enumerate(moving):
        walk.known[project(n, k)] = outs[count + at]
    first = count + len(moving) + len(body.stacks)
    for at, j in enumerate(rows):
        walk.known[project(n, count + j)] = outs[first + at]


def _param(p: Node) -> Node:
    return new_param(f"t_{p.attr('name')}", TensorType(p.dtype, p.shape))


def forward_cond(n: Node, walk: Forward) -> None:
    """The tangents of a branch's results."""
    inner, checks = [], []
    for b in bodies(n):
        side = Forward((), walk, b.own)
        with inside(b.token), recording() as found:
            side.run(b.results)
        inner.append(side)
        checks.append(found)
    then, other = bodies(n)
    pairs = list(zip(then.results, other.results))
    moving = [
        k
        for k, (a, b) in enumerate(pairs)
        if carries_derivative(a)
        and not (inner[0].tangent(a) is None and inner[1].tangent(b) is None)
    ]
    if not moving:
        return
    here = [x for x in n.inputs[1:] if x.op.name == "token"]
    outs = cond(
        n.inputs[0],
        branch(
            (*then.results, *(_tangent(inner[0], then, k) for k in moving)),
            then.token,
            (*then.effects, *checks[0]),
        ),
        branch(
            (*other.results, *(_tangent(inner[1], other, k) for k in moving)),
            other.token,
            (*other.effects, *checks[1]),
        ),
        here,
    )
    if n in origin:
        origin[outs[0].inputs[0]] = origin[n]
    for at, k in enumerate(moving):
        walk.known[project(n, k)] = outs[len(then.results) + at]


def _tangent(side: Forward, b: Body, k: int) -> Node:
    t = side.tangent(b.results[k])
    return t if t is not None else zeros_like(b.results[k])


scan_op.extra["forward"] = forward_scan
cond_op.extra["forward"] = forward_cond
