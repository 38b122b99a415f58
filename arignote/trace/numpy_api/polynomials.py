"""Polynomials as arrays of coefficients, highest power first."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import lit, project
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.factor import eig
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.linalg import lstsq
from ...fxgraph.ops.structure import iota
from ...fxgraph.types import F64
from ..registry import hooks, implements
from .arguments import array, integer, node
from .calculus import convolve_op
from .emptiness import require_source
from .linalg import square


# ---- polynomials ---------------------------------------------------------------------------------
def _coefficients(a: Any) -> Node:
    c = array(a)
    return sh.spread(c, (1,)) if not c.rank else c


def _aligned(a1: Any, a2: Any) -> tuple[Node, Node]:
    """Both of the longer length, zeros in front; the lengths must be known while tracing."""
    one, two = _coefficients(a1), _coefficients(a2)
    m, n = (integer(hooks.wrap(size_node(c.shape[0]))) for c in (one, two))
    parts = []
    for c, d in ((one, m), (two, n)):
        lead = max(m, n) - d
        parts.append(sh.concatenate([sh.zeros(c.dtype, (lead,)), c], 0) if lead else c)
    return parts[0], parts[1]


@implements(np.polyadd)
def polyadd(a1: Any, a2: Any) -> Any:
    return hooks.wrap(ew.add(*_aligned(a1, a2)))


@implements(np.polysub)
def polysub(a1: Any, a2: Any) -> Any:
    return hooks.wrap(ew.subtract(*_aligned(a1, a2)))


@implements(np.polymul)
def polymul(a1: Any, a2: Any) -> Any:
    one, two = _coefficients(a1), _coefficients(a2)
    kind = np.result_type(one.dtype, two.dtype)
    return hooks.wrap(convolve_op(cast_to(one, kind), cast_to(two, kind)))


@implements(np.polyder)
def polyder(p: Any, m: Any = 1) -> Any:
    c = _coefficients(p)
    for _ in range(integer(m)):
        n = minus(size_node(c.shape[0]), lit(1))
        powers = ew.subtract(n, iota(dim(n)))
        c = ew.multiply(sh.sliced(c, 0, 0, dim(n)), powers)
    return hooks.wrap(c)


@implements(np.polyint)
def polyint(p: Any, m: Any = 1, k: Any = None) -> Any:
    c = _coefficients(p)
    times = integer(m)
    constants = (
        [node(0.0)] * times
        if k is None
        else [node(v) for v in (k if isinstance(k, list | tuple) else [k] * times)]
    )
    for v in constants:
        n = size_node(c.shape[0])
        whole = ew.divide(c, ew.subtract(n, iota(c.shape[0])))
        tail = sh.spread(cast_to(v, whole.dtype), (1,))
        c = sh.concatenate([whole, tail], 0)
    return hooks.wrap(c)


@implements(np.polyfit)
def polyfit(
    x: Any, y: Any, deg: Any, rcond: Any = None, full: bool = False, w: Any = None, cov: Any = False
) -> Any:
    """Least squares with scaled columns, as NumPy.  Raises NotImplementedError for full and cov."""
    if full or cov:
        raise NotImplementedError("polyfit: full= and cov= are not supported")
    degree = integer(deg)
    if degree < 0:
        raise ValueError("expected deg >= 0")
    a, b = array(x), array(y)
    a, b = (cast_to(n, np.result_type(n.dtype, F64)) for n in (a, b))
    if a.rank != 1:
        raise TypeError("expected 1D vector for x")
    if b.rank not in (1, 2):
        raise TypeError("expected 1D or 2D array for y")
    m = a.shape[0]
    require_source(m, 1, "expected non-empty vector for x", "TypeError")
    columns = [sh.filled(1.0, a.dtype, (m,))]
    for _ in range(degree):
        columns.append(ew.multiply(columns[-1], a))
    left = sh.stack(columns[::-1], 1)
    if w is not None:
        weight = cast_to(array(w), F64)
        left = ew.multiply(left, sh.expand(weight, (1,)))
        b = ew.multiply(b, sh.expand(weight, (1,)) if b.rank == 2 else weight)
    scale = ew.sqrt(red.reduce_sum(ew.multiply(left, left), axes=(0,)))
    small = (
        ew.multiply(cast_to(size_node(m), F64), float(np.finfo(F64).eps))
        if rcond is None
        else node(rcond)
    )
    out = fitted(ew.divide(left, scale), b, small)
    return hooks.wrap(ew.divide(out, sh.expand(scale, (1,)) if out.rank == 2 else scale))


def fitted(a: Node, b: Node, rcond: Node) -> Node:
    """The least-squares solution of a @ x = b."""
    vector = b.rank == 1
    b = cast_to(sh.expand(b, (1,)) if vector else b, a.dtype)
    k = size_node(a.shape[1])
    parts = lstsq(a, b, cast_to(rcond, F64), k)
    x = project(parts, 0)
    return sh.squeeze(x, (1,)) if vector else x


@implements(np.poly)
def poly(seq_of_zeros: Any) -> Any:
    """Coefficients from roots; their number must be known while tracing."""
    z = _coefficients(seq_of_zeros)
    if z.rank == 2:
        z = project(eig(square(seq_of_zeros)), 0)
    n = integer(hooks.wrap(size_node(z.shape[0])))
    z = cast_to(z, F64) if z.dtype.kind in "biu" else z
    out = sh.filled(1.0, z.dtype, (1,))
    for k in range(n):
        factor = sh.concatenate(
            [sh.filled(1.0, z.dtype, (1,)), sh.spread(ew.negative(sh.select(z, 0, k)), (1,))], 0
        )
        out = convolve_op(out, factor)
    return hooks.wrap(out)
