"""grad and value_and_grad: which arguments, which structures, which dtypes, which errors."""

import dataclasses
import functools
from collections import namedtuple

import numpy as np
import pytest

import arignote as ag
from arignote.errors import DTypeError, ShapeError, TraceError, UnsupportedError

X = np.linspace(0.1, 1.0, 5)
Pair = namedtuple("Pair", "u v")


@dataclasses.dataclass
class Line:
    slope: object
    offset: object


class Scaled:
    def __init__(self, factor):
        self.factor = factor

    def energy(self, x):
        return np.sum(x * x) * self.factor

    def __call__(self, x):
        return np.sum(x**3) * self.factor


def wave(x):
    return np.sum(np.sin(x) * x)


def slope(x):
    return np.sin(x) + x * np.cos(x)


def product(a, b):
    return np.sum(a * b)


def running_product(a):
    for i in range(1, a.shape[0]):
        a[i] = a[i] * a[i - 1]
    return np.sum(a)


def running_slope(x):
    """d/dx_k of the sum of the running products, by hand."""
    p = np.cumprod(x)
    return np.array([np.sum(p[k:]) / x[k] for k in range(len(x))])


# ---- which arguments -----------------------------------------------------------------------------
def test_gradient_and_value():
    np.testing.assert_allclose(ag.grad(wave)(X), slope(X))
    value, g = ag.value_and_grad(wave)(X)
    assert value == pytest.approx(wave(X))
    np.testing.assert_allclose(g, slope(X))


@pytest.mark.parametrize("argnums, want", [(0, X + 1), (1, X), (-1, X)])
def test_one_argument(argnums, want):
    np.testing.assert_allclose(ag.grad(product, argnums)(X, X + 1), want)


@pytest.mark.parametrize("argnums", [(0,), (0, 1), (1, 0), [0, -1]])
def test_several_arguments_give_a_tuple_in_their_order(argnums):
    got = ag.grad(product, argnums)(X, X + 1)
    want = [(X + 1, X)[k] for k in argnums]
    assert type(got) is tuple and len(got) == len(want)
    for g, w in zip(got, want):
        np.testing.assert_allclose(g, w)


def test_numbers():
    assert ag.grad(lambda a: a * a * a)(2.0) == 12.0
    assert ag.grad(lambda a, b: a**b, argnums=1)(2.0, 3.0) == pytest.approx(8 * np.log(2))


def test_keywords_and_defaults_are_not_varied():
    f = lambda a, k=2.0, *, shift=0.0: np.sum(a * k + shift)
    np.testing.assert_allclose(ag.grad(f)(X), 2.0)
    np.testing.assert_allclose(ag.grad(f)(X, k=3.0), 3.0)
    np.testing.assert_allclose(ag.grad(f)(X, shift=X), 2.0)


def test_auxiliary_results():
    f = lambda a: (np.sum(a**2), {"shifted": a + 1, "name": 3})
    g, aux = ag.grad(f, has_aux=True)(X)
    np.testing.assert_allclose(g, 2 * X)
    np.testing.assert_allclose(aux["shifted"], X + 1)
    assert aux["name"] == 3
    (value, aux), g = ag.value_and_grad(f, has_aux=True)(X)
    assert value == pytest.approx(np.sum(X**2))
    np.testing.assert_allclose(g, 2 * X)
    np.testing.assert_allclose(aux["shifted"], X + 1)


# ---- structures ----------------------------------------------------------------------------------
def test_dicts_tuples_lists_and_none_keep_their_structure():
    f = lambda p: np.sum(p["a"] * p["b"][0]) + p["c"][0]
    g = ag.grad(f)({"a": X, "b": (X + 1, None), "c": [2.0]})
    assert list(g) == ["a", "b", "c"] and g["b"][1] is None and type(g["c"]) is list
    np.testing.assert_allclose(g["a"], X + 1)
    np.testing.assert_allclose(g["b"][0], X)
    assert g["c"][0] == 1.0


