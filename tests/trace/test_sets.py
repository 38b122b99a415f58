"""Sets, and augmented assignments of containers, where branches and loops change them."""

from __future__ import annotations

import copy
import subprocess
import sys
from collections import Counter
from pathlib import Path
from queue import PriorityQueue
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def agree(f: Any, *args: Any) -> None:
    """Compiled and plain: the same result, and the same left in the arguments."""
    mine, theirs = copy.deepcopy(args), copy.deepcopy(args)
    g = ag.compile(f, mode="FAST_COMPILE")
    assert g(*mine) == f(*theirs)
    assert mine == theirs


def large_ones(a: Any) -> Any:
    found = set()
    for i in range(len(a)):
        if a[i] > 2:
            found.add(i)
    return found


def test_elements_that_depend_on_values_are_refused() -> None:
    f = ag.compile(large_ones, mode="FAST_COMPILE")
    with pytest.raises(TraceError, match="a set gets other elements on one path"):
        f([1, 5, 2])


def test_a_set_that_does_not_depend_on_values() -> None:
    def f(a: Any) -> Any:
        s = {1}
        for i in range(3):
            s.add(i)
        if a[0] > 2:
            s.add(1)
        return s, 2 in s

    agree(f, [1, 5])
    agree(f, [7, 5])


def test_a_set_among_the_arguments_is_changed() -> None:
    def f(a: Any, s: Any, seen: Any) -> Any:
        s.add(99)
        s.discard(1)
        seen["x"] |= {4}
        return len(s)

    agree(f, 3, {1, 2}, {"x": {1}})


@pytest.mark.parametrize("first", [1, 7])
def test_containers_changed_by_operators_in_a_branch(first: int) -> None:
    def f(a: Any) -> Any:
        d = {"x": [1], "y": {1: 2}}
        same = d["x"]
        row = [1, 2]
        if a[0] > 2:
            d["x"] += [5]
            d["y"] |= {1: 4}
            row *= 2
        return d["x"], d["y"], len(same), row

    agree(f, [first, 0])


def test_the_first_call_of_a_process_may_have_a_set(tmp_path: Path) -> None:
    script = tmp_path / "first.py"
    script.write_text(
        "import arignote as ag\n"
        "@ag.compile(mode='FAST_COMPILE')\n"
        "def f(a):\n"
        "    a.add(4)\n"
        "    return a\n"
        "s = {1}\n"
        "assert f(s) is s and s == {1, 4}\n"
        "assert f({2}) == {2, 4}\n"
    )
    subprocess.run([sys.executable, str(script)], check=True)


def test_sets_of_computed_values_have_what_needs_no_order() -> None:
    def f(xs: Any) -> Any:
        distinct = set(xs)
        return len(distinct), sorted(distinct), 3 in distinct, max(distinct), set(xs) == distinct

    for xs in ([1, 2, 2, 3], [4, 4], [2.5, 0.5]):
        assert ag.compile(f, mode="FAST_COMPILE")(np.array(xs)) == f(np.array(xs))

    def factors(n: int) -> Any:
        found = []
        d = 2
        while n > 1:
            if n % d == 0:
                found.append(d)
                n //= d
            else:
                d += 1
        return len(found) == len(set(found)), sorted(set(found)), sum(set(found))

    agree(factors, 24)
    agree(factors, 30)


def test_other_uses_of_sets_of_computed_values_are_refused() -> None:
    def looped(xs: Any) -> Any:
        return [x + 1 for x in set(xs)]

    def changed(xs: Any) -> Any:
        distinct = set(xs)
        distinct.add(1)
        return len(distinct)

    def united(xs: Any) -> Any:
        return len(set(xs) | {1})

    def returned(xs: Any) -> Any:
        return set(xs)

    for f in (looped, changed, united, returned):
        with pytest.raises(TraceError, match=r"sorted\(\)"):
            ag.compile(f, mode="FAST_COMPILE")(np.array([1, 2]))


def test_containers_that_are_not_followed_are_not_changed_in_branches() -> None:
    def counted(x: Any) -> Any:
        found = Counter()  # type: ignore[var-annotated]
        if x > 0:
            found["a"] += 1
        return found["a"]

    def queued(x: Any) -> Any:
        waiting = PriorityQueue()  # type: ignore[var-annotated]
        waiting.put((1, "a"))
        if x > 0:
            waiting.put((0, "b"))
        return waiting.get()[1]

    for f in (counted, queued):
        with pytest.raises(ag.UnsupportedError, match="is changed at"):
            ag.compile(f, mode="FAST_COMPILE")(1)

    def unchanged(x: Any) -> Any:
        found = Counter({"a": 2})
        return found["a"] if x > 0 else found.get("b", 7)

    agree(unchanged, 1)
    agree(unchanged, -1)
