"""np.r_ and np.c_: arrays from what stands in brackets."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.node import Node
from ...fxgraph.ops.family import cast_to
from ...fxgraph.ops.shaping import expand
from ..registry import SUBSCRIPTED, hooks
from .arguments import array
from .grids import grid_line
from .joining import joined


def _pieces(name: str, key: Any) -> list[Node]:
    """The parts of a key, at least of one axis, in one dtype."""
    parts = key if isinstance(key, tuple) else (key,)
    if any(isinstance(p, str) for p in parts):
        raise NotImplementedError(f"{name} with a text such as {parts[0]!r}: use np.concatenate")
    nodes = [grid_line(p) if isinstance(p, slice) else array(p) for p in parts]
    kinds = [p if isinstance(p, int | float | complex) else n.dtype for p, n in zip(parts, nodes)]
    kind = np.result_type(*kinds)
    return [cast_to(n if n.rank else expand(n, (0,)), kind) for n in nodes]


def _rows(key: Any) -> Any:
    return hooks.wrap(joined(_pieces("np.r_", key), 0))


def _columns(key: Any) -> Any:
    pieces = [expand(n, (1,)) if n.rank == 1 else n for n in _pieces("np.c_", key)]
    return hooks.wrap(joined(pieces, -1))


SUBSCRIPTED[np.r_] = _rows
SUBSCRIPTED[np.c_] = _columns
