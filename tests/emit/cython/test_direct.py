"""Printed texts become C without Cython, and mean what Cython makes of them."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

import arignote.emit.cython.build as build_module
from arignote.api import compile
from arignote.config import config
from arignote.emit.cython.direct import c_of

X = np.random.default_rng(0).standard_normal((40, 30))


def _loops(a, n):
    for i in range(n - 1, 0, -2):
        for j in range(a.shape[1]):
            if a[i, j] > 0.5 and a[i - 1, j] < 0.5:
                a[i, j] = a[i - 1, j] / (1.0 + abs(a[i, j]))
            elif a[i, j] < -1.0:
                a[i, j] -= 2.0
            else:
                a[i, j] *= 0.5
    return a.sum(), np.tanh(a) @ a.T


def _search(a, n):
    k, total = 0, 0.0
    while total < n and k < a.size:
        total += np.abs(a.ravel()[k])
        if total > 7.0:
            break
        k += 1
    return k, total, np.float32(total) * np.arange(n, dtype=np.float32), (a > 0).any(), a.max()


def _checked(a, n):
    values = np.zeros(3, np.int64)
    for i in range(n):
        values[i % 3] += np.int32(i) * 70000
    return a[n % 30, n % 7], values, np.sort(a, axis=0)[-1]


@pytest.mark.parametrize("function", [_loops, _search, _checked])
def test_both_ways_have_the_same_bits(function, tmp_path, monkeypatch):
    with config(cache_dir=tmp_path / "a"):
        ours = compile(function)(X.copy(), 12)
    asked = []
    monkeypatch.setattr(build_module, "c_of", lambda text: asked.append(text))
    with config(cache_dir=tmp_path / "b"):
        build_module._loaded.clear()
        theirs = compile(function)(X.copy(), 12)
    assert len(asked) == 1
    for a, b in zip(ours, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_first_call_imports_only_what_it_needs(tmp_path):
    program = (
        "import sys, numpy as np, arignote as ag\n"
        "f = ag.compile(lambda x: np.exp(x).sum() + x[::-1])\n"
        "f(np.ones(5)); print('prange' in f.source(np.ones(5)), *sys.modules)"
    )
    file = tmp_path / "program.py"
    file.write_text(program)
    with config(cache_dir=tmp_path / "cache"):
        done = subprocess.run([sys.executable, file], capture_output=True, text=True, check=True)
    printed, *modules = done.stdout.split()
    others = {"Cython.Compiler", "networkx", "rich", "islpy", "scipy", "pytest", "matplotlib"}
    assert printed == "True" and not others & set(modules)
    assert not {"arignote.debug.validate", "arignote.emit.cuda"} & set(modules)


def _stencil(a, n):
    for _ in range(n):
        a[1:-1] = (a[:-2] + a[2:]) * 0.5
    return np.linalg.solve(a[:6, :6].T @ a[:6, :6] + np.eye(6), a[:6, 0])


@pytest.mark.parametrize("function", [_loops, _search, _checked, _stencil])
def test_what_is_printed_is_spelled_in_c(function):
    source = compile(function).source(X.copy(), 12)
    assert "prange" in source and c_of(source) is not None


_HEAD = '# f: printed from its loop program\n\ncdef extern from *:\n    """\n    int a;\n    """\n'


@pytest.mark.parametrize(
    "line",
    ["s = str(n)[1:2]", "n = n ** 2", "n = n // 2", "n = 1 if n else 2", "x = lambda: n",
     "assert n", "for n in [1, 2]:", "if not n and n:", 's = "text"', "n = not n"],
)  # fmt: skip
def test_what_is_not_printed_by_us_is_cythons(line):
    body = f"cdef api int f(int n) noexcept nogil:\n    {line}\n"
    assert c_of(_HEAD + body) is None
    assert c_of(body) is None


def test_names_of_the_text_are_none_of_c():
    text = c_of(
        _HEAD + "cdef api int f(int exp, int auto) noexcept nogil:\n    return exp + auto\n"
    )
    assert text is not None and "return v_exp + v_auto;" in text and "static int v_f(" in text
