"""`theano.gof.graph`"""

from ...tensor.cloning import ancestors as ancestors
from ...tensor.cloning import clone as clone
from ...tensor.cloning import inputs as inputs
from ...tensor.comparing import equal_computations as equal_computations
from ...tensor.comparing import is_same_graph as is_same_graph
from ...tensor.fgraph import io_toposort as io_toposort
from ...tensor.fgraph import variables as variables
from ...tensor.graph import Apply as Apply
from ...tensor.graph import Variable as Variable
from ...tensor.variables import TensorConstant as Constant

__all__ = [
    "Apply", "Constant", "Variable", "ancestors", "clone", "equal_computations", "inputs",
    "io_toposort", "is_same_graph", "variables",
]  # fmt: skip
