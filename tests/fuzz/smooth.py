"""Random loop programs whose result is one number with a derivative: for `derivatives`.

Arrays of float64 are written in place in loops and branches, through views and by rows; conditions
depend on counters, and on values that are seldom near where they change.
"""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .lines import Lines

#: The parameters: all are read, and the derivative is taken by each array.
SHAPES = {"a": (6,), "b": (6,), "A": (6, 6), "x": ()}
_ONE = (
    "np.sin({})", "np.tanh({})", "np.exp(-{} * {})", "{} * {}", "np.sqrt(1.5 + {} * {})",
    "np.log(2.0 + {} * {})", "1.0 / (2.0 + {} * {})", "np.cos({})", "-{}", "np.arctan({})",
)  # fmt: skip


def program(seed: int) -> str:
    """The text of one program, with `def f(a, b, A, x)`."""
    return _Writer(f"smooth {seed}").text()


def arguments(text: str, seed: int) -> tuple[Any, ...]:
    """Arguments for the parameters that the program has."""
    found = re.search(r"^def f\((.*)\):", text, re.M)
    assert found is not None
    rng = np.random.default_rng(seed)
    drawn = {name: rng.uniform(-1, 1, shape) for name, shape in SHAPES.items()}
    return tuple(drawn[name] if SHAPES[name] else 0.4 for name in found[1].split(", "))


class _Writer(Lines):
    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.loops = 0

    def text(self) -> str:
        for _ in range(self.random.randint(2, 4)):
            self.statement(1, 0)
        head = ["    s = x * 1.0", "    c = a * b", "    v = b[1:5]"]
        body = [*head, *self.lines, "    return s + np.sum(a * b) + np.sum(c) + np.sum(A * A)"]
        return "\n".join(["import numpy as np", "", "", "def f(a, b, A, x):", *body, ""])

    # -- expressions
    def index(self) -> str:
        choices = ["0", "1", "-1", "3"]
        for i in self.counters:
            choices += [i, i, f"{i} + 1", f"-{i} - 1"]
        return self.one(*choices)

    def window(self) -> str:
        choices = ["0:4", "1:5", "-4:", "4:0:-1"]
        choices += [f"{i} % 3:{i} % 3 + 4" for i in self.counters]
        return self.one(*choices)

    def number(self, depth: int = 0) -> str:
        r = self.random.random()
        if r < 0.35 or depth > 2:
            return self.one(f"{self.one('a', 'b', 'c')}[{self.index()}]", "s", "x",
                            f"A[{self.index()}, {self.index()}]")  # fmt: skip
        if r < 0.5:
            return f"{self.one('np.sum', 'np.mean')}({self.array(depth + 1)})"
        if r < 0.58:
            return f"({self.array(depth + 1)} @ {self.array(depth + 1)})"
        return self._joined(self.number, depth)

    def array(self, depth: int = 0) -> str:
        """Four numbers."""
        r = self.random.random()
        if r < 0.4 or depth > 2:
            return self.one(f"{self.one('a', 'b', 'c')}[{self.window()}]", "v",
                            f"A[{self.index()}, {self.window()}]",
                            f"A[{self.window()}, {self.index()}]")  # fmt: skip
        if r < 0.48:
            return f"(A[:4, {self.window()}] @ {self.array(depth + 1)})"
        if r < 0.54:
            return f"np.cumsum({self.array(depth + 1)})"
        if r < 0.6:
            return f"np.where(np.arange(4) % 2 == 0, {self.array(2)}, {self.array(2)})"
        return self._joined(self.array, depth)

    def _joined(self, part: Any, depth: int) -> str:
        if self.random.random() < 0.5:
            inner = part(depth + 1)
            return str(self.one(*_ONE)).format(*(f"({inner})",) * 2)
        return f"({part(depth + 1)} {self.one('+', '-', '*')} {part(depth + 1)})"

    def condition(self) -> str:
        choices = ["s > 0.1", f"{self.one('a', 'b', 'c')}[{self.index()}] > 0.3"]
        choices += [f"{i} % 2 == 0" for i in self.counters] * 2
        return self.one(*choices)

    # -- statements
    def statement(self, indent: int, depth: int) -> None:
        r = self.random.random()
        if r < 0.5 or depth > 2:
            self.write(indent)
        elif r < 0.8:
            self.loop(indent, depth)
        else:
            self.put(indent, f"if {self.condition()}:")
            self.statement(indent + 1, depth + 1)
            if self.random.random() < 0.5:
                self.put(indent, "else:")
                self.statement(indent + 1, depth + 1)

    def write(self, indent: int) -> None:
        name, operator = self.one("a", "b", "c"), self.one("=", "+=", "*=")
        self.put(indent, self.one(
            f"{name}[{self.index()}] {operator} {self.number()} * 0.3",
            f"{name}[{self.window()}] {operator} {self.array()} * 0.3",
            f"A[{self.index()}, {self.window()}] {operator} {self.array()} * 0.3",
            f"A[{self.index()}, {self.index()}] {operator} {self.number()} * 0.3",
            f"s = s * 0.5 + {self.number()} * 0.1",
            f"c = {self.one('a', 'b', 'c')} * {self.one('0.5', 'x', 's')}",
        ))  # fmt: skip

    def loop(self, indent: int, depth: int) -> None:
        i = f"i{self.loops}"
        self.loops += 1
        bounds = self.one("5", "1, 5", "4, 0, -1", "3")
        if self.counters and self.random.random() < 0.4:
            bounds = self.one(self.counters[-1], f"{self.counters[-1]}, 5")
        self.put(indent, f"for {i} in range({bounds}):")
        self.counters.append(i)
        for _ in range(self.random.randint(1, 2)):
            self.statement(indent + 1, depth + 1)
        if self.random.random() < 0.1:
            self.put(indent + 1, f"if {self.condition()}:")
            self.put(indent + 2, self.one("break", "continue"))
        self.counters.pop()
