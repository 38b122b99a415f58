"""Where steps of loops keep what they make: layouts of temporaries, rows of stacks, renewed
carries."""

import numpy as np
import pytest

import arignote as ag

from .scheduling import check, scheduled

rng = np.random.default_rng(5)


# ---- layouts -------------------------------------------------------------------------------------
def columns(u):
    """A recurrence along rows, column by column, as in tridiagonal solves."""
    q = np.empty(u.shape)
    q[:, 0] = 1.0
    for j in range(1, u.shape[1]):
        q[:, j] = u[:, j] / (q[:, j - 1] + 2.0)
    return np.sum(q * u)


def columns_by_variables(u):
    """A step's value is in a variable, which is no sum over the argument's rows."""
    p, q = np.empty(u.shape), np.empty(u.shape)
    p[:, 0] = 1.0
    q[:, 0] = 2.0
    for j in range(1, u.shape[1]):
        t = u[:, j] - q[:, j - 1]
        p[:, j] = t
        q[:, j] = t / (2.0 + p[:, j - 1])
    return p[:, -1] * q[:, -1]


def columns_and_rows(u):
    """Both ways: no axis has the majority."""
    q = np.empty(u.shape)
    q[:, 0] = 1.0
    for j in range(1, u.shape[1]):
        q[:, j] = u[:, j] / (q[:, j - 1] + 2.0)
    for i in range(1, u.shape[0]):
        q[i] = q[i] + q[i - 1]
    return np.sum(q * u)


def planes(u):
    c = np.zeros(u.shape)
    for k in range(1, u.shape[2]):
        c[:, :, k] = 0.5 * c[:, :, k - 1] + u[:, :, k]
    return np.sum(c[1:, :, 2] * u[1:, :, 0])


def by_product(u):
    """A library reads the temporary: it stays as it is."""
    q = np.empty(u.shape)
    q[:, 0] = 1.0
    for j in range(1, u.shape[1]):
        q[:, j] = u[:, j] / (q[:, j - 1] + 2.0)
    return q @ u.T


def returned(u):
    q = np.empty(u.shape)
    q[:, 0] = 1.0
    for j in range(1, u.shape[1]):
        q[:, j] = u[:, j] / (q[:, j - 1] + 2.0)
    return q


MATRICES = [{"u": rng.random(s)} for s in ((2, 3), (7, 5), (40, 33))]


EVERY = [columns, columns_by_variables, columns_and_rows, by_product, returned]


@pytest.mark.parametrize("f", EVERY)
def test_layouts_keep_values(f):
    check("layouts", f, *MATRICES, rtol=1e-12)


def test_layouts_of_three_axes_keep_values():
    check("layouts", planes, *({"u": rng.random(s)} for s in ((3, 4, 5), (5, 6, 3))), rtol=1e-12)


@pytest.mark.parametrize("f", [columns, columns_by_variables])
def test_columns_are_contiguous(f):
    made = scheduled("layouts", f, **MATRICES[1])
    temporaries = made.text.count("] (temporary)")
    assert temporaries == made.text.count("float64[u_1, u_0] (temporary)") > 0


@pytest.mark.parametrize("f", [by_product, returned])
def test_what_others_see_stays_in_order(f):
    assert "[u_1, u_0]" not in scheduled("layouts", f, **MATRICES[1]).text


def test_gradients_of_columns():
    for f in (columns, columns_and_rows):
        ag.check_grad(f, rng.random((7, 5)))


# ---- rows of stacks ------------------------------------------------------------------------------
def nonlinear(x, steps):
    """The backward pass wants what each inner loop overwrites."""
    for _ in range(steps):
        for i in range(1, x.shape[0]):
            x[i] = x[i] * x[i - 1] + 0.1
    return np.sum(x * x)


def triangular(a):
    """Rows of different lengths, in boxes."""
    for k in range(a.shape[0] - 1):
        for j in range(k + 1, a.shape[0]):
            a[j] = a[j] - np.sum(a[j] * a[k]) * a[k]
    return np.sum(a**3)


