"""Versions of arrays: where chains of writes, loops and branches start, and what reads old ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from ...fxgraph.affine import minus, plus, size_node, times
from ...fxgraph.constants import lit
from ...fxgraph.graph import bodies, order_of
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from ...fxgraph.types import TensorType
from ...fxgraph.window import window_of
from .scope import Scope


def is_array(n: Node) -> bool:
    return isinstance(n.type, TensorType) and bool(n.type.shape)


def chain_root(n: Node, stop: Callable[[Node], bool] | None = None) -> Node:
    """The version a chain of writes, loops and branches started from, or the first `stop` on it."""
    return _root(n, stop, {})


def _root(n: Node, stop: Callable[[Node], bool] | None, known: dict[Node, Node]) -> Node:
    """known: roots of this call, because branches behind branches share what is before them."""
    path: list[Node] = []
    while n not in known:
        path.append(n)
        before = n if stop is not None and stop(n) else _version_before(n, stop, known)
        if before is n:
            known[n] = n
        n = before
    root = known[n]
    known.update(dict.fromkeys(path, root))
    return root


def _version_before(n: Node, stop: Callable[[Node], bool] | None, known: dict[Node, Node]) -> Node:
    """One step back; n itself where it starts a chain."""
    if n.op.traits & {"write", "scatter"}:
        return n.inputs[0]
    if n.op.name != "proj":
        return n
    source, k = n.inputs[0], n.attr("k")
    if source.op.name == "scan":
        return source.inputs[k] if k < source.attr("n") else n
    if source.op.name == "cond":
        a, b = (_root(body.results[k], stop, known) for body in bodies(source))
        return a if a is b else n
    return n


def chain(n: Node) -> Iterator[Node]:
    """A version, and those before it."""
    met: list[Node] = []
    chain_root(n, lambda m: met.append(m) or False)  # type: ignore[func-returns-value]
    yield from dict.fromkeys(met)


def overwritten(a: Node, here: Callable[[Node], bool]) -> list[Node]:
    """Array versions an action would like to overwrite; branches those that are had `here`."""
    if a.op.traits & {"write", "scatter"}:
        return [a.inputs[0]]
    if a.op.name == "scan":
        return list(dict.fromkeys(x for x in a.inputs[: a.attr("n")] if is_array(x)))
    if a.op.name == "cond":
        out: dict[Node, None] = {}
        then, other = bodies(a)
        for t, o in zip(then.results, other.results, strict=True):
            if is_array(t) and chain_root(t, here) is chain_root(o, here):
                out[chain_root(t, here)] = None
        return list(out)
    return []


def surely_inside(view: Node) -> bool:
    """Is the window in bounds whatever branch is taken?  Only then it may be read before it."""
    return not open_bounds(view)


def open_bounds(view: Node) -> list[Node]:
    """Integers that are >= 0 where the window is in bounds: those that are not proved to be."""
    w, base = window_of(view), view.inputs[0]
    out = []
    for k, (start, step, axis) in enumerate(zip(w.starts, w.steps, w.axes, strict=True)):
        last = start
        if axis >= 0:
            last = plus(start, times(minus(size_node(w.shape[axis]), lit(1)), step))
        low, high = (start, last) if step > 0 else (last, start)
        room = minus(minus(size_node(base.shape[k]), lit(1)), high)
        out += [n for n in (low, room) if not ge0(n)]
    return out


def captured_windows(n: Node, version: Node, scope: Scope) -> list[Node]:
    """The windows of a version that the branches of n read, but for those of inner indices."""
    own = frozenset().union(*(body.own for body in bodies(n)))
    roots = [r for body in bodies(n) for r in body.roots]
    found = [
        m
        for m in order_of(roots, stop=lambda m: m in scope, inside=True)
        if m.op.name == "view" and m.inputs[0] is version and all(f in scope for f in m.free)
    ]
    return [m for m in found if not m.free & own]