def test_dataclasses_and_named_tuples():
    g = ag.grad(lambda p: np.sum(p.slope * X + p.offset))(Line(2.0, X))
    assert type(g) is Line and g.slope == pytest.approx(np.sum(X))
    np.testing.assert_allclose(g.offset, 1)
    g = ag.grad(lambda p: np.sum(p.u * p.v))(Pair(X, 2.0))
    assert type(g) is Pair and g.v == pytest.approx(np.sum(X))
    np.testing.assert_allclose(g.u, 2)


def test_what_does_not_matter_gets_zeros_of_its_shape():
    g = ag.grad(lambda p: np.sum(p["used"]))({"used": X, "unused": np.ones((2, 3), "f4")})
    np.testing.assert_array_equal(g["unused"], np.zeros((2, 3)))
    assert g["unused"].dtype == np.float32


# ---- kinds of functions --------------------------------------------------------------------------
def test_methods_callables_partials_and_closures():
    scaled = Scaled(3.0)
    np.testing.assert_allclose(ag.grad(scaled.energy)(X), 6 * X)
    np.testing.assert_allclose(ag.grad(scaled)(X), 9 * X**2)
    np.testing.assert_allclose(ag.grad(functools.partial(product, X + 2))(X), X + 2)
    np.testing.assert_allclose(ag.grad(np.sum)(X), 1)
    np.testing.assert_allclose(ag.grad(ag.compile(wave))(X), slope(X))

    def closing(k):
        return lambda x: np.sum(x * k)

    np.testing.assert_allclose(ag.grad(closing(X + 5))(X), X + 5)


def test_name_and_documentation():
    def documented(x):
        """What it does."""
        return x

    made = ag.grad(documented)
    assert "documented" in repr(made) and made.__doc__ == "What it does."


def test_inside_compiled_functions():
    @ag.compile
    def descent(x, steps):
        for _ in range(steps):
            x = x - 0.1 * ag.grad(wave)(x)
        return x

    x = X
    for _ in range(7):
        x = x - 0.1 * slope(x)
    np.testing.assert_allclose(descent(X, 7), x)


def test_a_closure_over_traced_values_is_differentiated_through():
    def outer(x, k):
        inner = ag.grad(lambda y: np.sum(k * y**3))
        return np.sum(inner(x))

    gx, gk = ag.grad(outer, (0, 1))(X, 2.0)
    np.testing.assert_allclose(gx, 12 * X)
    assert gk == pytest.approx(np.sum(3 * X**2))


@pytest.mark.parametrize("order, want", [(1, 4 * 8.0), (2, 12 * 4.0), (3, 24 * 2.0)])
def test_orders(order, want):
    f = lambda a: a**4
    for _ in range(order):
        f = ag.grad(f)
    assert f(2.0) == pytest.approx(want)


def test_orders_through_a_loop_that_writes():
    total = lambda x: np.sum(ag.grad(running_product)(x))
    h = 1e-6
    want = [
        (np.sum(running_slope(X + h * e)) - np.sum(running_slope(X - h * e))) / (2 * h)
        for e in np.eye(5)
    ]
    np.testing.assert_allclose(ag.grad(total)(X), want, rtol=1e-8)
    third = ag.grad(lambda x: np.sum(ag.grad(total)(x)))(X)
    want = [
        (np.sum(ag.grad(total)(X + 1e-5 * e)) - np.sum(ag.grad(total)(X - 1e-5 * e))) / 2e-5
        for e in np.eye(5)
    ]
    np.testing.assert_allclose(third, want, rtol=1e-7, atol=1e-9)


def test_points_of_one_value_are_different_variables():
    f = lambda x: ag.grad(lambda y: x * y)(x)
    assert f(3.0) == 3.0 and ag.grad(f)(3.0) == 1.0


