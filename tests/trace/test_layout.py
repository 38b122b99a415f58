"""Results have the memory order that NumPy gives them, in each mode and without a compiler."""

import itertools
import pickle

import numpy as np
import pytest

import arignote as ag
from arignote.trace.interpreted import run

MODES = ("FAST_COMPILE", "FAST_RUN")
A = np.linspace(-1.0, 2.0, 12).reshape(3, 4)
B = np.linspace(0.5, 3.0, 60).reshape(3, 4, 5)


def same(got, want):
    np.testing.assert_allclose(got, want, rtol=1e-14)
    assert got.strides == want.strides
    for name in ("c_contiguous", "f_contiguous", "writeable", "aligned"):
        assert getattr(got.flags, name) == getattr(want.flags, name), name


def agree(f, *args):
    want = f(*args)
    for mode in MODES:
        with ag.config(mode=mode):
            compiled = ag.compile(f)
            for _ in range(2):
                same(compiled(*args), want)
    same(run(compiled.trace_of(*args), args), want)


UNARY = {
    "ufunc": lambda x: x + 1.0,
    "chain": lambda x: np.exp(x) * 2.0 - np.abs(x),
    "comparison": lambda x: x > 0.5,
    "copy A": lambda x: x.copy(order="A"),
    "copy C": lambda x: (x * 2.0).copy(),
    "copy F": lambda x: (x * 2.0).copy("F"),
    "copy K": lambda x: np.copy(x),
    "contiguous": lambda x: np.ascontiguousarray(x * 2.0),
    "fortran": lambda x: np.asfortranarray(x * 2.0),
    "transposed": lambda x: (x + 1.0).T,
    "of a transpose": lambda x: x.T + 1.0,
    "twice": lambda x: (x.T + 1.0).T * 3.0,
    "row added": lambda x: x + x[0],
    "part": lambda x: x[1:] + 1.0,
    "backwards": lambda x: x[::-1] + 1.0,
    "after a sum": lambda x: x - x.sum(),
    "ravelled": lambda x: (x + 1.0).ravel(),
}


@pytest.mark.parametrize("name", UNARY)
@pytest.mark.parametrize("x", [A, np.asfortranarray(A), B, np.asfortranarray(B)],
                         ids=["C2", "F2", "C3", "F3"])  # fmt: skip
def test_one_operand(name, x):
    agree(UNARY[name], x)


@pytest.mark.parametrize("axes", list(itertools.permutations(range(3))))
def test_axes_in_any_order(axes):
    x = np.ascontiguousarray(B.transpose(axes)).transpose(np.argsort(axes))
    agree(lambda x: np.sqrt(x) + 1.0, x)
    agree(lambda x, y: x * y, x, np.asfortranarray(B))
    agree(lambda x, y: x * y, B, x)


def test_mixed_orders():
    f, c = np.asfortranarray(A), A
    agree(lambda x, y: x + y, f, f)
    agree(lambda x, y: x + y, f, c)
    agree(lambda x, y: x + y, c, f)
    agree(lambda x, y: x + y, f, c[0])
    agree(lambda x, y: np.maximum(x, y[:, None]), f, c[:, 0].copy())
    agree(lambda x, y: x + y, f, c[:, ::2].repeat(2, axis=1))


@pytest.mark.parametrize("shape", [(1, 4), (4, 1), (1, 1), (0, 3), (2, 1, 3)])
def test_axes_of_length_0_and_1(shape):
    x = np.asfortranarray(np.arange(float(np.prod(shape))).reshape(shape))
    for mode in MODES:
        with ag.config(mode=mode):
            got, want = ag.compile(lambda x: x + 1.0)(x), x + 1.0
        np.testing.assert_array_equal(got, want)
        assert got.flags.f_contiguous == want.flags.f_contiguous
        assert got.flags.c_contiguous == want.flags.c_contiguous


@pytest.mark.parametrize("mode", MODES)
def test_the_answer_owns_its_memory(mode):
    with ag.config(mode=mode):
        f = ag.compile(lambda x: x + 1.0)
        for n in (3, 700):  # small, and from the pool of large ones
            x = np.asfortranarray(np.arange(2.0 * n * n).reshape(n, 2 * n))
            y = f(x)
            assert y.flags.owndata and y.flags.f_contiguous and y.base is None
            again = pickle.loads(pickle.dumps(y))
            np.testing.assert_array_equal(again, x + 1.0)
            assert again.flags.f_contiguous


@pytest.mark.parametrize("mode", MODES)
def test_one_array_at_two_places_and_its_views(mode):
    @ag.compile
    def twice(x):
        y = x + 1.0
        return y, y, {"again": y}

    @ag.compile
    def with_views(x):
        y = x + 1.0
        return y, y.T, y[1:]

    x = np.asfortranarray(A)
    with ag.config(mode=mode):
        a, b, c = twice(x)
        assert a is b and c["again"] is a
        same(a, x + 1.0)
        y, t, part = with_views(x)
        np.testing.assert_array_equal(y, x + 1.0)
        np.testing.assert_array_equal(t, (x + 1.0).T)
        t[0, 1] = 40.0
        assert y[1, 0] == 40.0 and part[0, 0] == 40.0


def test_writes_before_it_is_returned():
    def f(x):
        y = x * 2.0
        y[1] = x[0]
        y[:, 2] += 1.0
        return y

    agree(f, np.asfortranarray(A))


def test_loops_and_sizes_known_late():
    def loop(x):
        y = x * 0.0
        for k in range(x.shape[0]):
            y[k] = x[k] * k
        return y + x

    agree(loop, np.asfortranarray(A))
    agree(lambda x: (x[x > 0.0].reshape(-1, 1) * np.ones((1, 2))).T + 1.0, np.asfortranarray(A))


@pytest.mark.parametrize("make", [np.ascontiguousarray, np.asfortranarray], ids=["C", "F"])
@pytest.mark.parametrize("x", [A, np.asfortranarray(A)], ids=["C", "F"])
def test_conversions_copy_only_what_is_in_another_order(make, x):
    def f(x):
        y = make(x)
        y[0, 0] = 50.0
        return y

    given, wanted = x.copy("K"), x.copy("K")
    got = ag.compile(f)(given)
    same(got, f(wanted))
    np.testing.assert_array_equal(given, wanted)
    assert (got is given) == (make(wanted) is wanted)


@pytest.mark.parametrize("mode", MODES)
def test_gradients_are_right(mode):
    x = np.asfortranarray(A)
    with ag.config(mode=mode):
        got = ag.grad(lambda x: np.sum(x.T * np.arange(3.0) * x.T))(x)
    np.testing.assert_allclose(got, 2 * x * np.arange(3.0)[:, None], rtol=1e-14)
    ag.check_grad(lambda x: np.exp(x) * x, x)
    ag.check_grad(lambda x: (x.T + 1.0) * x.T, x)


def test_validation_knows_the_order():
    f = ag.compile(lambda x: np.exp(x.T) - x.T / 3.0)
    for x in (A, np.asfortranarray(A)):
        assert f.validate(x)
