"""Functions with state: cells are read and stored by the call, the same by both runtimes."""

import copy
import pickle
import threading

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
from arignote.emit import dispatch, stateful_py
from arignote.theano import tensor as T

VECTOR, SCALAR = (np.dtype("float64"), (False,)), (np.dtype("float64"), ())


@pytest.fixture(params=["compiled", "python"])
def runtime(request):
    if request.param == "python":
        return stateful_py
    if not dispatch.compiled():
        pytest.skip("the compiled runtime was not built here")
    return dispatch


def bound(runtime, pack="one", kinds=(VECTOR,), targets=True):
    class Counting(runtime.Caller):
        def __init__(self):
            self.slow = []

        def _slowly(self, args, kwargs):
            self.slow.append((args, kwargs))
            return "slowly"

    @ag.compile
    def program(*values):
        return values[0] * 2.0, values[-1] + values[0].sum()

    cell = runtime.Container(np.zeros(2))
    made = Counting()
    made.bind(program, list(kinds), [cell], [cell if targets else None], pack, 1)
    return made, cell


def test_a_call_gives_its_result_and_stores_the_new_value(runtime):
    f, cell = bound(runtime)
    np.testing.assert_array_equal(f(np.ones(3)), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(f(np.ones(3)), [2.0, 2.0, 2.0])
    np.testing.assert_array_equal(cell.value, [6.0, 6.0])
    assert f.slow == []


@pytest.mark.parametrize(
    "pack, expected", [("list", [[2.0]]), ("none", None), (["out"], {"out": [2.0]})]
)
def test_results_are_packed_as_asked(runtime, pack, expected):
    f, cell = bound(runtime, pack)
    answer = f(np.ones(1))
    assert answer == expected
    assert cell.value.tolist() == [1.0, 1.0]


def test_a_cell_that_is_no_target_keeps_its_value(runtime):
    f, cell = bound(runtime, targets=False)
    f(np.ones(3))
    assert cell.value.tolist() == [0.0, 0.0]


@pytest.mark.parametrize(
    "argument", [np.ones(3, "float32"), np.ones((3, 1)), [1.0, 1.0], np.ones(3, ">f8"), None]
)
def test_arguments_of_other_types_are_looked_at(runtime, argument):
    f, cell = bound(runtime)
    assert f(argument) == "slowly"
    assert cell.value.tolist() == [0.0, 0.0]


def test_keywords_missing_and_surplus_arguments_are_looked_at(runtime):
    f, _ = bound(runtime)
    assert f(x=np.ones(3)) == f() == f(np.ones(3), np.ones(3)) == "slowly"
    assert f.slow[0][1].keys() == {"x"}


def test_an_axis_flagged_as_1_is_looked_at_where_it_is_longer(runtime):
    f, _ = bound(runtime, kinds=[(np.dtype("float64"), (True,))])
    assert f(np.ones(1)).tolist() == [2.0]
    assert f(np.ones(3)) == "slowly"


def test_trusted_arguments_are_not_looked_at(runtime):
    f, _ = bound(runtime)
    f.trust_input = True
    assert f(np.ones(3, "float32")).dtype == np.float32


def test_before_it_is_bound_every_call_is_looked_at(runtime):
    class Unbound(runtime.Caller):
        def _slowly(self, args, kwargs):
            return args, kwargs

    assert Unbound()(1, a=2) == ((1,), {"a": 2})


def test_an_error_of_the_program_stores_nothing(runtime):
    @ag.compile
    def program(x, state):
        if x.sum() > 10.0:
            raise ValueError("too much")
        return x, state + x.sum()

    cell = runtime.Container(np.zeros(()))
    f = runtime.Caller()
    f.bind(program, [VECTOR], [cell], [cell], "one", 1)
    f(np.ones(4))
    with pytest.raises(ValueError, match="too much"):
        f(np.full(4, 5.0))
    assert cell.value == 4.0


def test_functions_of_more_inputs_and_shared_variables_than_fit_on_the_stack():
    xs = [T.dscalar(f"x{k}") for k in range(30)]
    ws = [theano.shared(float(k), f"w{k}") for k in range(30)]
    total = sum(x * w for x, w in zip(xs, ws, strict=True))
    f = theano.function(xs, total, updates=[(w, w + 1.0) for w in ws])
    values = [0.5] * 30
    assert f(*values) == pytest.approx(0.5 * sum(range(30)))
    assert f(*map(np.asarray, values)) == pytest.approx(0.5 * sum(range(1, 31)))
    assert [w.get_value() for w in ws] == [k + 2.0 for k in range(30)]


def test_numbers_for_scalars():
    x = T.dscalar("x")
    f = theano.function([x], x * 2)
    assert f(1.5) == f(np.float64(1.5)) == f(np.array(1.5)) == 3.0
    assert f(2) == 4.0


def test_functions_are_copied_and_pickled_with_their_state():
    x, w = T.dvector("x"), theano.shared(np.ones(3), "w")
    f = theano.function([x], (x * w).sum(), updates=[(w, w + x)])
    assert f(np.ones(3)) == 3.0
    for other in (copy.deepcopy(f), pickle.loads(pickle.dumps(f))):
        assert other(np.ones(3)) == 6.0
    assert f(np.ones(3)) == 6.0
    (kept,) = pickle.loads(pickle.dumps([w]))
    assert kept.get_value().tolist() == [3.0, 3.0, 3.0]


def test_values_given_meanwhile_by_another_thread():
    w = theano.shared(np.ones(1000), "w")
    f = theano.function([], (w - w[0]).sum(), updates=[(w, w * 1.0)])
    f()
    stop = threading.Event()

    def give():
        k = 0
        while not stop.is_set():
            w.set_value(np.full(1000, float(k)))
            k += 1

    thread = threading.Thread(target=give)
    thread.start()
    try:
        assert all(f() == 0.0 for _ in range(2000))
    finally:
        stop.set()
        thread.join()
