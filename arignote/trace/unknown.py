"""The error for a NumPy function that Arignote does not know, with what to use in its place."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.node import OPS
from .registry import IMPLEMENTED
from .where import place

#: What people reach for, and what says the same in functions that are known.
_INSTEAD = {
    "vectorize": "write the loop: it is compiled",
    "apply_along_axis": "write the loop over the axis: it is compiled",
    "frompyfunc": "call the function itself: it is traced",
    "piecewise": "np.where or np.select",
    "poly1d": "np.polyval with an array of coefficients",
    "matrix": "a two-dimensional array",
}


def unknown(function: Any, suffix: str = "") -> UnsupportedError:
    """UnsupportedError for `function`, naming the user's line and the nearest known names."""
    name = getattr(function, "__name__", str(function))
    module = getattr(function, "__module__", None) or "numpy"
    if isinstance(function, np.ufunc) and getattr(np, name, None) is not function:
        module = "scipy"
    instead = _INSTEAD.get(name)
    if instead is None:
        known = {getattr(f, "__name__", "") for f in IMPLEMENTED}
        known.update(_name(f) for op in OPS.values() for f in op.numpy)
        close = difflib.get_close_matches(name, sorted(known - {name}), 3, 0.6)
        instead = " or ".join(close) if close else "a combination of supported functions"
    return UnsupportedError(
        f"{module.split('.')[0]}.{name}{suffix} is not supported in compiled code, at {place()}. "
        f"Use {instead}, or call it outside the compiled function."
    )


def _name(f: Any) -> str:
    return f.rpartition(".")[2] if isinstance(f, str) else f.__name__
