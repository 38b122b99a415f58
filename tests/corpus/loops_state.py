"""What loops carry and how they end: names, containers, views, early exits, iteration, recursion."""

# Programs are written as people write them.
# ruff: noqa: C416, C417, E501, PIE808, SIM300

from __future__ import annotations

import dataclasses
import functools
import itertools
from typing import NamedTuple

import numpy as np

from .cases import Corpus

CASES = Corpus()
case = CASES.case
_rng = np.random.default_rng(3)


def V(n=6):
    return _rng.random(n) + 0.1


def M(n=4, m=5):
    return _rng.random((n, m)) + 0.1


class Pair(NamedTuple):
    left: float
    right: float


@dataclasses.dataclass
class State:
    x: np.ndarray
    t: float


# ---- containers ----------------------------------------------------------------------------------
@case(5)
def lists_of_traced_length(n):
    a = [0] * n
    b = [i * i for i in range(n)]
    a[1] = 7
    return a + b, [1, 2] + a, b * 2, [1.5, 2.5] * (n - 2), [1] * (n - 5), n * [True]


@case(5, 9)
def members_of_lists(n, k):
    b = [i * i for i in range(n)]
    return k in b, 8 in b, 8 not in b


@case(4)
def repeated_containers(n):
    return [(1, 2)] * n, (1, 2) * n, [None] * n, "ab" * n


@case(4)
def table_of_lists(n):
    a = [[0] * n for _ in range(n)]
    for i in range(n):
        for j in range(n):
            a[i][j] = i * j
    return a


@case(6)
def queens(n):
    count = 0
    pos = [-1] * n
    row = 0
    while row >= 0:
        pos[row] += 1
        while pos[row] < n:
            free = True
            for r in range(row):
                if pos[r] == pos[row] or abs(pos[r] - pos[row]) == row - r:
                    free = False
                    break
            if free:
                break
            pos[row] += 1
        if pos[row] < n:
            if row == n - 1:
                count += 1
            else:
                row += 1
                pos[row] = -1
        else:
            row -= 1
    return count


@case(V())
def tuple_state(a):
    s = (0.0, 1.0)
    for v in a:
        s = (s[0] + v, s[1] * v)
    return s


@case(V())
def named_tuple_state(a):
    p = Pair(0.0, 1.0)
    for i in range(len(a)):
        p = Pair(p.right, p.left + a[i])
    return p


@case(V(), 5)
def dict_rebuilt(a, n):
    s = {"x": a, "n": 0}
    for _ in range(n):
        s = {"x": s["x"] * 0.5, "n": s["n"] + 1}
    return s


@case(V(), 5)
def dict_written(a, n):
    s = {"total": 0.0, "count": 0}
    for i in range(n):
        s["total"] += a[i]
        s["count"] = s["count"] + 1
    return s


@case(V(), 5)
def dataclass_replaced(a, n):
    s = State(a, 0.0)
    for _ in range(n):
        s = dataclasses.replace(s, x=s.x * 0.5, t=s.t + 0.1)
    return s.x, s.t


@case(V(), 5)
def attribute_written(a, n):
    s = State(a * 1.0, 0.0)
    for i in range(n):
        s.t += a[i]
        s.x[i] = s.t
        s.x = s.x + 1.0
    return s.x, s.t


@case(V(), 6)
def list_slots(a, n):
    s = [0.0, 1.0, 2.0]
    for i in range(n):
        s[0] = s[1] + a[i]
        s[1], s[2] = s[2], s[0]
    return s


@case(V(), V(), 5)
def list_of_arrays_swapped(a, b, n):
    buffers = [a * 1.0, b * 1.0]
    for i in range(n):
        buffers[1][i] = buffers[0][i] + 1.0
        buffers[0], buffers[1] = buffers[1], buffers[0]
    return buffers[0], buffers[1]


# ---- lists that grow -----------------------------------------------------------------------------
@case(V())
def append_each(a):
    out = []
    for i in range(a.shape[0]):
        out.append(a[i] * 2)
    return np.array(out)


@case(V())
def append_some(a):
    out = []
    for x in a:
        if x > 0.5:
            out.append(x)
    return np.array(out), len(out)


@case(V(), 7)
def append_and_read(a, n):
    f = [1, 1]
    for i in range(2, n):
        f.append(f[i - 1] + f[-2])
    return f[-1], len(f)


