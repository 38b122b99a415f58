"""Lists, dicts and objects that a compiled function changes: written back, or refused."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import UnsupportedError


@dataclass
class State:
    x: float
    past: list[float]


def _sorted(values: list[Any]) -> Any:
    for i in range(len(values)):
        for j in range(len(values) - 1 - i):
            if values[j] > values[j + 1]:
                values[j], values[j + 1] = values[j + 1], values[j]
    return values


def _counted(found: dict[int, int], keys: list[int]) -> Any:
    for k in keys:
        found[k] = found.get(k, 0) + 1
    return len(found)


def _appended(values: list[Any], x: float) -> Any:
    values.append(x * 2)
    values.append([x])
    return len(values)


def _nested(grid: list[list[float]]) -> Any:
    grid[0][1] = 5.0
    grid[1].append(grid[0][0] * 2)
    return grid[0]


def _stepped(state: State, v: float) -> Any:
    state.x += v
    state.past.append(state.x)
    return state


def _arrays(held: dict[str, Any], k: int) -> Any:
    held["a"][0] += 7
    held["b"] = held["a"] * k
    return k


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize(
    ("function", "args"),
    [
        (_sorted, ([3, 1, 2],)),
        (_counted, ({}, [1, 2, 1])),
        (_appended, ([1.5], 2.0)),
        (_nested, ([[1.0, 2.0], [3.0]],)),
        (_stepped, (State(1.0, []), 2.0)),
        (_arrays, ({"a": np.zeros(2)}, 3)),
    ],
)
def test_containers_among_the_arguments_are_changed(function: Any, args: Any, mode: str) -> None:
    compiled = ag.compile(function, mode=mode)
    mine, plain = copy.deepcopy(args), copy.deepcopy(args)
    kept = mine[0]
    for _ in range(2):
        answer, expected = compiled(*mine), function(*plain)
        assert repr(answer) == repr(expected)
        assert repr(mine) == repr(plain)
        assert mine[0] is kept
        assert (answer is kept) == (expected is plain[0])


class Filter:
    def __init__(self) -> None:
        self.x, self.P, self.n = np.zeros(2), np.eye(2), 0
        self.past: list[int] = []

    def step(self, z: float) -> Any:
        self.x = self.x + 0.5 * (z - self.x)
        self.P *= 0.9
        self.n += 1
        self.past.append(self.n)
        return self.x.sum() + self.n

    fast = ag.compile(step)


def test_the_state_of_an_object_moves_on_with_every_call() -> None:
    mine, plain = Filter(), Filter()
    for z in (1.0, 2.0, 3.0):
        assert mine.fast(z) == plain.step(z)
        for name, value in vars(plain).items():
            np.testing.assert_array_equal(vars(mine)[name], value)


def test_what_is_no_argument_is_refused_and_stays_as_it_was() -> None:
    total, seen = State(0.0, []), [0.0]

    def added(x: float) -> float:
        total.x += x
        return total.x

    def noted(x: float) -> float:
        seen[0] += x
        return x

    for function, what in ((added, "attribute of a State"), (noted, "list")):
        with pytest.raises(UnsupportedError, match=f"{what}[\\s\\S]*test_outside.py"):
            ag.compile(function, mode="FAST_COMPILE")(1.0)
    assert total.x == 0.0
    assert seen == [0.0]


def test_what_is_added_without_traced_values_stays() -> None:
    made: list[str] = []

    @ag.compile(mode="FAST_COMPILE")
    def f(x: float) -> float:
        made.append("traced")
        return x

    assert [f(1.0), f(2.0)] == [1.0, 2.0]
    assert made == ["traced"]


def test_a_list_that_moves_into_another_is_refused() -> None:
    @ag.compile(mode="FAST_COMPILE")
    def moved(a: list[Any], x: float) -> float:
        a.append(a[0])
        return x

    given = [[1.0]]
    with pytest.raises(UnsupportedError, match="moves"):
        moved(given, 1.0)
    assert given == [[1.0]]


@pytest.mark.parametrize("function", [_appended, _nested, _stepped])
def test_changed_containers_are_checked(function: Any) -> None:
    given = {"_appended": ([1.5], 2.0), "_nested": ([[1.0, 2.0], [3.0]],)}
    args = given.get(function.__name__, (State(1.0, []), 2.0))
    mine, plain = copy.deepcopy(args), copy.deepcopy(args)
    assert ag.compile(function).validate(*args).ok
    assert repr(ag.compile(function, mode="DEBUG_MODE")(*mine)) == repr(function(*plain))
    assert repr(mine) == repr(plain)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_containers_of_arrays_that_overlap(mode: str) -> None:
    def shifted(d: dict[str, Any], e: dict[str, Any]) -> Any:
        d["x"][:] = e["x"][::-1] + 1
        d["n"] = 5
        return e["x"].sum()

    compiled, a, b = ag.compile(shifted, mode=mode), np.arange(6.0), np.arange(6.0)
    for _ in range(2):
        mine, plain = {"x": a[:4]}, {"x": b[:4]}
        assert compiled(mine, {"x": a[2:]}) == shifted(plain, {"x": b[2:]})
        np.testing.assert_array_equal(a, b)
        assert mine["n"] == plain["n"]
