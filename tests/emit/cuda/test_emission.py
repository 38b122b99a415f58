"""What programs become on a GPU: how many kernels, of which kind, and their values in emulation."""

from __future__ import annotations

import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda import H100, plan
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.specialise import traced
from arignote.trace.pytree import flatten

RNG = np.random.default_rng(5)


def module(function, *args):
    leaves, tree = flatten((args, {}))
    return device_compilation(traced(function, tree, leaves)[0], H100).module


def launches(records):
    """Every launch, those in branches and loops of the host included."""
    out = []
    for r in records:
        if isinstance(r, plan.Launch):
            out.append(r)
        for inner in ("then", "other", "body", "setup"):
            out += launches(getattr(r, inner, ()))
    return out


def same(function, *args, rtol=1e-10):
    """The emulated device and NumPy agree."""
    want = function(*(a.copy() if isinstance(a, np.ndarray) else a for a in args))
    got = ag.compile(function, device="emulate")(*args)
    pairs = zip(want, got, strict=True) if isinstance(want, tuple) else [(want, got)]
    for w, g in pairs:
        assert np.asarray(w).dtype == np.asarray(g).dtype
        np.testing.assert_allclose(g, w, rtol=rtol, atol=1e-12)


# ---- maps ----------------------------------------------------------------------------------------
def chain(a, b):
    return np.sqrt(np.exp(a) * b + 1) / (1 + a * a)


def test_a_chain_of_operations_is_one_kernel_with_loads_of_16_bytes():
    made = module(chain, RNG.random((4, 5)), RNG.random((4, 5)))
    assert len(launches(made.plan.records)) == 1
    assert "an_vector<an_f8, 2>" in made.source


@pytest.mark.parametrize("n", [0, 1, 2, 3, 5, 64, 127, 1030])
@pytest.mark.parametrize("dtype", ["f4", "f8", "i2", "c16", "f2"])
@pytest.mark.parametrize("shift", [0, 1])
def test_maps_of_awkward_sizes_and_alignments(n, dtype, shift):
    def f(a, b):
        a += b
        return a * b, a == b

    a = (RNG.random(n) * 9).astype(dtype)
    b = (RNG.random(n + 1) * 9).astype(dtype)[shift : n + shift]
    plain, given = a.copy(), a.copy()
    want, got = f(plain, b), ag.compile(f, device="emulate")(given, b)
    rtol = 2e-3 if dtype == "f2" else 1e-6
    for w, g in zip(want, got, strict=True):
        np.testing.assert_allclose(np.asarray(g, complex), np.asarray(w, complex), rtol=rtol)
    np.testing.assert_allclose(np.asarray(given, complex), np.asarray(plain, complex), rtol=rtol)


def test_positions_have_64_bits_where_arrays_are_long():
    (launch,) = launches(module(chain, RNG.random(5), RNG.random(5)).plan.records)
    (name,) = module(chain, RNG.random(5), RNG.random(5)).plan.integers
    assert not eval(plan.compiled(launch.wide), {**plan.NAMES, name: 10**6})
    assert eval(plan.compiled(launch.wide), {**plan.NAMES, name: 2**31})


def test_the_users_line_stands_beside_its_kernel():
    assert "// test_emission.py:" in module(chain, RNG.random(5), RNG.random(5)).source
    assert "np.sqrt(np.exp(a) * b + 1) / (1 + a * a)" in (
        module(chain, RNG.random(5), RNG.random(5)).source
    )


# ---- reductions ----------------------------------------------------------------------------------
def test_a_sum_and_what_follows_from_it_are_one_launch():
    def mean_of_squares(x):
        return (x * x).sum() / len(x)

    made = module(mean_of_squares, RNG.random(9))
    (launch,) = launches(made.plan.records)
    assert not launch.cooperative
    same(mean_of_squares, RNG.random(1001))


