"""One random program: run plainly and compiled, and say how they differ."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from arignote.api import compile
from arignote.errors import TraceError, UnsupportedError
from arignote.fxgraph.verify import verify
from tests.corpus.cases import Case, check_same, outcome

from .programs import program


def function_of(text: str, seed: int) -> Callable[..., Any]:
    """The function, with source that can be found."""
    name = f"<fuzz {seed}>"
    linecache.cache[name] = (len(text), None, text.splitlines(keepends=True), name)
    scope: dict[str, Any] = {"__name__": "fuzzed"}
    exec(builtins.compile(text, name, "exec"), scope)
    return scope["f"]  # type: ignore[no-any-return]


#: How the array arguments lie in memory.
LAYOUTS = ("plain", "strided", "fortran", "overlapping")


def arguments(seed: int, layout: str = "plain") -> tuple[Any, ...]:
    a, b, m, k, A, n, x = _arguments(seed)
    if layout == "strided":
        wide, deep = np.zeros((6, 3)), np.zeros((12, 18))
        wide[:, 1], deep[::-2, ::3] = a, A
        return wide[:, 1], b[::-1], m[::-1], np.repeat(k, 2)[::2], deep[::-2, ::3], n, x
    if layout == "fortran":
        return a, b, m, k, np.asfortranarray(A), n, x
    if layout == "overlapping":
        both = np.concatenate((a, b))
        return both[:6], both[3:9], m, k, A, n, x
    return a, b, m, k, A, n, x


def _arguments(seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    return (
        rng.random(6),
        rng.random(6),
        rng.integers(0, 9, 6),
        rng.integers(0, 9, 6).astype(np.int32),
        rng.random((6, 6)),
        5,
        0.4,
    )


def plain(f: Callable[..., Any]) -> Callable[..., Any]:
    """f with its scalars as Python numbers: which path made them decides their type."""

    def g(*args: Any) -> Any:
        return tuple(v.item() if isinstance(v, np.generic) else v for v in _widened(f(*args)))

    return g


def _widened(answer: Any) -> Any:
    return [float(v) if isinstance(v, int | np.integer | np.bool_) else v for v in answer]


def verdict(seed: int, mode: str, layout: str = "plain") -> str:
    """How plain and compiled differ: nothing, an honest refusal ("refused: ..."), or what.

    layout: of the arguments, one of LAYOUTS.
    """
    text = program(seed)
    f = function_of(text, seed)
    case = Case(f"seed {seed}", f, arguments(seed, layout), words=0, rtol=1e-9, shares=False)
    compiled = compile(f, mode=mode)
    got = outcome(compiled, case.fresh())
    if isinstance(got.error, TraceError | UnsupportedError):
        return f"refused: {str(got.error).splitlines()[-1]}"
    failed = outcome(f, case.fresh()).error is not None
    try:
        if failed and mode == "FAST_COMPILE":
            assert got.error is not None, "no error was raised"
        else:
            check_same(replace(case, function=plain(f)), plain(compiled))
        for rows in compiled._table.values():
            for trace, _ in rows:
                verify(trace.graph, "tracing")
    except AssertionError as difference:
        return " ".join(str(difference).split())[:300] or "differs"
    except Exception as error:
        return f"{type(error).__name__}: {error}"[:300]
    return ""
