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

__all__ = [
    "EquilibriumOptimizer", "LocalOptimizer", "OpRemove", "OpSub", "Optimizer", "PatternSub",
    "SeqOptimizer", "TopoOptimizer", "in2out", "local_optimizer", "optimizer", "out2in",
]  # fmt: skip
