"""NumPy functions in compiled programs: views share memory, in-place functions write arguments.

Every program runs plainly and compiled; answers, dtypes, changed arguments and which answers share
memory with the arguments are compared.
"""

import numpy as np
import pytest
import scipy.linalg
import scipy.special

import arignote as ag

RNG = np.random.default_rng(23)


def programs():
    """Name -> function; the names of the parameters say which arguments it gets."""
    return {name: f for name, f in globals().items() if name.startswith("run_")}


def run_views(x):
    return (
        np.transpose(x),
        np.reshape(x, -1),
        np.expand_dims(x, 0),
        np.flip(x, 1),
        np.moveaxis(x, 0, 1),
    )


def run_write_through_views(x):
    np.transpose(x)[0] = 7
    np.reshape(x, (4, 3))[1] += 1
    np.split(x, 2, axis=1)[1][:, 0] = -3
    np.flip(x)[0, 0] = 9
    np.swapaxes(x, 0, 1)[2] *= 2
    np.squeeze(x[:1], 0)[3] = 5
    return x


def run_diagonal_of(s):
    return np.diagonal(s), np.diag(s), np.diag(s[0], 1), np.trace(s)


def run_fill_diagonal(s):
    np.fill_diagonal(s, -1.5)


def run_put(x):
    np.put(x, [0, -1, 5], [1.0, 2.0])
    np.putmask(x, x > 1, [10.0, 20.0, 30.0])
    np.copyto(x[0], 4)
    np.place(x, x < 0, [7.0, 8.0])
    np.put_along_axis(x, np.argmax(x, axis=1, keepdims=True), 99, axis=1)


def run_add_at(x, v, i):
    np.add.at(v, i, 1.5)
    np.subtract.at(x, (i[:2] % 3, slice(1, 3)), 2.0)
    np.maximum.at(v, [0, 0, 1], [0.5, 9.0, 3.0])
    np.add.at(x, x > 5, 1)


def run_out(x, v):
    np.sum(x, axis=0, out=x[0])
    np.cumsum(v, out=v)
    np.matmul(x.T, x[:, :1].copy(), out=x[:1].T)
    np.take(v, [1, 0], out=v[:2])


def run_masks(x, v):
    return x[x > 0].sum(), np.nonzero(x > 1), np.argwhere(v > 0), np.unique(np.round(v)), v[v < 0]


def run_grids(n):
    return (
        np.mgrid[0:n, 1:3],
        np.ogrid[0:n],
        np.meshgrid(np.arange(n), np.zeros(2)),
        np.indices((2, n)),
    )


def run_creation(n, x):
    plain = np.zeros((n, 2)), np.arange(n), np.linspace(0, 1, n), np.eye(n, 3), np.full(n, 2.5)
    made = np.array([[n, 1], [2, 3]]), np.array([x[0, 0], 1.0]), np.empty((0, n))
    return plain, made, np.ones_like(x), np.tri(n)


def run_sizes(x):
    return np.zeros(np.shape(x)), np.size(x), np.ndim(x), np.arange(x.shape[1]), np.ones(len(x))


def run_joins(x, s):
    return (
        np.vstack([x, s]),
        np.hstack((s, s)),
        np.stack([x, x], 1),
        np.tile(x, 2),
        np.pad(x, 1),
        np.roll(x, 1, 0),
    )


def run_products(x, s, v):
    return (
        x @ s,
        np.einsum("ij,jk,lk->il", x, s, x),
        np.tensordot(x, s, 1),
        np.outer(v, v),
        np.kron(v, v),
        np.dot(s, s),
    )


def run_linear_algebra(s):
    a = s @ s.T + np.eye(4)
    c = scipy.linalg.cho_factor(a)
    return (
        np.linalg.solve(a, s),
        np.linalg.inv(a),
        np.linalg.det(a),
        np.linalg.cholesky(a),
        np.linalg.norm(s),
        np.linalg.slogdet(a)[1],
        np.linalg.svd(a)[1],
        np.linalg.eigvalsh(a),
        np.linalg.pinv(s),
        scipy.linalg.expm(s / 9),
        scipy.linalg.cho_solve(c, s[0]),
        scipy.linalg.lu_solve(scipy.linalg.lu_factor(a), s),
    )


def run_sorting(x, v):
    return (
        np.sort(x, axis=0),
        np.argsort(v),
        np.median(x),
        np.percentile(v, [10, 90]),
        np.searchsorted(np.sort(v), x),
    )


def run_sort_in_place(x, v):
    v.sort()
    x.sort(axis=0)
    return v


def run_statistics(x, v):
    return (
        np.mean(x, 0),
        np.var(v),
        np.std(x, axis=1, ddof=1),
        np.cov(x),
        np.histogram(v, 3),
        np.ptp(x),
        np.average(v),
    )


def run_special(x):
    return (
        scipy.special.logsumexp(x, axis=1),
        scipy.special.softmax(x, axis=0),
        scipy.special.erf(x),
    )


def run_transforms(v):
    return (
        np.fft.fft(v),
        np.fft.rfft(v),
        np.fft.irfft(np.fft.rfft(v), 5),
        np.convolve(v, v[:3]),
        np.gradient(v),
    )


def run_ufunc_methods(x, v):
    return (
        np.add.reduce(x),
        np.multiply.accumulate(v),
        np.subtract.outer(v, v),
        np.maximum.reduce(x, axis=1),
    )


def run_indices(x, i):
    return (
        np.take(x, i),
        np.take_along_axis(x, np.argsort(x, 1), 1),
        np.unravel_index(i, (3, 4)),
        np.choose(i % 2, (i, -i)),
    )


def run_select(x):
    return (
        np.where(x > 0, x, 0.0),
        np.select([x > 1, x > 0], [x, -x]),
        np.clip(x, -1, 1),
        np.piecewise(x, [x < 0], [0, 1]),
    )


def run_data_dependent_chain(v):
    w = v[v > 0]
    u = np.concatenate([w, w * 2])
    return (
        u.mean(),
        u.reshape(2, -1),
        np.sort(u)[::-1],
        np.repeat(w, 2),
        np.bincount(np.arange(3).repeat(2)),
    )


def arguments(function):
    made = {
        "x": np.asarray(RNG.standard_normal((3, 4)) * 2),
        "s": RNG.standard_normal((4, 4)),
        "v": np.array([0.5, -1.25, 2.0, 0.75, -3.0]),
        "i": np.array([3, 0, 2, 3]),
        "n": 4,
    }
    names = function.__code__.co_varnames[: function.__code__.co_argcount]
    return [made[k] for k in names]


def leaves(x):
    if isinstance(x, list | tuple):
        return [y for item in x for y in leaves(item)]
    return [] if x is None else [x]


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("name", programs())
def test_program(name, mode):
    function = globals()[name]
    plain = arguments(function)
    ours = [a.copy() if isinstance(a, np.ndarray) else a for a in plain]
    want, got = leaves(function(*plain)), leaves(ag.compile(function, mode=mode)(*ours))
    assert len(want) == len(got)
    for w, g in zip(want, got):
        assert type(g) is type(w)
        assert np.asarray(g).dtype == np.asarray(w).dtype
        np.testing.assert_allclose(g, w, rtol=1e-10, atol=1e-12)
        shares = [isinstance(a, np.ndarray) and np.shares_memory(w, a) for a in plain]
        assert [isinstance(a, np.ndarray) and np.shares_memory(g, a) for a in ours] == shares
    for p, o in zip(plain, ours):
        np.testing.assert_allclose(o, p, rtol=1e-10, atol=1e-12)
