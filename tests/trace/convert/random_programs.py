"""Random programs over control flow: nested loops, branches, jumps, names that may be unassigned.

Every program ends: loops are short ranges or count down.  `python random_programs.py SEED`
prints one.
"""

import random
import sys

NAMES = ["a", "b", "c", "d", "e"]


def program(seed):
    """The text of a function `f(a, b, log)` made from a seed."""
    writer = _Writer(random.Random(seed))
    writer.line("def f(a, b, log):")
    writer.line("    if a > 4:")
    writer.line("        c = d = e = 7")
    with_tail = writer.random.random() < 0.8
    writer.block(1, 0, False)
    if with_tail:
        writer.line(f"    return {writer.atom()}, {writer.atom()}")
    return "\n".join(writer.lines) + "\n"


class _Writer:
    def __init__(self, generator):
        self.random = generator
        self.lines = []
        self.counters = 0
        self.budget = generator.randint(8, 40)

    def line(self, text):
        self.lines.append(text)

    def block(self, indent, depth, in_loop):
        for _ in range(self.random.randint(1, 4)):
            if self.statement(indent, depth, in_loop) and self.random.random() < 0.9:
                break

    def statement(self, indent, depth, in_loop):
        self.budget -= 1
        kinds = ["assign"] * 4 + ["aug", "log", "tuple", "walrus", "delete"]
        if depth < 4 and self.budget > 0:
            kinds += ["if"] * 4 + ["for"] * 2 + ["while"] * 2 + ["try", "with", "match", "def"]
        if in_loop:
            kinds += ["break", "continue"]
        if depth:
            kinds += ["return"]
        kind = self.random.choice(kinds)
        getattr(self, kind + "_")("    " * indent, indent, depth, in_loop)
        return kind in ("break", "continue", "return")

    def atom(self):
        return self.random.choice([*NAMES, "a", "b", str(self.random.randint(-3, 6))])

    def value(self):
        r = self.random.random()
        x, y, z = self.atom(), self.atom(), self.atom()
        if r < 0.2:
            return x
        if r < 0.5:
            return f"{x} {self.random.choice(['+', '-', '*'])} {y}"
        if r < 0.6:
            return f"({x} if {y} > {z} else {self.atom()})"
        if r < 0.7:
            return f"({x} {self.random.choice(['and', 'or'])} {y})"
        if r < 0.8:
            return f"sum([k + {x} for k in range(3) if k != {y}])"
        if r < 0.85:
            return f"(lambda v: v + {x} if v > {y} else {z})({self.atom()})"
        if r < 0.9:
            return f"{x} // {y}"
        return f"max({x}, {y}, {z})"

    def test(self):
        x, y, z = self.atom(), self.atom(), self.atom()
        return self.random.choice(
            [
                f"{x} > {y}",
                f"{x} < {y} < {z}",
                f"not {x}",
                f"{x} == {y} or {z} > 2",
                f"{x} and {y} != {z}",
                f"{x} in ({y}, {z}, 1)",
                f"({self.random.choice(NAMES)} := {x}) > {y}",
                f"{x} % 2 == 0",
            ]
        )

    def assign_(self, space, *_):
        self.line(f"{space}{self.random.choice(NAMES)} = {self.value()}")

    def aug_(self, space, *_):
        self.line(f"{space}{self.random.choice(NAMES)} {self.random.choice('+-')}= {self.value()}")

    def log_(self, space, *_):
        self.line(f"{space}log.append({self.value()})")

    def tuple_(self, space, *_):
        x, y = self.random.sample(NAMES, 2)
        self.line(f"{space}{x}, {y} = {self.value()}, {self.value()}")

    def walrus_(self, space, *_):
        x = self.random.choice(NAMES)
        self.line(f"{space}log.append({self.atom()} and ({x} := {self.value()}))")

    def delete_(self, space, *_):
        if self.random.random() < 0.3:
            self.line(f"{space}del {self.random.choice(NAMES)}")
        else:
            self.assign_(space)

    def if_(self, space, indent, depth, in_loop):
        self.line(f"{space}if {self.test()}:")
        self.block(indent + 1, depth + 1, in_loop)
        if self.random.random() < 0.3:
            self.line(f"{space}elif {self.test()}:")
            self.block(indent + 1, depth + 1, in_loop)
        if self.random.random() < 0.5:
            self.line(f"{space}else:")
            self.block(indent + 1, depth + 1, in_loop)

    def for_(self, space, indent, depth, in_loop):
        source = self.random.choice(["range(4)", "range(0)", "[3, 1, 2]", "range(abs(a) % 5)"])
        self.line(f"{space}for {self.random.choice(NAMES)} in {source}:")
        self.block(indent + 1, depth + 1, True)
        self.orelse(space, indent, depth, in_loop)

    def while_(self, space, indent, depth, in_loop):
        self.counters += 1
        n = f"n{self.counters}"
        self.line(f"{space}{n} = {self.random.randint(0, 5)}")
        always = self.random.random() < 0.3
        test = "True" if always else f"{n} > 0 and ({self.test()})"
        self.line(f"{space}while {test}:")
        self.line(f"{space}    {n} -= 1")
        if always:
            self.line(f"{space}    if {n} < 0:")
            self.line(f"{space}        {self.random.choice(['break', 'break', 'return b'])}")
        self.block(indent + 1, depth + 1, True)
        self.orelse(space, indent, depth, in_loop)

    def orelse(self, space, indent, depth, in_loop):
        if self.random.random() < 0.3:
            self.line(f"{space}else:")
            self.block(indent + 1, depth + 1, in_loop)

    def try_(self, space, indent, depth, in_loop):
        self.line(f"{space}try:")
        self.block(indent + 1, depth + 1, in_loop)
        name = self.random.choice(["", " as " + self.random.choice(NAMES)])
        self.line(f"{space}except (ZeroDivisionError, NameError){name}:")
        self.block(indent + 1, depth + 1, in_loop)
        self.orelse(space, indent, depth, in_loop)
        if self.random.random() < 0.3:
            self.line(f"{space}finally:")
            self.line(f"{space}    log.append('finally')")

    def with_(self, space, indent, depth, in_loop):
        manager = self.random.choice(["nullcontext(2)", "suppress(ZeroDivisionError)"])
        self.line(f"{space}with {manager} as {self.random.choice(NAMES)}:")
        self.block(indent + 1, depth + 1, in_loop)

    def match_(self, space, indent, depth, in_loop):
        self.line(f"{space}match {self.value()}:")
        self.line(f"{space}    case {self.random.randint(0, 3)}:")
        self.block(indent + 2, depth + 1, in_loop)
        self.line(f"{space}    case int() as {self.random.choice(NAMES)} if {self.test()}:")
        self.block(indent + 2, depth + 1, in_loop)

    def def_(self, space, indent, depth, in_loop):
        self.counters += 1
        name = f"g{self.counters}"
        written = self.random.choice(NAMES)
        self.line(f"{space}def {name}(x):")
        if self.random.random() < 0.5 and written not in "ab":
            self.line(f"{space}    nonlocal {written}")
        self.line(f"{space}    {written} = x + {self.atom().replace(written, 'x')}")
        self.line(f"{space}    if x > 2:")
        self.line(f"{space}        return {written}")
        self.line(f"{space}    return {self.atom()}")
        self.line(f"{space}{self.random.choice(NAMES)} = {name}({self.atom()})")

    def break_(self, space, *_):
        self.line(f"{space}break")

    def continue_(self, space, *_):
        self.line(f"{space}continue")

    def return_(self, space, *_):
        self.line(f"{space}return {self.value()}")


if __name__ == "__main__":
    print(program(int(sys.argv[1])))
