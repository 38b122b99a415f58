"""`theano.gof`"""

from ...tensor.graph import Apply, Variable
from ...tensor.types import GenericType as Generic
from ...tensor.variables import TensorConstant as Constant
from . import graph

__all__ = ["Apply", "Constant", "Generic", "Variable", "graph"]
