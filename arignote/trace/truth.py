"""Traced values where Python wants a plain one: `bool()`, `int()`, `float()`, `range()`, an index.

Integers and comparisons that depend only on the arguments' sizes and integers are decided by their
values in this call, under a guard.  Other Python numbers among the arguments become static: the
function is traced again with their values.  A value computed from data is an error.
"""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from ..fxgraph.affine import minus, size_node, times
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.graph import order_of
from ..fxgraph.node import Node
from ..fxgraph.prove import hinted, sure, sure_equal
from .session import NeedStatic, session
from .values import Array, Proxy
from .where import place


def known(n: Node) -> Any:
    """The value of a scalar as a Python number; None where it is computed from data.

    May record a guard, or raise NeedStatic.
    """
    if is_const(n):
        return value_of(n).item()
    value = hinted(n) if n.dtype.kind == "i" else None
    if value is not None and sure_equal(n, lit(value)):
        return value
    decided = _comparison(n)
    if decided is not None:
        return decided
    leaves = _leaves(n)
    if leaves is not None:
        raise NeedStatic(leaves)
    return None


def by_value(n: Node) -> Any:
    """As `known`, but arguments that decide are taken by their values, without a guard for each."""
    leaves = None if is_const(n) else _leaves(n)
    if leaves is not None:
        raise NeedStatic(leaves)
    return known(n)


def _comparison(n: Node) -> bool | None:
    """A comparison of integers that depend on arguments only, decided under a guard."""
    if n.op.name not in ("less", "less_equal", "greater", "greater_equal", "equal", "not_equal"):
        return None
    a, b = n.inputs
    if a.dtype.kind != "i" or a.rank or b.rank:
        return None
    d = minus(b, a)
    value = hinted(d)
    if value is None:
        return None
    if value == 0:
        fine = sure(d) and sure(times(d, -1))
    else:
        sign = 1 if value > 0 else -1
        fine = sure(minus(times(d, sign), lit(1)))
    if not fine:
        return None
    outcomes = {
        "less": value > 0, "less_equal": value >= 0, "greater": value < 0,
        "greater_equal": value <= 0, "equal": value == 0, "not_equal": value != 0,
    }  # fmt: skip
    return outcomes[n.op.name]


def _leaves(n: Node) -> tuple[int, ...] | None:
    """The scalar arguments that n is computed from, None if there is more to it."""
    leaf_of = session().leaf_of
    found = []
    for m in order_of((n,)):
        if m.op.name in ("input", "param", "index", "token"):
            if m not in leaf_of:
                return None
            found.append(leaf_of[m])
    return tuple(sorted(set(found))) or None


def _value(x: Proxy, what: str, remedy: str) -> Any:
    n = x.node
    if any(d != 1 for d in n.shape):
        if what == "bool()":
            raise ValueError(
                "The truth value of an array with more than one element is ambiguous. "
                "Use a.any() or a.all()"
            )
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    value = known(n)
    if value is None:
        raise TraceError(
            f"{what} of a traced value, at {place()}: its value is computed when the compiled "
            f"function runs. {remedy}"
        )
    return value


def to_bool(self: Proxy) -> bool:
    return bool(
        _value(self, "bool()", "Write `if` in the compiled function itself, or use np.where.")
    )


def to_int(self: Proxy) -> int:
    return int(_value(self, "int()", "Use x.astype(int), or pass it as an argument."))


def to_index(self: Proxy) -> int:
    if self.node.dtype.kind not in "iu":
        raise TypeError("only integer scalar arrays can be converted to a scalar index")
    return int(
        _value(self, "an integer value", "Pass it as an argument, or use NumPy functions only.")
    )


def to_float(self: Proxy) -> float:
    return float(_value(self, "float()", "Use x.astype(float), or a NumPy function."))


def to_complex(self: Proxy) -> complex:
    return complex(_value(self, "complex()", "Use x.astype(complex)."))


def to_hash(self: Proxy) -> int:
    """So that a traced size finds its place in a dict: by its value, under a guard."""
    return hash(_value(self, "hash()", "Keys of dicts must be known while tracing."))


def length(self: Array) -> int:
    if not self.sizes:
        raise TypeError("len() of unsized object")
    n = size_node(self.sizes[0])
    value = known(n)
    if value is None:
        raise TraceError(f"len() of an array whose size is computed, at {place()}: use x.shape[0]")
    return int(value)


def to_array(self: Proxy, *_: Any, **__: Any) -> Any:
    raise TraceError(
        f"a traced value reached code that needs its numbers (NumPy's own or another library's), "
        f"at {place()}. Use functions of NumPy that Arignote knows, or call this outside."
    )
