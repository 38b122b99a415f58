"""`theano.gof.fg`"""

from ...tensor.compiled import MissingInputError as MissingInputError
from ...tensor.fgraph import FunctionGraph as FunctionGraph

__all__ = ["FunctionGraph", "MissingInputError"]
