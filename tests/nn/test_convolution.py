"""Convolutions against sums written out, in every option, and their derivatives."""

import itertools

import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.errors import ShapeError


def draw(*shape, dtype="f8"):
    return np.random.default_rng(sum(shape)).standard_normal(shape).astype(dtype)


def written_out(x, w, pads, stride, dilation, groups, flip):
    """The definition, element by element."""
    rank = x.ndim - 2
    if flip:
        w = w[(..., *[slice(None, None, -1)] * rank)]
    wide = np.pad(x, [(0, 0), (0, 0), *pads])
    out = [
        (n - (k - 1) * d - 1) // s + 1
        for n, k, d, s in zip(wide.shape[2:], w.shape[2:], dilation, stride)
    ]
    y = np.zeros((x.shape[0], w.shape[0], *out), x.dtype)
    m, c = w.shape[0] // groups, w.shape[1]
    for g, at in itertools.product(range(groups), np.ndindex(*out)):
        part = wide[:, g * c : (g + 1) * c]
        for a, s, k, d in zip(range(rank), np.multiply(at, stride), w.shape[2:], dilation):
            part = np.take(part, s + d * np.arange(k), axis=a + 2)
        y[(slice(None), slice(g * m, (g + 1) * m), *at)] = np.tensordot(
            part, w[g * m : (g + 1) * m], (range(1, rank + 2),) * 2
        )
    return y


CASES = {
    "valid": ({}, [(0, 0), (0, 0)]),
    "full": ({"border_mode": "full"}, [(2, 2), (1, 1)]),
    "half": ({"border_mode": "half"}, [(1, 1), (1, 1)]),
    "number": ({"border_mode": 2}, [(2, 2), (2, 2)]),
    "pairs": ({"border_mode": ((1, 2), (0, 3))}, [(1, 2), (0, 3)]),
    "stride": ({"border_mode": (1, 2), "subsample": (2, 3)}, [(1, 1), (2, 2)]),
    "dilation": ({"filter_dilation": (2, 3)}, [(0, 0), (0, 0)]),
    "both": ({"border_mode": 1, "subsample": (3, 2), "filter_dilation": (2, 1)}, [(1, 1)] * 2),
    "correlation": ({"filter_flip": False}, [(0, 0), (0, 0)]),
    "groups": ({"num_groups": 2}, [(0, 0), (0, 0)]),
}


