"""Long loops in chunks that run at once: what is kept and where, running sums, places of extremes.

The chunks are made small, so that few steps have many of them.
"""

import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda import TINY, chunks
from arignote.emit.cuda.runtime import DeviceProgram, EmulatedMachine
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.trace.pytree import flatten

RNG = np.random.default_rng(0)
SIZES = (2, 19, 20, 21, 65, 79, 80, 81, 200)  # around the limits, and chunks without steps


def selected(x):
    return x[x > 0], np.flatnonzero(x > 0)


def appended(x):
    out = []
    for i in range(x.shape[0]):
        if x[i] > 0:
            out.append(x[i] * 2)
    return np.array(out)


def written_at_a_count(x):
    """What stands behind the kept elements shows, too."""
    a, b, n = np.full(x.shape[0], -1.0), np.full(x.shape[0], -1), 0
    for i in range(x.shape[0]):
        t = np.sin(x[i])
        a[n] = t
        b[n] = i
        if t <= 0:
            n += 1
    return a, b, n


def counted_in_a_branch(x):
    out, n = np.zeros(x.shape[0] + 2), 2
    for i in range(x.shape[0]):
        v = x[i] ** 2
        if v > 0.5:
            out[n] = v + n
            n += 1
    return out, n


def running_sum(x):
    return np.cumsum(x)


def running_product(x):
    return np.cumprod(1 + x / 99)


def places(x):
    return np.argmax(x), np.argmin(x)


IN_CHUNKS = (
    selected, appended, written_at_a_count, counted_in_a_branch, running_sum, running_product,
    places,
)  # fmt: skip


def what_was_kept_decides(x):
    out, n = np.zeros(x.shape[0]), 0
    for i in range(x.shape[0]):
        if n == 0 or x[i] > out[n - 1]:
            out[n] = x[i]
            n += 1
    return out, n


def the_last_value_is_wanted(x):
    out, n, last = np.zeros(x.shape[0]), 0, 0.0
    for i in range(x.shape[0]):
        last = x[i] * 3
        if last > 0:
            out[n] = last
            n += 1
    return out, n, last


def steps_of_two(x):
    out, n = np.zeros(2 * x.shape[0]), 0
    for i in range(x.shape[0]):
        if x[i] > 0:
            out[n] = x[i]
            n += 2
    return out, n


def a_place_written_again(x, at):
    out, s = np.zeros(3), 0.0
    for i in range(x.shape[0]):
        s = s + x[i]
        out[at[i]] = s
    return out


ONE_BY_ONE = (what_was_kept_decides, the_last_value_is_wanted, steps_of_two)


def is_as_numpy_says(f, sizes, schedules):
    made = None
    for n in sizes:
        x = RNG.standard_normal(n)
        made = made or device_compilation(ag.compile(f).trace_of(x), TINY)
        for schedule in schedules:
            machine = EmulatedMachine(TINY, schedule=schedule)
            got = DeviceProgram(made.module, made.plan, machine)([x.copy()], [x.copy()])
            for a, b in zip(flatten(got)[0], flatten(f(x.copy()))[0], strict=True):
                np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)
    return made


@pytest.mark.parametrize("f", IN_CHUNKS, ids=lambda f: f.__name__)
def test_chunks(f, monkeypatch):
    monkeypatch.setattr(chunks, "TIERS", ((20, 3), (80, 5)))
    made = is_as_numpy_says(f, SIZES, (1, 2))
    assert sum("__global__" in line for line in made.module.source.splitlines()) > 6


@pytest.mark.parametrize("f", ONE_BY_ONE, ids=lambda f: f.__name__)
def test_other_loops_stay_as_they_are(f, monkeypatch):
    monkeypatch.setattr(chunks, "TIERS", ((20, 3),))
    is_as_numpy_says(f, (50,), (1, 2))


def test_running_sums_into_places_that_data_gives(monkeypatch):
    monkeypatch.setattr(chunks, "TIERS", ((20, 3),))
    x, at = RNG.standard_normal(50), RNG.integers(0, 3, 50)
    got = ag.compile(a_place_written_again, device="emulate")(x, at)
    np.testing.assert_allclose(got, a_place_written_again(x, at), rtol=1e-12)


def test_an_index_out_of_bounds_is_found_in_chunks(monkeypatch):
    monkeypatch.setattr(chunks, "TIERS", ((20, 3),))

    def few(x):
        out, n = np.zeros(5), 0
        for i in range(x.shape[0]):
            if x[i] > 0:
                out[n] = x[i]
                n += 1
        return out

    with pytest.raises(IndexError, match="out of bounds for axis"):
        ag.compile(few, device="emulate")(np.ones(40))
