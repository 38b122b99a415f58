"""Operators on traced values: Python's rules between Python numbers, NumPy's everywhere else."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import TraceError
from ..fxgraph.constants import const
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import F64, I64
from . import big_integers, python_numbers
from .big_integers import beside_array, is_big
from .registry import hooks
from .slicing import literal
from .ufuncs import apply, apply_into
from .values import Array, Proxy, Scalar, node_of, wrap
from .where import placed

#: Python operator -> NumPy ufunc
UFUNC_OF: dict[str, np.ufunc] = {
    "add": np.add,
    "sub": np.subtract,
    "mul": np.multiply,
    "truediv": np.true_divide,
    "floordiv": np.floor_divide,
    "mod": np.remainder,
    "pow": np.power,
    "matmul": np.matmul,
    "and": np.bitwise_and,
    "or": np.bitwise_or,
    "xor": np.bitwise_xor,
    "lshift": np.left_shift,
    "rshift": np.right_shift,
}
COMPARISONS: dict[str, np.ufunc] = {
    "lt": np.less,
    "le": np.less_equal,
    "gt": np.greater,
    "ge": np.greater_equal,
    "eq": np.equal,
    "ne": np.not_equal,
}
UNARY: dict[str, np.ufunc] = {
    "neg": np.negative,
    "pos": np.positive,
    "abs": np.absolute,
    "invert": np.invert,
}
_FAST_POWERS = {2: np.square, 1: np.positive, -1: np.reciprocal, 0.5: np.sqrt}


def is_number(x: Any) -> bool:
    """A Python number, traced or not."""
    if isinstance(x, Scalar):
        return x.weak
    return isinstance(x, bool | int | float | complex) and not isinstance(x, np.generic)


def operand(x: Any) -> bool:
    """Can x stand beside a traced value under an operator?"""
    return isinstance(
        x, Proxy | np.ndarray | np.generic | bool | int | float | complex | list | tuple
    )


@placed
def binary(name: str, x: Any, y: Any) -> Any:
    """x <op> y for the operator called `name` (as in `__name__`)."""
    if not (operand(x) and operand(y)):
        return NotImplemented
    for items, count in ((x, y), (y, x)):
        if isinstance(items, list | tuple) and isinstance(count, Scalar):
            if name == "mul" and count.node.dtype.kind in ("iub" if count.weak else "iu"):
                return hooks.repeated(items, count)
            if count.weak:
                return NotImplemented  # Python has no such operator
    ufunc = UFUNC_OF[name]
    if is_big(x) or is_big(y):
        if is_number(x) and is_number(y):
            known = big_integers.binary(name, x, y)
            if known is not None:
                return known
            x, y = big_integers.as_float(x), big_integers.as_float(y)
        else:
            x, y = _beside(x, y, False), _beside(y, x, False)
    if is_number(x) and is_number(y) and name != "matmul":
        return wrap(python_numbers.BINARY[_op_name(ufunc)](node_of(x), node_of(y)))
    if name == "pow" and isinstance(x, Array) and not isinstance(y, Proxy | np.ndarray):
        fast = _fast_power(x, y)
        if fast is not None:
            return apply(fast, (x,))
    return apply(ufunc, (x, y))


def _beside(x: Any, y: Any, compared: bool) -> Any:
    """A number beside an array."""
    return beside_array(x, node_of(y).dtype.kind, compared) if is_big(x) else x


def _fast_power(x: Array, y: Any) -> np.ufunc | None:
    """NumPy's short cuts for an array to a Python number."""
    kind = x.node.dtype.kind
    if not isinstance(y, int | float) or isinstance(y, bool | np.generic):
        return None
    if kind in "fc":
        return _FAST_POWERS.get(y)
    if kind in "biu" and y == 2 and isinstance(y, int):
        return np.square
    return None


def _op_name(ufunc: np.ufunc) -> str:
    return "divide" if ufunc is np.true_divide else ufunc.__name__


