"""One problem on one side in a process of its own: `python -m ... SIDE INDEX SIZE`; prints JSON.

A function is compiled when `theano.function` returns in PyTensor, and in its first call here, so
compile time is expression, function and first call together.  Small functions are compiled before,
so that neither side's imports count.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from collections.abc import Callable
from typing import Any

import numpy as np

from .problems import PROBLEMS, Built, Problem, scan_data


def main(side: str, index: int, size: int) -> None:
    """Measures and prints."""
    sys.setrecursionlimit(1_000_000)  # PyTensor goes down a graph by recursion
    problem = PROBLEMS[index]
    call, arguments, found = (_jax if side == "jax" else _theano)(side, problem, size)
    values = call(*arguments)
    values = values if isinstance(values, list | tuple) else [values]
    flat = [np.ravel(np.asarray(v)) for group in values for v in _leaves(group)]
    found["values"] = [float(np.sum(v)) for v in flat]
    found["call"] = _timed(call, arguments)
    print(json.dumps(found))


def _leaves(value: Any) -> list[Any]:
    return list(value) if isinstance(value, tuple | list) else [value]


def _theano(
    side: str, problem: Problem, size: int
) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
    theano, T = _modules(side)
    x = T.dvector("x")
    theano.function([x], [T.exp(x) + 1.0])(np.ones(3))
    start = time.perf_counter()
    built: Built = problem.build(theano, T, size)
    expression = time.perf_counter() - start
    f = theano.function(built.inputs, built.outputs, updates=built.updates)
    f(*built.arguments)
    total = time.perf_counter() - start
    found: dict[str, Any] = {"expression": expression, "compile": total}
    if side == "arignote":
        found.update(_rewriting(f, built.arguments))
    return f, built.arguments, found


def _modules(side: str) -> tuple[Any, Any]:
    if side == "pytensor":
        import pytensor
        import pytensor.tensor as T

        return pytensor, T
    import arignote.theano as theano
    from arignote.theano import tensor

    return theano, tensor


def _rewriting(f: Any, arguments: list[Any]) -> dict[str, Any]:
    """Nodes of the traced graph, and seconds of this process that its rewriting took: the median of
    three.
    """
    from arignote.optimize.pipeline import optimize

    graph = f.compiled.graph(*arguments, *[s.get_value() for s in f.get_shared()])
    took = []
    for _ in range(3):
        start = time.process_time()
        optimize(graph)
        took.append(time.process_time() - start)
    return {"nodes": len(graph.order), "rewriting": statistics.median(took)}


def _jax(
    side: str, problem: Problem, size: int
) -> tuple[Callable[..., Any], list[Any], dict[str, Any]]:
    from .jax_scans import compiled

    arguments = scan_data(problem.name, size)
    start = time.perf_counter()
    f = compiled(problem.name, problem.kind)
    f(*arguments)
    return f, arguments, {"compile": time.perf_counter() - start}


def _timed(call: Callable[..., Any], arguments: list[Any], budget: float = 1.0) -> float:
    """Seconds of a call: the least of some rounds, of as many calls as take 1 ms."""
    start = time.perf_counter()
    call(*arguments)
    number = max(1, int(1e-3 / max(time.perf_counter() - start, 1e-7)))
    rounds: list[float] = []
    begun = time.perf_counter()
    while len(rounds) < 5 or (time.perf_counter() - begun < budget and len(rounds) < 200):
        start = time.perf_counter()
        for _ in range(number):
            call(*arguments)
        rounds.append((time.perf_counter() - start) / number)
    return min(rounds)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
