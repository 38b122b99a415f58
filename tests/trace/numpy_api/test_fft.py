"""np.fft over lengths, axes, norms and dtypes, with derivatives."""

import numpy as np
import pytest
from compare import agrees
from slopes import slopes_agree

import arignote as ag
from arignote.fxgraph.ops import fft as fft_ops

RNG = np.random.default_rng(13)
X = RNG.standard_normal((3, 6))
ODD = RNG.standard_normal((2, 5))
Z = X + 1j * RNG.standard_normal((3, 6))
CLOSE = {"rtol": 1e-9, "atol": 1e-12}


@pytest.mark.parametrize("norm", [None, "ortho", "forward"])
@pytest.mark.parametrize("x", [X, ODD, Z])
def test_one_axis(x, norm):
    for f in (np.fft.fft, np.fft.ifft, np.fft.irfft, np.fft.hfft):
        agrees(f, x, norm=norm, **CLOSE)
        agrees(f, x, axis=0, **CLOSE)
        for n in (1, 4, 7, 9):
            agrees(f, x, n, norm=norm, **CLOSE)
    if x is not Z:
        agrees(np.fft.rfft, x, norm=norm, **CLOSE)
        agrees(np.fft.ihfft, x, norm=norm, **CLOSE)
        for n in (4, 7, 9):
            agrees(np.fft.rfft, x, n, **CLOSE)


def test_several_axes():
    agrees(np.fft.fft2, X, **CLOSE)
    agrees(np.fft.ifft2, Z, (2, 8), **CLOSE)
    agrees(np.fft.fftn, X, norm="ortho", **CLOSE)
    agrees(np.fft.ifftn, Z, axes=(0,), **CLOSE)
    agrees(np.fft.rfft2, X, **CLOSE)
    agrees(np.fft.rfftn, ODD, **CLOSE)
    agrees(np.fft.irfft2, Z, **CLOSE)
    agrees(np.fft.irfftn, Z, (3, 7), axes=(0, 1), **CLOSE)


def test_dtypes_and_errors():
    agrees(np.fft.fft, np.arange(4), **CLOSE)
    agrees(np.fft.fft, X.astype("f4"), rtol=1e-4, atol=1e-5)
    agrees(np.fft.rfft, X.astype("f4"), rtol=1e-4, atol=1e-5)
    agrees(np.fft.fft, X, 0)
    agrees(np.fft.fft, X, norm="bad")


def test_frequencies():
    for n in (4, 5):
        agrees(np.fft.fftfreq, n, 0.1)
        agrees(np.fft.rfftfreq, n)
    for x in (X, ODD):
        agrees(np.fft.fftshift, x)
        agrees(np.fft.ifftshift, x)
        agrees(np.fft.fftshift, x, axes=1)


def test_slopes():
    slopes_agree(np.fft.fft, Z)
    slopes_agree(np.fft.fft, X)
    slopes_agree(np.fft.ifft, Z, axis=0, norm="ortho")
    for x in (X, ODD):
        slopes_agree(np.fft.rfft, x)
        slopes_agree(np.fft.rfft, x, n=4)
        slopes_agree(np.fft.rfft, x, n=9)
    for n in (None, 9, 5, 14):
        slopes_agree(np.fft.irfft, Z, n=n)
    slopes_agree(np.fft.rfft2, X)
    slopes_agree(np.fft.irfft2, Z)


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize("dtype", ["f8", "f4", "c16"])
def test_compiled_transforms_have_numpys_values(dtype):
    """Also where NumPy's own kernels are not where they were, along any axis, of odd and even
    lengths, and without a warning."""

    def transforms(x):
        real = x.real.copy()
        half = np.fft.rfft(real, axis=0)
        return (
            np.fft.fft(x), np.fft.ifft(x, axis=0), half, np.fft.irfft(half, x.shape[0], axis=0),
        )  # fmt: skip

    rng = np.random.default_rng(1)
    compiled, most = ag.compile(transforms), 4 * np.finfo(dtype).eps
    for shape in ((7, 4), (8, 5), (1, 1)):
        x = rng.normal(size=shape).astype(dtype)
        for kernels in (fft_ops._KERNELS, None):
            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(fft_ops, "_KERNELS", kernels)
                for found, want in zip(compiled(x), transforms(x), strict=True):
                    np.testing.assert_allclose(found, want, rtol=most, atol=most)
                    assert found.dtype == want.dtype
    x[0, 0] = np.inf
    compiled(x)
