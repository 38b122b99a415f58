"""A process ends in the middle of a build."""

import os
import signal

import pytest

from arignote.emit.cache import Cache
from tests.emit.faults.program import LIMIT_S, POINTS

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, forks and owners")


@pytest.mark.parametrize("point", POINTS)
def test_after_kill_9_the_next_process_builds_and_is_right(program, tmp_path, point):
    killed = program(point)
    killed.communicate(timeout=LIMIT_S)
    assert killed.returncode == -signal.SIGKILL
    after = program()
    output, said = after.communicate(timeout=LIMIT_S)
    assert output in ("right 0\n", "right 1\n"), said
    assert (output == "right 0\n") == (point == "after_the_plan_is_kept")
    Cache(tmp_path / "cache").clear()
    assert not list((tmp_path / "cache").glob("tmp-*"))


@pytest.mark.parametrize("sent", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_during_a_build_ends_the_process_at_once(program, tmp_path, sent):
    text = (tmp_path / "program.py").read_text()
    slow = "import time\nbuild._compile = lambda *a: (print('now', flush=True), time.sleep(60))\n"
    (tmp_path / "program.py").write_text(text.replace("x = np.arange", slow + "x = np.arange"))
    child = program()
    assert child.stdout.readline() == "now\n"
    child.send_signal(sent)
    child.communicate(timeout=LIMIT_S)
    assert child.returncode == -sent
    assert not list((tmp_path / "cache").glob("tmp-*"))
    if sent == signal.SIGINT:  # Python unwinds
        assert not list((tmp_path / "temp").glob("arignote-build-*"))
    (tmp_path / "program.py").write_text(text)
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"
