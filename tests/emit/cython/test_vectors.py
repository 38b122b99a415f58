"""Loops over whole registers: the values of their elements, and which loops they are."""

import numpy as np
import pytest

import arignote as ag
from arignote.config import config


def choice(x, y, c):
    return np.where((x > c) & (y < 2), np.log(x) * 2.0, np.maximum(y, 0.5) ** 2) / (c * 3)


def neighbours(x, y):
    t = np.exp(x[:, 1:])
    return t * x[:, :-1] + np.log(t + y)


def in_place(x):
    x[1:-1] = np.exp(-x[1:-1]) + x[1:-1]
    return x


def written_and_read_again(x, n):
    """Four steps of time in one loop: what the second reads, the first has written."""
    kept = np.zeros((n, x.size))
    for i in range(n):
        t = np.exp(-x)
        kept[i] = t
        x = x + 0.3 * t
    return kept, x


def two_results(x, y):
    e = np.exp(-np.abs(x))
    return e * y, np.sqrt(e) - 1.0 / y


def waves(x, y):
    return np.sin(x) * np.exp(y) + np.cos(y)


def gate(a, b):
    return np.tanh(a) * b + np.log1p(np.exp(b))


def masked(x, y):
    """A truth, a number and an element that later stages want of earlier ones."""
    above, e = x > 1.5, np.exp(-x)
    return np.where(above, np.log(x + e), np.tanh(y)) * e + np.exp(np.log(y) * 0.5)


def in_turns(x, y):
    """What is read is written between two exponentials."""
    x[:] = np.exp(-x) + y
    y[:] = np.log(x) * np.exp(-y)
    return x, y


def deep(x, y):
    for _ in range(4):
        x, y = np.exp(-np.log(x + 1.0)), np.tanh(y) * x
    return x + y


def data(function, n, dtype):
    rng = np.random.default_rng(n)

    def numbers(*shape):
        return rng.uniform(0.1, 3, shape).astype(dtype)

    return {
        choice: lambda: (numbers(n), numbers(n), 1.5),
        neighbours: lambda: (numbers(3, n + 1), numbers(n)),
        in_place: lambda: (numbers(n + 2),),
    }.get(function, lambda: (numbers(n), numbers(n)))()


@pytest.mark.parametrize("dtype", ["float64", "float32"])
@pytest.mark.parametrize(
    "function",
    [choice, neighbours, in_place, two_results, waves, gate, masked, in_turns, deep],
)
def test_any_length(function, dtype):
    compiled = ag.compile(function)
    for n in (1, 2, 7, 8, 9, 15, 16, 17, 33, 1003, 2100):
        args = data(function, n, dtype)
        want = function(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))
        found = compiled(*args)
        most = 20 * np.finfo(dtype).eps
        np.testing.assert_allclose(found, want, rtol=most, atol=most, err_msg=str(n))


def test_nothing_is_computed_where_nothing_is():
    compiled = ag.compile(choice)
    none = np.ones(0)
    assert compiled(none, none, 1.5).shape == (0,)


@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_neither_threads_nor_places_change_bits(dtype):
    x, y = (a.astype(dtype) for a in np.random.default_rng(1).uniform(0.1, 3, (2, 300_007)))
    with config(threads=1):
        one = ag.compile(two_results)(x, y)
    with config(threads=3, parallel_min_us=1.0):
        three = ag.compile(two_results)(x, y)
    part = ag.compile(two_results)(x[5:1000].copy(), y[5:1000].copy())
    for a, b, c in zip(one, three, part, strict=True):
        np.testing.assert_array_equal(a, b)
        np.testing.assert_array_equal(a[5:1000], c)


def test_nothing_beside_the_result_is_written():
    def into(out, x):
        out[:] = np.exp(x)

    compiled = ag.compile(into)
    for n in range(1, 40):
        memory = np.full(64, 7.0)
        compiled(memory[3 : 3 + n], np.ones(n))
        np.testing.assert_allclose(memory[3 : 3 + n], np.e, rtol=1e-15)
        assert (memory[:3] == 7).all() and (memory[3 + n :] == 7).all()


