"""Names of Theano that no other test uses: constructors, small operations, sparse parts."""

import itertools

import numpy as np
import pytest
import scipy.linalg
import scipy.sparse
import scipy.special

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import sparse
from arignote.theano.tensor import nlinalg, slinalg
from arignote.theano.tensor.var import TensorConstant, TensorVariable


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


M = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])
S = np.array([[4.0, 1.0, 0.5], [1.0, 3.0, -0.2], [0.5, -0.2, 2.0]])
DTYPES = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64",
    "c": "complex64", "z": "complex128", "": "float64",
}  # fmt: skip
SHAPES = {"scalar": (), "vector": (0,), "row": (1, 0), "col": (0, 1), "matrix": (0, 0)} | {
    f"tensor{n}": (0,) * n for n in range(3, 8)
}


def values_of(outputs, *values):
    """The values of what `outputs(*variables)` gives, in one function."""
    variables = [T.TensorType(v.dtype, (False,) * v.ndim)() for v in map(np.asarray, values)]
    return theano.function(variables, list(outputs(*variables)), on_unused_input="ignore")(*values)


def close(found, expected):
    for a, b in zip(found, expected, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-10, atol=1e-12)


# ---- variables -----------------------------------------------------------------------------------
@pytest.mark.parametrize("prefix, name", list(itertools.product(DTYPES, SHAPES)))
def test_constructors(prefix, name):
    v = getattr(T, prefix + name)("v")
    assert (v.dtype, v.ndim, v.name) == (DTYPES[prefix], len(SHAPES[name]), "v")
    assert v.broadcastable == tuple(d == 1 for d in SHAPES[name])
    assert isinstance(v, TensorVariable) and v.owner is None


@pytest.mark.parametrize(
    "plural",
    "scalars vectors rows cols matrices tensor3s tensor4s dscalars fvectors dmatrices".split(),
)
def test_plurals(plural):
    a, b = getattr(T, plural)("a", "b")
    single = {"matrices": "matrix", "dmatrices": "dmatrix"}.get(plural, plural[:-1])
    assert a.type == b.type == getattr(T, single)().type and (a.name, b.name) == ("a", "b")


def test_constants_and_flags():
    two = T.constant(2)
    assert isinstance(two, TensorConstant) and T.get_scalar_constant_value(two) == 2
    x = T.dmatrix("x")
    assert T.patternbroadcast(x, (True, False)).broadcastable == (True, False)
    assert T.unbroadcast(T.drow("r"), 0).broadcastable == (False, False)
    assert T.shape_padleft(x, 2).broadcastable == (True, True, False, False)
    f = theano.function([x], [T.specify_shape(x, (2, 3)) * 2, T.shape_padleft(x, 2)])
    close(f(M), [2 * M, M[None, None]])
    with pytest.raises(AssertionError, match="specify_shape: axis 0"):
        f(M.T)
    n = T.lscalar("n")
    g = theano.function([x, n], T.specify_shape(x, (n, 3)))
    close([g(M, 2)], [M])
    with pytest.raises(AssertionError, match="specify_shape"):
        g(M.reshape(1, 6), 2)


# ---- operations ----------------------------------------------------------------------------------
def test_creation_and_stacking():
    grid = T.ogrid[0:3, 1:4]
    found = values_of(
        lambda x: [T.tri(3, 4, 1), *grid, T.horizontal_stack(x, x), T.vertical_stack(x, x),
                   T.triu(x, 1), T.matmul(x, x.T)], M,
    )  # fmt: skip
    rows, columns = np.ogrid[0:3, 1:4]
    close(found, [np.tri(3, 4, 1), rows, columns, np.hstack([M, M]), np.vstack([M, M]),
                  np.triu(M, 1), M @ M.T])  # fmt: skip


def test_elementwise_functions_and_bits():
    i, j = np.array([12, 10, -7]), np.array([10, 3, 5])
    found = values_of(
        lambda x, i, j: [T.pow(x**2, 1.5), T.iround(x), T.arccosh(x**2 + 1), T.and_(i, j),
                         T.or_(i, j), T.xor(i, j), T.invert(i)], M, i, j,
    )  # fmt: skip
    close(found, [(M**2) ** 1.5, np.rint(M), np.arccosh(M**2 + 1), i & j, i | j, i ^ j, ~i])
    assert found[1].dtype == np.int64


