"""NanGuardMode, values by name, callbacks, bisection over a script."""

import os
import subprocess
import sys

import numpy as np
import pytest

import arignote as ag
from arignote.debug.bisect import smallest
from arignote.errors import NanGuardError


def test_the_first_nan_is_named_with_its_line():
    @ag.compile(mode="NanGuardMode")
    def f(a):
        b = a - 1.0
        return np.log(b).sum()

    np.testing.assert_allclose(f(np.array([2.0, 3.0])), np.log(2))
    with pytest.raises(NanGuardError, match=r"np.log\(b\) .*test_looking.py.* gives nan at \[1\]"):
        f(np.array([2.0, 0.5]))
    with pytest.raises(NanGuardError, match="argument a gives inf"):
        f(np.array([2.0, np.inf]))


def test_what_the_rewriting_stabilises_is_no_alarm():
    f = ag.compile(lambda a: np.log(1 + np.exp(a)), mode="NanGuardMode")
    with ag.config(nan_guard=("nan", "inf")):
        np.testing.assert_allclose(f(np.array([1000.0])), [1000.0])


def test_big_numbers_are_found_in_loops():
    @ag.compile(mode="NanGuardMode")
    def f(a, n):
        s = 1.0
        for _ in range(n):
            s = s * a[0]
        return s

    assert f(np.array([10.0]), 3) == 1000.0
    with pytest.raises(NanGuardError, match="above nan_guard_big"):
        f(np.array([10.0]), 30)


def walk(a, n):
    s = 0.0
    for i in range(n):
        t = a[i] * 2.0
        s = s + t
    b = np.sqrt(a) + s
    return b


def test_values_by_name_and_step():
    a = np.array([1.0, 4.0, 9.0])
    found = ag.compile(walk).values(a, 3)
    assert found.steps("t") == [2.0, 8.0, 18.0]
    assert found["s"] == 28.0
    np.testing.assert_array_equal(found["b"], np.sqrt(a) + 28.0)
    line = walk.__code__.co_firstlineno + 3
    assert f"line {line}, step 1: t = 8." in str(found)
    with pytest.raises(KeyError, match="there are b, s, t"):
        found["z"]


def test_callbacks_see_every_operation_and_may_stop():
    f, seen = ag.compile(walk), []
    a = np.array([1.0, 4.0, 9.0])
    np.testing.assert_array_equal(f.monitor(seen.append, a, 3), walk(a, 3))
    assert sum(s.op == "multiply" for s in seen) == 3
    assert {s.name for s in seen} >= {"t", "s", "b"}

    def stop(s):
        if s.name == "t" and s.value > 5:
            raise StopIteration

    with pytest.raises(StopIteration):
        f.monitor(stop, a, 3)


def test_callbacks_before_operations_see_the_operands():
    seen, order = [], []
    pair = (lambda s: (seen.append(s), order.append("<")), lambda s: order.append(">"))
    a = np.array([1.0, 4.0, 9.0])
    ag.compile(walk).monitor(pair, a, 3)
    (root,) = [s for s in seen if s.op == "sqrt"]
    np.testing.assert_array_equal(root.operands[0], a)
    assert order[:2] == ["<", ">"] and order.count("<") == order.count(">")


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_values_are_printed_when_the_function_runs(mode, capfd):
    @ag.compile(mode=mode)
    def f(a, n):
        for i in range(n):
            a[i] = ag.print(a[i] * 2.0, "twice")
        ag.print((a, n))
        return a.sum()

    for _ in range(2):
        assert f(np.array([1.0, 2.0]), 2) == 6.0
        assert capfd.readouterr().out == "twice = 2.0\ntwice = 4.0\n[2. 4.] 2\n"
    assert ag.print(3, "x") == 3 and capfd.readouterr().out == "x = 3\n"


def test_derivatives_pass_through_prints(capfd):
    df = ag.grad(lambda x: ag.print(x * x, "square") + 1.0)
    assert df(3.0) == 6.0
    assert capfd.readouterr().out.startswith("square = 9.0")


def test_what_a_branch_reads_has_one_value_a_step():
    @ag.compile
    def f(a, n):
        s = 0.0
        for i in range(n):
            t = a[i] * 2.0
            if t > 3:
                s = s + t
        return s

    values = f.values(np.array([1.0, 4.0, 9.0]), 3)
    assert values.steps("t") == [2.0, 8.0, 18.0]
    assert values.steps("s") == [8.0, 26.0]