# ---- arguments are left as they are --------------------------------------------------------------
def test_written_arguments_are_unchanged():
    x = X.copy()
    np.testing.assert_allclose(ag.grad(running_product)(x), running_slope(X))
    np.testing.assert_array_equal(x, X)


def test_written_arguments_that_are_not_varied_are_unchanged():
    def f(x, scratch):
        scratch[:] = x * 2
        return np.sum(scratch * x)

    scratch = np.zeros(5)
    np.testing.assert_allclose(ag.grad(f)(X, scratch), 4 * X)
    np.testing.assert_array_equal(scratch, 0)


def test_inside_a_compiled_function_what_it_writes_stays_inside():
    @ag.compile
    def f(x):
        g = ag.grad(running_product)(x)
        return g, x.copy()

    g, x = f(X.copy())
    np.testing.assert_allclose(g, running_slope(X))
    np.testing.assert_array_equal(x, X)


# ---- dtypes --------------------------------------------------------------------------------------
def test_float32_stays_float32():
    x = X.astype("f4")
    value, g = ag.value_and_grad(wave)(x)
    assert value.dtype == np.float32 and g.dtype == np.float32
    np.testing.assert_allclose(g, slope(X), rtol=1e-5)
    g = ag.grad(product, (0, 1))(x, X)
    assert g[0].dtype == np.float32 and g[1].dtype == np.float64


def test_integers_are_an_error_or_zeros():
    with pytest.raises(DTypeError, match=r"integers and booleans have no derivative.*allow_int"):
        ag.grad(lambda a: np.sum(a * 1.0))(np.arange(3))
    zero, one = ag.grad(lambda a, b: np.sum(a) * b, (0, 1), allow_int=True)(np.arange(3), 2.0)
    np.testing.assert_array_equal(zero, [0, 0, 0])
    assert zero.dtype == np.int64 and one == 3.0


def test_integer_arguments_beside():
    f = lambda x, k: np.sum(x[k] ** 2)
    np.testing.assert_allclose(ag.grad(f)(X, np.array([1, 1, 4])), [0, 4 * X[1], 0, 0, 2 * X[4]])


#: What JAX 0.4's documentation gives: dx - i dy of a real function, f' of a holomorphic one.
Z = np.array([1 + 2j, -0.5 + 0.3j])


@pytest.mark.parametrize(
    "f, want",
    [
        (lambda z: np.sum(np.abs(z) ** 2), 2 * Z.conj()),
        (lambda z: np.sum(np.real(z)), np.array([1, 1 + 0j])),
        (lambda z: np.sum(np.imag(z)), np.array([-1j, -1j])),
        (lambda z: np.sum(np.real(z * z)), 2 * Z),
        (lambda z: np.real(np.sum(np.exp(z) * z.conj())), np.exp(Z) * Z.conj() + np.exp(Z.conj())),
    ],
)
def test_complex_arguments_of_real_functions(f, want):
    np.testing.assert_allclose(ag.grad(f)(Z), want, atol=1e-15)


def test_holomorphic_functions():
    np.testing.assert_allclose(ag.grad(lambda z: np.sum(z**3), holomorphic=True)(Z), 3 * Z**2)
    f = ag.grad(ag.grad(lambda z: np.exp(2 * z), holomorphic=True), holomorphic=True)
    assert f(0.3 + 1j) == pytest.approx(4 * np.exp(2 * (0.3 + 1j)))
    with pytest.raises(DTypeError, match="holomorphic=True if the function is analytic"):
        ag.grad(lambda z: np.sum(z * z))(Z)
    with pytest.raises(DTypeError, match="needs a complex result"):
        ag.grad(lambda z: np.sum(np.real(z)), holomorphic=True)(Z)


def test_complex_in_between():
    f = lambda x: np.sum(np.abs(np.fft.fft(x)) ** 2)
    np.testing.assert_allclose(ag.grad(f)(X), 2 * len(X) * X)


