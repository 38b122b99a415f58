"""Programs with loops and branches: plain Python against compiled, in every mode that is there."""

import pytest

from arignote.api import compile
from arignote.fxgraph.verify import verify
from tests.corpus import loops_discrete, loops_numeric, loops_state, loops_traps
from tests.corpus.cases import check_same

ALL = [
    *loops_traps.CASES,
    *loops_discrete.CASES,
    *loops_numeric.CASES,
    *loops_state.CASES,
]


@pytest.fixture(params=["FAST_COMPILE", "FAST_RUN"])
def mode(request):
    return request.param


@pytest.mark.parametrize("case", ALL, ids=repr)
def test_same_as_plain(case, mode):
    f = compile(case.function, mode=mode)
    check_same(case, f)
    check_same(case, f)  # from the table of specialisations
    for trace in f.traces:
        verify(trace.graph, "tracing")
