"""`np.random.RandomState`, which the functions of `np.random` draw from."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ...fxgraph.node import Node
from ...fxgraph.ops.family import cast_to
from ...fxgraph.types import F64, I64
from ..registry import HANDLES, hooks
from .arguments import array, node, shape_of, supported
from .random import GeneratorProxy, drawn_shape


class RandomStateProxy(GeneratorProxy):
    """The older methods; the distributions are called as those of a Generator are."""

    def random_sample(self, size: Any = None) -> Any:
        return self._floats("random_sample", {}, size)

    random = random_sample  # type: ignore[assignment]

    def rand(self, *sizes: Any) -> Any:
        return self._floats("random_sample", {}, sizes or None)

    def randn(self, *sizes: Any) -> Any:
        return self._floats("standard_normal", {}, sizes or None)

    def standard_normal(self, size: Any = None) -> Any:  # type: ignore[override]
        return self._floats("standard_normal", {}, size)

    def standard_exponential(self, size: Any = None) -> Any:  # type: ignore[override]
        return self._floats("standard_exponential", {}, size)

    def standard_gamma(self, shape: Any, size: Any = None) -> Any:  # type: ignore[override]
        return self._floats("standard_gamma", {"shape": cast_to(node(shape), F64)}, size)

    def _floats(self, method: str, values: dict[str, Node], size: Any) -> Any:
        shape = drawn_shape(method, size, list(values.values()))
        return hooks.wrap(self._draw(method, values, {}, shape, F64))

    def randint(self, low: Any, high: Any = None, size: Any = None, dtype: Any = int) -> Any:
        kind = supported(dtype)
        bounds = {"low": node(low)} if high is None else {"low": node(low), "high": node(high)}
        shape = drawn_shape("randint", size, list(bounds.values()))
        number = self._draw("randint", bounds, {"dtype": kind.str}, shape, kind)
        if shape is None and dtype is not int:  # a NumPy scalar
            number = cast_to(number, kind)
        return hooks.wrap(number)

    def choice(self, a: Any, size: Any = None, replace: bool = True, p: Any = None) -> Any:  # type: ignore[override]
        pool = node(a)
        if pool.rank > 1:
            raise ValueError("a must be 1-dimensional")
        values = {"a": self._count(pool)}
        if p is not None:
            values["p"] = cast_to(array(p), F64)
        shape = None if size is None else shape_of(size)
        return self._chosen(pool, 0, values, {"replace": bool(replace)}, shape)

    def permutation(self, x: Any) -> Any:  # type: ignore[override]
        return super().permutation(x)

    def shuffle(self, x: Any) -> None:  # type: ignore[override]
        super().shuffle(x)

    def seed(self, seed: Any = None) -> None:
        values = {} if seed is None else {"seed": cast_to(node(seed), I64)}
        self._draw("seed", values, {}, None, F64)

    def _missing(self, *_: Any, **__: Any) -> Any:
        raise UnsupportedError(
            "this method of np.random is not supported in compiled code: call it outside and "
            "pass its result, or draw from np.random.default_rng(seed)"
        )

    integers = permuted = bytes = _missing


HANDLES[np.random.RandomState] = RandomStateProxy