# ---- errors --------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "f, error, text",
    [
        (lambda x: x, ShapeError, r"one scalar result, this one gives float64\[.*jacobian or vjp"),
        (lambda x: (x.sum(), x.sum()), ShapeError, r"gives float64\[\] and float64\[\]"),
        (lambda x: None, ShapeError, "gives nothing"),
        (lambda x: np.argmax(x), DTypeError, r"floating result, this one gives int64\[\]"),
    ],
)
def test_results_that_have_no_gradient(f, error, text):
    with pytest.raises(error, match=text):
        ag.grad(f)(X)


def test_arguments_that_are_not_there():
    with pytest.raises(TraceError, match="argument 3 is asked for, but the call has 1"):
        ag.grad(wave, argnums=3)(X)


def test_aux_that_is_not_there():
    with pytest.raises(TraceError, match=r"returns \(result, aux\)"):
        ag.grad(wave, has_aux=True)(X)


def test_an_operation_without_derivative_names_the_line():
    with pytest.raises(UnsupportedError, match=r"test_grad.py:\d+: "):
        ag.grad(lambda x: np.sum(np.nextafter(x, 2.0)))(X)


@pytest.mark.parametrize("shape", [(4, 3), (3, 4), (2, 3, 4), (1, 1)])
def test_a_matrix_times_its_transpose(shape):
    a = np.random.default_rng(5).normal(size=shape)
    outer = lambda a: np.sum(np.sin(a @ np.swapaxes(a, -1, -2)))
    inner = lambda a: np.sum(np.sin(np.swapaxes(a, -1, -2) @ a))
    part = lambda a: np.sum(np.sin(a[..., 1:, :] @ np.swapaxes(a[..., 1:, :], -1, -2)))
    for f in (outer, inner, part):
        ag.check_grad(f, a, order=2)


def test_a_product_and_its_transpose_are_one_product():
    chain = lambda a, b, c, d: np.sum(np.sin(a @ b @ c @ d))
    args = [np.random.default_rng(6).normal(size=s) for s in ((3, 4), (4, 5), (5, 2), (2, 6))]
    made = ag.value_and_grad(chain, argnums=(0, 1, 2, 3)).compiled_for(*args)
    assert str(made.graph).count(" = matmul(") == 9  # three there, two for each on the way back
    ag.check_grad(chain, *args)


def one_side_each(a, x, y):
    if a > 0:
        z = np.sum(x**2)
    else:
        z = np.sum(y**3)
    return z


def one_side_only(a, x, y):
    z = np.sum(y)
    if a > 0:
        z = x[0] * x[1]
    return z


def one_side_returns(a, x, y):
    if a > 0:
        return x[0] * 3.0
    return y[1] * np.sum(x)


def nested_sides(a, x, y):
    z = 0.0
    if a > 0:
        h = np.sin(x)
        z = np.sum(h * y) if a > 1 else np.sum(h)
    return z


@pytest.mark.parametrize(
    "f", [one_side_each, one_side_only, one_side_returns, nested_sides], ids=lambda f: f.__name__
)
@pytest.mark.parametrize("a", [-1.0, 0.5, 2.0])
def test_arguments_that_one_branch_reads(f, a):
    x, y = X[:3], X[2:]
    found = ag.compile(ag.grad(f, argnums=(1, 2)))(a, x, y)
    for k, (g, v) in enumerate(zip(found, (x, y), strict=True)):
        for j in range(3):
            step = np.eye(3)[j] * 1e-6
            ends = [f(a, *[u + s * step if m == k else u for m, u in enumerate((x, y))])
                    for s in (1, -1)]  # fmt: skip
            assert g[j] == pytest.approx((ends[0] - ends[1]) / 2e-6, abs=1e-6)
        assert v.shape == g.shape
    assert ag.compile(ag.grad(f, argnums=1))(a, x, y) == pytest.approx(found[0])