@pytest.mark.parametrize("shape", [(3, 4), (1, 900), (5, 65), (70, 3), (0, 3)])
def test_rows_are_taken_by_warps_or_blocks(shape):
    def f(x):
        e = np.exp(x - x.sum(axis=1, keepdims=True))
        return e / (1 + e.sum(axis=1, keepdims=True)), (x > 0).any(axis=1), (x * x).min(initial=5)

    same(f, RNG.standard_normal(shape))


def test_softmax_is_one_kernel_in_two_forms():
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    made = module(softmax, RNG.random((4, 5)))
    (choice,) = (r for r in made.plan.records if not isinstance(r, plan.Allocate))
    assert isinstance(choice, plan.If) and len(choice.then) == len(choice.other) == 1
    same(softmax, RNG.standard_normal((6, 130)))


@pytest.mark.parametrize("rows", [5, 700])
def test_columns_few_and_long(rows):
    def f(x):
        return x.sum(axis=0), x.max(axis=0), (x > 0.5).sum(axis=0), x.mean(axis=0)

    same(f, RNG.random((rows, 3)))


@pytest.mark.parametrize("n", [7, 5003])
def test_places_of_extremes_and_running_sums(n):
    x = RNG.standard_normal(n)
    x[n // 3] = x[n // 2] = x.max() + 1

    def f(x):
        return x.argmax(), x.argmin(), np.cumsum(x), np.maximum.accumulate(x)

    same(f, x)
    x[n // 2] = np.nan
    same(lambda x: (x.argmax(), x.max()), x)


def test_integers_wrap_and_floats_keep_nan_as_in_numpy():
    def f(i, x, y):
        return i * i * i, i // 7, i % -3, np.maximum(x, y), x // y, x % y, i << 3

    i = RNG.integers(-(2**62), 2**62, 40)
    x, y = RNG.standard_normal((2, 40))
    x[3] = np.nan
    y[5] = np.inf
    same(f, i, x, y)


# ---- scans ---------------------------------------------------------------------------------------
def neuron(x):
    v, out = np.zeros(x.shape[1]), np.zeros(x.shape)
    for t in range(x.shape[0]):
        v = 0.9 * v + x[t]
        out[t] = v > 1
        v = v * (v <= 1)
    return out, v


def test_a_loop_over_time_of_separate_lanes_is_one_kernel_without_barriers():
    made = module(neuron, RNG.random((4, 5)))
    (launch,) = launches(made.plan.records)
    assert not launch.cooperative
    same(neuron, RNG.random((20, 150)))


def test_a_carry_of_lanes_is_kept_in_a_register():
    def decay(a, x):
        h = np.zeros(x.shape[1])
        for t in range(x.shape[0]):
            h = np.tanh(a * h + x[t])
        return h

    assert "out0_here" in module(decay, RNG.random(5), RNG.random((4, 5))).source
    same(decay, RNG.random(70), RNG.random((9, 70)))


def recurrence(W, x):
    h = np.zeros(W.shape[0])
    for t in range(x.shape[0]):
        h = np.tanh(W @ h + x[t])
    return h


def test_a_coupled_loop_over_time_is_one_cooperative_launch():
    made = module(recurrence, RNG.random((4, 4)), RNG.random((3, 4)))
    (launch,) = launches(made.plan.records)
    assert launch.cooperative
    same(recurrence, RNG.random((40, 40)) / 20, RNG.random((6, 40)))


@pytest.mark.parametrize("batch", [3, 70])
def test_rows_of_a_batch_run_through_time_by_themselves_where_there_are_many(batch):
    def cells(W, x):
        h = np.zeros((x.shape[1], W.shape[0]))
        for t in range(x.shape[0]):
            h = np.tanh(h @ W + x[t])
        return h

    made = module(cells, RNG.random((4, 4)), RNG.random((3, 2, 4)))
    by_rows, together = launches(made.plan.records)[0], launches(made.plan.records)[-1]
    assert not by_rows.cooperative and together.cooperative
    same(cells, RNG.random((6, 6)) / 6, RNG.random((5, batch, 6)))


def test_two_buffers_that_change_places_stay_in_one_kernel():
    def heat(a, n):
        b = a.copy()
        for _ in range(n):
            b[1:-1] = 0.5 * (a[:-2] + a[2:])
            a, b = b, a
        return a

    made = module(heat, RNG.random(9), 3)
    assert sum(r.cooperative for r in launches(made.plan.records)) == 1
    same(heat, RNG.random(300), 7)


# ---- memory --------------------------------------------------------------------------------------
def test_scatter_adds_by_atomics_and_gathers():
    def f(i, v, n):
        out = np.zeros(n)
        np.add.at(out, i, v)
        return out, v[i]

    made = module(f, np.array([1, 0]), np.ones(2), 3)
    assert "an_atomic_add" in made.source
    same(f, RNG.integers(-30, 30, 500), RNG.random(500), 40)


def test_an_index_out_of_bounds_is_the_error_that_numpy_raises():
    def f(x, i):
        return x[i] * 2

    with pytest.raises(IndexError, match="index 9 is out of bounds for axis 0 with size 5"):
        ag.compile(f, device="emulate")(np.ones(5), np.array([1, 9]))


def test_products_of_matrices_are_calls_of_the_library():
    made = module(lambda a, b: a @ b, RNG.random((40, 50)), RNG.random((50, 60)))
    found = [r for r in made.plan.records if isinstance(r, plan.If)]
    assert any(isinstance(r, plan.Lib) and r.name == "gemm" for i in found for r in i.other)


def test_complex_functions_are_numpys():
    def f(z):
        return np.exp(z), np.log(z), np.sqrt(z), np.tanh(z), np.arcsin(z), np.arctan(z), z**2.5

    same(f, RNG.standard_normal(50) + 1j * RNG.standard_normal(50))


def test_a_loop_that_follows_itself_is_noted():
    def collatz(n):
        k = 0
        while n != 1:
            n = n // 2 if n % 2 == 0 else 3 * n + 1
            k += 1
        return k

    assert any("one thread runs them" in note for note in module(collatz, 27).plan.notes)


@pytest.mark.parametrize("shape", [(1, 1), (33, 65), (5, 100), (64, 32)])
def test_turned_operands_come_through_tiles(shape):
    def f(a, r, c, out):
        out[...] = np.exp(a.T - r[:, None]) * c
        return a.T + 2 * a.T  # in the order of its operands: there is nothing to turn

    a, (m, n) = RNG.random(shape), shape
    given = a, RNG.random(n), RNG.random(m), np.zeros((n, m))
    if m > 1:
        assert "an_tile" in module(f, *given).source
    same(f, *given)


def test_maps_over_three_axes_find_their_place():
    def f(a, b):
        return (a[:, :, None] * b)[::3, :, ::-1] + a[::3, :, None]

    same(f, RNG.random((5, 7)), RNG.random((5, 7, 9)))


def counts(k, n):
    h = np.zeros(n, dtype=np.int64)
    for i in range(len(k)):
        h[k[i]] += 1
    return h


def mean_of_large(a):
    s, n = 0.0, 0
    for i in range(len(a)):
        if a[i] > 0.5:
            s += a[i]
            n += 1
    return s / n, n


@pytest.mark.parametrize(
    ("function", "args"),
    [(counts, (RNG.integers(-7, 7, 300), 7)), (mean_of_large, (RNG.random(500),))],
)
def test_loops_that_add_element_by_element_are_shared_among_threads(function, args):
    made = module(function, *args)
    assert all(launch.grid != ("1",) for launch in launches(made.plan.records))
    same(function, *args)


def test_python_integers_are_exact_or_an_error():
    def power(n):
        s = 1
        for _ in range(n):
            s = abs(s * -7)
        return s

    compiled = ag.compile(power, device="emulate")
    assert compiled(20) == 7**20
    with pytest.raises(OverflowError):
        compiled(60)
