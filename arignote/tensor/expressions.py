"""What `Compiled` traces for a function of the explicit style: its expressions, evaluated.

`owner` is the `Function`; the arguments are the values of its inputs, then of its shared variables.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..api import Compiled
from ..trace.proxy import fresh, is_proxy, node_of
from ..trace.session import is_tracing
from .evaluate import evaluate, points_of, strong
from .graph import Variable, apply_order
from .pickling import text_of
from .types import TensorType


class Expressions:
    """What is traced: the expressions of a function, for the values of inputs and shared ones."""

    __arignote_traced__ = True

    def __init__(self, owner: Any, wanted: tuple[int, ...]) -> None:
        self.owner, self.wanted = owner, wanted
        self.__name__ = self.__qualname__ = owner.name or "expressions"

    def __call__(self, *values: Any) -> Any:
        f = self.owner
        leaves = [*[i.variable for i in f.inputs], *f.shared]
        roots = f.roots(self.wanted)
        given = dict(zip(leaves, values, strict=True))
        if not is_tracing() and points_of(apply_order([*roots, *f.replaced.values()])):
            return values_of(roots, given, f.replaced)
        found = evaluate(roots, given, f.replaced)
        return tuple(_result(v, x) for v, x in zip(roots, found, strict=True))

    def __arignote_meaning__(self) -> str | None:
        """The expressions as text: with it, a later process finds the kernels of this one."""
        f = self.owner
        roots = f.roots(self.wanted)
        leaves = [*[i.variable for i in f.inputs], *f.shared]
        return text_of((roots, leaves, list(f.replaced.items())))


def values_of(
    roots: Sequence[Variable],
    given: Mapping[Variable, Any],
    replaced: Mapping[Variable, Variable] | None = None,
) -> tuple[Any, ...]:
    """The values of expressions with gradients in them: traced, then run by NumPy."""
    leaves = list(given)

    def run(*values: Any) -> Any:
        found = evaluate(roots, dict(zip(leaves, values, strict=True)), replaced)
        return tuple(_result(v, x) for v, x in zip(roots, found, strict=True))

    run.__arignote_traced__ = True  # type: ignore[attr-defined]
    answer: tuple[Any, ...] = Compiled(run, mode="FAST_COMPILE")(*given.values())
    return answer


def _result(v: Variable, x: Any) -> Any:
    """A value as an array of its own, in the variable's dtype."""
    if not isinstance(v.type, TensorType):
        return x
    x = strong(x)
    if not is_proxy(x):
        return np.array(x, dtype=v.type.dtype)
    if x.dtype != v.type.dtype:
        x = x.astype(v.type.dtype)
    return fresh(node_of(x))
