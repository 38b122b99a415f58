"""Reductions over processes that are threads here: values, derivatives, buckets, names, errors."""

import sys
import threading

import numpy as np
import pytest

import arignote as ag
from arignote.distributed import all_reduce, all_reduce_tree, communicator
from arignote.errors import UnsupportedError

JOIN = {"sum": np.add, "prod": np.multiply, "max": np.maximum, "min": np.minimum}


class Threads:
    """A communicator whose processes are the threads of one; counts what is sent."""

    def __init__(self, count):
        self.count, self.messages = count, 0
        self.local = threading.local()
        self.barrier = threading.Barrier(count, timeout=60)
        self.sent = [None] * count

    def Get_size(self):
        return self.count

    def Get_rank(self):
        return self.local.rank

    def Allreduce(self, send, receive, op):
        rank = self.local.rank
        self.sent[rank] = send.copy()
        self.barrier.wait()
        receive[...] = JOIN[op].reduce(self.sent)
        self.messages += rank == 0
        self.barrier.wait()

    def run(self, function, *parts):
        """function(*part) in every thread, one part each; the answers."""
        answers = [None] * self.count

        def call(rank):
            self.local.rank = rank
            try:
                answers[rank] = function(*parts[rank])
            except BaseException as error:
                answers[rank] = error
                self.barrier.abort()

        threads = [threading.Thread(target=call, args=(k,)) for k in range(self.count)]
        for t in threads:
            t.start()
        for t in threads:
            t.join()
        for a in answers:
            if isinstance(a, BaseException):
                raise a
        return answers


@pytest.fixture(scope="module")
def three():
    threads = Threads(3)
    communicator(threads, name="three")
    return threads


PARTS = [(np.random.default_rng(k).uniform(0.5, 2, (4, 3)),) for k in range(3)]
STACK = np.stack([p[0] for p in PARTS])


@pytest.mark.parametrize("op", ["sum", "mean", "prod", "max", "min"])
def test_values(three, op):
    want = getattr(np, op)(STACK, axis=0)
    run = ag.compile(lambda x: all_reduce(x * 2, op, "three") + 1)
    scale = 8 if op == "prod" else 2
    for function, expected in [
        (run, scale * want + 1),
        (lambda x: all_reduce(x, op, "three"), want),
    ]:
        for answer in three.run(function, *PARTS):
            np.testing.assert_allclose(answer, expected)


@pytest.mark.parametrize("op", ["sum", "mean", "prod", "max"])
def test_gradients_are_those_of_the_sum_of_all_losses(three, op):
    weights = [np.random.default_rng(k + 9).standard_normal((4, 3)) for k in range(3)]

    def total(stack):
        out = getattr(np, op)(stack, axis=0)
        return sum(np.sum(w * np.sin(out)) for w in weights)

    want = np.zeros_like(STACK)
    for at in np.ndindex(*STACK.shape):
        step = np.zeros_like(STACK)
        step[at] = 1e-6
        want[at] = (total(STACK + step) - total(STACK - step)) / 2e-6
    run = ag.compile(ag.grad(lambda x, w: np.sum(w * np.sin(all_reduce(x, op, "three")))))
    found = three.run(run, *[(p[0], w) for p, w in zip(PARTS, weights)])
    np.testing.assert_allclose(np.stack(found), want, rtol=1e-5, atol=1e-7)


def test_tangents(three):
    run = lambda x: ag.jvp(lambda a: all_reduce(a, "mean", "three"), (x,), (x * 2,))[1]
    for t in three.run(run, *PARTS):
        np.testing.assert_allclose(t, 2 * STACK.mean(0))


def test_many_small_arrays_travel_together(three):
    trees = [
        ({"a": p[0], "b": [p[0][0], np.float32(k) * np.ones(2, "f4")], "c": p[0].sum()},)
        for k, p in enumerate(PARTS)
    ]
    run = ag.compile(lambda tree: all_reduce_tree(tree, "sum", "three"))
    before = three.messages
    for answer in three.run(run, *trees):
        np.testing.assert_allclose(answer["a"], STACK.sum(0))
        np.testing.assert_allclose(answer["b"][0], STACK[:, 0].sum(0))
        np.testing.assert_allclose(answer["b"][1], [3, 3])
        np.testing.assert_allclose(answer["c"], STACK.sum())
        assert answer["b"][1].dtype == np.float32
    assert three.messages - before == 2  # one a dtype
    before = three.messages
    three.run(lambda t: all_reduce_tree(t, "sum", "three", bucket_bytes=100), *trees)
    assert three.messages - before == 3


def test_replicas_stay_equal(three):
    def loss(w, x):
        return np.sum((x @ w - 1) ** 2)

    @ag.compile
    def steps(w, x):
        for _ in range(4):
            w = w - 0.01 * all_reduce(ag.grad(loss)(w, x), "mean", "three")
        return w

    answers = three.run(steps, *[(np.zeros(3), p[0]) for p in PARTS])
    w = np.zeros(3)
    for _ in range(4):
        w = w - 0.01 * np.mean([2 * x.T @ (x @ w - 1) for x in STACK], axis=0)
    for a in answers:
        np.testing.assert_allclose(a, w)


def test_what_cannot_be_is_said(three, monkeypatch):
    with pytest.raises(ValueError, match="none of sum"):
        all_reduce(STACK, "median", "three")
    with pytest.raises(UnsupportedError, match="knows no communicator 'four'"):
        all_reduce(STACK, "sum", "four")
    monkeypatch.setitem(sys.modules, "mpi4py", None)
    with pytest.raises(UnsupportedError, match=r"pip install 'arignote\[mpi\]'"):
        all_reduce(STACK)
