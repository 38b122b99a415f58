"""New arrays: zeros, alloc, eye, arange, and arrays like others."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from .deferred import deferred
from .elementwise import cast, switch
from .evaluate import call, strong
from .shaping import as_size, as_sizes, sizes_of, static_size
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable, constant


def _alloc_run(value: Any, parts: Any, count: int) -> Any:
    shape = as_sizes(parts, count)
    return call(np.copy, call(np.broadcast_to, strong(value), shape))


_alloc = deferred(
    _alloc_run, "Alloc",
    lambda value, parts, count: TensorType(
        value.dtype,
        [p == 1 for p in parts] if not any(getattr(p, "ndim", 0) for p in parts)
        else [False] * count,
    ),
    sizes=True,
)  # fmt: skip


def alloc(value: Any, *shape: Any) -> Any:
    """An array of this shape filled with `value`, which broadcasts to it."""
    if len(shape) == 1 and (isinstance(shape[0], list | tuple) or np.ndim(_plain(shape[0])) == 1):
        shape = shape[0]
    parts, count = sizes_of(shape)
    return _alloc(as_tensor_variable(value), [static_size(p) for p in parts], count)


def _plain(x: Any) -> Any:
    return np.zeros((1,) * x.ndim) if hasattr(x, "ndim") else x


def _kind(dtype: Any) -> str:
    return str(config.floatX) if dtype in (None, "floatX") else np.dtype(dtype).name


def zeros(shape: Any, dtype: Any = None) -> Any:
    """Zeros, of `config.floatX` unless a dtype is given."""
    return alloc(constant(0, dtype=_kind(dtype)), shape)


def ones(shape: Any, dtype: Any = None) -> Any:
    """Ones, of `config.floatX` unless a dtype is given."""
    return alloc(constant(1, dtype=_kind(dtype)), shape)


_like = deferred(
    lambda model, value: call(np.zeros_like, strong(model), dtype=value.dtype) + value, "second",
    lambda model, value: TensorType(value.dtype, model.broadcastable), silent=(0,),
)  # fmt: skip


def fill(model: Any, value: Any) -> Any:
    """An array of the shape of `model` filled with `value`."""
    return _like(as_tensor_variable(model), as_tensor_variable(value))


def zeros_like(model: Any, dtype: Any = None, opt: bool = False) -> Any:
    """Zeros in the shape and dtype of `model`."""
    model = as_tensor_variable(model)
    return fill(model, constant(0, dtype=model.dtype if dtype is None else _kind(dtype)))


def ones_like(model: Any, dtype: Any = None, opt: bool = False) -> Any:
    """Ones in the shape and dtype of `model`."""
    model = as_tensor_variable(model)
    return fill(model, constant(1, dtype=model.dtype if dtype is None else _kind(dtype)))


_eye = deferred(
    lambda n, m, k, dtype: call(np.eye, as_size(n), as_size(m), as_size(k), dtype=dtype), "Eye",
    lambda n, m, k, dtype: TensorType(dtype, (False, False)), sizes=True,
)  # fmt: skip
_tri = deferred(
    lambda n, m, k, dtype: call(np.tri, as_size(n), as_size(m), as_size(k), dtype=dtype), "Tri",
    lambda n, m, k, dtype: TensorType(dtype, (False, False)), sizes=True,
)  # fmt: skip


def eye(n: Any, m: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """Ones on the k-th diagonal of an n x m matrix."""
    return _eye(static_size(n), static_size(n if m is None else m), static_size(k), _kind(dtype))


def tri(N: Any, M: Any = None, k: Any = 0, dtype: Any = None) -> Any:
    """Ones at and below the k-th diagonal."""
    return _tri(static_size(N), static_size(N if M is None else M), static_size(k), _kind(dtype))


def identity_like(x: Any) -> Any:
    """The identity matrix of the shape of x."""
    x = as_tensor_variable(x)
    return eye(x.shape[0], x.shape[1], 0, x.dtype)


_tril = deferred(lambda x, k: call(np.tril, x, k), "tril", lambda x, k: x.type)
_triu = deferred(lambda x, k: call(np.triu, x, k), "triu", lambda x, k: x.type)


def tril(m: Any, k: int = 0) -> Any:
    """m with zeros above the k-th diagonal."""
    return _tril(as_tensor_variable(m), int(k))


def triu(m: Any, k: int = 0) -> Any:
    """m with zeros below the k-th diagonal."""
    return _triu(as_tensor_variable(m), int(k))


def _arange_run(start: Any, stop: Any, step: Any, dtype: str) -> Any:
    made = call(np.arange, start, stop, step)
    return made if made.dtype == dtype else made.astype(dtype)


_arange = deferred(
    _arange_run, "ARange", lambda start, stop, step, dtype: TensorType(dtype, (False,)),
    silent=(0, 1, 2), sizes=True,
)  # fmt: skip


def arange(start: Any, stop: Any = None, step: Any = 1, dtype: Any = None) -> Any:
    """start, start + step, ... before stop.  Without dtype: int64 for ints, else their dtype."""
    if stop is None:
        start, stop = 0, start
    parts = [as_tensor_variable(x) for x in (start, stop, step)]
    if dtype is None:
        found = np.result_type(*[np.dtype(p.dtype) for p in parts])
        dtype = np.dtype("int64") if found.kind in "iub" else found
    given = [p.data.item() if isinstance(p, TensorConstant) else p for p in parts]
    return _arange(*given, np.dtype(dtype).name)


_linspace = deferred(
    lambda a, b, n, dtype: call(np.linspace, a, b, as_size(n)).astype(dtype), "linspace",
    lambda a, b, n, dtype: TensorType(dtype, (False,)), sizes=True,
)  # fmt: skip


def linspace(start: Any, stop: Any, num: Any = 50, dtype: Any = "float64") -> Any:
    """`num` numbers from start to stop."""
    return _linspace(start, stop, static_size(num), _kind(dtype))


class Grid:
    """`mgrid[0:n, 0:m]` and `ogrid`, with variables as bounds."""

    def __init__(self, sparse: bool) -> None:
        self.sparse = sparse

    def __getitem__(self, key: Any) -> list[Any]:
        ranges = [
            arange(0 if s.start is None else s.start, s.stop, 1 if s.step is None else s.step)
            for s in (key if isinstance(key, tuple) else (key,))
        ]
        n = len(ranges)
        shaped = [r.dimshuffle(*["x"] * k, 0, *["x"] * (n - k - 1)) for k, r in enumerate(ranges)]
        if self.sparse:
            return shaped
        full = shaped[0] * 0
        for r in shaped[1:]:
            full = full + r * 0
        return [full + r for r in shaped]


mgrid = Grid(sparse=False)
ogrid = Grid(sparse=True)


_nonzero = deferred(
    lambda x: tuple(call(np.nonzero, x)), "nonzero",
    lambda x: tuple([TensorType("int64", (False,))] * x.ndim), silent=(0,),
)  # fmt: skip


def nonzero(a: Any, return_matrix: bool = False) -> Any:
    """The positions of elements that are not zero: one vector an axis, or a matrix."""
    a = as_tensor_variable(a)
    if a.ndim == 0:
        raise ValueError("nonzero: a scalar has no positions")
    found = _nonzero(a)
    if not return_matrix:
        return tuple(found)
    return as_tensor_variable(list(found))


def flatnonzero(a: Any) -> Any:
    """The positions of elements of the flattened variable that are not zero."""
    return nonzero(as_tensor_variable(a).flatten())[0]


def nonzero_values(a: Any) -> Any:
    """The elements that are not zero."""
    a = as_tensor_variable(a)
    return a.flatten()[flatnonzero(a)]


def where(condition: Any, x: Any = None, y: Any = None) -> Any:
    """`switch`; with one argument, `nonzero`."""
    return nonzero(condition) if x is None else switch(condition, x, y)


def choose(a: Any, choices: Any, out: Any = None, mode: str = "raise") -> Any:
    """For each element of a, that element of the choice with this number."""
    a = as_tensor_variable(a)
    options = choices if isinstance(choices, list | tuple) else [choices[k] for k in range(2)]
    return _choose(a, [as_tensor_variable(c) for c in options], mode)


_choose = deferred(
    lambda a, options, mode: call(np.choose, a, list(options), mode=mode), "choose",
    lambda a, options, mode: TensorType(
        np.result_type(*[np.dtype(c.dtype) for c in options]),
        [False] * max(a.ndim, *[c.ndim for c in options]),
    ), silent=(0,),
)  # fmt: skip
_cast = cast
