"""`theano.gof`"""

from ...tensor.c_code import MethodNotDefined
from ...tensor.c_files import COp, OpenMPOp, ParamsType
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
from ...tensor.user_types import Type
from ...tensor.variables import TensorConstant as Constant
from . import fg, graph, op, opt, optdb, toolbox, type, utils
from .fg import MissingInputError

__all__ = [
    "Apply", "COp", "Constant", "DB", "EquilibriumDB", "EquilibriumOptimizer", "FunctionGraph",
    "Generic", "LocalGroupDB", "LocalOptimizer", "MethodNotDefined", "MissingInputError", "Op",
    "OpRemove", "OpSub", "OpenMPOp", "Optimizer", "ParamsType", "PatternSub", "ProxyDB", "Query",
    "SeqOptimizer", "SequenceDB", "TopoDB", "TopoOptimizer", "Type", "Variable", "fg", "generic",
    "graph", "in2out", "local_optimizer", "op", "opt", "optdb", "optimizer", "out2in", "toolbox",
    "type", "utils",
]  # fmt: skip
