"""Arrays that lose rows in loops keep their memory; index checks stay before what they guard."""

import numpy as np
import pytest

from arignote.api import compile
from arignote.optimize.loopnest.program import Alloc, Check, Loop, Store, walk

rng = np.random.default_rng(11)


def thinned(x, w, n):
    for i in range(n):
        if not len(x):
            break
        keep = x > 0.1 * i
        w = w[keep]
        x = x[keep] * 0.95
    return x, w


def rows_kept(x, n):
    for i in range(n):
        x = x[x[:, 0] > 0.1 * i]
    return x


def reversed_choice(x, n):
    for i in range(n):
        x = x[::-1][x > 0.1 * i]
    return x


def test_rows_move_up_in_the_array_itself():
    f = compile(thinned)
    x, w = rng.random(200), rng.random(200)
    for a, b in zip(f(x, w, 6), thinned(x, w, 6), strict=True):
        np.testing.assert_array_equal(a, b)
    loops = [s for s in f.compiled_for(x, w, 6).program.statements if isinstance(s, Loop)]
    (steps,) = [s for s in loops if any(isinstance(t, Loop) for t in walk(s.body))]
    room = [s.buffer.dtype.kind for s in walk(steps.body) if isinstance(s, Alloc)]
    assert "f" not in room  # masks and positions only


@pytest.mark.parametrize("f", [rows_kept, reversed_choice])
def test_choices_in_other_orders(f):
    x = rng.random((60, 3)) if f is rows_kept else rng.random(60)
    for n in (0, 1, 5, 200):
        np.testing.assert_array_equal(compile(f)(x, n), f(x, n))


def counted(i, j, z, w):
    n = np.zeros((4, 4))
    out = np.zeros((4, 4))
    n[i, j] = z
    out[i, j] = w
    return n, out


def test_nothing_is_written_at_an_index_before_it_is_checked():
    i, j = np.array([0, 1, 3]), np.array([2, 2, 9])
    f = compile(counted)
    with pytest.raises(IndexError, match="index 9"):
        f(i, j, rng.random(3), rng.random(3))
    program = f.compiled_for(i, j, rng.random(3), rng.random(3)).program
    seen = list(walk(program.statements))
    checks = [k for k, s in enumerate(seen) if isinstance(s, Check) and s.kind == "check_index"]
    stores = [k for k, s in enumerate(seen) if isinstance(s, Store) and len(s.index) == 2]
    assert checks[1] < min(stores)
