"""Orders: what networkx says of the same graph."""

from __future__ import annotations

import random

import networkx as nx
import pytest

from arignote.optimize.loopnest.precedence import CycleError, Precedence


def _pair(seed: int, cyclic: bool) -> tuple[Precedence[int], nx.DiGraph]:
    choose = random.Random(seed)
    count = choose.randrange(2, 30)
    ours, theirs = Precedence(range(count)), nx.DiGraph()
    theirs.add_nodes_from(range(count))
    places = choose.sample(range(count), count)
    for _ in range(choose.randrange(3 * count)):
        a, b = choose.sample(range(count), 2)
        if not cyclic and places[a] > places[b]:
            a, b = b, a
        ours.add(a, b)
        theirs.add_edge(a, b)
    return ours, theirs


@pytest.mark.parametrize("seed", range(30))
def test_orders_are_networkxs(seed):
    ours, theirs = _pair(seed, cyclic=False)
    rank = {n: -n % 7 for n in theirs}
    assert ours.order(rank.__getitem__) == list(
        nx.lexicographical_topological_sort(theirs, key=rank.__getitem__)
    )
    assert ours.cycle() == []
    for a in theirs:
        assert ours.following(a) == nx.descendants(theirs, a)
        assert [ours.comes_before(a, b) for b in theirs] == [
            nx.has_path(theirs, a, b) for b in theirs
        ]


@pytest.mark.parametrize("seed", range(30))
def test_cycles_are_found_and_can_be_taken_apart(seed):
    ours, theirs = _pair(seed, cyclic=True)
    while cycle := ours.cycle():
        assert all(theirs.has_edge(a, b) for a, b in cycle)
        assert [b for _, b in cycle] == [*(a for a, _ in cycle[1:]), cycle[0][0]]
        with pytest.raises(CycleError):
            ours.order(lambda n: n)
        ours.remove(*cycle[0])
        theirs.remove_edge(*cycle[0])
    assert nx.is_directed_acyclic_graph(theirs) and len(ours.order(lambda n: n)) == len(theirs)


def test_a_long_line_is_no_problem():
    line = Precedence(range(100_000))
    for n in range(99_999):
        line.add(n, n + 1)
    assert line.order(lambda n: n) == list(range(100_000)) and line.comes_before(0, 99_999)
    line.add(99_999, 0)
    assert len(line.cycle()) == 100_000
