"""While loops stack what their backward passes need in the one run: the stacks grow."""

import subprocess
import sys
import textwrap

import numpy as np
import pytest

import arignote as ag
from arignote.fxgraph.graph import order_of
from arignote.optimize.loopnest.program import GROW, If, Library, While, walk
from arignote.optimize.pipeline import optimize
from arignote.scanloop.grown import grow_stacks
from arignote.scanloop.scan import scan_op


def damped(x, least):
    while np.sum(x * x) > least:
        x = 0.97 * np.sin(x)
    return np.sum(x**3)


def in_place(x, least):
    """The loop overwrites its argument, and reads what it overwrites."""
    n = 0
    while x[0] * x[0] > least:
        x[1:-1] = 0.5 * (x[:-2] * x[1:-1] + x[2:])
        x[0] *= 0.96
        n += 1
    return np.sum(x * x) + n


def newton(x, least):
    """A scalar recurrence, an array that is carried beside it, and the number of steps."""
    r, k = x[0] + 3.0, 0
    y = x
    while abs(r * r - 2.0) > least:
        r = 0.5 * (r + 2.0 / r)
        y = y * r / (1.0 + y * y)
        k = k + 1
    return r + np.sum(y) * k


def chosen(x, least):
    s = 0.0
    while x[-1] > least:
        if x[0] > 0.4:
            x = x * 0.97
        else:
            x = 0.5 * x * x + 0.1 * x
        s += np.sum(np.sqrt(x))
    return s


def nested(x, least):
    """Steps with loops of their own."""
    while np.max(x) > least:
        for _ in range(3):
            x = 0.98 * np.tanh(x)
        for i in range(1, len(x)):
            x[i] = 0.9 * x[i] + 0.1 * x[i - 1] * x[i]
    return np.sum(x)


def inside(x, least):
    """While loops in the steps of another loop."""
    for k in range(3):
        y = x * (k + 1.0)
        while np.sum(y) > least:
            y = y * np.cos(y) * 0.9
        x = x + y
    return np.sum(x * x)


def two(x, least):
    """Two loops, the second over what the first left."""
    while x[0] > least:
        x = 0.9 * np.sin(x)
    y = x + 1.0
    while y[1] * y[0] > least:
        y = y * x * 0.9 + 0.3 * np.tanh(y)
    return np.sum(x * y)


def stopped(x, least):
    total = 0.0
    while True:
        x = 0.95 * np.arctan(x)
        total = total + np.sum(x * x)
        if np.sum(x) < least:
            break
    return total


def apart(x, least):
    """The number of steps hangs on nothing that is differentiated."""
    t = 1.0
    y = x
    while t > least:
        t = t * 0.8
        y = np.sin(y) + 0.1 * x
    return np.sum(y)


CASES = [damped, in_place, newton, chosen, nested, inside, two, stopped, apart]


def start(n=6):
    return np.linspace(0.31, 1.2, n)


def quotients(f, x, *rest):
    out = np.zeros_like(x)
    for k in range(x.size):
        d = np.zeros_like(x)
        d.flat[k] = 1e-6
        out.flat[k] = (f(x + d, *rest) - f(x - d, *rest)) / 2e-6
    return out


@pytest.mark.parametrize("least", [0.05, 100.0])
@pytest.mark.parametrize("f", CASES)
def test_gradients_are_those_of_the_steps(f, least):
    both = ag.value_and_grad(f)
    value, g = both(start(), least)
    assert value == pytest.approx(f(start(), least), rel=1e-12)
    np.testing.assert_allclose(g, quotients(f, start(), least), rtol=2e-6, atol=2e-7)
    with ag.config(excluding="grown_stacks"):
        apart_value, apart_g = ag.value_and_grad(f)(start(), least)
    assert value == apart_value
    np.testing.assert_allclose(g, apart_g, rtol=1e-13, atol=1e-15)


def growths(function, *args):
    return [s for s in walk(function.program(*args).statements)
            if isinstance(s, Library) and s.name == GROW]  # fmt: skip


@pytest.mark.parametrize("f", [damped, in_place, newton, chosen, nested, two, apart])
def test_the_loop_runs_once(f):
    g = ag.grad(f)
    assert growths(g, start(), 0.1)
    loops = [s for s in walk(g.program(start(), 0.1).statements) if isinstance(s, While)]
    assert len(loops) == (2 if f is two else 1)
    with ag.config(excluding="grown_stacks"):
        assert not growths(ag.grad(f), start(), 0.1)


def test_primals_do_not_stack():
    assert not growths(ag.compile(damped), start(), 0.1)


