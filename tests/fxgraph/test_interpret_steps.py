"""What the steps of a loop compute is planned once, and anew where they know other values."""

import numpy as np
import pytest

from arignote.fxgraph import interpret
from arignote.optimize.loopnest import simulate
from arignote.specialise import traced
from arignote.trace.interpreted import feeds_of
from arignote.trace.pytree import flatten
from tests.optimize.loopnest.scheduling import run, scheduled


def halved(a, n):
    s = 0.0
    for i in range(n):
        if a[i] > 0.5:
            s = s + a[i] * a[i]
        else:
            for j in range(2):
                s = s * 0.5 + j
    return s


def late(a, b, n):
    s = 0.0
    for i in range(n):
        t = b.sum() if i > 2 else 1.0
        if i > 4:
            t = t + b.sum() * b.max()
        s = s + t * a[i]
    return s


def counted(monkeypatch, module, name):
    calls = []
    real = getattr(module, name)
    monkeypatch.setattr(module, name, lambda *a, **k: calls.append(1) or real(*a, **k))
    return calls


def interpreted(function, *args):
    leaves, tree = flatten((args, {}))
    trace, _ = traced(function, tree, leaves)
    return interpret.evaluate(trace.graph.outputs, feeds_of(trace, leaves))[0]


@pytest.mark.parametrize("n", [20, 200])
def test_a_body_is_planned_once(n, monkeypatch):
    a = np.linspace(0, 1, n)
    calls = counted(monkeypatch, interpret, "needed_order")
    assert interpreted(halved, a, n) == halved(a, n)
    assert len(calls) < 30


@pytest.mark.parametrize("n", range(1, 8))
def test_steps_that_know_more_are_planned_again(n):
    a, b = np.linspace(0, 1, 8), np.linspace(1, 2, 5)
    assert interpreted(late, a, b, n) == pytest.approx(late(a, b, n), rel=1e-15)


def test_an_expression_of_a_program_is_ordered_once(monkeypatch):
    a = np.linspace(0, 1, 200)
    program = scheduled("pinning", halved, a=a, n=200).before
    calls = counted(monkeypatch, simulate, "order_of")
    assert run(program, {"a": a, "n": 200})[0] == halved(a, 200)
    assert len(calls) < 60
