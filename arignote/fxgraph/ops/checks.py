"""Partial operations: they may raise, so they carry the token of the region they stand in.

Everything else in a graph is total.  A check is recorded among its region's effects in program
order, so that it raises even when its value is dead.  What is proved is not made.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from ..affine import minus, plus
from ..constants import is_const, lit, value_of
from ..node import Node, Op, make
from ..prove import region, sure, sure_equal
from ..types import I64, TensorType

PARTIAL = frozenset({"partial"})
_INT = TensorType(I64, (), True)


def out_of_bounds(i: object, n: object, axis: int | None) -> str:
    """What NumPy says of an index."""
    which = "axis" if axis is None else f"axis {axis}"
    return f"index {i} is out of bounds for {which} with size {n}"


def _wrapped(i: int, n: int, *_: Any, axis: int | None = None) -> int:
    j = int(i) + (int(n) if i < 0 else 0)
    if not 0 <= j < n:
        raise IndexError(out_of_bounds(int(i), int(n), axis))
    return j


def _same(a: int, b: int, *_: Any) -> int:
    if a != b:
        raise ValueError(
            f"operands could not be broadcast together: sizes {int(a)} and {int(b)} differ"
        )
    return int(a)


def _nonzero(x: Any, *_: Any) -> Any:
    if not x:
        raise ZeroDivisionError("division by zero")
    return x


def _fits(x: int, *_: Any) -> int:
    if not -(2**63) <= int(x) < 2**63:
        raise OverflowError(f"the Python integer {x} does not fit in 64 bits")
    return int(x)


def _required(ok: Any, *_: Any, error: str, message: str) -> bool:
    if not ok:
        raise ERRORS[error](message)
    return True


#: (i, n): i wrapped into [0, n), or IndexError that names the axis, if one is given
check_index = Op("check_index", infer=lambda *_, **__: _INT, reference=_wrapped, traits=PARTIAL)
#: (a, b): a, or ValueError when they differ
same_size = Op("same_size", infer=lambda *_: _INT, reference=_same, traits=PARTIAL)
#: (x): x, or ZeroDivisionError (Python numbers only; NumPy's division is total)
nonzero_check = Op("nonzero_check", infer=lambda x, *_: x.type, reference=_nonzero, traits=PARTIAL)
#: (x): a Python integer, or OverflowError when its exact value needs more than 64 bits
fits64 = Op("fits64", infer=lambda *_: _INT, reference=_fits, traits=PARTIAL)
#: (ok): True, or the named error
require = Op(
    "require",
    infer=lambda ok, *_, error, message: ok.type,
    reference=_required,
    traits=PARTIAL,
)

#: Errors that `require` may raise, by name.
ERRORS: dict[str, type[Exception]] = {
    e.__name__: e
    for e in (
        IndexError,
        ValueError,
        ZeroDivisionError,
        OverflowError,
        AssertionError,
        TypeError,
        RuntimeError,
        KeyError,
        ArithmeticError,
        NotImplementedError,
        StopIteration,
        FloatingPointError,
        NameError,
        AttributeError,
        AxisError,
        LinAlgError,
        Exception,
    )
}

_local = threading.local()


@contextmanager
def recording() -> Iterator[list[Node]]:
    """Collect the partial operations made inside, in order."""
    outer = getattr(_local, "effects", None), getattr(_local, "known", None)
    mine: list[Node] = []
    _local.effects, _local.known = mine, dict[Node, int]()
    try:
        yield mine
    finally:
        _local.effects, _local.known = outer


@contextmanager
def announcing(hear: Callable[[Node], None] | None) -> Iterator[None]:
    """Call `hear` before each partial operation that is recorded inside; None: nothing."""
    outer = getattr(_local, "hear", None)
    _local.hear = hear
    try:
        yield
    finally:
        _local.hear = outer


def announced() -> bool:
    """Does anybody hear of partial operations before they are recorded?"""
    return getattr(_local, "hear", None) is not None


def partial(n: Node) -> Node:
    """Record a partial operation among the effects of the region being built."""
    effects: list[Node] | None = getattr(_local, "effects", None)
    if effects is None:
        return n
    at = _local.known.get(n, len(effects))  # the list may have been cut since
    if at >= len(effects) or effects[at] is not n:
        hear: Callable[[Node], None] | None = getattr(_local, "hear", None)
        if hear is not None:
            hear(n)
        _local.known[n] = len(effects)
        effects.append(n)
    return n


def checked_index(i: Node, n: Node, axis: int | None = None) -> Node:
    """Index i into size n: wrapped where proved, else a check.

    Raises IndexError where it is certain: a check of constants would be one node, with one place
    in the order of writes and checks, in all programs that have it.
    """
    if is_const(i) and is_const(n):
        return lit(_wrapped(value_of(i), value_of(n), axis=axis))
    if sure(i) and sure(minus(n, plus(i, lit(1)))):
        return i
    if sure(minus(lit(-1), i)) and sure(plus(i, n)):
        return plus(i, n)
    which = () if axis is None else (("axis", axis),)
    return partial(make(check_index, (i, n, *region()), which))


def same(a: Node, b: Node) -> Node:
    """One node for two sizes that must be equal."""
    if a is b or (a.op is same_size and b in a.inputs[:2]):
        return a
    if b.op is same_size and a in b.inputs[:2]:
        return b
    if sure_equal(a, b):
        if is_const(a) or is_const(b):
            return a if is_const(a) else b
        return a if a.serial < b.serial else b
    return partial(make(same_size, (a, b, *region())))


def divisor(x: Node) -> Node:
    """A Python number that is divided by."""
    if is_const(x) and value_of(x) != 0:
        return x
    if x.type.dtype == I64 and (sure(minus(x, lit(1))) or sure(minus(lit(-1), x))):
        return x
    return partial(make(nonzero_check, (x, *region())))


def required(ok: Node, error: str, message: str) -> Node:
    """Raise `error(message)` at run time unless ok."""
    at = (("error", error), ("message", message))
    return partial(make(require, (ok, *region()), at))
