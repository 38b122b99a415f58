"""`f.validate` and DEBUG_MODE of what is no plain function: derivatives, batches, lists of run-time
length, and functions that print or stop."""

import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.debug.lowering import backwards
from arignote.fxgraph.node import OPS
from tests.debug import victims

V = np.linspace(0.1, 2.0, 7)
A = np.linspace(-1.0, 1.0, 12).reshape(3, 4)


def damped(x):
    s = 0.0
    for i in range(len(x)):
        s = s * 0.5 + np.tanh(x[i]) * x[i]
    return s


DERIVED = {
    "grad": (ag.grad(damped), (V,)),
    "value_and_grad": (ag.value_and_grad(damped), (V,)),
    "jacobian": (ag.jacobian(np.tanh), (V,)),
    "hessian": (ag.hessian(damped), (V,)),
    "hvp": (ag.hvp(damped), (V, V)),
    "vmap": (ag.vmap(damped), (A,)),
}


@pytest.mark.parametrize("name", DERIVED)
def test_transformations_are_validated(name):
    f, args = DERIVED[name]
    leaves = f.validate(*args)
    assert leaves.ok, str(leaves)
    names = [c.name for c in leaves.checks]
    # a derivative is held against the function that it is of, and its difference quotients
    assert ("gradients" in names) == (name not in ("hvp", "vmap"))


def test_debug_mode_of_a_gradient():
    with config(mode="DEBUG_MODE"):
        got = ag.grad(damped)(V)
    np.testing.assert_allclose(got, ag.grad(damped)(V))


def test_a_wrong_derivative_is_found(monkeypatch):
    right = OPS["tanh"].vjp
    wrong = lambda g, out, x: tuple(OPS["multiply"](d, 1.5) for d in right(g, out, x))
    monkeypatch.setitem(vars(OPS["tanh"]), "vjp", wrong)
    report = ag.grad(lambda x: np.sum(np.tanh(x) * x)).validate(V)
    assert not report and report.first.stage == "gradient" and report.first.blame == "tanh"


def test_lists_of_run_time_length():
    @ag.compile
    def f(x):
        kept = []
        for i in range(len(x)):
            if x[i] > 0.5:
                kept.append(x[i] * 0.1)
        return kept, np.cumsum(x)

    report = f.validate(V, samples=6)
    assert report.ok, str(report)


def test_nothing_is_printed_and_no_debugger_started(capsys, monkeypatch):
    started = []
    monkeypatch.setattr("sys.breakpointhook", lambda: started.append(1))

    @ag.compile
    def loud(x):
        s = ag.print(x.sum(), "s")
        ag.breakpoint(s > 0, s=s)
        print("total", s)
        return s

    assert loud.validate(V, samples=2).ok
    assert capsys.readouterr().out == "" and not started
    loud(V)
    assert capsys.readouterr().out.count("total") == 1 and len(started) == 1


def test_debug_mode_prints_once_a_call(capsys):
    f = ag.compile(lambda x: print("total", x.sum()), mode="DEBUG_MODE")
    f(V)
    f(V)
    assert capsys.readouterr().out.count("total") == 2


def test_c_of_a_user_that_writes_behind_a_temporary_is_found():
    @ag.op(
        shape=lambda x: x,
        c="for (int64_t i = 0; i <= x_shape[0]; i++) out[i] = x[i * x_strides[0]] * 2;",
    )
    def doubled(x):
        return x * 2

    report = ag.compile(lambda x: doubled(x) + 1).validate(np.linspace(0, 1, 5))
    assert report.first.stage == "kernel" and "scratch of 40 bytes" in report.first.value


def test_an_op_that_is_not_pure_is_no_rounding():
    calls = []

    @ag.op(shape=lambda x: x)
    def growing(x):
        calls.append(0)
        return x * len(calls)

    report = ag.compile(lambda x: growing(x) + 1).validate(np.ones(3))
    assert report.first.stage == "trace" and report.first.tolerance == 0


def test_parallel_loops_of_several_rows_a_step_are_run_backwards_too():
    f = ag.compile(victims.windows)
    x, w = np.random.default_rng(1).random(11), np.random.default_rng(2).random((2, 9))
    program = f.program(x, w)
    assert "by 4" in str(program) and "by -4" in str(backwards(program))
    report = f.validate(x, w)
    assert report, str(report)
