"""Random loop programs: arrays, views and scalars of several dtypes, written and read in loops and
branches with early exits; every program is plain Python that NumPy runs without surprises.

A program is the text of `def f(a, b, m, k, A, n, x)`:
a, b: float64 of 6; m: int64 of 6; k: int32 of 6; A: float64 of 6 by 6; n: int; x: float.
"""

# ruff: noqa: E501

from __future__ import annotations

from .lines import Lines

HEAD = """\
def f(a, b, m, k, A, n, x):
    s = 0.5
    t = 1
    flag = False
    c = a * 1.0
    v = a[1:]
    w = A[1]
    u = np.zeros(6)
    q = m[::-1]
"""
FLOATS = ("a", "b", "c", "v", "w", "u")
INTS = ("m", "k", "q")
RETURN = "    return s, t, flag, b * 1.0, c[0], m[2]"


class Writer(Lines):
    """One program, written statement by statement."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self.loops = 0
        self.helpers = 0

    def text(self) -> str:
        for _ in range(self.random.randint(4, 8)):
            self.statement(1, 0, False)
        return "import numpy as np\n\n\n" + HEAD + "\n".join([*self.lines, RETURN]) + "\n"

    # -- expressions
    def index(self) -> str:
        """A position below 5 in size, most of the time."""
        choices = ["0", "1", "2", "-1", "-2", "3"]
        for i in self.counters:
            choices += [i, i, i, f"{i} - 1", f"{i} + 1", f"({i} * 2) % 5"]
        choices += [f"{self.one('m', 'k')}[{self.one('0', '1', '2')}] % 5"]
        return self.one(*choices)

    def window(self) -> str:
        """A slice of four elements."""
        choices = ["0:4", "1:5", ":4", "-5:-1", "4:0:-1", "3::-1"]
        if self.counters:
            i = self.one(*self.counters)
            choices += [f"{i} % 2:{i} % 2 + 4"]
        return self.one(*choices)

    def number(self, depth: int = 0) -> str:
        r = self.random.random()
        if r < 0.26:
            return f"{self.one(*FLOATS)}[{self.index()}]"
        if r < 0.34:
            return f"A[{self.index()}, {self.index()}]"
        if r < 0.42:
            return "s"
        if r < 0.46:
            return "x"
        if r < 0.52:
            return self.one("0.25", "2", "-1.5", "3")
        if r < 0.6:
            return self.whole(depth + 1)
        if r < 0.65:
            return f"np.sum({self.one(*FLOATS)}[{self.window()}])"
        if r < 0.69:
            return f"{self.one(*FLOATS)}[{self.window()}] @ {self.one(*FLOATS)}[{self.window()}]"
        if r < 0.73:
            return f"max({self.number(2)}, {self.number(2)})"
        if r < 0.76:
            return f"({self.number(2)} if {self.condition(2)} else {self.number(2)})"
        if r < 0.79:
            return f"abs({self.number(2)})"
        if r < 0.82 and self.helpers:
            return f"h{self.random.randrange(self.helpers)}({self.number(2)}, {self.whole(2)})"
        if depth > 2:
            return "s"
        return f"({self.number(depth + 1)} {self.one('+', '-', '*')} {self.number(depth + 1)})"

    def whole(self, depth: int = 0) -> str:
        """A small integer expression."""
        r = self.random.random()
        if r < 0.3:
            return f"{self.one(*INTS)}[{self.index()}]"
        if r < 0.4:
            return "t % 7"
        if r < 0.5:
            return "n"
        if r < 0.62 and self.counters:
            return self.one(*self.counters)
        if r < 0.7:
            return self.one("2", "-3", "5")
        if r < 0.75:
            return f"np.sum({self.one(*INTS)}[{self.window()}])"
        if r < 0.8:
            return f"min({self.whole(2)}, {self.whole(2)})"
        if depth > 2:
            return "1"
        operator = self.one("+", "-", "*", "// 3 +", "% 5 -", "&", "|", "^", "* 2 +")
        return f"({self.whole(depth + 1)} {operator} {self.whole(depth + 1)}) % 11"

    def array(self, depth: int = 0) -> str:
        """Four floats."""
        r = self.random.random()
        if r < 0.46:
            return f"{self.one(*FLOATS)}[{self.window()}]"
        if r < 0.54:
            return f"A[{self.index()}, {self.window()}]"
        if r < 0.6:
            return f"A[{self.one('0:4', '1:5')}, {self.index()}]"
        if r < 0.65:
            return f"np.flip({self.one(*FLOATS)}[{self.window()}])"
        if r < 0.7:
            return f"{self.one(*FLOATS)}[{self.window()}].copy()"
        if r < 0.75:
            return f"{self.one(*FLOATS)}[np.abs({self.one(*INTS)}[{self.window()}]) % 5]"
        if r < 0.8:
            return (
                f"np.where({self.array(2)} > {self.number(2)}, {self.array(2)}, {self.number(2)})"
            )
        if r < 0.84:
            return f"np.minimum({self.array(depth + 1)}, {self.number(2)})"
        if depth > 2:
            return "b[:4]"
        if r < 0.92:
            return f"({self.array(depth + 1)} {self.one('+', '-', '*')} {self.array(depth + 1)})"
        return f"({self.array(depth + 1)} * {self.number(2)})"

    def condition(self, depth: int = 0) -> str:
        choices = [
            f"{self.number(2)} > {self.number(2)}",
            f"{self.number(2)} <= 0.7",
            f"t > {self.random.randint(0, 3)}",
            f"{self.whole(2)} % 2 == 0",
            "s < 1.0 and x > 0.1",
            f"flag or {self.number(2)} < s",
            f"not flag and {self.whole(2)} != 2",
            f"0.1 < {self.number(2)} < 0.8",
        ]
        for i in self.counters:
            choices += [f"{i} % 2 == 0", f"{i} > 1", f"{i} < 4 and a[{i} + 1] > s"]
        return self.one(*choices)

    # -- statements
    def statement(self, indent: int, depth: int, inside: bool) -> None:
        r = self.random.random()
        if r < 0.36:
            self.assignment(indent)
        elif r < 0.52:
            self.scalar(indent, inside)
        elif r < 0.56:
            self.put(indent, "b[0:3], b[3:6] = b[3:6], b[0:3]")
        elif r < 0.59 and not inside:
            self.put(
                indent,
                f"{self.one('c', 'u')} = {self.one('a', 'b', 'w', 'A[2]', 'A[:, 1]')}{self.one('', ' * 1.0', '.copy()')}",
            )
        elif r < 0.62 and depth == 0:
            self.helper(indent)
        elif r < 0.66 and inside:
            self.put(indent, f"{self.one('c', 'u')} = {self.made()}")
        elif r < 0.68 and inside:
            self.put(indent, self.one("c, u = u, c", "w = A[2]", f"w = A[{self.index()}]"))
        elif r < 0.84 and depth < 3:
            self.loop(indent, depth)
        elif depth < 3:
            self.branch(indent, depth, inside)
        else:
            self.put(indent, f"s += {self.number()} * 0.1")

    def made(self) -> str:
        """Six floats in memory of their own."""
        return self.one(
            f"{self.one('a', 'b', 'c', 'u', 'w')} * {self.one('0.5', '1.0')}",
            f"A.{self.one('sum', 'max', 'mean')}(axis={self.one('0', '1')})",
            f"{self.one('a', 'b', 'c', 'u', 'A[1]')}[np.abs({self.one('m', 'k')}) % 5]",
            f"A[{self.one('0:4', '1:5')}].sum(axis=0) * 0.5",
            "A @ b * 0.25",
        )

    def assignment(self, indent: int) -> None:
        r = self.random.random()
        if r < 0.3:
            self.put(
                indent,
                f"{self.one(*FLOATS)}[{self.index()}] {self.one('=', '+=', '*=')} {self.number()} * 0.3",
            )
        elif r < 0.42:
            self.put(
                indent,
                f"A[{self.index()}, {self.index()}] {self.one('=', '-=')} {self.number()} * 0.3",
            )
        elif r < 0.52:
            name, at = self.one(*INTS), self.index()
            operator, value = self.one("=", "+=", "^="), self.whole()
            if name == "k":  # what int32 cannot hold wraps there (docs/differences.md)
                value = f"({value}) % 99991"
            self.put(indent, f"{name}[{at}] {operator} {value}")
        elif r < 0.8:
            self.put(
                indent,
                f"{self.one(*FLOATS)}[{self.window()}] {self.one('=', '=', '+=', '-=')} {self.array()} * 0.25",
            )
        elif r < 0.88:
            self.put(
                indent,
                f"A[{self.index()}, {self.window()}] {self.one('=', '+=')} {self.array()} * 0.25",
            )
        elif r < 0.94:
            where, other = self.one("0:4", "1:5"), self.one("0:4", "1:5")
            self.put(
                indent,
                f"A[{where}, {self.window()}] {self.one('=', '+=')} (A[{other}, {self.window()}].T + {self.array()}) * 0.25",
            )
        else:
            self.put(
                indent,
                f"{self.one(*FLOATS)}[np.abs({self.one(*INTS)}[{self.window()}]) % 5] = {self.array()} * 0.25",
            )

    def scalar(self, indent: int, inside: bool) -> None:
        choices = [
            f"s = {self.number()} * 0.5",
            f"s += {self.number()} * 0.1",
            "t += 1",
            f"t = (t + {self.whole()}) % 13",
            f"flag = {self.condition()}",
            "flag = not flag",
            f"s, x = x, s * 0.5 + {self.one('0.1', '0.2')}",
        ]
        self.put(indent, self.one(*choices))

    def helper(self, indent: int) -> None:
        name = f"h{self.helpers}"
        self.put(indent, f"def {name}(y, i):")
        self.put(indent + 1, f"if {self.one('y > 0.5', 'i % 2 == 0', 'y < s')}:")
        self.put(indent + 2, self.one("return y * 0.5", "a[1] += y * 0.1", "y = y - 0.25"))
        self.put(indent + 1, self.one("return y + 0.1 * i", "return y if i > 1 else s"))
        self.helpers += 1

    def loop(self, indent: int, depth: int) -> None:
        i = f"i{self.loops}"
        self.loops += 1
        bounds = self.one(
            "n", "1, n", "5", "n - 1, 0, -1", "4, -1, -1", "2, 2", "0, n, 2", "m[1] % 4", "6"
        )
        inner = self.counters
        if inner and self.random.random() < 0.3:
            bounds = self.one(f"{inner[-1]}", f"{inner[-1]}, 5")
        counted = True
        r = self.random.random()
        if r < 0.72:
            self.put(indent, f"for {i} in range({bounds}):")
        elif r < 0.8:
            self.put(indent, f"for {i}, y in enumerate({self.one(*FLOATS)}[:5]):")
            self.put(indent + 1, "s += y * 0.1")
        elif r < 0.86:
            self.put(indent, f"for y in {self.one('b', 'c', 'A[:3]', 'A')}:")
            self.put(indent + 1, "s += np.sum(y) * 0.1")
            counted = False
        else:
            self.put(indent, f"{i} = 0")
            self.put(
                indent,
                f"while {i} < {self.one('n', '4')} and {self.one('s < 50', 'not flag', 'a[0] < 9')}:",
            )
            self.put(indent + 1, f"{i} += 1")
        if counted:
            self.counters.append(i)
        for _ in range(self.random.randint(1, 3)):
            self.statement(indent + 1, depth + 1, True)
        if counted:
            self.counters.pop()
        if r < 0.86 and self.random.random() < 0.1:
            self.put(indent, "else:")
            self.put(indent + 1, "s += 0.125")

    def branch(self, indent: int, depth: int, inside: bool) -> None:
        self.put(indent, f"if {self.condition()}:")
        for _ in range(self.random.randint(1, 2)):
            self.statement(indent + 1, depth + 1, inside)
        if inside and self.random.random() < 0.3:
            self.put(indent + 1, self.one("break", "continue"))
        elif self.random.random() < 0.06:
            self.put(indent + 1, "return s, t, flag, b * 1.0, c[0], m[2]")
        if self.random.random() < 0.5:
            self.put(indent, self.one("else:", f"elif {self.condition()}:"))
            for _ in range(self.random.randint(1, 2)):
                self.statement(indent + 1, depth + 1, inside)


def program(seed: int) -> str:
    """The text of one program."""
    return Writer(seed).text()
