"""Sets of values that are computed when the function runs: what does not depend on their order.

`set(x)` of an array, or of a list of a length that is known at run time only, has a length, an
answer to `in`, and is equal to others; sorted(), min(), max() and sum() go through it.
"""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from .where import place


class Distinct:
    """Such a set.  items: a list of its elements, in ascending order."""

    __slots__ = ("items",)

    def __init__(self, items: list[Any]) -> None:
        self.items = items

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        raise self.refused(f" ({name})")

    def __arignote_output__(self) -> Any:
        raise self.refused(" (returned)")

    def _refuse(self, *_: Any) -> Any:
        raise self.refused("")

    __iter__ = __len__ = __contains__ = __bool__ = _refuse
    __and__ = __or__ = __sub__ = __xor__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse

    def refused(self, what: str) -> TraceError:
        return TraceError(
            f"a set of values that are known at run time only is used{what} at {place()}: it has "
            "len(), `in`, ==, sorted(), min(), max() and sum(); loop over sorted(...) of it, and "
            "use np.unique, np.union1d, np.intersect1d and np.setdiff1d of arrays"
        )


def taken(f: Any, args: tuple[Any, ...], users: bool) -> tuple[Any, ...]:
    """The arguments of a function, lists in place of such sets.  Raises TraceError."""
    if users or f is isinstance:
        return args
    if not any(f is g for g in (len, sorted, min, max, sum)):
        found = next(a for a in args if type(a) is Distinct)
        raise found.refused(f" by {getattr(f, '__name__', f)}()")
    return tuple(a.items if type(a) is Distinct else a for a in args)
