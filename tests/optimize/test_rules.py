"""Every rule: it fires, types agree, it keeps its promise, excluding it works, twice is once."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.verify import verify
from arignote.optimize.pipeline import optimize
from arignote.optimize.rewrite import Report, rewrite
from arignote.optimize.rule import OPT_IN, RULES
from tests.optimize.samples import samples

NAMES = sorted(RULES)


@pytest.mark.parametrize("name", NAMES)
def test_rule_fires_and_keeps_its_promise(name: str) -> None:
    r = RULES[name]
    fired = 0
    for graph, feeds in samples(r):
        report = Report()
        new = rewrite(graph, [r], report)
        if name not in report.fired:
            continue
        fired += 1
        verify(new, name)
        assert [o.type for o in new.outputs] == [o.type for o in graph.outputs]
        for before, after in zip(interpret(graph, feeds), interpret(new, feeds), strict=True):
            agree(before, after, r.keeps)
    assert fired, f"{name} fired on none of its samples"


def agree(before: np.ndarray, after: np.ndarray, promise: str) -> None:
    """Equal to the bit (any nan is a nan), or over the reals."""
    before, after = np.asarray(before), np.asarray(after)
    assert before.dtype == after.dtype and before.shape == after.shape
    if promise == "bits" and before.dtype.kind in "fc":
        for a, b in ((before.real, after.real), (before.imag, after.imag)):
            np.testing.assert_array_equal(a, b)
            known = ~np.isnan(a)
            np.testing.assert_array_equal(np.signbit(a[known]), np.signbit(b[known]))
    elif before.dtype.kind in "fc":
        tolerance = 1e-12 if before.dtype.itemsize >= 8 and before.dtype != "c8" else 2e-6
        np.testing.assert_allclose(before, after, rtol=tolerance, atol=tolerance)
    else:
        np.testing.assert_array_equal(before, after)


@pytest.mark.parametrize("name", NAMES)
def test_an_excluded_rule_does_not_fire(name: str) -> None:
    including = (OPT_IN,)
    for graph, _ in samples(RULES[name])[:2]:
        report = Report()
        optimize(graph, excluding=(name,), including=including, report=report)
        assert name not in report.fired


@pytest.mark.parametrize("name", NAMES)
def test_optimizing_twice_changes_nothing(name: str) -> None:
    for graph, feeds in samples(RULES[name])[:3]:
        once = optimize(graph, check=True)
        assert optimize(once) is once
        tight = RULES[name].keeps == "bits" and not any(o.dtype.kind == "c" for o in graph.outputs)
        if tight:
            for before, after in zip(interpret(graph, feeds), interpret(once, feeds), strict=True):
                agree(before, after, "reals")


def test_every_rule_says_what_becomes_what() -> None:
    for r in RULES.values():
        assert "->" in r.doc, r.name
