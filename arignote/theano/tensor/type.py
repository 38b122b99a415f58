"""`theano.tensor.type`"""

from ...tensor.types import TensorType as TensorType

__all__ = ["TensorType"]
