"""Sums of float16 keep the scale of what is added: their range is short."""

import numpy as np
import pytest

from arignote.api import compile


@pytest.mark.parametrize(
    "f", [lambda x: np.sum(x * 0.01), lambda x: np.sum(x / 64), lambda x: np.trapezoid(x, dx=0.5)]
)
def test_what_is_scaled_down_does_not_overflow(f):
    x = np.full(3000, 40.0, np.float16)  # their sum is beyond the largest float16
    got = compile(f, mode="FAST_RUN")(x)
    assert np.isfinite(got)
    np.testing.assert_allclose(got, f(x), rtol=2e-2)
