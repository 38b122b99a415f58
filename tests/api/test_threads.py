"""One compiled function from many threads, after a fork, and with threads of kernels held back."""

import os
import threading

import numpy as np
import pytest

from arignote.api import compile
from arignote.config import config


def test_many_threads_compile_and_call_the_same_functions():
    one, two = compile(lambda x: (x * 2 + 1).sum()), compile(lambda x, y: x - y[::-1])
    failures = []
    start = threading.Barrier(16)

    def work(k):
        try:
            start.wait()
            for n in (3, 5 + k % 3):
                x = np.arange(float(n))
                assert one(x) == (x * 2 + 1).sum()
                np.testing.assert_array_equal(two(x, x * k), x - (x * k)[::-1])
                x = x.astype(np.float32)
                assert one(x) == (x * 2 + 1).sum()
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(k,)) for k in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert len(one.traces) == 2 and len(two.traces) <= 2


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork on this system")
def test_a_forked_child_calls_and_compiles():
    f = compile(lambda x: x * 3 - 1)
    f(np.arange(4.0))
    child = os.fork()
    if child == 0:
        try:
            right = np.array_equal(f(np.arange(4.0)), np.arange(4.0) * 3 - 1)
            right &= np.array_equal(f(np.arange(4)), np.arange(4) * 3 - 1)
            os._exit(0 if right else 1)
        except BaseException:
            os._exit(2)
    _, status = os.waitpid(child, 0)
    assert os.waitstatus_to_exitcode(status) == 0


def test_excluding_parallel_and_one_thread_give_the_same_bits():
    x = np.random.default_rng(0).normal(size=300_000)
    with config(threads=2, parallel_min_us=0):
        expected = compile(lambda x: (np.sin(x) * x).sum())(x)
    with config(threads=1):
        assert compile(lambda x: (np.sin(x) * x).sum())(x) == expected
    with config(excluding="parallel"):
        f = compile(lambda x: (np.sin(x) * x).sum())
        assert f(x) == expected
        assert "e+34)" in f.source(x)  # no amount of work is enough for a second thread
