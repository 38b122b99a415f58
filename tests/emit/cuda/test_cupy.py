"""The path of a GPU, run without one: a stand-in for CuPy over the emulation (fake_cupy.py)."""

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.errors import DeviceError, UnsupportedError

RNG = np.random.default_rng(0)


def both(x, y):
    return np.exp(x) * y + x.sum(), x.sum(axis=1)


def test_arrays_on_the_gpu_are_answered_there(cupy):
    x, y = RNG.standard_normal((5, 6)), RNG.standard_normal(6)
    f = ag.compile(both)
    for got, want in zip(f(cupy.asarray(x), cupy.asarray(y)), both(x, y)):
        assert isinstance(got, cupy.ndarray)
        np.testing.assert_allclose(cupy.asnumpy(got), want, rtol=1e-12)


def test_host_arrays_are_copied_there_and_back(cupy):
    x, y = RNG.standard_normal((5, 6)), RNG.standard_normal(6)
    f = ag.compile(both, device="cuda")
    for given in (x, np.asfortranarray(x), x[::-1], RNG.standard_normal((9, 12))[::2, ::2]):
        for got, want in zip(f(given, y), both(given, y)):
            assert isinstance(got, np.ndarray)
            np.testing.assert_allclose(got, want, rtol=1e-12)


def test_host_arrays_beside_arrays_on_the_gpu(cupy):
    x, y = RNG.standard_normal((5, 6)), RNG.standard_normal(6)
    got = ag.compile(both)(cupy.asarray(x), y)[0]
    assert isinstance(got, cupy.ndarray)
    np.testing.assert_allclose(cupy.asnumpy(got), both(x, y)[0], rtol=1e-12)


def test_arrays_are_written_where_they_are(cupy):
    def update(x, i):
        x[i] += 1
        x[1:] *= 2

    x, want = cupy.asarray(np.arange(5.0)), np.arange(5.0)
    host = want.copy()
    ag.compile(update)(x, 2)
    ag.compile(update, device="cuda")(host, 2)
    update(want, 2)
    np.testing.assert_array_equal(cupy.asnumpy(x), want)
    np.testing.assert_array_equal(host, want)


def test_what_was_written_before_an_error_stays_written(cupy):
    def f(x, i):
        x[0] = 7
        return x[i]

    host = np.zeros(3)
    with pytest.raises(IndexError):
        ag.compile(f, device="cuda")(host, np.array([5]))
    assert host[0] == 7


def test_one_result_given_twice_is_one_array(cupy):
    def f(x):
        y = x * 2
        return y, y, y[1:]

    a, b, c = ag.compile(f, device="cuda")(np.arange(4.0))
    assert a is b and np.shares_memory(a, c)


def test_one_program_serves_all_sizes_and_kinds_are_told_apart(cupy):
    f = ag.compile(lambda x: x * 2)
    for n in (3, 4, 4, 50):
        np.testing.assert_array_equal(
            cupy.asnumpy(f(cupy.asarray(np.arange(n)))), np.arange(n) * 2
        )
    assert len(f._gpu.programs) == 1 and len(f._gpu.known) == 3
    f(cupy.asarray(np.arange(3.0)))
    assert len(f._gpu.programs) == 2


def test_views_scalars_and_errors(cupy):
    def f(x, k):
        return x[1:], x.sum(), x[k]

    x = np.arange(6.0)
    view, total, one = ag.compile(f)(cupy.asarray(x), 2)
    np.testing.assert_array_equal(cupy.asnumpy(view), x[1:])
    assert total == 15 and type(total) is np.float64 and one == 2
    with pytest.raises(IndexError, match="index 9"):
        ag.compile(f)(cupy.asarray(x), 9)


def test_products_and_callbacks(cupy):
    def f(a, b):
        return np.tanh(a @ b) + 1, np.sort(b, axis=0)

    a, b = RNG.standard_normal((9, 8)), RNG.standard_normal((8, 7))
    for got, want in zip(ag.compile(f)(cupy.asarray(a), cupy.asarray(b)), f(a, b)):
        np.testing.assert_allclose(cupy.asnumpy(got), want, rtol=1e-12, atol=1e-14)


def test_arrays_of_other_libraries_come_by_dlpack(cupy):
    class Tensor:
        def __init__(self, host):
            self.host = host

        def __dlpack_device__(self):
            return 2, 0

        def __dlpack__(self):
            raise AssertionError("from_dlpack calls this")

    got = ag.compile(lambda x: x + 1)(Tensor(np.arange(3.0)))
    np.testing.assert_array_equal(cupy.asnumpy(got), [1, 2, 3])


def test_a_written_array_that_shares_memory_is_refused(cupy):
    def f(x, y):
        x[:] = y * 2

    base = np.arange(9.0)
    x, y = (fake_cupy.ndarray.of(v) for v in (base[1:], base[:-1]))
    with pytest.raises(UnsupportedError, match="shares memory"):
        ag.compile(f)(x, y)


def test_a_launch_that_the_driver_refuses_says_why(cupy):
    fake_cupy.driver().standin_refuse(0, 701, 1)
    with pytest.raises(DeviceError, match="error 701, CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES"):
        ag.compile(lambda x: x + 1)(cupy.asarray(np.arange(3.0)))


def test_a_thread_that_has_not_used_the_gpu_gets_its_context(cupy):
    f, x = ag.compile(lambda x: x + 1), cupy.asarray(np.arange(3.0))
    for _ in range(4):  # new, found, recorded, started from the record
        fake_cupy.driver().standin_refuse(0, 201, 1)
        np.testing.assert_array_equal(cupy.asnumpy(f(x)), [1, 2, 3])


def test_functions_run_on_the_gpu_of_their_arrays(cupy):
    f = ag.compile(lambda x: x.sum(axis=0) + 1)
    for number in (0, 1, 1, 1, 1, 0):
        got = f(fake_cupy.ndarray.of(np.ones((3, 4)), number))
        assert got.data.device_id == number
        np.testing.assert_array_equal(cupy.asnumpy(got), [4, 4, 4, 4])
    assert fake_cupy.Device.current == [0]


def test_arrays_of_two_gpus_are_refused(cupy):
    x, y = (fake_cupy.ndarray.of(np.arange(3.0), k) for k in (0, 1))
    with pytest.raises(DeviceError, match="live on GPU 1 and on GPU 0"):
        ag.compile(lambda x, y: x + y)(x, y)


def test_too_little_memory_says_what_it_was_for(cupy, monkeypatch):
    def empty(shape, dtype=float):
        if np.prod(shape) > 1000:
            raise MemoryError("out of memory")
        return fake_cupy.ndarray(shape, dtype)

    monkeypatch.setattr(cupy, "empty", empty)
    x = cupy.asarray(np.arange(2000.0))
    said = r"wants memory for\n  0.0 MB: .*, float64\[2000\], .*x \+ 1"
    with pytest.raises(MemoryError, match=said):
        ag.compile(lambda x: x + 1)(x)


def test_modes_that_check_want_host_arrays(cupy):
    with pytest.raises(UnsupportedError, match="NumPy arrays"):
        ag.compile(lambda x: x + 1, mode="DEBUG_MODE")(cupy.asarray(np.arange(3.0)))
