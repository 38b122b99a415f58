"""Products that share a matrix share a sweep over it; sums into vectors are shared by threads."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check, scheduled

rng = np.random.default_rng(11)


def both(a, x, r):
    return a @ x, r @ a


def chained(a, x):
    return (a @ x) @ a


def scaled_chain(a, x, r):
    return (2.0 * (a @ x) + r) @ a


def updated(a, u, v, r, x):
    a += np.outer(u, v)
    y = r @ a
    return a @ (x + y)


def windows(a, x, r):
    b = a[1:, :-1]
    return b @ x[1:], r[1:] @ b


def weighed_rows(a, x, r, u):
    return a @ x, r @ a, np.sum(a * u[:, None], 0)


SHAPES = ((3, 5), (4, 4), (40, 23), (23, 40), (150, 6), (30, 30))


def samples(f, *shapes):
    """Matrices of some shapes with what else f takes: x along rows, r along columns."""
    sizes = {"x": 1, "r": 0, "u": 0, "v": 1}
    out = []
    for s in shapes:
        names = f.__code__.co_varnames[: f.__code__.co_argcount]
        out.append({n: rng.random(s if n == "a" else s[sizes[n]]) for n in names})
    return out


@pytest.mark.parametrize("f", [both, chained, scaled_chain, updated, windows, weighed_rows])
def test_the_matrix_is_read_once(f):
    made = check("sweep", f, *samples(f, *SHAPES), rtol=1e-12)
    assert "shares a sweep over its matrix" in made.note
    assert "gemv" not in made.text


@pytest.mark.parametrize("f", [both, chained, updated])
def test_compiled(f):
    for s in samples(f, *SHAPES, (700, 300)):
        mine, theirs = ({k: v.copy() for k, v in s.items()} for _ in range(2))
        got, wanted = ag.compile(f)(**mine), f(**theirs)
        if not isinstance(wanted, tuple):
            got, wanted = (got,), (wanted,)
        for g, w in zip(got, wanted, strict=True):
            np.testing.assert_allclose(g, w, rtol=1e-12)
        np.testing.assert_allclose(mine["a"], theirs["a"], rtol=1e-14)


def beside_its_vectors(a, x, r, v):
    """The last product's rows are as many as the elements of loops before it over its vector."""
    t, y = a @ x, r @ a
    return t, y, v + 1.0, a @ v


def test_products_join_the_sweep_and_not_what_shares_a_vector_with_them():
    made = check("sweep", beside_its_vectors, *samples(beside_its_vectors, (4, 4)), rtol=1e-12)
    folds = [line for line in made.text.splitlines() if " = add(" in line and "a[" in line]
    rows = {line.split("a[")[1].split(",")[0] for line in folds}
    assert len(folds) == 2 and len(rows) == 1


def test_sums_of_rows_join_the_sweep():
    text = check("sweep", weighed_rows, *samples(weighed_rows, (6, 4)), rtol=1e-12).text
    rows = {line.split(" a[")[-1].split(",")[0] for line in text.splitlines() if "* a[" in line}
    assert text.count("+= (") == 2 and len(rows) == 1


def alone(a, r):
    return r @ a


def of_two_matrices(a, b, x, r):
    return b @ x, r @ a


def test_a_product_that_shares_nothing_stays_with_its_library():
    assert not scheduled("sweep", alone, a=rng.random((40, 30)), r=rng.random(40)).changed
    made = scheduled(
        "sweep", of_two_matrices,
        a=rng.random((40, 30)), b=rng.random((40, 30)), x=rng.random(30), r=rng.random(40),
    )  # fmt: skip
    assert "gemv" in made.text


def test_matrices_in_fortran_order():
    a = np.asfortranarray(rng.random((60, 40)))
    x, r = rng.random(40), rng.random(60)
    for got, wanted in zip(ag.compile(both)(a, x, r), both(a, x, r), strict=True):
        np.testing.assert_allclose(got, wanted, rtol=1e-12)


# ---- sums ----------------------------------------------------------------------------------------
def loops(a, x, r, y):
    z = np.empty(a.shape[0])
    for i in range(a.shape[0]):
        s = 0.0
        for j in range(a.shape[1]):
            s += a[i, j] * x[j]
            y[j] += r[i] * a[i, j]
        z[i] = s
    return z


def with_scratch(a, y):
    for i in range(a.shape[0]):
        t = a[i] - a[i].mean()
        for j in range(a.shape[1]):
            y[j] += t[j] * t[a.shape[1] - 1 - j]


def read_as_well(a, y):
    for i in range(a.shape[0]):
        for j in range(a.shape[1]):
            y[j] += a[i, j]
        for j in range(a.shape[1]):
            a[i, j] = y[j]


def matrices(f, *shapes):
    names = f.__code__.co_varnames[: f.__code__.co_argcount]
    sizes = {"x": 1, "r": 0, "y": 1}
    return [{n: rng.random(s if n == "a" else s[sizes[n]]) for n in names} for s in shapes]


TALL = (*SHAPES, (300, 7), (129, 12))


@pytest.mark.parametrize("f", [loops, with_scratch])
def test_sums_of_chunks(f):
    made = check("sums", f, *matrices(f, *TALL), rtol=1e-12)
    assert "sums of chunks of its steps" in made.note
    assert "parallel for chunk" in made.text


def test_a_sum_that_steps_read_is_not_shared():
    assert not check("sums", read_as_well, *matrices(read_as_well, *TALL)).changed


def test_the_bits_do_not_depend_on_threads():
    (s,) = matrices(loops, (3000, 400))
    got = []
    for threads in (1, 2, 3):
        mine = {k: v.copy() for k, v in s.items()}
        with ag.config(threads=threads, parallel_min_us=0.0):
            z = ag.compile(loops)(**mine)
        got.append((z.tobytes(), mine["y"].tobytes()))
    assert got[0] == got[1] == got[2]
    wanted = s["y"] + s["r"] @ s["a"]
    np.testing.assert_allclose(np.frombuffer(got[0][1]), wanted, rtol=1e-12)
