"""Compiled functions as objects: when they trace again, how they are called, copied and pickled."""

from __future__ import annotations

import copy
import functools
import heapq
import inspect
import pickle
import threading

import numpy as np
import pytest

import arignote as ag
from arignote.api import compile
from arignote.errors import TraceError, UnsupportedError


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def V(n):
    return np.arange(float(n))


def traces_of(function, *calls):
    f = compile(function)
    for args in calls:
        np.testing.assert_equal(f(*args), function(*args))
    return len(f.traces)


# ---- when it traces again ------------------------------------------------------------------------
def test_new_sizes_do_not_trace_again():
    assert traces_of(lambda a: a * 2, (V(5),), (V(9),), (V(1000),)) == 1


def test_sizes_zero_and_one_and_dtypes_do():
    calls = [(V(5),), (V(1),), (V(0),), (V(5).astype(np.float32),), (V(6).reshape(2, 3),)]
    assert traces_of(lambda a: a * 2, *calls, *calls) == 5


def test_sizes_that_become_equal_do():
    outer = lambda a, b: a[:, None] * b
    assert traces_of(outer, (V(4), V(5)), (V(6), V(9)), (V(5), V(5)), (V(3), V(3))) == 2


def test_python_ints_are_dynamic():
    assert traces_of(lambda a, n: a * n, (V(5), 2), (V(5), 3), (V(5), -7), (V(4), 0)) == 1


def test_strings_bools_and_none_are_static():
    f = lambda a, s, b: (a, s, b)
    calls = [(V(5), "x", True), (V(5), "y", True), (V(5), "x", False), (V(5), None, True)]
    assert traces_of(f, *calls, *calls) == 4


def test_memory_order_is_part_of_the_signature():
    a = np.arange(12.0).reshape(3, 4)
    calls = [(a,), (np.asfortranarray(a),), (a[:, 1:],), (a[:, ::2],)]
    assert traces_of(lambda a: a + 1, *calls, *calls) == 4


def test_guards_trace_again_and_stay_right():
    f = lambda a, k: a[:k]
    calls = [(V(9), 4), (V(9), 8), (V(9), 20), (V(9), -3), (V(9), 1)]
    assert traces_of(f, *calls) > 1
    assert traces_of(f, (V(9), 4), (V(9), 8), (V(12), 3)) == 1


def test_float_that_python_needs_becomes_static():
    calls = [(V(3), 1.5), (V(3), 2.5), (V(3), 1.5)]
    assert traces_of(lambda a, x: a * np.array([float(x)] * 3), *calls) >= 1


def test_mode_is_looked_up_at_the_call():
    f = compile(lambda a: a + 1)
    f(V(3))
    with ag.config(mode="FAST_COMPILE", excluding="fusion"):
        f(V(3))
    assert len(f.traces) == 2


# ---- ways of calling -----------------------------------------------------------------------------
def test_keywords_defaults_and_varargs():
    def f(a, b=2.0, *rest, scale=1, **more):
        return a * b * scale + sum(rest) + sum(more.values())

    g = compile(f)
    a = V(4)
    for args, kwargs in [
        ((a,), {}), ((a, 3.0), {}), ((a,), {"b": 4.0}), ((a, 1.0, 5, 6), {}),
        ((a,), {"scale": 2}), ((a,), {"x": 1.5, "y": a}), ((), {"a": a}),
    ]:  # fmt: skip
        np.testing.assert_array_equal(g(*args, **kwargs), f(*args, **kwargs))


def test_wrong_arguments_are_the_functions_own_error():
    with pytest.raises(TypeError, match="positional argument"):
        compile(lambda a: a)(1, 2)


class Model:
    def __init__(self, w):
        self.w = w

    @compile
    def predict(self, x):
        """Weighted sum."""
        return x @ self.w

    @compile
    def __call__(self, x):
        return x + self.w


def test_methods():
    m = Model(np.array([1.0, 2.0]))
    x = np.ones((3, 2))
    np.testing.assert_array_equal(m.predict(x), [3, 3, 3])
    np.testing.assert_array_equal(m(x), x + m.w)
    np.testing.assert_array_equal(Model(m.w * 2).predict(x), [6, 6, 6])


