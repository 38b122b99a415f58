"""Processes in surroundings of every kind: paths, stacks, processors, signals, exits."""

import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.emit.faults.program import LIMIT_S

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, limits and processors")

#: Shares its loops among four threads, and ends with the answer.
TEAM = """
import os, signal, sys, threading, time
import numpy as np
import arignote as ag

f = ag.compile(lambda x: np.exp(x) * x)
x = np.linspace(0, 1, 300_000)
want = np.exp(x) * x
{body}
np.testing.assert_allclose(f(x), want, rtol=1e-14)
print("right")
"""


def ended(text, cache, before=None, **variables):
    """What the text prints, in a process of its own."""
    environment = {
        **os.environ, "PYTHONPATH": str(ROOT),
        "ARIGNOTE_FLAGS": f"cache_dir={cache},threads=4,parallel_min_us=0", **variables,
    }  # fmt: skip
    child = subprocess.run(
        [sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=False,
        timeout=LIMIT_S, preexec_fn=before,
    )  # fmt: skip
    assert child.returncode == 0, child.stderr
    return child.stdout


def test_a_cache_on_a_path_with_spaces_and_letters_of_all_kinds(probed, tmp_path):
    place = tmp_path / "a place: ünï, 'quoted'"
    place.mkdir()
    text = TEAM.replace("import arignote as ag", f"""import arignote as ag
ag.config.cache_dir = {str(place / 'cache')!r}""").format(body="")
    assert ended(text, probed, TMPDIR=str(place)) == "right\n"
    assert list((place / "cache").rglob("module.so"))


def test_versions_of_python_share_a_cache_folder(program, tmp_path):
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"
    text = (tmp_path / "program.py").read_text()
    first = "sys.version += ' another'\nimport arignote as ag"
    (tmp_path / "program.py").write_text(text.replace("import arignote as ag", first))
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"
    assert program().communicate(timeout=LIMIT_S)[0] == "right 0\n"
    (tmp_path / "program.py").write_text(text)
    assert program().communicate(timeout=LIMIT_S)[0] == "right 0\n"


def test_kill_9_at_any_time(program):
    """Whenever a process ends, the next one is right."""
    started = time.monotonic()
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"
    whole, draw = time.monotonic() - started, random.Random(0)
    for _ in range(4):
        child = program()
        time.sleep(whole * draw.uniform(0.4, 1.0))
        child.kill()
        child.communicate(timeout=LIMIT_S)
    assert program().communicate(timeout=LIMIT_S)[0] in ("right 0\n", "right 1\n")


def test_small_stacks(probed):
    resource = pytest.importorskip("resource")
    few = 256 * 1024
    body = """
threading.stack_size(256 * 1024)
got = []
threads = [threading.Thread(target=lambda: got.append(f(x))) for _ in range(3)]
for t in threads: t.start()
for t in threads: t.join()
assert len(got) == 3
"""
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    limit = lambda: resource.setrlimit(resource.RLIMIT_STACK, (few, hard))
    assert ended(TEAM.format(body=body), probed, limit) == "right\n"


@pytest.mark.parametrize("threads", ["0", "1", "nonsense", "2,2"])
def test_settings_of_openmp(probed, threads):
    assert ended(TEAM.format(body=""), probed, OMP_NUM_THREADS=threads) == "right\n"


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no affinity here")
def test_one_processor(probed):
    one = lambda: os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    assert ended(TEAM.format(body=""), probed, one) == "right\n"


def test_threads_that_run_kernels_when_python_ends(probed):
    body = """
def forever():
    while True:
        f(x)

for _ in range(3):
    threading.Thread(target=forever, daemon=True).start()
time.sleep(0.2)
"""
    assert ended(TEAM.format(body=body), probed) == "right\n"


def test_kernels_in_signal_handlers_and_forks_between_calls(probed):
    body = """
hits = []
signal.signal(signal.SIGALRM, lambda *_: hits.append(f(x[:1000])))
f(x), f(x[:1000])
signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
for k in range(60):
    assert np.allclose(f(x), want)
signal.setitimer(signal.ITIMER_REAL, 0)
assert hits
child = os.fork()
if child == 0:
    os._exit(0 if np.allclose(f(x), want) else 1)
assert os.waitpid(child, 0)[1] == 0
"""
    assert ended(TEAM.format(body=body), probed) == "right\n"


def test_ctrl_c_in_a_loop_that_threads_share(probed):
    text = TEAM.format(body="""
from tests.emit.faults.program import shared_rows
g = ag.compile(shared_rows)
small = np.linspace(0, 1, 54).reshape(6, 9)
g(small)
threading.Timer(0.1, lambda: os.kill(os.getpid(), signal.SIGINT)).start()
try:
    for _ in range(1000):
        g(np.broadcast_to(small[0, :1], (64, 1_000_000)).copy())
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
np.testing.assert_allclose(g(small), shared_rows(small), rtol=1e-13)
""")
    assert ended(text, probed) == "interrupted\nright\n"
