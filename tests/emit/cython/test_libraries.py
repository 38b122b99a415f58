"""BLAS by pointer: every layout of every operand, sizes 0 and 1, scales, dtypes."""

import ctypes
import itertools
import threading
import time

import numpy as np
import pytest
import scipy.linalg.cython_blas
from programs import argument, local, program
from running import run_program

import arignote
from arignote.emit.library_table import externs
from arignote.fxgraph.affine import plus
from arignote.fxgraph.constants import lit, new_input
from arignote.optimize.loopnest.program import Library, Panel

I8 = np.dtype("i8")


def integer(name):
    return new_input(name, I8, (), True)


def panels(dtype, ranks):
    """A buffer and a panel with offset and strides of its own for each operand; the integers."""
    integers, buffers, out = [], [], []
    for name, rank in ranks:
        numbers = [integer(f"{name}{w}") for w in ("at", *"mn"[:rank], *"st"[:rank])]
        buffers.append(argument(name, dtype, [numbers[0]]))
        integers += numbers
        out.append(
            Panel(
                buffers[-1],
                plus(numbers[0], lit(0)),
                tuple(numbers[1 : 1 + rank]),
                tuple(numbers[1 + rank :]),
            )
        )
    return buffers, integers, out


def call(name, dtype, ranks, attrs=(), extra=()):
    buffers, integers, (first, *rest) = panels(dtype, ranks)
    s = Library(name, (first,), (*rest, *extra), tuple(sorted(attrs)))
    return program(name, [*buffers, *extra], integers, [s], [])


