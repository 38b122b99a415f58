"""A compiled function as an object: pickling, copies, where it may be defined."""

import builtins
import copy
import linecache
import os
import pickle
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from arignote.api import compile
from arignote.config import config
from arignote.emit.compiler import find_compiler
from arignote.errors import CompilerMissingError


@compile
def at_the_top(x):
    """Doubles."""
    return x * 2


class Holder:
    @compile
    def method(self, x):
        return x + 1


def test_pickles_by_reference():
    assert pickle.loads(pickle.dumps(at_the_top)) is at_the_top
    assert pickle.loads(pickle.dumps(Holder.method)) is Holder.method
    assert copy.deepcopy(at_the_top) is at_the_top and copy.copy(at_the_top) is at_the_top
    assert at_the_top.__name__ == "at_the_top" and at_the_top.__doc__ == "Doubles."


def test_a_closure_says_that_it_does_not_pickle():
    def outer(c):
        return compile(lambda x: x * c)

    with pytest.raises(pickle.PicklingError, match="defined inside another function"):
        pickle.dumps(outer(2))


def run(tmp_path, body, *command):
    (tmp_path / "script.py").write_text(textwrap.dedent(body))
    done = subprocess.run(
        [sys.executable, *(command or ("script.py",))], cwd=tmp_path, capture_output=True,
        text=True, check=False,
        env={**os.environ, "ARIGNOTE_FLAGS": f"cache_dir={tmp_path / 'cache'},mode=FAST_COMPILE"},
    )  # fmt: skip
    return done


def test_pickles_from_the_main_script(tmp_path):
    body = """
        import pickle
        import numpy as np
        import arignote as ag
        @ag.compile
        def f(x):
            return x + 1
        if __name__ == "__main__":
            assert pickle.loads(pickle.dumps(f)) is f
            print(f(np.arange(3.0)).sum())
        """
    done = run(tmp_path, body)
    assert done.returncode == 0 and done.stdout.split() == ["6.0"], done.stderr


def test_without_source_loops_are_refused_with_the_reason(tmp_path):
    body = "import numpy as np, arignote as ag\ndef f(x):\n    for i in range(len(x)): x[i] += 1\n"
    done = run(tmp_path, "", "-c", body + "ag.compile(f)(np.zeros(3))")
    if sys.version_info >= (3, 13):  # Python keeps the text of -c
        assert done.returncode == 0
        return
    assert done.returncode == 1
    assert "UnsupportedError" in done.stderr and "source of f is not available" in done.stderr


def test_a_notebooks_cells_have_source():
    text = "def f(x):\n    for i in range(len(x)):\n        x[i] += i\n    return x\n"
    name = "<ipython-input-7-abc>"
    linecache.cache[name] = (len(text), None, text.splitlines(True), name)
    scope = {}
    exec(builtins.compile(text, name, "exec"), scope)
    np.testing.assert_array_equal(compile(scope["f"])(np.zeros(3)), [0, 1, 2])


def test_without_a_compiler_everything_is_interpreted_with_one_warning(tmp_path, recwarn):
    def f(a, i):
        s = 0.0
        for k in range(len(a)):
            if a[k] > 0:
                s += np.sqrt(a[k])
        a[i] = s
        return s, np.linalg.inv(np.eye(2) * 2), a[a > 1]

    with config(cc=str(tmp_path / "no-such-compiler"), cache_dir=tmp_path / "cache"):
        a, b = np.array([4.0, -1.0, 9.0]), np.array([4.0, -1.0, 9.0])
        for got, want in zip(compile(f)(a, 1), f(b, 1), strict=True):
            np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(a, b)
        assert compile(lambda x: x + 1)(1.0) == 2.0
        with pytest.raises(IndexError):
            compile(f)(a, 5)
        with pytest.raises(CompilerMissingError):
            find_compiler()
    said = [str(w.message) for w in recwarn if "interpreted" in str(w.message)]
    assert len(said) == 1 and "pip install ziglang" in said[0]
