"""Faults around a build: killed processes, full disks, hostile entries, forks, deep stacks.

After each of them the next call, in this process or another, gives NumPy's answer.
"""

import hashlib
import json
import multiprocessing
import os
import pickle
import shutil
import signal
import subprocess
import sys
import threading
import time

import numpy as np
import pytest

import arignote.emit.cache as cache_module
import arignote.emit.cython.build as build_module
import arignote.emit.cython.translate as translate_module
from arignote.api import compile
from arignote.config import config
from arignote.emit import warm
from arignote.emit.cache import Cache, default_cache
from arignote.errors import ArignoteWarning, BuildError

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, forks and owners")
X = np.arange(6.0)
LIMIT_S = 30

PROGRAM = """
import os, signal, sys
import numpy as np
import arignote as ag
import arignote.emit.cache as cache
import arignote.emit.cython.build as build
import arignote.emit.warm as warm

warm.package_fingerprint = lambda: "the same"

@ag.compile
def f(x):
    return (x * 3 - 1)[::-1] + x.sum()

{fault}

def die(*_, **__):
    os.kill(os.getpid(), signal.SIGKILL)

if len(sys.argv) > 1:
    FAULTS[sys.argv[1]]()
x = np.arange(6.0)
np.testing.assert_array_equal(f(x), (x * 3 - 1)[::-1] + x.sum())
print("right", len(f.traces))
"""
FAULTS = """
def before_translation():
    build._compile = die

def after_compiling():
    real = build._compile
    build._compile = lambda *a: (real(*a), die())

def while_writing():
    real = cache._write_flushed
    def half(path, data):
        if path.name == "module.so":
            path.write_bytes(data[: len(data) // 2])
            die()
        real(path, data)
    cache._write_flushed = half

def before_the_checksums():
    real = cache._write_flushed
    cache._write_flushed = lambda path, data: (
        die() if path.name == "checksums.json" and (path.parent / "module.so").exists()
        else real(path, data))

def before_publishing():
    real = cache.Cache._publish
    cache.Cache._publish = lambda self, staged, folder, key: (
        die() if (staged / "module.so").exists() else real(self, staged, folder, key))

def after_publishing():
    build.load = die

def before_the_plan_is_kept():
    warm.remember = die

def after_the_plan_is_kept():
    real = warm.remember
    warm.remember = lambda *a: (real(*a), die())

FAULTS = {name: value for name, value in globals().items() if callable(value)}
"""
POINTS = [line[4:-3] for line in FAULTS.splitlines() if line.startswith("def ")]


@pytest.fixture
def own_cache(tmp_path, monkeypatch):
    """A cache folder that has nothing but the compiler's facts; warnings are given again."""
    monkeypatch.setattr(build_module, "_loaded", {})
    monkeypatch.setattr("arignote.errors._warned", set())
    with config(cache_dir=tmp_path / "cache", verify=False):
        yield tmp_path / "cache"
    cache_module._opened.cache_clear()


@pytest.fixture(scope="module")
def probed(tmp_path_factory):
    """A cache folder in which the compiler has been looked for."""
    root = tmp_path_factory.mktemp("probed") / "cache"
    with config(cache_dir=root):
        build_module.find_compiler.__globals__["_find"].cache_clear()
        build_module.find_compiler()
    return root


@pytest.fixture
def program(tmp_path, probed):
    """Starts the program in a process of its own, with a cache folder of the test."""
    (tmp_path / "program.py").write_text(PROGRAM.format(fault=FAULTS))
    (tmp_path / "temp").mkdir()
    shutil.copytree(probed, tmp_path / "cache")
    flags = f"cache_dir={tmp_path / 'cache'}"
    environment = {**os.environ, "ARIGNOTE_FLAGS": flags, "TMPDIR": str(tmp_path / "temp")}

    def start(*words):
        return subprocess.Popen(
            [sys.executable, "-B", "program.py", *words], cwd=tmp_path, env=environment,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    return start


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


@pytest.mark.parametrize("room", [0, 5000, 60_000])
def test_a_disk_that_takes_only_little_gives_the_answer_or_says_why(program, tmp_path, room):
    text = (tmp_path / "program.py").read_text()
    full = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    (tmp_path / "program.py").write_text(text.replace("x = np.arange", full + "x = np.arange"))
    child = program()
    output, said = child.communicate(timeout=LIMIT_S)
    assert output == "right 1\n" or ("no room" in said and "TMPDIR" in said), said
    (tmp_path / "program.py").write_text(text)
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"


def test_a_disk_that_is_full_at_every_write_of_the_cache(own_cache, monkeypatch):
    def full(path, data):
        path.write_bytes(data[:10])
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cache_module, "_write_flushed", full)
    f = compile(lambda x: x * 7 - 2)
    with (
        pytest.raises(BuildError, match="no room"),
        pytest.warns(ArignoteWarning, match="No space"),
    ):
        f(X)
    assert not list(own_cache.glob("tmp-*")) and Cache(own_cache).entries() == []
    monkeypatch.undo()
    with config(cache_dir=own_cache):
        np.testing.assert_array_equal(f(X), X * 7 - 2)


