"""Shared variables with device=cuda: where their values lie, and what a call moves."""

import pickle

import fake_cupy
import numpy as np
import pytest

import arignote.theano.tensor as T
from arignote.config import config
from arignote.theano import function, grad, shared

RNG = np.random.default_rng(0)


@pytest.fixture
def gpu(cupy, monkeypatch):
    monkeypatch.setitem(config._values, "device", "cuda")
    return cupy


class moved:
    """The transfers of a block: (to the GPU, back)."""

    def __enter__(self):
        self.before = tuple(fake_cupy.TRANSFERS.values())
        return self

    def __exit__(self, *_):
        after = tuple(fake_cupy.TRANSFERS.values())
        self.count = tuple(b - a for a, b in zip(self.before, after))


def regression():
    """(training function, weights, bias): the loss of data that are shared variables too."""
    x, y = shared(RNG.random((20, 3)), "x"), shared(RNG.random(20), "y")
    w, b = shared(np.zeros(3), "w"), shared(np.float64(0), "b")
    loss = ((T.dot(x, w) + b - y) ** 2).mean()
    slopes = grad(loss, [w, b])
    updates = [(w, w - 0.1 * slopes[0]), (b, b - 0.1 * slopes[1])]
    return function([], loss, updates=updates), w, b


def test_training_moves_nothing_but_the_loss(gpu):
    train, w, b = regression()
    with moved() as first:
        losses = [train()]
    assert first.count == (4, 1)  # x, y, w and b
    with moved() as later:
        losses += [train() for _ in range(5)]
    assert later.count == (0, 5)
    assert all(type(x) is np.ndarray for x in losses) and losses[5] < losses[0]
    assert isinstance(w.container.value, gpu.ndarray)


def test_training_is_as_on_the_cpu(gpu, monkeypatch):
    global RNG
    answers = []
    for device in ("cuda", "cpu"):
        RNG = np.random.default_rng(1)
        monkeypatch.setitem(config._values, "device", device)
        train, w, b = regression()
        answers.append(([train() for _ in range(4)], w.get_value(), b.get_value()))
    for got, want in zip(*answers, strict=True):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_values_are_copies_on_the_host_and_the_gpus_own_where_asked(gpu):
    w = shared(np.arange(3.0))
    step = function([], updates={w: w + 1})
    step()
    for borrow in (False, True):
        got = w.get_value(borrow=borrow)
        assert type(got) is np.ndarray
        got += 100
    own = w.get_value(borrow=True, return_internal_type=True)
    copy = w.get_value(return_internal_type=True)
    assert own is w.container.value and isinstance(copy, gpu.ndarray) and copy is not own
    step()
    np.testing.assert_array_equal(w.get_value(), [2, 3, 4])
    np.testing.assert_array_equal(gpu.asnumpy(copy), [1, 2, 3])


def test_values_are_set_from_host_and_gpu(gpu):
    w = shared(np.zeros(3))
    double = function([], w * 2)
    w.set_value(np.arange(3.0))
    with moved() as once:
        np.testing.assert_array_equal(double(), [0, 2, 4])
        double()
    assert once.count == (1, 2)
    given = gpu.asarray(np.ones(3))
    with moved() as nothing:
        w.set_value(given, borrow=True)
        double()
    assert nothing.count == (0, 1) and w.container.value is given
    w.set_value(given)
    assert w.container.value is not given
    with pytest.raises(TypeError, match="dimensions"):
        w.set_value(gpu.asarray(np.ones((2, 2))))
    w.zero()
    np.testing.assert_array_equal(double(), [0, 0, 0])


def test_arrays_of_the_gpu_become_shared_variables(gpu):
    v = shared(gpu.asarray(np.arange(4.0)), borrow=True)
    with moved() as m:
        assert function([], v.sum())() == 6
    assert m.count == (0, 1)


def test_sizes_change_and_variables_change_places(gpu):
    a, b = shared(np.arange(3.0)), shared(np.ones(2))
    swap = function([], [a, b], updates=[(a, b), (b, a)])
    for _ in range(3):
        swap()
    np.testing.assert_array_equal(a.get_value(), np.ones(2))
    np.testing.assert_array_equal(b.get_value(), np.arange(3.0))


def test_inputs_are_handed_over_at_each_call(gpu):
    total, x = shared(np.zeros(4)), T.dvector()
    add = function([x], total.sum(), updates={total: total + x})
    with moved() as m:
        for k in range(4):
            add(np.full(4, float(k)))
    assert m.count == (1 + 4, 4)
    np.testing.assert_array_equal(total.get_value(), np.full(4, 6.0))


def test_pickles_and_copies_hold_host_arrays(gpu):
    w = shared(np.arange(3.0))
    step = function([], updates={w: w + 1})
    step()
    again = pickle.loads(pickle.dumps(w))
    assert type(again.container.value) is np.ndarray
    np.testing.assert_array_equal(again.get_value(), [1, 2, 3])
    step.copy(share_memory=True)()
    np.testing.assert_array_equal(w.get_value(), [2, 3, 4])


def test_a_failing_call_changes_nothing(gpu):
    w, k = shared(np.arange(3.0)), T.lscalar()
    f = function([k], w[k], updates={w: w + 1})
    assert f(1) == 1
    with pytest.raises(IndexError):
        f(9)
    np.testing.assert_array_equal(w.get_value(), [1, 2, 3])


def test_checking_modes_look_at_host_arrays(gpu):
    w = shared(np.arange(3.0))
    f = function([], w * 2, updates={w: w + 1}, mode="DEBUG_MODE")
    g = function([], w * 2)
    g()
    np.testing.assert_array_equal(f(), [0, 2, 4])
    np.testing.assert_array_equal(g(), [2, 4, 6])
