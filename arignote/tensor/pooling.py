"""`T.signal.pool`: pooling of symbolic variables."""

from __future__ import annotations

from typing import Any

from .. import nn
from . import nnet
from .deferred import deferred
from .types import TensorType
from .variables import as_tensor_variable

_pool = deferred(nn.pool, "Pool", lambda x, *rest: TensorType(x.dtype, [False] * x.ndim))
_same_size = deferred(nn.max_pool_2d_same_size, "MaxPoolSameSize", lambda x, *rest: x.type)


def _pooled(
    rank: int, x: Any, ws: Any, ignore_border: Any, stride: Any, pad: Any, mode: str,
    old: dict[str, Any],
) -> Any:  # fmt: skip
    ws = old.get("ds", ws)
    stride = old.get("st", stride)
    pad = old.get("padding", pad)
    if ws is None:
        raise ValueError(f"pool_{rank}d: give ws, the size of the windows")
    x = as_tensor_variable(x)
    if x.ndim < rank:
        raise NotImplementedError(f"pool_{rank}d wants a variable of rank {rank} or more")
    steps = None if stride is None else _sizes(stride)
    border = False if ignore_border is None else bool(ignore_border)
    return _pool(x, _sizes(ws), border, steps, _sizes(pad), mode)


def _sizes(x: Any) -> tuple[int, ...]:
    return tuple(int(getattr(v, "data", v)) for v in x)


def pool_2d(
    input: Any, ws: Any = None, ignore_border: Any = None, stride: Any = None, pad: Any = (0, 0),
    mode: str = "max", **old: Any,
) -> Any:  # fmt: skip
    """Windows of the last two axes: mode max, sum, average_inc_pad or average_exc_pad."""
    return _pooled(2, input, ws, ignore_border, stride, pad, mode, old)


def pool_3d(
    input: Any, ws: Any = None, ignore_border: Any = None, stride: Any = None, pad: Any = (0, 0, 0),
    mode: str = "max", **old: Any,
) -> Any:  # fmt: skip
    """Windows of the last three axes."""
    return _pooled(3, input, ws, ignore_border, stride, pad, mode, old)


def max_pool_2d_same_size(input: Any, patch_size: Any) -> Any:
    """The maxima of windows where they stand, zeros elsewhere."""
    return _same_size(as_tensor_variable(input), _sizes(patch_size))


def max_pool_2d(input: Any, ds: Any, ignore_border: Any = None, st: Any = None,
                padding: Any = (0, 0), mode: str = "max") -> Any:  # fmt: skip
    """The name before `pool_2d`."""
    return pool_2d(input, ds, ignore_border, st, padding, mode)


def conv2d(input: Any, filters: Any, image_shape: Any = None, filter_shape: Any = None,
           border_mode: str = "valid", subsample: Any = (1, 1), **options: Any) -> Any:  # fmt: skip
    """The convolution of every image (.., h, w) with every filter (.., kh, kw)."""
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    images = x.dimshuffle(*["x"] * (3 - x.ndim), *range(x.ndim))
    kernels = w.dimshuffle(*["x"] * (3 - w.ndim), *range(w.ndim))
    out = nnet.conv2d(
        images.dimshuffle(0, "x", 1, 2), kernels.dimshuffle(0, "x", 1, 2), border_mode=border_mode,
        subsample=subsample,
    )  # fmt: skip
    if x.ndim == 2 and w.ndim == 2:
        return out[0, 0]
    if x.ndim == 2:
        return out[0]
    return out[:, 0] if w.ndim == 2 else out
