"""What `function` and `shared` promise."""

import copy
import pickle

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.trace.fingerprint import fingerprint


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def test_all_updates_see_the_old_values():
    a, b = theano.shared(1.0), theano.shared(2.0)
    swap = theano.function([], [], updates=[(a, b), (b, a)])
    swap()
    assert (a.get_value(), b.get_value()) == (2.0, 1.0)


def test_outputs_none_one_list_and_dict():
    x = T.dscalar("x")
    assert theano.function([x], None, on_unused_input="ignore")(1.0) is None
    assert theano.function([x], x + 1)(1.0) == 2.0
    assert theano.function([x], [x + 1, x * 5])(2.0) == [3.0, 10.0]
    f = theano.function([x], {"plus": x + 1, "times": x * 5})
    assert f(2.0) == {"plus": 3.0, "times": 10.0}
    assert f(2.0, output_subset=["times"]) == {"times": 10.0}


def test_inputs_have_names_defaults_and_updates():
    x, y, state = T.dscalar("x"), T.dscalar("y"), T.dscalar("state")
    f = theano.function([x, theano.In(y, value=3.0, name="why")], x * y)
    assert (f(2.0), f(2.0, 5.0), f(x=1.0, why=4.0)) == (6.0, 10.0, 4.0)
    count = theano.function([x, theano.In(state, value=0.0, update=state + x)], state)
    assert [float(count(2.0)) for _ in range(3)] == [0.0, 2.0, 4.0]
    assert count[state] == 6.0
    count["state"] = np.array(1.0)
    assert count(0.0) == 1.0
    with pytest.raises(TypeError, match="missing"):
        f()
    with pytest.raises(TypeError, match="no argument 'z'"):
        f(1.0, z=3)


def test_arguments_are_checked_and_cast():
    x = T.fmatrix("x")
    f = theano.function([x], x * 2)
    assert f([[1, 2]]).dtype == np.float32
    with pytest.raises(TypeError, match="Bad input argument 'x'.*float64"):
        f(np.ones((2, 2)))
    g = theano.function([x], x * 2, allow_input_downcast=True)
    assert g(np.ones((2, 2))).dtype == np.float32
    with pytest.raises(TypeError, match="Wrong number of dimensions"):
        f(np.ones(3, dtype="float32"))
    row = theano.function([T.drow("r")], [], on_unused_input="ignore")
    with pytest.raises(TypeError, match="broadcastable"):
        row(np.ones((2, 3)))


def test_an_update_of_a_wider_dtype_names_what_widened_it():
    w = theano.shared(np.ones(3, dtype="float32"), name="w")
    x = T.dvector("x")
    step = x * 2
    with pytest.raises(TypeError, match=r"float64 comes from mul of x .*test_functions\.py"):
        theano.function([x], [], updates=[(w, w - step)])


def test_missing_and_unused_inputs():
    x, y = T.dscalar("x"), T.dscalar("y")
    with pytest.raises(theano.MissingInputError, match="y"):
        theano.function([x], x + y)
    with pytest.raises(theano.UnusedInputError, match="y"):
        theano.function([x, y], x)


def test_givens_replace_inputs_and_inner_expressions():
    x, y = T.dvector("x"), T.dscalar("y")
    h = x * 2
    out = h.sum() + y
    assert theano.function([y], out, givens={x: np.array([1.0, 2.0])})(1.0) == 7.0
    assert theano.function([x, y], out, givens={h: x * 10})([1.0, 2.0], 1.0) == 31.0
    s = theano.shared(np.array([5.0]))
    assert theano.function([y], out, givens=[(x, s)])(0.0) == 10.0


def test_default_updates_and_no_default_updates():
    s = theano.shared(0, name="s")
    s.default_update = s + 1
    f = theano.function([], s * 10)
    assert [int(f()) for _ in range(3)] == [0, 10, 20]
    still = theano.function([], s, no_default_updates=True)
    assert int(still()) == int(still()) == 3
    other = theano.function([], s, updates={s: s + 5})
    other()
    assert s.get_value() == 8


def test_get_and_set_value_copy_unless_borrowed():
    a = np.ones(2)
    s, lent = theano.shared(a), theano.shared(a, borrow=True)
    a[0] = 7
    assert s.get_value()[0] == 1 and lent.get_value()[0] == 7
    inner = s.get_value(borrow=True)
    inner[1] = 5
    assert s.get_value()[1] == 5
    with pytest.raises(TypeError):
        s.set_value(np.ones((2, 2)))


