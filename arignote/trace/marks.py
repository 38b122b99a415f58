"""Texts with traced values in them: `f"{x:.3f}"`, `str(x)`, `"%d" % n`.

Each value stands in the text as a mark, which print(), assert and raise replace when the compiled
function runs.  Anything else needs the characters now: a `MarkedText` then takes the values that
are settled while tracing (arguments, under a guard), and refuses those that are computed.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..errors import TraceError
from ..fxgraph.node import Node
from ..fxgraph.ops.report import MARK, filled_in
from .growing import Growing
from .proxy import Proxy, Scalar, wrap
from .pytree import elements_of, register_pytree
from .session import is_tracing, record
from .truth import known
from .where import place

#: One conversion of `text % values`; `%%` is none.
_CONVERSION = re.compile(
    r"%(?:\((?P<key>[^)]*)\))?[-+ #0]*(?P<width>\*|\d*)(?:\.(?P<digits>\*|\d*))?[hlL]?(?P<kind>.)"
)


class Marked(list[Node]):
    """What the marks of the trace's texts stand for."""


class MarkedText(str):
    """A string with marks.  Joining keeps them; whatever looks at characters is told the values."""

    __slots__ = ()

    def __add__(self, other: Any) -> Any:
        return marked(str.__add__(self, other)) if isinstance(other, str) else NotImplemented

    def __radd__(self, other: Any) -> Any:
        return marked(str.__add__(other, self)) if isinstance(other, str) else NotImplemented

    def __mul__(self, count: Any) -> Any:
        return marked(str.__mul__(self, count))

    __rmul__ = __mul__

    def __mod__(self, values: Any) -> Any:
        return percent(self, values)

    def __hash__(self) -> int:
        return hash(plain(self))

    def __format__(self, spec: str) -> str:
        return format(plain(self), spec) if spec else _raw(self)

    def __str__(self) -> str:
        return self

    def __repr__(self) -> str:
        numbers = all(not record(Marked)[int(m[1])].rank for m in _marks(self))
        around = MARK.sub("", _raw(self))
        if numbers and repr(around) == f"'{around}'":
            return f"'{_raw(self)}'"
        return repr(plain(self))


def _on_characters(name: str) -> Callable[..., Any]:
    method = getattr(str, name)

    def told(self: MarkedText, *args: Any, **kwargs: Any) -> Any:
        return method(plain(self), *map(plain, args), **kwargs)

    told.__name__ = name
    return told


_KEPT = {"__add__", "__radd__", "__mul__", "__rmul__", "__mod__", "__hash__", "__format__",
         "__str__", "__repr__", "__new__", "__init__", "__getattribute__", "__setattr__",
         "__delattr__", "__class__", "__init_subclass__", "__subclasshook__", "__doc__",
         "__reduce__", "__reduce_ex__", "__dir__", "format", "join", "maketrans"}  # fmt: skip
for _name in dir(str):
    if _name not in _KEPT and callable(getattr(str, _name)):
        setattr(MarkedText, _name, _on_characters(_name))


# ---- making --------------------------------------------------------------------------------------
def marked(text: Any) -> Any:
    """The string as a MarkedText where it has marks."""
    return MarkedText(text) if type(text) is str and "\x02" in text else text


def text_of(x: Proxy, spec: str = "") -> str:
    """What stands for a traced value in a text."""
    if not is_tracing():
        return described(x.node, isinstance(x, Scalar))
    known_marks = record(Marked)
    known_marks.append(x.node)
    return f"\x02{len(known_marks) - 1}:{spec}\x03"


def repr_of(x: Proxy) -> str:
    """In containers: Python's numbers stand as such, NumPy's with their types."""
    return text_of(x, "!i" if isinstance(x, Scalar) and x.weak else "!r")


def percent(text: str, values: Any) -> Any:
    """`text % values`"""
    found = [m for m in _CONVERSION.finditer(text) if m["kind"] != "%"]
    if isinstance(values, dict):
        given = [values[m["key"]] if m["key"] is not None else values for m in found]
    else:
        given = list(values) if isinstance(values, tuple) else [values]
    stars = any("*" in (m["width"], m["digits"]) for m in found)
    if stars or len(given) != len(found) or not any(isinstance(x, Proxy) for x in given):
        return marked(str.__mod__(text, values))
    items = iter(zip(found, given, strict=True))

    def converted(m: re.Match[str]) -> str:
        if m["kind"] == "%":
            return "%"
        _, x = next(items)
        form = re.sub(r"\([^)]*\)", "", m[0])
        if not isinstance(x, Proxy):
            return form % (x,)
        if m["kind"] == "r":
            return text_of(x, "!i" if isinstance(x, Scalar) and x.weak else "!r")
        return text_of(x, form)

    return marked(_CONVERSION.sub(converted, text))


