"""`theano.tensor.nnet`"""

from ....tensor.nnet import (
    batch_normalization,
    binary_crossentropy,
    categorical_crossentropy,
    causal_conv1d,
    confusion_matrix,
    conv2d,
    conv2d_transpose,
    conv3d,
    crossentropy_categorical_1hot,
    crossentropy_softmax_1hot,
    crossentropy_softmax_1hot_with_bias,
    crossentropy_softmax_argmax_1hot_with_bias,
    elu,
    h_softmax,
    hard_sigmoid,
    logsoftmax,
    relu,
    selu,
    separable_conv2d,
    separable_conv3d,
    sigmoid,
    sigmoid_binary_crossentropy,
    softmax,
    softmax_with_bias,
    softplus,
    softsign,
    ultra_fast_sigmoid,
)  # fmt: skip
from ....tensor.nnet_more import ctc, sparse_block_dot
from . import abstract_conv, blocksparse, bn, conv, conv3d2d, neighbours, nnet, sigm

__all__ = [
    "abstract_conv", "batch_normalization", "binary_crossentropy", "blocksparse", "bn",
    "categorical_crossentropy", "causal_conv1d", "confusion_matrix", "conv", "conv2d",
    "conv2d_transpose", "conv3d", "conv3d2d", "crossentropy_categorical_1hot",
    "crossentropy_softmax_1hot", "crossentropy_softmax_1hot_with_bias",
    "crossentropy_softmax_argmax_1hot_with_bias", "ctc", "elu", "h_softmax", "hard_sigmoid",
    "logsoftmax", "neighbours", "nnet", "relu", "selu", "separable_conv2d", "separable_conv3d",
    "sigm", "sigmoid",
    "sigmoid_binary_crossentropy", "softmax", "softmax_with_bias", "softplus", "softsign",
    "sparse_block_dot", "ultra_fast_sigmoid",
]  # fmt: skip
