"""Reading the arguments of NumPy functions: arrays, axes, sizes, dtypes, and writing to `out=`.

Everything that decides the structure of a graph (axes, flags, dtypes) must be a plain Python value;
sizes may be traced.
"""

from __future__ import annotations

import operator
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.exceptions import AxisError

from ...errors import DTypeError
from ...fxgraph.affine import dim, minus, plus, size_node
from ...fxgraph.constants import const, is_const, lit, value_of
from ...fxgraph.node import Node
from ...fxgraph.ops.checks import required, same
from ...fxgraph.ops.elementwise import less, less_equal
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import count, expand, spread, spread_together, stack, strong
from ...fxgraph.prove import ge0, hinted, sure
from ...fxgraph.types import I64, DType, Shape, Size, TensorType, size_text
from ..registry import hooks

NO_VALUE: Any = np._NoValue
INTP = np.dtype(np.intp)


# ---- arrays --------------------------------------------------------------------------------------
def node(x: Any) -> Node:
    """The node of a number, array, traced value or nested sequence of these; numbers stay weak.

    Raises DTypeError for values that are not numbers, ValueError for ragged sequences.
    """
    if hooks.is_proxy(x):
        return hooks.node_of(x)
    if isinstance(x, Node):
        return x
    if isinstance(x, list | tuple):
        grown = hooks.grown(x)
        return sequence(x) if grown is None else hooks.node_of(grown)
    if isinstance(x, bool | int | float | complex | np.ndarray | np.generic):
        if isinstance(x, int) and not -(2**63) <= x < 2**64:
            raise DTypeError(f"the Python integer {x} needs more than 64 bits")
        if isinstance(x, np.ndarray | np.generic):
            supported(x.dtype)
        return hooks.node_of(x)
    try:
        return node(np.asarray(x))
    except DTypeError:
        raise DTypeError(f"not a numeric array: {type(x).__name__} {x!r:.60}") from None


def array(x: Any) -> Node:
    """`np.asarray(x)`: as `node`, but a number is a 0-d NumPy value."""
    return strong(node(x))


def sequence(items: Sequence[Any]) -> Node:
    """A nested sequence as one array, of the dtype that NumPy would find."""
    if not has_traced(items):
        return const(supported_array(np.asarray(items)))
    parts = [strong(node(x)) for x in items]
    dtype = np.result_type(*(p.dtype for p in parts))
    parts = [cast_to(p, dtype) for p in parts]
    rank = parts[0].rank
    if any(p.rank != rank for p in parts):
        raise ValueError(
            "setting an array element with a sequence. The requested array has an inhomogeneous "
            f"shape after 1 dimensions. The detected shape was ({len(parts)},) + "
            "inhomogeneous part."
        )
    same, _ = spread_together("array", parts)
    return stack(same)


def has_traced(items: Any) -> bool:
    """Is there a traced value in a nested sequence?"""
    waiting = [items]
    while waiting:
        x = waiting.pop()
        if hooks.is_proxy(x):
            return True
        if isinstance(x, list | tuple):
            waiting.extend(x)
    return False


def proxy(x: Any) -> Any:
    """x as something that may be viewed: itself if traced, else a fresh array."""
    return x if hooks.is_proxy(x) else hooks.fresh(array(x))


# ---- structure: axes, flags, dtypes --------------------------------------------------------------
def integer(x: Any) -> int:
    """An integer that must be known while tracing."""
    if isinstance(x, Node):
        if is_const(x):
            return int(value_of(x))
        value = hinted(x)
        if value is not None and sure(minus(x, lit(value))) and sure(minus(lit(value), x)):
            return value
    return operator.index(x)


def axis_of(axis: Any, rank: int) -> int:
    """One axis, counted from the start; raises AxisError."""
    k = integer(axis)
    if not -rank <= k < rank:
        raise AxisError(k, rank)
    return k % rank


def moved_axis(axis: Any, rank: int) -> int:
    """`axis=` of functions that move it by np.moveaxis: one, which may be in a sequence."""
    if isinstance(axis, tuple | list):
        if len(axis) != 1:
            raise ValueError(
                "`source` and `destination` arguments must have the same number of elements"
            )
        (axis,) = axis
    return axis_of(axis, rank)


