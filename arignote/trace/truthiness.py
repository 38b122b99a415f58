"""bool() of what code tests: Python's own, or a traced Python bool."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..fxgraph.constants import is_const, value_of
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import BOOL
from . import queues
from .growing import growing
from .indexing import getitem
from .optional import Maybe, both
from .proxy import Array, Proxy, Scalar, node_of, wrap
from .queues import Deque
from .texts import Text


def truth(x: Any) -> Any:
    """bool(x): Python's own, or a traced bool.  Raises what NumPy raises for whole arrays."""
    if not isinstance(x, Proxy):
        if isinstance(x, Text):
            return x != ""
        if type(x) is Maybe:
            return both(x.some, truth(x.value))
        if isinstance(x, Deque):
            return truth(queues.length(x))
        g = growing(x)
        return bool(x) if g is None else g.length != 0
    n = x.node
    if n.rank:
        n = _only_element(x)
    if n.type.dtype == BOOL:
        return wrap(cast_to(n, BOOL, True))
    zero = cast_to(node_of(0), n.dtype, n.type.weak)
    return wrap(cast_to(OPS["not_equal"](n, zero), BOOL, True))


def _only_element(x: Any) -> Node:
    if isinstance(x, Array) and all(d == 1 for d in x.sizes):
        return node_of(getitem(x, (0,) * len(x.sizes)))
    raise ValueError(
        "The truth value of an array with more than one element is ambiguous. Use a.any() or "
        "a.all()"
    )


def not_(x: Any) -> Any:
    """`not x`"""
    t = truth(x)
    return wrap(OPS["logical_not"](t.node, weak=True)) if isinstance(t, Proxy) else not t


def decided(x: Any) -> bool | None:
    """The value of a truth that is a constant."""
    if not isinstance(x, Proxy):
        return bool(x)
    return bool(value_of(x.node)) if is_const(x.node) else None


def is_bool(x: Any) -> bool:
    """A single truth value, traced or not."""
    if isinstance(x, Scalar):
        return bool(x.node.dtype == BOOL)
    return isinstance(x, bool | np.bool_)
