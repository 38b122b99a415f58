"""The loop program after lowering and after each of its passes, executed statement by statement.

`simulate` runs real memory in Python, so a wrong order, place or bound shows before anything is
printed; it is slow, so large calls skip it (`BUDGET`).
"""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from typing import Any, TypeAlias

import numpy as np

from ..config import config
from ..emit.interface import Meeting, meet
from ..emit.plan import Constant, DataOf, IntOf, SizeOf, StrideOf
from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import lit, new_index
from ..fxgraph.graph import Graph, substitute
from ..fxgraph.interpret import evaluate
from ..fxgraph.node import Node, Origin, origin
from ..fxgraph.ops.elementwise import floor_divide
from ..fxgraph.prove import Knowledge, construction
from ..fxgraph.types import OPAQUE
from ..optimize.loopnest.access import effects_of
from ..optimize.loopnest.lower import lower
from ..optimize.loopnest.mentions import mentioned, own, read_first
from ..optimize.loopnest.program import (
    Loop,
    Program,
    Statement,
    children,
    map_expressions,
    walk,
    with_children,
)
from ..optimize.loopnest.program_text import program_text
from ..optimize.loopnest.schedule import PASSES
from ..optimize.loopnest.simulate import GuardFailed, simulate
from ..trace.interpreted import feeds_of
from ..trace.plan import HandleOf, Held, Made, Trace
from ..trace.signature import ArraySpec, is_odd
from .compare import Difference, difference
from .report import Check, Finding
from .rewriting import Feeds, outcome
from .stepwise import Env, Work, spread

#: Elements above which a program is not executed statement by statement.
BUDGET = 60_000
Fresh = Callable[[], list[Any]]
#: What arguments hold after an error -> (which, how it differs from what they must hold), or None.
Left: TypeAlias = "Callable[[Sequence[Any]], tuple[str, Difference] | None]"


def stages(meeting: Meeting, excluding: Collection[str] = ()) -> list[tuple[str, Program]]:
    """The program as lowered, and after each pass that changed it."""
    grows = "grown_stacks" not in {*config.excluding, *excluding}
    program = lower(meeting.graph, meeting.interface, grows)
    out = [("lower", program)]
    with construction(Knowledge(facts=list(program.guards))):
        for p in PASSES:
            if p.name in config.excluding or p.name in excluding:
                continue
            new = p.run(program)
            if new is not program:
                out.append((p.name, new))
            program = new
    return out


def check_programs(
    trace: Trace, graph: Graph, fresh: Fresh, left: Left | None = None
) -> tuple[list[Finding], Check]:
    """Every stage of the program of `graph`, the trace's after rewriting.

    left: judges what arguments hold after an error.
    """
    started = time.perf_counter()
    meeting = meet(trace, graph)
    reason = _unfit(trace, meeting, fresh())
    if reason:
        return [], Check("program passes", 0, time.perf_counter() - started, reason)
    made = stages(meeting)
    judge = Judge(trace, meeting, fresh, left)
    findings: list[Finding] = []
    for name, program in made:
        found = judge(program)
        if found is None and any(_shared(s) for s in walk(program.statements)):
            found = judge(backwards(program))
        if found is not None:
            findings.append(_finding(name, program, meeting, *found))
            break
    return findings, Check("program passes", len(made), time.perf_counter() - started)


def _shared(s: Statement) -> bool:
    return isinstance(s, Loop) and s.parallel


def backwards(program: Program) -> Program:
    """The program with the steps of its parallel loops in the opposite order: what depends on the
    order is a race.  A loop that sets a variable anew in each step, for what is behind it, stays:
    it is not cut into parts."""
    named = mentioned(program)
    return replace(program, statements=tuple(_backwards(s, named) for s in program.statements))


def _backwards(s: Statement, named: dict[Node, int]) -> Statement:
    s = with_children(s, tuple(tuple(_backwards(x, named) for x in b) for b in children(s)))
    if not isinstance(s, Loop) or not s.parallel or s.index.attr("step") < 1:
        return s
    if effects_of(s.body).sets - set(own(s.body, named)) - read_first(s.body):
        return s
    lo, hi, step = (s.index.attr(k) for k in ("lo", "hi", "step"))
    last = minus(hi, lit(1))
    if step > 1:
        steps = floor_divide(minus(last, lo), lit(step), weak=True)
        last = plus(lo, times(steps, step))
    index = new_index(last, minus(lo, lit(1)), -step)
    return replace(s, index=index, body=tuple(_renamed(x, {s.index: index}) for x in s.body))


def _renamed(s: Statement, replaced: dict[Node, Node]) -> Statement:
    """The statement with nodes replaced, the bounds of its loops included."""

    def new(n: Node) -> Node:
        return substitute((n,), replaced)[0]

    s = map_expressions(s, new)
    if isinstance(s, Loop):
        index = new(s.index)
        replaced = replaced if index is s.index else {**replaced, s.index: index}
        s = replace(s, index=index)
    return with_children(s, tuple(tuple(_renamed(x, replaced) for x in b) for b in children(s)))


