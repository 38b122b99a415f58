"""np.shape, np.size, np.result_type: questions about arrays; sizes come back as Python integers."""

from __future__ import annotations

from typing import Any

import numpy as np

from ...fxgraph.ops.shaping import count
from ..registry import hooks, implements
from .arguments import axes_of, node


@implements(np.shape)
def shape(a: Any) -> Any:
    return tuple(d if isinstance(d, int) else hooks.wrap(d) for d in node(a).shape)


@implements(np.ndim)
def ndim(a: Any) -> int:
    return node(a).rank


@implements(np.size)
def size(a: Any, axis: Any = None) -> Any:
    old = node(a).shape
    return hooks.wrap(count(tuple(old[k] for k in axes_of(axis, len(old)))))


@implements(np.result_type)
def result_type(*arrays_and_dtypes: Any) -> Any:
    kinds = [_promoted(x) for x in arrays_and_dtypes]
    return np.result_type(*kinds)


def _promoted(x: Any) -> Any:
    if not hooks.is_proxy(x):
        return x
    n = hooks.node_of(x)
    return n.dtype.type(0).item() if n.type.weak else n.dtype


@implements(np.can_cast)
def can_cast(from_: Any, to: Any, casting: str = "safe") -> bool:
    return np.can_cast(hooks.node_of(from_).dtype if hooks.is_proxy(from_) else from_, to, casting)  # type: ignore[arg-type]


@implements(np.iscomplexobj)
def iscomplexobj(x: Any) -> bool:
    return bool(node(x).dtype.kind == "c")


@implements(np.isrealobj)
def isrealobj(x: Any) -> bool:
    return bool(node(x).dtype.kind != "c")
