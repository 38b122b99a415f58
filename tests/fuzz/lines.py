"""A random program as it is written: lines of text, and the counters of the loops around."""

from __future__ import annotations

import random


class Lines:
    """counters: of the loops that are open, outermost first."""

    def __init__(self, seed: int | str) -> None:
        self.random = random.Random(seed)
        self.lines: list[str] = []
        self.counters: list[str] = []

    def put(self, indent: int, text: str) -> None:
        self.lines.append("    " * indent + text)

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)
