"""`[x, y] * n` for a traced integer n: a list of traced length where numbers are repeated."""

from __future__ import annotations

import operator
from typing import Any

import numpy as np

from ..fxgraph.affine import times
from ..fxgraph.constants import is_const, lit
from ..fxgraph.node import Node
from ..fxgraph.ops.scalar import greatest
from .growing import from_items, growing, kind_of
from .leaves import Unstable
from .proxy import wrap
from .registry import IMPLEMENTED, hooks
from .slicing import int_node


def repeated(items: Any, count: Any) -> Any:
    """A list or tuple `count` times (a traced integer), as Python repeats it.

    Lists of numbers keep a traced length.  For tuples and other lists the number must be known, so
    the function is compiled for each.
    """
    if growing(items) is not None:
        raise Unstable("a list that grows in a loop is repeated: make it an array, and np.tile it")
    n = int_node(count)
    if type(items) is list and items and not is_const(n) and _are_numbers(items):
        return _long(items, greatest(n, lit(0)))
    return items * operator.index(count)


def _are_numbers(items: list[Any]) -> bool:
    try:
        kinds = [kind_of(x) for x in items]
    except Unstable:
        return False
    return all(k.structure is None and k.types[0].shape == () for k in kinds)


def _long(items: list[Any], n: Node) -> list[Any]:
    made = from_items(items, lit(0))
    for cell in made.buffers:
        cell.version = hooks.node_of(IMPLEMENTED[np.tile](wrap(cell.version), wrap(n)))
    made.capacity = made.count.version = times(n, len(items))
    return [made]


hooks.repeated = repeated
__all__ = ["repeated"]
