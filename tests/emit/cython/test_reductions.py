"""Reductions: values, NaN, accuracy, early exit, lanes."""

import math
import mmap
import resource

import numpy as np
import pytest
from programs import argument, counter, local, op, program, reduction_program, scalar_output
from running import run_program

import arignote as ag
from arignote.fxgraph.constants import const, new_size
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.ops.reduce import (
    reduce_all,
    reduce_any,
    reduce_max,
    reduce_min,
    reduce_prod,
    reduce_sum,
)
from arignote.optimize.loopnest.program import Assign, Fold, If, Loop, load

SIZES = (
    *(0, 1, 2, 7, 8, 9, 16, 17, 31, 32, 33, 64, 100, 127, 128, 129, 255, 256),
    *(1023, 1024, 1025, 1056, 5000, 100_003),
)


@pytest.mark.parametrize("dtype", ["f8", "f4", "i4", "u1", "c16", "f2"])
@pytest.mark.parametrize("name", ["sum", "max", "min", "prod"])
def test_reductions_have_numpy_values(name, dtype):
    reduce = {"sum": reduce_sum, "max": reduce_max, "min": reduce_min, "prod": reduce_prod}[name]
    p = reduction_program(reduce, reduce.extra["start"](np.dtype(dtype)), dtype)
    rng = np.random.default_rng(0)
    for n in SIZES:
        x = (rng.random(n) * 3 + (0.5 if dtype != "u1" else 0)).astype(dtype)
        if name == "prod":
            x = (1 + x / 1000).astype(dtype) if np.dtype(dtype).kind in "fc" else x
        if dtype == "c16":
            x = x + (0.1j * rng.random(n) if name != "prod" else 0)
        if n == 0 and name in ("max", "min"):
            continue
        got = run_program(p, [x], [n]).value
        with np.errstate(all="ignore"):
            want = (
                getattr(np, name)(x, dtype=x.dtype)
                if name in ("sum", "prod")
                else getattr(np, name)(x)
            )
        assert got.dtype == want.dtype
        if np.dtype(dtype).kind in "iu" or name in ("max", "min"):
            assert got == want, n
        else:
            limit = {"f2": 4e-3, "f4": 3e-6}.get(dtype, 1e-13) * (20 if name == "prod" else 1)
            np.testing.assert_allclose(got, want, limit)


