"""Rewrites in Theano's ways: local_optimizer, PatternSub, Optimizer, optdb, modes."""

import numpy as np
import pytest

import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.errors import DebugError
from arignote.theano import gof
from arignote.theano.compile import optdb


@pytest.fixture
def clean_database():
    phases = [optdb, *optdb.inner.values()]
    kept = [list(db.entries) for db in phases]
    yield
    for db, entries in zip(phases, kept, strict=True):
        db.entries = entries


def test_a_local_rewrite_is_used_and_excluded(clean_database):
    @T.opt.register_canonicalize("mine")
    @gof.local_optimizer([T.sin])
    def sin_of_sin(node):
        """sin(sin(x)) -> cos(x)"""
        inner = node.inputs[0].owner
        return [T.cos(inner.inputs[0])] if inner is not None and inner.op == T.sin else False

    x = T.dvector()
    y, v = T.sin(T.sin(x)) + 1, np.array([0.3, 0.7])
    for mode in (None, "FAST_RUN", "FAST_COMPILE"):
        assert np.allclose(theano.function([x], y, mode=mode)(v), np.cos(v) + 1)
    for name in ("sin_of_sin", "mine"):
        mode = theano.compile.get_default_mode().excluding(name)
        assert np.allclose(theano.function([x], y, mode=mode)(v), np.sin(np.sin(v)) + 1)
        with theano.config.change_flags(optimizer_excluding=""):
            pass


def test_a_pattern(clean_database):
    optdb["specialize"].register(
        "difference", gof.PatternSub((T.sub, (T.add, "x", "y"), "y"), "x"), "fast_run"
    )
    x, y = T.dvectors("xy")
    f = theano.function([x, y], x + y - y)
    assert [n.op.name for n in f.maker.fgraph.toposort()] == []
    assert (f(np.array([1e20]), np.array([1.0])) == 1e20).all()
    assert theano.function([x, y], x + y - x).maker.fgraph.toposort()


def test_a_rewrite_of_the_whole_graph(clean_database):
    class Cubes(gof.Optimizer):
        def add_requirements(self, fgraph):
            fgraph.attach_feature(gof.toolbox.ReplaceValidate())

        def apply(self, fgraph):
            for node in fgraph.toposort():
                if node.op == T.sqr:
                    x = node.inputs[0]
                    fgraph.replace_validate(node.outputs[0], x * x * x, reason="cubes")

    optdb.register("cubes", Cubes(), 50, "fast_run")
    x = T.dvector()
    assert np.allclose(theano.function([x], T.sqr(x))(np.array([2.0])), 8)


def test_debug_mode_finds_a_wrong_rewrite(clean_database):
    @T.opt.register_specialize
    @gof.local_optimizer([T.tan])
    def wrong(node):
        """tan(x) -> x + 1"""
        return [node.inputs[0] + 1]

    x = T.dvector()
    with pytest.raises(AssertionError, match="the rewrite wrong changes tan"):
        theano.function([x], T.tan(x) * 2, mode="DebugMode")(np.ones(3))


def test_an_answer_of_another_type_is_refused(clean_database):
    @T.opt.register_specialize
    @gof.local_optimizer([T.tan])
    def narrower(node):
        """tan(x) -> a float32"""
        return [node.inputs[0].astype("float32")]

    x = T.dvector()
    with pytest.raises(TypeError, match="narrower"):
        theano.function([x], T.tan(x))


def test_a_rewrite_of_one_mode_only():
    twice = gof.OpSub(T.cosh, T.sinh)
    mode = theano.Mode().register((twice, 2.0))
    x = T.dvector()
    v = np.ones(2)
    assert np.allclose(theano.function([x], T.cosh(x), mode=mode)(v), np.sinh(v))
    assert np.allclose(theano.function([x], T.cosh(x))(v), np.cosh(v))


