"""Elementwise functions of symbolic variables, one row each.

dtypes follow Theano, which are NumPy's for arrays with one difference: functions with float results
take ints of up to 16 bits to float32.  Sizes (`x.shape[0]`) stay Python ints as long as they
are combined with ints only, so that they still are sizes afterwards.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import scipy.special as special

from ..config import config
from ..fxgraph.node import OPS
from ..trace.proxy import fresh, is_proxy, node_of
from ..trace.ufuncs import op_of
from .deferred import apply_op
from .evaluate import call, is_weak, strong
from .graph import Apply, Op, Variable
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable

#: the ufuncs under which sizes stay sizes
_OF_SIZES = {np.add, np.subtract, np.multiply, np.floor_divide, np.remainder, np.negative,
             np.maximum, np.minimum}  # fmt: skip
#: (op, floatX, *types of the inputs) -> the type of the result
_types: dict[Any, TensorType] = {}


def elementwise(
    name: str, function: Callable[..., Any], arity: int, kind: str = "same", silent: bool = False
) -> Callable[..., Any]:
    """The function `name` of symbolic variables.

    kind: "same" (NumPy's dtypes), "float" (ints become floats), "first" (the first operand's
    dtype).  silent: it has no derivative.
    """
    positions = frozenset(range(arity)) if silent else frozenset()
    op = Op(name, _runner(function, kind), "elementwise", positions)

    def symbolic(*args: Any, **kwargs: Any) -> Any:
        kwargs.pop("name", None)
        if len(args) != arity or kwargs:
            raise TypeError(f"{name} takes {arity} operands, not {len(args)} {kwargs or ''}")
        inputs = [as_tensor_variable(x) for x in args]
        return apply_op(op, inputs, (_type(op, function, kind, inputs),), {})[0]

    symbolic.__name__ = symbolic.__qualname__ = name
    symbolic.__doc__ = f"{name} of {arity} symbolic variables, elementwise; broadcasts."
    symbolic.op = op  # type: ignore[attr-defined]
    FUNCTIONS[name] = symbolic
    return symbolic


def _type(op: Op, function: Any, kind: str, inputs: Sequence[Any]) -> TensorType:
    key = (op.name, config.floatX, *[v.type for v in inputs])
    found = _types.get(key)
    if found is not None:
        return found
    flags = [True] * max(v.ndim for v in inputs)
    for v in inputs:
        for k, b in enumerate(reversed(v.broadcastable)):
            flags[-1 - k] = flags[-1 - k] and b
    samples = _promoted([np.ones((), v.dtype) for v in inputs], kind)
    with np.errstate(all="ignore"):
        result = np.asarray(function(*samples))
    dtype = _first(inputs) if kind == "first" else result.dtype.name
    return _types.setdefault(key, TensorType(dtype, flags))


def _first(inputs: Sequence[Any]) -> str:
    dtype: str = inputs[0].dtype
    return dtype


def _promoted(values: Sequence[Any], kind: str) -> list[Any]:
    """Ints as floats, where the function gives floats."""
    if kind == "divide" and all(v.dtype.kind in "iub" for v in values):
        return [v.astype(config.floatX) for v in values]
    if kind != "float":
        return list(values)
    return [v.astype(_float_of(v.dtype)) if v.dtype.kind in "iub" else v for v in values]


def _float_of(dtype: Any) -> str:
    return "float32" if dtype.itemsize <= 2 else "float64"


def _runner(function: Any, kind: str) -> Callable[[Apply, Sequence[Any]], Any]:
    keeps = function in _OF_SIZES if isinstance(function, np.ufunc) else False
    op = op_of(function) if isinstance(function, np.ufunc) and function is not np.power else None

    def run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
        if any(is_weak(v) for v in values):
            if keeps and all(map(_like_size, node.inputs, values)):
                return (function(*[v if is_weak(v) else int(v) for v in values]),)
        values = _promoted([strong(v) for v in values], kind)
        if op is not None and any(map(is_proxy, values)):  # what the ufunc's protocol would do
            return (fresh(op(*map(node_of, values))),)
        result = call(function, *values)
        if kind == "first" and result.dtype != node.outputs[0].type.dtype:
            result = result.astype(node.outputs[0].type.dtype)
        return (result,)

    return run


def _like_size(v: Variable, x: Any) -> bool:
    return is_weak(x) or (isinstance(v, TensorConstant) and v.ndim == 0 and x.dtype.kind in "iu")


#: every elementwise function by name
FUNCTIONS: dict[str, Callable[..., Any]] = {}

_ufunc: Any
for _name, _ufunc in {
    "sub": np.subtract, "int_div": np.floor_divide, "mod": np.remainder, "pow": np.power,
    "maximum": np.maximum, "minimum": np.minimum,
    "bitwise_and": np.bitwise_and, "bitwise_or": np.bitwise_or, "bitwise_xor": np.bitwise_xor,
    "lt": np.less, "gt": np.greater, "le": np.less_equal, "ge": np.greater_equal,
    "eq": np.equal, "neq": np.not_equal,
}.items():  # fmt: skip
    elementwise(_name, _ufunc, 2, silent=_name in "lt gt le ge eq neq".split())
elementwise("true_div", np.true_divide, 2, "divide")
_add = elementwise("add", np.add, 2)
_mul = elementwise("mul", np.multiply, 2)
for _name, _ufunc in {
    "neg": np.negative, "abs_": np.abs, "sgn": np.sign, "sqr": np.square,
    "bitwise_not": np.invert, "conj": np.conj, "real": np.real, "imag": np.imag,
}.items():  # fmt: skip
    elementwise(_name, _ufunc, 1)
for _name, _ufunc in {"isnan": np.isnan, "isinf": np.isinf}.items():
    elementwise(_name, _ufunc, 1, silent=True)
for _name, _ufunc in {"ceil": np.ceil, "floor": np.floor, "trunc": np.trunc,
                      "rint": np.rint}.items():  # fmt: skip
    elementwise(_name, _ufunc, 1, "same" if _name != "rint" else "float")
for _name, _ufunc in {
    "sqrt": np.sqrt, "exp": np.exp, "exp2": np.exp2, "expm1": np.expm1, "log": np.log,
    "log2": np.log2, "log10": np.log10, "log1p": np.log1p, "inv": np.reciprocal,
    "sin": np.sin, "cos": np.cos, "tan": np.tan, "arcsin": np.arcsin, "arccos": np.arccos,
    "arctan": np.arctan, "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh,
    "arcsinh": np.arcsinh, "arccosh": np.arccosh, "arctanh": np.arctanh,
    "deg2rad": np.deg2rad, "rad2deg": np.rad2deg, "angle": np.angle,
    "erf": special.erf, "erfc": special.erfc, "erfinv": special.erfinv,
    "gammaln": special.gammaln, "i0": special.i0, "i1": special.i1,
}.items():  # fmt: skip
    elementwise(_name, _ufunc, 1, "float")
for _name, _ufunc in {
    "arctan2": np.arctan2,
    "logaddexp": np.logaddexp,
}.items():
    elementwise(_name, _ufunc, 2, "float")


def _switch(condition: Any, x: Any, y: Any) -> Any:
    return call(np.where, condition, x, y)


def _clip(x: Any, low: Any, high: Any) -> Any:
    return np.minimum(np.maximum(x, low), high)


def _half_away(x: Any) -> Any:
    return np.copysign(np.floor(np.abs(x) + x.dtype.type(0.5)), x)


def _by_op(name: str, plain: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """A function that an op of the graph stands for, and no ufunc."""

    def function(x: Any) -> Any:
        return fresh(OPS[name](node_of(x))) if is_proxy(x) else plain(x)

    return function


switch = elementwise("switch", _switch, 3)
clip = elementwise("clip", _clip, 3, "first")
round_half_away = elementwise("round_half_away_from_zero", _half_away, 1, "float")
psi = elementwise("psi", _by_op("digamma", special.psi), 1, "float")
_trigamma = _by_op("trigamma", lambda x: special.polygamma(1, x).astype(x.dtype))
tri_gamma = elementwise("tri_gamma", _trigamma, 1, "float", silent=True)


#: the names that `theano.tensor` has, but for those of several operands, which stand below
NAMES = tuple(n for n in FUNCTIONS if not n.startswith("_") and n not in ("add", "mul"))


# ---- functions of several operands, and other names ----------------------------------------------
def add(x: Any, *others: Any) -> Any:
    """The sum of the operands."""
    for y in others:
        x = _add(x, y)
    return as_tensor_variable(x)


def mul(x: Any, *others: Any) -> Any:
    """The product of the operands."""
    for y in others:
        x = _mul(x, y)
    return as_tensor_variable(x)


add.op, mul.op = _add.op, _mul.op  # type: ignore[attr-defined]


def round(x: Any, mode: str = "half_to_even") -> Any:
    """x rounded; mode "half_to_even" or "half_away_from_zero"."""
    if mode in ("half_to_even", None):
        return FUNCTIONS["rint"](x)
    if mode == "half_away_from_zero":
        return round_half_away(x)
    raise ValueError(f"round: mode {mode!r} is neither half_to_even nor half_away_from_zero")


def iround(x: Any, mode: str = "half_to_even") -> Any:
    """x rounded, as int64."""
    return cast(round(x, mode), "int64")


def divmod_(x: Any, y: Any) -> list[Any]:
    """[x // y, x % y]"""
    return [FUNCTIONS["int_div"](x, y), FUNCTIONS["mod"](x, y)]


def _cast_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    (x,) = values
    dtype = node.attrs["dtype"]
    if is_weak(x) and dtype == "int64":
        return (x,)
    x = strong(x)
    if x.dtype.kind == "c" and np.dtype(dtype).kind != "c":
        raise TypeError(f"casting {x.dtype} to {dtype} drops the imaginary part: use T.real")
    return (x.astype(dtype),)


_cast = Op("cast", _cast_run, "elementwise")


def cast(x: Any, dtype: Any) -> Any:
    """x in another dtype ("floatX" is `config.floatX`); x itself where it has it."""
    x = as_tensor_variable(x)
    name = config.floatX if dtype == "floatX" else np.dtype(dtype).name
    if x.dtype == name:
        return x
    if x.dtype.startswith("complex") and not name.startswith("complex"):
        raise TypeError(
            f"casting {x.type} to {name} drops the imaginary part: use T.real or T.abs_"
        )
    return apply_op(_cast, (x,), (x.type.clone(name),), {"dtype": name})[0]


class _Kind(type):
    def __instancecheck__(cls, x: object) -> bool:
        return getattr(x, "kind", None) == "elementwise" or type.__instancecheck__(cls, x)


class Elementwise(metaclass=_Kind):
    """What the ops of elementwise functions are instances of."""
