"""`theano.tensor.nnet.nnet`"""

from ....tensor.nnet import (
    binary_crossentropy,
    categorical_crossentropy,
    crossentropy_categorical_1hot,
    elu,
    logsoftmax,
    relu,
    selu,
    sigmoid_binary_crossentropy,
    softmax,
    softsign,
)  # fmt: skip

__all__ = [
    "binary_crossentropy", "categorical_crossentropy", "crossentropy_categorical_1hot", "elu",
    "logsoftmax", "relu", "selu", "sigmoid_binary_crossentropy", "softmax", "softsign",
]  # fmt: skip
