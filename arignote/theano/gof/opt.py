"""`theano.gof.opt`"""

from ...tensor.rewriting import (
    EquilibriumOptimizer,
    LocalOptimizer,
    OpRemove,
    OpSub,
    Optimizer,
    PatternSub,
    SeqOptimizer,
    TopoOptimizer,
    in2out,
    local_optimizer,
    optimizer,
    out2in,
)

__all__ = [
    "EquilibriumOptimizer", "LocalOptimizer", "OpRemove", "OpSub", "Optimizer", "PatternSub",
    "SeqOptimizer", "TopoOptimizer", "in2out", "local_optimizer", "optimizer", "out2in",
]  # fmt: skip
