"""Programs of the corpus, executed by the emulation under AddressSanitizer and ThreadSanitizer.

`python -m tests.emit.cuda.gpu --sanitize address` (or thread) does it with the whole corpus.
"""

import time

import pytest

from arignote.emit.cuda.emulate.build import preload
from arignote.errors import CompilerMissingError
from tests.emit.cuda.gpu.__main__ import rows_of, surroundings

ADDRESS = "straight_indexing straight_views loops_discrete loops_numeric loops_state loops_traps"
THREAD = "loops_numeric loops_traps"
RUNS = [("address", g) for g in ADDRESS.split()] + [
    pytest.param("thread", g, marks=pytest.mark.unsanitized) for g in THREAD.split()
]
LIMIT_S = 900


@pytest.mark.parametrize("flavour, group", RUNS, ids=str)
def test_no_report(flavour, group, monkeypatch):
    try:
        preload(flavour)
    except CompilerMissingError as error:
        pytest.skip(str(error))
    for name, value in surroundings(flavour).items():
        monkeypatch.setenv(name, value)
    rows = rows_of(group, time.monotonic() + LIMIT_S, ["--sanitize", flavour])
    wrong = [f"{r['job']}: {r['error']}" for r in rows if r["error"]]
    assert not wrong, "\n".join(wrong)
    assert sum(not r["skipped"] for r in rows) > 30
