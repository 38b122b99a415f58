"""The emitted kernel: values, errors, and what it does to memory, in every way it may be called.

Arguments and results lie between guard zones, results and scratch start poisoned, arguments that
the function does not write must keep every bit, and any number of threads must give the answer.
"""

from __future__ import annotations

import random
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..emit.cython.build import build
from ..emit.cython.load import Built
from ..emit.dispatch import NO_MATCH, current_state
from ..emit.kernel import Compilation
from ..emit.library_table import externs
from ..fxgraph.interpret import evaluate
from ..optimize.rule import RULES
from ..trace.interpreted import feeds_of, run
from ..trace.plan import Trace
from ..trace.pytree import flatten
from .compare import Difference, difference
from .inputs import Zones, guarded
from .launch import launch
from .lowering import origin_of
from .replay import replay
from .report import Check, Finding
from .stepwise import spread

Fresh = Callable[[], list[Any]]
#: Results lie at multiples of so many bytes at least.
_MALLOC = 16


@dataclass
class Outcome:
    """What a call did: the answer's leaves or the error, and the arguments afterwards.

    shared: (k, j) where leaf k of the answer lies in the memory of argument j.
    """

    answer: list[Any]
    error: Exception | None
    leaves: list[Any]
    shared: frozenset[tuple[int, int]] = frozenset()


def outcome_of(call: Callable[[list[Any]], Any], leaves: list[Any]) -> Outcome:
    """Call with the leaves and note everything that can be seen afterwards."""
    with np.errstate(all="ignore"):
        try:
            answer = flatten(call(leaves))[0]
        except Exception as error:
            return Outcome([], error, leaves)
        return Outcome(answer, None, leaves, _shared(answer, leaves))


def _shared(answer: Sequence[Any], leaves: Sequence[Any]) -> frozenset[tuple[int, int]]:
    return frozenset(
        (k, j)
        for k, a in enumerate(answer)
        for j, x in enumerate(leaves)
        if isinstance(a, np.ndarray) and isinstance(x, np.ndarray) and np.may_share_memory(a, x)
    )


class Expected:
    """What a call must do, and how far from it an answer may be: found out when first needed.

    A graph does not tell what a step of a loop, or a branch, wrote before it raised: that is asked
    of plain(), the function itself; without it, of the loop program as lowered.
    """

    def __init__(
        self, trace: Trace, fresh: Fresh, plain: Callable[[], Outcome] | None = None
    ) -> None:
        self.trace, self.fresh = trace, fresh
        self.told = True
        wanted: list[Outcome] = []

        def untold(trace: Trace, leaves: Sequence[Any], error: Exception) -> bool:
            self.told = False
            wanted[:] = [plain()] if plain is not None else []
            fits = wanted and same_error(wanted[0].error, error)
            return not fits and replay(trace, leaves, error)

        out = outcome_of(lambda leaves: run(trace, leaves, replay=untold), fresh())
        if wanted and same_error(wanted[0].error, out.error):
            out = replace(out, leaves=wanted[0].leaves)
        self.outcome = out
        self._slack: tuple[list[Any], list[Any]] | None = None

    def left(self, leaves: Sequence[Any]) -> tuple[str, Difference] | None:
        """The first argument that holds something else after the error than it must."""
        error = self.outcome.error
        found = outcomes_differ(self.outcome, Outcome([], error, list(leaves)), self.slack)
        return None if found is None else (found[0], found[2])

    def slack(self) -> tuple[list[Any], list[Any]]:
        """Of the answer's leaves, of the arguments."""
        if self._slack is None:
            self._slack = self._found() if self.outcome.error is None else ([], self._after())
        return self._slack

    def _after(self) -> list[Any]:
        """Of the arguments after an error."""
        out: list[Any] = [0.0] * len(self.outcome.leaves)
        for k in self.trace.written:
            held = np.asarray(self.outcome.leaves[k])
            if held.dtype.kind in "fc" and held.size:
                with np.errstate(all="ignore"):
                    size = np.max(np.abs(np.nan_to_num(held)))
                out[k] = float(size) * float(np.sqrt(np.finfo(held.dtype).eps))
        return out

    def _found(self) -> tuple[list[Any], list[Any]]:
        graph, trace = self.trace.graph, self.trace
        want = list(run_outputs(trace, self.fresh()))
        again = run_outputs(trace, self.fresh())
        moved = spread(graph.outputs, lambda: feeds_of(trace, self.fresh()), want, rounding=True)
        for j, (a, b) in enumerate(zip(want, again, strict=True)):
            if difference(a, b) is not None:  # not rounding moves it: an operation is not pure
                moved[j] = np.zeros_like(moved[j])
        answer: list[Any] = []
        for o in trace.outputs:
            k = getattr(o, "output", None)
            if k is None and hasattr(o, "base"):
                k = getattr(o.base, "output", None)
                answer.append(_largest(moved[k]) if k is not None else 0.0)
                continue
            leaf = getattr(o, "leaf", None)
            whole: Any = 0.0 if leaf is None else ("leaf", leaf)
            axes = getattr(o, "axes", None)
            answer.append(whole if k is None else _turned(moved[k], axes))
        leaves: list[Any] = [0.0] * len(self.outcome.leaves)
        for w in trace.writes:
            spec: Any = trace.signature.leaves[w.leaf]
            m = moved[w.output]
            leaves[w.leaf] = m.T if getattr(spec, "layout", "") == "F" and np.ndim(m) else m
        answer = [leaves[a[1]] if isinstance(a, tuple) else a for a in answer]
        if len(answer) != len(self.outcome.answer):  # lists of run-time length: columns to items
            spots = [getattr(o, "output", None) for o in trace.outputs]
            columns = [
                a if k is None else np.broadcast_to(a, np.shape(want[k]))
                for a, k in zip(answer, spots, strict=True)
            ]
            answer = flatten(trace.tree.unflatten(iter(columns)))[0]
        return answer, leaves


