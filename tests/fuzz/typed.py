"""Random small programs over all dtypes: every kind of loop, jump, write and index there is.

The parameters are those of PARAMETERS that the program needs.  Local scalars keep one type (`s` is
always a Python float, `t` a Python int, `r` a float32), because in Python the path taken decides
the type of a name and a compiled function must settle on one; so dtypes are compared exactly.
"""

# ruff: noqa: E501

from __future__ import annotations

import re
from typing import Any

import numpy as np

from .expressions import PARAMETERS, Expressions

#: Arrays into which NumPy refuses to store a NumPy integer that does not fit; compiled code wraps.
NARROW = ("h", "u", "w")


def program(seed: int) -> str:
    """The text of one program, with `def f(...)`."""
    return Writer(f"typed {seed}").text()


def arguments(text: str, seed: int) -> tuple[Any, ...]:
    """Arguments for a program's parameters; of two programs in five in another memory order."""
    found = re.search(r"^def f\((.*)\):", text, re.M)
    assert found is not None
    rng = np.random.default_rng(seed)
    given = (_argument(name, rng) for name in found[1].split(", "))
    return tuple(_laid(x, seed % 5) if isinstance(x, np.ndarray) else x for x in given)


def _laid(x: Any, layout: int) -> Any:
    if layout == 3:
        wide = np.zeros([2 * n for n in x.shape], x.dtype)[::-2] if x.ndim < 3 else x
        wide = wide[tuple(slice(n) for n in x.shape)]
        wide[...] = x
        return wide
    return np.asfortranarray(x) if layout == 4 else x


def _argument(name: str, rng: np.random.Generator) -> Any:
    dtype, shape = PARAMETERS[name]
    if dtype == "int":
        return 4
    if dtype == "float":
        return 0.4
    if dtype[0] == "c":
        return rng.random(shape) + 1j * rng.random(shape)
    if dtype == "?":
        return rng.random(shape) < 0.5
    if dtype[0] in "iu":
        return rng.integers(0, 9, shape).astype(dtype)
    return rng.random(shape).astype(dtype)


