"""What is joined into one kernel on a GPU, and that it is right: in the emulation."""

import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda import H100
from arignote.emit.cuda.plan import Launch
from arignote.emit.cuda.runtime.arena import all_records
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.trace.pytree import flatten

RNG = np.random.default_rng(0)


def repeated_map(x):
    for _ in range(3):
        x = x * 0.9 + 0.1
    return np.exp(x)


def state_that_is_mapped_before_and_after(x, n):
    h = np.tanh(x)
    for t in range(n):
        h = h * 0.5 + np.sin(x) * t
    return h + 1


def maps_and_a_sum_of_them(x, y):
    a = np.exp(x) * y
    return a, a + 1, np.sum(a * y), np.max(y)


def maps_that_meet_late(x, y, z):
    a, b, c = x / y, y * y + z, np.sqrt(z)
    return a * b / c + a


def gather_and_scatter(v, at, table):
    out = np.zeros_like(table)
    np.add.at(out, at, v * table[at])
    return out


def gathered_twice(v, at, table):
    return table[at] * v + v[at], np.sum(table[at])


X, Y, Z = RNG.random((3, 70)) + 0.5
AT = RNG.integers(-9, 9, 70)
#: Program, arguments, how many kernels it is.
JOINED = [
    (repeated_map, (X,), 1),
    (state_that_is_mapped_before_and_after, (X, 4), 1),
    (maps_and_a_sum_of_them, (X, Y), 1),
    (maps_that_meet_late, (X, Y, Z), 1),
    (gather_and_scatter, (X, AT, Y[:9].copy()), 1),
    (gathered_twice, (X, AT, Y[:9].copy()), 1),
]


def kernels(function, args):
    made = device_compilation(ag.compile(function).trace_of(*args), H100).module
    return made, [r for r in all_records(made.plan.records) if isinstance(r, Launch)]


@pytest.mark.parametrize("program", JOINED, ids=lambda p: p[0].__name__)
def test_one_kernel_does_it(program):
    function, args, count = program
    made, launches = kernels(function, args)
    assert len(launches) == count, made.source
    got = flatten(ag.compile(function, device="emulate")(*args))[0]
    for a, b in zip(got, flatten(function(*args))[0], strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11)


def test_steps_that_follow_each_other_are_not_joined_by_others():
    def f(x, y):
        for i in range(1, x.shape[0]):
            x[i] = np.sin(x[i - 1]) + x[i]
        return x * y + 1

    _, launches = kernels(f, (X.copy(), Y))
    assert len(launches) == 2
    a, b = X.copy(), X.copy()
    np.testing.assert_allclose(ag.compile(f, device="emulate")(a, Y), f(b, Y), rtol=1e-12)
    np.testing.assert_array_equal(a, b)


def test_a_softmax_walks_over_its_rows_three_times():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    made, _ = kernels(softmax, (RNG.random((5, 7)),))
    assert made.source.count("an_exp_f8(") == 1 + 2  # its definition, by warps and by blocks
    x = RNG.random((5, 300))
    got = ag.compile(softmax, device="emulate")(x)
    np.testing.assert_allclose(got, softmax(x), rtol=1e-12)


@pytest.mark.parametrize("place", [9, -10])
def test_an_index_out_of_bounds_in_a_joined_kernel(place):
    at = AT.copy()
    at[33] = place
    for f in (gather_and_scatter, gathered_twice):
        with pytest.raises(IndexError, match=f"index {place} is out of bounds"):
            ag.compile(f, device="emulate")(X, at, Y[:9].copy())
