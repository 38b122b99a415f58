"""`np.random.Generator` as an argument: its methods draw in the graph, in NumPy's order.

A `GeneratorProxy` holds a cell with the newest state, so draws in loops and branches follow each
other as they would in Python.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...fxgraph.affine import dim, size_node
from ...fxgraph.constants import is_const, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops import shaping as sh
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.random import drawn
from ...fxgraph.ops.structure import gather, reshape
from ...fxgraph.types import BOOL, F64, I64, DType, Shape
from ..registry import HANDLES, hooks
from .arguments import array, axis_of, finish, index_node, node, shape_of, supported

_REQUIRED = inspect.Parameter.empty
#: Continuous distributions: parameters and their defaults.
CONTINUOUS: dict[str, dict[str, Any]] = {
    "uniform": {"low": 0.0, "high": 1.0},
    "normal": {"loc": 0.0, "scale": 1.0},
    "exponential": {"scale": 1.0},
    "gamma": {"shape": _REQUIRED, "scale": 1.0},
    "beta": {"a": _REQUIRED, "b": _REQUIRED},
    "chisquare": {"df": _REQUIRED},
    "noncentral_chisquare": {"df": _REQUIRED, "nonc": _REQUIRED},
    "f": {"dfnum": _REQUIRED, "dfden": _REQUIRED},
    "noncentral_f": {"dfnum": _REQUIRED, "dfden": _REQUIRED, "nonc": _REQUIRED},
    "standard_t": {"df": _REQUIRED},
    "standard_cauchy": {},
    "vonmises": {"mu": _REQUIRED, "kappa": _REQUIRED},
    "pareto": {"a": _REQUIRED},
    "weibull": {"a": _REQUIRED},
    "power": {"a": _REQUIRED},
    "laplace": {"loc": 0.0, "scale": 1.0},
    "gumbel": {"loc": 0.0, "scale": 1.0},
    "logistic": {"loc": 0.0, "scale": 1.0},
    "lognormal": {"mean": 0.0, "sigma": 1.0},
    "rayleigh": {"scale": 1.0},
    "wald": {"mean": _REQUIRED, "scale": _REQUIRED},
    "triangular": {"left": _REQUIRED, "mode": _REQUIRED, "right": _REQUIRED},
}
#: Distributions of integers.
DISCRETE: dict[str, dict[str, Any]] = {
    "binomial": {"n": _REQUIRED, "p": _REQUIRED},
    "negative_binomial": {"n": _REQUIRED, "p": _REQUIRED},
    "poisson": {"lam": 1.0},
    "zipf": {"a": _REQUIRED},
    "geometric": {"p": _REQUIRED},
    "hypergeometric": {"ngood": _REQUIRED, "nbad": _REQUIRED, "nsample": _REQUIRED},
    "logseries": {"p": _REQUIRED},
}


class GeneratorProxy:
    """What stands for a random generator while a function is traced."""

    def __init__(self, state: Node) -> None:
        self.cell = hooks.cell(state)

    def _draw(
        self,
        method: str,
        parameters: dict[str, Node],
        options: dict[str, Any],
        shape: Shape | None,
        dtype: DType,
        tail: Shape = (),
    ) -> Node:
        """The values of one draw; the state moves on."""
        state, values = drawn(self.cell.version, method, parameters, options, shape, dtype, tail)
        self.cell.version = state
        return values

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise UnsupportedError(
            f"Generator.{name} is not supported in compiled code: call it outside and "
            "pass its result"
        )

    # ---- plain draws -----------------------------------------------------------------------------
    def random(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        return self._standard("random", {}, size, dtype, out)

    def standard_normal(self, size: Any = None, dtype: Any = np.float64, out: Any = None) -> Any:
        return self._standard("standard_normal", {}, size, dtype, out)

    def standard_exponential(
        self, size: Any = None, dtype: Any = np.float64, method: str = "zig", out: Any = None
    ) -> Any:
        return self._standard("standard_exponential", {}, size, dtype, out, {"method": method})

    def standard_gamma(
        self, shape: Any, size: Any = None, dtype: Any = np.float64, out: Any = None
    ) -> Any:
        return self._standard("standard_gamma", {"shape": shape}, size, dtype, out)

    def _standard(
        self,
        method: str,
        parameters: dict[str, Any],
        size: Any,
        dtype: Any,
        out: Any,
        options: dict[str, Any] | None = None,
    ) -> Any:
        kind = supported(dtype)
        if kind.kind != "f" or kind.itemsize not in (4, 8):
            raise TypeError(f"Unsupported dtype {kind!r} for {method}")
        if out is not None and size is None:
            size = tuple(hooks.wrap(size_node(d)) for d in hooks.node_of(out).shape)
        values = {k: cast_to(node(v), F64) for k, v in parameters.items()}
        shape = drawn_shape(method, size, list(values.values()))
        options = {**(options or {}), "dtype": kind.str}
        result = self._draw(method, values, options, shape, F64 if shape is None else kind)
        return finish(result, out) if out is not None else hooks.wrap(result)

    def integers(
        self,
        low: Any,
        high: Any = None,
        size: Any = None,
        dtype: Any = np.int64,
        endpoint: bool = False,
    ) -> Any:
        kind = supported(dtype)
        bounds = {"low": node(low)} if high is None else {"low": node(low), "high": node(high)}
        shape = drawn_shape("integers", size, list(bounds.values()))
        options = {"dtype": kind.str, "endpoint": bool(endpoint)}
        if shape is None and kind != BOOL:  # a NumPy scalar, unlike the other draws
            return hooks.wrap(cast_to(self._draw("integers", bounds, options, None, kind), kind))
        return hooks.wrap(self._draw("integers", bounds, options, shape, kind))

    def bytes(self, length: Any) -> Any:
        raise UnsupportedError("Generator.bytes is not supported: use integers(256, dtype='u1')")

    # ---- choices and orders ----------------------------------------------------------------------
    def choice(
        self,
        a: Any,
        size: Any = None,
        replace: bool = True,
        p: Any = None,
        axis: Any = 0,
        shuffle: bool = True,
    ) -> Any:
        """Positions are drawn, then read: so choices from arrays have derivatives."""
        pool = node(a)
        k = axis_of(axis, pool.rank) if pool.rank else 0
        values = {"a": self._count(pool, k)}
        if p is not None:
            values["p"] = cast_to(array(p), F64)
        shape = None if size is None else shape_of(size)
        options = {"replace": bool(replace), "shuffle": bool(shuffle)}
        return self._chosen(pool, k, values, options, shape)

    def _count(self, pool: Node, axis: int = 0) -> Node:
        if not pool.rank:
            return cast_to(sh.strong(pool), I64)
        return sh.strong(size_node(pool.shape[axis]))

    def _chosen(
        self,
        pool: Node,
        k: int,
        values: dict[str, Node],
        options: dict[str, Any],
        shape: Shape | None,
    ) -> Any:
        """What stands at drawn positions along axis k."""
        at = self._draw("choice", values, options, shape, I64)
        if not pool.rank:
            return hooks.wrap(at)
        index = cast_to(at, I64)
        return hooks.wrap(gather(pool, index, axes=(k,), at=k, mode="clip"))

    def permutation(self, x: Any, axis: Any = 0) -> Any:
        """A shuffled copy; of an integer: of arange(x)."""
        pool = node(x)
        if not pool.rank:
            return hooks.wrap(self._order(index_node(x)))
        k = axis_of(axis, pool.rank)
        order = self._order(size_node(pool.shape[k]))
        return hooks.wrap(gather(pool, order, axes=(k,), at=k, mode="clip"))

    def _order(self, n: Node) -> Node:
        known = int(value_of(n)) if is_const(n) else None
        length: Shape = (dim(n) if known is None else known,)
        return self._draw("permutation", {"x": n}, {}, None, I64, length)

    def shuffle(self, x: Any, axis: Any = 0) -> None:
        """In place."""
        pool = hooks.node_of(x)
        k = axis_of(axis, pool.rank)
        order = self._order(size_node(pool.shape[k]))
        hooks.assign(x, gather(pool, order, axes=(k,), at=k, mode="clip"))

    def permuted(self, x: Any, *, axis: Any = None, out: Any = None) -> Any:
        """Each line of an axis on its own; None: all elements."""
        pool = array(x)
        count = sh.ravel(pool)
        if axis is None:
            order = self._order(size_node(count.shape[0]))
            flat = gather(count, order, axes=(0,), at=0, mode="clip")
            return finish(reshape(flat, pool.shape), out)
        k = axis_of(axis, pool.rank)
        moved = self._draw("permuted", {"x": pool}, {"axis": k}, None, pool.dtype, pool.shape)
        return finish(moved, out)

    # ---- vectors ---------------------------------------------------------------------------------
    def multivariate_normal(
        self,
        mean: Any,
        cov: Any,
        size: Any = None,
        check_valid: str = "warn",
        tol: float = 1e-8,
        *,
        method: str = "svd",
    ) -> Any:
        values = {"mean": cast_to(array(mean), F64), "cov": cast_to(array(cov), F64)}
        options = {"check_valid": check_valid, "method": method, "tol": tol}
        return self._vectors("multivariate_normal", values, options, size, F64, "mean")

    def dirichlet(self, alpha: Any, size: Any = None) -> Any:
        values = {"alpha": cast_to(array(alpha), F64)}
        return self._vectors("dirichlet", values, {}, size, F64, "alpha")

    def multinomial(self, n: Any, pvals: Any, size: Any = None) -> Any:
        values = {"n": cast_to(array(n), I64), "pvals": cast_to(array(pvals), F64)}
        return self._vectors("multinomial", values, {}, size, I64, "pvals")

    def _vectors(
        self,
        method: str,
        values: dict[str, Node],
        options: dict[str, Any],
        size: Any,
        dtype: DType,
        along: str,
    ) -> Any:
        shape = None if size is None else shape_of(size)
        tail = values[along].shape[-1:]
        return hooks.wrap(self._draw(method, values, options, shape, dtype, tail))


def drawn_shape(method: str, size: Any, parameters: list[Node]) -> Shape | None:
    """`size=`, or the common shape of the parameters; None for one Python number.

    Raises ValueError where the parameters do not fit `size`.
    """
    if size is not None:
        return shape_of(size)
    if not any(p.rank for p in parameters):
        return None
    return sh.spread_together(method, parameters)[1]


def _distribution(name: str, parameters: dict[str, Any], dtype: DType) -> Callable[..., Any]:
    """The method that draws from one distribution."""
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    names = [inspect.Parameter(k, kind, default=v) for k, v in parameters.items()]
    signature = inspect.Signature([*names, inspect.Parameter("size", kind, default=None)])

    def method(self: GeneratorProxy, *args: Any, **kwargs: Any) -> Any:
        bound = signature.bind(*args, **kwargs)
        bound.apply_defaults()
        size = bound.arguments.pop("size")
        values = {k: _parameter(v) for k, v in bound.arguments.items()}
        shape = drawn_shape(name, size, list(values.values()))
        return hooks.wrap(self._draw(name, values, {}, shape, dtype))

    method.__name__ = name
    method.__signature__ = signature  # type: ignore[attr-defined]
    return method


def _parameter(x: Any) -> Node:
    n = sh.strong(node(x))
    return cast_to(n, F64) if n.dtype.kind == "f" else n


for _name, _parameters in CONTINUOUS.items():
    setattr(GeneratorProxy, _name, _distribution(_name, _parameters, F64))
for _name, _parameters in DISCRETE.items():
    setattr(GeneratorProxy, _name, _distribution(_name, _parameters, I64))

HANDLES[np.random.Generator] = GeneratorProxy
