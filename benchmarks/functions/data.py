"""What the programs are called with, and the list of them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

RNG = np.random.default_rng(0)
VECTOR, OTHER, NORMAL = RNG.random(200_000), RNG.random(200_000), RNG.standard_normal(200_000)
MATRIX = RNG.random((400, 500))
PICTURE = RNG.random((512, 512))
CODES = RNG.integers(0, 1000, 200_000)
PLACES = RNG.integers(0, 200_000, 200_000)
SHORT, SQUARE = RNG.random(50), RNG.random((6, 6))


@dataclass(frozen=True)
class Program:
    """subject: the file it stands in."""

    subject: str
    function: Callable[..., Any]
    arguments: tuple[Any, ...]

    @property
    def name(self) -> str:
        return self.function.__name__.replace("_", " ")


PROGRAMS: list[Program] = []


def program(*arguments: Any) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Add a function to the list."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        subject = function.__module__.rpartition(".")[2]
        PROGRAMS.append(Program(subject, function, arguments))
        return function

    return add
