"""choose, select, piecewise: one of several values for each element."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import size_node
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.checks import required
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.reduce import reduce_all
from ...fxgraph.types import BOOL
from ..registry import hooks, implements
from .arguments import array, finish, integer, node
from .indexing import positions


@implements(np.choose)
def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """Raises ValueError for a choice out of range (mode "raise")."""
    index = positions(a)
    options = (
        [array(c) for c in choices] if isinstance(choices, list | tuple) else _rows(array(choices))
    )
    kind = np.result_type(*(o.dtype for o in options))
    parts, shape = sh.spread_together("choose", [index, *(cast_to(o, kind) for o in options)])
    index, n = parts[0], len(options)
    if mode == "raise":
        fits = ew.logical_and(ew.less_equal(0, index), ew.less(index, n))
        fits = reduce_all(fits, axes=tuple(range(len(shape)))) if shape else fits
        required(fits, "ValueError", "invalid entry in choice array")
    elif mode == "wrap":
        index = ew.remainder(index, n)
    result = parts[-1]
    for k in range(n - 2, -1, -1):
        result = ew.where(ew.less_equal(index, k), parts[1 + k], result)
    return finish(result, out)


def _rows(x: Node) -> list[Node]:
    return [sh.select(x, 0, k) for k in range(integer(hooks.wrap(size_node(x.shape[0]))))]


def _chosen_kind(n: Node) -> Any:
    """What an alternative counts for in np.select: Python numbers are of no width."""
    zeros = {"i": 0, "f": 0.0, "c": 0j}
    return zeros.get(n.dtype.kind, n.dtype) if n.type.weak else n.dtype


@implements(np.select)
def select(condlist: Any, choicelist: Any, default: Any = 0) -> Any:
    if len(condlist) != len(choicelist):
        raise ValueError("list of cases must be same length as list of conditions")
    if not condlist:
        raise ValueError("select with an empty condition list is not possible")
    conditions = [array(c) for c in condlist]
    if any(c.dtype != BOOL for c in conditions):
        bad = next(k for k, c in enumerate(conditions) if c.dtype != BOOL)
        raise TypeError(f"invalid entry {bad} in condlist: should be boolean ndarray")
    values = [node(c) for c in choicelist]
    result = node(default)
    kind = np.result_type(*(_chosen_kind(n) for n in (*values, result)))
    *values, result = (cast_to(sh.strong(n), kind) for n in (*values, result))
    for c, v in zip(reversed(conditions), reversed(values), strict=True):
        result = ew.where(c, v, result)
    return hooks.fresh(result)


@implements(np.piecewise)
def piecewise(x: Any, condlist: Any, funclist: Any, *args: Any, **kw: Any) -> Any:
    """Functions see the whole array, then parts are selected: they must not fail elsewhere."""
    value = array(x)
    conditions = condlist if isinstance(condlist, list | tuple) else [condlist]
    masks = [cast_to(array(c), BOOL) for c in conditions]
    n, m = len(masks), len(funclist)
    if m not in (n, n + 1):
        raise ValueError(f"with {n} condition(s), either {n} or {n + 1} functions are expected")
    branches = [f(hooks.wrap(value), *args, **kw) if callable(f) else f for f in funclist]
    result = cast_to(array(branches[n]), value.dtype) if m > n else sh.zeros(value.dtype, ())
    for mask, b in zip(masks, branches, strict=False):
        result = ew.where(mask, cast_to(array(b), value.dtype), result)
    return hooks.fresh(sh.spread(result, value.shape))