def test_places_and_the_largest():
    found = values_of(
        lambda x: [*T.nonzero(x > 0), T.flatnonzero(x > 0), T.argtopk(x, 2),
                   *T.topk_and_argtopk(x, 2)], M,
    )  # fmt: skip
    close(found[:3], [*np.nonzero(M > 0), np.flatnonzero(M > 0)])
    values, places = found[4:]
    largest = -np.sort(-M, axis=1)[:, :2]
    close([np.sort(values, axis=1)[:, ::-1]], [largest])
    for p in (found[3], places):
        close([-np.sort(-np.take_along_axis(M, p, axis=1), axis=1)], [largest])


# ---- networks ------------------------------------------------------------------------------------
def softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_activations_and_losses():
    b, y = np.array([0.1, -0.2, 0.3]), np.array([2, 0])
    nnet = T.nnet
    found = values_of(
        lambda x, b, y: [
            nnet.ultra_fast_sigmoid(x), nnet.selu(x), nnet.softmax_with_bias(x, b),
            nnet.crossentropy_categorical_1hot(nnet.softmax(x), y),
            *nnet.crossentropy_softmax_argmax_1hot_with_bias(x, b, y),
            nnet.batch_normalization(x, b, b, x.mean(axis=0), x.std(axis=0)),
            *nnet.confusion_matrix(y, T.argmax(x, axis=1)),
        ], M, b, y,
    )  # fmt: skip
    assert np.abs(found[0] - 1 / (1 + np.exp(-M))).max() < 0.1
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    p = softmax(M + b)
    close(found[1:], [
        np.where(M > 0, scale * M, scale * alpha * np.expm1(M)), p,
        -np.log(softmax(M))[np.arange(2), y], -np.log(p)[np.arange(2), y], p, p.argmax(axis=1),
        (M - M.mean(axis=0)) * b / M.std(axis=0) + b, [[1, 0], [0, 1]], [0, 2],
    ])  # fmt: skip


def test_a_softmax_of_two_levels():
    rng = np.random.RandomState(0)
    x, W1, b1 = rng.normal(size=(4, 3)), rng.normal(size=(3, 2)), rng.normal(size=2)
    W2, b2 = rng.normal(size=(2, 3, 3)), rng.normal(size=(2, 3))
    target = np.array([0, 4, 2, 5])
    found = values_of(
        lambda *v: [T.nnet.h_softmax(v[0], 4, 6, 2, 3, *v[1:5]),
                    T.nnet.h_softmax(v[0], 4, 6, 2, 3, *v[1:5], target=v[5])],
        x, W1, b1, W2, b2, target,
    )  # fmt: skip
    inner = softmax(np.einsum("nd,cdk->nck", x, W2) + b2)
    whole = (softmax(x @ W1 + b1)[:, :, None] * inner).reshape(4, 6)
    close(found, [whole, whole[np.arange(4), target]])


def correlated(x, w):
    """Valid windows of (n, c, h, w) times (m, c, kh, kw), filters not turned."""
    n, m = x.shape[2] - w.shape[2] + 1, x.shape[3] - w.shape[3] + 1
    out = np.zeros((len(x), len(w), n, m))
    for i, j in itertools.product(range(w.shape[2]), range(w.shape[3])):
        out += np.einsum("nchw,mc->nmhw", x[:, :, i : i + n, j : j + m], w[:, :, i, j])
    return out


