"""What loops and branches mean beyond values: prints, errors, sizes of graphs, refusals."""

from __future__ import annotations

import itertools
import re

import numpy as np
import pytest

from arignote.api import compile
from arignote.errors import TraceError, UnsupportedError
from arignote.fxgraph.graph import order_of
from arignote.fxgraph.verify import verify
from tests.effort import calls_of


def fast(f):
    return compile(f, mode="FAST_COMPILE")


def nodes_of(f, *args):
    return order_of(fast(f).graph(*args).roots, inside=True)


def ops_of(f, *args):
    return [n.op.name for n in nodes_of(f, *args)]


# ---- effort --------------------------------------------------------------------------------------
def test_tracing_does_not_depend_on_trip_counts():
    def f(a, n):
        s = 0.0
        for i in range(n):
            for j in range(1_000_000_000):
                s = s * 0.5 + a[j % 4]
        return s

    compiled = fast(f)
    compiled.graph(np.ones(4), 3)
    few = calls_of(lambda: fast(f).graph(np.ones(4), 3))
    many = calls_of(lambda: fast(f).graph(np.ones(4), 1_000_000_000))
    assert many < 1.1 * few
    assert len(compiled.graph(np.ones(4), 1_000_000_000).order) < 60


def test_nested_loops_are_not_traced_exponentially_often():
    ticks = itertools.count()

    def f(a):
        s = 0
        for i in range(5):
            for j in range(5):
                for k in range(5):
                    for m in range(5):
                        for p in range(5):
                            next(ticks)
                            s = s + a[i] * 0.5
        return s

    fast(f).graph(np.ones(5, np.float32))
    assert next(ticks) < 40


def test_a_loop_is_one_scan_node_and_a_branch_one_cond():
    def f(a):
        for i in range(a.shape[0]):
            if a[i] > 0:
                a[i] = a[i] * 2.0

    ops = ops_of(f, np.ones(9))
    assert ops.count("scan") == 1
    assert ops.count("cond") == 1


def test_short_literal_loops_are_unrolled():
    def f(a):
        for i in range(3):
            a[i] += i

    assert "scan" not in ops_of(f, np.ones(9))


def test_counters_are_functions_of_the_index():
    def f(a, out):
        k = 0
        for i in range(a.shape[0]):
            out[k] = a[i]
            k += 1
        return k

    graph = fast(f).graph(np.ones(9), np.ones(9))
    assert not graph.effects  # no check is left: k is the index
    assert fast(f)(np.ones(9), np.ones(9)) == 9


def test_a_condition_keeps_an_index_in_bounds():
    def f(a, n, j):
        s = 0.0
        for i in range(n):
            if i < a.shape[0]:
                s += a[i]
            if 0 <= j < a.shape[0]:
                s += a[j]
        return s

    assert not fast(f).graph(np.ones(4), 9, 100).effects
    assert fast(f)(np.ones(4), 9, 100) == 4.0


def test_what_a_while_loop_has_tested_is_known():
    def f(a):
        for i in range(1, len(a)):
            key = a[i]
            j = i - 1
            while j >= 0 and a[j] > key:
                a[j + 1] = a[j]
                j -= 1
            a[j + 1] = key

    assert "check_index" not in ops_of(f, np.ones(9))


# ---- print ---------------------------------------------------------------------------------------
def test_print_runs_when_the_function_runs(capsys):
    @fast
    def f(a, n):
        for i in range(n):
            if a[i] > 1.5:
                print("step", i, f"value {a[i]:.2f}", sep=": ")
        print("done", n)
        print("done", n)
        return n

    f(np.arange(6.0), 6)
    first = capsys.readouterr().out
    f(np.arange(6.0), 3)
    second = capsys.readouterr().out
    assert first.splitlines() == [
        "step: 2: value 2.00",
        "step: 3: value 3.00",
        "step: 4: value 4.00",
        "step: 5: value 5.00",
        "done 6",
        "done 6",
    ]
    assert second.splitlines() == ["step: 2: value 2.00", "done 3", "done 3"]


def test_a_traced_value_is_no_text_elsewhere():
    @fast
    def f(a):
        return len(str(a[0]))

    with pytest.raises(TraceError, match="print"):
        f(np.ones(2))


# ---- errors --------------------------------------------------------------------------------------
class Overdrawn(Exception):
    pass


def test_users_exceptions_are_raised_at_run_time():
    @fast
    def f(a, limit):
        total = 0.0
        for i in range(a.shape[0]):
            total += a[i]
            if total > limit:
                raise Overdrawn(f"{total} after {i}")
        return total

    assert f(np.ones(8), 100.0) == 8.0
    with pytest.raises(Overdrawn, match=re.escape("4.0 after 3")):
        f(np.ones(8), 3.5)


