"""Scratch memory is kept between calls: it holds nothing of earlier calls, and has a bound."""

import threading
import time

import numpy as np
import pytest

import arignote as ag
from arignote.emit import dispatch

runtime = pytest.importorskip("arignote.emit.runtime")  # its twin in Python keeps nothing
SIZE = 40_000


@pytest.fixture(autouse=True)
def compiled_runtime():
    assert dispatch.compiled()


def swept(x, times):
    """The old and the new row of a stencil: one of them is scratch."""
    y = np.zeros_like(x)
    for _ in range(times):
        y[1:-1] = x[:-2] + x[2:]
        x[1:-1] = y[1:-1] - 0.5 * y[2:]
    return x.sum() + y.sum()


def test_blocks_are_kept_up_to_the_bound():
    f = ag.compile(swept)
    x = np.linspace(0, 1, SIZE)
    with ag.config(scratch=10**7):
        f(x.copy(), 2)
        assert 0 < runtime.scratch_held() <= 10**7
    with ag.config(scratch=0):
        assert runtime.scratch_held() == 0
        f(x.copy(), 2)
        assert runtime.scratch_held() == 0


def test_what_an_earlier_call_left_is_not_seen():
    f = ag.compile(swept)
    want = [swept(np.linspace(0, k, SIZE - k), 3) for k in range(8)]
    for _ in range(2):
        got = [f(np.linspace(0, k, SIZE - k), 3) for k in range(8)]
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_threads_never_share_a_block():
    f = ag.compile(swept)
    want = [swept(np.linspace(0, k, SIZE), 5) for k in range(4)]
    f(np.linspace(0, 0, SIZE), 5)
    wrong = []

    def work(k):
        for _ in range(20):
            got = f(np.linspace(0, k, SIZE), 5)
            if not np.isclose(got, want[k], rtol=1e-10):
                wrong.append((k, got))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(4)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong


def test_the_oldest_blocks_make_room():
    f = ag.compile(swept)
    with ag.config(scratch=2**21):
        for size in (2**14, 2**15, 2**16, 2**17, 2**14):
            f(np.linspace(0, 1, size), 1)
            assert runtime.scratch_held() <= 2**21


def test_the_bound_may_change_while_threads_give_memory_back():
    """It fell below the block that was being kept, and the oldest of none was freed."""
    f = ag.compile(swept)
    x = np.linspace(0, 1, 9000)
    f(x.copy(), 1)
    until = time.monotonic() + 1.0

    def work():
        mine = x.copy()
        while time.monotonic() < until:
            for _ in range(200):
                f(mine, 1)

    threads = [threading.Thread(target=work) for _ in range(2)]
    for t in threads:
        t.start()
    while time.monotonic() < until:
        for bound in (10**7, 0) * 100:
            runtime.set_scratch_bound(bound)
    for t in threads:
        t.join()
    runtime.set_scratch_bound(ag.config.scratch)


SIZED = {
    "a sum of all before": (lambda x, n: np.cumsum(np.ones(n))[-1], 2**61),
    "less than nothing": (lambda x, n: np.cumsum(np.ones(n))[-1], 2**61 + 1),
    "sorted": (lambda x, n: np.sort(np.ones(n))[0], 2**61),
    "repeated": (lambda x, n: np.repeat(x, n)[0], 2**62),
    "tiles": (lambda x, n: np.tile(x, n)[0], 2**60),
    "convolved": (lambda x, n: np.convolve(np.ones(n), x)[0], 2**61),
    "a result": (lambda x, n: np.concatenate([np.broadcast_to(x[0], n)] * 4), 2**62),
    "padded": (lambda x, n: np.pad(x, n), 2**63 - 1),
    "sorted parts": (
        lambda x, n: np.sort(np.concatenate([np.broadcast_to(x[0], n)] * 4)),
        2**62,
    ),
}


@pytest.mark.parametrize("name", SIZED)
def test_sizes_that_no_memory_has_are_errors(name):
    """Their bytes, or elements, wrapped: too little memory was taken and written past."""
    function, n = SIZED[name]
    x = np.array([1.0, 2.0, 3.0])
    with np.errstate(all="ignore"), pytest.raises(ValueError):
        function(x, n)
    f = ag.compile(function)
    with pytest.raises((ValueError, MemoryError)):
        f(x, n)
    with np.errstate(all="ignore"):
        np.testing.assert_array_equal(f(x, 5), function(x, 5))
