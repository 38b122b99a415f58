"""Generator functions in compiled code: their values, the order of events, what is refused."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError


def evens(a):
    for x in a:
        if x % 2 == 0:
            yield x


def falling(n):
    while n != 1:
        yield n
        n = n // 2 if n % 2 == 0 else 3 * n + 1
    yield 1


def naturals():
    n = 0
    while True:
        yield n
        n += 1


def checked(a):
    for i in range(len(a)):
        if a[i] < 0:
            raise ValueError("negative")
        yield i, a[i]


def up_to(a, most):
    for x in a:
        if x > most:
            return
        yield x


def of_rows(m):
    for row in m:
        yield from evens(row)


class Bag:
    def __init__(self, held):
        self.held = held

    def items(self):
        for x in self.held:
            yield x + 1


def total(a):
    s = 0
    for x in evens(a):
        s += x * x
    return s


def consumed(a):
    both = sum(evens(a)), max(evens(a)), sorted(evens(a), reverse=True)
    return *both, list(evens(a)), [x + 1 for x in evens(a) if x > 2], sum(2 * x for x in evens(a))


def to_an_array(a):
    return np.array(list(up_to(a, 5)))


def steps_to_one(a):
    n, most = 0, 0
    for x in falling(len(a) + 5):
        n += 1
        most = max(most, x)
    return n, most


def left_early(a):
    out = np.zeros(len(a))
    for i in naturals():
        if i >= len(a) or a[i] > 6:
            break
        out[i] = a[i]
    return out, i


def returned_from(a):
    for i, x in checked(a):
        if x == 4:
            return i
    return None


def two_at_once(a):
    s = 0
    for x in evens(a):
        for y in evens(a):
            if y > x:
                break
            s += x * y
        if s > 50:
            break
    return s


def sees_writes(a):
    def pairs():
        for i in range(len(a) - 1):
            yield i, a[i]

    for i, x in pairs():
        a[i + 1] += x
    return a.sum()


def writes_in_between(a):
    def sweeps(n):
        for k in range(n):
            for i in range(1, len(a) - 1):
                a[i] = (a[i - 1] + a[i + 1]) // 2
            yield k, a

    t = 0
    for k, b in sweeps(7):
        t = 3 * t + b.sum()
        b[0] = k
    return t


def best_of(a):
    best = None
    for i, x in checked(a):
        if best is None or x > best[1]:
            best = i, x
    return best


def others(a):
    t = 0
    for x in of_rows(a.reshape(2, -1)):
        t = 3 * t + x
    for x in Bag(a).items():
        t = 3 * t + x
    g = evens(a)
    return t, sum(g), sum(g)


def orders(a, k):
    if k == len(a):
        yield a
    else:
        for i in range(k, len(a)):
            b = a.copy()
            b[k], b[i] = b[i], b[k]
            yield from orders(b, k + 1)


def over_all_orders(a):
    m = 0
    for b in orders(a[:3], 0):
        v = 2 * b[0] - b[1] + b[2]
        if v > m:
            m = v
    return m


def taken(values, n):
    k = 0
    for x in values:
        if k >= n:
            return
        yield x
        k += 1


def divisible(values, n):
    for x in values:
        if x % n == 0:
            yield x


def chained(a):
    return sum(taken(divisible(naturals(), 3), len(a))), list(taken(naturals(), a[1]))


class Walk:
    def __init__(self, x):
        self.x, self.n = x, 0

    def steps(self, k):
        for i in range(k):
            self.x = self.x * 0.5 + i
            self.n += 1
            yield self.x


def walked(a):
    w, t = Walk(1.0), 0.0
    for x in w.steps(len(a)):
        t += x * w.n
    return t, w.n, w.x


PROGRAMS = [
    total, consumed, to_an_array, steps_to_one, left_early, returned_from, two_at_once, sees_writes,
    writes_in_between, best_of, others, over_all_orders, chained, walked,
]  # fmt: skip


def _same(x, y):
    if isinstance(x, tuple | list):
        return type(x) is type(y) and len(x) == len(y) and all(map(_same, x, y))
    return x is y if x is None or y is None else np.array_equal(x, y)


@pytest.mark.parametrize("f", PROGRAMS, ids=lambda f: f.__name__)
def test_as_in_python(f):
    g = ag.compile(f, mode="FAST_COMPILE")
    for a in (np.arange(8), np.array([4, 1, 8, 2, 9, 4])):
        mine, theirs = a.copy(), a.copy()
        assert _same(g(mine), f(theirs))
        assert np.array_equal(mine, theirs)


def test_built():
    assert ag.compile(left_early)(np.arange(9.0))[1] == 7


def test_an_error_comes_where_python_raises_it():
    def f(a, out):
        for i, x in checked(a):
            out[i] = x

    a = np.array([1.0, 2.0, -1.0, 3.0])
    mine, theirs = np.zeros(4), np.zeros(4)
    with pytest.raises(ValueError, match="negative"):
        f(a, theirs)
    with pytest.raises(ValueError, match="negative"):
        ag.compile(f, mode="FAST_COMPILE")(a, mine)
    assert np.array_equal(mine, theirs)


def in_another_loop(a):
    values, t = evens(a), 0
    for _ in range(len(a)):
        for x in values:
            t += x
    return t


def left_and_gone_on(a):
    values, t = evens(a), 0
    for x in values:
        t += x
        if x > 2:
            break
    return t, sum(values)


def one_of_it(a):
    return next(evens(a))


def numbered(a):
    return [k * x for k, x in enumerate(evens(a))]


@pytest.mark.parametrize("f", [in_another_loop, left_and_gone_on, one_of_it, numbered, evens])
def test_what_cannot_be_followed_is_refused(f):
    with pytest.raises(ArignoteError, match="generator"):
        ag.compile(f, mode="FAST_COMPILE")(np.arange(8))
