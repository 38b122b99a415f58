"""`T.extra_ops` and other functions of arrays without a place of their own."""

from __future__ import annotations

from typing import Any

import numpy as np

from .creation import arange, zeros
from .deferred import deferred
from .elementwise import FUNCTIONS as F
from .elementwise import cast, clip
from .evaluate import call, strong
from .indexing import getitem, set_subtensor
from .joining import repeat, roll
from .reductions import all as all_
from .reductions import argsort, cumprod, cumsum, sort
from .shaping import squeeze
from .types import TensorType
from .variables import as_tensor_variable

__all__ = [
    "Unique", "bartlett", "bincount", "choose_rows", "compress", "cumprod", "cumsum", "diff",
    "fill_diagonal", "fill_diagonal_offset", "inverse_permutation", "permute_row_elements",
    "ravel_multi_index", "repeat", "roll", "searchsorted", "squeeze", "to_one_hot", "unique",
    "unravel_index",
]  # fmt: skip

_searchsorted = deferred(
    lambda x, v, side: call(np.searchsorted, x, v, side=side), "SearchsortedOp",
    lambda x, v, side: TensorType("int64", [False] * v.ndim), silent=(0, 1),
)  # fmt: skip


def searchsorted(x: Any, v: Any, side: str = "left", sorter: Any = None) -> Any:
    """Where the elements of v would be inserted in the sorted vector x."""
    x = as_tensor_variable(x)
    if sorter is not None:
        x = x[as_tensor_variable(sorter)]
    return _searchsorted(x, as_tensor_variable(v), side)


def diff(x: Any, n: int = 1, axis: int = -1) -> Any:
    """Differences of neighbours along an axis, n times."""
    x = as_tensor_variable(x)
    for _ in range(n):
        later, earlier = [slice(None)] * x.ndim, [slice(None)] * x.ndim
        later[axis], earlier[axis] = slice(1, None), slice(None, -1)
        x = x[tuple(later)] - x[tuple(earlier)]
    return x


def bincount(
    x: Any, weights: Any = None, minlength: Any = None, assert_nonneg: bool = False
) -> Any:
    """How often each of 0, 1, ... occurs in x, or the sums of weights there."""
    x = as_tensor_variable(x)
    least = 0 if minlength is None else minlength
    return _bincount(x, None if weights is None else as_tensor_variable(weights), least)


_bincount = deferred(
    lambda x, w, least: call(np.bincount, strong(x), w, least), "Bincount",
    lambda x, w, least: TensorType("int64" if w is None else "float64", (False,)), sizes=True,
)  # fmt: skip


def compress(condition: Any, x: Any, axis: int | None = None) -> Any:
    """The slices of x along `axis` where the condition holds."""
    x, condition = as_tensor_variable(x), as_tensor_variable(condition)
    if axis is None:
        x, axis = x.flatten(), 0
    key = [slice(None)] * x.ndim
    key[axis] = F["neq"](condition, 0).nonzero()[0]
    return x[tuple(key)]


def to_one_hot(y: Any, nb_class: Any, dtype: Any = None) -> Any:
    """A row for each element of y with a one at that place."""
    y = as_tensor_variable(y)
    ret = zeros((y.shape[0], nb_class), dtype="floatX" if dtype is None else dtype)
    return set_subtensor(ret[arange(y.shape[0]), y], 1)


_unique = deferred(
    lambda x, **k: call(np.unique, x, **k), "Unique",
    lambda x, **k: (
        TensorType(x.dtype, (False,)), *[TensorType("int64", (False,))] * sum(k.values())
    ) if any(k.values()) else TensorType(x.dtype, (False,)), silent=(0,),
)  # fmt: skip


def unique(x: Any, return_index: bool = False, return_inverse: bool = False,
           return_counts: bool = False) -> Any:  # fmt: skip
    """The distinct elements in order, and where they are."""
    chosen = {"return_index": return_index, "return_inverse": return_inverse,
              "return_counts": return_counts}  # fmt: skip
    return _unique(as_tensor_variable(x), **chosen)


class Unique:
    """`Unique(return_index, ...)(x)`: see `unique`."""

    def __init__(self, return_index: bool = False, return_inverse: bool = False,
                 return_counts: bool = False, axis: Any = None) -> None:  # fmt: skip
        if axis is not None:
            raise NotImplementedError("Unique: of all elements only, not along an axis")
        self.chosen = (return_index, return_inverse, return_counts)

    def __call__(self, x: Any) -> Any:
        return unique(x, *self.chosen)


def unravel_index(indices: Any, dims: Any, order: str = "C") -> Any:
    """Positions in the flattened array as one index an axis."""
    rest = as_tensor_variable(indices)
    sizes = list(dims) if isinstance(dims, list | tuple) else [dims[k] for k in range(len(dims))]
    out = []
    for d in sizes[::-1] if order == "C" else sizes:
        out.append(rest % d)
        rest = rest // d
    return tuple(out[::-1] if order == "C" else out)


