"""Compares derivatives of NumPy functions, built by reverse and by forward rules, with differences.

The pairing of a cotangent and a tangent is Re(sum(g * t)), without conjugation.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from compare import Inputs, plain_hooks

from arignote.autograd_sym.reverse import vjp
from arignote.fxgraph.constants import const, proj
from arignote.fxgraph.graph import order_of
from arignote.fxgraph.interpret import evaluate
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.checks import recording
from arignote.fxgraph.prove import construction
from arignote.fxgraph.types import TensorType
from arignote.trace.registry import implementation


def tangents_of(outs: list[Node], seeds: dict[Node, Node]) -> list[Node | None]:
    """Forward rules along the graph."""
    found: dict[Node, Any] = dict(seeds)
    for n in order_of(outs):
        if n in found:
            continue
        ts = tuple(found.get(x) for x in n.inputs)
        if all(t is None for t in ts):
            continue
        if n.op is proj:
            found[n] = ts[0][n.attr("k")]
        elif isinstance(n.type, TensorType) and n.dtype.kind not in "fc":
            continue
        else:
            assert n.op.jvp is not None, n.op
            found[n] = n.op.jvp(ts, n, *n.inputs, **n.kwargs)
    return [found.get(n) for n in outs]


def slopes_agree(
    function: Callable[..., Any], *args: Any, pick: Any = None, h: float = 1e-5, rtol: float = 1e-5,
    forward: bool = True, **kwargs: Any,
) -> None:  # fmt: skip
    """Every inexact array among `args` is varied; `pick` are the results that count (all of
    them)."""
    rng = np.random.default_rng(3)

    def plain(*values: Any) -> list[Any]:
        out = function(*values, **kwargs)
        out = list(out) if isinstance(out, list | tuple) else [out]
        out = out if pick is None else [out[k] for k in pick]
        return [np.asarray(x) for x in out if np.asarray(x).dtype.kind in "fc"]

    def like(x: Any) -> Any:
        t = rng.standard_normal(np.shape(x))
        return t + 1j * rng.standard_normal(np.shape(x)) if np.asarray(x).dtype.kind == "c" else t

    varied = [k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind in "fc"]
    steps = [like(a) if k in varied else 0 for k, a in enumerate(args)]
    ahead = plain(*(a + h * s if k in varied else a for k, (a, s) in enumerate(zip(args, steps))))
    back = plain(*(a - h * s if k in varied else a for k, (a, s) in enumerate(zip(args, steps))))
    slope = [(p - q) / (2 * h) for p, q in zip(ahead, back)]
    cotangents = [like(s) for s in slope]
    want = sum(np.sum(g * s).real for g, s in zip(cotangents, slope))
    with plain_hooks(), construction() as known, recording() as effects, np.errstate(all="ignore"):
        inputs = Inputs(True, known.hints)
        nodes = [inputs(a) for a in args]
        out = implementation(function)(*nodes, **kwargs)
        out = list(out) if isinstance(out, list | tuple) else [out]
        out = out if pick is None else [out[k] for k in pick]
        out = [n for n in out if isinstance(n, Node) and n.dtype.kind in "fc"]
        grads = vjp(
            out,
            [const(g.astype(n.dtype)) for g, n in zip(cotangents, out)],
            [nodes[k] for k in varied],
        )
        values = evaluate(grads, inputs.feeds)
        got = sum(np.sum(v * steps[k]).real for v, k in zip(values, varied))
        np.testing.assert_allclose(got, want, rtol=rtol, atol=1e-7)
        if forward:
            seeds = {nodes[k]: const(np.asarray(steps[k]).astype(nodes[k].dtype)) for k in varied}
            ts = tangents_of(out, seeds)
            for t, s in zip(evaluate([t for t in ts if t is not None], inputs.feeds), slope):
                np.testing.assert_allclose(t, s, rtol=max(rtol, 1e-5), atol=1e-6)
        assert all(n.op is not None for n in effects)
