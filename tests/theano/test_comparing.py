"""Expressions compared, rebuilt part by part, printed in the user's way; small methods of old."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.compile.debugmode import (
    BadDestroyMap,
    BadOptimization,
    BadThunkOutput,
    BadViewMap,
    InvalidValueError,
    StochasticOrder,
)
from arignote.theano.gof.graph import is_same_graph
from arignote.theano.gof.opt import copy_stack_trace
from arignote.theano.printing import (
    FunctionPrinter,
    OperatorPrinter,
    PatternPrinter,
    PPrinter,
    Print,
    pprint,
)
from arignote.theano.scan_module.scan_utils import equal_computations, map_variables

M = np.array([[0.5, -1.25, 2.0], [3.0, 0.25, -0.75]])


def test_the_same_expressions():
    x, y, m = T.dvector("x"), T.dvector("y"), T.dmatrix("m")
    assert is_same_graph(T.tanh(x * 2) + m.sum(axis=0), T.tanh(x * 2) + m.sum(axis=0))
    assert not is_same_graph(m.sum(axis=0), m.sum(axis=1))
    assert not is_same_graph(x * 2, x * 3)
    assert not is_same_graph(x * 0.1, x * np.float32(0.1))
    assert not is_same_graph(x[1:], x[2:]) and is_same_graph(x[1::2], x[1::2])
    assert not is_same_graph(x - y, y - x) and is_same_graph(x - y, y - y, givens={x: y})
    assert equal_computations([x * 2, x], [y * 2, y], [x], [y])
    assert not equal_computations([x * y], [y * y], [x], [y])
    assert not equal_computations([x + 1], [m + 1], [x], [m])
    with pytest.raises(ValueError, match="same length"):
        equal_computations([x], [x, y])


def test_a_long_expression_is_compared_without_recursion():
    def chain(x):
        for _ in range(4_000):
            x = T.tanh(x) + 1
        return x

    x = T.dscalar("x")
    assert is_same_graph(chain(x), chain(x))


def test_variables_are_replaced_from_the_inputs_on():
    x, s = T.dvector("x"), theano.shared(2.0, "s")
    seen = []

    def replacer(v):
        seen.append(v)
        if v is s:
            return v + 1
        return T.sinh(*v.owner.inputs) if v.owner and v.owner.op == T.tanh else v

    (made,) = map_variables(replacer, [T.tanh(x * s).sum()])
    assert made.eval({x: np.arange(3.0)}) == pytest.approx(np.sinh(np.arange(3.0) * 3).sum())
    assert seen.index(x) < len(seen) - 1
    kept = T.exp(x)
    assert map_variables(lambda v: v, [kept]) == [kept]

    steps, _ = theano.scan(lambda a, b: a + s * b, sequences=x, outputs_info=T.constant(0.0))
    (other,) = map_variables(lambda v: T.exp(v) if v is x else v, [steps])
    (plain,) = map_variables(lambda v: v, [steps])
    h, expected = 0.0, []
    for a in np.exp(np.arange(3.0)):
        h = a + 2 * h
        expected.append(h)
    np.testing.assert_allclose(other.eval({x: np.arange(3.0)}), expected)
    assert plain.eval({x: np.arange(3.0)})[0] == 0


def test_errors_of_what_a_rewrite_made_name_the_line_of_the_old():
    x = T.dvector("x")
    old = T.log(x)
    new = T.log1p(x - 1)
    assert copy_stack_trace(old, [new]) == [new]
    assert new.owner.origin == old.owner.origin


def test_differences_that_debug_mode_finds_have_one_class():
    found = {BadDestroyMap, BadOptimization, BadThunkOutput, BadViewMap, InvalidValueError,
             StochasticOrder}  # fmt: skip
    assert found == {ag.errors.DebugError}


def test_printers_of_the_user_s():
    x, y = T.dvector("x"), T.dvector("y")
    mine = PPrinter()
    for op, printer, text in (
        (T.erfcx, FunctionPrinter("scaled"), "scaled(x)"),
        (T.arctan2, OperatorPrinter("<>", 1, "left"), "(x <> y)"),
        (T.logaddexp, PatternPrinter("lae[%(0)s; %(1)s]"), "lae[x; y]"),
    ):
        v = op(x) if text.endswith("(x)") else op(x, y)
        before = pprint(v)
        mine.assign(v.owner.op, printer)
        assert pprint(v) == text != before


def test_print_calls_methods(capsys):
    x = T.dvector("x")
    Print("seen", attrs=("shape", "min"))(x).eval({x: np.array([3.0, 1.0])})
    assert capsys.readouterr().out == "seen shape = (2,)\nseen min = 1.0\n"


def test_values_that_a_function_keeps():
    x = T.dvector("x")
    f = theano.function([theano.In(x, name="a", value=np.ones(2), update=x + 1)], x.sum())
    assert f() == 2 and f() == 4
    assert f.value["a"] == pytest.approx([3, 3]) == f.container["a"].value
    f.value["a"] = np.zeros(2)
    assert f() == 0 and f.sync_shared() is None


def test_methods_of_variables_types_and_nodes():
    m = T.dmatrix("m")
    assert m.trace().eval({m: M}) == pytest.approx(np.trace(M))
    assert m.compress([True, False, True], axis=1).eval({m: M}) == pytest.approx(M[:, [0, 2]])
    node = T.exp(m).owner
    node.tag.note = "kept"
    assert node.tag.note == "kept" and not vars(T.exp(m).owner.tag)
    t = T.fvector().type
    a = np.array([1, np.nan, np.inf], "f4")
    near = a + np.float32(1e-6)
    assert t.values_eq(a, a) and not t.values_eq(a, near) and t.values_eq_approx(a, near)
    assert not t.values_eq_approx(a, np.array([1, 2, 3], "f4"))
    assert t.values_eq_approx(a, np.array([1, 2, 3], "f4"), True, True)
    assert not t.values_eq_approx(a, near, rtol=0, atol=0)
    assert not t.values_eq_approx(a, a.astype("f8"))
    v = T.fvector()
    assert t.convert_variable(v) is v and t.convert_variable(T.dvector()) is None


def test_flags_that_change_nothing_can_be_read():
    c = theano.config
    for name in ("ctc.root", "dnn.bin_path", "cmodule.debug", "profiling.ignore_first_call"):
        section, flag = name.split(".")
        assert not getattr(getattr(c, section), flag)
