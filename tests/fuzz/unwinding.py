"""Programs that fail half of the time: `try` with `finally`, `except` and `else` in one another,
around loops and branches with jumps and writes into the same few places.

A program is the text of `def f(a, b, m, n, x)`: a, b: float64 of 6; m: int64 of 6, most of them
positions; n: int; x: float.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from .lines import Lines

HEAD = """\
def f(a, b, m, n, x):
    s = 0.5
    t = 1
    v = a[1:5]
    c = b * 1.0
"""
RETURN = "return s, t, c[1], v[0]"
HANDLED = ("IndexError", "ZeroDivisionError", "ValueError", "(IndexError, ValueError)", "Exception")


class Writer(Lines):
    """loops: how many were written.  final: inside of a `finally`, which nothing jumps out of."""

    def __init__(self, seed: int | str) -> None:
        super().__init__(seed)
        self.loops = 0
        self.final = False

    def text(self) -> str:
        for _ in range(self.random.randint(1, 2)):
            self.write(1)
        self.tried(1, 0, False)
        for _ in range(self.random.randint(0, 2)):
            self.statement(1, 1, False)
        self.put(1, RETURN)
        return "import numpy as np\n\n\n" + HEAD + "\n".join(self.lines) + "\n"

    # -- expressions
    def index(self) -> str:
        """A position that now and then is none."""
        choices = ["0", "1", "2", "-1", f"m[{self.random.randrange(6)}]", "t % 5", "n", "n - 1"]
        for i in self.counters:
            choices += [i, i, f"{i} + 1", f"m[{i}]"]
        return self.one(*choices)

    def number(self, depth: int = 0) -> str:
        choices = [f"{self.one('a', 'b', 'c')}[{self.index()}]", "s", "x", "0.25", "s + t"]
        if depth < 2:
            choices += [
                f"{self.number(depth + 1)} {self.one('+', '-', '*')} {self.number(depth + 1)}",
                f"t // {self.whole()}",
                "np.sum(v)",
            ]
        return self.one(*choices)

    def whole(self) -> str:
        choices = [f"(m[{self.random.randrange(6)}] % 4)", "(n - 3)", "2", "t"]
        return self.one(*choices, *(f"({i} - 2)" for i in self.counters))

    def condition(self) -> str:
        choices = [f"m[{self.random.randrange(6)}] > {self.random.randint(1, 7)}", "n > 3"]
        choices += ["s > 1", "x < 0.5", f"t % 3 == {self.random.randrange(3)}", "a[0] < b[0]"]
        return self.one(*choices, *(f"{i} == {self.random.randrange(4)}" for i in self.counters))

    # -- statements
    def statement(self, indent: int, depth: int, inside: bool) -> None:
        """inside: of a loop that may be left."""
        r = self.random.random()
        if r < 0.42 or depth > 3:
            self.write(indent)
        elif r < 0.52:
            self.put(indent, self.one("t += 1", f"s = {self.number()}", f"t = {self.whole()}"))
        elif r < 0.62:
            self.fail(indent)
        elif r < 0.74:
            self.branch(indent, depth, inside)
        elif r < 0.86:
            self.loop(indent, depth)
        else:
            self.tried(indent, depth, inside)

    def write(self, indent: int) -> None:
        r = self.random.random()
        operator = self.one("=", "+=", "-=")
        if r < 0.7:
            target = f"{self.one('a', 'a', 'b', 'v', 'c')}[{self.index()}]"
            self.put(indent, f"{target} {operator} {self.number()}")
        elif r < 0.8:
            self.put(indent, f"v[:] {operator} b[{self.one('0:4', '1:5', '2:6')}] * 0.5")
        elif r < 0.88:
            self.put(indent, f"b[m[:3]] = a[{self.one('0:3', '2::-1')}] + 1")
        elif r < 0.94:
            self.put(indent, f"m[{self.random.randrange(6)}] {operator} 1")
        else:
            self.put(indent, "c = a * 1.0")

    def fail(self, indent: int) -> None:
        r = self.random.random()
        if r < 0.3:
            self.put(indent, f"assert {self.condition()}, 'asserted {len(self.lines)}'")
            return
        if r < 0.85 or self.final:
            self.put(indent, f"if {self.condition()}:")
            indent += 1
        if r < 0.4:
            self.put(indent, "s += nowhere")
        elif r < 0.5:
            self.put(indent, f"s += len({self.one('n', 'None')})")
        elif r < 0.6:
            self.put(indent, f"s += {self.one('v @ a', 'None + 1', 'a.nothing', 'unset')}")
        else:
            kind = self.one("ValueError", "KeyError", "RuntimeError")
            self.put(indent, f"raise {kind}('raised {len(self.lines)}')")
        if self.random.random() < 0.1:
            self.put(indent, "unset = 1.0")

    def block(self, indent: int, depth: int, inside: bool, most: int = 2) -> None:
        for _ in range(self.random.randint(1, most)):
            self.statement(indent, depth + 1, inside)

    def branch(self, indent: int, depth: int, inside: bool) -> None:
        self.put(indent, f"if {self.condition()}:")
        self.block(indent + 1, depth, inside)
        if inside and self.random.random() < 0.4:
            self.put(indent + 1, self.one("break", "continue"))
        elif not self.final and self.random.random() < 0.15:
            self.put(indent + 1, RETURN)
        if self.random.random() < 0.4:
            self.put(indent, "else:")
            self.block(indent + 1, depth, inside)

    def loop(self, indent: int, depth: int) -> None:
        i = f"i{self.loops}"
        self.loops += 1
        if self.random.random() < 0.75:
            self.put(indent, f"for {i} in range({self.one('n', '5', 'n + 1', '3', 'm[0]')}):")
        else:
            self.put(indent, f"{i} = 0")
            self.put(indent, f"while {i} < n and {self.one('s < 50', 'b[0] < 9')}:")
            self.put(indent + 1, f"{i} += 1")
        self.counters.append(i)
        self.block(indent + 1, depth, True, 3)
        self.counters.pop()

    def tried(self, indent: int, depth: int, inside: bool) -> None:
        r = self.random.random()
        final, handlers = r < 0.85, r > 0.7
        self.put(indent, "try:")
        self.block(indent + 1, depth, inside, 3)
        if not self.final and self.random.random() < 0.15:
            self.put(indent + 1, self.one(RETURN, *(["break", "continue"] if inside else [])))
        if handlers:
            for _ in range(self.random.randint(1, 2)):
                self.put(indent, f"except {self.one(*HANDLED)}:")
                self.block(indent + 1, depth, inside)
            if self.random.random() < 0.3:
                self.put(indent, "else:")
                self.block(indent + 1, depth, inside)
        if final:
            self.put(indent, "finally:")
            outer, self.final = self.final, True
            self.block(indent + 1, depth, False)
            self.final = outer


def program(seed: int) -> str:
    """The text of one program."""
    return Writer(f"unwinding {seed}").text()


def arguments(text: str, seed: int) -> tuple[Any, ...]:
    rng = np.random.default_rng(seed)
    m = rng.integers(0, 6, 6)
    if seed % 2:
        m[rng.integers(0, 6)] = 6 + seed % 3
    return rng.random(6), rng.random(6), m, int(rng.integers(2, 6)), 0.4
