"""Profiles of calls on a GPU: kernels by their lines, arguments as they were, tips."""

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.debug.device_profile import DeviceProfile


@pytest.fixture
def cupy(monkeypatch):
    return fake_cupy.install(monkeypatch)


def both(x, y):
    x[0] = 1.0
    return np.exp(x) @ y, x.sum(axis=0)


def test_kernels_and_library_calls_are_listed_with_their_lines(cupy):
    x, y = cupy.asarray(np.random.rand(30, 40)), cupy.asarray(np.random.rand(40, 20))
    before = cupy.asnumpy(x)
    made = ag.compile(both).profile(x, y)
    assert isinstance(made, DeviceProfile) and made.call >= made.host > 0
    assert {s.what.split()[0] for s in made.started} == {"kernel", "library"}
    assert all(s.count == 1 and s.seconds > 0 for s in made.started)
    assert any("x.sum(axis=0)" in s.line and s.bytes > 30 * 40 * 8 for s in made.started)
    np.testing.assert_array_equal(cupy.asnumpy(x), before)
    assert "on a GPU that is not there" in str(made) and not made.tips


def test_host_arrays_are_a_tip(cupy):
    x, y = np.random.rand(30, 40), np.random.rand(40, 20)
    before = x.copy()
    text = str(ag.compile(both, device="cuda").profile(x, y))
    assert "of arguments to the device" in text and "pass CuPy arrays" in text
    np.testing.assert_array_equal(x, before)


def test_the_emulation_has_a_profile_too():
    made = ag.compile(lambda x: np.tanh(x) * 2, device="emulate").profile(np.ones(100))
    assert made.device == "emulate" and made.started[0].line.endswith("np.tanh(x) * 2")
