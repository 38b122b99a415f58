"""Ops by the user: values against the function itself, derivatives, C, checks, pickles."""

import os
import pickle
import subprocess
import sys

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ShapeError, TraceError
from arignote.fxgraph.node import OPS
from arignote.optimize.loopnest.program import Loop

A = np.random.default_rng(3).standard_normal((3, 4))
B = np.random.default_rng(4).standard_normal((4, 5))


@ag.op(scalar_c="{a} / (1 + fabs{f}({a}))", vjp=lambda g, out, a: (g / (1 + np.abs(a)) ** 2,))
def soft(a):
    return a / (1 + np.abs(a))


@ag.op(
    shape=lambda a, b: (a[0], b[1]),
    vjp=lambda g, out, a, b: (g @ b.T, a.T @ g),
    c="""
    for (int64_t i = 0; i < out_shape[0]; i++)
        for (int64_t j = 0; j < out_shape[1]; j++) {
            T sum = 0;
            for (int64_t k = 0; k < a_shape[1]; k++)
                sum += a[i * a_strides[0] + k * a_strides[1]]
                     * b[k * b_strides[0] + j * b_strides[1]];
            out[i * out_shape[1] + j] = sum;
        }
    """,
)
def product(a, b):
    return a @ b


@ag.op(
    shape=lambda a, *, times: [(a[0],), (a[1] * times,)],
    vjp=lambda g, out, a, *, times: (
        g[0][:, None] + np.sum(np.reshape(g[1], (-1, times)), 1)[None, :] + np.zeros_like(a)
    ),
)
def sums(a, *, times=2):
    return a.sum(1), np.repeat(a.sum(0), times)


@ag.op(ndim=1, vjp=lambda g, out, a: (np.where(a > 0, 1.0, 0.0),))
def positive(a):
    return a[a > 0]


# ---- elementwise ---------------------------------------------------------------------------------
@pytest.mark.parametrize("dtype", ["f4", "f8", "i8"])
def test_an_elementwise_op_joins_its_loop(dtype):
    x = (3 * A).astype(dtype)
    run = ag.compile(lambda x: soft(x * 2) + 1)
    want = soft((x * 2).astype("f8" if dtype == "i8" else dtype)) + 1
    np.testing.assert_allclose(run(x), want, rtol=1e-6)
    assert run(x).dtype == want.dtype
    assert sum(isinstance(s, Loop) for s in run.program(x).statements) == 1


def test_its_derivative():
    ag.check_grad(lambda x: np.sum(soft(x * 2) ** 2), A)
    with pytest.raises(TraceError, match="one to three operands"):
        ag.op(lambda a, b, c, d: a, scalar_c="{a}")


# ---- arrays --------------------------------------------------------------------------------------
def test_an_op_with_c():
    run = ag.compile(lambda a, b: product(a[:, ::-1], b) * 2)
    np.testing.assert_allclose(run(A, B), 2 * A[:, ::-1] @ B)
    assert "an_array_" in run.source(A, B)
    ag.check_grad(lambda a, b: np.sum(np.sin(product(a, b))), A, B)
    assert run.validate(A, B)


def test_other_dtypes_go_by_the_numpy_meaning():
    run = ag.compile(product)
    a = np.arange(6).reshape(2, 3)
    np.testing.assert_array_equal(run(a, a.T), a @ a.T)
    single = run(A.astype("f4"), B.astype("f4"))
    assert single.dtype == np.float32
    np.testing.assert_allclose(single, A @ B, rtol=1e-4)


def test_c_that_is_wrong_is_found_by_validation():
    body = "for (int64_t i = 0; i < a_shape[0]; i++) out[i] = a[i * a_strides[0]] + 1e-3;"

    @ag.op(shape=lambda a: a, c=body, c_dtypes="d")
    def same(a):
        return a.copy()

    report = ag.compile(lambda a: same(a) * 2).validate(A[0])
    assert not report
    assert "same" in str(report)


def test_several_results_and_keywords():
    run = ag.compile(lambda a: sums(a, times=3))
    for got, want in zip(run(A), sums(A, times=3)):
        np.testing.assert_allclose(got, want)
    ag.check_grad(lambda a: np.sum(np.sin(sums(a)[0])) + np.sum(sums(a)[1] ** 2), A)
    with pytest.raises(TypeError, match="other"):
        ag.compile(lambda a: sums(a, other=1))(A)


def test_sizes_that_only_the_run_knows():
    run = ag.compile(lambda a: positive(a) * 2)
    for x in (A[0], A.ravel(), -np.ones(3)):
        np.testing.assert_allclose(run(x), 2 * x[x > 0])
    np.testing.assert_array_equal(
        ag.grad(lambda a: np.sum(positive(a)))(A.ravel()), (A.ravel() > 0) * 1.0
    )


def test_in_loops():
    def steps(a, b):
        for _ in range(3):
            a = np.tanh(product(a, b))
        return a

    square = B[:, :4]
    np.testing.assert_allclose(ag.compile(steps)(A, square), steps(A, square))
    ag.check_grad(lambda a, b: np.sum(steps(a, b)), A, square)