def test_convolutions_by_their_parts():
    rng = np.random.RandomState(1)
    x, w = rng.normal(size=(2, 3, 5, 6)), rng.normal(size=(4, 3, 2, 3))
    g = rng.normal(size=(2, 4, 4, 4))
    conv = T.nnet.abstract_conv
    shape = conv.get_conv_output_shape((2, 3, 5, 6), (4, 3, 2, 3), "valid", (1, 1))
    assert shape == (2, 4, 4, 4)
    found = values_of(
        lambda x, w, g: [
            conv.AbstractConv2d(filter_flip=False)(x, w),
            conv.conv2d_grad_wrt_inputs(g, w, (2, 3, 5, 6), filter_flip=False),
            conv.AbstractConv2d_gradInputs(filter_flip=False)(w, g, (5, 6)),
            conv.conv2d_grad_wrt_weights(x, g, (4, 3, 2, 3), filter_flip=False),
            conv.AbstractConv2d_gradWeights(filter_flip=False)(x, g, (2, 3)),
            T.grad((T.nnet.conv2d(x, w, filter_flip=False) * g).sum(), x),
            T.grad((T.nnet.conv2d(x, w, filter_flip=False) * g).sum(), w),
        ], x, w, g,
    )  # fmt: skip
    around = np.pad(g, ((0, 0), (0, 0), (1, 1), (2, 2)))
    by_x = correlated(around, w.swapaxes(0, 1)[:, :, ::-1, ::-1])
    by_w = correlated(x.swapaxes(0, 1), g.swapaxes(0, 1)).swapaxes(0, 1)
    close(found, [correlated(x, w), by_x, by_x, by_w, by_w, by_x, by_w])


def test_convolutions_of_volumes_and_their_parts():
    rng = np.random.RandomState(2)
    x, w = rng.normal(size=(1, 2, 3, 4, 3)), rng.normal(size=(2, 2, 2, 2, 2))
    g = rng.normal(size=(1, 2, 2, 3, 2))
    conv = T.nnet.abstract_conv
    found = values_of(
        lambda x, w, g: [
            conv.conv3d_grad_wrt_inputs(g, w, x.shape), conv.conv3d_grad_wrt_weights(x, g, w.shape),
            *T.grad((T.nnet.conv3d(x, w) * g).sum(), [x, w]),
        ], x, w, g,
    )  # fmt: skip
    close(found[:2], found[2:])
    slope = np.zeros_like(w)
    for at in np.ndindex(2, 2, 2):
        window = x[:, :, at[0] : at[0] + 2, at[1] : at[1] + 3, at[2] : at[2] + 2]
        turned = tuple(1 - k for k in at)
        slope[(slice(None), slice(None), *turned)] = np.einsum("ncijk,nmijk->mc", window, g)
    close(found[1:2], [slope])


def test_separable_and_causal_convolutions():
    rng = np.random.RandomState(3)
    x, depth, point = (rng.normal(size=s) for s in ((2, 3, 5, 5), (6, 1, 2, 2), (4, 6, 1, 1)))
    line, taps = rng.normal(size=(2, 3, 7)), rng.normal(size=(4, 3, 3))
    found = values_of(
        lambda x, d, p, s, t: [
            T.nnet.separable_conv2d(x, d, p, 3, filter_flip=False),
            T.nnet.causal_conv1d(s, t, filter_shape=(4, 3, 3), filter_flip=False),
        ], x, depth, point, line, taps,
    )  # fmt: skip
    channels = np.concatenate(
        [correlated(x[:, k : k + 1], depth[2 * k : 2 * k + 2]) for k in range(3)], axis=1
    )
    before = np.pad(line, ((0, 0), (0, 0), (2, 0)))
    terms = [np.einsum("ncl,mc->nml", before[:, :, k : k + 7], taps[:, :, k]) for k in range(3)]
    close(found, [correlated(channels, point), sum(terms)])


def test_pooling_and_patches():
    rng = np.random.RandomState(4)
    x, volume = rng.normal(size=(1, 2, 4, 6)), rng.normal(size=(1, 1, 4, 2, 4))
    signal = T.signal
    found = values_of(
        lambda x, v: [
            signal.pool.pool_3d(v, (2, 2, 2), ignore_border=True, mode="average_exc_pad"),
            signal.pool.max_pool_2d_same_size(x, (2, 2)),
            signal.downsample.max_pool_2d(x, (2, 3), ignore_border=True),
            T.nnet.neighbours.neibs2images(
                T.nnet.neighbours.images2neibs(x, (2, 3)), (2, 3), x.shape
            ),
        ], x, volume,
    )  # fmt: skip
    blocks = x.reshape(1, 2, 2, 2, 3, 2)
    best = blocks.max(axis=(3, 5), keepdims=True)
    close(found, [
        volume.reshape(1, 1, 2, 2, 1, 2, 2, 2).mean(axis=(3, 5, 7)),
        np.where(blocks == best, blocks, 0.0).reshape(x.shape),
        x.reshape(1, 2, 2, 2, 2, 3).max(axis=(3, 5)), x,
    ])  # fmt: skip


