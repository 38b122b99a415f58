"""Compiled functions on other processes' workers, Dask's for example.

A compiled function at the top of a module is pickled by its name.  `portable` makes one travel that
has no name to be found by (a closure, a lambda, a notebook's cell): with its code.  Workers of one
user share the disk cache, so what one has built the others load.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

from ..errors import UnsupportedError


class Portable:
    """A compiled function that pickles with its code; called as the function."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        functools.update_wrapper(self, function)
        self._function, self._options = function, options
        self._compiled = importlib.import_module("arignote.api").Compiled(function, **options)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._compiled(*args, **kwargs)

    def __reduce__(self) -> Any:
        return _arrived, (_cloudpickle().dumps((self._function, self._options)),)


def portable(function: Callable[..., Any], **options: Any) -> Portable:
    """A compiled function, or one to compile with these options, that travels:
    `client.map(portable(f), parts)`.  Pickling raises UnsupportedError without cloudpickle."""
    compiled = getattr(function, "_options", None)
    if compiled is not None:
        options = {**compiled, **options}
        function = function.__wrapped__  # type: ignore[attr-defined]
    return Portable(function, options)


@functools.lru_cache(256)
def _arrived(packed: bytes) -> Portable:
    """One object for all arrivals of a function, so that a worker compiles it once."""
    function, options = _cloudpickle().loads(packed)
    return Portable(function, options)


def _cloudpickle() -> Any:
    try:
        return importlib.import_module("cloudpickle")
    except ImportError:
        raise UnsupportedError(
            "a function that has no name to be found by travels with cloudpickle: pip install "
            "cloudpickle, or define it at the top of a module"
        ) from None


__all__ = ["Portable", "portable"]
