"""Special functions, typed lists, sparse variables, and the larger network functions."""

import itertools
import pickle

import numpy as np
import pytest
import scipy.sparse
import scipy.special

import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import sparse, typed_list

V = np.array([0.3, 0.7, 1.5])


@pytest.mark.parametrize("name", ["erfcx", "gamma", "j0", "j1"])
def test_special_functions(name):
    x, plain = T.dvector(), getattr(scipy.special, name)
    y = getattr(T, name)(x)
    value, slope = theano.function([x], [y, T.grad(y.sum(), x)])(V)
    assert np.allclose(value, plain(V))
    assert np.allclose(slope, (plain(V + 1e-6) - plain(V - 1e-6)) / 2e-6, rtol=1e-5)


@pytest.mark.parametrize("name", ["gammainc", "gammaincc", "jv", "iv"])
def test_special_functions_of_two_operands(name):
    x, plain = T.dvector(), getattr(scipy.special, name)
    y = getattr(T, name)(2.5, x)
    value, slope = theano.function([x], [y, T.grad(y.sum(), x)])(V)
    assert np.allclose(value, plain(2.5, V))
    assert np.allclose(slope, (plain(2.5, V + 1e-6) - plain(2.5, V - 1e-6)) / 2e-6, rtol=1e-5)


def test_special_functions_without_slope():
    x = T.dvector()
    y = [T.erfcinv(x), T.chi2sf(x, 3.0), T.gammau(2.0, x), T.gammal(2.0, x)]
    found = theano.function([x], y)(V)
    assert np.allclose(found[0], scipy.special.erfcinv(V))
    assert np.allclose(found[1], scipy.special.gammaincc(1.5, V / 2))
    assert np.allclose(found[2] + found[3], 1)


def test_complex_numbers():
    x = T.dvector()
    made = theano.function([x], [T.complex(x, 2 * x), T.complex_from_polar(x, 2 * x)])(V)
    assert np.allclose(made[0], V + 2j * V) and np.allclose(made[1], V * np.exp(2j * V))


# ---- typed lists ---------------------------------------------------------------------------------
def test_lists_of_arrays():
    lst, v = typed_list.TypedListType(T.dvector)("lst"), T.dvector()
    f = theano.function([lst, v], typed_list.append(lst, v))
    assert np.allclose(f([V, V + 1], V * 2), [V, V + 1, V * 2])
    g = theano.function(
        [lst, v],
        [typed_list.length(lst), lst.count(v), typed_list.index_(lst, v), lst[1], lst.reverse()[0]],
    )
    n, count, at, second, last = g([V, 2 * V, V], 2 * V)
    assert (n, count, at) == (3, 1, 1)
    assert np.allclose(second, 2 * V) and np.allclose(last, V)
    joined = theano.function([lst, v], lst.extend(lst).insert(0, v))([V, V], 3 * V)
    assert len(joined) == 5 and np.allclose(joined[0], 3 * V)
    with pytest.raises(TypeError, match="the list is of"):
        lst.append(T.dmatrix())


def test_a_position_that_is_computed():
    lst, i = typed_list.TypedListType(T.dvector)(), T.lscalar()
    assert np.allclose(theano.function([lst, i], lst[i])([V, 2 * V], 1), 2 * V)


def test_gradient_through_a_list():
    v = T.dvector()
    made = typed_list.make_list((v, v * 2))
    assert np.allclose(theano.function([v], T.grad((made[1] ** 2).sum(), v))(V), 8 * V)


# ---- sparse --------------------------------------------------------------------------------------
S = scipy.sparse.random(6, 5, 0.4, format="csr", random_state=0)
M = np.random.default_rng(0).random((5, 3))


def test_gradient_into_a_sparse_variable():
    x, m = sparse.csr_matrix("x"), T.dmatrix()
    cost = (sparse.structured_dot(x, m) ** 2).sum()
    g = theano.function([x, m], T.grad(cost, x))(S, M)
    assert scipy.sparse.issparse(g) and g.format == "csr" and g.nnz == S.nnz
    assert np.allclose(g.toarray(), np.where(S.toarray() != 0, 2 * (S @ M) @ M.T, 0))


def test_parts_of_a_sparse_matrix():
    x = sparse.csr_matrix("x")
    data, indices, indptr, shape = sparse.csm_properties(x)
    f = theano.function([x], [shape, sparse.CSR(data * 2, indices, indptr, shape)])
    sizes, made = f(S)
    assert tuple(sizes) == S.shape and np.allclose(made.toarray(), 2 * S.toarray())
    m = T.dmatrix()
    assert np.allclose(theano.function([m], sparse.csc_from_dense(m))(M).toarray(), M)


def test_selected_and_joined():
    x = sparse.csr_matrix("x")
    f = theano.function([x], [x[1:3], x[[0, 2]], x[:, 1:4], x[1, 2], x[::2, 3:], x[4]])
    rows, chosen, columns, one, both, single = f(S)
    dense = S.toarray()
    assert np.allclose(rows.toarray(), dense[1:3])
    assert np.allclose(chosen.toarray(), dense[[0, 2]])
    assert np.allclose(columns.toarray(), dense[:, 1:4])
    assert one == dense[1, 2]
    assert np.allclose(both.toarray(), dense[::2, 3:])
    assert np.allclose(single.toarray(), dense[4:5])
    g = theano.function([x], [sparse.hstack([x, x], format="csr"), sparse.vstack([x, x])])
    wide, tall = g(S)
    assert wide.shape == (6, 10) and wide.format == "csr" and tall.shape == (12, 5)


