"""Emitted code under the sanitizers: no read or write outside an array, no undefined behaviour.

A short set; `python -m tests.fuzz.sanitized` runs the corpora whole.
"""

import pytest

from tests.fuzz import sanitized

PROGRAMS = "bitonic_network,thomas,lu"


@pytest.mark.skipif(not sanitized.here(), reason="the compiler comes without sanitizers")
def test_loop_programs_have_no_finding(tmp_path):
    status, text = sanitized.run(tmp_path, f"--names={PROGRAMS}", "--first=64", "--seeds=2")
    assert status == 0, text
    built = list(tmp_path.rglob("*.so"))
    assert built and all(b"__asan_report_load" in p.read_bytes() for p in built)
