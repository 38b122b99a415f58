"""Faults of what stands around a kernel: caches, plans, guards, memory that answers share."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

import arignote.emit.cython.build as build_module
from arignote import specialise
from arignote.api import compile
from arignote.config import config
from arignote.debug import validate as validate_module
from arignote.debug.report import Finding
from arignote.emit import warm
from arignote.emit.plan import SizeOf, StrideOf
from arignote.errors import DebugError
from arignote.trace.plan import Argument
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated
from tests.debug.mutants.texts import GRID, LINE


def calls() -> Iterator[Mutant]:
    """Each with the part of a call that it spoils."""
    yield from stale()
    yield from plans()
    yield from guards()
    yield from aliases()


def asked(function: Any, *args: Any) -> list[Finding]:
    """What a user is told who asks his compiled function."""
    with config(debug_reduce=0.0):
        return compile(function).validate(*args).findings


# ---- entries of caches that belong to another program --------------------------------------------
def stale() -> Iterator[Mutant]:
    """A module, and a kept plan, of another function."""

    def stale_module(patch: Any) -> None:
        patch.setattr(build_module, "build_key", lambda *_: "0" * 64)
        compile(victims.tripled)(LINE)

    def stale_plan(patch: Any) -> None:
        patch.setattr(warm, "start_key", lambda *_: "stale plan of a planted fault")
        compile(victims.tripled)(LINE)

    run = lambda: asked(victims.doubled, LINE)
    yield Mutant("stale module", stale_module, run, "kernel", "doubled", honest=False)
    yield Mutant("stale plan", stale_plan, run, "call", "doubled", honest=False)


# ---- plans ---------------------------------------------------------------------------------------
def plans() -> Iterator[Mutant]:
    """What the runtime is told about a kernel is wrong."""

    def other_axis(source: Any) -> Any:
        return replace(source, axis=0) if isinstance(source, StrideOf) else source

    def other_size(source: Any) -> Any:
        return replace(source, axis=1 - source.axis) if isinstance(source, SizeOf) else source

    changes: dict[str, tuple[Any, Any, Callable[[Any], Any]]] = {
        "dtype": (victims.doubled, LINE, lambda p: _results(p, dtype=np.dtype("i8"))),
        "memory order": (victims.table, np.ones((4, 5)) + np.arange(5.0),
                         lambda p: _results(p, order="F")),
        "stride": (victims.spaced, GRID, lambda p: replace(p, ints=tuple(map(other_axis, p.ints)))),
        "size": (victims.table, np.ones((4, 5)) + np.arange(5.0),
                 lambda p: replace(p, ints=tuple(map(other_size, p.ints)))),
    }  # fmt: skip
    for label, (victim, x, change) in changes.items():

        def plant(patch: Any, change: Any = change) -> None:
            real = validate_module.compilation

            def bad(trace: Any) -> Any:
                made = real(trace)
                return replace(made, plan=change(made.plan))

            patch.setattr(validate_module, "compilation", bad)

        def run(victim: Any = victim, x: Any = x) -> list[Finding]:
            return validated(victim, (x,), build=True)

        yield Mutant(f"plan {label}", plant, run, "kernel", victim.__name__, honest=False)


def _results(plan: Any, **fields: Any) -> Any:
    return replace(plan, results=tuple(replace(r, **fields) for r in plan.results))


# ---- guards --------------------------------------------------------------------------------------
def guards() -> Iterator[Mutant]:
    """What a trace takes for granted is not tested at later calls."""

    def lost(patch: Any) -> None:
        _traces(patch, lambda t: replace(t, graph=replace(t.graph, guards=())))

    def run() -> list[Finding]:
        with config(debug_reduce=0.0):
            f = compile(victims.start, mode="DEBUG_MODE")
            try:
                f(np.ones(5), np.ones(3))
                f(np.ones(2), np.ones(3))
            except DebugError as error:
                return list(error.report.findings)
            except ValueError:  # what NumPy raises
                return []
        return []

    yield Mutant("guard lost", lost, run, "trace", "start")


def _traces(patch: Any, change: Callable[[Any], Any]) -> None:
    real = specialise.traced

    def bad(*args: Any) -> Any:
        trace, static = real(*args)
        return change(trace), static

    patch.setattr(specialise, "traced", bad)


# ---- memory that answers share -------------------------------------------------------------------
def aliases() -> Iterator[Mutant]:
    """An answer that is the argument where NumPy gives a copy: right numbers, until one is
    written."""

    def lost_copy(patch: Any) -> None:
        _traces(patch, lambda t: replace(t, outputs=(Argument(0),)))

    def run() -> list[Finding]:
        return asked(victims.copied, LINE)

    yield Mutant("copy lost", lost_copy, run, "trace", "copied")
