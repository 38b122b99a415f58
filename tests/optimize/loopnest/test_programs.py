"""Every corpus program, lowered and through each pass of the Program, executed statement by
statement against the graph's NumPy meaning: values, dtypes, changed arguments, errors.
"""

import numpy as np
import pytest

from arignote.emit.interface import meet
from arignote.emit.plan import Constant, DataOf, IntOf, SizeOf, StrideOf
from arignote.fxgraph.interpret import evaluate
from arignote.fxgraph.prove import Knowledge, construction
from arignote.optimize.loopnest.lower import lower
from arignote.optimize.loopnest.program_text import program_text
from arignote.optimize.loopnest.schedule import PASSES
from arignote.optimize.loopnest.simulate import simulate
from arignote.optimize.pipeline import optimize
from arignote.trace import converting
from arignote.trace.capture import trace_call
from arignote.trace.interpreted import feeds_of
from arignote.trace.overlap import overlapping
from arignote.trace.pytree import flatten
from arignote.trace.session import NeedStatic
from arignote.trace.signature import is_odd, signature_of
from tests.corpus import (
    loops_discrete,
    loops_numeric,
    loops_state,
    loops_traps,
    straight,
)

ALL = [
    pytest.param(c, id=f"{m.__name__.rsplit('.', 1)[-1]}-{c.name}")
    for m in (straight, loops_discrete, loops_numeric, loops_state, loops_traps)
    for c in m.CASES
]


def traced(case):
    """(trace, leaves) of a case, or None where tracing itself raises."""
    leaves, tree = flatten((case.fresh(), {}))
    static = frozenset()
    for _ in range(len(leaves) + 1):
        try:
            signature, slots = signature_of(tree, leaves, static)
            return trace_call(case.function, signature, leaves, slots, converting.converted), leaves
        except NeedStatic as needed:
            static |= frozenset(needed.leaves)
        except Exception:
            return None
    return None


def arguments(trace, meeting, leaves):
    pointers = []
    for source in meeting.ptrs:
        if isinstance(source, Constant):
            pointers.append(source.array)
            continue
        x = leaves[source.leaf]
        if isinstance(source, DataOf) and trace.signature.leaves[source.leaf].layout == "F":
            x = x.T
        pointers.append(x)
    integers = []
    for source in meeting.ints:
        x = leaves[source.leaf]
        if isinstance(source, SizeOf):
            integers.append(x.shape[source.axis])
        elif isinstance(source, StrideOf):
            integers.append(x.strides[source.axis] // x.itemsize)
        else:
            assert isinstance(source, IntOf)
            integers.append(x)
    return pointers, integers


def outcome(run):
    try:
        return run(), None
    except Exception as error:
        return None, error


@pytest.mark.parametrize("case", ALL)
def test_programs_mean_what_their_graphs_mean(case):
    made = traced(case)
    if made is None:
        return  # an error while tracing: the corpus tests compare it
    trace, leaves = made
    if any(isinstance(x, np.ndarray) and is_odd(x) for x in leaves) or meeting_has_handles(trace):
        return  # the runtime gives kernels a copy of such arrays; generators belong to it, too
    if overlapping(leaves, trace.written):
        return  # such calls get a trace of their own
    meeting = meet(trace, optimize(trace.graph))
    graph = meeting.graph
    program = lower(graph, meeting.interface)
    check(case, trace, meeting, graph, program)
    with construction(Knowledge(facts=list(program.guards))):
        for step in PASSES:
            before, program = program, step.run(program)
            if program is not before:
                check(case, trace, meeting, graph, program)


def meeting_has_handles(trace):
    return any(type(s).__name__ == "HandleOf" for s in trace.sources)


def check(case, trace, meeting, graph, program):
    leaves, _ = flatten((case.fresh(), {}))
    feeds = feeds_of(trace, leaves)
    for n, source in zip(meeting.interface.integers, meeting.ints, strict=True):
        if n not in feeds:
            x = leaves[source.leaf]
            feeds[n] = x.strides[source.axis] // x.itemsize
    want, failed = outcome(lambda: evaluate((*graph.effects, *graph.outputs), feeds))
    mine, _ = flatten((case.fresh(), {}))
    pointers, integers = arguments(trace, meeting, mine)
    got, raised = outcome(lambda: simulate(program, pointers, integers))
    if failed is not None or raised is not None:
        assert type(failed) is type(raised), (failed, raised, program_text(program))
        return
    want = want[len(graph.effects) :]
    results = iter(got)
    for k, (o, value) in enumerate(zip(graph.outputs, want, strict=True)):
        target = meeting.interface.into.get(k)
        if target is None:
            mine_k = next(results)
        else:
            mine_k = pointers[meeting.interface.pointers.index(target)]
        mine_k, value = np.asarray(mine_k), np.asarray(value)
        assert mine_k.shape == value.shape, program_text(program)
        np.testing.assert_allclose(
            mine_k, value.astype(o.dtype), rtol=1e-9, atol=1e-12, err_msg=program_text(program)
        )