# ---- reading -------------------------------------------------------------------------------------
def plain(x: Any) -> Any:
    """A MarkedText as a string with the values; anything else as it is.

    Raises TraceError for a value that is computed when the compiled function runs.
    """
    if not isinstance(x, MarkedText):
        return x
    nodes = record(Marked)
    values = {int(m[1]): _settled(nodes[int(m[1])]) for m in _marks(x)}
    return filled_in(_raw(x), values)


def _raw(text: str) -> str:
    """The characters with the marks, as a plain string."""
    return str.__getitem__(text, slice(None))


def _marks(x: MarkedText) -> list[re.Match[str]]:
    return list(MARK.finditer(_raw(x)))


def _settled(n: Node) -> Any:
    value = known(n) if not n.rank else None
    if value is None:
        raise TraceError(
            f"the characters of a number's text are needed at {place()}, and the number is "
            "computed when the compiled function runs: only print(), assert and raise can make "
            "text then. Digits of a number n are n // 10**k % 10; text can be made of the "
            "returned number."
        )
    return value if n.type.weak else n.dtype.type(value)


def told(x: Any) -> Any:
    """A value that is to be a key or an element of a set, without traced parts."""
    if isinstance(x, MarkedText):
        return plain(x)
    if isinstance(x, Scalar):
        return _settled(x.node)
    if type(x) is tuple:
        return tuple(map(told, x))
    if isinstance(x, Growing | Proxy):
        raise TraceError(
            f"a set or a dict's key is made of values known at run time only, at {place()}: "
            "np.unique(array) has the distinct values"
        )
    return x


def with_keys_told(x: Any) -> Any:
    """An answer whose dicts have keys without traced parts, and whose texts are known as such."""
    x = marked(x)
    if type(x) in (list, tuple):
        parts = [with_keys_told(v) for v in x]
        return x if all(a is b for a, b in zip(parts, x, strict=True)) else type(x)(parts)
    if type(x) is not dict:
        return x
    items = [(told(k), with_keys_told(v)) for k, v in x.items()]
    same = all(a is c and b is d for (a, b), (c, d) in zip(items, x.items(), strict=True))
    return x if same else dict(items)


def all_plain(x: Any, depth: int = 3) -> Any:
    """x with `plain` texts, those in lists and tuples too."""
    if depth and type(x) in (list, tuple):
        parts = [all_plain(v, depth - 1) for v in x]
        return x if all(a is b for a, b in zip(parts, x, strict=True)) else type(x)(parts)
    return plain(x)


def described(n: Node, number: bool) -> str:
    kind = "number" if number and n.type.weak else "scalar" if number else "array"
    return f"<traced {kind} {n.type}>"


def without_marks(text: str) -> str:
    """A message about traced values, for a reader."""
    nodes = record(Marked)
    return MARK.sub(lambda m: described(nodes[int(m[1])], not nodes[int(m[1])].rank), _raw(text))


def _text_out(x: MarkedText) -> tuple[list[Any], str]:
    """The values in a text that is returned, which calls put into it."""
    nodes = record(Marked)
    values: list[Any] = []

    def numbered(m: re.Match[str]) -> str:
        n = nodes[int(m[1])]
        values.append(_settled(n) if n.free else wrap(n))
        return f"\x02{len(values) - 1}:{m[2]}\x03"

    return values, MARK.sub(numbered, _raw(x))


register_pytree(MarkedText, _text_out, filled_in)


def _set_out(x: set[Any] | frozenset[Any]) -> tuple[list[Any], Any]:
    return elements_of(map(told, x))


register_pytree(set, _set_out, lambda meta, _: {e for _, e in meta})
register_pytree(frozenset, _set_out, lambda meta, _: frozenset(e for _, e in meta))
Proxy.__format__ = text_of  # type: ignore[method-assign, assignment]
Proxy.__str__ = text_of  # type: ignore[method-assign, assignment]
Proxy.__repr__ = repr_of  # type: ignore[method-assign, assignment]
