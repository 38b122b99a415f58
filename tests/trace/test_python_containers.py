"""heapq, deque, sorted and list methods on values that are known at run time only."""

import heapq
from collections import deque

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError

RNG = np.random.default_rng(7)


def check(f, *args, mode="FAST_COMPILE"):
    def copies():
        return [a.copy() if isinstance(a, np.ndarray) else a for a in args]

    want, got = f(*copies()), ag.compile(f, mode=mode)(*copies())
    np.testing.assert_equal(got, want)
    return want


# ---- heapq ---------------------------------------------------------------------------------------
def shortest(lengths):
    n = lengths.shape[0]
    found = np.full(n, np.inf)
    found[0] = 0.0
    heap = [(0.0, 0)]
    while heap:
        d, u = heapq.heappop(heap)
        if d > found[u]:
            continue
        for v in range(n):
            if d + lengths[u, v] < found[v]:
                found[v] = d + lengths[u, v]
                heapq.heappush(heap, (found[v], v))
    return found


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_shortest_paths_by_a_heap(mode):
    lengths = RNG.random((9, 9))
    lengths[lengths < 0.6] = np.inf
    check(shortest, lengths, mode=mode)


def test_heap_sort():
    def ordered(x):
        heap = list(x)
        heapq.heapify(heap)
        out = np.empty(len(x))
        for i in range(len(x)):
            out[i] = heapq.heappop(heap)
        return out

    check(ordered, RNG.normal(size=13))


def test_replace_and_push_pop():
    def kept(x):
        heap = []
        for t in x[:3]:
            heapq.heappush(heap, t)
        out = 0.0
        for t in x[3:]:
            out += heapq.heappushpop(heap, t)
        return out, heapq.heapreplace(heap, 0.5), heap[0]

    check(kept, RNG.normal(size=13))


# ---- deque ---------------------------------------------------------------------------------------
def test_a_deque_as_a_queue():
    def distances(walls):
        n, m = walls.shape
        found = np.full((n, m), -1)
        found[0, 0] = 0
        queue = deque([(0, 0)])
        while queue:
            i, j = queue.popleft()
            for a, b in ((i + 1, j), (i - 1, j), (i, j + 1), (i, j - 1)):
                if 0 <= a < n and 0 <= b < m and found[a, b] < 0 and not walls[a, b]:
                    found[a, b] = found[i, j] + 1
                    queue.append((a, b))
        return found

    walls = RNG.random((7, 6)) < 0.2
    walls[:2, :2] = False
    assert check(distances, walls).max() > 3


def test_the_largest_in_a_window():
    def largest(x, width):
        queue, out = deque(), []
        for i in range(len(x)):
            while queue and x[queue[-1]] <= x[i]:
                queue.pop()
            queue.append(i)
            if queue[0] <= i - width:
                queue.popleft()
            if i >= width - 1:
                out.append(x[queue[0]])
        return np.array(out)

    check(largest, RNG.normal(size=20), 3)


def test_a_deque_that_forgets():
    def means(x):
        last = deque(maxlen=4)
        out = np.zeros(len(x))
        for i in range(len(x)):
            last.append(x[i])
            total = 0.0
            for t in last:
                total += t
            out[i] = total / len(last)
        return out

    check(means, RNG.normal(size=11))


def test_an_empty_deque_raises():
    def taken(x):
        queue = deque()
        for t in x:
            if t > 0:
                queue.append(t)
        return queue.popleft()

    with pytest.raises(IndexError, match="pop from an empty deque"):
        ag.compile(taken, mode="FAST_COMPILE")(-np.ones(3))
    assert ag.compile(taken, mode="FAST_COMPILE")(np.array([-1.0, 5.0])) == 5.0


def test_a_deque_from_outside_is_refused():
    outside = deque()

    def f(x):
        outside.append(x)
        return x

    with pytest.raises(ArignoteError, match="from outside"):
        ag.compile(f, mode="FAST_COMPILE")(np.ones(3))
    assert not outside


# ---- lists ---------------------------------------------------------------------------------------
def test_methods_of_a_list_of_traced_length():
    def f(x):
        kept = []
        for t in x:
            if t > 0:
                kept.append(t)
        kept.insert(1, 9.0)
        first = kept.pop(0)
        kept.sort(reverse=True)
        place = kept.index(9.0)
        kept.reverse()
        del kept[0]
        kept.remove(9.0)
        return kept, kept[1:], kept[::-1], first, place, kept.count(first)

    check(f, RNG.normal(size=14))


def test_what_is_not_in_a_list():
    def f(x, v):
        kept = []
        for t in x:
            kept.append(t)
        kept.remove(v)
        return kept

    with pytest.raises(ValueError, match="not in list"):
        ag.compile(f, mode="FAST_COMPILE")(np.arange(3.0), 7.0)


def test_sorted_is_stable_both_ways():
    def f(x, y):
        pairs = [(x[i], y[i]) for i in range(6)]
        by_first = sorted(pairs, key=lambda p: p[0])
        backwards = sorted(pairs, key=lambda p: p[0], reverse=True)
        return by_first, backwards, sorted(pairs), sorted(x), sorted(x, reverse=True)[:2]

    x = np.array([1.0, 0.0, 1.0, 0.0, 2.0, 1.0])
    check(f, x, np.arange(6.0)[::-1].copy())


def test_numpys_complex_numbers_have_an_order_and_pythons_have_none():
    check(lambda z: sorted(z, reverse=True), np.array([1j, 2.0, 1.0 + 2j, 1.0]))
    with pytest.raises(TypeError, match="not supported between instances of 'complex'"):
        ag.compile(lambda a, b: sorted([a, b]), mode="FAST_COMPILE")(1j, 2j)


def test_sort_of_a_list_of_known_length():
    def f(a, b, c):
        three = [a, b, c]
        three.sort()
        return three[1]

    check(f, 3.0, 1.0, 2.0)


def test_filter():
    def f(x):
        return list(filter(lambda t: t > 0, x)), len(list(filter(None, x)))

    check(f, np.array([1.0, -1.0, 0.0, 2.0]))


def test_minimum_spanning_tree():
    def weight(a, b, w):
        parent = np.arange(6)
        total = 0.0
        for length, i, j in sorted(zip(w, a, b)):
            while parent[i] != i:
                i = parent[i]
            while parent[j] != j:
                j = parent[j]
            if i != j:
                parent[i] = j
                total += length
        return total

    check(weight, RNG.integers(0, 6, 14), RNG.integers(0, 6, 14), RNG.random(14))


# ---- recursion -----------------------------------------------------------------------------------
def descend(n):
    return 1 if n == 0 else 1 + descend(n - 1)


def test_recursion_that_a_traced_value_ends_is_refused_with_the_line():
    with pytest.raises(ArignoteError, match=r"test_python_containers.py.*(?s:.*)calls itself"):
        ag.compile(lambda a: descend(a.sum()), mode="FAST_COMPILE")(np.array([2, 3]))


# ---- the best by a key ---------------------------------------------------------------------------
def test_the_best_of_many_by_a_key():
    def f(x):
        n = len(x)
        pivot = max(range(1, n), key=lambda i: abs(x[i]))
        nearest = min(x, key=lambda t: abs(t - 0.5))
        best = (np.inf, -1)
        for i, t in enumerate(x):
            best = min(best, (t, i))
        positive = min([t for t in x if t > 0], default=7.0)
        none = max([t for t in x if t > 99], default=7.0)
        return pivot, nearest, best, positive, none, max([(x[i], i) for i in range(4)])

    x = RNG.normal(size=30)
    x[17] = x[3] = -9.0
    assert check(f, x)[0] == 3
