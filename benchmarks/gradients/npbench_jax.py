"""`PYTHON npbench_jax.py CHECKOUT KERNEL PRESET`: the gradient of NPBench's own JAX version.

Run by npbench.py with an interpreter that has JAX.  The objective is that of npbench_case.py: the
same weights on the results, which the JAX version returns all, told apart by their shapes.  One
JSON line: seconds of value and gradient, and the derivative along the direction of the case.
"""

from __future__ import annotations

import importlib
import json
import math
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import npbench_case
import numpy as np

#: Seconds in which calls are timed; calls at least and at most.
SPENT, FEWEST, CALLS = 3.0, 3, 100


def main(checkout: Path, kernel: str, preset: str) -> None:
    """Prints the line."""
    import jax

    jax.config.update("jax_enable_x64", True)
    c = npbench_case.case(checkout, kernel, preset)
    both, args = _compiled(checkout, kernel, c)
    least, first, calls = math.inf, time.perf_counter(), 0
    while calls < FEWEST or (calls < CALLS and time.perf_counter() - first < SPENT):
        given = [jax.numpy.array(a) if isinstance(a, np.ndarray) else a for a in args]
        jax.block_until_ready(given)
        started = time.process_time()
        jax.block_until_ready(both(*given))
        least = min(least, time.process_time() - started)
        calls += 1
    _, gradient = both(*args)
    along = sum(npbench_case.terms(c, [np.asarray(g, float) for g in gradient]))
    print(json.dumps({"seconds": least, "along": along}))


def _compiled(
    checkout: Path, kernel: str, c: npbench_case.Case
) -> tuple[Callable[..., Any], list[Any]]:
    """Value and gradient, compiled as a whole where JAX can, else as the kernel itself is."""
    import jax

    info = json.loads((checkout / "bench_info" / f"{kernel}.json").read_text())["benchmark"]
    path = info["relative_path"].replace("/", ".")
    module = importlib.import_module(f"npbench.benchmarks.{path}.{info['module_name']}_jax")
    function = getattr(module, info["func_name"])

    def objective(*args: Any) -> Any:
        returned = function(*args)
        outs = list(returned) if isinstance(returned, (tuple, list)) else [returned]
        left = [w for w in c.weights if w is not None]
        total = 0.0
        for o in outs:
            k = next((k for k, w in enumerate(left) if np.shape(w) == np.shape(o)), None)
            if k is not None:
                total = total + jax.numpy.sum(left.pop(k) * jax.numpy.real(o))
        return total

    plain = jax.value_and_grad(objective, argnums=c.wrt)
    args = list(c.args)
    static = tuple(k for k, a in enumerate(args) if not isinstance(a, np.ndarray))
    whole = jax.jit(plain, static_argnums=static)
    try:
        jax.block_until_ready(whole(*args))
    except Exception:  # whatever stands in the way of the whole: the kernel alone may work
        return plain, args
    return whole, args


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], sys.argv[3])
