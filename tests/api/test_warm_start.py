"""Warm starts: a second process finds the kernels of the first, and only where nothing changed."""

import os
import subprocess
import sys

import pytest

HELPER = """
import numpy as np
GAIN = 2.0
def helper(x):
    return np.tanh(x) * GAIN
"""
SCRIPT = """
import sys
import traceback
import numpy as np
import arignote as ag
import arignote.emit.warm
import helping

# someone may be editing the package while the tests run
arignote.emit.warm.package_fingerprint = lambda: "the same"

table = np.arange(6.0) * helping.GAIN

@ag.compile
def calls(a):
    return helping.helper(a) + 1

@ag.compile
def reads(a):
    return a * table

@ag.compile
def writes(a, b):
    for i in range(len(a)):
        a[i] += b
    return a

@ag.compile
def knows(a, axis):
    return a.sum(axis=axis)

@ag.compile
def raises(a, i):
    return a[i]

@ag.compile
def guards(a, b):
    return a + b[: a.shape[0]]

a = np.arange(6.0)
np.testing.assert_allclose(calls(a), np.tanh(a) * helping.GAIN + 1, rtol=1e-12)
np.testing.assert_array_equal(reads(a), a * table)
own = a.copy()
assert writes(own, 2.0) is own
np.testing.assert_array_equal(own, a + 2)
two = a.reshape(2, 3)
for axis in (0, 1):
    np.testing.assert_array_equal(knows(two, axis), two.sum(axis=axis))
assert raises(a, 2) == 2
try:
    raises(a, 7)
except IndexError as error:
    last = traceback.extract_tb(error.__traceback__)[-1]
    assert last.filename.endswith("script.py") and last.line == "return a[i]", last
else:
    raise AssertionError("no IndexError")
np.testing.assert_array_equal(guards(a, np.arange(9.0)), a + np.arange(6.0))
made = [f.__name__ for f in (calls, reads, writes, knows, raises, guards) if f.traces]
print(*made, "tracer" if "arignote.specialise" in sys.modules else "")
"""


@pytest.fixture
def run(tmp_path):
    def start(helper=HELPER, script=SCRIPT, **environment):
        (tmp_path / "helping.py").write_text(helper)
        (tmp_path / "script.py").write_text(script)
        flags = f"cache_dir={tmp_path / 'cache'}"
        done = subprocess.run(
            [sys.executable, "-B", "script.py"], cwd=tmp_path, capture_output=True, text=True,
            env={**os.environ, "ARIGNOTE_FLAGS": flags, **environment}, check=False,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout.split()

    return start


def test_only_what_changed_is_traced_again(run):
    assert run() == ["calls", "reads", "writes", "knows", "raises", "guards", "tracer"]
    assert run() == []
    changed = HELPER.replace("np.tanh(x) * GAIN", "np.tanh(x) * GAIN + 0")
    assert run(changed) == ["calls", "tracer"]
    assert run(HELPER.replace("2.0", "3.0")) == ["calls", "reads", "tracer"]
    assert run() == []


def test_other_flags_are_other_entries(run, tmp_path):
    run()
    flags = f"cache_dir={tmp_path / 'cache'},excluding=fusion"
    assert "calls" in run(ARIGNOTE_FLAGS=flags)
    assert run(ARIGNOTE_FLAGS=flags) == []


def test_a_module_that_is_gone_is_built_again(run, tmp_path):
    run()
    for library in (tmp_path / "cache").rglob("*.so"):
        library.write_bytes(b"damaged")
    assert "calls" in run()
    assert run() == []
