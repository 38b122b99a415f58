"""`theano.gof`"""

from ...tensor.databases import (
    DB,
    EquilibriumDB,
    LocalGroupDB,
    ProxyDB,
    Query,
    SequenceDB,
    TopoDB,
)
from ...tensor.fgraph import FunctionGraph
from ...tensor.graph import Apply, Variable
from ...tensor.optimizers import (
    EquilibriumOptimizer,
    LocalOptimizer,
    Optimizer,
    SeqOptimizer,
    TopoOptimizer,
    in2out,
    local_optimizer,
    optimizer,
    out2in,
)
from ...tensor.patterns import OpRemove, OpSub, PatternSub
from ...tensor.types import GenericType as Generic
from ...tensor.types import generic
from ...tensor.user_ops import Op
from ...tensor.variables import TensorConstant as Constant
from . import fg, graph, op, opt, optdb, toolbox
from .fg import MissingInputError

__all__ = [
    "DB", "Apply", "Constant", "EquilibriumDB", "EquilibriumOptimizer", "FunctionGraph", "Generic",
    "LocalGroupDB", "LocalOptimizer", "MissingInputError", "Op", "OpRemove", "OpSub", "Optimizer",
    "PatternSub", "ProxyDB", "Query", "SeqOptimizer", "SequenceDB", "TopoDB", "TopoOptimizer",
    "Variable", "fg", "generic", "graph", "in2out", "local_optimizer", "op", "opt", "optdb",
    "optimizer", "out2in", "toolbox",
]  # fmt: skip
