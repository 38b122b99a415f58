"""NanGuardMode with arrays on a GPU: the kernel that writes the first bad value is named."""

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.errors import NanGuardError


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


def ratio(x, y):
    z = (x / y).sum(axis=0)
    return z * 2, x @ y


def test_the_line_and_the_place_are_named(cupy):
    f = ag.compile(ratio, mode="NanGuardMode")
    x, y = np.ones((30, 30)), np.ones((30, 30))
    for got, want in zip(f(cupy.asarray(x), cupy.asarray(y)), ratio(x, y)):
        np.testing.assert_allclose(cupy.asnumpy(got), want)
    y[3, 4] = 0.0
    with pytest.raises(NanGuardError, match=r"x / y.*kernel .* gives inf at \[4\]"):
        f(cupy.asarray(x), cupy.asarray(y))


def test_arguments_are_looked_at_first(cupy):
    f = ag.compile(ratio, mode="NanGuardMode")
    x = np.ones((30, 30))
    x[1, 2] = np.nan
    with pytest.raises(NanGuardError, match=r"argument 0 gives nan at \[1, 2\]; 1 of 900"):
        f(cupy.asarray(x), cupy.asarray(np.ones((30, 30))))


def test_the_mode_may_change_between_calls(cupy):
    f = ag.compile(lambda x: 1 / x)
    x = cupy.asarray(np.array([1.0, 0.0]))
    for _ in range(4):
        f(x)
    with config(mode="NanGuardMode"), pytest.raises(NanGuardError):
        f(x)
    assert np.isinf(cupy.asnumpy(f(x))[1])
