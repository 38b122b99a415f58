"""Equal nests and statements are one function, and do what they did apart."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.api import compile
from arignote.config import config
from arignote.emit.cython.outline import share_functions

RNG = np.random.default_rng(0)


def _layers(x, weights):
    for k, w in enumerate(weights):
        x = np.tanh(x @ w) + x
        if k % 3 == 0:
            x = np.sort(x, axis=0)
    return x


def _sums(x, others):
    total = 0.0
    for y in others:
        total = total + np.sum(x * y) / np.sqrt(1.0 + np.max(y))
        x = np.cumsum(x * y, axis=1) / 40.0
    return total, x


def _written(x, rows):
    for k, r in enumerate(rows):
        x[k] = r[::-1] * 2.0
        x[:, k] += x[:, k + 1] * r
    return x


WEIGHTS = [RNG.standard_normal((5, 5)) for _ in range(8)]
SAME = [RNG.standard_normal((6, 5)) for _ in range(7)]


@pytest.mark.parametrize(
    ("function", "x", "others"),
    [(_layers, RNG.standard_normal((6, 5)), WEIGHTS), (_sums, np.ones((6, 5)), SAME),
     (_written, RNG.standard_normal((5, 5)), [w[0] for w in WEIGHTS[:4]])],
)  # fmt: skip
@pytest.mark.parametrize("threads", [1, 2])
def test_the_results_are_numpys(function, x, others, threads):
    want = function(x.copy(), others)
    with config(threads=threads, parallel_min_us=0):
        got = compile(function)(x.copy(), others)
    pairs = zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]
    for a, b in pairs:
        np.testing.assert_allclose(a, b, rtol=1e-12)


def test_the_text_of_a_deep_network_grows_by_calls_only():
    def source(layers):
        return compile(_layers).source(np.ones((6, 5)), WEIGHTS[:1] * layers)

    short, long = source(12), source(24)
    assert long.count("\ncdef ") - short.count("\ncdef ") < 4
    assert long.count("prange(") == short.count("prange(")
    assert long.count("np.tanh(x @ w) + x") - short.count("np.tanh(x @ w) + x") >= 12


def test_two_equal_statements_stay_in_place():
    text = compile(lambda x, y: (np.exp(x) * y, np.exp(y) * x)).source(np.ones(4), np.ones(4))
    assert "step(" not in text


def test_an_error_in_a_shared_statement_names_its_own_line():
    def f(x, i):
        a = np.tanh(x[i]) * x
        b = np.tanh(a[i + 1]) * a
        c = np.tanh(b[i + 2]) * b
        return np.tanh(c[i + 3]) * c

    g = compile(f)
    np.testing.assert_allclose(g(np.ones(12), 2), f(np.ones(12), 2), rtol=1e-14)
    with pytest.raises(IndexError, match=r"index 12 .*\nin b\[i \+ 2\]"):
        g(np.ones(12), 10)


def test_functions_are_equal_up_to_the_names_of_their_variables():
    one = (
        "cdef void a(int n, an_f8p x) noexcept nogil:\n    cdef int64_t i\n"
        "    for i in range(n):\n        # f.py:1\n        x[i] = an_exp_f8(x[i])"
    )
    same = one.replace(" a(", " b(").replace("x[", "y[").replace("p x", "p y").replace(":1", ":9")
    other = one.replace(" a(", " c(").replace("exp", "sin")
    swapped = one.replace(" a(", " d(").replace("int n, an_f8p x", "an_f8p x, int n")
    kept, renamed = share_functions([one, same, other, swapped])
    assert kept == [one, other, swapped] and renamed == {"b": "a"}


def test_a_kernel_without_statements():
    assert compile(lambda: np.float32(True))() == 1


def test_scalars_that_are_returned_are_not_a_statement_s_own() -> None:
    def shortest(d: list[list[int]]) -> list[list[int]]:
        n = len(d)
        for k in range(n):
            for i in range(n):
                for j in range(n):
                    if d[i][k] + d[k][j] < d[i][j]:
                        d[i][j] = d[i][k] + d[k][j]
        return d

    found = compile(shortest)([[0, 2, 9], [1, 0, 4], [7, 3, 0]])
    assert found == [[0, 2, 6], [1, 0, 4], [4, 3, 0]]
