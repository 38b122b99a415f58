"""`warn_float64`: where double precision appears in a function of single precision values."""

from __future__ import annotations

import numpy as np

from ..config import config
from ..errors import DTypeError, warn_once
from ..fxgraph.constants import input_op
from ..fxgraph.graph import Graph, order_of
from ..fxgraph.node import Node, origin
from ..fxgraph.types import TensorType

_WIDE = (np.dtype("f8"), np.dtype("c16"))


def report_float64(graph: Graph) -> None:
    """Warn of the first place where float64 appears, as `config.warn_float64` says.

    Raises DTypeError where it says "raise".
    """
    if config.warn_float64 == "ignore":
        return
    for n in order_of((*graph.inputs, *graph.roots), inside=True):
        if _is_wide(n) and not any(map(_is_wide, n.inputs)):
            message = _message(n)
            if config.warn_float64 == "raise":
                raise DTypeError(message)
            warn_once(f"float64 {message}", message)
            return


def _is_wide(n: Node) -> bool:
    return isinstance(n.type, TensorType) and n.dtype in _WIDE and not n.type.weak


def _message(n: Node) -> str:
    where = origin.get(n)
    if where is None:
        name = f" {n.attr('name')}" if n.op is input_op else ""
        return f"{n.dtype} comes in as the argument{name} of {n.type}"
    operands = ", ".join(str(x.type) for x in n.inputs if isinstance(x.type, TensorType))
    made = f" by {n.op.name} of {operands}" if operands else ""
    return f"{n.dtype} appears at {where}: {where.expression}{made}"
