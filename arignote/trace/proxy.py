"""The proxies with everything NumPy arrays and Python numbers can do; import them from here."""

from __future__ import annotations

from .registry import hooks
from .session import NeedStatic, Session, cells, is_tracing, session, tracing
from .storage import Cell, Path, Reshape
from .values import Array, Proxy, Scalar, fresh, is_proxy, node_of, same_place, wrap

__all__ = [
    "Array",
    "Cell",
    "NeedStatic",
    "Path",
    "Proxy",
    "Reshape",
    "Scalar",
    "Session",
    "cells",
    "fresh",
    "is_proxy",
    "is_tracing",
    "node_of",
    "same_place",
    "session",
    "tracing",
    "wrap",
]

hooks.is_proxy = is_proxy
hooks.node_of = node_of
hooks.wrap = wrap
hooks.fresh = fresh
hooks.view = lambda x, w: x.view(w) if isinstance(x, Array) else fresh(node_of(x)).view(w)
hooks.cell = Cell