@case(M())
def append_rows(A):
    rows = []
    for i in range(len(A)):
        rows.append(A[i] * i)
    return np.array(rows)


@case(V())
def list_returned(a):
    out = []
    for i in range(len(a)):
        out.append(a[i] + i)
    return out


@case(V())
def comprehension_over_range(a):
    return np.array([a[i] * i for i in range(len(a))])


@case(V())
def comprehension_over_array(a):
    return np.array([x * x for x in a]), sum([x + 0 for x in a])


@case(V(), 6)
def generator_sum(a, n):
    return sum(a[i] * i for i in range(n)), max(a[i] for i in range(n)), any(a[i] > 2 for i in range(n))


@case(V())
def comprehension_filtered(a):
    return np.array([x + 1 for x in a if x > 0.4])


@case(M())
def comprehension_nested(A):
    return np.array([[A[i, j] + j for j in range(A.shape[1])] for i in range(A.shape[0])])


@case(V(5))
def append_in_while(a):
    out = []
    i = 0
    while i < len(a) and a[i] < 5.0:
        out.append(a[i])
        i += 2
    return np.array(out)


# ---- iteration -----------------------------------------------------------------------------------
@case(V(), V())
def over_zip(a, b):
    s = 0.0
    for x, y in zip(a, b):
        s += x * y
    return s


@case(V(8), V(6))
def over_zip_uneven(a, b):
    s = 0.0
    for x, y in zip(a, b):
        s += x * y
    return s


@case(V())
def over_enumerate(a):
    for i, x in enumerate(a, 1):
        a[i - 1] = x * i


@case(V())
def over_reversed(a):
    s = 0.0
    for x in reversed(a):
        s = s * 0.5 + x
    for i in reversed(range(len(a))):
        s += i * a[i]
    return s


@case(M(3, 6))
def over_ndindex(A):
    s = 0.0
    for i, j in np.ndindex(A.shape):
        s += A[i, j] * (i + 1) / (j + 1)
    return s


@case(M(3, 6))
def over_ndenumerate(A):
    out = np.zeros_like(A)
    for (i, j), x in np.ndenumerate(A):
        out[i, j] = x * i - j
    return out


@case(M(3, 6))
def over_nditer(A):
    s = 0.0
    for x in np.nditer(A):
        s += x * x
    return s


@case(5, 7)
def over_product(n, m):
    s = 0
    for i, j in itertools.product(range(n), range(m)):
        s += i * j
    return s


@case(V())
def over_dict(a):
    weights = {"x": 0.5, "y": 2.0}
    s = 0.0
    for name, w in weights.items():
        s += w * a[0] if name == "x" else w * a[1]
    return s


@case(V())
def over_literal_list(a):
    s = 0.0
    for k in [1, 2, 3]:
        s += a[k] * k
    for lo, hi in ((0, 2), (2, 5)):
        a[lo:hi] += s
    return s


@case(M())
def rows_written(A):
    for k, row in enumerate(A):
        row[:] = row[::-1] + k


@case(V(), 2)
@case(V(), -2)
def traced_step(a, step):
    s = 0.0
    start, stop = (0, 6) if step > 0 else (5, -1)
    for i in range(start, stop, step):
        s = 2 * s + a[i]
    return s


@case(V(), 20, -1)
def range_with_slice_steps(a, n, k):
    t = 0
    for i in range(n, 0, -3):
        t += i
    for j in range(k, n, 4):
        t -= j
    return t, i, j


# ---- early exits ---------------------------------------------------------------------------------
@case(V(), 0.3)
@case(V(), 9.0)
def for_else(a, v):
    for i in range(len(a)):
        if a[i] > v:
            break
    else:
        return -1, a[0]
    return i, a[i]


@case(V(), 2.0)
def while_else(a, limit):
    s, i = 0.0, 0
    while i < len(a):
        s += a[i]
        i += 1
        if s > limit:
            break
    else:
        s = -s
    return s, i


@case(M(), 0.9)
@case(M(), 9.0)
def return_from_nested(A, v):
    for i in range(A.shape[0]):
        for j in range(A.shape[1]):
            if A[i, j] > v:
                return i, j
    return -1, -1


@case(V(9))
def continue_in_while(a):
    i, s = 0, 0.0
    while True:
        i += 1
        if i >= len(a):
            break
        if a[i] < 0.4:
            continue
        s += a[i]
    return s


