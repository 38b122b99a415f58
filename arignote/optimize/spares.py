"""Time steps into fresh arrays: the array that is dropped is the next step's fresh one.

    for ...: w = zeros; w[1:-1] = f(u, v); u, v = v, w

A loop carries u and v in memory of their own, so a fresh w would be copied over one of them in each
step.  With a third array that is carried along, all three only change places, which moves pointers:

    for ...: s[:] = 0; s[1:-1] = f(u, v); u, v, s = v, s, u

Only what starts as a fill, or as memory, is turned so: a value that is computed element by element
may as well be computed where the old one stands.
"""

from __future__ import annotations

from ..fxgraph.constants import new_param, project
from ..fxgraph.graph import Body, Graph, bodies, remake
from ..fxgraph.node import Node, at_origin, origin
from ..fxgraph.ops.structure import empty, empty_op, full_op, set_item
from ..fxgraph.resolve import replaced, resolve
from ..fxgraph.types import TensorType
from ..fxgraph.window import whole
from ..scanloop.scan import scan_node
from ..scanloop.unused import parts_of
from .loopnest.versions import chain, chain_root

#: Loops of a graph that are turned so.
MOST = 8
#: Arrays that a step drops.
MOST_SPARES = 2


def carry_spares(graph: Graph) -> Graph:
    """The graph with dropped arrays carried along, where loops fill fresh ones in their place."""
    for _ in range(MOST):
        forward = next(filter(None, map(_carried, _loops(graph))), None)
        if not forward:
            break
        graph = replaced(graph, forward)
    return graph


def _loops(graph: Graph) -> list[Node]:
    return [n for n in graph.all_nodes if n.op.name == "scan"]


def _carried(n: Node) -> dict[Node, Node]:
    """What stands for the loop and its values; {} where it does not fill fresh arrays."""
    (body,) = bodies(n)
    pairs = _dropped(body)
    if not pairs:
        return {}
    with at_origin(origin.get(n), n):
        spares = [new_param("spare", TensorType(p.dtype, p.shape)) for p, _ in pairs]
        first: dict[Node, Node] = {}
        for s, (_, f) in zip(spares, pairs, strict=True):
            fill = f.inputs[0]
            with at_origin(origin.get(f)):
                start = s
                if fill.op is full_op:
                    start = set_item(s, whole(s.shape), fill.inputs[0], True)
                first[f] = remake(f.op, (start, *f.inputs[1:]), f.attrs)
        roots = iter(resolve(body.roots, first, (*body.params, *_known(body))))
        cond = next(roots) if body.cond is not None else None
        effects = tuple(next(roots) for _ in body.effects)
        results = tuple(next(roots) for _ in body.results)
        new = Body(
            body.index, (*body.params, *spares), cond, (*results, *(p for p, _ in pairs)),
            body.token, effects, tuple(roots),
        )  # fmt: skip
        p = parts_of(n)
        memory = [empty(s.dtype, s.shape) for s in spares]
        loop = scan_node([*p["inits"], *memory], new, p["trip"], p["here"])
    forward = {n: loop}
    count = len(body.params)
    for k in range(len(n.type)):
        forward[project(n, k)] = project(loop, k if k < count else k + len(spares))
    return forward


def _known(body: Body) -> list[Node]:
    return [body.token, *([body.index] if body.index is not None else [])]


def _dropped(body: Body) -> list[tuple[Node, Node]]:
    """Each array that a step drops, with the first write into the fresh one that takes its place;
    [] where carries do anything else than to change places."""
    carried = [(p, r, chain_root(r)) for p, r in zip(body.params, body.results) if p.shape]
    moved = [(p, r, root) for p, r, root in carried if root is not p]
    params = [p for p, _, _ in moved]
    kept = {root for _, _, root in moved if root in params}
    dropped = [p for p in params if p not in kept]
    fresh = [(r, root) for _, r, root in moved if root not in params]
    if not fresh or len(fresh) != len(dropped) or len(fresh) > MOST_SPARES:
        return []
    if len(kept) != len(moved) - len(fresh):
        return []  # one array in two places
    out = []
    for r, root in fresh:
        f = _first_write(r, root, body)
        p = next((p for p in dropped if p.type == root.type), None)
        if f is None or p is None:
            return []
        dropped.remove(p)
        out.append((p, f))
    return out if len({f for _, f in out}) == len(out) else []


def _first_write(r: Node, root: Node, body: Body) -> Node | None:
    """The write into a fill that r goes on from, if it is of this step."""
    versions = list(chain(r))
    if root.op not in (full_op, empty_op) or len(versions) < 2:
        return None
    f = versions[versions.index(root) - 1]
    own = f.op.traits & {"write", "scatter"} and f.inputs[0] is root
    return f if own and f.free & body.own else None


__all__ = ["carry_spares"]
