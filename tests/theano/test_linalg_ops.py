"""The op classes of linear algebra, made and then called, as old programs do."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.tensor import nlinalg, slinalg

A = np.array([[5.0, 1.0, 0.5], [1.0, 4.0, -1.0], [0.5, -1.0, 3.0]])
B = np.array([1.0, -2.0, 0.5])


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def value(op, *arrays):
    variables = [T.TensorType("float64", (False,) * a.ndim)() for a in arrays]
    return theano.function(variables, op(*variables))(*arrays)


def test_they_are_their_functions():
    assert value(nlinalg.Det(), A) == pytest.approx(np.linalg.det(A))
    assert value(nlinalg.MatrixInverse(), A) == pytest.approx(np.linalg.inv(A))
    assert value(nlinalg.MatrixPinv(), A[:2]) == pytest.approx(np.linalg.pinv(A[:2]))
    assert value(nlinalg.SVD(full_matrices=False, compute_uv=False), A[:2]) == pytest.approx(
        np.linalg.svd(A[:2], compute_uv=False)
    )
    assert value(nlinalg.QRIncomplete("r"), A) == pytest.approx(np.linalg.qr(A, "r"))
    assert value(nlinalg.QRFull("complete"), A[:, :2])[0].shape == (3, 3)
    assert sorted(value(nlinalg.Eig(), A)[0].real) == pytest.approx(np.linalg.eigvalsh(A))
    assert value(slinalg.Expm(), np.diag(B)) == pytest.approx(np.diag(np.exp(B)))
    assert value(nlinalg.ExtractDiag(offset=1), A) == pytest.approx(np.diag(A, 1))
    assert value(nlinalg.AllocDiag(), B) == pytest.approx(np.diag(B))
    assert value(slinalg.Kron(), A, A) == pytest.approx(np.kron(A, A))
    assert value(slinalg.Solve(), A, B) == pytest.approx(np.linalg.solve(A, B))
    low = np.tril(A)
    lower = slinalg.Solve(A_structure="lower_triangular", lower=True)
    upper = slinalg.Solve(A_structure="upper_triangular")
    assert value(lower, A, B) == pytest.approx(np.linalg.solve(low, B))
    assert value(upper, A, B) == pytest.approx(np.linalg.solve(low.T, B))
    assert lower == slinalg.Solve("lower_triangular", True) != upper
    with pytest.raises(ValueError, match="A_structure"):
        slinalg.Solve("band")


def test_one_triangle_is_read():
    w = np.linalg.eigvalsh(A)
    for flag, part in ((True, np.tril), (False, np.triu)):
        assert value(nlinalg.Eigh("L" if flag else "U"), part(A))[0] == pytest.approx(w)
        assert value(slinalg.Eigvalsh(flag), part(A)) == pytest.approx(w)
        pencil = value(slinalg.Eigvalsh(flag), part(A), part(A) + 2 * np.eye(3))
        assert pencil == pytest.approx(w / (w + 2))


def test_cholesky_gives_nan_where_it_is_asked_to():
    ask = slinalg.Cholesky(on_error="nan")
    factor = np.linalg.cholesky(A)
    assert value(ask, A) == pytest.approx(factor)
    assert value(slinalg.Cholesky(lower=False), A) == pytest.approx(factor.T)
    assert np.isnan(value(ask, -A)).all()
    with pytest.raises(np.linalg.LinAlgError):
        value(slinalg.Cholesky(), -A)
    slope = lambda x: T.grad((ask(x) * np.arange(9.0).reshape(3, 3)).sum(), x)
    plain = lambda x: T.grad((slinalg.cholesky(x) * np.arange(9.0).reshape(3, 3)).sum(), x)
    found, known = value(slope, A), value(plain, A)
    assert found + found.T == pytest.approx(known + known.T)
    assert np.isnan(value(slope, -A)).all()
