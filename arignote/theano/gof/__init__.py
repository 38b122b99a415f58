"""`theano.gof`"""

from ...tensor.fgraph import FunctionGraph
from ...tensor.graph import Apply, Variable
from ...tensor.rewriting import (
    DB,
    EquilibriumDB,
    EquilibriumOptimizer,
    LocalGroupDB,
    LocalOptimizer,
    OpRemove,
    OpSub,
    Optimizer,
    PatternSub,
    ProxyDB,
    Query,
    SeqOptimizer,
    SequenceDB,
    TopoDB,
    TopoOptimizer,
    in2out,
    local_optimizer,
    optimizer,
    out2in,
)
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
