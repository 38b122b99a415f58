"""The corpus of straight-line programs, plain against compiled."""

import pytest

from arignote.api import compile
from arignote.fxgraph.verify import verify
from tests.corpus.cases import check_same
from tests.corpus.straight import CASES


@pytest.fixture(params=["FAST_COMPILE", "FAST_RUN"])
def mode(request):
    return request.param


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_same_as_plain(case, mode):
    f = compile(case.function, mode=mode)
    check_same(case, f)
    check_same(case, f)  # from the table of specialisations
    for trace in f.traces:
        verify(trace.graph, "tracing")
