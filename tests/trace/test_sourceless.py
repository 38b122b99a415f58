"""Functions without text, as of `python -c` and exec: straight-line code is compiled too."""

import functools
import subprocess
import sys

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import arignote as ag
from arignote.errors import UnsupportedError

PROGRAMS = [
    "scipy.special.logsumexp(m, axis=1)",
    "scipy.linalg.expm(m)",
    "np.array([m, m * k]).sum() + len(m)",
    "np.asarray(m) + np.linalg.norm(np.stack([m, m]), axis=0)",
    "sum(m) + abs(m[0])",
    "helper(m) * 2",
    "functools.reduce(lambda v, n: np.asarray(v) * k + len(m) + n, range(9), m)",
    "(lambda f: f(m))(lambda v: np.array([v, v]) + abs(k))",
]


def namespace():
    names = {"np": np, "functools": functools, "scipy": scipy, "k": 2.0, "__name__": "__main__"}
    exec("def helper(v):\n    return np.array([v, v])[1] + k", names)
    return names


@pytest.mark.parametrize("text", PROGRAMS)
def test_values(text):
    f = eval(f"lambda m: {text}", namespace())
    m = np.random.default_rng(0).random((3, 3))
    np.testing.assert_allclose(ag.compile(f)(m), f(m), rtol=1e-12)


def test_globals_are_read_when_a_function_is_traced():
    names = namespace()
    f = ag.compile(eval("lambda x: x * k", names))
    assert f(np.ones(2)).tolist() == [2, 2]
    names["k"] = 5.0
    assert f(np.ones(2, "f4")).tolist() == [5, 5]


def test_missing_names_and_branches_say_so():
    with pytest.raises(NameError, match="unheard_of"):
        ag.compile(eval("lambda x: unheard_of(x)", namespace()))(np.ones(2))
    with pytest.raises(UnsupportedError, match="source of <lambda> is not available"):
        ag.compile(eval("lambda x: x if x[0] > 0 else -x", namespace()))(np.ones(2))


def test_a_program_on_the_command_line():
    program = (
        "import numpy as np, arignote as ag, math\n"
        "from dataclasses import dataclass\n"
        "@dataclass\n"
        "class Pair:\n    a: object\n    b: float = 2.0\n"
        "def helper(v):\n    return np.asarray(v) * 2\n"
        "@ag.compile\n"
        "def f(x):\n    return helper(x) + Pair(x).a + math.sqrt(x[0])\n"
        "print(f(np.ones(2)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.stdout.strip() == "[4. 4.]", done.stderr
