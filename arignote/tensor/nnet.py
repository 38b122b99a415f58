"""`T.nnet`: the network functions of `arignote.nn` as functions of symbolic variables."""

from __future__ import annotations

from typing import Any

import numpy as np
import scipy.special as special

from .. import nn
from .deferred import deferred
from .elementwise import elementwise
from .shaping import shape_padleft
from .types import TensorType
from .variables import as_tensor_variable

sigmoid = elementwise("sigmoid", special.expit, 1, "float")
softplus = elementwise("softplus", nn.softplus, 1, "float")
softsign = elementwise("softsign", lambda x: x / (1 + np.abs(x)), 1, "float")
hard_sigmoid = elementwise("hard_sigmoid", nn.hard_sigmoid, 1, "float")
ultra_fast_sigmoid = elementwise("ultra_fast_sigmoid", nn.ultra_fast_sigmoid, 1, "float")
selu = elementwise("selu", nn.selu, 1, "float")


def relu(x: Any, alpha: Any = 0) -> Any:
    """x where positive, else alpha * x."""
    x = as_tensor_variable(x)
    if isinstance(alpha, int | float) and alpha == 0:
        return _positive(x)
    return _leaky(x, alpha)


_positive = elementwise("relu", lambda x: np.maximum(x, x.dtype.type(0)), 1)
_leaky = elementwise("leaky_relu", lambda x, a: np.maximum(x, 0) + a * np.minimum(x, 0), 2)


def elu(x: Any, alpha: Any = 1) -> Any:
    """x where positive, else alpha * (exp(x) - 1)."""
    return _elu(x, alpha)


_elu = elementwise("elu", nn.elu, 2, "float")


# ---- softmax and cross-entropies -----------------------------------------------------------------
def _float(x: Any) -> str:
    return str(x.dtype) if np.dtype(x.dtype).kind == "f" else "float64"


_softmax = deferred(nn.softmax, "Softmax", lambda x: TensorType(_float(x), x.broadcastable))
_logsoftmax = deferred(
    nn.log_softmax, "LogSoftmax", lambda x: TensorType(_float(x), x.broadcastable)
)


def _rows(x: Any) -> Any:
    x = as_tensor_variable(x)
    return shape_padleft(x) if x.ndim == 1 else x


def softmax(c: Any) -> Any:
    """exp(c) over its sum along the last axis; a vector becomes a matrix of one row."""
    return _softmax(_rows(c))


def logsoftmax(c: Any) -> Any:
    """log(softmax(c)), finite for finite c."""
    return _logsoftmax(_rows(c))


def _examples(p: Any, t: Any) -> TensorType:
    dtype = np.result_type(p.dtype, t.dtype) if p.ndim == t.ndim else p.dtype
    return TensorType(_float(np.empty(0, dtype)), p.broadcastable[:-1])


_crossentropy = deferred(nn.categorical_crossentropy, "CrossentropyCategorical", _examples)


def categorical_crossentropy(coding_dist: Any, true_dist: Any) -> Any:
    """One value a row: minus the sum of true_dist * log(coding_dist), or, for a vector of class
    numbers, minus the log of the probability of each."""
    p, t = as_tensor_variable(coding_dist), as_tensor_variable(true_dist)
    if t.ndim not in (p.ndim, p.ndim - 1):
        raise TypeError(
            f"categorical_crossentropy: {t.type} fits {p.type} neither as distributions nor as "
            f"class numbers"
        )
    return _crossentropy(p, t)


crossentropy_categorical_1hot = categorical_crossentropy
binary_crossentropy = elementwise("binary_crossentropy", nn.binary_crossentropy, 2, "float")
sigmoid_binary_crossentropy = elementwise(
    "sigmoid_binary_crossentropy", nn.sigmoid_binary_crossentropy, 2, "float"
)
_with_bias = deferred(
    nn.crossentropy_softmax_argmax_1hot_with_bias, "CrossentropySoftmaxArgmax1HotWithBias",
    lambda x, b, y: (
        TensorType(x.dtype, (False,)), TensorType(x.dtype, (False, False)),
        TensorType("int64", (False,)),
    ),
)  # fmt: skip


def crossentropy_softmax_argmax_1hot_with_bias(x: Any, b: Any, y: Any) -> Any:
    """(cross-entropies, softmax, argmax) of x + b and class numbers y."""
    return _with_bias(as_tensor_variable(x), as_tensor_variable(b), as_tensor_variable(y))


