"""`f.explain(*args)`: what it says about fusion, work, memory, calls, copies, rules and checks."""

import numpy as np
import pytest

import arignote as ag

rng = np.random.default_rng(0)


@ag.compile
def softmax_step(weights, images, labels):
    scores = images @ weights
    powers = np.exp(scores - scores.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True) - labels


@ag.compile
def triangle(a):
    total = 0.0
    for i in range(a.shape[0]):
        for j in range(i):
            total = total + a[i, j]
    return total


@ag.compile
def axpy(a, x, y):
    y[:] = a * x + y


@pytest.fixture(scope="module")
def softmax():
    return softmax_step.explain(rng.random((64, 10)), rng.random((300, 64)), rng.random((300, 10)))


def test_a_product_is_a_library_call_with_its_work(softmax):
    call = softmax.nests[0]
    assert call.kind == "gemm"
    assert call.flops == 2 * 300 * 64 * 10
    assert call.bytes == 8 * (300 * 64 + 64 * 10 + 300 * 10)


def test_one_nest_holds_the_lines_fused_into_it(softmax):
    assert [n.kind for n in softmax.nests] == ["gemm", "nest"]
    nest = softmax.nests[1]
    text = "\n".join(nest.lines)
    assert "np.exp" in text and "labels" in text
    assert all(line.startswith("test_explain.py:") for line in nest.lines)
    assert nest.loops.startswith("300 x (10")
    assert nest.parallel


def test_buffers_have_the_sizes_of_this_call(softmax):
    rows = {b.name: b for b in softmax.buffers}
    assert rows["images"].bytes == 8 * 300 * 64
    assert rows["images"].role == "argument"
    assert rows["out0"].type == "float64[300, 10]"
    assert any(b.role == "temporary" for b in softmax.buffers)


def test_numbers_follow_the_sizes_of_the_call():
    small, large = (axpy.explain(2.0, np.ones(n), np.ones(n)) for n in (10, 1000))
    assert small.flops == 20 and large.flops == 2000
    assert large.nests[0].bytes == 16000
    assert [n.lines for n in small.nests] == [n.lines for n in large.nests]


def test_written_arguments_are_marked():
    roles = {b.name: b.role for b in axpy.explain(2.0, np.ones(9), np.ones(9)).buffers}
    assert roles == {"x": "argument", "y": "argument, written"}


def test_triangles_are_counted_exactly():
    n = 11
    assert triangle.explain(np.ones((n, n))).flops == n * (n - 1) / 2


def test_what_the_data_decide_is_marked():
    @ag.compile
    def halvings(x):
        k = 0
        while x > 1.0:
            x = x / 2
            k = k + 1
        return k

    explained = halvings.explain(9.0)
    assert any(n.guessed for n in explained.nests)
    assert "≥" in str(explained)


def test_checks_that_remain_name_the_line():
    @ag.compile
    def pick(x, k):
        return x[k]

    explained = pick.explain(np.arange(5.0), np.array([1, 2]))
    assert any("x[k]" in line and "IndexError" in line for line in explained.checks)
    assert "checks while it runs" in str(explained)


def test_a_copy_is_there_with_its_reason():
    @ag.compile
    def relax(x, steps):
        y = x * 1.0
        for _ in range(steps):
            y[1:] = y[1:] + x[:-1]
            x = y.copy()
        return y

    explained = relax.explain(np.ones(6), 3)
    assert any("copies" in note or "copy" in note for note in explained.notes), explained


def test_rules_that_fired_are_listed_with_what_they_do():
    @ag.compile
    def square(x):
        return x * x

    fired = square.explain(np.ones(3)).fired
    assert any(rule.name == "multiply_self" and "square" in rule.doc for rule in fired)


def test_the_page_is_plain_text_of_100_columns(softmax):
    text = str(softmax)
    assert text == str(softmax)
    assert max(map(len, text.splitlines())) <= 100
    assert "\x1b" not in text
    for word in ("gemm", "np.exp", "images", "parallel", "compiled in"):
        assert word in text


def test_explaining_does_not_run_the_function():
    y = np.ones(4)
    axpy.explain(2.0, np.ones(4), y)
    assert (y == 1).all()