def ravel_multi_index(multi_index: Any, dims: Any, mode: str = "raise", order: str = "C") -> Any:
    """One index an axis as positions in the flattened array."""
    sizes, parts = list(dims), [as_tensor_variable(m) for m in multi_index]
    if mode == "wrap":
        parts = [p % d for p, d in zip(parts, sizes, strict=True)]
    elif mode == "clip":
        parts = [clip(p, 0, d - 1) for p, d in zip(parts, sizes, strict=True)]
    pairs = list(zip(parts, sizes, strict=True))
    total: Any = None
    for p, d in pairs if order == "C" else pairs[::-1]:
        total = p if total is None else total * d + p
    return total


def bartlett(M: Any) -> Any:
    """The triangular window of M points."""
    n = cast(arange(M), "float64")
    top = cast(as_tensor_variable(M), "float64") - 1
    return F["minimum"](2 * n / top, 2 - 2 * n / top)


def fill_diagonal(a: Any, val: Any) -> Any:
    """a with `val` on its diagonal."""
    return fill_diagonal_offset(a, val, 0)


def fill_diagonal_offset(a: Any, val: Any, offset: Any) -> Any:
    """a with `val` on a diagonal."""
    a = as_tensor_variable(a)
    if a.ndim > 2:
        k = arange(F["minimum"](a.shape[0], a.shape[1]))
        return set_subtensor(getitem(a, (k,) * a.ndim), val)
    offset = as_tensor_variable(offset)
    down, right = F["maximum"](-offset, 0), F["maximum"](offset, 0)
    k = arange(F["minimum"](a.shape[0] - down, a.shape[1] - right))
    return set_subtensor(a[k + down, k + right], cast(val, a.dtype))


def permute_row_elements(x: Any, y: Any, inverse: int = 0) -> Any:
    """Each row of x in the order that y says (the same for all, or one a row)."""
    x, y = as_tensor_variable(x), as_tensor_variable(y)
    if inverse:
        y = inverse_permutation(y)
    return _permuted(x, y)


_permuted = deferred(
    lambda x, y: np.take_along_axis(*_level(x, y), axis=-1), "PermuteRowElements",
    lambda x, y: TensorType(x.dtype, [False] * max(x.ndim, y.ndim)),
)  # fmt: skip


def _level(x: Any, y: Any) -> tuple[Any, Any]:
    shape = call(np.broadcast_shapes, tuple(x.shape[:-1]), tuple(y.shape[:-1]))
    return (
        call(np.broadcast_to, x, (*shape, x.shape[-1])),
        call(np.broadcast_to, y, (*shape, y.shape[-1])),
    )


def inverse_permutation(perm: Any) -> Any:
    """The orders that undo orders, row by row."""
    return argsort(perm, -1)


def choose_rows(x: Any, at: Any) -> Any:
    """x[k, at[k]] for each k."""
    x = as_tensor_variable(x)
    return x[arange(x.shape[0]), at]


def topk_and_argtopk(x: Any, kth: int, axis: Any = -1, sorted: bool = True,
                     idx_dtype: str = "int64") -> list[Any]:  # fmt: skip
    """[the kth largest (smallest for negative kth), their positions], in ascending order."""
    x = as_tensor_variable(x)
    if axis is None:
        x, axis = x.flatten(), 0
    order = argsort(x, axis)
    key = [slice(None)] * x.ndim
    key[axis] = slice(-kth, None) if kth > 0 else slice(None, -kth)
    at = order[tuple(key)]
    return [sort(x, axis)[tuple(key)], cast(at, idx_dtype)]


def topk(x: Any, kth: int, axis: Any = -1, sorted: bool = True,
         idx_dtype: str = "int64") -> Any:  # fmt: skip
    """The kth largest elements, in ascending order."""
    return topk_and_argtopk(x, kth, axis)[0]


def argtopk(x: Any, kth: int, axis: Any = -1, sorted: bool = True,
            idx_dtype: str = "int64") -> Any:  # fmt: skip
    """The positions of the kth largest elements, in ascending order of the elements."""
    return topk_and_argtopk(x, kth, axis, idx_dtype=idx_dtype)[1]


def allclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8,
             equal_nan: bool = False) -> Any:  # fmt: skip
    """Are all elements close?"""
    return all_(isclose(a, b, rtol, atol, equal_nan))


def isclose(a: Any, b: Any, rtol: float = 1e-5, atol: float = 1e-8,
            equal_nan: bool = False) -> Any:  # fmt: skip
    """|a - b| <= atol + rtol * |b|, elementwise; infinities of one sign are close."""
    return _isclose(as_tensor_variable(a), as_tensor_variable(b), rtol, atol, equal_nan)


_isclose = deferred(lambda x, y, *how: call(np.isclose, x, y, *how), "isclose", silent=(0, 1))