def _turned(slack: Any, axes: tuple[int, ...] | None) -> Any:
    """The slack of an output as that of a leaf whose axes stand in this order."""
    return slack if axes is None or not np.ndim(slack) else np.transpose(slack, axes)


def _largest(m: Any) -> float:
    return float(np.max(m)) if np.size(m) else 0.0


def run_outputs(trace: Trace, leaves: list[Any]) -> Sequence[Any]:
    """The values of the graph's outputs."""
    with np.errstate(all="ignore"):
        return evaluate(trace.graph.outputs, feeds_of(trace, leaves))


def outcomes_differ(
    want: Outcome,
    got: Outcome,
    slack: Callable[[], tuple[list[Any], list[Any]]],
    *,
    improve: bool = False,
) -> tuple[str, int, Difference] | None:
    """(which value, its position, how) of the first difference between two calls.

    improve: what is got may be finite where what is wanted is not.
    """
    if want.error is not None or got.error is not None:
        if not same_error(want.error, got.error):
            text = f"expected {_word(want.error)}, got {_word(got.error)}"
            return "errors", -1, Difference((), None, None, float("inf"), 0.0, 1, text)
    elif len(want.answer) != len(got.answer):
        text = f"expected {len(want.answer)} values, got {len(got.answer)}"
        return "answer", -1, Difference((), None, None, float("inf"), 0.0, 1, text)
    sides = (("answer", want.answer, got.answer, 0), ("argument", want.leaves, got.leaves, 1))
    for word, mine, theirs, side in sides:
        if word == "answer" and want.error is not None:
            continue
        for k, (a, b) in enumerate(zip(mine, theirs, strict=True)):
            if (
                isinstance(a, np.random.Generator | np.random.RandomState | random.Random)
                or difference(a, b) is None
            ):
                continue
            allowed = slack()[side][k]
            found = difference(a, b, allowed, improve=improve)
            if found is not None:
                return f"{word} {k}", k if side == 0 else -1, found
    if want.error is None and want.shared != got.shared:
        k, j = min(want.shared ^ got.shared)
        is_view = (k, j) in want.shared
        text = (
            f"expected {'a view of' if is_view else 'memory apart from'} argument {j}, "
            f"got {'memory apart' if is_view else 'a view of it'}"
        )
        return f"answer {k}", k, Difference((), None, None, float("inf"), 0.0, 1, text)
    return None


