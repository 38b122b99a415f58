"""cov and corrcoef."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.structure import view
from ...fxgraph.types import F64, DType
from ..registry import hooks, implements
from .arguments import (
    array,
    keep_dims,
    supported,
)
from .products import conjugate, product
from .statistics import ratio


@implements(np.cov)
def cov(
    m: Any,
    y: Any = None,
    rowvar: bool = True,
    bias: bool = False,
    ddof: Any = None,
    fweights: Any = None,
    aweights: Any = None,
    *,
    dtype: Any = None,
) -> Any:
    """Raises NotImplementedError for weights."""
    return hooks.fresh(covariance(m, y, rowvar, bias, ddof, fweights, aweights, dtype))


def is_whole(ddof: Any) -> bool | None:
    """Is a number whole?  None for what is known at run time only."""
    return ddof == int(ddof) if isinstance(ddof, int | float) else None


def covariance(
    m: Any, y: Any, rowvar: bool, bias: bool, ddof: Any, fweights: Any, aweights: Any, dtype: Any
) -> Node:
    if is_whole(ddof) is False:
        raise ValueError("ddof must be integer")
    if fweights is not None or aweights is not None:
        raise NotImplementedError("cov with weights: write the weighted sums")
    x = array(m)
    if x.rank > 2:
        raise ValueError("m has more than 2 dimensions")
    kind = supported(dtype) if dtype is not None else np.result_type(x.dtype, F64)
    x = _variables(x, kind, rowvar)
    if y is not None:
        x = sh.concatenate([x, _variables(array(y), kind, rowvar)], 0)
    free = ddof if ddof is not None else (0 if bias else 1)
    n = x.shape[1]
    centred = ew.subtract(
        x, keep_dims(ratio(red.reduce_sum(x, axes=(1,)), sh.count((n,))), (1,), True)
    )
    scatter = product(centred, sh.swap_last(conjugate(centred)))
    down = ew.maximum(ew.subtract(sh.strong(sh.count((n,))), free), 0)
    out = ew.multiply(scatter, ew.divide(1.0, cast_to(down, F64)))
    drop = [k for k, d in enumerate(out.shape) if d == 1]
    return cast_to(sh.squeeze(out, drop) if drop else out, kind)


def _variables(x: Node, kind: DType, rowvar: bool) -> Node:
    x = cast_to(x, kind)
    if x.rank < 2:
        x = sh.expand(x, tuple(range(2 - x.rank)))
        return x
    return x if rowvar or x.shape[0] == 1 else sh.swap_last(x)


@implements(np.corrcoef)
def corrcoef(x: Any, y: Any = None, rowvar: bool = True, *, dtype: Any = None) -> Any:
    c = covariance(x, y, rowvar, False, None, None, None, dtype)
    if not c.rank:
        return hooks.wrap(ew.divide(c, c))
    from_diagonal = view(c, sh.diagonal_window(c.shape, 0, dim(sh.count(c.shape[:1]))))
    spread = ew.sqrt(ew.real(from_diagonal) if c.dtype.kind == "c" else from_diagonal)
    out = ew.divide(ew.divide(c, sh.expand(spread, (1,))), sh.expand(spread, (0,)))
    return hooks.wrap(ew.clip(out, -1, 1) if c.dtype.kind != "c" else out)