def test_theanos_names_choose_our_rules():
    x = T.dvector()
    v = np.array([1e-20, 1.0])
    plain = theano.Mode().excluding("local_log1p", "local_elemwise_fusion", "inplace")
    assert theano.function([x], T.log(1 + x), mode=plain)(v)[0] == 0
    assert theano.function([x], T.log(1 + x))(v)[0] == 1e-20
    with pytest.raises(ValueError, match="no rewrite"):
        theano.function([x], x, mode=theano.Mode().excluding("local_lgo1p"))(v)


def test_a_registered_mode():
    theano.compile.register_mode("quiet test mode", theano.Mode(linker="py"))
    x = T.dvector()
    assert np.allclose(theano.function([x], x * 2, mode="quiet test mode")(np.ones(2)), 2)
    with pytest.raises(ValueError, match="there is a mode"):
        theano.compile.register_mode("FAST_RUN", theano.Mode())


def test_monitor_mode(capsys):
    seen = []
    x = T.dvector("x")
    mode = theano.compile.MonitorMode(
        pre_func=lambda i, node, fn: seen.append(("before", i, len(fn.inputs))),
        post_func=lambda i, node, fn: seen.append((str(node), fn.outputs[0][0].copy())),
    )
    f = theano.function([x], T.log(x) * x, mode=mode.excluding("local_elemwise_fusion"))
    with np.errstate(all="ignore"):
        f(np.zeros(2))
    assert seen[0][0] == "before" and seen[1][0].startswith("log")
    assert np.isinf(seen[1][1]).all()
    watch = theano.compile.MonitorMode(post_func=theano.compile.monitormode.detect_nan)
    with np.errstate(all="ignore"):
        theano.function([x], T.log(x) * x, mode=watch)(np.zeros(2))
    shown = capsys.readouterr().out
    assert "*** NaN detected ***" in shown and "multiply" in shown


def test_profile(capsys):
    x = T.dvector()
    f = theano.function([x], T.exp(x), profile=True)
    f(np.ones(3))
    f(np.ones(3))
    f.profile.summary()
    assert "2 calls" in capsys.readouterr().err


def test_a_rewrite_acts_inside_scans_and_debug_mode_compares_it(clean_database):
    @T.opt.register_specialize
    @gof.local_optimizer([T.sin])
    def sin_is_cos(node):
        return [T.cos(node.inputs[0])]

    x = T.dvector("x")
    h, _ = theano.scan(lambda v, h: 0.5 * h + T.sin(v), x, T.constant(np.float64(0.0)))
    y, v = T.sqr(h).sum(), np.array([0.3, 0.7, 1.1])
    expected = ((h0 := np.cos(0.3)), (h1 := h0 / 2 + np.cos(0.7)), h1 / 2 + np.cos(1.1))
    f = theano.function([x], [y, T.grad(y, x)])
    value, slope = f(v)
    np.testing.assert_allclose(value, np.square(expected).sum())
    assert slope[2] == pytest.approx(-2 * expected[2] * np.sin(1.1))
    assert "sin_is_cos inside a scan" in [name for name, _, _ in f.maker.fgraph.history]
    plain = theano.compile.get_default_mode().excluding("sin_is_cos")
    assert theano.function([x], y, mode=plain)(v) != pytest.approx(value)
    with pytest.raises(DebugError, match="sin_is_cos inside a scan"):
        theano.function([x], y, mode="DEBUG_MODE")(v)


def test_a_rewrite_acts_in_nested_scans(clean_database):
    @T.opt.register_specialize
    @gof.local_optimizer([T.sqr])
    def sqr_is_product(node):
        return [node.inputs[0] * node.inputs[0]]

    x = T.dmatrix("x")
    rows, _ = theano.map(lambda row: theano.map(lambda v: T.sqr(v) + 1, row)[0].sum(), x)
    f = theano.function([x], rows)
    np.testing.assert_allclose(f(np.arange(6.0).reshape(2, 3)), [8.0, 53.0])
    assert f.maker.fgraph.history
