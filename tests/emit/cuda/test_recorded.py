"""Calls that come again: what starts them, how often, and what makes them run anew."""

import threading
from dataclasses import replace

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.emit.cuda.runtime import graphs, launches
from arignote.errors import DeviceError, UnsupportedError

RNG = np.random.default_rng(0)
LAUNCHED, TOGETHER, FILLED, GRAPHS, MADE, _, PRODUCTS = range(7)


@pytest.fixture(params=["compiled", "python"])
def launcher(request, monkeypatch):
    if request.param == "python":
        monkeypatch.setattr(launches, "_Launcher", None)
    elif launches._Launcher is None:
        pytest.skip("the compiled launcher is not built (python setup.py build_ext --inplace)")


def count(what):
    return fake_cupy.driver().standin_count(what)


def recorded(f):
    return [known.recorded for known in f._gpu.plain.values()]


def again(cupy, function, *given, times=6):
    """Calls with fresh arrays of one kind; each answer is NumPy's."""
    f = ag.compile(function)
    for k in range(times):
        own = [np.asarray(x + k) if isinstance(x, np.ndarray) else x for x in given]
        answer = f(*[cupy.asarray(x) if isinstance(x, np.ndarray) else x for x in own])
        want = function(*own)
        pairs = zip(answer, want) if isinstance(want, tuple) else [(answer, want)]
        for got, expected in pairs:
            got = cupy.asnumpy(got) if isinstance(got, cupy.ndarray) else got
            np.testing.assert_allclose(got, expected, rtol=1e-12)
    return f


def test_a_call_that_comes_again_is_started_from_its_record(cupy, launcher):
    f = again(cupy, lambda x, y, s: (np.exp(x) * y + s, x.sum(axis=0)), RNG.random((5, 6)),
              RNG.random(6), 0.5)  # fmt: skip
    assert all(recorded(f)) and len(recorded(f)) == 1
    before = count(LAUNCHED)
    f(cupy.asarray(np.ones((5, 6))), cupy.asarray(np.ones(6)), 2.0)
    assert count(LAUNCHED) > before


def test_numbers_come_from_the_call_and_integers_decide_the_kind(cupy, launcher):
    f = ag.compile(lambda x, s, n: x[n:] * s)
    x = cupy.asarray(np.arange(5.0))
    for s, n in ((1.0, 1), (2.0, 1), (3.0, 1), (4.0, 1), (5.0, 2), (6.0, 2), (7.0, 2)):
        np.testing.assert_array_equal(cupy.asnumpy(f(x, s, n)), np.arange(5.0)[n:] * s)


ROW = np.arange(12.0).reshape(3, 4)
KINDS = {
    "nothing in it": (lambda x: (x * 2, x.sum(axis=0)), np.zeros((0, 5))),
    "rank 0": (lambda x: x * 2, np.array(3.0)),
    "complex number": (lambda x, s: x * s, ROW, 1 + 2j),
    "bool": (lambda x, s: np.where(s, x, -x), ROW, True),
    "NumPy's numbers": (lambda x, s, n: x * s + n, ROW, np.float32(2), np.int64(3)),
    "view and argument": (lambda x: (x[1:], x), ROW),
    "constants": (lambda x: x[np.array([2, 0])] + np.array([1.0, 2, 3, 4]), ROW),
    "a position": (lambda x: np.argmax(x), ROW),
}


@pytest.mark.parametrize("kind", KINDS)
def test_kinds_of_arguments_and_results(cupy, kind):
    function, *given = KINDS[kind]
    assert all(recorded(again(cupy, function, *given, times=4)))


def test_sums_with_counters_and_grid_barriers(cupy, launcher):
    def f(w, x):
        h = np.zeros(w.shape[0])
        for t in range(x.shape[0]):
            h = np.tanh(w @ h + x[t])
        return h, x.sum(), x.max()

    made = again(cupy, f, RNG.random((90, 90)) / 90, RNG.random((3, 90)))
    assert all(recorded(made))


def test_errors_are_raised_from_records_too(cupy, launcher):
    f = ag.compile(lambda x, i: x[i] * 2)
    x, good = cupy.asarray(np.arange(4.0)), cupy.asarray(np.array([3, 0]))
    for _ in range(3):
        np.testing.assert_array_equal(cupy.asnumpy(f(x, good)), [6, 0])
    assert all(recorded(f))
    for _ in range(2):
        with pytest.raises(IndexError, match="index 9"):
            f(x, cupy.asarray(np.array([1, 9])))
        np.testing.assert_array_equal(cupy.asnumpy(f(x, good)), [6, 0])


def test_arrays_are_written_by_records(cupy, launcher):
    def update(x, y):
        x[1:] += y[:-1]

    f, x, y = ag.compile(update), np.arange(5.0), np.ones(5)
    own = cupy.asarray(x)
    for _ in range(5):
        f(own, cupy.asarray(y))
        update(x, y)
    np.testing.assert_array_equal(cupy.asnumpy(own), x)
    assert all(recorded(f))