@pytest.mark.parametrize("dtype", ["f8", "f4", "c16", "i8"])
@pytest.mark.parametrize("case", CASES)
def test_conv2d(case, dtype):
    options, pads = CASES[case]
    groups = options.get("num_groups", 1)
    x = (8 * draw(2, 4, 9, 8)).astype(dtype)
    w = (8 * draw(6, 4 // groups, 3, 2)).astype(dtype)
    want = written_out(
        x, w, pads, options.get("subsample", (1, 1)), options.get("filter_dilation", (1, 1)),
        groups, options.get("filter_flip", True),
    )  # fmt: skip
    tolerance = {"f4": 1e-5}.get(dtype, 1e-12)
    conv = lambda a, b: ag.nn.conv2d(a, b, **options)
    for answer in (conv(x, w), ag.compile(conv)(x, w)):
        assert answer.dtype == np.dtype(dtype)
        np.testing.assert_allclose(answer, want, rtol=tolerance, atol=tolerance * 1e3)


@pytest.mark.parametrize("rank", [1, 3])
def test_conv1d_and_conv3d(rank):
    conv = {1: ag.nn.conv1d, 3: ag.nn.conv3d}[rank]
    x, w = draw(2, 3, *[6, 5, 7][:rank]), draw(4, 3, *[3, 2, 3][:rank])
    pads, step = [(1, 1), (2, 2), (0, 0)][:rank], (2, 1, 2)[:rank]
    want = written_out(x, w, pads, step, (1, 1, 1), 1, True)
    run = ag.compile(lambda a, b: conv(a, b, border_mode=(1, 2, 0)[:rank], subsample=step))
    np.testing.assert_allclose(run(x, w), want, atol=1e-12)


@pytest.mark.parametrize("case", CASES)
def test_derivatives(case):
    options, _ = CASES[case]
    x, w = draw(2, 4, 6, 7), draw(4, 4 // options.get("num_groups", 1), 3, 2)

    def loss(a, b):
        return np.sum(np.sin(ag.nn.conv2d(a, b, **options)))

    ag.check_grad(loss, x, w)
    with config(mode="FAST_COMPILE"):  # a second derivative, through the interpreter
        ag.check_grad(lambda a, b: np.sum(ag.grad(loss, argnums=1)(a, b) ** 2), x, w)


def test_gradients_under_their_own_names():
    x, w = draw(2, 4, 9, 8), draw(6, 2, 3, 2)
    at = {"border_mode": (1, 2), "subsample": (2, 3), "filter_dilation": (1, 2), "num_groups": 2}
    y = ag.nn.conv2d(x, w, **at)
    g = draw(*y.shape)
    both = ag.grad(lambda a, b: np.sum(g * ag.nn.conv2d(a, b, **at)), argnums=(0, 1))(x, w)
    np.testing.assert_allclose(ag.nn.conv2d_grad_wrt_inputs(g, w, x.shape, **at), both[0])
    np.testing.assert_allclose(ag.nn.conv2d_grad_wrt_weights(x, g, w.shape, **at), both[1])


def test_transposed_convolution_has_the_sizes_it_is_asked_for():
    g, w = draw(2, 6, 4, 5), draw(6, 3, 3, 3)
    smallest = ag.nn.conv_transpose(g, w, subsample=2)
    assert smallest.shape == (2, 3, 9, 11)
    wider = ag.nn.conv2d_transpose(g, w, (2, 3, 10, 12), input_dilation=(2, 2))
    assert wider.shape == (2, 3, 10, 12)
    np.testing.assert_allclose(wider[:, :, :9, :11], smallest)
    with pytest.raises(ShapeError, match="no input"):
        ag.nn.conv_transpose(g, w, (13, 12), subsample=2)


def test_separable_and_causal():
    x, d, p = draw(2, 3, 6, 6), draw(6, 1, 3, 3), draw(4, 6, 1, 1)
    apart = np.concatenate(
        [ag.nn.conv2d(x[:, k : k + 1], d[2 * k : 2 * k + 2]) for k in range(3)], axis=1
    )
    want = np.einsum("mc,nchw->nmhw", p[:, :, 0, 0], apart)
    np.testing.assert_allclose(ag.nn.separable_conv2d(x, d, p, 3), want, atol=1e-12)
    s, w = draw(1, 2, 10), draw(3, 2, 3)
    y = ag.nn.causal_conv1d(s, w, filter_dilation=2)
    assert y.shape == (1, 3, 10)
    s2 = s.copy()
    s2[:, :, 6:] = 0
    np.testing.assert_array_equal(
        ag.nn.causal_conv1d(s2, w, filter_dilation=2)[..., :6], y[..., :6]
    )


def test_sizes_may_change_between_calls():
    run = ag.compile(lambda a, b: ag.nn.conv2d(a, b, border_mode="half", subsample=(2, 2)))
    for n, k in [(7, 3), (10, 3), (12, 5), (9, 4)]:
        x, w = draw(2, 3, n, n + 1), draw(4, 3, k, k)
        want = written_out(x, w, [(k // 2, k // 2)] * 2, (2, 2), (1, 1), 1, True)
        np.testing.assert_allclose(run(x, w), want, atol=1e-12)


def test_strided_operands_and_written_results():
    def step(x, w, out):
        out[1:3] = ag.nn.conv2d(x[::2, :, ::-1], w.transpose(1, 0, 2, 3)) * 2
        return out

    x, w = draw(4, 3, 6, 6), draw(3, 5, 2, 2)
    want = np.zeros((4, 5, 5, 5))
    turned = w.transpose(1, 0, 2, 3)
    want[1:3] = 2 * written_out(x[::2, :, ::-1], turned, [(0, 0)] * 2, (1, 1), (1, 1), 1, True)
    np.testing.assert_allclose(ag.compile(step)(x, w, np.zeros((4, 5, 5, 5))), want, atol=1e-12)


@pytest.mark.parametrize(
    ("shapes", "options", "message"),
    [
        (((2, 3, 5, 5), (4, 2, 3, 3)), {}, "channels"),
        (((2, 3, 5, 5), (4, 3, 6, 6)), {}, "more than the padded input"),
        (((3, 5, 5), (4, 3, 3, 3)), {}, "needs 4"),
        (((2, 4, 5, 5), (3, 2, 3, 3)), {"num_groups": 2}, "groups do not divide"),
        (((2, 3, 5, 5), (4, 3, 3, 3)), {"border_mode": (1, 1, 1)}, "entries"),
        (((2, 3, 5, 5), (4, 3, 3, 3)), {"subsample": 0}, "1 or more"),
    ],
)
def test_what_does_not_fit_is_said(shapes, options, message):
    x, w = (draw(*s) for s in shapes)
    with pytest.raises(ShapeError, match=message):
        ag.nn.conv2d(x, w, **options)
    with pytest.raises(ShapeError, match=message):
        ag.compile(lambda a, b: ag.nn.conv2d(a, b, **options))(x, w)


# ---- the C that computes them --------------------------------------------------------------------
def odd_sizes():
    """Sizes at which blocks of rows, taps and lanes are left over."""
    for n, m, c, groups, k, size, step, apart in [
        (3, 13, 5, 1, 3, (17, 50), 1, 1),
        (1, 7, 1, 3, 2, (9, 9), 2, 1),
        (70, 2, 3, 1, 1, (4, 4), 3, 2),
        (2, 3, 200, 1, 3, (6, 5), 1, 2),
        (2, 1, 1, 4, 4, (40, 33), 3, 2),
    ]:
        yield draw(n, c * groups, *size), draw(m * groups, c, k, k), step, apart, groups


@pytest.mark.parametrize("sizes", range(5))
@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_native_code_against_numpy(sizes, dtype):
    x, w, step, apart, groups = list(odd_sizes())[sizes]
    x, w = x.astype(dtype), w.astype(dtype)
    at = {"border_mode": (1, 0), "subsample": step, "filter_dilation": apart, "num_groups": groups}

    def all_three(a, b):
        y = ag.nn.conv2d(a, b, **at)
        return y, *ag.grad(lambda a, b: np.sum(ag.nn.conv2d(a, b, **at) ** 2), (0, 1))(a, b)

    run = ag.compile(all_three)
    for op in ("conv", "conv_input", "conv_filters"):
        assert f"an_array_{op}_" in run.source(x, w)
    assert "NumPy's conv" not in str(run.explain(x, w))
    for got, want in zip(run(x, w), ag.compile(all_three, mode="FAST_COMPILE")(x, w)):
        np.testing.assert_allclose(got, want, rtol=1e-3 if dtype == "f4" else 1e-10, atol=1e-3)


def test_an_infinite_element_reaches_only_what_reads_it():
    x, w = draw(1, 2, 8, 8), draw(3, 2, 3, 3)
    x[0, 1, 0, 7] = np.inf
    run = ag.compile(lambda a, g: ag.nn.conv2d_grad_wrt_weights(a, g, (3, 2, 3, 3)))
    g = draw(1, 3, 6, 6)
    np.testing.assert_allclose(run(x, g), ag.nn.conv2d_grad_wrt_weights(x, g, (3, 2, 3, 3)))
    y = ag.compile(lambda a, b: ag.nn.conv2d(a, b))(x, w)
    assert np.isinf(y[:, :, 0, 5]).all() and np.isfinite(y[:, :, :, :5]).all()


def test_validation_compares_every_stage():
    x, w = draw(2, 3, 6, 6), draw(4, 3, 3, 3)
    report = ag.compile(lambda a, b: np.tanh(ag.nn.conv2d(a, b, border_mode="half"))).validate(x, w)
    assert report, str(report)