@placed
def compare(name: str, x: Any, y: Any) -> Any:
    if not (operand(x) and operand(y)):
        return NotImplemented
    ufunc = COMPARISONS[name]
    if is_big(x) or is_big(y):
        if is_number(x) and is_number(y):
            return big_integers.compare(name, x, y)
        x, y = _beside(x, y, True), _beside(y, x, True)
    if is_number(x) and is_number(y):
        if name in ("lt", "le", "gt", "ge"):
            _ordered(x, y, name)
        return wrap(python_numbers.compare(ufunc.__name__, node_of(x), node_of(y)))
    return apply(ufunc, (x, y))


def _ordered(x: Any, y: Any, name: str) -> None:
    if any(node_of(v).dtype.kind == "c" for v in (x, y)):
        symbol = {"lt": "<", "le": "<=", "gt": ">", "ge": ">="}[name]
        raise TypeError(f"'{symbol}' not supported between instances of 'complex' and 'complex'")


@placed
def unary(name: str, x: Any) -> Any:
    if is_number(x):
        return wrap(python_numbers.UNARY[UNARY[name].__name__](node_of(x)))
    return apply(UNARY[name], (x,))


@placed
def in_place(name: str, x: Any, y: Any) -> Any:
    """x <op>= y: an array is written, anything else gives a new value."""
    if not isinstance(x, Array):
        return binary(name, x, y)
    if not operand(y):
        return NotImplemented
    ufunc = UFUNC_OF[name]
    if name == "pow" and not isinstance(y, Proxy | np.ndarray):
        fast = _fast_power(x, y)
        if fast is not None:
            return apply_into(fast, (x,), x)
    return apply_into(ufunc, (x, y), x)


@placed
def div_mod(x: Any, y: Any) -> Any:
    if not (operand(x) and operand(y)):
        return NotImplemented
    return binary("floordiv", x, y), binary("mod", x, y)


#: Set by `modular`: pow(x, y, modulus).
MODULAR: list[Any] = []


@placed
def power(x: Any, y: Any, modulus: Any = None) -> Any:
    """pow(x, y[, modulus]); the third argument is for Python numbers only."""
    if modulus is None:
        return binary("pow", x, y)
    if not (is_number(x) and is_number(y) and is_number(modulus)):
        return NotImplemented
    return MODULAR[0](x, y, modulus)


@placed
def round_(x: Any, digits: Any = None) -> Any:
    """round(x[, digits]) of a scalar: without digits an int (of Python), as Python and NumPy do."""
    n = node_of(x)
    if isinstance(x, Array):
        raise TypeError("type numpy.ndarray doesn't define __round__ method")
    if digits is not None:
        digits = literal(digits, "the digits of round()")
    if n.dtype.kind in "iub":
        if digits is None:
            return wrap(cast_to(n, I64, True))
        if not isinstance(digits, Proxy) and digits >= 0:
            return x
    if digits is None:
        whole = OPS["rint"](n)
        return wrap(as_python_int(whole))
    if n.type.weak and n.dtype == F64:
        if abs(digits) > _EXACT_TENS:
            raise TraceError(f"round(x, {digits}): at most {_EXACT_TENS} digits can be asked for")
        op = OPS["round_digits" if digits >= 0 else "round_tens"]
        return wrap(op(n, 10.0 ** abs(digits), weak=True))
    scale = const(10.0 ** abs(digits), n.dtype if n.dtype.kind == "f" else float)
    first, last = ("multiply", "divide") if digits >= 0 else ("divide", "multiply")
    out = OPS[last](OPS["rint"](OPS[first](n, scale)), scale)
    return wrap(cast_to(out, n.dtype, n.type.weak))


#: Powers of ten up to this one are floats.
_EXACT_TENS = 22


def as_python_int(n: Node) -> Node:
    """A number truncated to a Python int; an infinity, NaN or too large one raises."""
    if n.dtype.kind in "biu":
        return cast_to(n, I64, True)
    ok = OPS["less"](OPS["absolute"](n), 2.0**63)
    required(
        ok, "OverflowError", "cannot convert a float that is NaN, infinite or beyond 64 bits to int"
    )
    return cast_to(n, I64, True)
