"""Wrong derivatives of operations on whole arrays, of places in arrays, of loops and branches."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from arignote.autograd_sym.places import PLACES
from arignote.debug import gradients
from arignote.debug.report import Finding
from arignote.fxgraph.node import OPS
from arignote.fxgraph.ops.arithmetic import multiply
from tests.debug import victims
from tests.debug.mutants.graphs import traced_graph
from tests.debug.mutants.mutant import Mutant

_M = np.linspace(0.3, 1.3, 9).reshape(3, 3) + 2 * np.eye(3)
_S = _M @ _M.T
_X = np.array([0.4, 0.9, 0.2, 1.1])

#: op -> (a function that uses it, where)
_WHOLE: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "matmul": (lambda a: a @ a, (_M,)),
    "reduce_sum": (lambda a: a.sum(axis=0), (_M,)),
    "reduce_max": (lambda a: a.max(axis=0), (_M,)),
    "reduce_prod": (lambda a: a.prod(axis=0), (_M,)),
    "cumulate_sum": (lambda a: np.cumsum(a), (_X,)),
    "cumulate_prod": (lambda a: np.cumprod(a), (_X,)),
    "sort": (lambda a: np.sort(a), (_X,)),
    "inv": (lambda a: np.linalg.inv(a), (_M,)),
    "det": (lambda a: np.linalg.det(a), (_M,)),
    "solve": (lambda a, b: np.linalg.solve(a, b), (_M, _X[:3])),
    "cholesky": (lambda a: np.linalg.cholesky(a), (_S,)),
    "slogdet": (lambda a: np.linalg.slogdet(a)[1], (_M,)),
    "convolve": (lambda a, b: np.convolve(a, b), (_X, _X[:2])),
    "interp": (lambda a, b: np.interp(0.5, np.arange(4.0), a * b), (_X, _X)),
}
_PLACES: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "view": (lambda a: a[1:] * a[:-1], (_X,)),
    "set_item": (victims.shifted, (_X,)),
    "gather": (lambda a, k: a[k] * 2.0, (_X, np.array([2, 0, 2]))),
    "reshape": (lambda a: (a * a).reshape(-1), (_M,)),
}
_LOOPS: dict[str, tuple[Any, tuple[Any, ...]]] = {
    "scan": (victims.smoothed, (_X, 4)),
    "cond": (lambda a: np.sin(a).sum() if a[0] > 0.1 else a.sum(), (_X,)),
}


def backward() -> Iterator[Mutant]:
    """A derivative 1.25 times what it should be, of each."""
    for name, victim in _WHOLE.items():

        def plant(patch: Any, op: Any = OPS[name], rule: Any = OPS[name].vjp) -> None:
            def bad(*args: Any, **attrs: Any) -> Any:
                return tuple(g if g is None else larger(g) for g in rule(*args, **attrs))

            patch.setitem(vars(op), "vjp", bad)

        yield _mutant(name, plant, *victim)
    for name, victim in _PLACES.items():

        def plant(patch: Any, name: str = name, rule: Any = PLACES[name]) -> None:
            patch.setitem(PLACES, name, lambda walk, n, g: rule(walk, n, larger(g)))

        yield _mutant(name, plant, *victim)
    for name, victim in _LOOPS.items():

        def plant(patch: Any, op: Any = OPS[name], rule: Any = OPS[name].extra["reverse"]) -> None:
            def bad(n: Any, walk: Any) -> None:
                give, before = walk.give, dict(walk.cot.base)
                walk.give = lambda x, g: give(x, larger(g))  # by loops
                try:
                    rule(n, walk)
                finally:
                    del walk.give
                if n.op.name == "cond":
                    for x, g in walk.cot.base.items():
                        walk.cot.base[x] = g if before.get(x) is g else larger(g)

            patch.setitem(op.extra, "reverse", bad)

        yield _mutant(name, plant, *victim)


def larger(g: Any) -> Any:
    return multiply(g, 1.25) if getattr(g, "dtype", None) == np.float64 else g


def _mutant(name: str, plant: Any, function: Any, args: tuple[Any, ...]) -> Mutant:
    def run() -> list[Finding]:
        graph, feeds = traced_graph(function, args)
        return gradients.check_graph(graph, dict(feeds()))[0]

    return Mutant(f"backward {name}", plant, run, "gradient", name)