def while_loop(x):
    n = 0
    while np.sum(x) > 1.0 and n < 9:
        for i in range(1, x.shape[0]):
            x[i] = 0.5 * x[i] * x[i - 1]
        n += 1
    return np.sum(x * x)


def test_rows_of_stacks_are_not_copied():
    slope = ag.compile(ag.grad(nonlinear))
    x = rng.random(6)
    with ag.config(excluding="slots"):
        without = ag.compile(ag.grad(nonlinear)).program(x.copy(), 3)
    assert len(str(slope.program(x.copy(), 3)).splitlines()) < len(str(without).splitlines())


@pytest.mark.parametrize(
    "f, args",
    [
        (nonlinear, (rng.random(6), 3)),
        (triangular, (rng.random((5, 4)),)),
        (while_loop, (rng.random(5) + 0.5,)),
    ],
)  # fmt: skip
def test_gradients_with_rows_of_stacks(f, args):
    ag.check_grad(f, *args)
    with ag.config(excluding="slots"):
        without = ag.grad(f)(*args)
    assert np.array_equal(ag.grad(f)(*args), without)


# ---- renewed carries -----------------------------------------------------------------------------
def renewed(x, steps):
    for _ in range(steps):
        y = x * 1.0
        for i in range(1, y.shape[0]):
            y[i] = y[i] + 0.5 * y[i - 1]
        z = y + np.cos(x)
        for i in range(1, z.shape[0]):
            z[i] = z[i] - 0.25 * z[i - 1]
        x = z
    return x


def crossed(x, y, steps):
    """Each reads what the other was."""
    for _ in range(steps):
        for i in range(1, x.shape[0]):
            x[i] = x[i] + 0.5 * x[i - 1]
        z = x + y
        y = y * x + z
        x = z
    return x, y


def old_one_too(x, steps):
    """The version that is written over is read afterwards."""
    for _ in range(steps):
        for i in range(1, x.shape[0]):
            x[i] = x[i] + 0.5 * x[i - 1]
        z = x * 0.5
        for i in range(1, z.shape[0]):
            z[i] = z[i] - x[i - 1]
        x = z
    return x


@pytest.mark.parametrize("f, many", [(renewed, 1), (crossed, 2), (old_one_too, 1)])
@pytest.mark.parametrize("steps", [0, 1, 4])
def test_renewed_carries(f, many, steps):
    args = [rng.random(6) for _ in range(many)]
    want = f(*(a.copy() for a in args), steps)
    got = ag.compile(f)(*(a.copy() for a in args), steps)
    for w, g in zip(*((x if many > 1 else [x]) for x in (want, got)), strict=True):
        assert np.allclose(w, g, rtol=1e-13)


def across_rows(a, b):
    """Sums across the rows of both: the loop moves outside, and everything is contiguous."""
    c = b + 1.0
    for i in range(a.shape[0]):
        for j in range(b.shape[1]):
            c[i, j] = c[i, j] + np.dot(a[i + 1 :, i], c[i + 1 :, j])
    return np.sum(c * b)


def test_sums_across_rows_of_what_stays_leave_temporaries():
    samples = [{"a": rng.random((n, n)), "b": rng.random((n, m))} for n, m in ((5, 7), (9, 4))]
    made = check("layouts", across_rows, *samples, rtol=1e-12)
    assert not made.changed


def copied_to_several_places(a, b, x, n):
    """The row is made before the loop that copies it."""
    c = a * 1.0
    for i in range(n - 1, 0, -1):
        for k in range(i, 5):
            c[k % 2 : k % 2 + 4] = np.minimum(b[4:0:-1], x[i - 1]) * 0.25
    return c[0]


def test_rows_that_are_copied_more_than_once_keep_their_memory():
    a, b, x = rng.random(6), rng.random(6), rng.random(6)
    assert ag.compile(copied_to_several_places)(a, b, x, 4) == copied_to_several_places(a, b, x, 4)
