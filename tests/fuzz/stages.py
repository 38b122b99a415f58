"""One program through every stage without a compiler: the traced graph, the rewritten graph, and
the loop program after lowering and after each pass, each against the plain function.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arignote.config import config
from arignote.debug.lowering import arguments, backwards
from arignote.debug.lowering import stages as programs
from arignote.emit.interface import Meeting, meet
from arignote.errors import TraceError, UnsupportedError
from arignote.fxgraph.verify import verify
from arignote.optimize.loopnest.program import Program
from arignote.optimize.loopnest.schedule import PASSES
from arignote.optimize.loopnest.simulate import simulate
from arignote.optimize.pipeline import optimize
from arignote.optimize.rule import RULES
from arignote.specialise import traced
from arignote.trace.interpreted import answer, run
from arignote.trace.plan import Trace
from arignote.trace.pytree import flatten
from tests.corpus.cases import copied, outcome

from .kinds import Kind, difference, function_of, tolerant

Run = Callable[..., Any]


def stages(
    function: Run, args: tuple[Any, ...], excluding: Collection[str] = ()
) -> Iterator[tuple[str, Run]]:
    """(name of a stage, what runs it like the function).  Raises what tracing raises."""
    leaves, tree = flatten((copied(args), {}))
    trace, _ = traced(function, tree, leaves)
    verify(trace.graph, "tracing")
    yield "trace", _interpreted(trace)
    graph = optimize(trace.graph, excluding=excluding, check=True)
    if graph is not trace.graph:
        yield "rules", _interpreted(replace(trace, graph=graph))
    meeting = meet(trace, graph)
    for name, program in programs(meeting, excluding):
        yield name, _simulated(trace, meeting, program)
        if name == "parallel":  # what depends on the order of steps is a race
            yield "parallel, backwards", _simulated(trace, meeting, backwards(program))


def verdict(kind: Kind, text: str, args: tuple[Any, ...], excluding: Collection[str] = ()) -> str:
    """What differs first: "" or "refused: ..." or "<stage>: <how>"."""
    return function_verdict(kind, function_of(text, "stages"), args, excluding)


def function_verdict(
    kind: Kind, function: Run, args: tuple[Any, ...], excluding: Collection[str] = ()
) -> str:
    """The same for a function that is there."""
    want = outcome(function, copied(args))
    stage = "tracing"
    try:
        with config(parallel_min_us=0.0):
            for stage, runs in stages(function, args, excluding):
                got = outcome(runs, copied(args))
                if want.error is not None and stage in ("trace", "rules"):
                    got.args = want.args  # graphs do not do the writes before an error: kernels do
                said = difference(tolerant(kind, function), want, got)
                if said:
                    return f"{stage}: {said}"
    except (TraceError, UnsupportedError) as error:
        return f"refused: {str(error).splitlines()[-1]}"
    except Exception as error:
        if stage == "tracing" and want.error is not None:  # `meaning` compares which one
            return "refused: the error is found while tracing"
        return f"after {stage}: {type(error).__name__}: {error}"[:400]
    return ""


def _interpreted(trace: Trace) -> Run:
    return lambda *args: run(trace, flatten((args, {}))[0])


def _simulated(trace: Trace, meeting: Meeting, program: Program) -> Run:
    def runs(*args: Any) -> Any:
        leaves, _ = flatten((args, {}))
        pointers, integers = arguments(trace, meeting, leaves)
        results = iter(simulate(program, pointers, integers))
        into, places = meeting.interface.into, meeting.interface.pointers
        new = []
        for k, o in enumerate(meeting.graph.outputs):
            value = pointers[places.index(into[k])] if k in into else next(results)
            new.append(np.asarray(value).reshape(()) if not o.type.shape else value)
        old: dict[int, Any] = {p: new[q] for p, q in meeting.outputs.items()}
        for k, q in meeting.windows.items():
            view = trace.outputs[k]
            old.update(zip((view.offset, *view.sizes, *view.strides), new[q], strict=True))
        return trace.tree.unflatten(answer(trace.outputs, trace.graph.outputs, old, leaves))

    return runs


def some_names(seed: int) -> tuple[str, ...]:
    """Rules and passes to leave out: a quarter of all, drawn by the seed."""
    names = sorted({*(r.name for r in RULES.values()), *(p.name for p in PASSES)})
    return tuple(random.Random(f"names {seed}").sample(names, len(names) // 4))
