"""From a traced call to a kernel: every stage in order, each kept so that it can be looked at."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

from ..config import config
from ..fxgraph.graph import Graph
from ..fxgraph.verify import verify
from ..optimize.loopnest.lower import lower
from ..optimize.loopnest.program import Program
from ..optimize.loopnest.schedule import schedule
from ..optimize.loopnest.unchecked import unchecked
from ..optimize.pipeline import optimize
from ..optimize.rewrite import Report
from ..trace.convert.room import with_room
from ..trace.plan import Trace
from .cython.build import build
from .cython.printer import print_program
from .dispatch import Kernel
from .interface import Meeting, meet, plan_of
from .library_table import externs
from .plan import Plan
from .warm import Ready

_NEVER = 1e30


@dataclass(frozen=True)
class Compilation:
    """The stages of one specialisation; `seconds` by stage; `report`: the rules that fired, and
    their time; `passes`: seconds of each pass over the program."""

    trace: Trace
    graph: Graph
    meeting: Meeting
    program: Program
    source: str
    plan: Plan
    seconds: dict[str, float] = field(default_factory=dict)
    report: Report = field(default_factory=Report)
    passes: dict[str, float] = field(default_factory=dict)


def compilation(trace: Trace, mode: str = "FAST_RUN") -> Compilation:
    """Everything up to the text of the kernel; nothing is built."""
    try:
        return _compilation(trace, mode)
    except RecursionError:  # the caller is deep in calls, or has lowered the limit
        return with_room(lambda: _compilation(trace, mode))


def _compilation(trace: Trace, mode: str) -> Compilation:
    seconds: dict[str, float] = {}
    report = Report()
    clock = time.perf_counter

    started = clock()
    graph = optimize(
        trace.graph,
        including=config.including,
        excluding=config.excluding,
        requiring=config.requiring,
        mode=mode,
        report=report,
        check=bool(config.verify),
    )
    seconds["rewrite"] = clock() - started
    started = clock()
    meeting = meet(trace, graph)
    if config.verify:
        verify(meeting.graph, "meet")
    program = lower(meeting.graph, meeting.interface, "grown_stacks" not in config.excluding)
    if not config.boundscheck:
        program = unchecked(program)
    passes: dict[str, float] = {}
    program = schedule(program, config.excluding, passes)
    seconds["lower"] = clock() - started
    started = clock()
    text = print_program(program, parallel_min_us=least_work())
    seconds["print"] = clock() - started
    plan = plan_of(trace, meeting, program)
    return Compilation(trace, graph, meeting, program, text, plan, seconds, report, passes)


def least_work() -> float:
    """Microseconds of work below which nothing is shared by threads."""
    return _NEVER if "parallel" in config.excluding else float(config.parallel_min_us)


def make_kernel(made: Compilation, structure: Any = None) -> tuple[Kernel, Ready]:
    """Build a compilation's text and wrap it for the dispatcher; how to do so again without it.

    Raises CompilerMissingError and BuildError.
    """
    started = time.perf_counter()
    wanted = externs(made.program)
    built = build(made.source, made.trace.name, wanted)
    made.seconds["build"] = time.perf_counter() - started
    kernel = Kernel(made.plan, built.entry, built.shapes, structure=structure, keep=built)
    return kernel, Ready(made.plan, built.key, wanted)
