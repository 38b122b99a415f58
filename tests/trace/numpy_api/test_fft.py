"""np.fft over lengths, axes, norms and dtypes, with derivatives."""

import numpy as np
import pytest
from compare import agrees
from slopes import slopes_agree

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
