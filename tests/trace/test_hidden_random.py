"""Draws from generators that are no arguments: the same numbers, and the state moves on."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import UnsupportedError

SHARED = np.random.default_rng(7)


def _pi(n: int) -> Any:
    inside = 0
    for _ in range(n):
        x, y = np.random.uniform(-1, 1, 2)
        if x * x + y * y <= 1:
            inside += 1
    return 4 * inside / n


def _walk(n: int) -> Any:
    at = 0.0
    for _ in range(n):
        if random.random() < 0.5:
            at += random.uniform(1, 2)
        else:
            at -= random.gauss(0, 1)
    return at, random.randint(1, 6), random.choice([3, 5, 7])


def _many(n: int) -> Any:
    np.random.seed(3)
    x = np.random.normal(size=n)
    a = np.arange(n)
    np.random.shuffle(a)
    return (
        x, a, np.random.randint(0, 10, size=(n, 2)), np.random.randint(5), np.random.choice(x),
        np.random.permutation(n), np.random.randn(2, 3), np.random.exponential(2.0, 3),
        np.random.choice([1, 2, 3], 4, p=[0.2, 0.3, 0.5]), np.random.binomial(5, 0.5),
        [np.random.sample() for _ in range(n)],
    )  # fmt: skip


def _shuffled(n: int) -> Any:
    a = np.arange(n)
    random.seed(5)
    random.shuffle(a)
    return a, random.choice(a)


def _closure(n: int) -> Any:
    total = 0.0
    for _ in range(n):
        total += SHARED.normal()
    return total


def _made(n: int) -> Any:
    new, old, python = np.random.default_rng(n), np.random.RandomState(5), random.Random(4)
    total = 0.0
    for _ in range(n):
        total += new.random() + old.rand() + python.random()
    return total, new.integers(10)


def _ising(n: int) -> Any:
    s = np.random.choice([-1, 1], size=(n, n))
    for _ in range(6 * n):
        i, j = np.random.randint(n), np.random.randint(n)
        cost = 2 * s[i, j] * (s[(i + 1) % n, j] + s[i - 1, j] + s[i, (j + 1) % n] + s[i, j - 1])
        if cost <= 0 or np.random.random() < np.exp(-cost / 2.0):
            s[i, j] = -s[i, j]
    return s


def _seeded(function: Any, n: int) -> str:
    np.random.seed(11)
    random.seed(12)
    SHARED.bit_generator.state = np.random.default_rng(9).bit_generator.state
    return repr((function(n), np.random.rand(), random.random(), SHARED.random()))


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("function", [_pi, _walk, _many, _shuffled, _closure, _made, _ising])
def test_the_numbers_are_pythons_and_so_is_the_state_afterwards(function: Any, mode: str) -> None:
    compiled = ag.compile(function, mode=mode)
    for n in (6, 6, 9):
        assert _seeded(compiled, n) == _seeded(function, n)


@pytest.mark.parametrize("function", [_walk, _closure, _made])
def test_checking_winds_the_generators_back(function: Any) -> None:
    compiled = ag.compile(function, mode="DEBUG_MODE")
    for n in (6, 6):
        assert _seeded(compiled, n) == _seeded(function, n)
    report = _seeded(lambda n: ag.compile(function).validate(n).ok, 6)
    assert report == _seeded(lambda n: True, 6)


def test_old_and_pythons_generators_are_arguments() -> None:
    def drawn(old: Any, python: Any, n: int) -> Any:
        return old.rand(n) + python.random()

    given = [(np.random.RandomState(1), random.Random(2)) for _ in range(2)]
    for n in (3, 4):
        assert np.array_equal(ag.compile(drawn)(*given[0], n), drawn(*given[1], n))


def test_a_method_draws_from_the_generator_of_its_object() -> None:
    class Noise:
        def __init__(self) -> None:
            self.rng = np.random.default_rng(1)

        @ag.compile
        def added(self, x: Any) -> Any:
            return x + self.rng.normal(size=x.shape)

    noise, rng = Noise(), np.random.default_rng(1)
    for _ in range(2):
        assert np.array_equal(noise.added(np.zeros(3)), rng.normal(size=3))


def test_a_generator_made_in_a_loop_is_refused_at_its_line() -> None:
    @ag.compile
    def made(n: int) -> float:
        total = 0.0
        for k in range(n):
            total += np.random.default_rng(k).random()
        return total

    with pytest.raises(UnsupportedError, match=r"default_rng\(k\)[\s\S]*make it before"):
        made(100)


def test_choice_of_a_list_whose_length_is_known_at_run_time_only():
    def divisor(n):
        return random.choice([k for k in range(1, n + 1) if n % k == 0])

    f = ag.compile(divisor, mode="FAST_COMPILE")
    random.seed(5)
    want = [divisor(n) for n in (12, 30, 7)]
    random.seed(5)
    assert [f(n) for n in (12, 30, 7)] == want
