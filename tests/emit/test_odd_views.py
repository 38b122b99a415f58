"""Views of arguments that kernels get a copy of: they lie in the argument, where NumPy's do."""

import numpy as np
import pytest

import arignote as ag

X = np.arange(12.0).reshape(3, 4)
RECORDS = np.zeros((3, 4), dtype=[("a", "i1"), ("b", "f8")])
RECORDS["b"] = X
MISALIGNED = np.zeros(97, np.uint8)[1:].view(float).reshape(4, 3)
MISALIGNED[...] = X.T
ODD = {
    "a field of records": RECORDS["b"],
    "the same backwards": RECORDS["b"][::-1],
    "not aligned": MISALIGNED.T,
    "of other byte order, in Fortran's": np.asfortranarray(X).astype(">f8"),
    "the same, spaced": np.repeat(X, 2, 1).astype(">f8")[::-1, ::2],
    "complex": (X + 1j).astype(">c16")[:, ::-1],
    "empty": RECORDS["b"][:, :0],
}


def views(a):
    return a.T, a[1:], a[::-1, ::-1], a[:2, None], np.diagonal(a), a.reshape(-1), a + 1


@pytest.mark.parametrize("device", ["cpu", "emulate"])
@pytest.mark.parametrize("name", ODD)
def test_views_of_odd_arguments(name, device):
    a = ODD[name].copy(order="K") if ODD[name].flags.owndata else ODD[name]
    for want, got in zip(views(a), ag.compile(views, device=device)(a), strict=True):
        np.testing.assert_array_equal(got, want)
        assert np.shares_memory(got, a) == np.shares_memory(want, a)
        if np.shares_memory(want, a):
            assert got.dtype == want.dtype
            assert got.strides == want.strides or 1 in want.shape
