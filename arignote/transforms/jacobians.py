"""Jacobians and Hessians: one pass a row or column, as a loop in the compiled code."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..autograd_sym.forward import jvp as tangents_of
from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import TraceError
from ..fxgraph.affine import size_node
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import product
from ..fxgraph.ops.shaping import zeros_like
from ..fxgraph.prove import hinted
from ..optimize.before_gradients import stabilized
from ..trace import converting
from ..trace.derived import Derived
from ..trace.proxy import node_of, wrap
from .gradients import Argnums, grad
from .tracing import Variables, answer_of, filled, nodes_of, transformed


def jacobian(
    function: Callable[..., Any], argnums: Argnums = 0, mode: str = "auto"
) -> Callable[..., Any]:
    """The Jacobian: shape of the result, then shape of the argument.

    mode: "rev" (a pass an element of the result), "fwd" (a pass an element of the argument), or
    "auto": the one with fewer passes for the sizes of the call.  With several argnums a tuple comes
    back; results that are pytrees keep their structure.
    """
    if mode not in ("auto", "rev", "fwd"):
        raise TraceError(f"jacobian: mode is 'auto', 'rev' or 'fwd', not {mode!r}")
    single = isinstance(argnums, int)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def jacobian_(*args: Any, **kwargs: Any) -> Any:
        variables = Variables.of(args, wanted, False, "jacobian")
        outputs, tree = nodes_of(answer_of(function, variables.args, kwargs))
        forward = mode == "fwd" or (mode == "auto" and _count(variables.wrt) < _count(outputs))
        rows = _by_columns if forward else _by_rows
        blocks = [rows(o, variables.wrt) for o in stabilized(outputs, variables.wrt)]
        parts = [_structured(variables, b, single) for b in blocks]
        return parts[0] if tree.kind == "leaf" else tree.unflatten(parts)

    made = Derived(jacobian, function, {"argnums": argnums, "mode": mode})
    return transformed(jacobian_, function, True, made)


def hessian(function: Callable[..., Any], argnums: int = 0) -> Callable[..., Any]:
    """The matrix of second derivatives of a scalar function: shape of the argument twice.

    Forward mode over reverse mode.
    """
    return jacobian(grad(function, argnums), argnums, mode="fwd")


def _count(nodes: Sequence[Node]) -> int:
    """How many elements, by the sizes of this call."""
    total = 0
    for n in nodes:
        sizes = [d if isinstance(d, int) else hinted(size_node(d)) for d in n.shape]
        if any(d is None for d in sizes):
            return 1 << 30
        total += int(np.prod([int(d) for d in sizes if d is not None], dtype=np.int64))
    return total


def _structured(variables: Variables, blocks: Sequence[Any], single: bool) -> Any:
    out = variables.tree.unflatten(blocks)
    return out[0] if single else tuple(out)


def _by_rows(out: Node, wrt: Sequence[Node]) -> list[Any]:
    """d out / d each of wrt: a reverse pass an element of out."""
    if not out.shape:
        return [wrap(g) for g in filled(cotangents_of((out,), (_one(out),), wrt), wrt)]

    def row(k: Any) -> Any:
        seed = _basis(out, k)
        return tuple(wrap(g) for g in filled(cotangents_of((out,), (seed,), wrt), wrt))

    blocks = _each(row, out)
    return [b.reshape(_shape(out) + _shape(x)) for b, x in zip(blocks, wrt, strict=True)]


def _by_columns(out: Node, wrt: Sequence[Node]) -> list[Any]:
    """The same by a forward pass an element of each argument; the direction comes first, then
    last."""
    done = []
    for x in wrt:
        if not x.shape:
            done.append(wrap(filled(tangents_of((out,), (x,), (_one(x),)), (out,))[0]))
            continue

        def column(k: Any, x: Node = x) -> Any:
            return (wrap(filled(tangents_of((out,), (x,), (_basis(x, k),)), (out,))[0]),)

        (block,) = _each(column, x)
        turned = np.moveaxis(block, 0, -1)
        done.append(turned.reshape(_shape(out) + _shape(x)))
    return done


def _each(step: Callable[[Any], tuple[Any, ...]], over: Node) -> list[Any]:
    """step(k) for every element of `over`, each of its results stacked: one loop."""
    count = wrap(product([size_node(d) for d in over.shape]))
    loop = converting.converted(_rows)
    stacked: list[Any] = loop(step, count, len(step(0)) if isinstance(count, int) else _width(step))
    return stacked


def _width(step: Callable[[Any], tuple[Any, ...]]) -> int:
    return len(step(wrap(size_node(0))))


def _rows(step: Any, count: Any, width: int) -> Any:
    """Written as a loop; converted into one."""
    lists = [[] for _ in range(width)]  # type: ignore[var-annotated]
    for k in range(count):
        values = step(k)
        for j in range(width):
            lists[j].append(values[j])
    return [np.array(rows) for rows in lists]


def _one(n: Node) -> Node:
    return cast_to(node_of(1.0), n.dtype)


def _basis(n: Node, k: Any) -> Node:
    """Zeros of n's type, with one at flat position k."""
    flat = wrap(zeros_like(n)).reshape(-1)
    flat[k] = 1.0
    return node_of(flat.reshape(_shape(n)))


def _shape(n: Node) -> tuple[Any, ...]:
    return tuple(d if isinstance(d, int) else wrap(d) for d in n.shape)
