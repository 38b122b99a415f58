"""`__array_function__`: NumPy's functions on traced values, by the table of implementations."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from .registry import IMPLEMENTED
from .unknown import unknown
from .where import placed


@placed
def array_function(
    self: Any, function: Any, types: Any, args: Sequence[Any], kwargs: Mapping[str, Any]
) -> Any:
    """The body of `__array_function__`.  Raises UnsupportedError for functions nobody declared."""
    implementation = IMPLEMENTED.get(function)
    if implementation is None:
        raise unknown(function)
    return implementation(*args, **kwargs)
