"""Powers that are multiplied out, beside NumPy's: special values, and results below normal ones."""

import numpy as np
import pytest

import arignote as ag

EXPONENTS = (-3.0, -2.5, -2.0, -1.5, -1.0, -0.5, 0.5, 1.5, 2.0, 2.5, 3.0, 4.0, 5.0, 7.0)
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -3.75, np.inf, np.nan, 1e30, 1e-30]


@pytest.mark.parametrize("dtype", ["f4", "f8"])
@pytest.mark.parametrize("exponent", EXPONENTS)
def test_constant_powers(exponent, dtype):
    f = ag.compile(lambda x: x**exponent)
    with np.errstate(all="ignore"):
        random = np.exp(np.random.default_rng(0).uniform(-80, 80, 3000))
        for x in (np.array(SPECIAL, dtype), random.astype(dtype)):
            want = x**exponent
            got = f(x)
            assert np.array_equal(np.isfinite(got), np.isfinite(want))
            assert np.array_equal(np.signbit(got), np.signbit(want)) or np.isnan(want).any()
            ok = np.isfinite(want)
            units = np.abs(got[ok] - want[ok]) / np.spacing(np.abs(want[ok]))
            assert units.max() <= max(4, abs(exponent) + 1)
