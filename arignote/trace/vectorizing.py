"""np.vectorize: the function is called in a captured loop over the elements."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.constants import lit
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import BOOL, C128, F64, I64
from .comprehensions import comprehension
from .convert.site import Site
from .growing import from_items, growing
from .iteration import Lazy
from .proxy import node_of, wrap
from .registry import IMPLEMENTED

_PYTHON = {"b": BOOL, "i": I64, "u": I64, "f": F64, "c": C128}


def vectorized(f: np.vectorize, args: tuple[Any, ...], site: Site, call: Callable[..., Any]) -> Any:
    """f(*args): elements go in as Python numbers, as NumPy's do."""
    if getattr(f, "signature", None) is not None or getattr(f, "excluded", None):
        raise UnsupportedError(
            f"{site}\nnp.vectorize with signature= or excluded= in compiled code: write the loop"
        )
    arrays = IMPLEMENTED[np.broadcast_arrays](*args)
    shape = arrays[0].shape
    if not shape:
        return _typed(f, IMPLEMENTED[np.asarray](call(*(_python(a) for a in arrays))), 0)
    columns = tuple(a.reshape(-1) for a in arrays)
    each = lambda items: call(*(_python(x) for x in items))
    held = comprehension("list", Lazy(columns, _together), each, None, site)
    g = growing(held)
    found = g if g is not None else from_items(held, lit(0))
    outs = tuple(
        _typed(f, wrap(cast_to(node_of(found.column(k)), t.dtype)).reshape(shape), k)
        for k, t in enumerate(found.kind.types)
    )
    return outs if isinstance(found.kind.like, tuple) else outs[0]


def _together(*items: Any) -> tuple[Any, ...]:
    return items


def _python(x: Any) -> Any:
    """An element as a Python number."""
    n = node_of(x)
    return wrap(cast_to(n, _PYTHON[n.dtype.kind], True))


def _typed(f: np.vectorize, out: Any, k: int) -> Any:
    otypes = getattr(f, "otypes", None)
    return out.astype(otypes[k]) if otypes else out