def test_a_wrong_shape_is_said():
    @ag.op(shape=lambda a: (a[0] + 1,))
    def wrong(a):
        return a * 2

    with pytest.raises(ShapeError, match="its rule said"):
        ag.compile(wrong)(A[0])
    with pytest.raises(TraceError, match="shape="):
        ag.op(lambda a: a)


def test_forward_rules_come_from_reverse_ones():
    t = np.ones_like(A)
    value, tangent = ag.jvp(lambda a: product(a, B), (A,), (t,))
    np.testing.assert_allclose(tangent, t @ B)


def test_as_op_has_theanos_form():
    @ag.as_op(
        itypes=[("f8", 2)], otypes=[("f8", 1)], infer_shape=lambda f, n, shapes: [shapes[0][1:]]
    )
    def columns(a):
        return a.sum(0)

    @ag.as_op(otypes=("f8", 1))
    def unique(a):
        return np.unique(a)

    np.testing.assert_allclose(ag.compile(lambda a: columns(a) + 1)(A), A.sum(0) + 1)
    np.testing.assert_allclose(ag.compile(lambda a: unique(a) * 2)(np.array([2.0, 1, 2])), [2, 4])


def test_defining_again_replaces_and_built_in_names_stay():
    def make(k):
        return ag.op(lambda a: a * k, shape=lambda a: a, name="exp")

    built_in = OPS["exp"]
    for k in (2, 3):
        op = make(k)
        np.testing.assert_allclose(ag.compile(lambda a, op=op: op(a))(A), k * A)
    assert OPS["exp"] is built_in and np.allclose(ag.compile(np.exp)(A), np.exp(A))


def test_operands_that_a_function_keeps_stay_as_they_were():
    """They are in memory of kernels, which is used again."""
    kept = []

    @ag.op(shape=lambda x: x, name="kept_operand")
    def keeping(x):
        kept.extend((x, x[1:]))
        return x * 2

    f = ag.compile(lambda a: keeping(np.sqrt(a) + 1.0) + keeping(a[::2]).sum())
    a = np.linspace(0.0, 1.0, 200)
    f(a)
    held = [k.copy() for k in kept]
    del a
    for n in range(20):
        f(np.full(200, float(n)))
    for x, before in zip(kept, held):
        np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("runtime", ["compiled", "plain"])
def test_what_frames_of_an_error_hold_is_theirs(runtime):
    """Debuggers show what is in frames, when the memory of kernels is gone."""
    done = subprocess.run(
        [sys.executable, "-c", FRAMES], capture_output=True, text=True,
        env={**os.environ, "WITHOUT": "arignote.emit.runtime" if runtime == "plain" else ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


FRAMES = """
import os, sys
if os.environ["WITHOUT"]:
    sys.modules[os.environ["WITHOUT"]] = None
import numpy as np, arignote as ag

@ag.op(shape=lambda x: x)
def refusing(x):
    if x[0] > 2:
        raise ValueError("too much")
    return x * 2

f = ag.compile(lambda a: refusing(np.sqrt(a) + 1.0) + 1.0)
f(np.ones(300))
try:
    f(np.full(300, 4.0))
except ValueError as error:
    at, seen = error.__traceback__.tb_next, 0
    while at is not None:
        for value in at.tb_frame.f_locals.values():
            for x in value if isinstance(value, tuple | list) else (value,):
                if isinstance(x, np.ndarray):
                    assert x.flags.owndata or isinstance(x.base, bytes | np.ndarray)
                    seen += set(x.ravel()) == {3.0}
        at = at.tb_next
    assert seen
else:
    raise SystemExit("no error")
"""


def test_an_op_pickles_by_name():
    assert pickle.loads(pickle.dumps(product)) is product


def test_an_op_with_cuda_needs_a_rule_for_shapes():
    with pytest.raises(TraceError, match="needs shape="):

        @ag.op(ndim=1, cuda="out[0] = 0;")
        def on_gpu(a):
            return a + 1


# ---- functions as ops ----------------------------------------------------------------------------
def test_op_from_graph_with_overrides():
    f = lambda x, y: np.sum(x * y, 0)
    plain = ag.OpFromGraph(f)
    np.testing.assert_allclose(ag.compile(plain)(A, 2 * A), f(A, 2 * A))
    some = ag.OpFromGraph(f, grad_overrides=[lambda inputs, g: inputs[1] * g * 10, None])
    gx, gy = ag.grad(lambda x, y: np.sum(some(x, y)), (0, 1))(A, 2 * A)
    np.testing.assert_allclose(gx, 20 * A)
    np.testing.assert_allclose(gy, A)
    every = ag.OpFromGraph(f, grad_overrides=lambda inputs, g: [None, inputs[0] * g * 5])
    gx, gy = ag.grad(lambda x, y: np.sum(every(x, y)), (0, 1))(A, 2 * A)
    np.testing.assert_array_equal(gx, 0)
    np.testing.assert_allclose(gy, 5 * A)


def test_operands_of_one_another():
    some = ag.OpFromGraph(lambda x, y: x * y, grad_overrides=[None, lambda inputs, g: g * 0])
    np.testing.assert_allclose(ag.grad(lambda x: np.sum(some(x, 3 * x)))(A), 3 * A)
