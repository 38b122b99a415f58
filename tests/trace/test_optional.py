"""Names and results that are None or something else, depending on what is computed."""

import itertools

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError


def found_last(a, v):
    k = None
    for i in range(len(a)):
        if a[i] == v:
            k = i
    return k


def bisected(a, v):
    low, high = 0, len(a) - 1
    while low <= high:
        middle = (low + high) // 2
        if a[middle] == v:
            return middle
        if a[middle] < v:
            low = middle + 1
        else:
            high = middle - 1
    return None


def roots(a, v):
    d = a[0] * a[0] - 4 * a[1] * v
    if d < 0:
        return None
    r = np.sqrt(d)
    return (-a[0] - r) / 2, (-a[0] + r) / 2


def uses_roots(a, v):
    total = 0.0
    for k in range(len(a) - 1):
        pair = roots(a[k:], v)
        if pair is not None:
            low, high = pair
            total += high - low
    return total


def falls(a, v):
    before, n = None, 0
    for x in a:
        if before is not None and x < before:
            n += 1
        before = x
    return n, before


def smallest_above(a, v):
    best = None
    for x in a:
        if x > v and (best is None or x < best):
            best = x
    return -1.0 if best is None else best * 2


def or_else(a, v):
    best = None
    for x in a:
        if x > v:
            best = x
    return (best or -2.0) + 1


def rows(a, v):
    m = None
    for row in a.reshape(-1, 1):
        if row[0] >= v:
            m = row.copy() if m is None else np.maximum(m, row)
    return m


def names(a, v):
    kind = None
    for x in a:
        if x > v:
            kind = "above"
        elif x < v:
            kind = "below"
    return kind, kind == "above", kind is None


def compared(a, v):
    last, longest, n = None, 0, 0
    for x in a:
        n = n + 1 if x == last else 1
        longest = max(longest, n)
        last = x
    return longest


def until_found(a, v):
    i, found = 0, None
    while found is None and i < len(a):
        if a[i] > v:
            found = a[i]
        i += 1
    return found, i


class Holder:
    def __init__(self):
        self.best = None

    def seen(self, x):
        if self.best is None or x > self.best:
            self.best = x


def held(a, v):
    h = Holder()
    for x in a:
        if x > v:
            h.seen(x)
    return h.best, isinstance(h.best, float)


def as_index(a, v):
    k = None
    for i in range(len(a)):
        if a[i] > v:
            k = i
    if k:
        a[k] = 7
        return a[k - 1], a[k:].sum(), np.sqrt(k), min(k, 2), -k
    return None


def runs(a, v):
    start, out = None, []
    for i, x in enumerate(a):
        if x >= v and start is None:
            start = i
        elif x < v and start is not None:
            out.append((start, i))
            start = None
    return out, start


def remembered(a, v):
    out, last = [], None
    for x in a:
        out.append(last)
        if x > v:
            last = x
    return out


def changed_through_a_row(a, v):
    m, before = a.reshape(-1, 1).repeat(3, axis=1), None
    for i in range(len(m)):
        if before is not None:
            before[1] += 10
            m[i] += before
        if m[i, 0] >= v:
            before = m[i]
    return m, before


def among(a, v):
    x = None
    for y in a:
        if y > v:
            x = y
    return x in (2.0, 4.0), x in (5.0, None), x not in (5.0,), bool(x is not None and 0 < x < 5)


def endless(a, v):
    for k in itertools.count(2, 3):
        if k > v:
            return k
    return None


def a_list(a, v):
    for i in range(len(a)):
        if a[i] > v:
            return [i, a[i]]
    return None


PROGRAMS = [
    found_last, bisected, roots, uses_roots, falls, smallest_above, or_else, rows, names, compared,
    until_found, held, as_index, runs, remembered, changed_through_a_row, among, endless,
    a_list,
]  # fmt: skip


def _same(x, y):
    if isinstance(x, tuple | list):
        return type(x) is type(y) and len(x) == len(y) and all(map(_same, x, y))
    if x is None or y is None:
        return x is y
    return type(x) is type(y) and np.array_equal(x, y)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_as_in_python(f):
    g = ag.compile(f, mode="FAST_COMPILE")
    for v in (3.0, 1.0, 0.0, 9.0, -1.0):
        a = np.array([1.0, 3.0, 2.0, 2.0, 5.0])
        b = a.copy()
        want, got = f(a, v), g(b, v)
        if f in (smallest_above, or_else, uses_roots):  # an int or a float, by the values
            want, got = float(want), float(got)
        assert _same(want, got), (v, want, got)
        assert np.array_equal(a, b)


def test_built():
    g = ag.compile(bisected)
    a = np.arange(0.0, 20.0, 2.0)
    assert [g(a, v) for v in (4.0, 5.0, 18.0)] == [2, None, 9]
    assert type(g(a, 4.0)) is int


@pytest.mark.parametrize(
    "use",
    [lambda x: x + 1, lambda x: np.exp(x), lambda x: max(x, 2.0), lambda x: x > 3, abs],
    ids=["add", "exp", "max", "greater", "abs"],
)
def test_none_is_no_number(use):
    def f(a):
        last = None
        for x in a:
            if x > 2:
                last = x
        return use(last)

    g = ag.compile(f, mode="FAST_COMPILE")
    assert g(np.array([1.0, 3.0])) == f(np.array([1.0, 3.0]))
    with pytest.raises(TypeError, match="None"):
        g(np.array([1.0, 2.0]))


def test_a_row_that_may_be_none_is_no_silent_copy():
    def f(m, t):
        best = None
        for i in range(len(m)):
            if m[i, 0] > t:
                best = m[i]
        m[:, 1] = 7.0
        return 0.0 if best is None else best[1]

    m = np.arange(3000.0).reshape(600, 5)
    try:
        got = ag.compile(f, mode="FAST_COMPILE")(m.copy(), 2.0)
    except ArignoteError as error:
        assert "copy" in str(error)
    else:
        assert got == f(m.copy(), 2.0)


def test_a_result_that_is_first_computed_in_a_branch_is_there_on_every_path():
    def f(a, t):
        rows = np.zeros((int((a > 0).sum()), 3)) + a[0]
        x = None
        if a[0] > t:
            x = rows[1]
        if x is not None:
            x[1] = 9
        if a[1] > t:
            x = rows[2]
        if x is not None:
            x[2] = 8
        return rows

    for mode in ("FAST_RUN", "DEBUG_MODE"):
        g = ag.compile(f, mode=mode)
        for t in (-1.0, 0.5, 1.0):
            assert np.array_equal(g(np.arange(5.0), t), f(np.arange(5.0), t))


def test_a_position_that_one_branch_computes_is_checked_there():
    def f(a, t, k):
        x = None
        if a[0] > t:
            x = a[k : k + 2]
            assert a[k] >= 0
        a[0] = 50.0
        return x

    g = ag.compile(f, mode="FAST_COMPILE")
    assert g(np.arange(2.0), 1.0, 7) is None  # a[7] is not read
    assert np.array_equal(g(np.arange(3.0), -1.0, 0), [50.0, 1.0])
    with pytest.raises(IndexError, match="7"):
        g(np.arange(2.0), -1.0, 7)
