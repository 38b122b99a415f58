"""Places of extremes by blocks: the first of equals, the first NaN, whatever the block."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag
from tests.optimize.loopnest.scheduling import scheduled

SIZES = (1, 2, 127, 128, 129, 300, 1023, 1024, 1025, 2100)


def places(x: np.ndarray) -> tuple[object, object]:
    return np.argmax(x), np.argmin(x)


def places_of_rows(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.argmax(x, axis=1), np.argmin(x, axis=1)


def places_of_columns(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.argmax(x, axis=0), np.argmin(x, axis=0)


def nearest_place(x: np.ndarray) -> object:
    return np.abs(x - 0.5).argmin()


def first_above(x: np.ndarray) -> tuple[object, object]:
    return (x > 2).argmax(), (x > -9).argmin()


def _vectors() -> list[np.ndarray]:
    rng = np.random.default_rng(1)
    out = []
    for n in SIZES:
        x = rng.standard_normal(n)
        out += [x, np.zeros(n), np.arange(n) - 5.0, np.full(n, -np.inf), np.full(n, np.inf)]
        signs = np.where(np.arange(n) % 2 == 0, 0.0, -0.0)
        out += [signs, -signs, np.full(n, np.nan)]
        for at in {0, n // 2, n - 1}:
            for special in (np.nan, np.inf, -np.inf, 99.0, -99.0):
                y = x.copy()
                y[at] = special
                out.append(y)
                z = y.copy()
                z[n // 3] = np.nan
                out.append(z)
    return out


@pytest.mark.parametrize("f", [places, nearest_place, first_above], ids=lambda f: f.__name__)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_lines(f: object, dtype: type) -> None:
    g = ag.compile(f)
    for x in _vectors():
        y = x.astype(dtype)
        assert np.array_equal(g(y), f(y)), (y.size, y)
        assert np.array_equal(g(y[::-1]), f(y[::-1]))


@pytest.mark.parametrize("dtype", [np.int64, np.int32, np.uint64, np.uint8, np.bool_])
def test_integers_and_truths(dtype: type) -> None:
    g = ag.compile(places)
    rng = np.random.default_rng(2)
    for n in SIZES:
        for high in (1, 2, 200):
            x = rng.integers(0, high, n).astype(dtype)
            assert np.array_equal(g(x), places(x))
    if np.dtype(dtype).kind == "i":
        low = np.full(300, np.iinfo(dtype).min)
        assert np.array_equal(g(low), places(low))


@pytest.mark.parametrize("f", [places_of_rows, places_of_columns], ids=lambda f: f.__name__)
def test_lines_of_a_matrix(f: object) -> None:
    g = ag.compile(f)
    rng = np.random.default_rng(3)
    for shape in [(1, 1), (3, 300), (300, 3), (7, 513), (513, 70), (1, 256), (0, 4), (4, 0)]:
        x = rng.integers(0, 40, shape).astype(float)
        if x.size:
            x.flat[rng.integers(0, x.size, 3)] = np.nan
            x.flat[x.size // 2] = -0.0
        for y in (x, x[::-1], np.asfortranarray(x), x.astype(np.float32)):
            try:
                wanted = f(y)
            except ValueError as error:
                with pytest.raises(ValueError, match=str(error)[:30]):
                    g(y)
            else:
                assert all(np.array_equal(a, b) for a, b in zip(g(y), wanted, strict=True))


def test_blocks_are_what_runs() -> None:
    x = np.ones((40, 50))
    assert "places of extremes by blocks" in scheduled("extremes", places, x=x[0]).note
    assert "places of extremes by blocks" in scheduled("extremes", places_of_rows, x=x).note
    assert "bests" in scheduled("extremes", places_of_columns, x=x).text


def test_values_that_are_not_exact_stay_in_one_loop() -> None:
    def f(x: np.ndarray) -> object:
        return np.argmax(np.exp(x))

    assert not scheduled("extremes", f, x=np.ones(500)).changed
