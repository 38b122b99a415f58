"""Operations of `theano.tensor` against NumPy: values, dtypes, flags, and gradients where they
have one."""

import numpy as np
import pytest
import scipy.special as special

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


M = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])
V = np.array([0.3, 0.6, 0.9])
I = np.array([2, 0, 1])


def run(expression, *values):
    """The value of expression(symbolic variables of the values)."""
    variables = [T.TensorType(v.dtype, (False,) * v.ndim)() for v in map(np.asarray, values)]
    out = expression(*variables)
    several = isinstance(out, list | tuple)
    f = theano.function(variables, list(out) if several else out, on_unused_input="ignore")
    got = f(*values)
    for v, x in zip(out if several else [out], got if several else [got], strict=True):
        assert v.dtype == x.dtype.name and v.ndim == x.ndim, v
    return got


def same(expression, expected, *values):
    got = run(expression, *values)
    assert np.shape(got) == np.shape(expected)
    assert got == pytest.approx(np.asarray(expected), nan_ok=True)


UNARY = {
    "neg": np.negative, "abs_": np.abs, "sgn": np.sign, "sqr": np.square, "exp": np.exp,
    "exp2": np.exp2, "expm1": np.expm1, "sin": np.sin, "cos": np.cos, "tan": np.tan,
    "sinh": np.sinh, "cosh": np.cosh, "tanh": np.tanh, "arcsinh": np.arcsinh,
    "arctan": np.arctan, "ceil": np.ceil, "floor": np.floor, "trunc": np.trunc,
    "deg2rad": np.deg2rad, "rad2deg": np.rad2deg, "erf": special.erf, "erfc": special.erfc,
    "i0": special.i0,
    "i1": special.i1, "inv": np.reciprocal, "round": np.round, "isnan": np.isnan,
    "isinf": np.isinf,
}  # fmt: skip
POSITIVE = {
    "sqrt": np.sqrt, "log": np.log, "log2": np.log2, "log10": np.log10, "log1p": np.log1p,
    "gammaln": special.gammaln, "psi": special.psi,
    "erfinv": special.erfinv, "arcsin": np.arcsin,
    "arccos": np.arccos, "arctanh": np.arctanh, "tri_gamma": lambda x: special.polygamma(1, x),
}  # fmt: skip


@pytest.mark.parametrize("name", UNARY)
def test_elementwise_of_one(name):
    same(getattr(T, name), UNARY[name](M), M)


@pytest.mark.parametrize("name", POSITIVE)
def test_elementwise_of_one_positive(name):
    same(getattr(T, name), POSITIVE[name](V), V)


@pytest.mark.parametrize(
    "name, plain",
    [("add", np.add), ("sub", np.subtract), ("mul", np.multiply), ("true_div", np.divide),
     ("int_div", np.floor_divide), ("mod", np.mod), ("maximum", np.maximum),
     ("minimum", np.minimum), ("arctan2", np.arctan2), ("lt", np.less), ("gt", np.greater),
     ("le", np.less_equal), ("ge", np.greater_equal), ("eq", np.equal),
     ("neq", np.not_equal)],
)  # fmt: skip
def test_elementwise_of_two_broadcasts(name, plain):
    same(getattr(T, name), plain(M, V), M, V)


def test_python_numbers_take_the_smallest_dtype():
    f = T.fvector("f")
    assert (f * 2).dtype == "float32" and (f * 0.5).dtype == "float32"
    assert (f * 0.1).dtype == "float64"  # float32 does not hold 0.1
    assert (T.bvector() + 1).dtype == "int8" and (T.bvector() + 1000).dtype == "int16"
    assert (T.ivector() * T.fvector()).dtype == "float64"
    assert (T.ivector() / T.ivector()).dtype == "float64"
    assert T.exp(T.bvector()).dtype == "float32" and T.exp(T.lvector()).dtype == "float64"
    with ag.config(floatX="float32"):
        assert (f * 0.1).dtype == "float32" and T.vector().dtype == "float32"
        assert (T.ivector() / T.ivector()).dtype == "float32"


