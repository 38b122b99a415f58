"""Results too large for the cache: the same values, wherever the result begins and ends."""

import numpy as np
import pytest

import arignote as ag
from arignote.config import config

FAR = 3_200_000  # elements of 8 bytes from where on results are written past the cache


def both(x, y):
    return x * y + 1.0, x - y


def triad(out, a, b):
    out[:] = a + 3.0 * b


def source(f, *args):
    return ag.compile(f).source(*args)


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("dtype", ["float64", "float32"])
def test_two_results_of_a_nest(dtype, threads):
    x = np.linspace(-1, 1, 2 * FAR + 7).astype(dtype)
    with config(threads=threads):
        product, difference = ag.compile(both)(x, x[::-1].copy())
    want = both(x, x[::-1])
    np.testing.assert_array_equal(product, want[0])
    np.testing.assert_array_equal(difference, want[1])


@pytest.mark.parametrize("offset, length", [(1, FAR), (3, FAR + 61), (8, FAR + 64)])
def test_nothing_beside_the_result_is_written(offset, length):
    memory = np.full(length + 64, 7.0)
    a = np.linspace(0, 1, length)
    ag.compile(triad)(memory[offset : offset + length], a, a)
    np.testing.assert_array_equal(memory[offset : offset + length], a + 3.0 * a)
    assert (memory[:offset] == 7).all() and (memory[offset + length :] == 7).all()


def test_which_nests_are_written_past_the_cache():
    x = np.ones(8)
    assert "nest_streamed" in source(triad, x, x, x)
    assert "nest_streamed" in source(both, x, x)

    def reads_it(x, y):
        x[:] = x + y

    def strided(out, x):
        out[:] = x * 2

    def in_place_of_rows(m):
        return m / m.sum(1)[:, None]

    assert "streamed" not in source(reads_it, x, x)
    assert "streamed" not in source(strided, np.ones(16)[::2], x)
    assert "nest_streamed" not in source(in_place_of_rows, np.ones((2, 2)))


# ---- rows ----------------------------------------------------------------------------------------
def outer(x, y):
    return x[:, None] * y[None]


def triangle(x, y):
    out = np.zeros((x.shape[0], y.shape[0]))
    for i in range(x.shape[0]):
        out[i, :i] = x[i] * y[:i]
    return out


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("rows, columns", [(1801, 1799), (FAR // 130, 131), (3, FAR // 3 + 5)])
def test_rows_of_large_results(rows, columns, threads):
    x, y = np.linspace(-1, 1, rows), np.linspace(0, 3, columns)
    with config(threads=threads):
        np.testing.assert_array_equal(ag.compile(outer)(x, y), outer(x, y))


def test_parts_of_rows_leave_the_rest():
    x, y = np.linspace(-1, 1, 1801), np.linspace(0, 3, 1801)
    np.testing.assert_array_equal(ag.compile(triangle)(x, y), triangle(x, y))


def test_which_rows_are_written_past_the_cache():
    x = np.ones(8)
    assert "an_stream(" in source(outer, x, x)

    def read_again(x, y):
        m = x[:, None] * y[None, :]
        return m, m @ y

    assert "an_stream(" not in source(read_again, x, x)

    def pairs(x):
        return x[:, None] * np.array([2.0, 3.0])

    assert "an_stream(" not in source(pairs, x)