@pytest.mark.parametrize("steps", [0, 1, 32, 33, 1000])
@pytest.mark.parametrize("n", [1, 50, 40000])
def test_any_number_of_steps(steps, n):
    """Rows from the few bytes of a slot on the stack to more than is kept for the first."""
    steps = min(steps, 3_000_000 // n)

    def f(x, steps):
        k = 0
        while k < steps:
            x = x * (1.001 - 0.002 * x)
            k += 1
        return np.sum(x)

    x = np.linspace(0.1, 0.9, n)
    y, slope = x.copy(), np.ones(n)
    for _ in range(steps):
        slope *= 1.001 - 0.004 * y
        y = y * (1.001 - 0.002 * y)
    g = ag.grad(f)
    for _ in range(2):  # the second finds the memory of the first
        np.testing.assert_allclose(g(x, steps), slope, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8", "c8", "c16"])
def test_dtypes(dtype):
    def f(x):
        n = 0
        while n < 50:
            x = x - 0.01 * x * x
            n += 1
        return np.sum(x * x).real

    x = (np.linspace(0.2, 0.9, 5) * (1 + (0.5j if dtype[0] == "c" else 0))).astype(dtype)
    y, slope = x.astype("c16"), np.ones(5, "c16")
    for _ in range(50):
        slope *= 1 - 0.02 * y
        y = y - 0.01 * y * y
    found = ag.grad(f)(x)
    assert found.dtype == x.dtype
    expected = 2 * y * slope
    if dtype[0] == "f":
        expected = expected.real
    with_conjugate = np.allclose(found, expected.conj(), rtol=2e-5)
    assert with_conjugate or np.allclose(found, expected, rtol=2e-5)


def test_derivatives_of_derivatives():
    def f(x):
        while x > 0.5:
            x = x * 0.9 - 0.01 * x * x
        return x * x

    first, second = ag.grad(f), ag.grad(ag.grad(f))
    x, d = 1.7, 1e-5
    assert second(x) == pytest.approx((first(x + d) - first(x - d)) / (2 * d), rel=1e-7)


@pytest.mark.parametrize("f", [damped, in_place, two])
def test_the_meaning_of_the_joined_graph(f):
    g = ag.value_and_grad(f)
    assert g.validate(start(), 0.25)


def test_interpreted():
    g = ag.grad(damped)
    graph = optimize(g.graph(start(), 0.1))
    new, _ = grow_stacks(graph)
    assert new is not graph
    scans = [n for n in order_of(new.roots) if n.op is scan_op]
    assert sorted(n.attr("trip") >= 0 for n in scans) == [False, False]


def test_only_loops_over_the_same_steps_are_joined():
    """A loop over the number of steps that computes something else stays as it is."""

    def f(x):
        n = 0
        y = x
        while y[0] > 0.1:
            y = y * 0.9
            n += 1
        z = x
        for _ in range(n):
            z = np.sin(z)
        return np.sum(y) + np.sum(z)

    x = start()
    np.testing.assert_allclose(ag.grad(f)(x), quotients(f, x), rtol=1e-6)


def test_stacks_that_read_what_the_loop_gives_stay_apart():
    def f(x):
        n, y = 0, x
        while y[0] > 0.1:
            y = y * 0.9
            n += 1
        last = y * 1.0
        z = x
        for _ in range(n):
            z = np.sin(z * last)
        return np.sum(z)

    x = start()
    np.testing.assert_allclose(ag.grad(f)(x), quotients(f, x), rtol=1e-6, atol=1e-9)


def test_no_form_on_a_gpu_yet():
    """There the loop runs a second time, as before."""
    text = ag.grad(damped).source(start(), 0.1, backend="cuda")
    assert "an_grow" not in text and "grow(" not in text


def test_errors_of_steps():
    """What a step raises is raised in its place, with what earlier steps wrote."""

    def f(x, i):
        n = 0
        while x[0] > 0.1:
            x[0] *= 0.9
            x[1] += x[i - n] * x[0]
            n += 1
        return np.sum(x)

    a, b = start(), start()
    with pytest.raises(IndexError):
        f(a, -2)
    with pytest.raises(IndexError):
        ag.value_and_grad(f)(b, -2)


@pytest.mark.skipif(sys.platform != "linux", reason="limits of memory are Linux's")
def test_no_memory_for_more_rows(tmp_path):
    """MemoryError; the process goes on."""
    script = """
        import resource
        import numpy as np
        import arignote as ag

        def f(x, steps):
            k = 0
            while k < steps:
                x = x * (1.001 - 0.002 * x)
                k += 1
            return np.sum(x)

        g = ag.grad(f)
        x = np.linspace(0.1, 0.9, 100_000)
        g(x, 3)
        used = int(open("/proc/self/statm").read().split()[0]) * resource.getpagesize()
        resource.setrlimit(resource.RLIMIT_AS, (used + 200_000_000,) * 2)
        try:
            g(x, 100_000)
        except MemoryError:
            print("MemoryError", np.isfinite(g(x, 3)).all())
        """
    path = tmp_path / "script.py"
    path.write_text(textwrap.dedent(script))
    done = subprocess.run(
        [sys.executable, str(path)], capture_output=True, text=True, check=False
    )
    assert done.stdout.split() == ["MemoryError", "True"], done.stderr


def test_room_is_asked_for_where_it_is_full():
    found = [s for s in walk(ag.grad(damped).program(start(), 0.1).statements)
             if isinstance(s, If) and any(isinstance(x, Library) for x in s.then)]  # fmt: skip
    assert len(found) == 1