def axes_of(axis: Any, rank: int) -> tuple[int, ...]:
    """`axis=`: all for None; raises AxisError, and ValueError for one given twice."""
    if axis is None:
        return tuple(range(rank))
    if not isinstance(axis, tuple | list):
        return (axis_of(axis, rank),)
    axes = tuple(axis_of(a, rank) for a in axis)
    if len(set(axes)) != len(axes):
        raise ValueError("duplicate value in 'axis'")
    return axes


def loose_axes(axis: Any, rank: int) -> tuple[int, ...]:
    """`axis=` of reductions, which take 0 and -1 for a number, too."""
    if not rank and axis is not None and not isinstance(axis, tuple | list):
        axis_of(axis, 1)
        return ()
    return axes_of(axis, rank)


def single_axis(axis: Any, rank: int, method: str) -> int:
    """`axis=` of accumulate and reduceat: one, which may be in a tuple, or None for a line."""
    axes = loose_axes(axis, rank)
    if not rank:
        raise TypeError(f"cannot {method} on a scalar")
    if len(axes) != 1:
        raise ValueError(f"{method} does not allow multiple axes")
    return axes[0]


def supported(dtype: Any) -> DType:
    """A dtype that graphs compute with; raises DTypeError for others."""
    d = np.dtype(dtype)
    if d.kind not in "biufc" or d.itemsize > (16 if d.kind == "c" else 8):
        raise DTypeError(f"dtype {d} is not supported: use a bool, integer, float or complex dtype")
    native: DType = d.newbyteorder("=")
    return native