def describe(view):
    """The array that owns a view's memory, and the integers that say where the view is."""
    base = view
    while base.base is not None:
        base = base.base
    start = (
        view.__array_interface__["data"][0] - base.__array_interface__["data"][0]
    ) // view.itemsize
    return base, [start, *view.shape, *[s // view.itemsize for s in view.strides]]


def run(p, views, *numbers):
    described = [describe(v) for v in views]
    ints = [i for _, numbers_ in described for i in numbers_]
    return run_program(p, [*(b for b, _ in described), *numbers], ints).code


LAYOUTS = {
    "C": lambda a: a.copy("C"),
    "F": lambda a: a.copy("F"),
    "rows": lambda a: _inside(a, (1, 3)),
    "columns": lambda a: _inside(a.T, (1, 2)).T,
    "steps": lambda a: _inside(a, (2, 2)),
    "flipped": lambda a: _inside(a[::-1, ::-1], (1, 1))[::-1, ::-1],
}


def _inside(a, steps):
    """A view with a's values in a larger array: rows or columns apart."""
    big = np.zeros([d * s + 2 for d, s in zip(a.shape, steps)], a.dtype)
    if steps == (1, 3):
        view = big[: a.shape[0], 1 : 1 + a.shape[1]]
    elif steps == (1, 2):
        view = big[1 : 1 + a.shape[0], : a.shape[1]]
    else:
        view = big[: a.shape[0] * steps[0] : steps[0], : a.shape[1] * steps[1] : steps[1]]
    view[...] = a
    return view


def random(shape, dtype, seed):
    rng = np.random.default_rng(seed)
    a = rng.normal(size=shape)
    return (a + 1j * rng.normal(size=shape) if np.dtype(dtype).kind == "c" else a).astype(dtype)


MATRIX = ("C", "F", "rows", "columns", "steps", "flipped")


@pytest.mark.parametrize("beta", [0, 1])
def test_gemm_in_all_layouts(beta):
    p = call("gemm", "f8", [("c", 2), ("a", 2), ("b", 2)], [("beta", beta)])
    for m, n, k in ((3, 4, 5), (1, 6, 1), (7, 1, 4), (2, 3, 1), (1, 1, 1)):
        a, b, c = (random(s, "f8", i) for i, s in enumerate([(m, k), (k, n), (m, n)]))
        for la, lb, lc in itertools.product(MATRIX, MATRIX, MATRIX):
            views = [LAYOUTS[w](x) for w, x in ((lc, c), (la, a), (lb, b))]
            assert run(p, views) == 0
            np.testing.assert_allclose(
                views[0], beta * c + a @ b, 1e-12, 1e-14, err_msg=f"{la} {lb} {lc}"
            )


@pytest.mark.parametrize("dtype", ["f4", "c8", "c16"])
def test_gemm_in_other_dtypes(dtype):
    p = call("gemm", dtype, [("c", 2), ("a", 2), ("b", 2)], [("alpha", 2)])
    a, b, c = random((5, 6), dtype, 0), random((6, 4), dtype, 1), random((5, 4), dtype, 2)
    for la, lb, lc in itertools.product(("C", "F", "steps"), repeat=3):
        views = [LAYOUTS[w](x) for w, x in ((lc, c), (la, a), (lb, b))]
        assert run(p, views) == 0
        np.testing.assert_allclose(views[0], 2 * (a @ b), 1e-4)


def test_gemm_of_empty_matrices():
    p = call("gemm", "f8", [("c", 2), ("a", 2), ("b", 2)])
    for m, n, k in ((0, 3, 2), (3, 0, 2), (3, 2, 0)):
        c = np.full((m, n), 7.0)
        assert run(p, [c, np.ones((m, k)), np.ones((k, n))]) == 0
        np.testing.assert_array_equal(c, np.zeros((m, n)))


def test_gemm_ignores_what_c_held_and_reads_alpha_at_run_time():
    alpha = local("alpha", "f8")
    p = call("gemm", "f8", [("c", 2), ("a", 2), ("b", 2)], extra=(alpha,))
    c = np.full((3, 3), np.nan)
    assert run(p, [c, np.eye(3), np.arange(9.0).reshape(3, 3)], np.float64(0.5)) == 0
    np.testing.assert_array_equal(c, np.arange(9.0).reshape(3, 3) / 2)


VECTORS = {
    "plain": lambda v: v.copy(),
    "steps": lambda v: _vector(v, 3),
    "backward": lambda v: _vector(v[::-1], 2)[::-1],
}


def _vector(v, step):
    big = np.zeros(v.size * step + 1, v.dtype)
    view = big[1 : 1 + v.size * step : step]
    view[...] = v
    return view


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_gemv_in_all_layouts(dtype):
    p = call("gemv", dtype, [("y", 1), ("a", 2), ("x", 1)], [("alpha", -1), ("beta", 1)])
    for m, n in ((4, 5), (1, 3), (3, 1), (1, 1), (2, 0)):
        a, x, y = random((m, n), dtype, 0), random(n, dtype, 1), random(m, dtype, 2)
        for la, lx, ly in itertools.product(MATRIX, VECTORS, VECTORS):
            views = [VECTORS[ly](y), LAYOUTS[la](a), VECTORS[lx](x)]
            assert run(p, views) == 0
            np.testing.assert_allclose(
                views[0],
                y - a @ x,
                2e-5 if dtype == "f4" else 1e-12,
                1e-6,
                err_msg=f"{la} {lx} {ly}",
            )


def test_a_repeated_number_is_a_vector():
    p = call("gemv", "f8", [("y", 1), ("a", 2), ("x", 1)])
    y, a = np.zeros(3), random((3, 4), "f8", 0)
    one = np.full(1, 2.0)
    described = [describe(y), describe(a), (one, [0, 4, 0])]
    code = run_program(p, [b for b, _ in described], [i for _, w in described for i in w]).code
    assert code == 0
    np.testing.assert_allclose(y, 2 * a.sum(1))


@pytest.mark.parametrize("dtype", ["f8", "c16"])
def test_ger_in_all_layouts(dtype):
    p = call("ger", dtype, [("a", 2), ("x", 1), ("y", 1)], [("alpha", 3)])
    for m, n in ((4, 5), (1, 3), (3, 1), (0, 2)):
        a, x, y = random((m, n), dtype, 0), random(m, dtype, 1), random(n, dtype, 2)
        for la, lx, ly in itertools.product(MATRIX, VECTORS, VECTORS):
            views = [LAYOUTS[la](a), VECTORS[lx](x), VECTORS[ly](y)]
            assert run(p, views) == 0
            np.testing.assert_allclose(
                views[0], a + 3 * np.outer(x, y), 1e-12, err_msg=f"{la} {lx} {ly}"
            )


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_dot(dtype):
    p = call("dot", dtype, [("out", 0), ("x", 1), ("y", 1)])
    for n in (0, 1, 50):
        x, y = random(n, dtype, 1), random(n, dtype, 2)
        for lx, ly in itertools.product(VECTORS, VECTORS):
            out = np.full((), np.nan, dtype)
            assert run(p, [out, VECTORS[lx](x), VECTORS[ly](y)]) == 0
            np.testing.assert_allclose(out, np.sum(x * y), 1e-4 if dtype == "f4" else 1e-12)


def test_syrk_writes_both_triangles():
    p = call("syrk", "f8", [("c", 2), ("a", 2)])
    for n, k in ((4, 6), (5, 2), (1, 3), (3, 1), (2, 0)):
        a = random((n, k), "f8", 0)
        for la, lc in itertools.product(MATRIX, MATRIX):
            views = [LAYOUTS[lc](np.full((n, n), np.nan)), LAYOUTS[la](a)]
            assert run(p, views) == 0
            np.testing.assert_allclose(views[0], a @ a.T, 1e-12, 1e-14, err_msg=f"{la} {lc}")


def test_the_table_lists_each_routine_once_in_order():
    buffers, integers, (c, a, b) = panels("f8", [("c", 2), ("a", 2), ("b", 2)])
    s = Library("gemm", (c,), (a, b))
    t = Library("syrk", (c,), (a,))
    p = program("f", buffers, integers, [s, t, s], [])
    routines = [e for e in externs(p) if not e.startswith("threads")]
    assert routines == ["scipy.linalg.cython_blas:dgemm", "scipy.linalg.cython_blas:dsyrk"]


LARGE = {
    "product": lambda a, b: a @ b,
    "wide": lambda a, b: a[:40] @ b,
    "columns": lambda a, b: a[:433].T @ b,
    "vector": lambda a, b: b @ a[0, :1].repeat(b.shape[1]),
    "row": lambda a, b: b[:, 0] @ b,
    "dot": lambda a, b: np.dot(a.ravel(), a.ravel()),
    "gram": lambda a, b: a @ a.T,
}


@pytest.mark.parametrize("name", LARGE)
def test_large_calls_are_shared_by_threads(name):
    f = arignote.compile(LARGE[name])
    rng = np.random.default_rng(0)
    a, b = rng.normal(size=(701, 433)), rng.normal(size=(433, 809))
    with arignote.config(threads=1):
        alone = f(a, b)
    np.testing.assert_allclose(alone, LARGE[name](a, b), 1e-10, 1e-10)
    for _ in range(3):  # on several threads, on one, on the better of the two
        with arignote.config(threads=3):
            np.testing.assert_array_equal(f(a, b), alone)


def test_what_the_library_was_set_to_is_put_back():
    blas = ctypes.CDLL(scipy.linalg.cython_blas.__file__)
    number = blas.scipy_openblas_get_num_threads
    before = number()
    f = arignote.compile(lambda a: a @ a)
    seen = []

    def many():
        for _ in range(20):
            f(np.ones((200, 200)))
            seen.append(number())

    callers = [threading.Thread(target=many) for _ in range(4)]
    for c in callers:
        c.start()
    for c in callers:
        c.join()
    assert set(seen) <= {1, before}
    assert number() == before


def test_wide_complex_products_stay_on_the_threads_that_were_asked_for():
    """OpenBLAS shares complex products from fewer multiplications on than real ones; its threads
    burn time that this thread does not account for."""
    f = arignote.compile(lambda a, b: a @ b)
    a, b = np.ones((2, 2), complex), np.ones((2, 20000), complex)
    with arignote.config(threads=1):
        f(a, b)
        time.sleep(0.5)  # until the library's threads from before sleep
        all_threads, this_thread = time.process_time(), time.thread_time()
        for _ in range(300):
            f(a, b)
        burnt = time.process_time() - all_threads
    assert burnt < 1.3 * (time.thread_time() - this_thread) + 0.005


def test_products_read_reshaped_operands_where_they_lie():
    def f(a, b):
        return np.reshape(a * 2.0, (3, 40)) @ np.reshape(b + 1.0, (40, 30))

    g = arignote.compile(f)
    a, b = np.arange(120.0).reshape(4, 30), np.arange(1200.0).reshape(30, 40)
    np.testing.assert_allclose(g(a, b), f(a, b))
    assert str(g.program(a, b)).count("alloc") == 3  # a * 2, b + 1 and the result
    strided = b.repeat(2, axis=1)[:, ::2]
    np.testing.assert_allclose(g(a[:, ::-1], strided), f(a[:, ::-1], strided))