def same_error(want: Exception | None, got: Exception | None) -> bool:
    """The same class, or one that code which catches the builtin class catches too."""
    if want is None or got is None:
        return want is got
    public = next(c for c in type(want).__mro__ if c.__module__ in ("builtins", "numpy.exceptions"))
    return isinstance(got, public) or isinstance(want, type(got))


def _word(error: Exception | None) -> str:
    return "no error" if error is None else f"{type(error).__name__}: {error}"


# ---- the kernel ----------------------------------------------------------------------------------
def built_of(made: Compilation) -> Built:
    """The module of a compilation.  Raises CompilerMissingError and BuildError."""
    return build(made.source, made.trace.name, externs(made.program))


def check_kernel(
    made: Compilation, built: Built, fresh: Fresh, expected: Expected, label: str = ""
) -> tuple[list[Finding], Check]:
    """The kernel with one thread and with as many as there are, once each."""
    started = time.perf_counter()
    many = max(current_state()[1], 3)
    name = f"kernel{f', {label} arguments' if label else ''}"
    count = 0
    for threads in (1, many):
        zones = Zones()
        leaves = guarded(fresh(), zones)
        results = Zones(_MALLOC if threads > 1 else 0)

        def call(given: list[Any], n: int = threads, z: Zones = results) -> Any:
            return launch(made.plan, built, given, z, threads=n)

        got = outcome_of(call, leaves)
        if len(got.answer) == 1 and got.answer[0] is NO_MATCH:
            return [], Check(name, count, time.perf_counter() - started, "a guard refuses the call")
        count += 1
        found = _memory(made, [*zones.broken(), *results.broken()])
        found = found or _values(made, got, expected, f"{threads} threads" if threads > 1 else "")
        if found is not None:
            return [found], Check(name, count, time.perf_counter() - started)
    return [], Check(name, count, time.perf_counter() - started)


def _memory(made: Compilation, broken: list[str]) -> Finding | None:
    if not broken:
        return None
    text = f"something was written outside of {', '.join(broken)}"
    return Finding("kernel", made.trace.name, broken[0], text, excerpt=_body(made.source))


def _values(made: Compilation, got: Outcome, expected: Expected, how: str) -> Finding | None:
    improve = stabilized(made.report.fired)
    found = outcomes_differ(expected.outcome, got, expected.slack, improve=improve)
    if found is None:
        return None
    value, k, d = found
    where = None
    if k >= 0:
        position = getattr(made.trace.outputs[k], "output", None)
        where = origin_of(made.trace.graph.outputs[position]) if position is not None else None
    blame = made.trace.name + (f" ({how})" if how else "")
    return Finding(
        "kernel", blame, value, str(d), where, d.index, d.expected, d.got, d.ulp, d.tolerance,
        "what rounding moves the answer by", excerpt_at(made.source, where.line if where else 0),
    )  # fmt: skip


def stabilized(fired: Iterable[str]) -> bool:
    """May the kernel be finite where NumPy overflows?  Only where a rewrite changed bits."""
    return any(name not in RULES or RULES[name].keeps == "reals" for name in fired)


def excerpt_at(source: str, line: int, room: int = 14) -> str:
    """The emitted lines after the comment for a line of the user's, else all functions."""
    lines = source.splitlines()
    marks = [k for k, text in enumerate(lines) if f":{line}:" in text and "#" in text]
    if not marks:
        return _body(source)
    return "\n".join(lines[max(marks[0] - 1, 0) : marks[0] + room])


def _body(source: str) -> str:
    """The text from the first function on."""
    lines = source.splitlines()
    first = next((k for k, text in enumerate(lines) if text.startswith("cdef int")), 0)
    return "\n".join(lines[first : first + 60])
