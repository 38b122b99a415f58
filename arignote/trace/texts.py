"""Strings of which several are possible at run time: `kind = "rise" if a > b else "fall"`.

A `Text` is a number: the place of the string in a table that the trace keeps.  It can be compared,
looked up in a dict, carried by loops, returned; anything else would need the characters.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import TraceError
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS
from .pytree import register_pytree
from .session import record
from .values import node_of, wrap
from .where import place


class Text:
    """One of the strings in the trace's table.  code: its place there."""

    __slots__ = ("code",)

    def __init__(self, code: Any) -> None:
        self.code = code

    def __eq__(self, other: object) -> Any:
        if isinstance(other, str | Text):
            return wrap(OPS["equal"](node_of(self.code), node_of(as_text(other).code), weak=True))
        return False

    def __ne__(self, other: object) -> Any:
        if isinstance(other, str | Text):
            pair = node_of(self.code), node_of(as_text(other).code)
            return wrap(OPS["not_equal"](*pair, weak=True))
        return True

    def _refused(self, *_: Any, **__: Any) -> Any:
        raise TraceError(
            f"a string that depends on a condition known at run time only is used at {place()}: "
            "it can be compared with others, looked up in a dict and returned. Use an `if` for "
            "each of the strings."
        )

    __hash__ = _refused
    __len__ = __iter__ = __getitem__ = __contains__ = __bool__ = _refused
    __add__ = __radd__ = __mod__ = __mul__ = __lt__ = __le__ = __gt__ = __ge__ = _refused
    __str__ = __repr__ = __format__ = _refused

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._refused()


class _Texts(list[str]):
    """The strings that values known at run time only are among."""


def as_text(x: Any) -> Text:
    """A string as a Text."""
    if isinstance(x, Text):
        return x
    known = record(_Texts)
    if x not in known:
        known.append(x)
    return Text(wrap(lit(known.index(x))))


def is_text(x: Any) -> bool:
    return type(x) in (str, Text)


def _flatten(x: Text) -> tuple[list[Any], Any]:
    return [x.code], tuple(record(_Texts))


def _unflatten(meta: Any, codes: Sequence[Any]) -> Any:
    return meta[int(codes[0])]


register_pytree(Text, _flatten, _unflatten)
