"""Axes in any order: a set for reductions, a sequence for what takes them in turn."""

import numpy as np
import pytest

import arignote as ag

X = np.random.default_rng(0).normal(size=(2, 3, 4))
REDUCTIONS = "sum prod mean var std min max ptp any all count_nonzero nansum nanprod nanmean nanvar"
REDUCTIONS += " nanstd nanmin nanmax median nanmedian average"
IN_TURN = {
    "norm": lambda v: np.linalg.norm(v, 1, axis=(2, 0)),
    "nuc": lambda v: np.linalg.norm(v, "nuc", axis=(2, 0)),
    "fft": lambda v: np.fft.rfftn(v, axes=(2, 0)),
    "roll": lambda v: np.roll(v, (1, 2), axis=(1, 0)),
    "rot90": lambda v: np.rot90(v, axes=(1, 0)),
    "tensordot": lambda v: np.tensordot(v, v, axes=((1, 0), (1, 0))),
    "squeeze": lambda v: np.squeeze(v[None, :, None], (2, 0)),
    "flip": lambda v: np.flip(v, (2, 0)),
    "masked": lambda v: np.sum(v, axis=(1, 0), keepdims=True, where=v > 0, initial=2.0),
    "ufunc": lambda v: np.maximum.reduce(v, axis=(2, 0)),
    "twice": lambda v: v.sum((1, 0)).sum(),
}


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("name", REDUCTIONS.split())
def test_reductions_take_axes_in_any_order(name, mode):
    function = getattr(np, name)
    for axis in [(-1, 0), (1, 0), (2, 1), (2, 0, 1), (-1, -2)]:
        got = ag.compile(lambda v, axis=axis: function(v, axis=axis), mode=mode)(X)
        np.testing.assert_allclose(got, function(X, axis=axis))


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("name", IN_TURN)
def test_other_functions_of_axes(name, mode):
    np.testing.assert_allclose(ag.compile(IN_TURN[name], mode=mode)(X), IN_TURN[name](X))


def test_gradients():
    got = ag.grad(lambda v: (v.max((2, 0)) ** 2).sum())(X)
    top = X.max((2, 0), keepdims=True)
    np.testing.assert_allclose(got, 2 * top * (top == X))