def test_the_cache_folder_vanishes_between_two_calls(own_cache):
    f = compile(lambda x, k: x * k + k)
    np.testing.assert_array_equal(f(X, 3.0), X * 3 + 3)
    shutil.rmtree(own_cache)
    np.testing.assert_array_equal(f(X, 4.0), X * 4 + 4)
    np.testing.assert_array_equal(f(X[::2], 4), X[::2] * 4 + 4)
    assert Cache(own_cache).entries()


@pytest.mark.parametrize("step", ["_compile", "load"])
def test_the_cache_folder_vanishes_during_a_build(own_cache, monkeypatch, step):
    real, gone = getattr(build_module, step), []

    def vanishing(*arguments):
        if not gone:
            shutil.rmtree(own_cache)
            gone.append(step)
        return real(*arguments)

    monkeypatch.setattr(build_module, step, vanishing)
    np.testing.assert_array_equal(compile(lambda x: x * 5 - 3)(X), X * 5 - 3)
    assert gone


@pytest.mark.parametrize("damage", ["noise", "folder"])
def test_every_file_of_the_cache_is_damaged(program, tmp_path, damage):
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"
    random = np.random.default_rng(0)
    for path in [p for p in (tmp_path / "cache").rglob("*") if p.is_file()]:
        data = path.read_bytes()
        path.unlink()
        if damage == "folder":
            path.mkdir()
        else:
            path.write_bytes({"noise": random.bytes(len(data)), "half": data[: len(data) // 2],
                              "empty": b""}[damage])  # fmt: skip
    assert program().communicate(timeout=LIMIT_S)[0] == "right 1\n"


class Hostile:
    def __init__(self, function, *arguments):
        self.call = function, arguments

    def __reduce__(self):
        return self.call


def dotted(*names):
    """A pickle of `module.name(path)`, with a name that has dots in it."""
    module, name, path = names
    return b"\x80\x04" + b"".join(
        b"\x8c" + bytes([len(word)]) + word.encode() for word in (module, name)
    ) + b"\x93\x8c" + bytes([len(path)]) + path.encode() + b"\x85R."  # fmt: skip


@pytest.mark.parametrize("way", ["os", "eval", "import", "through us", "popen"])
def test_a_planted_pickle_is_not_executed(tmp_path, way, monkeypatch):
    cache, mark = Cache(tmp_path / "cache"), tmp_path / "mark"
    (tmp_path / "planted.py").write_text(f"open({str(mark)!r}, 'w')\nclass E(Exception): pass\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    data = {
        "os": lambda: pickle.dumps(Hostile(os.mkdir, str(mark))),
        "eval": lambda: pickle.dumps(Hostile(eval, f"open({str(mark)!r}, 'w')")),
        "import": lambda: b"cplanted\nE\n.",
        "through us": lambda: dotted("arignote.emit.cache", "os.mkdir", str(mark)),
        "popen": lambda: dotted("arignote.emit.compiler", "subprocess.Popen", f"touch {mark}"),
    }[way]()
    cache.put("k", {"object.pickle": data})
    assert cache.get_object("k") is None and cache.entries() == []
    time.sleep(0.1 if way == "popen" else 0)
    assert not mark.exists()


def test_plain_values_and_plans_are_read_back(tmp_path):
    cache = Cache(tmp_path / "cache")
    value = [np.float32(2), np.dtype("c16"), np.arange(3), {1, 2}, slice(1), 3j, KeyError, ...,
             np.dtype([("a", "i4")]), range(3), b"x", warm.Wanted(frozenset({1}))]  # fmt: skip
    cache.put_object("k", value)
    assert str(cache.get_object("k")) == str(value)


@pytest.mark.parametrize("what", ["shelf", "folder", "module.so", "checksums.json"])
def test_entries_of_another_user_are_not_used(tmp_path, monkeypatch, what):
    """Left from a time when the folder was open to others."""
    cache = Cache(tmp_path / "cache")
    folder = cache.put("k", {"module.so": b"1"})
    planted = {"shelf": folder.parent, "folder": folder}.get(what, folder / what)
    real = type(planted).lstat

    def lstat(path):
        status = list(real(path))
        if path == planted:
            status[4] += 1
        return os.stat_result(status)

    monkeypatch.setattr(type(planted), "lstat", lstat)
    assert cache.get("k") is None


def test_links_out_of_the_cache_are_not_followed(tmp_path):
    cache = Cache(tmp_path / "cache")
    folder = cache.put("k", {"module.so": b"1"})
    (tmp_path / "elsewhere").write_bytes(b"1")
    (folder / "module.so").unlink()
    (folder / "module.so").symlink_to(tmp_path / "elsewhere")
    assert cache.get("k") is None and (tmp_path / "elsewhere").exists()
    sums = {"../../../elsewhere": hashlib.sha256(b"1").hexdigest()}
    folder = cache.put("k", {"a": b"1"})
    (folder / "checksums.json").write_text(json.dumps(sums))
    assert cache.get_object("k") is None and (tmp_path / "elsewhere").exists()


def work(root, number):
    """Eight threads of one process call three new functions."""
    functions = [compile(lambda x: x * 2 + 1), compile(lambda x: x[::-1] - x), compile(np.cumsum)]
    wrong, start = [], threading.Barrier(8)

    def call(k):
        try:
            start.wait(LIMIT_S)
            with config(cache_dir=root, verify=False):
                for j in range(3):
                    f = (k + j) % 3
                    want = (X * 2 + 1, X[::-1] - X, np.cumsum(X))[f]
                    np.testing.assert_array_equal(functions[f](X), want)
        except BaseException as error:
            wrong.append(error)

    threads = [threading.Thread(target=call, args=(k,)) for k in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if wrong:
        raise wrong[0]


def ended_well(children, seconds=LIMIT_S):
    deadline = time.monotonic() + seconds
    for child in children:
        child.join(max(0.0, deadline - time.monotonic()))
    hung = [child for child in children if child.exitcode is None]
    for child in hung:
        child.kill()
    return not hung and [child.exitcode for child in children] == [0] * len(children)


@pytest.mark.parametrize("method", ["fork", "spawn"])
def test_four_processes_of_eight_threads_compile_the_same_functions(own_cache, method):
    assert compile(lambda x: x - 9)(X)[0] == -9  # the parent has compiled before
    context = multiprocessing.get_context(method)
    children = [context.Process(target=work, args=(own_cache, n)) for n in range(4)]
    for child in children:
        child.start()
    assert ended_well(children)
    assert not list(own_cache.glob("tmp-*"))


@pytest.mark.parametrize("held", ["translation", "another text", "the same function"])
def test_a_fork_while_a_thread_builds_does_not_hang_the_child(own_cache, monkeypatch, held):
    inside, leave, parent = threading.Event(), threading.Event(), os.getpid()
    f, g = compile(lambda x: x * 11 - 1), compile(lambda x: x * 13 - 1)
    where = {"translation": (translate_module, "compile")}.get(held, (build_module, "_compile"))
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


def deep(x):
    y = x
    for _ in range(300):
        y = y * 0.5 + 1
    return y


def calls(depth, function):
    return function() if depth == 0 else calls(depth - 1, function)


@pytest.mark.parametrize("room", [130, 160, 250])
def test_little_room_for_recursion(own_cache, room):
    compile(lambda x: x + 17)(X)  # what is imported on the way is not counted
    limit, depth, frame = sys.getrecursionlimit(), 0, sys._getframe()
    while frame is not None:
        depth, frame = depth + 1, frame.f_back
    f = compile(deep)
    sys.setrecursionlimit(depth + room)
    try:
        answer = f(X)
    finally:
        held = sys.getrecursionlimit()
        sys.setrecursionlimit(limit)
    assert held == depth + room
    np.testing.assert_allclose(answer, deep(X), rtol=1e-15)


def test_a_call_from_deep_inside_the_users_calls(own_cache):
    f = compile(lambda x: (x * 19 + 1).sum() + x[0])
    answer = calls(sys.getrecursionlimit() - 300, lambda: f(X))
    assert answer == (X * 19 + 1).sum() + X[0]


def test_a_cache_that_was_open_is_closed_again(own_cache):
    np.testing.assert_array_equal(compile(lambda x: x * 23)(X), X * 23)
    os.chmod(own_cache, 0o777)
    cache_module._opened.cache_clear()
    np.testing.assert_array_equal(compile(lambda x: x * 23 + 1)(X), X * 23 + 1)
    assert default_cache().root.stat().st_mode & 0o777 == 0o700
