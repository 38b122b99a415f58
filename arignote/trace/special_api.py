"""scipy.special's functions that are made of others; imported when one is asked for.

Most of scipy.special's ufuncs are ops of their own (`fxgraph/ops`) and need nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import scipy.special

from ..errors import UnsupportedError
from ..fxgraph.constants import const
from ..fxgraph.node import Node
from ..fxgraph.ops import elementwise as ew
from ..fxgraph.ops import special
from ..fxgraph.ops.family import cast_to, kind_of, resolve_ufunc
from .numpy_api.arguments import array
from .registry import IMPLEMENTED, hooks, implements
from .where import place


def _made(ufunc: Any, formula: Callable[..., Node]) -> Callable[..., Any]:
    """An implementation of a ufunc by a formula of operands in the dtypes of the ufunc's loop."""

    def implementation(*values: Any) -> Any:
        nodes = [array(v) for v in values]
        kinds = resolve_ufunc(ufunc, tuple(map(kind_of, nodes)))
        operands = [cast_to(n, d) for n, d in zip(nodes, kinds, strict=False)]
        return hooks.wrap(cast_to(formula(*operands), kinds[-1]))

    return implementation


def _boxcox(x: Node, power: Node) -> Node:
    straight, bent = ew.equal(power, 0), ew.expm1(ew.multiply(power, ew.log(x)))
    return ew.where(straight, ew.log(x), ew.divide(bent, ew.where(straight, 1, power)))


def _boxcox1p(x: Node, power: Node) -> Node:
    straight, bent = ew.equal(power, 0), ew.expm1(ew.multiply(power, ew.log1p(x)))
    return ew.where(straight, ew.log1p(x), ew.divide(bent, ew.where(straight, 1, power)))


def _inv_boxcox(x: Node, power: Node) -> Node:
    straight = ew.equal(power, 0)
    grown = ew.divide(ew.log1p(ew.multiply(power, x)), ew.where(straight, 1, power))
    return ew.exp(ew.where(straight, x, grown))


def _inv_boxcox1p(x: Node, power: Node) -> Node:
    straight = ew.equal(power, 0)
    grown = ew.divide(ew.log1p(ew.multiply(power, x)), ew.where(straight, 1, power))
    return ew.expm1(ew.where(straight, x, grown))


def _loggamma(x: Node) -> Node:
    return ew.where(ew.less(x, 0), const(np.nan, x.dtype), ew.gammaln(x))


def _rgamma(x: Node) -> Node:
    pole = ew.logical_and(ew.less_equal(x, 0), ew.equal(x, ew.floor(x)))
    return ew.where(pole, 0, ew.divide(1, ew.gamma(x)))


def _cosm1(x: Node) -> Node:
    return ew.multiply(ew.square(ew.sin(ew.multiply(x, 0.5))), -2.0)


_FORMULAS: dict[str, Callable[..., Node]] = {
    "exp2": ew.exp2, "expm1": ew.expm1, "log1p": ew.log1p, "cbrt": ew.cbrt, "round": ew.rint,
    "boxcox": _boxcox, "boxcox1p": _boxcox1p, "inv_boxcox": _inv_boxcox,
    "inv_boxcox1p": _inv_boxcox1p, "loggamma": _loggamma, "rgamma": _rgamma, "cosm1": _cosm1,
}  # fmt: skip
for _name, _formula in _FORMULAS.items():
    _ufunc = getattr(scipy.special, _name)
    IMPLEMENTED[_ufunc] = _made(_ufunc, _formula)


@implements(scipy.special.polygamma)
def polygamma(n: Any, x: Any) -> Any:
    """Raises UnsupportedError for orders that are not integers."""
    order, node = array(n), array(x)
    if order.dtype.kind not in "biu":
        raise UnsupportedError(
            f"scipy.special.polygamma of an order of dtype {order.dtype} is not supported in "
            f"compiled code, at {place()}. Pass an integer."
        )
    wide = cast_to(node, np.float64) if node.dtype.kind in "biu" else node
    if isinstance(n, int) and n in (0, 1):
        return hooks.wrap(ew.trigamma(wide) if n else ew.digamma(wide))
    return hooks.wrap(special.polygamma(wide, order))
