"""Expressions as text and pictures, test values at the user's line, clones."""

import shutil

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def test_one_line_of_mathematics():
    x, y, w = T.dscalar("x"), T.dscalar("y"), T.dmatrix("w")
    assert theano.pp(x * (y + 1) ** 2) == "(x * ((y + 1) ** 2))"
    assert theano.pp(T.exp(-x) - w.T) == "(exp((-x)) - w.T)"
    assert theano.printing.latex(x / (1 + T.sqrt(y))) == r"\frac{x}{(1 + \sqrt{y})}"


def test_trees_with_labels_types_and_inner_graphs():
    x = T.dvector("x")
    h = T.exp(x)
    h.name = "h"
    text = theano.debugprint((h + h).sum(), file="str", print_type=True)
    assert text.splitlines() == [
        "sum <TensorType(float64, scalar)> [id A] ''",
        " |add <TensorType(float64, vector)> [id B] ''",
        "   |exp <TensorType(float64, vector)> [id C] 'h'",
        "   | |x <TensorType(float64, vector)> [id D]",
        "   |exp <TensorType(float64, vector)> [id C] 'h'",
    ]
    out, _ = theano.scan(lambda v: v * 2, x)
    text = theano.debugprint(out, file="str")
    assert "Inner graphs:" in text and "mul" in text
    assert theano.debugprint(theano.function([x], h), file="str").startswith("exp [id A] 'h'")


def test_pictures(tmp_path):
    x = T.dvector("x")
    text = theano.printing.pydotprint(T.exp(x).sum(), format="dot", return_image=True).decode()
    assert '"exp"' in text and "->" in text
    if shutil.which("dot") is None:
        with pytest.raises(RuntimeError, match="Graphviz"):
            theano.printing.pydotprint(x + 1, str(tmp_path / "x.png"))
    else:
        theano.printing.pydotprint(x + 1, str(tmp_path / "x.svg"), format="svg")
        assert "<svg" in (tmp_path / "x.svg").read_text()


def test_values_of_tests_show_errors_where_the_expression_is_built():
    with theano.change_flags(compute_test_value="raise"):
        x, w = T.dvector("x"), theano.shared(np.ones((4, 2)), "w")
        with pytest.raises(AttributeError, match="x.tag.test_value"):
            T.dot(x, w)
        x.tag.test_value = np.ones(3)
        with pytest.raises(ValueError, match="shapes"):
            T.dot(x, w)
        x.tag.test_value = np.ones(4)
        y = T.tanh(T.dot(x, w))
        assert y.tag.test_value == pytest.approx(np.tanh([4.0, 4.0]))


def test_errors_while_running_name_the_users_line():
    x, y = T.dvector("x"), T.dvector("y")
    out = (x + y).sum()  # here
    f = theano.function([x, y], out)
    with pytest.raises(ValueError, match="broadcast"):
        f(np.ones(3), np.ones(4))
    z = T.dvector("z")
    g = theano.function([z], z[5])
    with pytest.raises(IndexError, match="5"):
        g(np.ones(3))


def test_clone_and_eval():
    x, y = T.dvector("x"), T.dvector("y")
    h = x * 2
    out = T.exp(h).sum()
    V = np.array([0.1, 0.2])
    assert out.eval({x: V}) == pytest.approx(np.exp(2 * V).sum())
    other = theano.clone(out, replace={h: y + 1})
    assert other.eval({y: V}) == pytest.approx(np.exp(V + 1).sum())
    g = theano.clone(T.grad(out, x), replace={x: y})
    assert theano.function([y], g)(V) == pytest.approx(2 * np.exp(2 * V))
    scanned, _ = theano.scan(lambda v: v * h[0], x)
    moved = theano.clone(scanned, replace={x: y})
    assert theano.function([y], moved)(V) == pytest.approx(V * 0.2)
    assert theano.gof.graph.inputs([out]) == [
        x,
        *[v for v in theano.gof.graph.inputs([out]) if v is not x],
    ]
    assert h in theano.gof.graph.ancestors([out])


def test_descriptions_of_expressions():
    x, y = T.dvector("x"), T.dvector("y")
    z = x + T.exp(x * y)
    text = theano.printing.min_informative_str(z)
    assert [line.strip()[0] for line in text.splitlines()] == ["A", "B", "C", "D", "<", "E"][:6]
    assert text.splitlines()[1] == " B. x" and text.splitlines()[4].strip() == "<B>"
    again = T.dvector("x")
    assert theano.printing.var_descriptor(again + T.exp(again * y)) == (
        theano.printing.var_descriptor(z)
    )
    assert theano.printing.var_descriptor(z).count("=x") == 1
    a = np.arange(6.0).reshape(2, 3)
    named = theano.printing.position_independent_str
    assert named(T.dvector()) == named(T.dvector()) != named(T.dmatrix())
    digest = theano.printing.hex_digest
    assert digest(a) == digest(a.copy()) != digest(a.reshape(3, 2))
    deep = x
    for _ in range(5000):
        deep = deep + 1.0
    assert theano.printing.var_descriptor(deep).count("(") == 5000
