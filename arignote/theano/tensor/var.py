"""`theano.tensor.var`"""

from ...tensor.variables import TensorConstant as TensorConstant
from ...tensor.variables import TensorVariable as TensorVariable

__all__ = ["TensorConstant", "TensorVariable"]
