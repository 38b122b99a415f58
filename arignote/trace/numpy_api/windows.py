"""Window functions (bartlett, blackman, hamming, hanning, kaiser) and unwrap."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.affine import dim, minus, size_node
from ...fxgraph.constants import const, lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise as ew
from ...fxgraph.ops import reduce as red
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.structure import iota, set_item
from ...fxgraph.types import F64, Size
from ..registry import hooks, implements
from .arguments import array, axis_of, node, size_of


# ---- windows -------------------------------------------------------------------------------------
def _odd_line(M: Any) -> tuple[Node, Node, Size]:
    """(1 - M, 3 - M, ..., M - 1), M - 1 as a float, and M."""
    n = size_of(M)
    last = minus(size_node(n), lit(1))
    twice = ew.multiply(cast_to(iota(n), F64), 2.0)
    return ew.subtract(twice, last), cast_to(last, F64), n


def _cosines(M: Any, *weights: float) -> Any:
    line, last, n = _odd_line(M)
    if n in (0, 1):
        return hooks.wrap(sh.filled(1.0, F64, (n,)))
    total: Node = const(weights[0])
    for k, w in enumerate(weights[1:], 1):
        angle = ew.divide(ew.multiply(np.pi * k, line), last)
        total = ew.add(total, ew.multiply(w, ew.cos(angle)))
    return hooks.wrap(total)


@implements(np.hanning)
def hanning(M: Any) -> Any:
    return _cosines(M, 0.5, 0.5)


@implements(np.hamming)
def hamming(M: Any) -> Any:
    return _cosines(M, 0.54, 0.46)


@implements(np.blackman)
def blackman(M: Any) -> Any:
    return _cosines(M, 0.42, 0.5, 0.08)


@implements(np.bartlett)
def bartlett(M: Any) -> Any:
    line, last, n = _odd_line(M)
    if n in (0, 1):
        return hooks.wrap(sh.filled(1.0, F64, (n,)))
    slope = ew.divide(line, last)
    return hooks.wrap(ew.where(ew.less_equal(line, 0), ew.add(1.0, slope), ew.subtract(1.0, slope)))


@implements(np.kaiser)
def kaiser(M: Any, beta: Any) -> Any:
    n = size_of(M)
    if n == 1:
        return hooks.wrap(sh.filled(1.0, F64, (1,)))
    half = ew.divide(cast_to(minus(size_node(n), lit(1)), F64), 2.0)
    place = ew.divide(ew.subtract(cast_to(iota(n), F64), half), half)
    b = cast_to(node(beta), F64)
    inside = ew.multiply(b, ew.sqrt(ew.subtract(1.0, ew.square(place))))
    return hooks.wrap(ew.divide(ew.i0(inside), ew.i0(b)))


# ---- phases --------------------------------------------------------------------------------------
@implements(np.unwrap)
def unwrap(p: Any, discont: Any = None, axis: Any = -1, *, period: Any = 2 * np.pi) -> Any:
    x = array(p)
    if not x.rank:
        raise ValueError("diff requires input that is at least one dimensional")
    k = axis_of(axis, x.rank)
    if x.shape[k] == 0:
        return hooks.wrap(cast_to(x, ew.subtract(x, node(period)).dtype))
    m = dim(sh.last(x.shape[k]))
    step = ew.subtract(sh.sliced(x, k, 1, m), sh.sliced(x, k, 0, m))
    turn = node(period)
    kind = ew.add(step, turn).dtype
    whole = kind.kind in "iu"
    half = ew.floor_divide(turn, 2) if whole else ew.divide(turn, 2)
    limit = ew.divide(turn, 2) if discont is None else node(discont)
    low = ew.negative(half)
    folded = ew.add(ew.remainder(ew.subtract(step, low), turn), low)
    # with a period in the middle of two numbers, a step of half a period keeps its sign
    tie = ew.equal(ew.remainder(turn, 2), 0) if whole else const(True)
    edge = ew.logical_and(ew.equal(folded, low), ew.greater(step, 0))
    folded = ew.where(ew.logical_and(tie, edge), half, folded)
    change = ew.subtract(folded, step)
    change = ew.where(ew.less(ew.absolute(step), limit), 0, change)
    moved = ew.add(
        sh.sliced(cast_to(x, kind), k, 1, m), red.cumulate_sum(cast_to(change, kind), axis=k)
    )
    return hooks.wrap(set_item(cast_to(x, kind), sh.slice_window(x.shape, k, lit(1), m), moved))