@pytest.mark.parametrize("reduce", [reduce_max, reduce_min])
def test_extremes_keep_nan_wherever_it_stands(reduce):
    p = reduction_program(reduce, reduce.extra["start"](np.dtype("f8")))
    for n in (1, 5, 32, 40, 2000):
        for at in {0, n // 2, n - 1}:
            x = np.linspace(-1, 1, n)
            x[at] = np.nan
            assert math.isnan(run_program(p, [x], [n]).value)
    assert run_program(p, [np.full(50, np.inf)], [50]).value == np.inf
    assert run_program(p, [np.full(50, -np.inf)], [50]).value == -np.inf


def test_sums_are_as_accurate_as_numpys():
    p = reduction_program(reduce_sum, 0.0)
    rng = np.random.default_rng(3)
    for x in (
        rng.random(1_000_000),
        rng.normal(size=1_000_000),
        rng.random(999_999) * 10.0 ** rng.integers(-8, 8, 999_999),
    ):
        exact = math.fsum(x)
        ours = abs(run_program(p, [x], [x.size]).value - exact)
        assert ours <= max(2 * abs(np.sum(x) - exact), 4 * np.spacing(abs(exact)))


def test_the_bits_of_a_sum_do_not_depend_on_threads():
    p = reduction_program(reduce_sum, 0.0)
    for n in (131_071, 131_072, 1_000_003):
        x = np.random.default_rng(n).normal(size=n)
        sums = {
            run_program(p, [x], [n], threads=t, parallel_min_us=0).value.item()
            for t in (1, 2, 3, 64)
        }
        assert len(sums) == 1 and abs(sums.pop() - math.fsum(x)) < 1e-10


def test_infinities_and_nan_go_through_sums():
    p = reduction_program(reduce_sum, 0.0)
    x = np.ones(2000)
    x[1500] = np.inf
    assert run_program(p, [x], [2000]).value == np.inf
    x[3] = -np.inf
    assert math.isnan(run_program(p, [x], [2000]).value)


@pytest.mark.parametrize(("reduce", "function"), [(reduce_all, np.all), (reduce_any, np.any)])
def test_all_and_any(reduce, function):
    p = reduction_program(reduce, reduce is reduce_all, "f8", rtype="?")
    for n in (0, 1, 255, 256, 257, 3000):
        for x in (
            np.ones(n),
            np.zeros(n),
            np.full(n, 0.25),
            np.arange(n) % 7.0,
            np.full(n, np.nan),
        ):
            assert bool(run_program(p, [x], [n]).value) == bool(function(x))


def test_all_ends_early():
    p = reduction_program(reduce_all, True, "?")
    n = 50_000_000
    memory = mmap.mmap(-1, n)  # small pages that nobody has touched: reading one is a fault
    memory.madvise(mmap.MADV_NOHUGEPAGE)
    x = np.frombuffer(memory, "?")
    run_program(p, [x], [10])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    assert not run_program(p, [x], [n]).value
    assert resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before < n // 4096 // 4


def two_folds(third=None):
    """Mean and square in one loop that has a local of its own."""
    n = new_size("n")
    x = argument("x", "f8", [n], written=False)
    i, d, s, q = counter(n), local("d"), local("s"), local("q")
    loop = Loop(
        i,
        (
            Assign(d, op("subtract", load(x, [i]), const(0.5, "f8"))),
            Fold(s, reduce_sum, d),
            Fold(q, reduce_max, op("multiply", d, d)),
        ),
    )
    start = (Assign(s, const(0.0, "f8")), Assign(q, const(-1.0, "f8")))
    more = (Assign(s, op("add", s, d)),) if third else ()
    return program(
        "f",
        [x],
        [n],
        (Assign(d, const(7.0, "f8")), *start, loop, *more) if third else (*start, loop),
        [scalar_output(s), scalar_output(q)],
    )


def test_two_folds_share_a_loop_in_lanes():
    p = two_folds()
    for n in SIZES:
        x = np.random.default_rng(n).random(n)
        answer = run_program(p, [x], [n])
        assert "AN_FOLD_sum_f8_max_f8(" in answer.text
        np.testing.assert_allclose(answer.results[0], (x - 0.5).sum(), 1e-12, 1e-12)
        assert answer.results[1] == max([-1.0, *((x - 0.5) ** 2)])


def test_a_local_that_is_read_after_the_loop_keeps_the_loop_as_written():
    p = two_folds(third=True)
    x = np.arange(5.0)
    answer = run_program(p, [x], [5])
    assert answer.results[0] == (x - 0.5).sum() + 3.5
    assert run_program(p, [x], [0]).results[0] == 7.0


def test_shared_subexpressions_in_a_fold_become_a_function():
    def f(v):
        t = op("exp", op("multiply", v, v))
        return op("add", t, op("divide", const(1.0, "f8"), t))

    p = reduction_program(reduce_sum, 0.0, f=f)
    x = np.random.default_rng(0).random(3000)
    answer = run_program(p, [x], [3000])
    assert "cdef inline an_f8 term(" in answer.text
    e = np.exp(x * x)
    np.testing.assert_allclose(answer.value, (e + 1 / e).sum(), 1e-13)


def test_half_precision_is_summed_in_single():
    p = reduction_program(reduce_sum, 0.0, "f2")
    x = np.ones(5000, "f2")
    assert run_program(p, [x], [5000]).value == np.float16(5000)


def test_half_precision_under_a_condition_is_summed_in_single():
    n = new_size("n")
    x = argument("x", "f2", [n], written=False)
    i, s = counter(n), local("s", "f2")
    at = load(x, [i])
    fold = If(op("less", const(0.0, "f2"), at), (Fold(s, reduce_sum, at),))
    p = program("f", [x], [n], [Assign(s, const(0.0, "f2")), Loop(i, (fold,))], [scalar_output(s)])
    assert run_program(p, [np.ones(5000, "f2")], [5000]).value == np.float16(5000)


def test_counting_truth():
    p = reduction_program(reduce_sum, 0, "?", f=lambda v: cast_to(v, "i8"), rtype="i8")
    x = np.random.default_rng(0).random(4000) < 0.3
    assert run_program(p, [x], [4000]).value == x.sum()


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_short_rows_keep_a_nan_wherever_it_stands(dtype):
    f = ag.compile(lambda x: (np.max(x, axis=1), np.min(x, axis=1)))
    for n in (3, 16, 17, 31, 33, 65, 130):
        x = np.random.default_rng(n).normal(size=(n + 1, n)).astype(dtype)
        x[np.arange(n), np.arange(n)] = np.nan
        for got, want in zip(f(x), (np.max(x, axis=1), np.min(x, axis=1)), strict=True):
            np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("dtype", ["f8", "f4"])
def test_short_sums_start_at_zero_or_go_on(dtype):
    """A sum of 0 and -0 is 0, as NumPy's, and what was folded before is not forgotten."""

    def rows(x):
        out = np.zeros(x.shape[0], x.dtype)
        for k in range(x.shape[0]):
            out[k] = np.sum(x[k])
        return out

    f, whole = ag.compile(rows), ag.compile(lambda x: np.sum(x.T))
    rng = np.random.default_rng(5)
    for n in (8, 9, 16, 23, 40, 127, 128):
        x = rng.standard_normal((6, n)).astype(dtype)
        x[1], x[2, 3], x[3, 4] = -0.0, np.nan, np.inf
        found, expected = f(x), rows(x)
        np.testing.assert_allclose(found, expected, rtol=1e-4 if dtype == "f4" else 1e-12)
        np.testing.assert_array_equal(np.signbit(found[1]), np.signbit(expected[1]))
        x[2:4] = 1.0
        np.testing.assert_allclose(whole(x), np.sum(x), rtol=1e-4 if dtype == "f4" else 1e-12)