def supported_array(a: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    if a.dtype.kind == "O":
        raise ValueError(
            "setting an array element with a sequence: the items have different shapes or types"
        )
    return a.astype(supported(a.dtype), copy=False)


# ---- sizes ---------------------------------------------------------------------------------------
def size_of(x: Any, what: str = "negative dimensions are not allowed") -> Size:
    """A size: an int, or a node that is at least 2 wherever this call's values say so.

    Raises TypeError for what is not an integer, ValueError for negative ones.
    """
    if hooks.is_proxy(x):
        n = hooks.node_of(x)
        if n.rank or n.dtype.kind not in "iu":
            raise TypeError(f"'{n.dtype}' object cannot be interpreted as an integer")
        n = n if n.type.weak and n.dtype == I64 else cast_to(n, I64, True)
        if not is_const(n):
            return dynamic_size(n, what)
        k = int(value_of(n))
    else:
        k = operator.index(x)
    if k < 0:
        raise ValueError(what)
    return k


def dynamic_size(n: Node, what: str = "negative dimensions are not allowed") -> Size:
    """An integer node as a size; 0 and 1 become ints under a guard."""
    value = hinted(n)
    if value is not None and 0 <= value <= 1:
        if sure(minus(n, lit(value))) and sure(minus(lit(value), n)):
            return value
    elif value is not None and value > 1:
        sure(minus(n, lit(2)))
    elif not ge0(n):
        required(less_equal(lit(0), n), "ValueError", what)
    return dim(n)


def shape_of(shape: Any) -> Shape:
    """`shape=`: an integer or a sequence of integers, traced ones included."""
    if isinstance(shape, list | tuple):
        return tuple(size_of(d) for d in shape)
    if isinstance(shape, np.ndarray):
        return tuple(int(d) for d in shape.reshape(-1))
    return (size_of(shape),)


def index_node(x: Any) -> Node:
    """An integer that may be traced, as a Python integer node."""
    n = node(x)
    if n.rank or n.dtype.kind not in "iub":
        raise TypeError(f"'{n.dtype}' object cannot be interpreted as an integer")
    return cast_to(n, I64, True)


def require_nonempty(shape: Shape, axes: Sequence[int], message: str) -> None:
    """Raise ValueError(message) now, or at run time, where an axis has no elements."""
    for k in axes:
        d = shape[k]
        if d == 0:
            raise ValueError(message)
        if not isinstance(d, int) and not ge0(minus(d, lit(1))):
            required(less(lit(0), d), "ValueError", message)


def known_equal(a: Size, b: Size) -> bool | None:
    """Are two sizes equal?  None where only the run can tell."""
    x, y = size_node(a), size_node(b)
    if x is y:
        return True
    p, q = hinted(x), hinted(y)
    if p is not None and q is not None:
        return p == q
    d = minus(x, y)
    if ge0(plus(d, lit(-1))) or ge0(minus(lit(-1), d)):
        return False
    return None


def said(d: Size) -> str:
    """A size for an error message: its value in this call where that is known."""
    value = d if isinstance(d, int) else hinted(d)
    return size_text(d) if value is None else str(value)


def said_shape(shape: Shape) -> str:
    return "(" + ",".join(said(d) for d in shape) + ("," if len(shape) == 1 else "") + ")"


# ---- results -------------------------------------------------------------------------------------
def only(out: Any) -> Any:
    """`out=` given alone or in a tuple of one; None where there is none."""
    if isinstance(out, tuple):
        (out,) = out
    return out if given(out) else None


def finish(
    result: Node, out: Any = None, name: str = "", casting: str = "same_kind", wide: bool = False
) -> Any:
    """The result as a value of its own, or written to `out`.

    wide: may `out` have more axes and longer ones than the result?  Raises TypeError where the
    cast to out's dtype is not allowed, ValueError where shapes differ.
    """
    out = only(out)
    if out is None:
        return hooks.wrap(result)
    target: TensorType = hooks.node_of(out).type
    require_room(result.shape, target.shape, wide)
    if not np.can_cast(result.dtype, target.dtype, casting):  # type: ignore[arg-type]
        raise DTypeError(
            f"Cannot cast {name or 'result'} from {result.dtype!r} to {target.dtype!r} "
            f"with casting rule '{casting}'"
        )
    hooks.assign(out, cast_to(spread(result, target.shape), target.dtype))
    return out


def require_room(shape: Shape, room: Shape, wide: bool) -> None:
    """Raise ValueError where `out=` has another shape; now, or when the sizes are known."""
    fits = len(shape) == len(room) or (wide and len(shape) < len(room))
    pairs = list(zip(reversed(shape), reversed(room), strict=False))
    if not fits or any(not (wide and a == 1) and known_equal(a, b) is False for a, b in pairs):
        raise ValueError(
            f"output parameter of shape {said_shape(room)} does not fit the result "
            f"of shape {said_shape(shape)}"
        )
    for a, b in pairs:
        if not (wide and a == 1) and known_equal(a, b) is None:
            same(size_node(a), size_node(b))


def require_reduced(shape: Shape, axes: Sequence[int], keepdims: Any, out: Any) -> None:
    """What NumPy asks of the `out=` of a reduction before it looks at `initial=`.

    Raises ValueError.
    """
    if only(out) is not None:
        kept = keepdims and keepdims is not NO_VALUE
        left = [1 if k in axes else d for k, d in enumerate(shape) if kept or k not in axes]
        require_room(tuple(left), hooks.node_of(only(out)).shape, False)


def position_room(result: Node, out: Any, name: str) -> Any:
    """A result that NumPy writes to `out` by way of an array of the result's dtype.

    Raises TypeError where out's dtype does not fit into that one.
    """
    if only(out) is not None:
        require_room(result.shape, hooks.node_of(only(out)).shape, False)
        dtype = hooks.node_of(only(out)).dtype
        if not np.can_cast(dtype, result.dtype, "safe"):
            raise DTypeError(
                f"{name}: Cannot cast from {dtype!r} to {result.dtype!r} according to the rule "
                "'safe': give an out= of the result's dtype"
            )
    return finish(result, out, casting="unsafe")


def keep_dims(n: Node, axes: Sequence[int], keepdims: Any) -> Node:
    """A reduced value with its axes put back as length 1."""
    return expand(n, tuple(axes)) if keepdims and keepdims is not NO_VALUE and axes else n


def element_count(shape: Shape, axes: Sequence[int]) -> Node:
    """How many elements a reduction over `axes` joins: a Python integer."""
    return count(tuple(shape[k] for k in axes))


def given(x: Any) -> bool:
    """Was an optional argument given?"""
    return x is not None and x is not NO_VALUE
