"""The kinds of random programs, by name: how a seed becomes a function and its arguments."""

from __future__ import annotations

import builtins
import linecache
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from arignote.trace.pytree import flatten
from tests.corpus.cases import Outcome, copied, outcome, same_error

from . import arrays, calls, programs, running, short, smooth, typed, unwinding


@dataclass(frozen=True)
class Kind:
    """text(seed), arguments(text, seed); `exact`: are the types of scalars compared?

    rtol: of the largest number of a result, because cancellation is no fault.
    short: integers of 8 and 16 bits, too, may become numbers of float16 and float32 on the way.
    """

    text: Callable[[int], str]
    arguments: Callable[[str, int], tuple[Any, ...]]
    rtol: float = 1e-9
    exact: bool = True
    short: bool = False


KINDS: dict[str, Kind] = {
    "loops": Kind(programs.program, lambda text, seed: running.arguments(seed), exact=False),
    "typed": Kind(typed.program, typed.arguments),
    "short": Kind(short.program, typed.arguments),
    "arrays": Kind(arrays.program, arrays.arguments, rtol=1e-8),
    "smooth": Kind(smooth.program, smooth.arguments, exact=False),
    "calls": Kind(calls.program, calls.arguments, rtol=1e-8),
    "unwinding": Kind(unwinding.program, unwinding.arguments, exact=False),
}


def function_of(text: str, name: str) -> Callable[..., Any]:
    """The function `f` of a text, with source that can be found."""
    file = f"<fuzz {name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    scope: dict[str, Any] = {"__name__": "fuzzed"}
    exec(builtins.compile(text, file, "exec"), scope)
    return scope["f"]  # type: ignore[no-any-return]


def differs(
    kind: Kind, function: Callable[..., Any], args: tuple[Any, ...], run: Callable[..., Any]
) -> str:
    """How `run` differs from the plain function: in its answer, its error, what arguments hold."""
    want = outcome(function, copied(args))
    got = outcome(run, copied(args))
    return difference(tolerant(kind, function), want, got)


def tolerant(kind: Kind, function: Callable[..., Any]) -> Kind:
    """The kind as a function with numbers of float32 or float16 of its own wants it."""
    code = function.__code__
    named = {*code.co_names, *(c for c in code.co_consts if isinstance(c, str))}
    rtol = 2e-2 if named & {"float16", "f2"} else 2e-4 if named & {"float32", "f4"} else kind.rtol
    return replace(kind, rtol=rtol, short=bool(named & _OF_FLOATS))


#: Functions of floats only: an int8 becomes a float16 for them, an int16 a float32.
_OF_FLOATS = {
    name
    for name, u in vars(np).items()
    if isinstance(u, np.ufunc)
    and not any(t[0] in "bhilq" for t in u.types)
    and "d->d" in u.types
    or name in ("arctan2", "logaddexp", "logaddexp2", "hypot", "true_divide", "divide")
}


def difference(kind: Kind, want: Outcome, got: Outcome) -> str:
    """How two outcomes differ, "" where they do not."""
    if want.error is None and got.error is not None:
        return f"raised {type(got.error).__name__}: {got.error}"[:300]
    if want.error is not None:
        try:
            same_error(want.error, got.error, 0)
        except AssertionError as error:
            return str(error)[:300]
        if "negative integer powers" in str(want.error):
            return ""  # NumPy has written a part of out= (docs/differences.md)
        return _same(kind, want.args, got.args, "arguments after the error", want.args)
    said = _same(kind, want.answer, got.answer, "answer", want.args)
    return said or _same(kind, want.args, got.args, "arguments afterwards", want.args)


def alike(want: BaseException | None, got: BaseException) -> bool:
    """Is an error of the class that was wanted?"""
    try:
        if want is not None:
            same_error(want, got, 0)
    except AssertionError:
        return False
    return want is not None


def _same(kind: Kind, want: Any, got: Any, where: str, context: Sequence[Any]) -> str:
    a, tree = flatten(want)
    b, other = flatten(got)
    # any number may stem from an array of float32 or float16
    narrow = {getattr(x, "dtype", np.dtype(bool)).char for x in [*a, *context]}
    half, single = ({*"e?bB"}, {*"fFhH"}) if kind.short else ({*"e"}, {*"fF"})
    rtol = 2e-2 if narrow & half else 2e-4 if narrow & single else kind.rtol
    if tree != other:
        return f"{where}: structure {tree} became {other}"
    for k, (x, y) in enumerate(zip(a, b, strict=True)):
        if not kind.exact and not isinstance(x, np.ndarray):
            x, y = (
                float(v) if not isinstance(v, complex | np.complexfloating) else v for v in (x, y)
            )
        if type(x) is not type(y):
            return f"{where} {k}: {type(x).__name__} {x!r} became {type(y).__name__} {y!r}"
        u, v = np.asarray(x), np.asarray(y)
        if (u.dtype, u.shape) != (v.dtype, v.shape):
            return f"{where} {k}: {u.dtype}{u.shape} became {v.dtype}{v.shape}"
        if not _close(u, v, rtol):
            return f"{where} {k}: {x!r} became {y!r}"
    return ""


def _close(u: Any, v: Any, rtol: float) -> bool:
    if u.dtype.kind in "biu":
        return bool((u == v).all())
    if u.dtype.kind not in "fc":
        return bool((u == v).all())
    with np.errstate(all="ignore"):
        finite = np.abs(u[np.isfinite(u)])
        scale = float(finite.max()) if finite.size else 0.0
        parts = [(u.real, v.real), (u.imag, v.imag)] if u.dtype.kind == "c" else [(u, v)]
        atol = rtol * max(scale, 1e-3)
        return all(np.allclose(b, a, rtol=rtol, atol=atol, equal_nan=True) for a, b in parts)
