"""The threads that share loops: every step is done once, whoever comes late, is busy or is gone."""

import ctypes
import os
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.emit.compiler import find_compiler
from arignote.emit.cython import team
from arignote.emit.dispatch import team_address

pytestmark = pytest.mark.skipif(not team_address(), reason="the compiled runtime is not built")


def smooth(x, y):
    return np.sqrt(x * x + y * y) * np.exp(-x)


def rows(m):
    return np.sort(m, axis=1) - np.max(m, axis=1)[:, None]


def test_steps_are_done_once_with_any_number_of_threads():
    f, g = ag.compile(smooth), ag.compile(rows)
    m = np.random.default_rng(0).normal(size=(301, 37))
    for n in (2, 17, 1000, 70_001):
        x = np.linspace(0, 3, n)
        with config(threads=1):
            want, sorted_rows = f(x, x[::-1]), g(m)
        for threads in (2, 3, 8, 200):
            with config(threads=threads, parallel_min_us=0.0):
                np.testing.assert_array_equal(f(x, x[::-1]), want)
                np.testing.assert_array_equal(g(m), sorted_rows)


def test_callers_that_find_the_team_busy_work_alone():
    f = ag.compile(smooth)
    x = np.linspace(0, 3, 200_000)
    want = f(x, x)
    wrong = []

    def call():
        for _ in range(20):
            if not np.array_equal(f(x, x), want):
                wrong.append(1)

    callers = [threading.Thread(target=call) for _ in range(4)]
    for t in callers:
        t.start()
    for t in callers:
        t.join()
    assert not wrong


_FORKS = """
import os, sys
import numpy as np
import arignote as ag

@ag.compile
def f(x):
    return np.exp(x) * x

x = np.linspace(0, 1, 300_000)
want = f(x)
for _ in range(5):
    child = os.fork()
    if child == 0:
        os._exit(0 if all(np.array_equal(f(x), want) for _ in range(5)) else 1)
    f(x)
    assert os.waitpid(child, 0)[1] == 0
"""


@pytest.mark.skipif(
    not hasattr(os, "fork") or "tsan" in os.environ.get("LD_PRELOAD", ""),
    reason="no fork here, or ThreadSanitizer, which starts no threads in a forked child",
)
def test_a_forked_child_starts_threads_of_its_own():
    environment = {**os.environ, "ARIGNOTE_FLAGS": "threads=4,parallel_min_us=0"}
    subprocess.run([sys.executable, "-c", _FORKS], env=environment, check=True, timeout=60)


def test_idle_threads_sleep():
    f = ag.compile(smooth)
    x = np.linspace(0, 3, 100_000)
    with config(threads=4, parallel_min_us=0.0):
        f(x, x)
    time.sleep(0.05)
    before = time.process_time()
    time.sleep(0.3)
    assert time.process_time() - before < 0.1


_REGIONS = """
#include <omp.h>
#include <stdint.h>
%s
__attribute__((visibility("default"))) int64_t sums(int64_t n, int threads, long *x) {
    int64_t s = 0;
    #pragma omp parallel for num_threads(threads) schedule(dynamic, 3) reduction(+: s)
    for (long i = 0; i < n; i++) s += i;
    #pragma omp parallel for num_threads(threads) schedule(static) reduction(+: s)
    for (long i = n - 1; i >= 0; i--) s += i;
    #pragma omp parallel for num_threads(threads) schedule(dynamic)
    for (long i = 0; i < 100; i++) x[i] += n;
    return s;
}
"""


def test_regions_of_c_text_with_the_team_and_without(tmp_path):
    source, library = tmp_path / "regions.c", tmp_path / "regions.so"
    source.write_text(_REGIONS % team.C)
    compiler = find_compiler()
    assert compiler.run(source, library).returncode == 0
    loaded = ctypes.CDLL(str(library))
    loaded.sums.restype = ctypes.c_int64
    for joined in (False, True):
        if joined:
            team.join(loaded)
        for n in (0, 1, 7, 1000):
            for threads in (1, 2, 5):
                x = np.zeros(100, np.int64)
                got = loaded.sums(ctypes.c_int64(n), threads, ctypes.c_void_p(x.ctypes.data))
                assert got == n * (n - 1) and (x == n).all()