def test_what_is_asked_for_handlers_is_no_value_of_a_variable():
    @ag.compile
    def f(a, k):
        t = 0.0
        for j in range(k.shape[0]):
            try:
                t += a[k[j]] * 2.0
            except IndexError:
                t -= 1.0
        return t

    values = f.values(np.array([1.0, 4.0, 9.0]), np.array([1, 7, 2]))
    assert values.steps("t") == [8.0, 7.0, 25.0]


@pytest.mark.parametrize("mode", ["FAST_RUN", "FAST_COMPILE"])
def test_the_debugger_stops_where_a_condition_holds(mode, monkeypatch):
    stops = []

    def hook():
        stops.append(dict(sys._getframe(1).f_locals))  # names that can be typed

    @ag.compile(mode=mode)
    def f(a, n):
        s = 0.0
        for i in range(n):
            s = s + a[i]
            ag.breakpoint(s > 2.5, s=s, i=i)
        return s

    monkeypatch.setattr(sys, "breakpointhook", hook)
    assert f(np.array([1.0, 1.0, 1.0, 1.0]), 4) == 4.0
    assert stops == [{"s": 3.0, "i": 2}, {"s": 4.0, "i": 3}]
    ag.breakpoint(1 > 2, x=1)
    ag.breakpoint(x=1)
    assert stops[2:] == [{"x": 1}]


def test_smallest_sets_are_found():
    names = [f"r{k}" for k in range(40)]
    assert smallest(names, lambda out: "r17" in out) == ("r17",)
    assert set(smallest(names, lambda out: {"r3", "r29"} <= set(out))) == {"r3", "r29"}


def test_bisection_over_a_script_names_the_rule(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\n"
        "import arignote as ag\n"
        "f = ag.compile(lambda a: np.log(1 + np.exp(a)), mode='NanGuardMode')\n"
        "try:\n"
        "    f(np.array([1000.0]))\n"
        "except FloatingPointError:\n"
        "    raise SystemExit(0)\n"
        "raise SystemExit('NumPy overflows here')\n"
    )
    done = subprocess.run(
        [sys.executable, "-m", "arignote.debug.bisect", str(script)],
        capture_output=True, text=True,
        env={**os.environ, "ARIGNOTE_FLAGS": ""},
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "excluding=softplus_form" in done.stdout


def test_a_fused_nest_names_all_its_lines():
    @ag.compile
    def several(a, b):
        c = np.exp(a - b)
        d = c * a
        return c, d, d.max()

    a = np.ones((5, 6))
    lines = [line for n in several.explain(a, a).nests for line in n.lines]
    for text in ("np.exp(a - b)", "c * a", "d.max()"):
        assert any(text in line for line in lines), lines


def test_monitor_mode_tells_every_operation_of_every_call(capsys):
    def f(a):
        s = 0.0
        for i in range(len(a)):
            s = s + a[i] * 2.0
        return s

    seen = []
    g = ag.compile(f, monitor=seen.append)
    assert g(np.array([1.0, 4.0])) == 10.0 and g(np.ones(3)) == 6.0
    assert [float(x.value) for x in seen if x.op == "multiply"] == [2.0, 8.0, 2.0, 2.0, 2.0]

    steps = []
    pair = (lambda x: steps.append((x.op, "before")), lambda x: steps.append((x.op, "after")))
    ag.compile(lambda a: np.sin(a), mode="MonitorMode", monitor=pair)(np.ones(2))
    assert steps == [("sin", "before"), ("sin", "after")]

    ag.compile(lambda a: np.sqrt(a) + 1.0, mode="MonitorMode")(np.array([4.0]))
    said = capsys.readouterr().out
    assert "np.sqrt(a)" in said and "[3.]" in said


def test_a_monitor_may_stop_a_call():
    def big(seen):
        if np.max(seen.value) > 5.0:
            raise OverflowError(f"{seen.origin.expression} gives {seen.value}")

    f = ag.compile(lambda a: a * 4.0 + 2.0, monitor=big)
    np.testing.assert_array_equal(f(np.array([0.5])), [4.0])
    with pytest.raises(OverflowError, match=r"a \* 4.0 \+ 2.0 gives \[6.\]"):
        f(np.array([1.0]))
