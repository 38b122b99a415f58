"""How a function that was made from another one is written, and made again from a third.

A derivative's own code is the library's; what a user wrote is the function below it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

_MARK = "__arignote_derived__"


@dataclass(frozen=True)
class Derived:
    """make(function, **options), of a function that may be derived itself."""

    make: Callable[..., Any]
    function: Any
    options: Mapping[str, Any]

    def text(self, name: str) -> str:
        """The call as Python text, `name` standing for the function."""
        known = inspect.signature(self.make).parameters
        given = [f"{k}={v!r}" for k, v in self.options.items() if v != known[k].default]
        return f"ag.{self.make.__name__}({', '.join([name, *given])})"

    def again(self, function: Any) -> Any:
        """The same made of another function."""
        return self.make(function, **self.options)


def derive(implementation: Any, derived: Derived) -> None:
    """Note how the implementation was made."""
    setattr(implementation, _MARK, derived)


def derivations(function: Any) -> tuple[Any, list[Derived]]:
    """The user's function, and what was made from it one after the other."""
    out: list[Derived] = []
    function = getattr(function, "_function", function)
    while isinstance(found := getattr(function, _MARK, None), Derived):
        out.insert(0, found)
        function = getattr(found.function, "_function", found.function)
    return function, out
