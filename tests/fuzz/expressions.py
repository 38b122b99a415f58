"""Expressions of random programs over all dtypes, and the parameters that they read."""

# ruff: noqa: E501

from __future__ import annotations

from .lines import Lines

#: name -> (dtype, shape); h and u wrap early, p are bits
PARAMETERS: dict[str, tuple[str, tuple[int, ...]]] = {
    "a": ("f8", (6,)), "b": ("f8", (6,)), "g": ("f4", (6,)), "z": ("c16", (6,)),
    "m": ("i8", (6,)), "k": ("i4", (6,)), "h": ("i1", (6,)), "u": ("u1", (6,)),
    "w": ("u2", (6,)), "p": ("?", (6,)),
    "A": ("f8", (5, 6)), "G": ("f4", (4, 4)), "M": ("i8", (5, 5)), "Z": ("c16", (4, 5)),
    "n": ("int", ()), "x": ("float", ()),
}  # fmt: skip
FLOATS, INTS, COMPLEX = ("a", "b", "g"), ("m", "k", "h", "u", "w"), ("z",)
ROWS = {"A": (5, 6), "G": (4, 4), "M": (5, 5), "Z": (4, 5)}


class Expressions(Lines):
    """What one program may read: its arrays, counters, lists and helpers so far."""

    def __init__(self, seed: str) -> None:
        super().__init__(seed)
        self.names = 0
        self.lists: list[str] = []
        self.helpers: list[str] = []
        pick = self.random.sample
        self.floats = pick(FLOATS, 2)
        self.ints = pick(INTS, 2)
        self.complex = ["z"] if self.random.random() < 0.35 else []
        self.rows = pick(list(ROWS), 1)
        if self.rows == ["Z"] and not self.complex:
            self.rows = ["A"]
        self.answer = self.one(*self.floats, *self.ints)
        self.risky = self.random.random() < 0.15

    def fresh(self, stem: str) -> str:
        self.names += 1
        return f"{stem}{self.names}"

    def index(self, most: int = 4) -> str:
        """A position below `most`, of an axis that has at least as many."""
        choices = ["0", "1", "2", "-1", "-2", "3"]
        for i in self.counters:
            choices += [f"{i} % {most}"] * 2 + [f"-{i} % {most}", f"{i} % 3 - 1"]
        choices += [f"{self.one('m', 'k', 'u')}[{self.one('0', '1', '-1')}] % {most}"]
        if self.risky:
            choices += [f"t % {most + 2}", *self.counters]
        return self.one(*choices)

    def window(self) -> str:
        """A slice of four elements of six."""
        choices = ["0:4", "1:5", ":4", "-5:-1", "4:0:-1", "3::-1", "2:", "-1:1:-1"]
        if self.counters:
            i = self.one(*self.counters)
            choices += [f"{i} % 3:{i} % 3 + 4"]
        return self.one(*choices)

    def element(self, kind: str) -> str:
        """One element of an array of a kind (f, i, c)."""
        names = {"f": self.floats, "i": self.ints, "c": self.complex}[kind]
        tables = [x for x in self.rows if PARAMETERS[x][0][0] == kind]
        if tables and self.random.random() < 0.3:
            return f"{tables[0]}[{self.index()}, {self.index()}]"
        return f"{self.one(*names)}[{self.index()}]" if names else "s"

    def number(self, depth: int = 0) -> str:
        """A real number.  What is one of two is made a float: else the path decides its type."""
        r = self.random.random()
        if r < 0.3:
            return self.element("f")
        if r < 0.45:
            return self.one("s", "x", "0.25", "2", "-1.5", "r", "t")
        if r < 0.52 or depth > 2:
            return self.whole(depth + 1)
        if r < 0.56:
            return f"{self.one('np.sum', 'np.max', 'np.min', 'np.mean')}({self.array('f', 2)})"
        if r < 0.59:
            return f"{self.array('f', 2)} @ {self.array('f', 2)}"
        if r < 0.62 and self.complex:
            return self.one(f"{self.element('c')}.real", f"abs({self.element('c')})")
        if r < 0.66:
            return f"float({self.one('max', 'min')}({self.number(2)}, {self.number(2)}))"
        if r < 0.7:
            return f"float({self.number(2)} if {self.condition(2)} else {self.number(2)})"
        if r < 0.75:
            f = self.one("abs", "np.sqrt(np.abs", "np.tanh", "np.float32", "np.floor", "-")
            return f"{f}({self.number(2)})" + (")" if "(" in f else "")
        if r < 0.78 and self.helpers:
            return f"{self.one(*self.helpers)}({self.number(2)}, {self.whole(2)})"
        if r < 0.8 and self.lists:
            return f"(sum({self.one(*self.lists)}) * 0.1)"
        operator = self.one("+", "-", "*", "*", "+", "/ 3 +", "% 2 -")
        return f"({self.number(depth + 1)} {operator} {self.number(depth + 1)})"

    def whole(self, depth: int = 0) -> str:
        """An integer."""
        r = self.random.random()
        if r < 0.35:
            return self.element("i")
        if r < 0.45:
            return "t"
        if r < 0.52:
            return "n"
        if r < 0.64 and self.counters:
            return self.one(*self.counters)
        if r < 0.7 or depth > 2:
            return self.one("2", "-3", "5", "7")
        if r < 0.74:
            return f"int(np.sum({self.array('i', 2)}) % 7)"
        if r < 0.77:
            return f"int({self.one('np.argmax', 'np.count_nonzero')}({self.array('f', 2)}))"
        if r < 0.8 and self.lists:
            return f"len({self.one(*self.lists)})"
        operator = self.one("+", "-", "*", "// 3 +", "% 5 -", "&", "|", "^", ">> 1 +", "<< 2 &")
        left, right = self.whole(depth + 1), self.whole(depth + 1)
        if self.risky and self.random.random() < 0.1:
            return f"int({left}) {self.one('//', '%')} int({right})"
        return f"({left} {operator} {right})"

    def complexes(self, depth: int = 0) -> str:
        r = self.random.random()
        if r < 0.5 or depth > 1:
            return self.element("c")
        if r < 0.6:
            return self.one("(0.5 - 0.25j)", "1j", f"np.conj({self.element('c')})")
        if r < 0.7:
            return f"({self.number(2)} + {self.number(2)} * 1j)"
        operator = self.one("+", "-", "*")
        return f"({self.complexes(depth + 1)} {operator} {self.complexes(depth + 1)})"

    def array(self, kind: str, depth: int = 0) -> str:
        """Four elements of a kind (f, i, c)."""
        names = {"f": self.floats, "i": self.ints, "c": self.complex or self.floats}[kind]
        r = self.random.random()
        if r < 0.4 or depth > 2:
            return f"{self.one(*names)}[{self.window()}]"
        tables = [x for x in self.rows if PARAMETERS[x][0][0] == kind]
        if r < 0.5 and tables:
            table = tables[0]
            return self.one(f"{table}[{self.index()}, :4]", f"{table}[:4, {self.index()}]",
                            f"{table}[-1, -4:]", f"np.diag({table}[:4, :4])")  # fmt: skip
        if r < 0.55:
            return f"{self.one('np.flip', 'np.sort', 'np.cumsum')}({self.array(kind, 3)})"
        if r < 0.6:
            return f"{self.one(*names)}[np.abs({self.one(*self.ints)}[{self.window()}]) % 5]"
        if r < 0.66:
            c = f"{self.array('f', 3)} > {self.number(2)}"
            return f"np.where({c}, {self.array(kind, 3)}, {self.array(kind, 3)})"
        if r < 0.7 and kind != "c":
            return f"{self.one('np.minimum', 'np.maximum')}({self.array(kind, 3)}, {self.array(kind, 3)})"
        if r < 0.74 and tables and kind == "f":
            return f"({tables[0]}[:4, :4] @ {self.array('f', 3)})"
        if r < 0.78 and kind == "f":
            f = self.one("np.sqrt(np.abs", "np.exp(-np.abs", "np.tanh((", "np.sin((")
            return f"{f}({self.array('f', 3)}))" + (")" if f.endswith("((") else "")
        operator = self.one("+", "-", "*")
        if r < 0.9 or kind == "i":
            return f"({self.array(kind, depth + 1)} {operator} {self.array(kind, depth + 1)})"
        return f"({self.array(kind, depth + 1)} {operator} {self.number(2)})"

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
            f"p[{self.index()}]",
            f"np.any({self.array('f', 2)} > 0.9)",
            f"np.all({self.array('i', 2)} < 9)",
        ]
        for i in self.counters:
            choices += [f"{i} % 2 == 0", f"{i} > 1", f"{i} < 3 and a[{i} % 5 + 1] > s"]
        return self.one(*choices)