def test_operators_read_as_numpy_and_refuse_what_has_no_value():
    x = T.dvector("x")
    same(lambda x: 2 ** (1 - x) // 0.5 % 3, 2 ** (1 - V) // 0.5 % 3, V)
    same(lambda x: -abs(x) + (+x), -abs(V) + V, V)
    same(lambda k: (k & 3) | (k ^ 1), (I & 3) | (I ^ 1), I)
    same(lambda k: ~k, ~I, I)
    same(lambda x: divmod(x, 0.25)[1], np.divmod(V, 0.25)[1], V)
    same(lambda x: np.float64(2) * x + np.ones(3), 2 * V + 1, V)
    for wrong in (bool, len, float, int, list):
        with pytest.raises(TypeError):
            wrong(x)


REDUCED = ["sum", "prod", "mean", "var", "std", "max", "min", "argmax", "argmin", "any", "all"]


@pytest.mark.parametrize("axis", [None, 0, 1, -1])
@pytest.mark.parametrize("name", REDUCED)
def test_reductions(name, axis):
    same(lambda x: getattr(T, name)(x, axis=axis), getattr(np, name)(M, axis=axis), M)
    if name not in ("argmax", "argmin"):
        kept = getattr(np, name)(M, axis=axis, keepdims=True)
        same(lambda x: getattr(T, name)(x, axis=axis, keepdims=True), kept, M)


def test_reductions_dtypes_and_norms():
    assert T.sum(T.imatrix()).dtype == "int64" and T.mean(T.imatrix()).dtype == "float64"
    assert T.sum(T.fmatrix(), dtype="float64").dtype == "float64"
    assert T.sum(T.fmatrix(), acc_dtype="float64").dtype == "float32"
    same(lambda x: x.norm(2), np.linalg.norm(M), M)
    same(lambda x: x.norm(1, axis=0), abs(M).sum(0), M)
    same(lambda x: T.max_and_argmax(x, axis=1)[1], M.argmax(1), M)
    same(lambda x: T.argmax(x, axis=(0, 1)), 3, M)
    same(lambda x: T.ptp(x, axis=0), np.ptp(M, axis=0), M)
    same(lambda x: x.cumsum(axis=1), M.cumsum(1), M)
    same(lambda x: T.cumprod(x), M.cumprod(), M)
    same(lambda x: T.var(x, axis=0, ddof=1), M.var(0, ddof=1), M)


def test_shapes():
    same(lambda x: x.T, M.T, M)
    same(lambda x: x.dimshuffle(1, "x", 0), M.T[:, None], M)
    same(lambda x: x.reshape((3, 2)), M.reshape(3, 2), M)
    same(lambda x: x.reshape((x.shape[1], -1)), M.reshape(3, 2), M)
    same(lambda x: T.reshape(x, x.shape[::-1]), M.reshape(3, 2), M)
    same(lambda x, s: T.reshape(x, s, ndim=2), M.reshape(6, 1), M, np.array([6, 1]))
    same(lambda x: x.flatten(), M.ravel(), M)
    same(lambda x: T.shape_padright(x, 2), M[:, :, None, None], M)
    same(lambda x: T.shape_padaxis(x, 1), M[:, None], M)
    same(lambda x: T.concatenate([x, x * 2], axis=1), np.concatenate([M, M * 2], 1), M)
    same(lambda x: T.stack([x, x], axis=1), np.stack([M, M], 1), M)
    same(lambda x: T.stacklists([[x[0, 0], x[0, 1]], [x[1, 0], 1]]),
         [[0.5, -1.25], [3.0, 1]], M)  # fmt: skip
    same(lambda x: T.split(x, [1, 2], 2, axis=1)[1], M[:, 1:], M)
    same(lambda x: T.roll(x, 1, axis=1), np.roll(M, 1, 1), M)
    same(lambda x: T.repeat(x, 2, axis=0), np.repeat(M, 2, 0), M)
    same(lambda x: T.tile(x, (2, 1)), np.tile(M, (2, 1)), M)
    same(lambda x: T.swapaxes(x, 0, 1), M.T, M)
    same(lambda x: x.dimshuffle(0, "x", 1).squeeze(), M, M)
    same(lambda x: x.shape, [2, 3], M)
    same(lambda x: x.size * x.shape[0], 12, M)
    same(lambda x: x / x.shape[0], M / 2, M)
    assert T.dmatrix().dimshuffle("x", 0, 1).broadcastable == (True, False, False)
    assert (T.drow() + T.dcol()).broadcastable == (False, False)
    assert T.addbroadcast(T.dmatrix(), 1).broadcastable == (False, True)
    with pytest.raises(ValueError, match="dimshuffle"):
        T.dmatrix().dimshuffle(0, 2)


def test_creation():
    same(lambda x: T.zeros_like(x), np.zeros((2, 3)), M)
    same(lambda x: T.ones((x.shape[1], 2)), np.ones((3, 2)), M)
    same(lambda x: T.alloc(x[0], 2, 3), np.broadcast_to(M[0], (2, 3)), M)
    same(lambda x: T.fill(x, 7), np.full((2, 3), 7), M)
    same(lambda n: T.eye(n, n + 1, 1), np.eye(2, 3, 1), np.int64(2))
    same(lambda n: T.arange(n) * 2, np.arange(4) * 2, np.int64(4))
    same(lambda n: T.arange(1, n, 2), np.arange(1, 8, 2), np.int64(8))
    same(lambda x: T.identity_like(x), np.eye(2, 3), M)
    same(lambda x: T.tril(x), np.tril(M), M)
    same(lambda x: T.diag(x), np.diag(V), V)
    same(lambda x: T.linspace(0, 1, 5), np.linspace(0, 1, 5), M)
    a, b = run(lambda x: T.mgrid[0:2, 0:3], M)
    assert (a == np.mgrid[0:2, 0:3][0]).all() and (b == np.mgrid[0:2, 0:3][1]).all()


def test_indexing_and_writing():
    for key in (np.s_[0], np.s_[:, 1:], np.s_[::-1, ::2], np.s_[None, ..., 0], np.s_[-1, -1]):
        same(lambda x, key=key: x[key], M[key], M)
    same(lambda x, k: x[:, k], M[:, I], M, I)
    same(lambda x, k: x[k[1] :, : k[0]], M[0:, :2], M, I)
    same(lambda x: x[x > 0], M[M > 0], M)
    same(lambda x: x[[slice(0, 1), slice(1, 3)]], M[:1, 1:3], M)
    same(lambda x: x.nonzero_values(), M[M != 0], M)
    same(lambda x, k: x.take(k, axis=1), M.take(I, axis=1), M, I)
    changed = M.copy()
    changed[0, 1:] = 9
    same(lambda x: T.set_subtensor(x[0, 1:], 9), changed, M)
    same(lambda x: x[0, 1:].set(9), changed, M)
    twice = M.copy()
    np.add.at(twice, (slice(None), [0, 0, 2]), 1.0)
    same(lambda x: T.inc_subtensor(x[:, [0, 0, 2]], 1.0), twice, M)
    g = run(lambda x: T.grad((T.inc_subtensor(x[0], x[1]) ** 2).sum(), x), M)
    assert g == pytest.approx(np.stack([2 * (M[0] + M[1]), 2 * (M[0] + M[1]) + 2 * M[1]]))
    with pytest.raises(TypeError, match="int64"):
        T.set_subtensor(T.lvector()[0], 1.5)
    filled = T.set_subtensor(T.alloc(-1, 3)[1:], T.ivector("i"))  # int8: what holds -1
    assert list(filled.eval({"i": np.array([7, 8], "i")})) == [-1, 7, 8]
    for full in (T.zeros(3), T.constant(np.zeros(3)), T.zeros((3, 2))[:, 0]):
        same(lambda x, k, full=full: T.set_subtensor(full[k], x), V[[1, 2, 0]], V, I)
        same(lambda x, k, full=full: T.inc_subtensor(full[k], x), V[[1, 2, 0]], V, I)
        same(lambda x, k, full=full: full[k] * x, V * 0, V, I)
        same(lambda x, full=full: T.set_subtensor(full[1:], x), [0, 0.3, 0.6], V[:2])
        same(lambda k, full=full: T.set_subtensor(full[k[1] : k[2]], 1.0), [1, 0, 0], I)
    half = T.inc_subtensor(T.fvector("x")[:1], T.dscalar("d"))
    assert list(half.eval({"x": np.ones(2, "f"), "d": 0.5})) == [1.5, 1.0]
    with pytest.raises(IndexError, match="too many"):
        T.dvector()[0, 0]
    with pytest.raises(IndexError):
        run(lambda x: x[5], M)


def test_products_and_linear_algebra():
    A = M @ M.T + np.eye(2)
    same(T.dot, M @ M.T, M, M.T.copy())
    same(lambda x, v: x @ v, M @ V, M, V)
    same(T.outer, np.outer(V, I), V, I)
    same(lambda x: T.tensordot(x, x, axes=[[0], [0]]), np.tensordot(M, M, [[0], [0]]), M)
    B = np.stack([M, M * 2])
    same(lambda a: T.batched_dot(a, a.dimshuffle(0, 2, 1)), B @ B.transpose(0, 2, 1), B)
    same(lambda a: T.batched_tensordot(a, a, [[1], [1]]), np.einsum("nij,nik->njk", B, B), B)
    same(T.diagonal, np.diagonal(M), M)
    same(T.nlinalg.matrix_inverse, np.linalg.inv(A), A)
    same(T.nlinalg.det, np.linalg.det(A), A)
    same(T.nlinalg.trace, np.trace(A), A)
    same(T.slinalg.cholesky, np.linalg.cholesky(A), A)
    same(lambda a: T.slinalg.solve(a, a[0]), np.linalg.solve(A, A[0]), A)
    same(lambda a: T.nlinalg.eigh(a)[0], np.linalg.eigh(A)[0], A)
    same(lambda a: T.nlinalg.svd(a, 0)[1], np.linalg.svd(M)[1], M)
    same(lambda a: T.nlinalg.qr(a)[1], np.linalg.qr(A)[1], A)
    same(T.slinalg.kron, np.kron(M, A), M, A)
    same(lambda a: T.nlinalg.matrix_power(a, 3), A @ A @ A, A)
    slope = run(lambda a: T.grad(T.log(T.nlinalg.det(a)), a), A)
    assert slope == pytest.approx(np.linalg.inv(A).T)


def test_sorting_and_searching():
    same(T.sort, np.sort(M), M)
    same(lambda x: T.argsort(x, axis=0), np.argsort(M, axis=0), M)
    same(lambda x: T.topk(x, 2), np.sort(M)[:, -2:], M)
    same(lambda x, v: T.searchsorted(x, v), np.searchsorted(V, M), V, M)
    same(lambda k: T.bincount(k), np.bincount(I), I)
    same(lambda x: T.diff(x, axis=1), np.diff(M), M)
    same(lambda k: T.to_one_hot(k, 4), np.eye(4)[I], I)
    same(lambda x: T.compress([1, 0, 1], x, axis=1), M[:, [0, 2]], M)
    same(lambda k: T.inverse_permutation(k), np.argsort(I), I)
    same(lambda x, k: T.permute_row_elements(x, k), M[:, I], M, I)
    same(lambda x: T.fill_diagonal(x, 5), [[5, -1.25, 2], [3, 5, -0.75]], M)
    same(lambda x: T.fill_diagonal_offset(x, 5, 1), [[0.5, 5, 2], [3, 0.25, 5]], M)
    same(lambda k: T.unravel_index(k, (2, 2))[0], I // 2, I)
    same(lambda k: T.ravel_multi_index((k, k), (3, 3)), I * 4, I)
    same(lambda k: T.extra_ops.Unique()(k), [0, 1, 2], I)
    same(T.bartlett, np.bartlett(5), np.int64(5))
    assert run(lambda x: T.allclose(x, x + 1e-12), M)


def test_choices():
    same(lambda x: T.switch(x > 0, x, -x), abs(M), M)
    same(lambda x: T.where(T.gt(x, 0), 1.0, 0.0), (M > 0) * 1.0, M)
    same(lambda x: x.clip(-1, 1), M.clip(-1, 1), M)
    assert T.clip(T.fvector(), 0.1, 0.7).dtype == "float32"
    same(lambda k: T.choose(k, [k * 10, k * 100, k]), np.choose(I, [I * 10, I * 100, I]), I)
    same(lambda x: T.cast(x, "int32"), M.astype("int32"), M)
    same(lambda x: T.round(x * 2, mode="half_away_from_zero"), [[1, -3, 4], [6, 1, -2]], M)
    same(T.xlogx.xlogx, special.xlogy(V, V), V)


def test_complex_numbers():
    Z = M + 1j * M[::-1]
    same(T.real, Z.real, Z)
    same(T.conj, Z.conj(), Z)
    same(T.angle, np.angle(Z), Z)
    same(lambda z: abs(z), abs(Z), Z)
    with pytest.raises(TypeError, match="imaginary"):
        T.cast(T.zvector(), "float64")


def test_fft_of_batches():
    spectrum = np.fft.rfft(M)
    same(T.fft.rfft, np.stack([spectrum.real, spectrum.imag], -1), M)
    same(lambda x: T.fft.irfft(T.fft.rfft(x), is_odd=True), M, M)


def test_network_functions():
    e = np.exp(M - M.max(1, keepdims=True))
    p = e / e.sum(1, keepdims=True)
    same(T.nnet.softmax, p, M)
    same(T.nnet.logsoftmax, np.log(p), M)
    assert T.nnet.softmax(T.dvector()).ndim == 2
    same(T.nnet.sigmoid, special.expit(M), M)
    same(T.nnet.softplus, np.logaddexp(M, 0), M)
    same(T.nnet.relu, np.maximum(M, 0), M)
    same(lambda x: T.nnet.relu(x, 0.1), np.where(M > 0, M, 0.1 * M), M)
    same(T.nnet.elu, np.where(M > 0, M, np.expm1(M)), M)
    same(T.nnet.softsign, M / (1 + abs(M)), M)
    same(T.nnet.hard_sigmoid, np.clip(0.2 * M + 0.5, 0, 1), M)
    same(lambda x, k: T.nnet.categorical_crossentropy(T.nnet.softmax(x), k),
         -np.log(p[[0, 1], [2, 0]]), M, np.array([2, 0]))  # fmt: skip
    same(lambda x: T.nnet.binary_crossentropy(x, 1 - x),
         -((1 - V) * np.log(V) + V * np.log(1 - V)), V)  # fmt: skip
    assert np.isfinite(run(lambda x: T.nnet.sigmoid_binary_crossentropy(x * 1000, 0.0), M)).all()
    big = run(lambda x: T.grad(T.nnet.softplus(x * 1000).sum(), x), M)
    assert np.isfinite(big).all()


def test_convolution_and_pooling():
    x = np.arange(32.0).reshape(1, 2, 4, 4)
    w = np.random.RandomState(0).normal(size=(3, 2, 3, 3))
    turned = w[:, :, ::-1, ::-1].transpose(1, 0, 2, 3)[None, ..., None, None]
    expected = sum(
        x[:, :, None, i : i + 2, j : j + 2] * turned[:, :, :, i, j]
        for i in range(3)
        for j in range(3)
    ).sum(1)
    same(T.nnet.conv2d, expected, x, w)
    unflipped = run(lambda a, b: T.nnet.conv2d(a, b[:, :, ::-1, ::-1], filter_flip=False), x, w)
    assert unflipped == pytest.approx(expected)
    assert run(lambda a, b: T.nnet.conv2d(a, b, border_mode="half"), x, w).shape == (1, 3, 4, 4)
    assert run(lambda a, b: T.nnet.conv2d(a, b, border_mode="full"), x, w).shape == (1, 3, 6, 6)
    best = x.reshape(1, 2, 2, 2, 2, 2).max((3, 5))
    same(lambda a: T.signal.pool.pool_2d(a, (2, 2), ignore_border=True), best, x)
    mean = x.reshape(1, 2, 2, 2, 2, 2).mean((3, 5))
    same(lambda a: T.signal.pool.pool_2d(a, (2, 2), ignore_border=True, mode="average_inc_pad"),
         mean, x)  # fmt: skip
    T.verify_grad(lambda a, b: T.nnet.conv2d(a, b, subsample=(2, 1)), [x[:, :, :, :3] / 9, w[:1]])
    patches = run(lambda a: T.nnet.neighbours.images2neibs(a, (2, 2)), x)
    assert patches.shape == (8, 4) and patches[0].tolist() == [0, 1, 4, 5]
    assert run(lambda a, b: T.signal.conv.conv2d(a[0, 0], b[0, 0]), x, w).shape == (2, 2)


def test_batch_normalization():
    g, b = np.array([[1.0, 2.0, 3.0]]), np.array([[0.5, 0.0, -0.5]])
    out, mean, invstd = run(lambda x, g, b: T.nnet.bn.batch_normalization_train(x, g, b), M, g, b)
    assert mean == pytest.approx(M.mean(0, keepdims=True))
    assert invstd == pytest.approx(1 / np.sqrt(M.var(0, keepdims=True) + 1e-4))
    assert out == pytest.approx((M - mean) * g * invstd + b)
    same(lambda x, g, b: T.nnet.bn.batch_normalization_test(x, g, b, b, g),
         (M - b) * g / np.sqrt(g + 1e-4) + b, M, g, b)  # fmt: skip


def test_ifelse_runs_one_branch():
    a, x = T.dscalar("a"), T.dvector("x")
    out = theano.ifelse.ifelse(T.lt(a, 0), x[:1] * 2, x * 3)
    f = theano.function([a, x], [out, T.grad(out.sum(), x)])
    assert f(-1.0, V)[0] == pytest.approx(V[:1] * 2)
    assert f(1.0, V)[1] == pytest.approx(np.full(3, 3.0))
    both = theano.ifelse.ifelse(a, [x[99], x.sum()], [x[0], x.prod()])
    assert theano.function([a, x], both)(0.0, V)[1] == pytest.approx(V.prod())
    with pytest.raises(TypeError, match="ranks"):
        theano.ifelse.ifelse(a, x, x.sum())


def test_checks_and_prints_while_running(capsys):
    x = T.dvector("x")
    checked = T.opt.Assert("must be positive")(x, T.all(x > 0))
    f = theano.function([x], checked.sum())
    assert f(V) == pytest.approx(V.sum())
    with pytest.raises(AssertionError, match="must be positive"):
        f(-V)
    g = theano.function([x], theano.printing.Print("seen")(x) * 2)
    assert g(V) == pytest.approx(V * 2)
    assert "seen __str__ = [0.3 0.6 0.9]" in capsys.readouterr().out