@case(V(), 3.0)
def early_return_of_array(a, limit):
    b = a * 2
    for i in range(len(a)):
        b[i] += 1
        if np.sum(b) > limit:
            return b
    return a * 0


@case(4)
@case(0)
def unassigned_after_loop(n):
    for i in range(n):
        last = i * 2
    return last


@case(V(), 3)
@case(V(), 1)
def unassigned_in_branch(a, k):
    if k > 2:
        x = a[0]
    a[1] = 7.0
    return x + 1


@case(V(), -1)
@case(V(), 3)
def assert_on_argument(a, n):
    a[0] = 1.0
    assert n > 0, f"n is {n}"
    a[1] = 2.0
    return n


@case(V(), 0.5)
@case(V(), 7.0)
def raise_in_loop(a, limit):
    for i in range(len(a)):
        if a[i] > limit:
            raise ValueError(f"element {i} is too large")
    return np.sum(a)


@case(V(), 2)
@case(V(), 9)
def raise_in_helper(a, k):
    def checked(k):
        if k >= len(a):
            raise KeyError("no such element")
        return a[k]

    return checked(k) * 2


@case(3)
@case(-3)
def raise_in_last_branch(n):
    if n > 2:
        r = n * 2
    elif n > 0:
        r = n
    else:
        raise ValueError("n must be positive")
    return r + 1


# ---- names and types -----------------------------------------------------------------------------
@case(V(), 4)
def int_becomes_float(a, n):
    s = 0
    for i in range(n):
        if i == 2:
            s = s / 2
        s += 1
    return s


@case(np.arange(6, dtype=np.float32))
def stays_float32(a):
    s = np.float32(0)
    for x in a:
        s += x * np.float32(0.5)
    return s


@case(np.arange(6, dtype=np.int8))
def wraps_int8(a):
    s = a[1]
    for i in range(10):
        s = s * a[3] + a[2]
    return s


@case(-7, 3)
def bits_of_negatives(a, n):
    s = 0
    for i in range(1, n + 5):
        s ^= (a >> i) | (a << i) & ~i
        s += (a * i) % 5 + a // i
    return s


@case(V(), 3)
def number_becomes_array(a, n):
    s = 0
    for i in range(n):
        s = s + a * i
    return s


@case(V(), 3)
def none_at_first(a, n):
    best = None
    for i in range(n):
        if best is None or a[i] > best:
            best = a[i]
    return best


# Which of two arrays a name is, is known at run time only: an array of its own is returned.
@case(V(), V(), 5, shares=False)
def swapped_arguments(a, b, n):
    for _ in range(n):
        b[1:] = a[:-1] + 1.0
        a, b = b, a
    return a


@case(V(), V(), 4, shares=False)
def rotated_three(a, b, n):
    c = a + b
    for _ in range(n):
        a, b, c = b, c, a
        c[0] += 1.0
        a[1:3] = b[0]
    return a, b, c


@case(V(), 2)
def argument_rebound_then_written(a, n):
    for _ in range(n):
        a = a * 2.0
        a[0] = 1.0
    return a


@case(V(), 3)
def written_then_rebound(a, n):
    for _ in range(n):
        a[0] = 9.0
        a = a + 1.0
    return a


@case(V(), 4)
def swap_through_temporary(a, n):
    old = a.copy()
    new = np.zeros_like(a)
    for _ in range(n):
        new[1:-1] = old[:-2] + old[2:]
        tmp = old
        old = new
        new = tmp
    return old, new


@case(V(), 1)
@case(V(), 5)
def view_moves(a, n):
    w = a[0:2]
    for i in range(n):
        w[0] += 1.0
        w = a[i : i + 2]
    return w[0]


@case(V(), 2.0)
def function_in_a_loop(a, k):
    def scaled(x, f=lambda v: v + 1):
        return f(x) * k

    s = 0.0
    for i in range(len(a)):
        s += scaled(a[i])
        if s > 8:
            s -= scaled(s, f=abs)
    return s


@case(V(), 3)
def partial_and_map(a, n):
    add = functools.partial(lambda x, y, z: x + y * z, a[0])
    s = 0.0
    for v in map(lambda x: x * 2, a):
        s += add(v, z=n)
    return s


def _tree_sum(a, lo, hi):
    if hi - lo == 1:
        return a[lo]
    mid = (lo + hi) // 2
    return _tree_sum(a, lo, mid) + _tree_sum(a, mid, hi)


