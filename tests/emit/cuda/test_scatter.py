"""Loops whose steps look as if they followed each other: stores where data says, sums that the user
spells, selections inside of loops that the host runs.  Each has a form that threads share."""

import numpy as np
import pytest
from test_chunks import is_as_numpy_says

import arignote as ag
from arignote.emit.cuda import H100, chunks, plan, scatter
from arignote.emit.cuda.runtime.specialised import device_compilation

RNG = np.random.default_rng(3)
ALONE = "one thread runs them"


@pytest.fixture(autouse=True)
def _short(monkeypatch):
    monkeypatch.setattr(scatter, "LEAST", 10)
    monkeypatch.setattr(chunks, "TIERS", ((20, 3),))


def made_of(f, *args):
    return device_compilation(ag.compile(f).trace_of(*args), H100).module


def elements(x):
    at = (x * 4).astype(int)  # many places come again, some from the end
    out = np.zeros(20)
    out[at] = np.exp(x)
    return out


def rows(x):
    table, at = np.zeros((9, 3)), np.abs(x * 5).astype(int) % 9
    table[at] = x[:, None] * np.arange(3)
    return table


def in_a_loop(x):
    out, at = np.full(12, -1.0), np.abs(x * 6).astype(int) % 12
    for i in range(x.shape[0]):
        out[at[i]] = x[i] * 2
    return out


def two_axes(x):
    grid, at = np.zeros((7, 5)), np.abs(x * 9).astype(int)
    grid[at % 7, at % 5] = x
    return grid


def greatest_of_places(x):
    best = np.full(8, -100)
    np.maximum.at(best, np.abs(x * 9).astype(int) % 8, (x * 50).astype(int))
    return best


def masks_in_a_loop(x):
    y = x.copy()
    for n in range(1 + x.shape[0] // 16):
        keep = np.abs(y) < n + 0.5
        y[keep] = y[keep] ** 2 + x[keep]
    return y


def two_masks(x):
    return x[x > 0], x[x < 0.5]


@pytest.mark.parametrize(
    "f", [elements, rows, in_a_loop, two_axes, greatest_of_places, masks_in_a_loop, two_masks],
    ids=lambda f: f.__name__,
)  # fmt: skip
def test_the_last_step_of_a_place_stays(f):
    made = is_as_numpy_says(f, (3, 33, 70), (1, 2, 3))
    assert not any(ALONE in note for note in made.module.plan.notes)


def test_an_index_out_of_bounds_is_an_error_and_nothing_is_stored_there():
    def f(out, at, x):
        out[at] = x
        return out

    at = np.arange(30) % 5
    at[17] = 5
    with pytest.raises(IndexError, match="index 5 is out of bounds"):
        ag.compile(f, device="emulate")(np.zeros(5), at, np.arange(30.0))


# ---- sums that the user spells -------------------------------------------------------------------
def total(x):
    s = 0.0
    for i in range(x.shape[0]):
        s = s + np.tanh(x[i])
    return s


def greatest(x):
    best, least = -np.inf, x[0]
    for i in range(x.shape[0]):
        if x[i] > best:
            best = x[i]
    for i in range(x.shape[0]):
        if least > x[i]:
            least = x[i]
    return best, least


def any_of(x):
    found = False
    for i in range(x.shape[0]):
        found = found or x[i] > 2.5
    return found


@pytest.mark.parametrize("f", [total, greatest, any_of], ids=lambda f: f.__name__)
def test_sums_in_loops_are_shared_among_threads(f):
    made = is_as_numpy_says(f, (2, 9, 700), (1, 2))
    assert not any(ALONE in note for note in made.module.plan.notes)
    wide = made_of(f, np.ones(9)).plan.records
    assert all(r.block == ("256",) for r in wide if isinstance(r, plan.Launch) and r.line)


@pytest.mark.parametrize("at", [0, 5, 8])
def test_nan_is_neither_greater_nor_less(at):
    x = RNG.standard_normal(9)
    x[at] = np.nan
    np.testing.assert_equal(ag.compile(greatest, device="emulate")(x), greatest(x))


def test_sums_that_are_looked_at_on_the_way_keep_their_order():
    def compensated(x):
        s = e = 0.0
        for i in range(x.shape[0]):
            y = x[i] - e
            t = s + y
            e = (t - s) - y
            s = t
        return s

    x = RNG.standard_normal(300) * 1e8
    assert ag.compile(compensated, device="emulate")(x) == compensated(x)
    assert any(ALONE in n for n in made_of(compensated, x).plan.notes)
