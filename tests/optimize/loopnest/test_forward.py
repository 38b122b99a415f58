"""Temporaries that other arrays stand for: when they go, and when they must stay."""

import numpy as np
import pytest

import arignote as ag
from arignote.api import compile
from arignote.optimize.loopnest.program_text import program_text

from .scheduling import check

rng = np.random.default_rng(3)


def vectors(*sizes):
    return [{"a": rng.random(n), "b": rng.random(n), "c": rng.random(n)} for n in sizes]


def temporaries(made):
    return made.text.count("alloc ")


def shifted_copy(a, b, c):
    b[1:-1] = 0.5 * (a[:-2] + a[2:])
    c[1:-1] = b[:-2] + b[1:-1] * b[2:]


def test_a_value_is_read_from_where_it_was_put():
    made = check("forwarding", shifted_copy, *vectors(6, 9))
    assert temporaries(made) == 0


def overwritten(a, b, c):
    t = a * a + c
    b[:] = t
    b[2] = 7.0
    c[:] = t + b[::-1]


def test_not_from_an_array_that_changes_in_between():
    check("forwarding", overwritten, *vectors(5, 8))


def elsewhere(a, b, c):
    t = a[1:] * a[:-1]
    b[1:] = t
    b[0] = 7.0
    c[1:] = t + b[:-1]


def test_changes_of_other_elements_do_not_matter():
    made = check("forwarding", elsewhere, *vectors(5, 8))
    assert temporaries(made) == 0


def changed_by_the_reader(a, b, c):
    t = a * c
    b[:] = t
    for i in range(1, b.shape[0]):
        b[i] = b[i - 1] + t[i]


def test_a_reader_that_writes_the_array_keeps_the_temporary():
    made = check("forwarding", changed_by_the_reader, *vectors(5, 8))
    assert made.after is made.before or temporaries(made) >= 1


def in_steps(a, b, c):
    for _ in range(3):
        twice = 2 * a[1:-1]
        b[1:-1] = twice + a[2:]
        a[1:-1] = b[:-2] - twice + 2 * b[1:-1] * b[2:]


def test_steps_of_a_sweep():
    check("forwarding", in_steps, *vectors(5, 8))


def row_sums(a, b, c):
    x = c.copy()
    for _ in range(2):
        y = np.outer(a, b) @ x
        x = y / np.sqrt(y @ y)
    c[:] = x


def test_a_sum_is_not_its_start():
    check("forwarding", row_sums, *vectors(4, 6), rtol=1e-12)


def partly(a, b, c):
    t = np.zeros(a.shape[0])
    t[:3] = a[:3] * 2
    b[:3] = t[:3]
    b[3:] = 5.0
    c[:] = t + b


def test_a_part_does_not_stand_for_the_whole():
    check("forwarding", partly, *vectors(5, 8))


def flux(a, c, out):
    lap = 4.0 * a[1:-1, 1:-1] - (a[2:, 1:-1] + a[:-2, 1:-1] + a[1:-1, 2:] + a[1:-1, :-2])
    right = lap[:, 1:] - lap[:, :-1]
    down = np.where(lap[1:] > 0.0, lap[1:] - lap[:-1], 0.0)
    out[:, :] = a[2:-1, 2:-1] - c * (right[1:] + down[:, 1:])


def test_a_quick_stencil_is_computed_again_by_stencils_that_read_it():
    sample = {"a": rng.random((9, 8)), "c": rng.random((6, 5)), "out": np.zeros((6, 5))}
    made = check("forwarding", flux, sample)
    assert "its operands" in made.note and made.text.count("alloc") < 3


def repeated(a, out):
    t = 3.0 * a + a * a - 1.0
    for k in range(out.shape[0]):
        out[k] = t * k


def column_wise(a, out):
    t = a[:, 1:] + a[:, :-1]
    out[:, :] = t.T + t.T * 2.0


def test_stencils_that_more_loops_repeat_or_that_walk_elsewhere_stay():
    a = rng.random((4, 5))
    made = check("forwarding", repeated, {"a": a, "out": np.zeros((6, 4, 5))})
    assert "alloc" in made.text
    check("forwarding", column_wise, {"a": a, "out": np.zeros((4, 4))})


def in_place(a):
    t = a[:-1, :] + a[1:, :] - 0.5
    a[1:, :] = t
    a[:-1, :] += t * 2.0


def test_what_overwrites_its_operands_is_kept():
    check("forwarding", in_place, {"a": rng.random((5, 4))})


def states_before_and_after(x, a):
    n = len(x)
    before, after, state = np.empty(n), np.empty(n), 0.0
    for k in range(n):
        before[k] = state
        new = a * state + x[k]
        after[k] = new
        state = new
    s = 0.0
    for k in range(n - 1, -1, -1):
        s = s * a + before[k] * (1.0 + after[k])
    return s


def the_same_variable_stored_twice(x):
    n = len(x)
    before, after, state = np.empty(n), np.empty(n), 0.0
    for k in range(n):
        before[k] = state
        state = x[k] + 1.0
        after[k] = state
    s = 0.0
    for k in range(n):
        s = s + before[k] * (2.0 + after[k])
    return s


def test_a_state_that_is_kept_before_it_changes_is_not_the_new_one():
    x = np.linspace(-1, 1, 9)
    for f, args in ((states_before_and_after, (x, 0.9)), (the_same_variable_stored_twice, (x,))):
        assert compile(f)(*args) == pytest.approx(f(*args), rel=1e-13)


def positive_windows(x, w):
    """A convolution of what is positive."""
    y = np.maximum(3.0 * x - 1.0, 0.0)
    out = np.empty((x.shape[0] - 1, x.shape[1] - 1, w.shape[3]))
    for i in range(x.shape[0] - 1):
        for j in range(x.shape[1] - 1):
            out[i, j] = np.sum(y[i : i + 2, j : j + 2, :, None] * w, axis=(0, 1, 2))
    return np.sum(out**2)


def test_what_inner_loops_read_again_and_again_is_computed_once():
    x, w = np.linspace(-1, 1, 60).reshape(4, 5, 3), np.linspace(0, 2, 24).reshape(2, 2, 3, 2)
    gradient = ag.grad(positive_windows, argnums=(0, 1))
    text = program_text(gradient.compiled_for(x, w).program)
    stores = [line.split(" # ")[0] for line in text.splitlines() if " = " in line or "+=" in line]
    assert sum("maximum(" in line for line in stores) == 1