def test_callable_objects_and_partials():
    class Add:
        def __call__(self, a):
            return a + 1

    np.testing.assert_array_equal(compile(Add())(V(3)), V(3) + 1)
    np.testing.assert_array_equal(compile(functools.partial(np.add, 2))(V(3)), V(3) + 2)


def test_compiled_inside_compiled():
    inner = compile(lambda a: a * 2)
    outer = compile(lambda a: inner(a) + inner(a[1:]).sum())
    np.testing.assert_array_equal(outer(V(4)), V(4) * 2 + 12)
    assert not inner.traces


def test_recursion_over_python_values():
    @compile
    def power(a, n: int, flag=True):
        return a

    assert power(V(2), 3) is not None


# ---- as an object --------------------------------------------------------------------------------
@compile
def documented(a, b=1):
    """What it does."""
    return a + b


def test_looks_like_its_function():
    assert documented.__name__ == "documented"
    assert documented.__doc__ == "What it does."
    assert documented.__wrapped__(1) == 2
    assert list(inspect.signature(documented).parameters) == ["a", "b"]
    assert "documented" in repr(documented)


def test_pickles_and_copies_by_reference():
    assert pickle.loads(pickle.dumps(documented)) is documented
    assert copy.deepcopy([documented])[0] is documented
    assert copy.copy(documented) is documented


def test_many_threads():
    f = compile(lambda a, n: (a * n).sum())
    wrong = []

    def work(k):
        for n in range(20):
            a = V(2 + (k + n) % 5)
            if f(a, n) != (a * n).sum():
                wrong.append((k, n))

    threads = [threading.Thread(target=work, args=(k,)) for k in range(8)]
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    assert not wrong
    assert len(f.traces) < 20


# ---- refused -------------------------------------------------------------------------------------
def test_read_only_argument_that_is_written():
    a = V(3)
    a.flags.writeable = False

    def f(a):
        a[0] = 1

    with pytest.raises(ValueError, match="read-only"):
        compile(f)(a)


@pytest.mark.filterwarnings("ignore:the matrix subclass")
def test_object_arrays_and_subclasses():
    with pytest.raises(TypeError, match="dtype object"):
        compile(lambda a: a)(np.array([1, "x"], object))
    with pytest.raises(UnsupportedError, match="matrix"):
        compile(lambda a: a)(np.matrix([[1.0]]))


def test_unknown_function_names_line_and_alternative():
    with pytest.raises(UnsupportedError, match="test_calls.py"):
        compile(lambda a: np.busday_count(a, a))(V(3))


def test_truth_outside_converted_code_says_what_to_do():
    def f(a):
        return heapq.nsmallest(1, [a[0], a[1]])[0]

    with pytest.raises(TraceError, match="computed when the compiled"):
        compile(f)(V(3))


def test_errors_leave_earlier_writes():
    def f(a, i):
        a[0] = 5
        a[i] = 6
        a[1] = 7

    a = V(4)
    with pytest.raises(IndexError):
        compile(f)(a, 10)
    np.testing.assert_array_equal(a, [5, 1, 2, 3])


def test_errors_name_the_users_line():
    def f(a, i):
        return a[i]

    with pytest.raises(IndexError) as info:
        compile(f)(V(3), 10)
    assert "test_calls.py" in "".join(info.value.__notes__)


def test_dead_checks_still_raise():
    def f(a, i):
        a[i]
        return a

    with pytest.raises(IndexError):
        compile(f)(V(3), 10)


def test_overlap_that_no_window_explains():
    raw = np.arange(64, dtype=np.uint8)
    a, b = raw[:32].view(float), raw[4:36].view(np.float32)

    def f(a, b):
        a[0] = b[0]

    with pytest.raises(UnsupportedError, match="overlap"):
        compile(f)(a, b)


# ---- iterators of traced values handed to Python -------------------------------------------------
def test_zip_and_map_fill_containers_while_tracing():
    names = ["a", "b"]

    def f(*args):
        by_name = dict(zip(names, args))
        parts = dict(enumerate(by_name["b"][:2])) if len(names) == 2 else {}
        return by_name["a"] + len(parts), sum(map(lambda v: v * 2.0, args))  # noqa: C417

    for got, want in zip(compile(f)(V(3), V(3)), f(V(3), V(3)), strict=True):
        np.testing.assert_array_equal(got, want)
