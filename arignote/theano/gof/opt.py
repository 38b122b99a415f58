"""`theano.gof.opt`"""

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
from ...tensor.rewriting import copy_stack_trace

__all__ = [
    "EquilibriumOptimizer", "LocalOptimizer", "OpRemove", "OpSub", "Optimizer", "PatternSub",
    "SeqOptimizer", "TopoOptimizer", "copy_stack_trace", "in2out", "local_optimizer",
    "optimizer", "out2in",
]  # fmt: skip
