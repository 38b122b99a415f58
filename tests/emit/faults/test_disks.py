"""Full disks, folders that vanish, files that are damaged."""

import os
import shutil

import numpy as np
import pytest

import arignote.emit.cache as cache_module
import arignote.emit.cython.build as build_module
from arignote.api import compile
from arignote.config import config
from arignote.emit.cache import Cache, default_cache
from arignote.errors import ArignoteWarning, BuildError
from tests.emit.faults.program import LIMIT_S, X

pytestmark = pytest.mark.skipif(os.name != "posix", reason="POSIX signals, forks and owners")


@pytest.mark.parametrize("room", [0, 5000, 60_000])
def test_a_disk_that_takes_only_little_gives_the_answer_or_says_why(program, tmp_path, room):
    text = (tmp_path / "program.py").read_text()
    full = f"import resource\nresource.setrlimit(resource.RLIMIT_FSIZE, ({room}, {room}))\n"
    (tmp_path / "program.py").write_text(text.replace("x = np.arange", full + "x = np.arange"))
    child = program()
    output, said = child.communicate(timeout=LIMIT_S)
    assert output == "right 1\n" or ("no room" in said and "TMPDIR" in said), said
    (tmp_path / "program.py").write_text(text)
    assert program().communicate(timeout=LIMIT_S)[0] in ("right 1\n", "right 0\n")


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


def test_a_cache_that_was_open_is_closed_again(own_cache):
    np.testing.assert_array_equal(compile(lambda x: x * 23)(X), X * 23)
    os.chmod(own_cache, 0o777)
    cache_module._opened.cache_clear()
    np.testing.assert_array_equal(compile(lambda x: x * 23 + 1)(X), X * 23 + 1)
    assert default_cache().root.stat().st_mode & 0o777 == 0o700
