"""Rewrites by the user: they fire where they should, only there, and are checked like others."""

import numpy as np
import pytest

import arignote as ag
from arignote.optimize.pipeline import rules as all_rules

X = np.random.default_rng(5).uniform(0.5, 2, 7)


@pytest.fixture
def mine():
    made = []
    yield made.append
    for name in made:
        ag.remove_rule(name)


def calls(run, *args):
    """What stands in the graph after rewriting."""
    return {n.op.name for n in run.compiled_for(*args).graph.order}


def test_a_rule_for_one_function(mine):
    @ag.rule(lambda x: np.arcsinh(np.sinh(x)), everywhere=False)
    def arcsinh_of_sinh(x):
        """arcsinh(sinh(x)) -> x"""
        return x

    mine("arcsinh_of_sinh")
    f = lambda x: np.arcsinh(np.sinh(x)) + 1
    with_it, without = ag.compile(f, rules=[arcsinh_of_sinh]), ag.compile(f)
    np.testing.assert_allclose(with_it(X), X + 1)
    assert "sinh" not in calls(with_it, X)
    assert "sinh" in calls(without, X)
    assert any(r["name"] == "arcsinh_of_sinh" for r in all_rules())
    with ag.config(excluding=("arcsinh_of_sinh",)):
        assert "sinh" in calls(with_it, X)


def test_a_rule_for_all_functions(mine):
    @ag.rule(lambda x, c: np.arctan2(x * c, c), constants=["c"], keeps="reals")
    def arctan2_of_multiple(x, c):
        """arctan2(x * c, c) -> arctan(x) for c > 0"""
        return np.arctan(x)

    mine("arctan2_of_multiple")
    run = ag.compile(lambda x: np.arctan2(x * 3.0, 3.0))
    assert "arctan2" not in calls(run, X)
    np.testing.assert_allclose(run(X), np.arctan(X))


def test_a_rule_on_an_op_of_the_user(mine):
    @ag.op(shape=lambda a, b: (a[0], b[1]))
    def slow_product(a, b):
        return np.array([[sum(x * y for x, y in zip(r, c)) for c in b.T] for r in a])

    @ag.rule(slow_product)
    def product_by_blas(a, b):
        """slow_product(a, b) -> a @ b"""
        return a @ b

    mine("product_by_blas")
    a = np.arange(6.0).reshape(2, 3)
    run = ag.compile(lambda a: slow_product(a, a.T) + 1)
    np.testing.assert_allclose(run(a), a @ a.T + 1)
    assert "matmul" in calls(run, a)


def test_validation_finds_a_rule_that_is_wrong(mine):
    @ag.rule(lambda x: np.tanh(x), everywhere=False)
    def tanh_is_nothing(x):
        """tanh(x) -> x, which it is not"""
        return x * 1.5

    mine("tanh_is_nothing")
    report = ag.compile(lambda x: np.tanh(x) + 1, rules=[tanh_is_nothing]).validate(X)
    assert not report
    assert "tanh_is_nothing" in str(report)


def test_declining_and_declaring_again(mine):
    for bound in (1.0, 3.0):

        @ag.rule(lambda x: np.cosh(x), everywhere=False)
        def cosh_declined(x):
            """cosh(x) -> nothing"""
            return None if bound < 2 else x

        mine("cosh_declined") if bound < 2 else None
        run = ag.compile(lambda x: np.cosh(x), rules=[cosh_declined])
        assert ("cosh" in calls(run, X)) == (bound < 2)


def test_names():
    with pytest.raises(ValueError, match="no rule of yours"):
        ag.remove_rule("neg_log_sigmoid")
    with pytest.raises(ValueError, match="docstring"):

        @ag.rule(lambda x: np.cosh(x))
        def silent(x):
            return x