def crossentropy_softmax_1hot_with_bias(x: Any, b: Any, y: Any) -> Any:
    """(cross-entropies, softmax) of x + b and class numbers y."""
    return crossentropy_softmax_argmax_1hot_with_bias(x, b, y)[:2]


def crossentropy_softmax_1hot(x: Any, y: Any) -> Any:
    """(cross-entropies, softmax) of x and class numbers y."""
    x = as_tensor_variable(x)
    return crossentropy_softmax_1hot_with_bias(x, x[0] * 0, y)


def softmax_with_bias(x: Any, b: Any) -> Any:
    """softmax(x + b)"""
    return softmax(as_tensor_variable(x) + as_tensor_variable(b))


def h_softmax(
    x: Any, batch_size: Any, n_outputs: Any, n_classes: Any, n_outputs_per_class: Any, W1: Any,
    b1: Any, W2: Any, b2: Any, target: Any = None,
) -> Any:  # fmt: skip
    """A softmax of two levels; see `ag.nn.h_softmax`."""
    return _h_softmax(x, batch_size, n_outputs, n_classes, n_outputs_per_class, W1, b1, W2, b2,
                      target)  # fmt: skip


_h_softmax = deferred(
    nn.h_softmax, "HSoftmax",
    lambda x, *rest: TensorType(x.dtype, (False,) * (1 if rest[-1] is not None else 2)),
)  # fmt: skip
_confusion = deferred(
    nn.confusion_matrix, "ConfusionMatrix",
    lambda a, p: (
        TensorType("int64", (False, False)), TensorType(np.result_type(a.dtype, p.dtype), (False,))
    ), silent=(0, 1),
)  # fmt: skip


def confusion_matrix(actual: Any, pred: Any) -> Any:
    """[counts, classes]"""
    return _confusion(as_tensor_variable(actual), as_tensor_variable(pred))


# ---- batch normalization -------------------------------------------------------------------------
def batch_normalization(
    inputs: Any, gamma: Any, beta: Any, mean: Any, std: Any, mode: str = "low_mem"
) -> Any:
    """(inputs - mean) * gamma / std + beta"""
    return (as_tensor_variable(inputs) - mean) * (as_tensor_variable(gamma) / std) + beta


def _train_types(x: Any, gamma: Any, beta: Any, axes: Any, *rest: Any) -> Any:
    extra = sum(v is not None for v in rest[2:])
    over = over_axes(axes, x.ndim)
    stat = TensorType(x.dtype, [k in over for k in range(x.ndim)])
    return (TensorType(x.dtype, x.broadcastable), stat, stat, *[stat] * extra)


def over_axes(axes: Any, rank: int) -> tuple[int, ...]:
    """The axes that statistics go over."""
    if axes == "per-activation":
        return (0,)
    if axes == "spatial":
        return (0, *range(2, rank))
    return tuple(int(a) % rank for a in axes)


_train = deferred(nn.batch_normalization_train, "BatchNormTrain", _train_types)
_test = deferred(nn.batch_normalization_test, "BatchNormTest", lambda x, *rest: x.type)


def batch_normalization_train(
    inputs: Any, gamma: Any, beta: Any, axes: Any = "per-activation", epsilon: Any = 1e-4,
    running_average_factor: Any = 0.1, running_mean: Any = None, running_var: Any = None,
) -> Any:  # fmt: skip
    """(result, mean, 1 / std[, running mean][, running variance]) of a batch.

    The new running averages have the rank of the old ones, so that they can be their updates.
    """
    x, g, b = (as_tensor_variable(v) for v in (inputs, gamma, beta))
    old = [None if v is None else as_tensor_variable(v) for v in (running_mean, running_var)]
    found = list(_train(x, g, b, axes, epsilon, running_average_factor, *old))
    for k, v in enumerate((v for v in old if v is not None), 3):
        if v.ndim != x.ndim:
            over = over_axes(axes, x.ndim)
            found[k] = found[k].dimshuffle([a for a in range(x.ndim) if a not in over])
    return tuple(found)


def batch_normalization_test(
    inputs: Any, gamma: Any, beta: Any, mean: Any, var: Any, axes: Any = "per-activation",
    epsilon: Any = 1e-4,
) -> Any:  # fmt: skip
    """(inputs - mean) * gamma / sqrt(var + epsilon) + beta"""
    parts = [as_tensor_variable(v) for v in (inputs, gamma, beta, mean, var)]
    return _test(*parts, axes, epsilon)