def test_special_values_in_loops():
    x = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 5e-324, 1.7e308, 1.0])
    y = np.abs(np.nan_to_num(x)) + 1e300
    with np.errstate(all="ignore"):
        want = np.log(x), np.log1p(np.abs(x)), np.exp(x) * 2.0, np.log(y)
        found = ag.compile(lambda x, y: (
            np.log(x), np.log1p(np.abs(x)), np.exp(x) * 2.0, np.log(y)
        ))(x, y)  # fmt: skip
    for a, b in zip(found, want, strict=True):
        np.testing.assert_allclose(a, b, rtol=4e-16)


def test_which_loops_are_over_registers():
    x = np.ones(8)

    def wide(f, *args):
        return "AN_WIDE" in ag.compile(f).source(*args)

    assert wide(choice, x, x, 1.5)
    assert not wide(lambda x: x * 2 + 1, x)  # the compiler does as well
    assert not wide(lambda x: np.exp(x), np.ones(16)[::2])  # not side by side
    assert not wide(lambda x: np.exp(x) + np.arctan(x), x)  # a function without such a form
    assert not wide(lambda x: np.exp(x), x.astype("float16"))
    assert not wide(lambda x, k: np.exp(x) * k, x, np.ones(8, "int32"))


def test_equal_loops_are_one_function():
    def layers(x):
        for _ in range(4):
            x = np.exp(-x)[::-1]
        return x

    text = ag.compile(layers).source(np.ones(64))
    assert text.count("static void vectors") == 1


@pytest.mark.parametrize("size", [5, 8, 21])
def test_long_bodies_call_their_functions(size):
    def unrolled(x, y):
        for c in [0.9, 0.8] * 30:
            x = np.tanh(x * c + y) - np.exp(-x * x)
        return x

    x, y = np.linspace(-1, 1, size), np.linspace(0, 2, size)
    f = ag.compile(unrolled)
    np.testing.assert_allclose(f(x, y), unrolled(x, y), rtol=1e-12, atol=1e-13)
    text = f.source(x, y)
    assert "an_called_tanh_f8(" in text and "an_called_exp_f8(" in text  # once, not 60 times
    assert "an_called" not in ag.compile(lambda x: np.tanh(np.exp(x))).source(x)


def test_loops_of_few_steps_are_not_cut_into_stages():
    def gated(x):
        h = np.zeros(12)
        for row in x:
            h = np.tanh(row + h) * np.exp(-np.abs(h) - np.mean(h))
        return h

    x = np.random.default_rng(3).standard_normal((9, 12))
    f = ag.compile(gated)
    np.testing.assert_allclose(f(x), gated(x), rtol=1e-13)
    text = f.source(x)
    assert "vectors_at(" in text and "_strip[" not in text


def test_names_that_mean_something_in_c():
    def named(NAN, linux, log):
        INFINITY = np.exp(NAN)
        return INFINITY * linux + INFINITY / log

    x = np.full(11, 0.5)
    np.testing.assert_allclose(ag.compile(named)(x, x, x), named(x, x, x), rtol=1e-15)


def test_beside_libraries():
    def solved(a, b):
        x = np.linalg.solve(a, np.exp(b))
        return np.log(np.abs(x)) + np.sort(np.exp(x)) + a @ b

    rng = np.random.default_rng(0)
    a, b = rng.uniform(1, 2, (9, 9)) + 9 * np.eye(9), rng.uniform(1, 2, 9)
    np.testing.assert_allclose(ag.compile(solved)(a, b), solved(a, b), rtol=1e-12)


@pytest.mark.parametrize("n", [1, 4, 11])
def test_what_one_statement_writes_the_next_one_reads(n):
    x = np.random.default_rng(n).random(50)
    for got, wanted in zip(ag.compile(written_and_read_again)(x, n), written_and_read_again(x, n)):
        np.testing.assert_allclose(got, wanted, rtol=1e-13)