def test_one_array_given_twice_is_not_taken_for_a_rule(cupy, launcher):
    f = ag.compile(lambda x, y: x - 2 * y)
    x, y = cupy.asarray(np.arange(3.0)), cupy.asarray(np.ones(3))
    for a, b in ((x, x), (x, x), (x, x), (x, y), (x, y), (x, x), (y, x)):
        want = cupy.asnumpy(a) - 2 * cupy.asnumpy(b)
        np.testing.assert_array_equal(cupy.asnumpy(f(a, b)), want)


def test_plans_that_read_values_on_the_way_run_as_they_are(cupy, launcher):
    def f(x):
        return x[x > 0.5] * 2

    assert not any(recorded(again(cupy, f, np.array([0.1, 0.6, 0.7]), times=4)))


def pool(real):
    """Gives the same memory for the same request, as a pool does when results are dropped."""
    kept = {}

    def empty(shape, dtype=float):
        own = kept.setdefault((str(shape), np.dtype(dtype)), real(shape, dtype))
        strides = np.empty(shape, dtype).strides
        return fake_cupy.ndarray(np.empty(shape).shape, dtype, memptr=own.data, strides=strides)

    return empty


def several(x):
    high = x.max(axis=1)
    e = np.exp(x - high.max())
    return x.sum(axis=0), high, np.cumsum(e / e.sum(), axis=0)


def test_several_launches_become_one_graph_where_addresses_come_again(cupy, launcher, monkeypatch):
    monkeypatch.setattr(cupy, "empty", pool(cupy.empty))
    monkeypatch.setattr(graphs, "_WORTH", 2)
    made, f = ag.compile(several), several
    host = RNG.random((40, 50))
    x = cupy.asarray(host)
    for _ in range(6):
        for got, want in zip(made(x), f(host)):
            np.testing.assert_allclose(cupy.asnumpy(got), want, rtol=1e-12)
    assert count(MADE) == 1 and count(GRAPHS) >= 2
    started = count(LAUNCHED)
    made(x)
    assert count(LAUNCHED) == started
    with config(cuda_graphs=False):
        made(x)
    assert count(LAUNCHED) > started


@pytest.mark.parametrize("kind", [3, 4])
def test_a_graph_that_the_driver_refuses_is_done_without(cupy, launcher, monkeypatch, kind):
    monkeypatch.setattr(cupy, "empty", pool(cupy.empty))
    monkeypatch.setattr(graphs, "_WORTH", 2)
    made, f, host = ag.compile(several), several, RNG.random((40, 50))
    fake_cupy.driver().standin_refuse(kind, 900, 100)
    for _ in range(6):
        for got, want in zip(made(cupy.asarray(host)), f(host)):
            np.testing.assert_allclose(cupy.asnumpy(got), want, rtol=1e-12)


def test_threads_share_a_record(cupy, launcher):
    f = ag.compile(lambda x, s: x.sum() + x * s)
    host = RNG.random(3000)
    x = cupy.asarray(host)
    for _ in range(3):
        f(x, 1.0)
    wrong = []

    def work(s):
        for _ in range(5):
            got = cupy.asnumpy(f(x, s))
            if not np.allclose(got, host.sum() + host * s, rtol=1e-12):
                wrong.append(s)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(3)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    assert not wrong


def test_streams_have_counters_of_their_own(cupy):
    from arignote.emit.cuda.runtime.devices import cuda

    f = ag.compile(lambda x: x.sum())
    x = cupy.asarray(np.ones(5000))
    for ptr in (0, 64, 0, 2):
        cupy.streams.append(fake_cupy.Stream(ptr))
        assert f(x) == 5000
    assert len(cuda()._counters) == 3


def test_streams_have_workspaces_of_their_own(cupy):
    from arignote.emit.cuda.runtime.devices import cuda

    f = ag.compile(lambda a, b: a @ b)
    a, b = cupy.asarray(RNG.random((40, 50))), cupy.asarray(RNG.random((50, 60)))
    for ptr in (0, 64, 64, 0):
        cupy.streams.append(fake_cupy.Stream(ptr))
        for _ in range(3):
            np.testing.assert_allclose(cupy.asnumpy(f(a, b)), cupy.asnumpy(a) @ cupy.asnumpy(b))
    assert len({x.data.ptr for x in cuda()._workspaces.values()}) == 2


def test_a_refused_launch_of_a_record_says_why(cupy, launcher):
    f, x = ag.compile(lambda x: x + 1), cupy.asarray(np.arange(3.0))
    for _ in range(3):
        f(x)
    fake_cupy.driver().standin_refuse(0, 700, 1)
    with pytest.raises(DeviceError, match="refuses the launch: error 700.*outside its memory"):
        f(x)


