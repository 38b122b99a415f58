"""Convolutions on a GPU: kernels, not calls of the host, for all strides, borders and groups."""

import numpy as np
import pytest

import arignote as ag
from arignote import nn
from arignote.emit.cuda import H100, plan
from arignote.emit.cuda.runtime.specialised import device_compilation

RNG = np.random.default_rng(1)
IMAGES = RNG.standard_normal((2, 3, 7, 8))
CASES = {
    "plain": ((4, 3, 3, 3), {}),
    "steps": ((4, 3, 3, 2), {"subsample": (2, 2), "border_mode": 1}),
    "dilation": (
        (5, 3, 2, 3),
        {"subsample": (1, 3), "filter_dilation": (2, 2), "border_mode": "full"},
    ),
    "groups": ((6, 1, 3, 3), {"num_groups": 3, "border_mode": "half", "subsample": (2, 1)}),
}


def calls(function, *args):
    records = device_compilation(ag.compile(function).trace_of(*args), H100).module.plan.records
    return [r.op for r in records if isinstance(r, plan.HostCallback)]


@pytest.mark.parametrize("name", CASES)
def test_values_and_gradients(name):
    shape, options = CASES[name]
    w = RNG.standard_normal(shape)

    def convolution(x, w):
        return nn.conv2d(x, w, **options)

    def loss(x, w):
        return (nn.conv2d(x, w, **options) ** 3).sum()

    for function in (convolution, ag.grad(loss, (0, 1))):
        assert calls(function, IMAGES, w) == []
        want = ag.compile(function)(IMAGES, w)
        got = ag.compile(function, device="emulate")(IMAGES, w)
        pairs = zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]
        for a, b in pairs:
            np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-9)


def test_one_axis_in_single_precision_and_a_transposed_one():
    x, w = IMAGES[:, :, 0].astype("f4"), RNG.standard_normal((4, 3, 3)).astype("f4")

    def f(x, w):
        y = nn.conv1d(x, w, subsample=2)
        return y, nn.conv_transpose(y, w, subsample=2)

    assert calls(f, x, w) == []
    for a, b in zip(ag.compile(f, device="emulate")(x, w), ag.compile(f)(x, w), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-4, atol=1e-5)
