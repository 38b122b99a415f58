"""A program of each kind under AddressSanitizer and ThreadSanitizer: clean, and right.

Launches stay below 1000 CUDA threads: ThreadSanitizer's limit is near.
"""

import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda import TINY, chunks, scatter
from arignote.emit.cuda.runtime.sanitized import sanitized
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.trace.pytree import flatten

RNG = np.random.default_rng(0)
PROGRAMS = []


def program(*args):
    def add(function):
        PROGRAMS.append((function, args))
        return function

    return add


@program(RNG.standard_normal((11, 13)), RNG.standard_normal(13))
def elementwise(x, y):
    return np.exp(x) * y + 1, x.T - y[:11]


@program(RNG.standard_normal(1001))
def full_reduction(x):
    return np.sum(x * x + np.sin(x)), x.max(), np.argmin(x)


@program(RNG.standard_normal((7, 40)))
def rows_and_columns(x):
    return x.sum(axis=1), x.sum(axis=0), x.argmax(axis=1)


@program(RNG.standard_normal((7, 40)).astype("f4"))
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


@program(RNG.standard_normal((5, 90)), np.array([3, -1, 0, 3, 2]))
def gather_and_scatter(x, at):
    total = np.zeros(4)
    np.add.at(total, at % 4, x[:, 0])
    return x[at], total


@program(RNG.standard_normal(60), np.arange(60) % 7, RNG.standard_normal((60, 3)))
def stores_where_data_says(x, at, rows):
    total, table = np.zeros(7), np.zeros((7, 3))
    total[at] = x
    table[at] = rows
    return total, table


@program(RNG.standard_normal((20, 40)))
def lanes(x):
    v, out = np.zeros(x.shape[1]), np.zeros_like(x)
    for t in range(x.shape[0]):
        v = 0.9 * v + x[t]
        out[t] = np.tanh(v)
    return out


@program(RNG.standard_normal((16, 16)) / 4, RNG.standard_normal((6, 16)))
def recurrence(w, x):
    h = np.zeros(w.shape[0])
    for t in range(x.shape[0]):
        h = np.tanh(w @ h + x[t])
    return h


@program(RNG.standard_normal(300))
def running_sum(x):
    return np.cumsum(x)


@program(RNG.standard_normal((9, 9)))
def sequential(a):
    for i in range(1, a.shape[0]):
        for j in range(1, a.shape[1]):
            a[i, j] = 0.5 * (a[i - 1, j] + a[i, j - 1])
    return a.sum()


@program(RNG.standard_normal((5, 16)), RNG.standard_normal(16), np.arange(-8, 8))
def joined(x, y, at):
    a = np.exp(x) * y
    return a + 1, a.sum(), y[at] * 2, x.max(axis=1)


@program(RNG.standard_normal(90))
def kept_elements(x):
    return x[x > 0], np.cumsum(x), np.argmax(x)


@pytest.mark.parametrize(
    "flavour", ["address", pytest.param("thread", marks=pytest.mark.unsanitized)]
)
@pytest.mark.parametrize("function, args", PROGRAMS, ids=lambda p: getattr(p, "__name__", ""))
def test_programs_are_clean_under_sanitizers(function, args, flavour, monkeypatch):
    monkeypatch.setattr(chunks, "TIERS", ((20, 3),))
    monkeypatch.setattr(scatter, "LEAST", 10)
    leaves, _ = flatten((args, {}))
    made = device_compilation(ag.compile(function).trace_of(*args), TINY)
    seen = sanitized(made.module, made.plan, leaves, flavour, schedule=3)
    assert seen.report == "", f"{seen.report}\n{made.module.source}"
    answer, after = seen.value
    given = [np.array(x) for x in args]
    want = function(*given)
    for got, expected in zip(flatten(answer)[0], flatten(want)[0]):
        np.testing.assert_allclose(got, expected, rtol=1e-5, atol=1e-6)
    for got, expected in zip(after, given):
        np.testing.assert_allclose(got, expected)


def test_a_store_outside_of_an_array_is_seen_in_a_program():
    made = device_compilation(ag.compile(lambda x: x * 3.0).trace_of(np.arange(40.0)), TINY)
    text = made.module.source.replace("] * 3.0", "+ 1] * 3.0")
    assert text != made.module.source
    wrong = type(made.module)(text, made.module.plan)
    seen = sanitized(wrong, made.plan, [np.arange(40.0)], "address")
    assert "buffer-overflow" in seen.report and "kernel.cu:" in seen.report