def test_arrays_that_nobody_may_change_are_not_written(cupy):
    class Tensor(fake_cupy.ndarray):
        __module__ = "jaxlib.xla_extension"

    def f(x):
        x[0] = 1.0

    with pytest.raises(UnsupportedError, match="array of JAX"):
        ag.compile(f)(Tensor.of(np.zeros(3)))


def test_memory_of_others_is_held_until_kernels_have_ended(cupy, monkeypatch):
    from arignote.emit.cuda.runtime.devices import cuda

    class Tensor:
        host = np.arange(3.0)

        def __dlpack_device__(self):
            return 2, 0

        def __dlpack__(self):
            raise AssertionError("from_dlpack calls this")

    f = ag.compile(lambda x: x + 1)
    monkeypatch.setattr(fake_cupy.Event, "done", False)
    for n in (1, 2, 3):
        f(Tensor())
        assert len(cuda()._foreign) == n
    monkeypatch.setattr(fake_cupy.Event, "done", True)
    f(Tensor())
    assert len(cuda()._foreign) == 1


def test_more_blocks_than_fit_at_once_are_made_fewer(cupy):
    def f(w, x):
        h = np.zeros(w.shape[0])
        for t in range(x.shape[0]):
            h = np.tanh(w @ h + x[t])
        return h

    from arignote.emit.cuda.runtime.devices import cuda

    w, x = RNG.random((2000, 2000)) / 2000, RNG.random((2, 2000))
    made, own = ag.compile(f), (cupy.asarray(w), cupy.asarray(x))
    made(*own)
    cuda().info = replace(cuda().info, sms=2)
    fake_cupy.driver().standin_refuse(1, 720, 1)
    for _ in range(3):
        np.testing.assert_allclose(cupy.asnumpy(made(*own)), f(w, x), rtol=1e-10)
    assert count(TOGETHER) == 5 and recorded(made)[0].steps[-1].sizes[0] == 2


def layer(w, x, c):
    y = np.tanh(x @ w)
    c -= 2.0 * (y.T @ x)
    return (y * y) @ w.T[:, 0], x.T @ y[:, 1]


PRODUCTS_OF = {
    "float64": np.float64, "float32": np.float32, "complex128": np.complex128,
}  # fmt: skip


@pytest.mark.parametrize("dtype", PRODUCTS_OF)
def test_products_are_recorded_with_the_kernels(cupy, launcher, dtype):
    w, x, c = (RNG.random(s).astype(PRODUCTS_OF[dtype]) for s in ((50, 40), (70, 50), (40, 50)))
    made = ag.compile(layer)
    kept, own = c.copy(), cupy.asarray(c)
    near = 2e-4 if dtype == "float32" else 1e-12
    for k in range(5):
        before = count(PRODUCTS)
        got = made(cupy.asarray(w + k), cupy.asarray(x), own)
        for a, b in zip(got, layer(w + k, x, kept), strict=True):
            np.testing.assert_allclose(cupy.asnumpy(a), b, rtol=near)
        np.testing.assert_allclose(cupy.asnumpy(own), kept, rtol=near)
    assert all(recorded(made)) and count(PRODUCTS) - before >= 2  # small ones may be loops


def test_products_are_captured_in_graphs(cupy, launcher, monkeypatch):
    monkeypatch.setattr(cupy, "empty", pool(cupy.empty))
    monkeypatch.setattr(graphs, "_WORTH", 2)
    w, x, c = (RNG.random(s) for s in ((50, 40), (70, 50), (40, 50)))
    made, kept = ag.compile(layer), c.copy()
    own = [cupy.asarray(a) for a in (w, x, c)]
    for _ in range(6):
        for a, b in zip(made(*own), layer(w, x, kept), strict=True):
            np.testing.assert_allclose(cupy.asnumpy(a), b, rtol=1e-12)
        np.testing.assert_allclose(cupy.asnumpy(own[2]), kept, rtol=1e-12)
    assert count(MADE) == 1 and count(GRAPHS) >= 2


def test_a_refused_product_says_so(cupy, launcher):
    made = ag.compile(lambda a, b: a @ b + 1)
    a, b = cupy.asarray(RNG.random((40, 50))), cupy.asarray(RNG.random((50, 60)))
    for _ in range(3):
        made(a, b)
    fake_cupy.driver().standin_refuse(6, 13, 1)
    with pytest.raises(DeviceError, match="cublasDgemm_v2: cuBLAS refuses it with status 13"):
        made(a, b)
    made(a, b)


def test_without_the_librarys_own_functions_calls_run_as_they_are(cupy, monkeypatch):
    from arignote.emit.cuda.runtime import cublas

    monkeypatch.setattr(cublas, "library", lambda: None)
    f = again(cupy, lambda a, b: a @ b, RNG.random((40, 50)), RNG.random((50, 60)))
    assert not any(recorded(f))
