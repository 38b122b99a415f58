"""Names that say in another way what others say."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.configparser import change_flags

M = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def value(expression, **given):
    return theano.function([], expression)() if not given else expression.eval(given)


def test_take():
    x, i = T.dmatrix("x"), T.lvector("i")
    given = {"x": M, "i": np.array([0, 2])}
    assert T.take(x, i, axis=1).eval(given) == pytest.approx(M.take([0, 2], axis=1))
    assert T.take(x, i).eval(given) == pytest.approx(M.take([0, 2]))
    far = {"x": M, "i": np.array([-1, 4])}
    for mode in ("wrap", "clip"):
        for axis in (None, 0, 1):
            expected = M.take([-1, 4], axis=axis, mode=mode)
            assert T.take(x, i, axis=axis, mode=mode).eval(far) == pytest.approx(expected)
    with pytest.raises(IndexError):
        T.take(x, i, axis=1).eval(far)
    with pytest.raises(ValueError, match="mode"):
        T.take(x, i, mode="round")


def test_variables_and_constants():
    x = T.tensor("float32", [False, True], name="x")
    assert x.type == T.TensorType("float32", (False, True)) and x.name == "x"
    assert value(T.largest(1.0, T.as_tensor([0.5, 2.0]))) == pytest.approx([1.0, 2.0])
    three = [T.constant(M * k) for k in (1.0, -1.0, 2.0)]
    assert value(T.smallest(*three)) == pytest.approx(np.min([M, -M, 2 * M], axis=0))
    assert value(T.smallest(three[0], 0.1)) == pytest.approx(np.minimum(M, 0.1))
    assert value(T.largest(*three)) == pytest.approx(np.max([M, -M, 2 * M], axis=0))
    assert value(T.floor_div(T.constant(7), 2)) == 3
    assert T.default(None, 3) == 3 and T.default(2, 3) == 2
    assert T.get_vector_length(T.dmatrix().shape) == 2
    assert T.get_vector_length([1, 2, 3]) == 3
    with pytest.raises(ValueError, match="run time"):
        T.get_vector_length(T.dvector())
    with pytest.raises(T.NotScalarConstantError):
        T.get_scalar_constant_value(T.dscalar())
    assert value(T.scalar_from_tensor(T.tensor_from_scalar(T.constant(2.0)))) == 2
    groups = (T.int_dtypes, T.uint_dtypes, T.float_dtypes, T.complex_dtypes)
    assert sum(groups, ()) == T.all_dtypes == T.discrete_dtypes + T.continuous_dtypes
    with change_flags(floatX="float32"):
        assert T.scalar().dtype == "float32"


def test_crossentropies_with_softmax():
    x, b, y = T.dmatrix("x"), T.dvector("b"), T.lvector("y")
    given = {"x": M, "b": np.arange(3.0), "y": np.array([2, 0])}
    for found, z in (
        (T.nnet.crossentropy_softmax_1hot_with_bias(x, b, y), M + np.arange(3.0)),
        (T.nnet.crossentropy_softmax_1hot(x, y), M),
    ):
        p = np.exp(z) / np.exp(z).sum(axis=1, keepdims=True)
        used = {k: v for k, v in given.items() if k != "b" or z is not M}
        assert found[0].eval(used) == pytest.approx(-np.log(p[[0, 1], [2, 0]]))
        assert found[1].eval(used) == pytest.approx(p)