# ---- matrices ------------------------------------------------------------------------------------
def test_inverses_solutions_and_spectra():
    v, upper = np.array([1.0, 2.0, 3.0]), np.triu(S)
    boxes = S.reshape(3, 3) + np.eye(3)
    found = values_of(
        lambda s, m, v, u: [
            nlinalg.pinv(m), nlinalg.matrix_dot(m, s, v), nlinalg.alloc_diag(v),
            nlinalg.extract_diag(s), nlinalg.lstsq(m.T, v, -1)[0], nlinalg.tensorinv(s, 1),
            nlinalg.tensorsolve(s, v), slinalg.solve_upper_triangular(u, v),
            slinalg.solve_symmetric(s, v), slinalg.eigvalsh(s, None), slinalg.expm(s / 4),
        ], boxes, M, v, upper,
    )  # fmt: skip
    close(found, [
        np.linalg.pinv(M), M @ boxes @ v, np.diag(v), np.diag(boxes),
        np.linalg.lstsq(M.T, v, rcond=None)[0], np.linalg.inv(boxes), np.linalg.solve(boxes, v),
        np.linalg.solve(upper, v), np.linalg.solve(boxes, v), np.linalg.eigvalsh(boxes),
        scipy.linalg.expm(boxes / 4),
    ])  # fmt: skip


def test_eigenvectors_of_any_matrix():
    turn = np.array([[0.0, -1.0], [2.0, 0.5]])
    x = T.dmatrix("x")
    values, vectors = theano.function([x], list(nlinalg.eig(x)))(turn)
    close([turn @ vectors], [vectors * values])


# ---- sparse matrices -----------------------------------------------------------------------------
A = scipy.sparse.csr_matrix(np.array([[0.0, 1.5, 0.0], [2.25, 0.0, -1.0]]))


def test_parts_of_sparse_matrices():
    x = sparse.csr_matrix("x", dtype="float64")
    data, indices, indptr, shape = (
        f(x) for f in (sparse.csm_data, sparse.csm_indices, sparse.csm_indptr, sparse.csm_shape)
    )
    again = sparse.CSM("csr")(data, indices, indptr, shape)
    f = theano.function([x], [data, indices, indptr, shape, sparse.dense_from_sparse(again)])
    close(f(A), [A.data, A.indices, A.indptr, A.shape, A.toarray()])


def test_structured_functions_look_at_stored_elements_only():
    x = sparse.csr_matrix("x", dtype="float64")
    made = [
        sparse.structured_add(x, 2.0), sparse.structured_minimum(x, 1.0),
        sparse.structured_maximum(x, 1.0), sparse.rint(x), sparse.structured_log(sparse.sqr(x)),
        sparse.ensure_sorted_indices(x),
    ]  # fmt: skip
    found = theano.function([x], [sparse.dense_from_sparse(m) for m in made])(A)
    dense, stored = A.toarray(), A.toarray() != 0
    close(found, [
        np.where(stored, dense + 2, 0), np.where(stored, np.minimum(dense, 1), 0),
        np.where(stored, np.maximum(dense, 1), 0), np.rint(dense),
        np.where(stored, np.log(np.where(stored, dense, 1) ** 2), 0), dense,
    ])  # fmt: skip


def test_sparse_constants_and_columns():
    c = sparse.csc_matrix("c", dtype="float64")
    known = sparse.as_sparse_variable(A)
    assert sparse.as_sparse_or_tensor_variable(M).ndim == 2
    assert sparse.as_sparse_or_tensor_variable(known) is known
    f = theano.function([c], sparse.dense_from_sparse(c * 2.0))
    close([f(A.tocsc())], [2 * A.toarray()])
    close([theano.function([], sparse.dense_from_sparse(known))()], [A.toarray()])
