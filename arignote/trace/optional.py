"""Values that are None or something else, depending on what is known at run time only.

A `Maybe` is a flag and a value; the value means something where the flag is true.  Comparing with
None and truth look at the flag, everything else takes the value and checks the flag at run time:
TypeError where Python would say that None cannot do that.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from typing import Any

from ..errors import TraceError
from ..fxgraph.node import OPS
from ..fxgraph.ops.checks import required
from .pytree import register_pytree
from .values import Proxy, node_of, wrap
from .where import place


class Maybe:
    """`value` where `some` is true, else None.  some: a bool, traced or not."""

    __slots__ = ("some", "value")
    __array_priority__ = 2000.0

    def __init__(self, some: Any, value: Any) -> None:
        self.some = some
        self.value = value

    def __eq__(self, other: object) -> Any:
        return _equal(self, other)

    def __ne__(self, other: object) -> Any:
        same = _equal(self, other)
        return _not(same) if isinstance(same, Proxy) else not same

    def __hash__(self) -> int:
        return hash(used(self))

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **kwargs: Any) -> Any:
        return getattr(ufunc, method)(*map(used, inputs), **kwargs)

    def __array_function__(self, f: Any, types: Any, args: Any, kwargs: Any) -> Any:
        return f(*map(used, args), **{k: used(v) for k, v in kwargs.items()})

    def __arignote_used__(self) -> Any:
        return used(self)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return getattr(used(self), name)

    def _refused(self, *_: Any) -> Any:
        raise TraceError(
            f"a value that is None or not, depending on a condition known at run time only, is "
            f"turned into text at {place()}: write an `if x is None` around it"
        )

    __str__ = __format__ = _refused

    def __repr__(self) -> str:
        traced = isinstance(self.some, Proxy)
        return str(self._refused()) if traced else f"Maybe({self.some!r}, {self.value!r})"


def used(x: Any) -> Any:
    """x where a value is needed: of a `Maybe` the value, with a check that it is not None."""
    if type(x) is not Maybe:
        return x
    if isinstance(x.some, Proxy):
        message = f"None is used where a value is needed, at {place()}"
        required(node_of(x.some), "TypeError", message)
    elif not x.some:
        return None
    return x.value


def is_none(x: Maybe) -> Any:
    """`x is None`"""
    return _not(x.some) if isinstance(x.some, Proxy) else not x.some


def _not(x: Any) -> Any:
    return wrap(OPS["logical_not"](node_of(x), weak=True))


def _equal(x: Maybe, other: Any) -> Any:
    if other is None:
        return is_none(x)
    same = x.value == used(other)
    if isinstance(same, bool):
        return x.some if same else False
    if node_of(same).rank:
        return used(x) == used(other)
    return both(x.some, same)


def both(a: Any, b: Any) -> Any:
    """`a and b` of bools, traced or not, that may be evaluated in any order"""
    return wrap(OPS["logical_and"](node_of(a), node_of(b), weak=True))


def _binary(f: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: f(used(self), used(other))


def _reflected(f: Callable[[Any, Any], Any]) -> Any:
    return lambda self, other: f(used(other), used(self))


def _unary(f: Callable[[Any], Any]) -> Any:
    return lambda self: f(used(self))


def _assigned(self: Maybe, key: Any, value: Any) -> None:
    used(self)[used(key)] = used(value)


def _set(name: str, method: Any) -> None:
    setattr(Maybe, f"__{name.rstrip('_')}__", method)


for _name in ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_",
              "xor", "lshift", "rshift"):  # fmt: skip
    _set(_name, _binary(getattr(operator, _name)))
    _set(f"r{_name}", _reflected(getattr(operator, _name)))
for _name in ("lt", "le", "gt", "ge", "getitem", "contains"):
    _set(_name, _binary(getattr(operator, _name)))
for _name in ("neg", "pos", "invert", "index"):
    _set(_name, _unary(getattr(operator, _name)))
for _of in (abs, len, iter, round, int, float, complex):
    _set(_of.__name__, _unary(_of))
_set("setitem", _assigned)


def _flatten(x: Maybe) -> tuple[list[Any], Any]:
    return [x.some, x.value], None


def _unflatten(_: Any, parts: Sequence[Any]) -> Any:
    return parts[1] if parts[0] else None


register_pytree(Maybe, _flatten, _unflatten)