@case(V(6))
def recursion_over_sizes(a):
    return _tree_sum(a, 0, 6)


class Counter:
    def __init__(self, start):
        self.value = start

    def step(self, x):
        if x > 0.5:
            self.value += 1
        return self.value

    def __call__(self, x):
        return x + self.value


@case(V())
def object_with_methods(a):
    c = Counter(3)
    s = 0.0
    for x in a:
        s += c.step(x)
    return s + c(1.0), c.value


@case(V(), 4)
def conditional_expression_chain(a, n):
    s = a[0]
    for i in range(n):
        x = a[i]
        s += 1.0 if x < 0.2 else 2.0 if x < 0.5 else x
        s = s if 0.1 < s < 100 else a[1]
    return s


@case(V(), 4)
def and_or_values(a, n):
    x = a[0] and a[1]
    y = (n > 9 and 5) or 7
    z = n or 3
    return x, y, z, not n, n in (1, 4), n in range(0, 10, 2), 2 not in [n, n + 1]


@case(V())
def string_flag(a):
    mode = "up"
    s = 0.0
    for i in range(3):
        for j in range(len(a)):
            if mode == "up":
                s += a[j]
            else:
                s -= a[j]
        mode = "down" if mode == "up" else "up"
    return s


@case(V(), 300)
def shapes_change_each_step(a, n):
    for _ in range(3):
        a = np.concatenate((a, a[:2]))
    return a


@case(np.arange(8.0), 3)
def shapes_halve(a, levels):
    for k in range(levels):
        a = a.reshape(-1, 2).sum(axis=1)
    return a


@case(V(), 4)
def delete_name(a, n):
    for i in range(n):
        t = a[i]
        a[i] = t + 1
        del t
    return i


@case(3.7, -3.7, 10)
def builtins_of_numbers(x, y, n):
    t = 0.0
    for i in range(n):
        t += int(x) + round(y) + abs(y) + max(x, y, i) + min(i, n - i) + divmod(i, 3)[1] + pow(x, 2) + float(i)
    return t, bool(t), isinstance(t, float), isinstance(i, int), type(x) is float


@case(3, 4, np.arange(3.0))
@case(3, 3, np.arange(3.0))
def shape_chosen_by_sizes(n, m, zs):
    total = np.zeros((n, m))
    for z in zs:
        x = np.zeros((n, n)) if n == m else np.ones((n, m))
        total += x * z
    return total


# ---- arrays that shrink --------------------------------------------------------------------------
@case(_rng.random(30), 600)
@case(_rng.random(30), 3)
def filtered_until_empty(a, n):
    for i in range(n):
        if not len(a):
            break
        a = a[a > 0.1 * i] * 0.9
    return a, i


@case(_rng.random(20), _rng.random(20), 700)
def filtered_together(a, b, n):
    for i in range(n):
        keep = a > 0.1 * i
        a = a[keep] * 0.9
        b = b[keep]
        if a.size > 3:
            a, b = a[1:], b[1:]
    return a, b


@case(-2.0, 0.5, -1.0, 1.0, 7, 6, 10)
def mandelbrot_that_drops_points(x0, x1, y0, y1, nx, ny, most):
    xi, yi = np.mgrid[0:nx, 0:ny]
    c = np.linspace(x0, x1, nx)[xi] + np.linspace(y0, y1, ny)[yi] * 1j
    counts = np.zeros(c.shape, dtype=np.int64)
    xi.shape = yi.shape = c.shape = nx * ny
    z = np.zeros(c.shape, np.complex128)
    for i in range(most):
        if not len(z):
            break
        np.multiply(z, z, z)
        np.add(z, c, z)
        out = abs(z) > 2.0
        counts[xi[out], yi[out]] = i + 1
        np.logical_not(out, out)
        z, c = z[out], c[out]
        xi, yi = xi[out], yi[out]
    return counts.T


@case(_rng.random(9), 0.5)
@case(_rng.random(9), 5.0)
def one_of_two_sizes(a, x):
    if a[0] > x:
        b = a[a > x]
    else:
        b = a[1:]
    return b * 2, len(b)


# ---- errors that tracing finds ---------------------------------------------------------------------
@case(V(), 2)
@case(V(), 9)
def fails_after_writes(a, n):
    a[0] = 7.0
    a[n] = 1.0
    x = {}["no such key"]
    a[1] = 8.0
    return x
