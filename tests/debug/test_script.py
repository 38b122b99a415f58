"""The script of a report shows the difference again with nothing but arignote and NumPy."""

import math
import runpy

import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.errors import DebugError
from arignote.fxgraph.ops.arithmetic import negative
from arignote.optimize.rule import RULES

WEIGHTS = np.array([1.5, 2.0])
LINE = np.ones(3)


def soft(a):
    return np.log(1 + np.exp(a))


def reading(a):
    return soft(a).sum() * WEIGHTS[0] * math.pi


def closed():
    factor = 3.0

    def inner(a):
        return soft(a) * factor

    return inner


@pytest.fixture
def wrong_rule(monkeypatch):
    rule = RULES["softplus_form"]
    build = rule.build
    monkeypatch.setitem(rule.__dict__, "build", lambda **k: negative(build(**k)))


def found_again(report, tmp_path):
    """What the report's script finds."""
    script = tmp_path / "script.py"
    script.write_text(report.first.script.replace("assert report.ok", "found = report.first"))
    return runpy.run_path(str(script))["found"]


@pytest.mark.parametrize("seconds", [0.0, 0.5])
@pytest.mark.parametrize(
    ("make", "args"),
    [
        (lambda: ag.compile(reading), (LINE,)),
        (lambda: ag.compile(lambda a: np.log(1 + np.exp(a)) * 2), (LINE,)),
        (lambda: ag.compile(closed()), (LINE,)),
        (lambda: ag.vmap(reading, in_axes=1), (np.ones((3, 2)),)),
        (lambda: ag.value_and_grad(lambda b, a: reading(a) * b, argnums=1), (1.0, LINE)),
    ],
    ids=["reads arrays and functions", "lambda", "closure", "vmap", "derivative of a lambda"],
)
def test_scripts_of_functions_of_every_kind(wrong_rule, tmp_path, make, args, seconds):
    with config(debug_reduce=seconds):
        report = make().validate(*args)
    assert report.first.blame == "softplus_form"
    assert found_again(report, tmp_path).blame == "softplus_form"


def test_ops_of_a_user_are_part_of_the_script(tmp_path):
    @ag.op(shape=lambda x: x, vjp=lambda g, out, x: (g * 3 * x,))
    def squared(x):
        return x * x

    with config(debug_reduce=0.0):
        report = ag.compile(lambda a: squared(a).sum()).validate(LINE * 0.7, gradients=True)
    assert report.first.stage == "gradient" and "squared" in report.first.blame
    assert found_again(report, tmp_path).stage == "gradient"
    with config(debug_reduce=0.0):
        report = ag.grad(lambda a: squared(a).sum()).validate(LINE * 0.7)
    assert found_again(report, tmp_path).stage == "gradient"


def test_rules_of_a_user_are_part_of_the_script(tmp_path):
    @ag.rule(lambda x: np.arcsinh(np.sinh(x)), everywhere=False)
    def nearly(x):
        """arcsinh(sinh(x)) -> 1.1 x"""
        return x * 1.1

    f = ag.compile(lambda a: np.arcsinh(np.sinh(a)) + 1, rules=[nearly])
    with config(debug_reduce=0.0):
        report = f.validate(LINE)
    assert report.first.blame == "nearly"
    assert found_again(report, tmp_path).blame == "nearly"
    checked = ag.compile(f.__wrapped__, rules=[nearly], mode="DEBUG_MODE")
    with pytest.raises(DebugError, match="nearly"):
        checked(LINE)


def test_what_is_not_to_be_written_down_is_imported():
    @ag.custom_vjp
    def cubed(x):
        return x * x * x

    cubed.defvjp(lambda x: (x * x * x, x), lambda x, g: (g * 2 * x,))
    with config(debug_reduce=0.0):
        report = ag.compile(lambda a: cubed(a).sum()).validate(LINE * 0.7, gradients=True)
    assert report.first.stage == "gradient"
    assert f"from {__name__} import cubed" in report.first.script
