"""Looking at values while a compiled function runs: ag.print and ag.breakpoint."""

from __future__ import annotations

import builtins
from typing import Any

import numpy as np

from ..fxgraph.ops.report import stop
from ..trace.effects import breakpoint_, print_
from ..trace.pytree import flatten
from ..trace.session import is_tracing


def print(x: Any, label: str = "") -> Any:
    """x, printed with its label each time the compiled function gets here, also inside loops.

    x may be a pytree, whose leaves are printed.  It is given back, so that
    `y = ag.print(f(x), "y")` can stand anywhere (Theano's `Print`); derivatives pass through.
    """
    words = (f"{label} =",) if label else ()
    if is_tracing():
        print_(*words, *flatten(x)[0])
    else:
        builtins.print(*words, *flatten(x)[0])
    return x


def breakpoint(condition: Any = True, /, **values: Any) -> None:
    """Start the debugger, when the compiled function gets here and the condition holds.

    condition: a number or 0-d array.  values: arrays and numbers to look at; the debugger finds
    them in the dict `values` (Theano's `PdbBreakpoint`).  Calls `sys.breakpointhook`.
    """
    if is_tracing():
        breakpoint_(condition, values)
    elif np.all(condition):
        stop(values)


__all__ = ["breakpoint", "print"]