def test_compared_and_structured():
    x = sparse.csr_matrix("x")
    f = theano.function([x], [sparse.gt(x, 0.5), sparse.neq(x, x), sparse.tan(x), sparse.clean(x)])
    large, different, tan, clean = f(S)
    assert (large == (S.toarray() > 0.5)).all() and different.nnz == 0
    assert np.allclose(tan.toarray(), np.tan(S.toarray()))
    assert np.allclose(clean.toarray(), S.toarray())


# ---- networks ------------------------------------------------------------------------------------
def test_bilinear_upsampling():
    x = T.tensor4()
    image = np.arange(6.0).reshape(1, 1, 2, 3)
    found = theano.function([x], T.nnet.abstract_conv.bilinear_upsampling(x, ratio=2))(image)
    along = np.minimum(np.arange(6) / 2, 2)
    down = np.minimum(np.arange(4) / 2, 1)
    assert np.allclose(found[0, 0], 3 * down[:, None] + along[None, :])
    with pytest.raises(ValueError, match="positive|int from 1"):
        T.nnet.abstract_conv.bilinear_upsampling(x, ratio=0)


@pytest.mark.parametrize("border", ["valid", "half", "full", (1, 2)])
@pytest.mark.parametrize("flip", [True, False])
def test_unshared_filters(border, flip):
    rng = np.random.default_rng(1)
    x, w, shared = T.tensor4(), T.tensor6(), T.tensor4()
    image, filters = rng.random((2, 3, 6, 5)), rng.random((4, 3, 3, 3))
    options = {"border_mode": border, "subsample": (2, 1), "filter_flip": flip}
    want = theano.function([x, shared], T.nnet.conv2d(x, shared, **options))(image, filters)
    every = np.broadcast_to(filters[:, None, None], (4, *want.shape[2:], 3, 3, 3)).copy()
    made = T.nnet.conv2d(x, w, unshared=True, **options)
    assert np.allclose(theano.function([x, w], made)(image, every), want)
    slope = theano.function([x, w], T.grad(made.sum(), w))(image, every)
    assert slope.shape == every.shape and np.isfinite(slope).all()


def test_volumes_as_images():
    rng = np.random.default_rng(2)
    x, w = T.tensor5(), T.tensor5()
    f = theano.function([x, w], T.nnet.conv3d2d.conv3d(x, w))
    signals, filters = rng.random((1, 4, 2, 6, 6)), rng.random((3, 3, 2, 3, 3))
    found = f(signals, filters)
    assert found.shape == (1, 2, 3, 4, 4)
    window = signals[0, 1:4, :, 2:5, 1:4]
    assert np.isclose(found[0, 1, 2, 2, 1], (window * filters[2, ::-1, :, ::-1, ::-1]).sum())


def brute_force(logits, labels):
    p = np.exp(logits)
    p /= p.sum(axis=1, keepdims=True)
    total = 0.0
    for path in itertools.product(range(p.shape[1]), repeat=len(p)):
        if [k for k, _ in itertools.groupby(path) if k] == labels:
            total += np.prod([p[t, k] for t, k in enumerate(path)])
    return -np.log(total)


def test_ctc():
    x, y, n = T.dtensor3(), T.imatrix(), T.ivector()
    cost = T.nnet.ctc(x, y, n)
    f = theano.function([x, y, n], [cost, T.grad(cost.sum(), x)])
    logits = np.random.default_rng(3).standard_normal((5, 3, 3))
    labels, lengths = np.array([[1, 2], [1, -1], [2, 2]], "int32"), np.array([5, 4, 5], "int32")
    costs, slope = f(logits, labels, lengths)
    for b, row in enumerate(labels):
        want = brute_force(logits[: lengths[b], b], [k for k in row if k >= 0])
        assert np.isclose(costs[b], want)
    moved = [logits.copy(), logits.copy()]
    moved[0][1, 0, 1] += 1e-5
    moved[1][1, 0, 1] -= 1e-5
    up, down = (f(m, labels, lengths)[0].sum() for m in moved)
    assert np.isclose(slope[1, 0, 1], (up - down) / 2e-5, rtol=1e-4)
    assert (slope[4, 1] == 0).all()  # beyond its length


def test_block_products():
    rng = np.random.default_rng(4)
    w, h = T.TensorType("float64", (False,) * 4)(), T.dtensor3()
    rows, b, columns = T.lmatrix(), T.dmatrix(), T.lmatrix()
    f = theano.function([w, h, rows, b, columns], T.nnet.sparse_block_dot(w, h, rows, b, columns))
    blocks, x, bias = rng.random((4, 5, 2, 3)), rng.random((2, 2, 2)), rng.random((5, 3))
    at, to = np.array([[0, 3], [1, 2]]), np.array([[1, 4], [0, 2]])
    found = f(blocks, x, at, bias, to)
    for s, j in itertools.product(range(2), range(2)):
        want = bias[to[s, j]] + sum(x[s, k] @ blocks[at[s, k], to[s, j]] for k in range(2))
        assert np.allclose(found[s, j], want)


# ---- files ---------------------------------------------------------------------------------------
def test_a_dumped_call(tmp_path):
    x, s = T.dvector("x"), theano.shared(np.float64(1.0), name="s")
    x.tag.test_value = V
    theano.function_dump(tmp_path / "f", [x], x * s, updates={s: s + 1})
    with (tmp_path / "f").open("rb") as file:
        call = pickle.load(file)
    assert not hasattr(call["inputs"][0].tag, "test_value")
    f = theano.function(**call)
    assert np.allclose(f(V), V) and np.allclose(f(V), 2 * V)
    with (tmp_path / "g").open("wb") as file:
        theano.misc.pkl_utils.dump({"s": s}, file)
    with (tmp_path / "g").open("rb") as file:
        assert theano.misc.pkl_utils.load(file)["s"].get_value() == 1
