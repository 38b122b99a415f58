"""One NPBench kernel as a function with a scalar result, and what its gradient must be.

The objective is a fixed random weighting of the kernel's float results, returned or written into
its arguments.  Its gradient with respect to all real float arrays is compared along one random
direction with a central difference of the plain kernel in long double, at two steps that agree.
"""

from __future__ import annotations

import importlib
import itertools
import json
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

#: Integers, piecewise constant, discontinuous in their inputs, or (nbody) chaotic at size S.
LEFT_OUT = frozenset((
    "azimint_hist", "azimint_naive", "compute", "crc16", "floyd_warshall", "mandelbrot1",
    "mandelbrot2", "nbody", "nussinov",
))  # fmt: skip
#: What two difference quotients may differ by if they are to count.
SETTLED = 3e-7


@dataclass(frozen=True)
class Case:
    """args: as the kernel starts with them.  wrt: positions of the real float arrays.  weights: of
    its results, None for those that are not floats."""

    objective: Callable[..., Any]
    args: Sequence[Any]
    wrt: tuple[int, ...]
    weights: Sequence[Any] = ()

    def fresh(self) -> list[Any]:
        return [np.copy(a) if isinstance(a, np.ndarray) else a for a in self.args]


def kernels(checkout: Path) -> list[str]:
    """The names of the kernels that have derivatives."""
    found = (p.stem for p in (checkout / "bench_info").glob("*.json"))
    return sorted(name for name in found if name not in LEFT_OUT)


def case(checkout: Path, name: str, preset: str) -> Case:
    """A kernel of a checkout of spcl/npbench."""
    sys.path.insert(0, str(checkout))
    info = json.loads((checkout / "bench_info" / f"{name}.json").read_text())["benchmark"]
    data, module = inputs(info, preset), module_of(info)
    kernel = getattr(importlib.import_module(f"{module}_numpy"), info["func_name"])
    names = info["input_args"]
    args = [data[a] for a in names]
    results = Results(info, names)
    sample = Case(kernel, args, ()).fresh()
    outs = results.of(kernel(*sample), sample)
    rng = np.random.default_rng(7)
    weights = [
        rng.standard_normal(np.shape(o)) if np.asarray(o).dtype.kind in "fc" else None for o in outs
    ]

    def objective(*args: Any) -> Any:
        total = 0.0
        for w, o in zip(weights, results.of(kernel(*args), args)):
            if w is not None:
                total = total + np.sum(w * np.real(o))
        return total

    wrt = tuple(k for k, a in enumerate(args) if isinstance(a, np.ndarray) and a.dtype.kind == "f")
    return Case(objective, args, wrt, weights)


def module_of(info: dict[str, Any]) -> str:
    """The kernel's module, without what tells its versions apart."""
    path, module = info["relative_path"].replace("/", "."), info["module_name"]
    return f"npbench.benchmarks.{path}.{module}"


def inputs(info: dict[str, Any], preset: str) -> dict[str, Any]:
    """What a kernel may be called with, by name; the checkout is on the path."""
    data = dict(info["parameters"][preset])
    start = info.get("init")
    if start:
        made = getattr(importlib.import_module(module_of(info)), start["func_name"])
        values = made(*(data[a] for a in start["input_args"]))
        names = start["output_args"]
        data.update(zip(names, (values,) if len(names) == 1 else values, strict=True))
    return data


@dataclass(frozen=True)
class Results:
    """What a kernel makes: what it returns and the arguments that it changes."""

    info: dict[str, Any]
    names: Sequence[str]

    def of(self, returned: Any, args: Sequence[Any]) -> list[Any]:
        outs: list[Any] = []
        if returned is not None:
            outs += list(returned) if isinstance(returned, (tuple, list)) else [returned]
        changed = self.info["output_args"] or ([] if outs else self.info.get("array_args") or [])
        if self.info["module_name"] == "trisolv":
            changed = ["x"]  # NPBench lists b, which the kernel never writes
        at = dict(zip(self.names, args))
        return [o for o in (*outs, *(at[a] for a in changed if a in at)) if o is not None]


def error(c: Case, gradient: Sequence[Any]) -> float | None:
    """How far the gradient is from difference quotients; None where these do not settle."""
    theirs = _difference(c, _direction(c))
    return None if theirs is None else distance(terms(c, gradient), theirs)


def terms(c: Case, gradient: Sequence[Any]) -> list[float]:
    """The derivative along the case's direction, an argument at a time."""
    direction = _direction(c)
    return [float(np.sum(np.asarray(g, float) * direction[k])) for k, g in zip(c.wrt, gradient)]


def distance(terms: Sequence[float], wanted: float) -> float:
    """How far the sum is from what is wanted, relative to their size."""
    mine = sum(terms)
    size = max(abs(mine), abs(wanted), 1e-3 * float(np.hypot.reduce(terms)), 1e-12)
    return abs(mine - wanted) / size


def _direction(c: Case) -> dict[int, Any]:
    rng = np.random.default_rng(8)
    return {
        k: rng.standard_normal(c.args[k].shape) * (np.abs(c.args[k]).mean() + 1e-3) for k in c.wrt
    }


def _difference(c: Case, direction: dict[int, Any]) -> float | None:
    for dtype, steps in ((np.longdouble, (1e-7, 1e-8)), (np.float64, (1e-5, 5e-6, 2.5e-6))):
        try:
            found = [_quotient(c, direction, dtype, h) for h in steps]
        except (TypeError, ValueError, np.linalg.LinAlgError):
            continue  # routines that have no long double
        if dtype is np.float64:  # Richardson
            found = [(4 * b - a) / 3 for a, b in itertools.pairwise(found)]
        largest = max(map(abs, found))
        if abs(found[0] - found[1]) <= SETTLED * largest or largest < 1e-9:
            return found[1]
    return None


def _quotient(c: Case, direction: dict[int, Any], dtype: Any, h: float) -> float:
    def along(step: float) -> Any:
        args = c.fresh()
        for k in c.wrt:
            args[k] = args[k].astype(dtype) + dtype(step) * direction[k].astype(dtype)
        return c.objective(*args)

    return float((along(h) - along(-h)) / (2 * dtype(h)))
