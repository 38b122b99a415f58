"""Queues and stacks: lists that are read in the loop that they grow in."""

import numpy as np
import pytest

from arignote import compile
from arignote.errors import TraceError


def check(f, *args):
    want = f(*[a.copy() if isinstance(a, np.ndarray) else a for a in args])
    got = compile(f)(*[a.copy() if isinstance(a, np.ndarray) else a for a in args])
    np.testing.assert_equal(got, want)
    return want


def test_a_queue_by_index():
    def distances(walls):
        n, m = walls.shape
        found = np.full((n, m), -1)
        found[0, 0] = 0
        queue = [(0, 0)]
        head = 0
        while head < len(queue):
            i, j = queue[head]
            head += 1
            for di, dj in ((1, 0), (-1, 0), (0, 1), (0, -1)):
                a, b = i + di, j + dj
                if 0 <= a < n and 0 <= b < m and found[a, b] < 0 and not walls[a, b]:
                    found[a, b] = found[i, j] + 1
                    queue.append((a, b))
        return found

    walls = np.random.default_rng(0).random((12, 15)) < 0.2
    walls[:2, :2] = False
    assert check(distances, walls).max() > 3


def test_neighbours_of_a_sparse_graph():
    def order(starts, targets):
        seen = np.zeros(len(starts) - 1, dtype=bool)
        seen[0] = True
        queue = [0]
        head = 0
        while head < len(queue):
            u = queue[head]
            head += 1
            for k in range(starts[u], starts[u + 1]):
                if not seen[targets[k]]:
                    seen[targets[k]] = True
                    queue.append(targets[k])
        return np.array(queue)

    rng = np.random.default_rng(1)
    starts = np.concatenate([[0], np.cumsum(rng.integers(0, 4, 40))])
    targets = rng.integers(0, 40, starts[-1])
    check(order, starts, targets)


def test_a_stack_as_a_condition():
    def count(tree, limit):
        stack = [0]
        seen = 0
        while stack and seen < limit:
            k = stack.pop()
            seen += 1
            if 2 * k + 2 < len(tree) and tree[k] > 0:
                stack.append(2 * k + 1)
                stack.append(2 * k + 2)
        return seen, len(stack)

    tree = np.random.default_rng(2).normal(size=300) + 0.8
    check(count, tree, 1000)
    check(count, tree, 3)


def test_more_elements_than_there_was_room_for_at_first():
    def halves(x):
        parts = [x]
        k = 0
        while k < len(parts):
            if parts[k] > 1.0:
                parts.append(parts[k] / 2)
                parts.append(parts[k] / 2)
            k += 1
        return len(parts), sum(parts)

    assert check(halves, 5000.0)[0] > 10_000


def test_an_error_in_the_loop_is_raised():
    def walk(x, out):
        todo = [0]
        k = 0
        while k < len(todo):
            out[k] = x[todo[k]]
            todo.append(todo[k] + 2)
            k += 1
        return k

    with pytest.raises(IndexError, match="out of bounds"):
        compile(walk)(np.arange(7.0), np.zeros(20))


def test_a_loop_that_prints_is_refused_with_the_line():
    def shown(n):
        queue = [0]
        head = 0
        while head < len(queue):
            print(queue[head])
            if queue[head] < n:
                queue.append(queue[head] + 1)
            head += 1
        return queue

    with pytest.raises(TraceError, match=r"test_worklists.py.*while head < len\(queue\)"):
        compile(shown)(np.int64(3))
