"""`T.nnet`'s larger functions: upsampling, block products, volumes as images,
connectionist temporal classification, and the classes of convolutions that old programs call."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from . import nnet
from .creation import arange, zeros
from .elementwise import FUNCTIONS as F
from .elementwise import switch
from .indexing import set_subtensor
from .joining import concatenate
from .reductions import max as max_
from .reductions import sum as sum_
from .scanning import scan
from .variables import as_tensor_variable

_TINY = -1e30


# ---- upsampling ----------------------------------------------------------------------------------
def bilinear_kernel_1D(ratio: int, normalize: bool = True) -> Any:
    """The 2 * ratio - 1 weights of linear interpolation between points `ratio` apart."""
    rising = np.arange(1, ratio + 1)
    weights = np.concatenate([rising, rising[-2::-1]]).astype("float64")
    return weights / float(ratio) if normalize else weights


def bilinear_kernel_2D(ratio: int, normalize: bool = True) -> Any:
    """The outer product of `bilinear_kernel_1D` with itself."""
    one = bilinear_kernel_1D(ratio, normalize)
    return np.outer(one, one)


def bilinear_upsampling(
    input: Any, ratio: Any = None, frac_ratio: Any = None, batch_size: Any = None,
    num_input_channels: Any = None, use_1D_kernel: bool = True,
) -> Any:  # fmt: skip
    """Images (n, c, h, w) enlarged `ratio` times by linear interpolation; edges are repeated.

    Raises ValueError for a ratio that is no positive int, NotImplementedError for frac_ratio.
    """
    if frac_ratio is not None:
        raise NotImplementedError("bilinear_upsampling: frac_ratio is not offered; use a ratio")
    if not isinstance(ratio, int | np.integer) or ratio < 1:
        raise ValueError(f"bilinear_upsampling: the ratio must be an int from 1, not {ratio!r}")
    x = as_tensor_variable(input)
    for axis in (2, 3):
        x = _stretched(x, int(ratio), axis)
    return x


def _stretched(x: Any, ratio: int, axis: int) -> Any:
    """One axis enlarged: point k of x stands at k * ratio + (ratio - 1) // 2 of the result."""
    n = x.shape[axis]
    position = arange(n * ratio).astype("int64") - (ratio - 1) // 2
    low = position // ratio
    part = (position - low * ratio).astype(x.dtype) / np.dtype(x.dtype).type(ratio)
    low, high = (F["minimum"](F["maximum"](k, 0), n - 1) for k in (low, low + 1))
    key: list[Any] = [slice(None)] * x.ndim
    below, above = list(key), list(key)
    below[axis], above[axis] = low, high
    weight = part.dimshuffle(*["x" if k != axis else 0 for k in range(x.ndim)])
    return x[tuple(below)] * (1 - weight) + x[tuple(above)] * weight


# ---- convolutions --------------------------------------------------------------------------------
def conv3d2d(
    signals: Any, filters: Any, signals_shape: Any = None, filters_shape: Any = None,
    border_mode: Any = "valid",
) -> Any:  # fmt: skip
    """Volumes (n, time, c, h, w) under filters (m, time, c, kh, kw): (n, time, m, h, w)."""
    x, w = as_tensor_variable(signals), as_tensor_variable(filters)
    turned = nnet.conv3d(
        x.dimshuffle(0, 2, 1, 3, 4), w.dimshuffle(0, 2, 1, 3, 4), border_mode=border_mode
    )
    return turned.dimshuffle(0, 2, 1, 3, 4)


def get_conv_output_shape(
    image_shape: Any, kernel_shape: Any, border_mode: Any, subsample: Any,
    filter_dilation: Any = None,
) -> tuple[Any, ...]:  # fmt: skip
    """(batch, filters, sizes...) of a convolution's result; None where it is not known."""
    rank = len(image_shape) - 2
    dilation = (1,) * rank if filter_dilation is None else tuple(filter_dilation)
    borders = border_mode if isinstance(border_mode, tuple | list) else (border_mode,) * rank
    sizes = [
        _length(n, k, b, s, d)
        for n, k, b, s, d in zip(
            image_shape[2:], kernel_shape[-rank:], borders, subsample, dilation, strict=True
        )
    ]
    return (image_shape[0], kernel_shape[0], *sizes)


