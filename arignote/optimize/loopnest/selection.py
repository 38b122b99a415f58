"""Rows that a mask keeps: row k of `x[mask]` is row k of x or a later one, so x may be overwritten.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.affine import minus
from ...fxgraph.constants import lit
from ...fxgraph.node import Node
from ...fxgraph.prove import ge0
from ...fxgraph.window import Window, window_of


def keeps_rows(n: Node) -> bool:
    """Does a gather read the rows where a mask is true, in order?"""
    if n.op.name != "gather" or n.attr("axes") != (0,) or n.attr("mode") != "clip":
        return False
    found = n.inputs[1]
    if found.op.name == "view":
        w = window_of(found)
        if w.axes != (0,) or w.steps != (1,) or w.starts[0] is not lit(0):
            return False
        found = found.inputs[0]
    return found.op.name == "proj" and found.inputs[0].op.name == "compress"


def reads_ahead(window: Window, index: Sequence[Node], written: Sequence[Node]) -> bool:
    """Do ascending steps of the outermost loop read the rows that they write, or later ones?"""
    moving = bool(window.axes) and window.axes[0] == 0 and window.steps[0] == 1
    same = all(x is y for x, y in zip(index[1:], written[1:], strict=True))
    return moving and same and ge0(minus(index[0], written[0]))