# ---- convolutions --------------------------------------------------------------------------------
def _conv_type(rank: int) -> Any:
    return lambda x, w, *rest: TensorType(np.result_type(x.dtype, w.dtype), (False,) * rank)


_conv2d = deferred(nn.conv2d, "conv2d", _conv_type(4))
_unshared = deferred(nn.unshared_conv2d, "unshared_conv2d", _conv_type(4))
_conv3d = deferred(nn.conv3d, "conv3d", _conv_type(5))
_transposed = deferred(nn.conv2d_transpose, "conv2d_transpose", _conv_type(4), sizes=True)
_separable = deferred(nn.separable_conv2d, "separable_conv2d", _conv_type(4))
_causal = deferred(nn.causal_conv1d, "causal_conv1d", _conv_type(3))


def conv2d(
    input: Any, filters: Any, input_shape: Any = None, filter_shape: Any = None,
    border_mode: Any = "valid", subsample: Any = (1, 1), filter_flip: bool = True,
    image_shape: Any = None, filter_dilation: Any = (1, 1), num_groups: int = 1,
    unshared: bool = False, **kwargs: Any,
) -> Any:  # fmt: skip
    """Images (n, c, h, w) under filters (m, c, kh, kw); the shapes given are not needed.

    unshared: filters (m, rows, columns, c, kh, kw), one for each place of the result.
    """
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    if unshared:
        if tuple(filter_dilation) != (1, 1) or num_groups != 1:
            raise NotImplementedError("conv2d: unshared filters have no dilation and no groups")
        return _unshared(x, w, border_mode, tuple(subsample), filter_flip)
    if x.ndim != 4 or w.ndim != 4:
        raise TypeError(f"conv2d wants tensors of rank 4, not {x.type} and {w.type}")
    return _conv2d(x, w, border_mode, subsample, filter_flip, filter_dilation, num_groups)


def conv3d(
    input: Any, filters: Any, input_shape: Any = None, filter_shape: Any = None,
    border_mode: Any = "valid", subsample: Any = (1, 1, 1), filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1), num_groups: int = 1,
) -> Any:  # fmt: skip
    """(n, c, d, h, w) under filters (m, c, kd, kh, kw)."""
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    return _conv3d(x, w, border_mode, subsample, filter_flip, filter_dilation, num_groups)


def _back_type(rank: int) -> Any:
    return lambda a, b, shape, options: TensorType(
        np.result_type(a.dtype, b.dtype), [isinstance(d, int) and d == 1 for d in shape]
    )


def _gradient(function: Any, rank: int, by: str) -> Any:
    """The gradient of a convolution by its "inputs" or its "weights", with Theano's arguments."""
    name = f"conv{rank - 2}d_grad_wrt_{by}"
    op = deferred(lambda a, b, shape, options: function(a, b, shape, **options), name,
                  _back_type(rank), sizes=True)  # fmt: skip

    def made(
        a: Any, b: Any, shape: Any, border_mode: Any, subsample: Any, filter_flip: bool,
        filter_dilation: Any, num_groups: int, unshared: bool,
    ) -> Any:  # fmt: skip
        if unshared:
            raise NotImplementedError(f"{name}: filters are shared: take the gradient of conv2d")
        ones = (1,) * (rank - 2)
        options = {
            "border_mode": border_mode, "filter_flip": filter_flip, "num_groups": num_groups,
            "subsample": ones if subsample is None else tuple(subsample),
            "filter_dilation": ones if filter_dilation is None else tuple(filter_dilation),
        }  # fmt: skip
        parts = [as_tensor_variable(v) for v in (a, b)]
        return op(*parts, tuple(map(_size, shape)), options)

    def wrt_inputs(
        output_grad: Any, filters: Any, input_shape: Any, filter_shape: Any = None,
        border_mode: Any = "valid", subsample: Any = None, filter_flip: bool = True,
        filter_dilation: Any = None, num_groups: int = 1, unshared: bool = False,
    ) -> Any:  # fmt: skip
        return made(output_grad, filters, input_shape, border_mode, subsample, filter_flip,
                    filter_dilation, num_groups, unshared)  # fmt: skip

    def wrt_weights(
        input: Any, output_grad: Any, filter_shape: Any, input_shape: Any = None,
        border_mode: Any = "valid", subsample: Any = None, filter_flip: bool = True,
        filter_dilation: Any = None, num_groups: int = 1, unshared: bool = False,
    ) -> Any:  # fmt: skip
        return made(input, output_grad, filter_shape, border_mode, subsample, filter_flip,
                    filter_dilation, num_groups, unshared)  # fmt: skip

    symbolic = wrt_inputs if by == "inputs" else wrt_weights
    symbolic.__name__ = symbolic.__qualname__ = name
    symbolic.__doc__ = f"{name}: see `ag.nn.{name}`."
    return symbolic


