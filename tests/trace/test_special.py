"""scipy.special in compiled functions: values, dtypes and derivatives, by the names users write."""

import numpy as np
import pytest
import scipy.special as sp

import arignote as ag
from arignote.errors import UnsupportedError

ONE = """gamma gammaln loggamma rgamma erf erfc erfcx erfinv erfcinv ndtr ndtri log_ndtr expit logit
log_expit digamma psi j0 j1 y0 y1 i0 i1 i0e i1e entr exp10 exp2 expm1 log1p cbrt exprel softplus
cosm1""".split()
TWO = """xlogy xlog1py beta betaln gammainc gammaincc rel_entr kl_div huber pseudo_huber boxcox
boxcox1p inv_boxcox inv_boxcox1p""".split()
X = np.linspace(0.1, 0.9, 9)
Y = np.linspace(1.7, 0.3, 9)


def ours(f):
    """Traced and interpreted: the emitted code of each op has tests of its own."""
    return ag.compile(f, mode="FAST_COMPILE")


@pytest.mark.parametrize("name", ONE + TWO)
def test_values_dtypes_and_slopes(name):
    f = getattr(sp, name, None)
    if f is None:
        pytest.skip(f"this SciPy has no {name}")
    args = (X,) if name in ONE else (X, Y)

    def total(*args):
        return np.sum(f(*args))

    for kind in ("f8", "f4", "f2", "i1"):
        kinds = [a.astype(kind) + (kind == "i1") for a in args]
        with np.errstate(all="ignore"):
            got, want = ours(lambda *args: f(*args))(*kinds), f(*kinds)
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-12 if kind == "f8" else 1e-5, atol=1e-15)
    slopes = ours(ag.grad(total, argnums=tuple(range(len(args)))))(*args)
    for k, slope in enumerate(slopes):
        steps = [a + 1e-6 * (i == k) for i, a in enumerate(args)]
        back = [a - 1e-6 * (i == k) for i, a in enumerate(args)]
        np.testing.assert_allclose(slope, (f(*steps) - f(*back)) / 2e-6, rtol=1e-6, atol=1e-8)


def test_a_mixture_as_it_is_compiled():
    @ag.compile
    def f(x, shape):
        return sp.gammaincc(shape, x) * sp.log_ndtr(-x) + sp.j0(3 * x) * sp.boxcox(x, 0.3)

    x = np.linspace(0.1, 20, 200)
    want = sp.gammaincc(2.5, x) * sp.log_ndtr(-x) + sp.j0(3 * x) * sp.boxcox(x, 0.3)
    np.testing.assert_allclose(f(x, 2.5), want, rtol=1e-11, atol=1e-13)


def test_far_tails_have_their_slopes():
    x = np.array([-300.0, -40.0, 30.0])
    slope = ours(ag.grad(lambda x: np.sum(sp.log_ndtr(x))))(x)
    np.testing.assert_allclose(slope[:2], [300.0033332, 40.02496881], rtol=1e-8)
    assert 0 < slope[2] < 1e-190


def test_polygamma():
    for n in (0, 1, 2, 3, 7):
        np.testing.assert_allclose(ours(lambda x, n=n: sp.polygamma(n, x))(Y), sp.polygamma(n, Y))
    orders = np.arange(len(Y)) % 4
    got = ours(lambda n, x: sp.polygamma(n, x))(orders, Y)
    np.testing.assert_allclose(got, sp.polygamma(orders, Y))
    with pytest.raises(UnsupportedError, match="integer"):
        ours(lambda x: sp.polygamma(0.5, x))(X)


def test_what_is_not_known_is_called_scipys():
    with pytest.raises(UnsupportedError, match=r"scipy\.dawsn"):
        ours(lambda x: sp.dawsn(x))(X)
