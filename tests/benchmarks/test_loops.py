"""The loops beside C: the same bits on both sides, and a line for each."""

import shutil
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from benchmarks import loops  # noqa: E402


@pytest.mark.skipif(not any(map(shutil.which, ("gcc", "cc", "clang"))), reason="no C compiler")
def test_both_sides_give_the_same(capsys):
    assert loops.main(["--rounds", "1", "--steps", "1000"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert [line.split()[0] for line in lines[1:]] == [c.function.__name__ for c in loops.CASES]
    assert "other results" not in "".join(lines)
