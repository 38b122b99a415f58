"""Loops and branches whose outcome is known, in part or in whole."""

from __future__ import annotations

from ...fxgraph.affine import minus, size_node
from ...fxgraph.constants import array_of, const, is_const, is_value, lit, proj, project
from ...fxgraph.graph import Body
from ...fxgraph.node import Node
from ...fxgraph.ops.shaping import expand
from ...fxgraph.ops.structure import full, set_item_op, view_op
from ...fxgraph.prove import ge0
from ...fxgraph.types import Shape
from ...fxgraph.window import Window, window_of
from ...scanloop.carry import rebound
from ...scanloop.cond import cond_op
from ...scanloop.scan import scan_node, scan_op, steps_known
from ...scanloop.unused import parts_of
from ..rule import rule


@rule(proj, phase="scan", keeps="bits", tags=("scan",), first=(scan_op,))
def scan_invariant_carry(n: Node) -> Node | None:
    """a carry that no step changes -> its initial value, inside the loop and after it"""
    loop = n.inputs[0]
    if loop.op is not scan_op:
        return None
    p = parts_of(loop)
    b: Body = p["body"]
    fixed = [k for k, (x, r) in enumerate(zip(b.params, b.results)) if x is r]
    if not fixed:
        return None
    k, count = n.attr("k"), len(b.params)
    if k in fixed and p["inits"][k].type == n.type:
        return _init(loop, k)
    kept = [j for j in range(count) if j not in fixed]
    small = _with_carries(p, kept, {b.params[j]: p["inits"][j] for j in fixed})
    return project(small, kept.index(k) if k < count else k - len(fixed))


def _init(loop: Node, k: int) -> Node:
    return loop.inputs[k]


def _with_carries(p: dict[str, object], kept: list[int], replace: dict[Node, Node]) -> Node:
    """The loop with some of its carries, other params replaced in its body."""
    b: Body = p["body"]  # type: ignore[assignment]
    inits: tuple[Node, ...] = p["inits"]  # type: ignore[assignment]
    cond = (b.cond,) if b.cond is not None else ()
    parts = (*cond, *b.effects, *(b.results[j] for j in kept), *b.stacks)
    new = rebound(parts, replace)
    at = len(cond)
    effects = new[at : at + len(b.effects)]
    results = new[at + len(b.effects) : at + len(b.effects) + len(kept)]
    stacks = new[at + len(b.effects) + len(kept) :]
    body = Body(
        b.index,
        tuple(b.params[j] for j in kept),
        new[0] if cond else None,
        results,
        b.token,
        effects,
        stacks,
    )
    return scan_node([inits[j] for j in kept], body, p["trip"], p["here"])  # type: ignore[arg-type]


@rule(proj, phase="scan", keeps="bits", tags=("scan",), first=(scan_op,))
def scan_no_steps(n: Node) -> Node | None:
    """a loop over an empty range -> the initial values, and empty stacks"""
    loop = n.inputs[0]
    if loop.op is not scan_op or _steps(loop) != 0:
        return None
    k, count = n.attr("k"), loop.attr("n")
    if k < count:
        return _init(loop, k)
    if k == len(loop.type) - 1:
        return lit(0)
    return full(const(0, n.dtype), n.shape)


@rule(proj, phase="scan", keeps="bits", tags=("scan",), first=(scan_op,))
def scan_one_step(n: Node) -> Node | None:
    """a loop over a range of one -> its body"""
    loop = n.inputs[0]
    if loop.op is not scan_op or _steps(loop) != 1:
        return None
    b: Body = loop.attr("bodies")[0]
    if b.effects or b.cond is not None or b.index is None:
        return None
    k, count = n.attr("k"), len(b.params)
    if k == len(loop.type) - 1:
        return lit(1)
    replace = {**dict(zip(b.params, loop.inputs)), b.index: b.index.attr("lo"), b.token: lit(0)}
    value = rebound(((*b.results, *b.stacks)[k],), replace)[0]
    return value if k < count else expand(value, (0,))


def _steps(loop: Node) -> int | None:
    index = loop.attr("bodies")[0].index
    if index is None:
        return None
    return steps_known(index.attr("lo"), index.attr("hi"), index.attr("step"))


@rule(view_op, phase="scan", keeps="bits", tags=("scan",), first=(proj,))
def scan_last_only(n: Node) -> Node | None:
    """the last element of a stacked carry, or the last row that a loop writes -> the carry's final
    value"""
    stack = n.inputs[0]
    if stack.op is not proj or stack.inputs[0].op is not scan_op:
        return None
    loop, k = stack.inputs[0], stack.attr("k")
    b: Body = loop.attr("bodies")[0]
    count, trip = len(b.params), loop.attr("trip")
    if b.cond is not None:
        return None
    if k < count:
        element, steps = _row_written(b, k), b.index.attr("hi") if b.index is not None else None
    else:
        element, steps = b.stacks[k - count], loop.inputs[trip] if trip >= 0 else None
    if element is None or steps is None or element not in b.results:
        return None
    last = minus(steps, lit(1))
    if not _is_row(window_of(n), last, stack.shape[1:]) or not ge0(last):
        return None
    return project(loop, b.results.index(element))


def _row_written(b: Body, k: int) -> Node | None:
    """What step i writes as row i of carry k, where the steps count from 0 and do nothing else to
    it."""
    made, i = b.results[k], b.index
    if i is None or made.op is not set_item_op or made.inputs[0] is not b.params[k]:
        return None
    if i.attr("lo") is not lit(0) or i.attr("step") not in (1, lit(1)):
        return None
    return made.inputs[-1] if _is_row(window_of(made), i, made.shape[1:]) else None


def _is_row(w: Window, at: Node, shape: Shape) -> bool:
    """Is it the whole row at this position?"""
    return (
        w.starts[0] is at
        and w.axes == (-1, *range(len(shape)))
        and all(s is lit(0) for s in w.starts[1:])
        and all(t == 1 for t in w.steps[1:])
        and all(size_node(a) is size_node(d) for a, d in zip(w.shape, shape))
    )


# ---- branches ------------------------------------------------------------------------------------
@rule(proj, phase="scan", keeps="bits", tags=("cond",), first=(cond_op,))
def cond_constant(n: Node) -> Node | None:
    """a branch on a constant -> the branch that is taken, if nothing in it can raise"""
    branch = n.inputs[0]
    if branch.op is not cond_op or not is_const(branch.inputs[0]):
        return None
    then, other = branch.attr("bodies")
    taken: Body = then if array_of(branch.inputs[0]).all() else other
    if taken.effects:
        return None
    return rebound((taken.results[n.attr("k")],), {taken.token: lit(0)})[0]


@rule(proj, phase="scan", keeps="bits", tags=("cond",), first=(cond_op,))
def cond_same_result(n: Node) -> Node | None:
    """a result that both branches give -> that result"""
    branch = n.inputs[0]
    if branch.op is not cond_op:
        return None
    then, other = branch.attr("bodies")
    value = then.results[n.attr("k")]
    free = value.free & (then.own | other.own)
    return value if value is other.results[n.attr("k")] and not free else None


@rule(proj, phase="scan", keeps="bits", tags=("cond",), first=(cond_op,))
def cond_predicate_result(n: Node) -> Node | None:
    """a branch that gives True when taken and False when not -> its predicate"""
    branch = n.inputs[0]
    if branch.op is not cond_op or n.type != branch.inputs[0].type:
        return None
    then, other = branch.attr("bodies")
    k = n.attr("k")
    taken, skipped = then.results[k], other.results[k]
    return branch.inputs[0] if is_value(taken, True) and is_value(skipped, False) else None