def test_an_error_names_the_users_line():
    @fast
    def f(a, n):
        for i in range(n):
            a[i] = 1.0

    with pytest.raises(IndexError) as caught:
        f(np.ones(5), 9)
    assert any(
        "a[i] = 1.0" in note or "test_loops_meaning.py" in note for note in caught.value.__notes__
    )


def test_python_integers_overflow_loudly():
    @fast
    def f(n):
        p = 1
        for _ in range(n):
            p *= 3
        return p

    assert f(20) == 3**20
    with pytest.raises(OverflowError):
        f(50)


def test_sums_of_python_integers_overflow_loudly():
    @fast
    def f(n, x):
        s = 0
        for i in range(n):
            s += x
        return s

    assert f(10, 2**59) == 10 * 2**59
    with pytest.raises(OverflowError):
        f(20, 2**59)


def test_the_first_of_two_errors_is_raised():
    @fast
    def f(a, i, j):
        for _ in range(6):
            a[i] = 1.0
            if j > 3:
                raise ValueError("j")
        return a[j]

    with pytest.raises(IndexError):
        f(np.ones(3), 7, 9)
    with pytest.raises(ValueError, match="j"):
        f(np.ones(3), 1, 9)


def test_a_dead_check_is_an_error_still():
    @fast
    def f(a, n):
        for i in range(n):
            a[i]
        return 0

    assert f(np.ones(3), 3) == 0
    with pytest.raises(IndexError):
        f(np.ones(3), 4)


# ---- refusals ------------------------------------------------------------------------------------
def test_a_variable_that_changes_its_kind_is_refused_with_its_name():
    @fast
    def f(a, n):
        x = "none"
        for i in range(n):
            if a[i] > 0.5:
                x = i
        return x

    with pytest.raises(TraceError, match="'x'"):
        f(np.ones(1000), 999)


def test_none_where_a_number_is_needed_raises_as_in_python():
    @fast
    def f(a):
        x = None
        if a[0] > 0:
            x = a[0]
        return x + 1

    assert f(np.ones(2)) == 2
    with pytest.raises(TypeError, match="None"):
        f(-np.ones(2))


def test_an_array_of_two_names_is_not_written_silently():
    @fast
    def f(a, b, k):
        c = a if k > 2 else b
        c[0] = 5.0
        return c

    with pytest.raises(TraceError, match="copy"):
        f(np.ones(3), np.ones(3), 4)


def test_try_around_checks_is_python_s():
    @fast
    def f(a, i):
        try:
            return a[i]
        except IndexError:
            return 0.0

    assert f(np.ones(3), 5) == 0.0
    assert f(np.ones(3), 2) == 1.0


def test_endless_recursion_is_named():
    def g(x):
        return g(x) + 1

    @fast
    def f(x):
        return g(x)

    with pytest.raises(TraceError, match="calls itself"):
        f(np.ones(2))


# ---- inlining ------------------------------------------------------------------------------------
def test_compiled_functions_are_inlined():
    @fast
    def square(x):
        if x > 1:
            return x * x
        return x

    @fast
    def f(a):
        s = 0.0
        for x in a:
            s += square(x)
        return s

    assert f(np.array([0.5, 2.0, 3.0, 0.25, 1.5])) == 0.5 + 4 + 9 + 0.25 + 2.25


class Model:
    def __init__(self, rate):
        self.rate = rate

    @fast
    def step(self, x):
        if x > self.rate:
            return x - self.rate
        return x


def test_compiled_methods_are_inlined():
    @fast
    def f(a, rate):
        m = Model(rate)
        for i in range(a.shape[0]):
            a[i] = m.step(a[i])
        return a

    np.testing.assert_array_equal(f(np.arange(6.0), 2.0), [0, 1, 2, 1, 2, 3])


# ---- generators ----------------------------------------------------------------------------------
def test_draws_in_a_loop_are_numpys():
    def f(rng, n):
        inside = 0
        for _ in range(n):
            x, y = rng.random(), rng.random()
            if x * x + y * y < 1:
                inside += 1
        return inside, rng.integers(0, 1000)

    want = f(np.random.default_rng(7), 50)
    assert fast(f)(np.random.default_rng(7), 50) == want


# ---- arrays from outside -------------------------------------------------------------------------
TABLE = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])


def test_a_global_array_is_read_at_traced_positions():
    @fast
    def f(k):
        s = 0.0
        for i in range(k):
            s += TABLE[i]
        return s

    assert f(6) == TABLE.sum()


def test_a_global_array_is_not_written():
    @fast
    def f(k):
        for i in range(k):
            TABLE[i] = 0.0

    with pytest.raises(UnsupportedError, match="argument"):
        f(6)


def test_graphs_of_loops_verify_and_pickle():
    import pickle

    def f(a, n):
        s = 0
        while s < n:
            for i in range(a.shape[0]):
                a[i] += s
            s += 1
        return s

    graph = fast(f).graph(np.ones(5), 4)
    verify(graph, "tracing")
    assert pickle.loads(pickle.dumps(graph)).outputs == graph.outputs