def _size(d: Any) -> Any:
    return int(d.data) if hasattr(d, "data") else d


conv2d_grad_wrt_inputs = _gradient(nn.conv2d_grad_wrt_inputs, 4, "inputs")
conv2d_grad_wrt_weights = _gradient(nn.conv2d_grad_wrt_weights, 4, "weights")
conv3d_grad_wrt_inputs = _gradient(nn.conv3d_grad_wrt_inputs, 5, "inputs")
conv3d_grad_wrt_weights = _gradient(nn.conv3d_grad_wrt_weights, 5, "weights")


def conv2d_transpose(
    input: Any, filters: Any, output_shape: Any, filter_shape: Any = None,
    border_mode: Any = (0, 0), input_dilation: Any = (1, 1), filter_flip: bool = True,
    filter_dilation: Any = (1, 1), num_groups: int = 1, unshared: bool = False,
) -> Any:  # fmt: skip
    """The transpose of a convolution, to images of `output_shape`."""
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    return _transposed(
        x, w, tuple(output_shape), border_mode, input_dilation, filter_flip, filter_dilation,
        num_groups,
    )  # fmt: skip


def separable_conv2d(
    input: Any, depthwise_filters: Any, pointwise_filters: Any, num_channels: int,
    input_shape: Any = None, depthwise_filter_shape: Any = None, pointwise_filter_shape: Any = None,
    border_mode: Any = "valid", subsample: Any = (1, 1), filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> Any:  # fmt: skip
    """A convolution of each channel by itself, then one that mixes channels."""
    parts = [as_tensor_variable(v) for v in (input, depthwise_filters, pointwise_filters)]
    return _separable(*parts, num_channels, border_mode, subsample, filter_flip, filter_dilation)


def separable_conv3d(
    input: Any, depthwise_filters: Any, pointwise_filters: Any, num_channels: int,
    input_shape: Any = None, depthwise_filter_shape: Any = None, pointwise_filter_shape: Any = None,
    border_mode: Any = "valid", subsample: Any = (1, 1, 1), filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
) -> Any:  # fmt: skip
    """As `separable_conv2d`, for (n, c, d, h, w)."""
    each = conv3d(input, depthwise_filters, None, None, border_mode, subsample, filter_flip,
                  filter_dilation, num_channels)  # fmt: skip
    return conv3d(each, pointwise_filters, filter_flip=filter_flip)


def causal_conv1d(
    input: Any, filters: Any, filter_shape: Any = None, input_shape: Any = None,
    subsample: int = 1, filter_flip: bool = True, filter_dilation: int = 1, num_groups: int = 1,
    unshared: bool = False,
) -> Any:  # fmt: skip
    """A convolution whose results depend on no later element."""
    x, w = as_tensor_variable(input), as_tensor_variable(filters)
    return _causal(x, w, filter_shape, subsample, filter_flip, filter_dilation, num_groups)


# ---- patches -------------------------------------------------------------------------------------
_images2neibs = deferred(
    nn.images2neibs, "Images2Neibs", lambda x, *rest: TensorType(x.dtype, (False, False))
)
_neibs2images = deferred(
    nn.neibs2images, "Neibs2Images", lambda x, *rest: TensorType(x.dtype, (False,) * 4), sizes=True
)


def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> Any:
    """Patches of images as rows of a matrix."""
    return _images2neibs(as_tensor_variable(ten4), _static(neib_shape), _static(neib_step), mode)


def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> Any:
    """Images from patches that lie side by side."""
    return _neibs2images(
        as_tensor_variable(neibs), _static(neib_shape), tuple(original_shape), mode
    )


def _static(x: Any) -> Any:
    return None if x is None else tuple(int(getattr(v, "data", v)) for v in x)
