"""`theano.typed_list`: symbolic lists of arrays of one type.

A list's length is known when a function is traced: lists of another length are another kind of
argument.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .conditional import chosen
from .deferred import deferred
from .evaluate import call, is_traced, strong
from .graph import Apply, Variable
from .types import TensorType
from .variables import as_tensor_variable

_INT = TensorType("int64", ())


class TypedListType:
    """The type of lists of values of `ttype`; called with a name, it makes a variable."""

    def __init__(self, ttype: Any, depth: int = 0) -> None:
        self.ttype = ttype if depth == 0 else TypedListType(ttype, depth - 1)

    def __call__(self, name: str | None = None) -> Any:
        return self.make_variable(name=name)

    def make_variable(
        self, name: str | None = None, owner: Apply | None = None, index: int = 0
    ) -> Variable:
        return TypedListVariable(self, owner, index, name)

    def filter(self, value: Any, strict: bool = False, allow_downcast: bool | None = None) -> Any:
        """A list with each element in the elements' type.  Raises TypeError for no list."""
        if not isinstance(value, list | tuple):
            raise TypeError(f"expected a list for {self}, got {type(value).__name__}")
        return [self.ttype.filter(x, strict, allow_downcast) for x in value]

    def get_depth(self) -> int:
        """How many lists are around an array."""
        return self.ttype.get_depth() + 1 if isinstance(self.ttype, TypedListType) else 0

    def __eq__(self, other: object) -> bool:
        return isinstance(other, TypedListType) and self.ttype == other.ttype

    def __hash__(self) -> int:
        return hash((TypedListType, self.ttype))

    def __str__(self) -> str:
        return f"TypedList <{self.ttype}>"

    __repr__ = __str__


class TypedListVariable(Variable):
    """A symbolic list; its functions are methods too."""

    type: TypedListType

    def __getitem__(self, index: Any) -> Any:
        return getitem(self, index)

    def __len__(self) -> int:
        raise TypeError("the length of a symbolic list is not known: use length(x)")

    def append(self, x: Any) -> Any:
        return append(self, x)

    def extend(self, other: Any) -> Any:
        return extend(self, other)

    def insert(self, index: Any, x: Any) -> Any:
        return insert(self, index, x)

    def remove(self, x: Any) -> Any:
        return remove(self, x)

    def reverse(self) -> Any:
        return reverse(self)

    def count(self, x: Any) -> Any:
        return count(self, x)

    def ind(self, x: Any) -> Any:
        return index_(self, x)

    @property
    def ttype(self) -> Any:
        return self.type.ttype


def _op(name: str, run: Callable[..., Any], infer: Callable[..., Any]) -> Callable[..., Any]:
    op = deferred(run, f"typed_list.{name}", infer)

    def symbolic(x: Any, *args: Any) -> Any:
        if not isinstance(x, TypedListVariable):
            raise TypeError(f"{name}: {x} is no typed list")
        given: list[Any] = [
            a if isinstance(a, Variable | slice) else as_tensor_variable(a) for a in args
        ]
        for a in given:
            element = name in ("append", "remove", "count", "index_")
            if element and getattr(a, "type", None) != x.type.ttype:
                raise TypeError(f"{name}: {a} is {a.type}, the list is of {x.type.ttype}")
        return op(x, *given)

    symbolic.__name__ = symbolic.__qualname__ = name
    symbolic.__doc__ = run.__doc__
    return symbolic


def _known(i: Any) -> int:
    if is_traced(i):
        raise TypeError("positions in typed lists are known when the function is traced")
    return int(i)


def _getitem(x: Any, at: Any) -> Any:
    """The element at a position, or the list of a slice."""
    if isinstance(at, slice):
        return list(x)[at]
    if is_traced(at):
        if len({len(v.shape) for v in x}) == 1 and len({tuple(v.shape) for v in x}) == 1:
            return call(np.stack, list(x))[strong(at)]
        return _one_of(list(x), call(np.take, np.arange(len(x)), strong(at)))
    return x[int(at)]


def _one_of(x: list[Any], at: Any) -> Any:
    """Element `at` of arrays of different sizes."""
    if len(x) == 1:
        return x[0]
    return chosen(at == 0, lambda: (x[0],), lambda: (_one_of(x[1:], at - 1),))[0]


def _append(x: Any, v: Any) -> Any:
    """The list with one element more."""
    return [*x, v]


def _extend(x: Any, other: Any) -> Any:
    """Both lists joined."""
    return [*x, *other]


def _insert(x: Any, at: Any, v: Any) -> Any:
    """The list with an element put in at a position."""
    at = _known(at)
    return [*x[:at], v, *x[at:]]


def _reverse(x: Any) -> Any:
    """The list from its end to its start."""
    return list(reversed(x))


def _equal(a: Any, b: Any) -> Any:
    if a.ndim != b.ndim or any(
        isinstance(m, int) and isinstance(n, int) and m != n
        for m, n in zip(a.shape, b.shape, strict=True)
    ):
        return np.bool_(False)
    return (a == b).all()


def _count(x: Any, v: Any) -> Any:
    """How many elements are equal to a value."""
    total: Any = np.int64(0)
    for e in x:
        total = total + _equal(e, v)
    return strong(total)


def _index(x: Any, v: Any) -> Any:
    """The first position of a value; the length where it is missing."""
    found: Any = np.int64(len(x))
    for k in reversed(range(len(x))):
        found = call(np.where, _equal(x[k], v), np.int64(k), found)
    return found


def _length(x: Any) -> Any:
    """How many elements the list has."""
    return np.asarray(len(x), np.int64)


def _remove(x: Any, v: Any) -> Any:
    """The list without the first element that is equal to a value."""
    at = _index(x, v)
    if is_traced(at):
        raise TypeError("typed_list.remove: which element goes is known only when values are")
    return [e for k, e in enumerate(x) if k != int(at)]


_same = lambda x, *rest: x.type
getitem = _op("getitem", _getitem,
              lambda x, at: x.type if isinstance(at, slice) else x.type.ttype)  # fmt: skip
append = _op("append", _append, _same)
extend = _op("extend", _extend, _same)
insert = _op("insert", _insert, _same)
reverse = _op("reverse", _reverse, _same)
count = _op("count", _count, lambda *_: _INT)
index_ = _op("index_", _index, lambda *_: _INT)
remove = _op("remove", _remove, _same)
length = _op("length", _length, lambda *_: _INT)
_listed = deferred(list, "typed_list.make_list",
                   lambda items: TypedListType(items[0].type))  # fmt: skip


def make_list(items: Sequence[Any]) -> Any:
    """The list of these variables of one type.  Raises TypeError where types differ."""
    made = [as_tensor_variable(x) if not isinstance(x, TypedListVariable) else x for x in items]
    if not made:
        raise ValueError("make_list: an empty list has no type")
    if any(v.type != made[0].type for v in made):
        raise TypeError(f"make_list: {[str(v.type) for v in made]} are several types")
    return _listed(made)
