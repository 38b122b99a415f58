"""Cache folders and processes for the tests of faults.  After each fault the next call, in this
process or another, gives NumPy's answer.
"""

import os
import shutil
import subprocess
import sys

import pytest

import arignote.emit.cache as cache_module
import arignote.emit.cython.build as build_module
from arignote.config import config
from tests.emit.faults.program import FAULTS, PROGRAM


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
