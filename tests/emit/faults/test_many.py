"""Many processes and threads at once, and forks in the middle."""

import importlib
import multiprocessing
import os
import threading

import numpy as np
import pytest

import arignote.emit.cython.build as build_module
import arignote.emit.cython.translate as translate_module
from arignote.api import compile
from arignote.config import config
from arignote.errors import BuildError
from tests.emit.faults.program import LIMIT_S, X, ended_well

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, forks and owners")


#: Processes by the way they start: those that are spawned import everything anew.
PROCESSES = {"fork": 16, "spawn": 3}
THREADS = 16


def work(root):
    """The threads of one process call two new functions, in both orders."""
    functions, wrong = [compile(lambda x: x * 2 + 1), compile(lambda x: x[::-1] - x)], []
    start = threading.Barrier(THREADS)

    def call(k):
        try:
            start.wait(LIMIT_S)
            with config(cache_dir=root, verify=False):
                for j in (k % 2, 1 - k % 2):
                    np.testing.assert_array_equal(functions[j](X), (X * 2 + 1, X[::-1] - X)[j])
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=call, args=(k,)) for k in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


@pytest.mark.parametrize("method", PROCESSES)
def test_processes_of_sixteen_threads_compile_the_same_functions(own_cache, method):
    assert compile(lambda x: x - 9)(X)[0] == -9  # the parent has compiled before
    context = multiprocessing.get_context(method)
    children = [context.Process(target=work, args=(own_cache,)) for _ in range(PROCESSES[method])]
    for child in children:
        child.start()
    assert ended_well(children)
    assert not list(own_cache.glob("tmp-*"))


@pytest.mark.parametrize("held", ["translation", "another text", "the same function"])
def test_a_fork_while_a_thread_builds_does_not_hang_the_child(own_cache, monkeypatch, held):
    inside, leave, parent = threading.Event(), threading.Event(), os.getpid()
    f, g = compile(lambda x: x * 11 - 1), compile(lambda x: x * 13 - 1)
    where = {"translation": (translate_module, "compile")}.get(held, (build_module, "_compile"))
    if held == "translation":  # which Cython does only for what is not spelled as C directly
        monkeypatch.setattr(build_module, "c_of", lambda text: None)
    real = getattr(*where)

    def slow(*arguments, **options):
        if os.getpid() == parent:
            inside.set()
            leave.wait(LIMIT_S)
        return real(*arguments, **options)

    def build():
        with config(cache_dir=own_cache, verify=False):
            f(X)

    monkeypatch.setattr(*where, slow)
    thread = threading.Thread(target=build)
    thread.start()
    assert inside.wait(LIMIT_S)
    called = f if held == "the same function" else g

    def child():
        factor = 11 if called is f else 13
        np.testing.assert_array_equal(called(X), X * factor - 1)

    process = multiprocessing.get_context("fork").Process(target=child)
    process.start()
    try:
        assert ended_well([process], 10)
    finally:
        leave.set()
        thread.join()
    np.testing.assert_array_equal(f(X), X * 11 - 1)


def test_a_process_that_can_hold_no_more_functions_says_so(own_cache, monkeypatch):
    f, g = compile(lambda x: x * 43 - 1), compile(lambda x: x * 47 - 1)
    f(X)

    def full(path, *_):
        raise ImportError(f"{path}: failed to map segment from shared object")

    monkeypatch.setattr(build_module, "load", full)
    with pytest.raises(BuildError, match="max_map_count"):
        g(X)
    np.testing.assert_array_equal(f(X), X * 43 - 1)  # what is there stays usable
    monkeypatch.undo()
    with config(cache_dir=own_cache):
        np.testing.assert_array_equal(g(X), X * 47 - 1)


def test_hundreds_of_functions_leave_no_files_open(own_cache):
    opened = len(os.listdir("/proc/self/fd")) if os.path.isdir("/proc/self/fd") else None
    if opened is None:
        pytest.skip("no /proc here")
    functions = [compile(lambda x, k=k: x * k, mode="FAST_COMPILE") for k in range(300)]
    for k, f in enumerate(functions):
        np.testing.assert_array_equal(f(X), X * k)
    for k in range(3):
        np.testing.assert_array_equal(compile(lambda x: x * 53 + k)(X), X * 53 + k)
    assert len(os.listdir("/proc/self/fd")) <= opened + 2


@pytest.mark.parametrize("held, k", [("a launch", 59), ("a build", 67)])
def test_a_fork_beside_the_emulation_does_not_hang_the_child(own_cache, monkeypatch, held, k):
    f = compile(lambda x: x * k - 2, device="emulate")
    g = compile(lambda x: x - k, device="emulate")
    with config(cache_dir=own_cache):
        np.testing.assert_array_equal(g(X), X - k)
        inside, leave, parent = threading.Event(), threading.Event(), os.getpid()
        done = threading.Event()
        emulated_build = importlib.import_module("arignote.emit.cuda.emulate.build")
        real = emulated_build._compiled

        def slow(*arguments):
            if os.getpid() == parent:
                inside.set()
                leave.wait(LIMIT_S)
            return real(*arguments)

        def beside():
            with config(cache_dir=own_cache):
                f(X)
                while held == "a launch" and not done.is_set():
                    f(X)
                    inside.set()

        if held == "a build":
            monkeypatch.setattr(emulated_build, "_compiled", slow)
        thread = threading.Thread(target=beside)
        thread.start()
        assert inside.wait(LIMIT_S)

        def child():
            np.testing.assert_array_equal(g(X), X - k)
            if held == "a build":
                np.testing.assert_array_equal(f(X), X * k - 2)

        context = multiprocessing.get_context("fork")
        children = [context.Process(target=child) for _ in range(1 if held == "a build" else 12)]
        try:
            for process in children:
                process.start()
            assert ended_well(children, 60)
        finally:
            leave.set()
            done.set()
            thread.join()
        np.testing.assert_array_equal(f(X), X * k - 2)