def _length(n: Any, k: Any, border: Any, step: int, dilation: int) -> Any:
    if n is None or k is None:
        return None
    span = (k - 1) * dilation + 1
    pads = {"valid": 0, "full": 2 * (span - 1), "half": 2 * (span // 2)}
    pad = pads[border] if isinstance(border, str) else (
        sum(border) if isinstance(border, tuple) else 2 * border
    )  # fmt: skip
    return (n + pad - span) // step + 1


class AbstractConv2d:
    """A convolution with its options, to be called with images and filters."""

    def __init__(
        self, imshp: Any = None, kshp: Any = None, border_mode: Any = "valid",
        subsample: Any = (1, 1), filter_flip: bool = True, filter_dilation: Any = (1, 1),
        num_groups: int = 1, unshared: bool = False,
    ) -> None:  # fmt: skip
        self.imshp, self.kshp, self.unshared = imshp, kshp, unshared
        self.options = {
            "border_mode": border_mode, "subsample": subsample, "filter_flip": filter_flip,
            "filter_dilation": filter_dilation, "num_groups": num_groups,
        }  # fmt: skip

    def __call__(self, *operands: Any) -> Any:
        img, kern = operands
        return nnet.conv2d(img, kern, unshared=self.unshared, **self.options)


class AbstractConv2d_gradInputs(AbstractConv2d):
    """The gradient by the images: called with filters, the result's gradient, the images' sizes."""

    def __call__(self, *operands: Any) -> Any:
        kern, topgrad, shape = operands
        found = [shape[0], shape[1]] if _vector(shape) else list(shape)
        t, k = as_tensor_variable(topgrad), as_tensor_variable(kern)
        whole = (t.shape[0], k.shape[1] * self.options["num_groups"], *found)
        return nnet.conv2d_grad_wrt_inputs(t, k, whole, **self.options)


class AbstractConv2d_gradWeights(AbstractConv2d):
    """The gradient by the filters: called with images, the result's gradient, the sizes."""

    def __call__(self, *operands: Any) -> Any:
        img, topgrad, shape = operands
        found = [shape[0], shape[1]] if _vector(shape) else list(shape)
        x, t = as_tensor_variable(img), as_tensor_variable(topgrad)
        whole = (t.shape[1], x.shape[1] // self.options["num_groups"], *found)
        return nnet.conv2d_grad_wrt_weights(x, t, whole, **self.options)


def _vector(shape: Any) -> bool:
    return hasattr(shape, "ndim")


# ---- block products ------------------------------------------------------------------------------
def sparse_block_dot(W: Any, h: Any, inputIdx: Any, b: Any, outputIdx: Any) -> Any:
    """b[outputIdx[i, j]] + sum over k of h[i, k] @ W[inputIdx[i, k], outputIdx[i, j]].

    W: (blocks in, blocks out, sizes in, sizes out); h: (batch, chosen in, sizes in), or without
    the batch; the index matrices say which blocks are chosen.
    """
    w, x, b = (as_tensor_variable(v) for v in (W, h, b))
    rows, columns = as_tensor_variable(inputIdx), as_tensor_variable(outputIdx)
    single = x.ndim == 2
    if single:
        x, rows = x.dimshuffle("x", 0, 1), rows.dimshuffle("x", 0)
        columns = columns.dimshuffle("x", 0)
    chosen = w[rows.dimshuffle(0, 1, "x"), columns.dimshuffle(0, "x", 1)]
    terms = sum_(x.dimshuffle(0, 1, "x", 2, "x") * chosen, axis=3)
    out = b[columns] + sum_(terms, axis=1)
    return out[0] if single else out


# ---- connectionist temporal classification -------------------------------------------------------
def ctc(activations: Any, labels: Any, input_lengths: Any) -> Any:
    """Minus the log of the probability of each label sequence, by the forward algorithm
    (Graves et al., 2006); class 0 is the blank.

    activations: (time, batch, classes), before the softmax.  labels: (batch, length), padded with
    -1.  input_lengths: how many times of each batch entry count.
    """
    x, y = as_tensor_variable(activations), as_tensor_variable(labels).astype("int64")
    lengths = as_tensor_variable(input_lengths).astype("int64")
    tiny = np.dtype(x.dtype).type(_TINY)
    top = max_(x, axis=2, keepdims=True)
    logs = x - top - F["log"](sum_(F["exp"](x - top), axis=2, keepdims=True))
    batch, count = y.shape[0], y.shape[1]
    known = F["maximum"](y, 0)
    extended = set_subtensor(zeros((batch, 2 * count + 1), "int64")[:, 1::2], known)
    said = y >= 0
    states = 2 * sum_(said.astype("int64"), axis=1) + 1
    before = concatenate([zeros((batch, 2), "int64"), extended[:, :-2]], axis=1)
    skips = F["bitwise_and"](F["neq"](extended, 0), F["neq"](extended, before))
    skips = F["bitwise_and"](skips, F["ge"](arange(2 * count + 1), 2).dimshuffle("x", 0))
    row = arange(batch).dimshuffle(0, "x")
    first = switch(arange(2 * count + 1).dimshuffle("x", 0) < 2, logs[0][row, extended], tiny)

    def step(now: Any, t: Any, alpha: Any) -> Any:
        one = _shifted(alpha, 1, tiny)
        two = switch(skips, _shifted(alpha, 2, tiny), tiny)
        new = _log_sum([alpha, one, two]) + now[row, extended]
        return switch((t < lengths).dimshuffle(0, "x"), F["maximum"](new, tiny), alpha)

    alphas, _ = scan(step, [logs[1:], arange(1, x.shape[0])], first)
    final = concatenate([first.dimshuffle("x", 0, 1), alphas], axis=0)[-1]
    at = arange(batch)
    last = final[at, states - 1]
    other = switch(states > 1, final[at, F["maximum"](states - 2, 0)], tiny)
    return -_log_sum([last, other])


def _shifted(alpha: Any, k: int, fill: Any) -> Any:
    start = zeros((alpha.shape[0], k), alpha.dtype) + fill
    return concatenate([start, alpha[:, :-k]], axis=1)


def _log_sum(values: Sequence[Any]) -> Any:
    top = values[0]
    for v in values[1:]:
        top = F["maximum"](top, v)
    total = F["exp"](values[0] - top)
    for v in values[1:]:
        total = total + F["exp"](v - top)
    return F["log"](total) + top


__all__ = [
    "AbstractConv2d", "AbstractConv2d_gradInputs", "AbstractConv2d_gradWeights",
    "bilinear_kernel_1D", "bilinear_kernel_2D", "bilinear_upsampling", "conv3d2d", "ctc",
    "get_conv_output_shape", "sparse_block_dot",
]  # fmt: skip
