"""Checks that turned out to be true: they vanish, and so does their place among the effects."""

from __future__ import annotations

from ...fxgraph.affine import minus, plus
from ...fxgraph.constants import is_const, is_value, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops.checks import check_index, fits64, nonzero_check, require, same_size
from ...fxgraph.ops.structure import gather, iota_op
from ...fxgraph.prove import equal, ge0
from ...fxgraph.types import I64
from ..rule import rule


@rule(check_index, phase="useless", keeps="bits", tags=("checks",))
def index_in_range(n: Node) -> Node | None:
    """check_index(i, n) -> i, or i + n, where it is proved in range"""
    i, size = n.inputs[:2]
    if ge0(i) and ge0(minus(minus(size, i), lit(1))):
        return i
    if ge0(minus(lit(-1), i)) and ge0(plus(i, size)):
        return plus(i, size)
    return None


@rule(same_size, phase="useless", keeps="bits", tags=("checks",))
def sizes_equal(n: Node) -> Node | None:
    """same_size(a, b) -> a, where they are proved equal"""
    a, b = n.inputs[:2]
    return a if equal(a, b) else None


@rule(nonzero_check, phase="useless", keeps="bits", tags=("checks",))
def divisor_not_zero(n: Node) -> Node | None:
    """nonzero_check(x) -> x, where x is proved not to be 0"""
    x = n.inputs[0]
    if is_const(x):
        return x if value_of(x) != 0 else None
    if x.dtype == I64 and (ge0(minus(x, lit(1))) or ge0(minus(lit(-1), x))):
        return x
    return None


@rule(fits64, phase="useless", keeps="bits", tags=("checks",))
def constant_fits(n: Node) -> Node | None:
    """fits64(c) -> c"""
    return n.inputs[0] if is_const(n.inputs[0]) else None


@rule(require, phase="useless", keeps="bits", tags=("checks",))
def condition_holds(n: Node) -> Node | None:
    """require(True) -> True"""
    return n.inputs[0] if is_value(n.inputs[0], True) else None


@rule(gather, keeps="bits", tags=("checks",))
def gather_all(n: Node) -> Node | None:
    """x[arange(len(x))] along the first axis -> x"""
    base, index = n.inputs[:2]
    if n.attr("axes") != (n.attr("at"),) or index.op is not iota_op:
        return None
    size = base.shape[n.attr("axes")[0]]
    same = index.shape[0] == size if isinstance(size, int) else index.shape[0] is size
    return base if same else None
