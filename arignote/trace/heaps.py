"""heapq on lists of traced values: its functions in Python, traced like the user's own.

Source: Williams, J. W. J., Algorithm 232: Heapsort, Communications of the ACM 7 (1964).  The heap
is the one that `heapq` keeps, so the order in which equal items come is its too.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from .callables import OPERATORS
from .convert import converted
from .pybuiltins import always


def traced(f: Callable[..., Any]) -> Callable[..., Any]:
    def run(*args: Any) -> Any:
        return converted(f, OPERATORS[0])(*args)

    return run


def _towards_root(heap: Any, first: Any, at: Any) -> None:
    item = heap[at]
    while at > first:
        parent = (at - 1) >> 1
        above = heap[parent]
        if not item < above:
            break
        heap[at] = above
        at = parent
    heap[at] = item


def _towards_leaves(heap: Any, at: Any) -> None:
    end = len(heap)
    first = at
    item = heap[at]
    child = 2 * at + 1
    while child < end:
        right = child + 1
        if right < end and not heap[child] < heap[right]:
            child = right
        heap[at] = heap[child]
        at = child
        child = 2 * at + 1
    heap[at] = item
    up(heap, first, at)


up, down = traced(_towards_root), traced(_towards_leaves)


def _push(heap: Any, item: Any) -> None:
    heap.append(item)
    up(heap, 0, len(heap) - 1)


def _pop(heap: Any) -> Any:
    last = heap.pop()
    item = last
    if heap:
        item = heap[0]
        heap[0] = last
        down(heap, 0)
    return item


def _replace(heap: Any, item: Any) -> Any:
    least = heap[0]
    heap[0] = item
    down(heap, 0)
    return least


def _push_and_pop(heap: Any, item: Any) -> Any:
    if heap and heap[0] < item:
        item, heap[0] = heap[0], item
        down(heap, 0)
    return item


def _heapify(heap: Any) -> None:
    for k in range(len(heap) // 2 - 1, -1, -1):
        down(heap, k)


always(heapq.heappush)(traced(_push))
always(heapq.heappop)(traced(_pop))
always(heapq.heapreplace)(traced(_replace))
always(heapq.heappushpop)(traced(_push_and_pop))
always(heapq.heapify)(traced(_heapify))
