"""`theano.gof.fg`"""

from ...tensor.fgraph import FunctionGraph as FunctionGraph
from ...tensor.functions import MissingInputError as MissingInputError

__all__ = ["FunctionGraph", "MissingInputError"]
