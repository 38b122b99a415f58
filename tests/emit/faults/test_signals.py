"""Signals while kernels and builds run in several threads."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
from pathlib import Path

import numpy as np
import pytest

import arignote.emit.cython.build as build_module
from arignote.api import compile
from arignote.config import config
from arignote.errors import BuildError
from tests.emit.faults.program import LIMIT_S, X, counted

ROOT = Path(__file__).parents[3]
pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals")

WORKERS = """
import os, signal, sys, threading, time
import numpy as np
import arignote as ag
from tests.emit.faults.program import counted

long = ag.compile(counted)
long(np.ones(9), 2)
done = []
threads = [threading.Thread(target=lambda: done.append(long(np.ones(9), 2_000_000)))
           for _ in range(3)]
for t in threads:
    t.start()
try:
    threading.Timer(0.05, signal.raise_signal, (signal.{signal},)).start()
    for _ in range(2):
        long(np.ones(9), {steps})
    print("not interrupted")
except KeyboardInterrupt:
    print("interrupted")
for t in threads:
    t.join()
assert len(done) == 3 and done[0] == done[1] == done[2]
assert long(np.ones(9), 3) == counted(np.ones(9), 3)
print("right")
"""


def test_ctrl_c_ends_the_main_threads_kernel_and_no_other(probed, tmp_path):
    """Kernels of other threads run to their end, and the function stays usable."""
    text = WORKERS.replace("{signal}", "SIGINT").replace("{steps}", "10**9")
    (tmp_path / "workers.py").write_text(text)
    child = subprocess.run(
        [sys.executable, "workers.py"], cwd=tmp_path, capture_output=True, text=True, check=False,
        env={**os.environ, "ARIGNOTE_FLAGS": f"cache_dir={probed}", "PYTHONPATH": str(ROOT)},
        timeout=LIMIT_S,
    )  # fmt: skip
    assert child.stdout == "interrupted\nright\n", child.stderr


def endless(x, n):
    while n > 0:
        x = x * 0.5 + 1.0
    return x


@pytest.mark.parametrize(
    ("f", "argument", "short", "long"),
    [(counted, np.ones(50), 3, 10**9), (endless, np.ones(()), 0, 7)],
    ids=["for", "while"],
)
def test_ctrl_c_ends_a_long_kernel(f, argument, short, long):
    """KeyboardInterrupt in the middle of it, and the function stays usable."""
    g = compile(f)
    g(argument, short)
    sender = threading.Timer(1.0, lambda: os.kill(os.getpid(), signal.SIGINT))
    sender.start()
    with pytest.raises(KeyboardInterrupt):
        g(argument, long)
    sender.join()
    assert argument.flat[0] < long - 1
    np.copyto(argument, 1.0)
    given = np.ones_like(argument)
    assert g(argument, short) == f(given, short)


def test_a_handler_that_raises_leaves_a_build_undone_and_nothing_behind(own_cache, monkeypatch):
    class Alarm(Exception):
        pass

    def ring(*_):
        raise Alarm

    real = build_module._compile

    def slow(*arguments):
        signal.raise_signal(signal.SIGALRM)
        return real(*arguments)

    f, before = compile(lambda x: x * 29 - 1), signal.signal(signal.SIGALRM, ring)
    monkeypatch.setattr(build_module, "_compile", slow)
    try:
        with pytest.raises(Alarm):
            f(X)
    finally:
        signal.signal(signal.SIGALRM, before)
    monkeypatch.setattr(build_module, "_compile", real)
    assert not list(own_cache.glob("tmp-*"))
    np.testing.assert_array_equal(f(X), X * 29 - 1)


def test_a_thread_that_is_interrupted_in_a_build_does_not_block_the_others(own_cache, monkeypatch):
    """Threads wait for one build of a text; if it fails, the next of them builds."""
    real, first, inside, leave = build_module._compile, [], threading.Event(), threading.Event()

    def dying(*arguments):
        if not first:
            first.append(threading.current_thread())
            inside.set()
            leave.wait(LIMIT_S)
            raise KeyboardInterrupt
        return real(*arguments)

    monkeypatch.setattr(build_module, "_compile", dying)
    f, answers, failed = compile(lambda x: x * 31 - 1), [], []

    def call():
        with config(cache_dir=own_cache, verify=False):
            try:
                answers.append(f(X))
            except KeyboardInterrupt:
                failed.append(threading.current_thread())

    threads = [threading.Thread(target=call) for _ in range(4)]
    for thread in threads:
        thread.start()
    assert inside.wait(LIMIT_S)
    leave.set()
    for thread in threads:
        thread.join(LIMIT_S)
    assert failed == first and len(answers) == 3
    for answer in answers:
        np.testing.assert_array_equal(answer, X * 31 - 1)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_a_compiler_that_is_killed_is_an_error_that_says_so(own_cache, probed, tmp_path, number):
    """As the kernel does with the largest process when memory runs out."""
    dying = tmp_path / "cc"
    flag = tmp_path / "kill"
    real = build_module.find_compiler().command[0]
    dying.write_text(textwrap.dedent(f"""\
        #!/bin/sh
        case "$*" in *arignote_*) [ -e {flag} ] && kill -{int(number)} $$;; esac
        exec {real} "$@"
        """))
    dying.chmod(0o755)
    f = compile(lambda x: x * 37 - 1)
    with config(cc=str(dying)):
        build_module.find_compiler()
        flag.touch()
        with pytest.raises(BuildError, match=rf"ended by signal {int(number)}"):
            f(X)
        flag.unlink()
        np.testing.assert_array_equal(f(X), X * 37 - 1)


def test_children_that_are_not_waited_for(own_cache):
    """Where SIGCHLD is ignored the exit status of the compiler is lost, not its output."""
    before = signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    try:
        np.testing.assert_array_equal(compile(lambda x: x * 41 - 1)(X), X * 41 - 1)
    finally:
        signal.signal(signal.SIGCHLD, before)
