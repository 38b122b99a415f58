"""A script that shows a difference again with nothing but arignote and NumPy."""

from __future__ import annotations

import inspect
import textwrap
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..trace.pytree import Tree
from .report import Finding

#: Arrays with more elements are written as the call that fills them.
WRITTEN = 64


def script(
    function: Callable[..., Any] | None, tree: Tree, leaves: Sequence[Any], finding: Finding
) -> str:
    """Python text that validates the same call; a comment where the source is not at hand."""
    lines = ["import numpy as np", "import arignote as ag", "from numpy import array, nan, inf", ""]
    name = getattr(function, "__name__", "f")
    text = _source(function)
    if text is None:
        lines.append(f"from {getattr(function, '__module__', '?')} import {name}")
    else:
        lines += [*_globals(function), text.rstrip()]
    args, kwargs = tree.unflatten(iter([_Text(_written(x)) for x in leaves]))
    given = [repr(a) for a in args] + [f"{k}={v!r}" for k, v in kwargs.items()]
    lines += ["", f"report = ag.compile({name}).validate({', '.join(given)})"]
    lines += [f"# {finding.stage} {finding.blame}", "print(report)", "assert report.ok"]
    return "\n".join(lines)


class _Text(str):
    """Printed as it is."""

    def __repr__(self) -> str:
        return str(self)


def _source(function: Any) -> str | None:
    """The function's text without its decorators."""
    try:
        lines = inspect.getsource(function).splitlines()
    except (OSError, TypeError):
        return None
    start = next((k for k, t in enumerate(lines) if t.lstrip().startswith("def ")), None)
    return None if start is None else textwrap.dedent("\n".join(lines[start:]))


def _globals(function: Any) -> list[str]:
    """Numbers and text that the function reads from outside."""
    found = inspect.getclosurevars(function)
    plain = {**found.globals, **found.nonlocals}
    return [
        f"{k} = {v!r}" for k, v in plain.items() if isinstance(v, int | float | complex | str)
    ]


def _written(x: Any) -> str:
    """An argument as Python text; large arrays as a generated stand-in of the same kind."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    flip = [s < 0 for s in x.strides]
    if any(flip):
        turn = ", ".join("::-1" if f else ":" for f in flip)
        return f"{_written(x[tuple(slice(None, None, -1 if f else 1) for f in flip)])}[{turn}]"
    if x.size <= WRITTEN:
        text = f"np.array({x.tolist()!r}, {x.dtype.str!r})"
        if x.size == 0:
            text = f"np.zeros({x.shape}, {x.dtype.str!r})"
    else:
        kind = x.dtype.kind
        draw = f"np.random.default_rng(0).standard_normal({x.shape})"
        if kind in "iub":
            low, high = int(x.min()), int(x.max()) + 1
            draw = f"np.random.default_rng(0).integers({low}, {high}, {x.shape})"
        text = f"{draw}.astype({x.dtype.str!r})"
    if x.ndim > 1 and x.flags.f_contiguous and not x.flags.c_contiguous:
        return f"np.asfortranarray({text})"
    return text
