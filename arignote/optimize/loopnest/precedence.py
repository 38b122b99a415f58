"""What must come before what: a directed graph small enough to do without networkx.

Every region that is lowered puts its actions in order by one of these; importing networkx takes
0.1 s of a first call.  Nodes and edges keep the order in which they came, so that answers do too.
"""

from __future__ import annotations

import heapq
import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any, Generic, TypeVar

N = TypeVar("N")


class CycleError(Exception):
    """There is no order: some nodes come before each other."""


class Precedence(Generic[N]):
    """Nodes, and pairs of which the first comes before the second."""

    def __init__(self, nodes: Iterable[N] = ()) -> None:
        self._after: dict[N, dict[N, None]] = {n: {} for n in nodes}
        self._before: dict[N, set[N]] = {n: set() for n in self._after}

    def __contains__(self, n: object) -> bool:
        return n in self._after

    def __iter__(self) -> Iterator[N]:
        return iter(self._after)

    def add(self, a: N, b: N) -> None:
        """a comes before b."""
        self._after.setdefault(a, {})[b] = None
        self._after.setdefault(b, {})
        self._before.setdefault(b, set()).add(a)
        self._before.setdefault(a, set())

    def remove(self, a: N, b: N) -> None:
        """a need no longer come before b."""
        del self._after[a][b]
        self._before[b].discard(a)

    def following(self, a: N) -> set[N]:
        """All that comes after a."""
        found: set[N] = set()
        stack = [a]
        while stack:
            for b in self._after[stack.pop()]:
                if b not in found:
                    found.add(b)
                    stack.append(b)
        return found

    def comes_before(self, a: N, b: N) -> bool:
        """Must a come before b (or are they the same)?"""
        ahead, back = {a}, {b}
        forward, backward = [a], [b]
        while forward and backward:  # from both ends in turns: one of them is often short
            for n in self._after[forward.pop()]:
                if n not in ahead:
                    ahead.add(n)
                    forward.append(n)
            for n in self._before[backward.pop()]:
                if n not in back:
                    back.add(n)
                    backward.append(n)
            if a in back or b in ahead:
                return True
        return a == b

    def order(self, rank: Callable[[N], Any]) -> list[N]:
        """The nodes in order; of those that may come next, the one of least rank does.

        Raises CycleError.
        """
        waits = dict.fromkeys(self._after, 0)
        for following in self._after.values():
            for b in following:
                waits[b] += 1
        place = {n: k for k, n in enumerate(self._after)}
        ready = [(rank(n), place[n], n) for n, count in waits.items() if not count]
        heapq.heapify(ready)
        out: list[N] = []
        while ready:
            n = heapq.heappop(ready)[2]
            out.append(n)
            for b in self._after[n]:
                waits[b] -= 1
                if not waits[b]:
                    heapq.heappush(ready, (rank(b), place[b], b))
        if len(out) < len(waits):
            raise CycleError
        return out

    def cycle(self) -> list[tuple[N, N]]:
        """The pairs of one cycle, in turn; none where there is an order."""
        done: set[N] = set()
        for start in self._after:
            path = {} if start in done else {start: iter(self._after[start])}
            while path:
                at = next(reversed(path))
                b = next(path[at], None)
                if b is None:
                    done.add(at)
                    del path[at]
                elif b in path:
                    nodes = list(path)
                    around = [*nodes[nodes.index(b) :], b]
                    return list(itertools.pairwise(around))
                elif b not in done:
                    path[b] = iter(self._after[b])
        return []
