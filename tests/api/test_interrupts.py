"""Ctrl-C in the middle of a long kernel: KeyboardInterrupt, and the function stays usable."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from arignote.api import compile


def counted(a, n):
    s = 0.0
    for i in range(n):
        for j in range(1, len(a)):
            a[j] = a[j] * 0.5 + a[j - 1] + i
        s += a[-1]
    return s


def endless(x, n):
    while n > 0:
        x = x * 0.5 + 1.0
    return x


@pytest.mark.skipif(os.name != "posix", reason="signals are sent by kill")
@pytest.mark.parametrize(
    ("f", "argument", "short", "long"),
    [(counted, np.ones(50), 3, 10**9), (endless, np.ones(()), 0, 7)],
    ids=["for", "while"],
)
def test_ctrl_c_ends_a_long_kernel(f, argument, short, long):
    g = compile(f)
    g(argument, short)
    sender = threading.Timer(3.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    sender.start()
    started = time.perf_counter()
    with pytest.raises(KeyboardInterrupt):
        g(argument, long)
    sender.join()
    assert time.perf_counter() - started < 30
    np.copyto(argument, 1.0)
    given = np.ones_like(argument)
    assert g(argument, short) == f(given, short)
