"""Rules may be switched off: what is compiled then is slower, and right."""

import numpy as np
import pytest

import arignote as ag

PROGRAMS = {
    "joined": lambda x, y: np.concatenate((x, y), axis=None),
    "product": lambda x, y: np.vdot(x[0, 0], y),
    "sets": lambda x, y: np.setxor1d(x, y),
    "quantile": lambda x, y: np.percentile(x, 33.3, keepdims=True, method="lower") + y,
    "reshaped": lambda x, y: (np.reshape(y + 1, (1, 1)) @ x[:1], np.reshape(x[:1, :1] * 2, ())),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_numbers_that_are_reshaped(name):
    x, y = np.arange(6.0).reshape(2, 3), np.asarray(4.5)
    with ag.config(excluding=("reshape_of_ones",)):
        got = ag.compile(PROGRAMS[name], mode="FAST_RUN")(x, y)
    want = PROGRAMS[name](x, y)
    for g, w in zip(*((v if isinstance(v, tuple) else (v,)) for v in (got, want)), strict=True):
        assert np.shape(g) == np.shape(w)
        np.testing.assert_allclose(g, w)