class Judge:
    """Compares programs with the graph they were lowered from, at the arguments of one call."""

    def __init__(
        self, trace: Trace, meeting: Meeting, fresh: Fresh, left: Left | None = None
    ) -> None:
        self.trace, self.meeting, self.fresh, self.left = trace, meeting, fresh, left
        self.graph = meeting.graph
        self.feeds: Feeds = lambda: feeds_for(trace, meeting, fresh())
        self.want, self.failed = outcome(self.graph, self.feeds())
        self.slack: list[Any] | None = None

    def __call__(self, program: Program) -> tuple[int | str, Difference] | None:
        leaves = self.fresh()
        pointers, integers = arguments(self.trace, self.meeting, leaves)
        try:
            got = simulate(program, pointers, integers)
        except GuardFailed:
            return None
        except Exception as error:
            if type(self.failed) is type(error):
                return self._left(leaves)
            return -1, _said(f"expected {_word(self.failed)}, got {_word(error)}")
        if self.failed is not None:
            return -1, _said(f"expected {_word(self.failed)}, got none")
        return self._values(got, pointers)

    def _left(self, leaves: list[Any]) -> tuple[str, Difference] | None:
        """What arguments hold after an error; of odd ones the program had copies."""
        if self.left is None or any(isinstance(x, np.ndarray) and is_odd(x) for x in leaves):
            return None
        return self.left(leaves)

    def _values(self, got: Sequence[Any], pointers: list[Any]) -> tuple[int, Difference] | None:
        results = iter(got)
        into, places = self.meeting.interface.into, self.meeting.interface.pointers
        for k, (o, want) in enumerate(zip(self.graph.outputs, self.want, strict=True)):
            target = into.get(k)
            value = next(results) if target is None else pointers[places.index(target)]
            if o.dtype == OPAQUE:
                continue
            value = np.asarray(value, o.dtype)
            if difference(want, value) is None:
                continue
            if self.slack is None:
                self.slack = spread(self.graph.outputs, self.feeds, self.want, rounding=True)
            found = difference(want, value, self.slack[k])
            if found is not None:
                return k, found
        return None


def _said(text: str) -> Difference:
    return Difference((), None, None, float("inf"), 0.0, 1, text)


def _word(error: Exception | None) -> str:
    return "no error" if error is None else f"{type(error).__name__}: {error}"


def _unfit(trace: Trace, meeting: Meeting, leaves: list[Any]) -> str:
    """Why the program cannot be executed, or ""."""
    if any(isinstance(s, HandleOf | Held | Made) for s in trace.sources):
        return "generators belong to the runtime"
    work = Work()
    with np.errstate(all="ignore"), contextlib.suppress(Exception):  # the function's own errors
        evaluate(meeting.graph.roots, feeds_for(trace, meeting, leaves), work)
    if work.elements > BUDGET:
        return f"{work.elements} elements are more than {BUDGET}"
    return ""


def feeds_for(trace: Trace, meeting: Meeting, leaves: list[Any]) -> Env:
    """The inputs of the meeting's graph, strides that only the kernel reads included."""
    feeds = feeds_of(trace, leaves)
    for n, source in zip(meeting.interface.integers, meeting.ints, strict=True):
        if n not in feeds and isinstance(source, StrideOf):
            x = leaves[source.leaf]
            feeds[n] = x.strides[source.axis] // x.itemsize
    return feeds


def arguments(trace: Trace, meeting: Meeting, leaves: list[Any]) -> tuple[list[Any], list[int]]:
    """What a program gets: arrays and numbers by pointer, integers."""
    pointers: list[Any] = []
    for p in meeting.ptrs:
        if isinstance(p, Constant):
            pointers.append(p.array)
            continue
        x = leaves[p.leaf]
        if isinstance(p, DataOf):
            if is_odd(x):
                x = x.astype(x.dtype.newbyteorder("="), order="C")
            spec = trace.signature.leaves[p.leaf]
            if isinstance(spec, ArraySpec) and spec.layout == "F":
                x = x.T
        pointers.append(x)
    integers = []
    for i in meeting.ints:
        x = leaves[i.leaf]
        if isinstance(i, SizeOf):
            integers.append(int(x.shape[i.axis]))
        elif isinstance(i, StrideOf):
            integers.append(int(x.strides[i.axis] // x.itemsize))
        else:
            assert isinstance(i, IntOf)
            integers.append(int(x))
    return pointers, integers


def _finding(
    name: str, program: Program, meeting: Meeting, k: int | str, found: Difference
) -> Finding:
    """k: the output, -1 for errors, or the name of what differs."""
    stage = "lowering" if name == "lower" else "program pass"
    where = origin_of(meeting.graph.outputs[k]) if isinstance(k, int) and k >= 0 else None
    value = k if isinstance(k, str) else f"output {k}" if k >= 0 else "errors"
    return Finding(
        stage, name, value, str(found), where, found.index, found.expected, found.got, found.ulp,
        found.tolerance, "what rounding moves the output by", program_text(program),
    )  # fmt: skip


def origin_of(n: Node) -> Origin | None:
    """Where the user wrote it, or the nearest operand that he wrote."""
    for _ in range(8):
        where = origin.get(n)
        if where is not None or not n.inputs:
            return where
        n = n.inputs[-1]
    return None


__all__ = ["BUDGET", "Judge", "arguments", "check_programs", "origin_of", "stages"]