class Writer(Expressions):
    """One program, written statement by statement."""

    def statements(self) -> None:
        for _ in range(self.random.randint(2, 5)):
            self.statement(1, 0, False)

    def text(self) -> str:
        self.statements()
        result = self.result()
        body = "\n".join([*self.lines, f"    return {result}"])
        used = [x for x in PARAMETERS if re.search(rf"\b{x}\b", body)]
        head = [
            "    s = 0.5", "    t = 1", "    flag = False", "    r = np.float32(0.25)",
        ]  # fmt: skip
        head = [h for h in head if re.search(rf"\b{h.split()[0]}\b", body)]
        return "\n".join(
            ["import numpy as np", "", "", f"def f({', '.join(used)}):", *head, body, ""]
        )

    def result(self) -> str:
        """An early return answers the same way, with other numbers."""
        return f"{self.answer}.copy(), s, t, flag, {self.floats[0]}[{self.window()}] * 0.5"

    # -- statements
    def statement(self, indent: int, depth: int, inside: bool) -> None:
        r = self.random.random()
        if r < 0.33:
            self.write(indent)
        elif r < 0.42:
            self.scalar(indent)
        elif r < 0.47:
            self.view(indent)
        elif r < 0.5 and depth == 0:
            self.helper(indent)
        elif r < 0.54:
            self.listing(indent, depth)
        elif r < 0.56 and inside:
            self.put(indent, f"if {self.condition()}:")
            self.put(indent + 1, self.one("break", "continue"))
        elif r < 0.57:
            self.put(indent, f"if {self.condition()}:")
            self.put(indent + 1, self.one("raise ValueError('no')", f"return {self.result()}"))
        elif r < 0.84 and depth < 3:
            self.loop(indent, depth)
        elif depth < 3:
            self.branch(indent, depth, inside)
        else:
            self.write(indent)

    def write(self, indent: int) -> None:
        kind = self.one("f", "f", "f", "i", "i", *(["c"] if self.complex else []))
        names = {"f": self.floats, "i": self.ints, "c": self.complex}[kind]
        scalar = {"f": lambda: f"{self.number()} * 0.3", "i": lambda: f"{self.whole()} % 11",
                  "c": lambda: f"{self.complexes()} * 0.3"}[kind]  # fmt: skip
        scale = "" if kind == "i" else " * 0.25"
        tables = [x for x in self.rows if PARAMETERS[x][0][0] == kind]
        name = self.one(*names)
        ops = ("=", "+=", "-=", "*=") if kind != "i" else ("=", "+=", "^=", "-=")
        r = self.random.random()
        if tables and r < 0.3:
            self.table(indent, tables[0], kind, scalar())
        elif r < 0.5:
            if name in NARROW:
                ops = ("=", "|=", "&=")
            self.put(indent, f"{name}[{self.index()}] {self.one(*ops)} {scalar()}")
        elif r < 0.78:
            op = self.one("=", "=", "+=", "-=") if kind != "i" else "="
            self.put(indent, f"{name}[{self.window()}] {op} {self.array(kind)}{scale}")
        elif r < 0.84:
            where = f"np.abs({self.one(*self.ints)}[{self.window()}]) % 5"
            if self.random.random() < 0.5:
                where = self.one("[0, 2, 1, 4]", "[3, 3, 0, -1]")
            self.put(
                indent,
                f"{name}[{where}] {self.one('=', '+=') if kind != 'i' else '='} {self.array(kind)}{scale}",
            )
        elif r < 0.92:
            mask = self.one("p", f"{name} != 1", f"{self.floats[0]} > {self.number(2)}")
            if kind == "i":
                self.put(indent, f"{name}[{mask}] {self.one('=', '+=')} {self.one('1', '3')}")
            else:
                self.put(
                    indent,
                    f"{name}[{mask}] {self.one('=', '*=', '+=')} {self.one('0.5', 's', 'x')}",
                )
        elif r < 0.96:
            i, j = self.index(), self.index()
            self.put(indent, f"{name}[{i}], {name}[{j}] = {name}[{j}], {name}[{i}]")
        else:
            self.put(
                indent,
                f"np.add.at({name}, np.abs({self.one(*self.ints)}) % 6, {self.one('1', '2')})",
            )

    def table(self, indent: int, name: str, kind: str, scalar: str) -> None:
        op = self.one("=", "+=", "-=") if kind != "i" else "="
        scale = "" if kind == "i" else " * 0.25"
        # NumPy overwrites where a row and a column cross before it has read it
        apart = scale or " + 0"
        choices = [
            f"{name}[{self.index()}, {self.index()}] {op} {scalar}",
            f"{name}[{self.index()}, :4] {op} {self.array(kind)}{apart}",
            f"{name}[:4, {self.index()}] {op} {self.array(kind)}{apart}",
            f"{name}[:4, :4] {op} {name}[:4, :4].T{scale}",
            f"{name}[{self.index()}] = {name}[{self.index()}]",
            f"{name}[:3, 1:4] {op} np.outer({self.array(kind)}[:3], {self.array(kind)}[1:]){scale}",
            f"{name}[1:4, ::-1] = {name}[0:3]",
            f"{name}[{name} > 1] = 1" if kind != "c" else f"{name}[0] *= 0.5",
        ]  # fmt: skip
        self.put(indent, self.one(*choices))

    def scalar(self, indent: int) -> None:
        choices = [
            f"s = float({self.number()} * 0.5)",
            f"s += float({self.number()}) * 0.1",
            "t += 1",
            f"t = int({self.whole()}) % 13",
            f"t = (t * 3 + int({self.whole(2)})) % 17",
            f"flag = bool({self.condition()})",
            "flag = not flag",
            f"r = np.float32({self.number()} * 0.5)",
            f"s, t = t * 0.5, int({self.whole(2)}) % 5",
            f"s = -s if {self.condition()} else s * 0.5",
        ]
        self.put(indent, self.one(*choices))

    def view(self, indent: int) -> None:
        """A view that is made and written, or changed and read back."""
        v = self.fresh("v")
        kind = self.one("f", "f", "i")
        name = self.one(*(self.floats if kind == "f" else self.ints))
        source = f"{name}[{self.window()}]"
        if self.random.random() < 0.3 and PARAMETERS[self.rows[0]][0][0] == kind:
            source = self.one(
                f"{self.rows[0]}[{self.index()}]", f"{self.rows[0]}[:, 1]", f"{self.rows[0]}.T[0]"
            )
        self.put(indent, f"{v} = {source}")
        if self.random.random() < 0.5:
            self.write(indent)
        value = f"{self.number(1)} * 0.3" if kind == "f" else f"{self.whole(1)} % 7"
        self.put(
            indent,
            f"{v}[{self.one('0', '-1', '1:3', '::-1', '::2')}] {self.one('=', '+=') if kind == 'f' else '='} {value}",
        )
        if self.random.random() < 0.4:
            self.put(indent, f"s += float(np.sum({v})) * 0.1")

    def listing(self, indent: int, depth: int) -> None:
        if depth == 0:
            xs = self.fresh("xs")
            self.put(indent, f"{xs} = []")
            i = self.fresh("i")
            self.put(indent, f"for {i} in range({self.one('n', '3', '1, n')}):")
            self.counters.append(i)
            if self.random.random() < 0.4:
                self.statement(indent + 1, 2, False)
            self.put(indent + 1, f"{xs}.append(float({self.number()}))")
            self.counters.pop()
            self.lists.append(xs)
            if self.random.random() < 0.5:
                self.put(indent, f"s += float(np.sum(np.array({xs}))) * 0.1")
        else:
            i = self.fresh("i")
            source = self.one(f"{self.number(2)} * {i} for {i} in range(3)",
                              f"{i} * 0.5 for {i} in {self.floats[0]}[:3]")  # fmt: skip
            self.put(indent, f"s += float(sum([{source}])) * 0.1")

    def helper(self, indent: int) -> None:
        name = self.fresh("h_")
        if self.random.random() < 0.3:
            self.put(indent, f"{name} = lambda y, i: y * {self.one('0.5', 's', 'x')} + i * 0.1")
        else:
            self.put(indent, f"def {name}(y, i):")
            self.put(indent + 1, f"if {self.one('y > 0.5', 'i % 2 == 0', 'y < s')}:")
            self.put(
                indent + 2,
                self.one("return y * 0.5", f"{self.floats[0]}[1] += y * 0.1", "y = y - 0.25"),
            )
            self.put(indent + 1, self.one("return y + 0.1 * i", "return y if i > 1 else s * 1.0"))
        self.helpers.append(name)

    def loop(self, indent: int, depth: int) -> None:
        i = self.fresh("i")
        counted = [i]
        r = self.random.random()
        if r < 0.5:
            bounds = [
                "n",
                "1, n",
                "4",
                "n - 1, 0, -1",
                "3, -1, -1",
                "2, 2",
                "0, n, 2",
                "m[1] % 4",
                "n, -n, -3",
            ]
            if self.counters:
                bounds += [self.counters[-1], f"{self.counters[-1]}, 4"]
            self.put(indent, f"for {i} in range({self.one(*bounds)}):")
        elif r < 0.57:
            self.put(indent, f"for {i}, y in enumerate({self.one(*self.floats)}[{self.window()}]):")
            self.put(indent + 1, "s += float(y) * 0.1")
        elif r < 0.63:
            one, two = self.one(*self.floats), self.one(*self.ints)
            self.put(indent, f"for y, {i} in zip({one}[{self.window()}], {two}[{self.window()}]):")
            self.put(indent + 1, "s = s * 0.5 + float(y)")
        elif r < 0.68:
            self.put(indent, f"for {i} in reversed(range({self.one('n', '3')})):")
        elif r < 0.73:
            j = self.fresh("i")
            self.put(indent, f"for {i}, {j} in np.ndindex({self.one('2, 3', 'n, 2', '3, n')}):")
            counted.append(j)
        elif r < 0.78:
            table = self.rows[0]
            self.put(indent, f"for row in {self.one(table, table + '[1:3]', table + '.T')}:")
            self.put(
                indent + 1, self.one("s += float(abs(np.sum(row))) * 0.1", "row[0] = 1", "row *= 1")
            )
            counted = []
        else:
            self.put(indent, f"{i} = {self.one('0', '1')}")
            stop = self.one("s < 50", "not flag", "t < 40", "a[0] < 9", f"{i} * s < 30")
            if self.random.random() < 0.3:
                self.put(indent, "while True:")
                self.put(indent + 1, f"if {i} >= {self.one('n', '3')} or not ({stop}):")
                self.put(indent + 2, "break")
            else:
                self.put(indent, f"while {i} < {self.one('n', '3')} and {stop}:")
            self.put(indent + 1, f"{i} += 1")
        self.counters += counted
        for _ in range(self.random.randint(1, 2)):
            self.statement(indent + 1, depth + 1, True)
        del self.counters[len(self.counters) - len(counted) :]
        if self.random.random() < 0.1:
            self.put(indent, "else:")
            self.put(indent + 1, "s += 0.125")

    def branch(self, indent: int, depth: int, inside: bool) -> None:
        self.put(indent, f"if {self.condition()}:")
        self.statement(indent + 1, depth + 1, inside)
        if inside and self.random.random() < 0.2:
            self.put(indent + 1, self.one("break", "continue"))
        if self.random.random() < 0.5:
            self.put(indent, self.one("else:", f"elif {self.condition()}:"))
            self.statement(indent + 1, depth + 1, inside)