def test_copy_swaps_shared_variables_and_drops_updates():
    a, b = theano.shared(1.0, "a"), theano.shared(100.0, "b")
    f = theano.function([], a, updates={a: a + 1})
    g = f.copy(swap={a: b})
    assert (f(), g(), a.get_value(), b.get_value()) == (1.0, 100.0, 2.0, 101.0)
    h = f.copy(delete_updates=True)
    assert (h(), h()) == (2.0, 2.0)


def test_functions_pickle_and_deepcopy_with_their_values():
    w = theano.shared(np.arange(3.0), "w")
    x = T.dvector("x")
    f = theano.function([x], T.exp(w * x).sum(), updates={w: w + 1})
    g = pickle.loads(pickle.dumps(f))
    assert f([1.0, 2.0, 3.0]) == g([1.0, 2.0, 3.0])
    assert g.get_shared()[0].get_value()[0] == 1.0
    k = copy.deepcopy(f)
    k([1.0, 1.0, 1.0])
    assert w.get_value()[0] == 1.0


def test_a_long_chain_needs_no_recursion():
    x = T.dscalar("x")
    y = x
    for _ in range(5000):
        y = y + 1.0
    f = theano.function([x], y)
    assert f(0.0) == 5000.0
    assert pickle.loads(pickle.dumps(f))(1.0) == 5001.0


def test_size_one_axes_broadcast_when_the_function_runs():
    x, y = T.dmatrix("x"), T.dmatrix("y")
    f = theano.function([x, y], [x + y, T.grad((x * y).sum(), y)])
    out, g = f(np.ones((3, 2)), np.full((1, 2), 2.0))
    assert out.shape == (3, 2) and (g == [[3.0, 3.0]]).all()


def test_modes_by_name_and_rules_switched():
    x = T.dvector("x")
    y = T.log(1 + x)
    for mode in ("FAST_RUN", theano.Mode("py", "fast_compile"), theano.Mode().excluding("fusion"),
                 "DEBUG_MODE", "NanGuardMode"):  # fmt: skip
        assert theano.function([x], y, mode=mode)([1.0, 2.0]) == pytest.approx(np.log([2.0, 3.0]))
    with pytest.raises(ag.ConfigError, match="FAST_RUN"):
        theano.function([x], y, mode="FAST")
    assert "log1p" in str(ag.rules()) and len(ag.rules("stabilize")) < len(ag.rules())
    tiny = np.array([1e-300])
    plain = theano.function([x], y, mode=theano.Mode("cvm", "fast_run").excluding("stabilize"))
    assert plain(tiny)[0] == 0.0
    assert theano.function([x], y, mode="FAST_RUN")(tiny)[0] == 1e-300


def test_a_later_process_finds_the_kernels_by_what_the_expressions_mean():
    def made(factor):
        x, w = T.dvector("x"), theano.shared(np.ones(3), "w")
        h, _ = theano.scan(lambda v, acc: acc * factor + v, x, T.constant(0.5))
        return theano.function([x], h.sum() * w, updates=[(w, w - T.grad(h[-1], x))])

    first, again, other = (fingerprint(made(k).compiled._function) for k in (2.0, 2.0, 3.0))
    assert first is not None and first == again != other
    x = T.dvector("x")
    doubled = theano.as_op(T.dvector, T.dvector)(lambda v: v * 2)
    assert fingerprint(theano.function([x], doubled(x)).compiled._function) is None


def test_libraries_hang_attributes_on_variables_and_trust_their_inputs():
    x = T.TensorType("float32", (False,) * 2)("x")
    x._keras_shape = (None, 3)
    f = theano.function([x], [x.sum()], updates=[], allow_input_downcast=True, name="F")
    assert f(np.ones((2, 3)))[0] == 6 and x._keras_shape == (None, 3)
    f.trust_input = True
    assert f(np.ones((2, 3), dtype="float32"))[0] == 6
    y = pickle.loads(pickle.dumps(x))
    assert y._keras_shape == (None, 3) and y.type == x.type


def test_monitor_mode_by_its_name_prints_operations(capsys):
    x = T.dvector("x")
    f = theano.function([x], T.log(x).sum(), mode="MonitorMode")
    assert f(np.array([1.0, np.e])) == pytest.approx(1.0)
    out = capsys.readouterr().out
    assert "log " in out and "reduce_sum" in out
