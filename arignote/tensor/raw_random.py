"""`T.raw_random`: draws with the generator's state in and out, as (state afterwards, values)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .streams import _dtype, draw
from .types import random_state_type as random_state_type


def _made(method: str, defaults: dict[str, Any], dtype: Any) -> Callable[..., Any]:
    def drawn(random_state: Any, size: Any = None, *args: Any, ndim: Any = None,
              dtype: Any = dtype, **kwargs: Any) -> Any:  # fmt: skip
        values = dict(zip(defaults, args, strict=False)) | kwargs
        parameters = [values.get(name, default) for name, default in defaults.items()]
        return draw(random_state, method, size, parameters, ndim, _dtype(dtype))

    drawn.__name__ = drawn.__qualname__ = method
    drawn.__doc__ = f"(state afterwards, {method} draws of this size) for a shared generator."
    return drawn


uniform = _made("uniform", {"low": 0.0, "high": 1.0}, None)
normal = _made("normal", {"avg": 0.0, "std": 1.0}, None)
binomial = _made("binomial", {"n": 1, "p": 0.5}, "int64")
poisson = _made("poisson", {"lam": 5.0}, "int64")
random_integers = _made("random_integers", {"low": 0, "high": 1}, "int64")
choice = _made("choice", {"a": 2}, "int64")
permutation = _made("permutation", {"n": 1}, "int64")
multinomial = _made("multinomial", {"pvals": (0.5, 0.5)}, "int64")
