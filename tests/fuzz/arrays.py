"""Random array programs without loops: a few NumPy calls over arrays of several dtypes and shapes,
sizes of 0 and 1 among them.

A program is the text of `def f(a, b, i, p, A, B, n)`; every value is kept with its rank and kind, so
that most calls are valid ones; what NumPy refuses must be refused in the same way.
"""

# ruff: noqa: E501

from __future__ import annotations

import random
import re
from typing import Any

import numpy as np

_UNARY = {
    "f": ("np.sqrt(np.abs({}))", "np.exp(-np.abs({}))", "np.tanh({})", "np.sin({})", "-{}", "np.floor({})",
          "np.abs({})", "np.square({})", "np.log1p(np.abs({}))", "np.sign({})", "np.clip({}, 0.1, 0.8)",
          "np.isfinite({}) * 1.0", "np.round({}, 2)", "np.arctan({})", "np.cbrt({})", "np.nan_to_num({})"),
    "i": ("-{}", "np.abs({})", "{} ** 2", "{} // 2", "{} % 3", "~{}", "{} << 1", "np.sign({})", "np.clip({}, 1, 5)", "{} & 3"),
}  # fmt: skip
_BINARY = {
    "f": ("({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})", "np.minimum({}, {})", "np.hypot({}, {})",
          "({} / (np.abs({}) + 1))", "np.where({0} > 0.5, {0}, {1})", "np.copysign({}, ({}) + 0.0)", "np.fmax({}, {})"),
    "i": ("({} + {})", "({} - {})", "({} * {})", "np.maximum({}, {})", "({} & {})", "({} ^ {})", "({} | {})",
          "np.where({0} > 2, {0}, {1})", "({} // ({} | 1))", "({} % ({} | 1))", "np.gcd({}, {})"),
}  # fmt: skip
_ONE_TO_ONE = {
    1: ("{}[::-1]", "np.sort({})", "np.cumsum({})", "np.roll({}, 2)", "{}[np.argsort({})]", "np.flip({})", "{}.copy()",
        "np.concatenate(({0}, {0}))[: {0}.shape[0]]", "np.maximum.accumulate({})", "{0}[np.arange({0}.shape[0])[::-1]]"),
    2: ("{}[::-1]", "{}[:, ::-1]", "np.sort({}, axis=1)", "np.cumsum({}, axis=0)", "np.roll({}, 1, axis=1)", "np.flip({})",
        "np.sort({}, axis=0)", "{}.T.copy().T", "np.tril({})", "np.triu({})", "np.ascontiguousarray({}.T).T", "({} * {}.shape[1])"),
}  # fmt: skip
_FOLDS = (
    "np.sum({})",
    "np.max({})",
    "np.mean({})",
    "np.min({})",
    "np.prod({})",
    "np.var({})",
    "np.ptp({})",
    "np.count_nonzero({})",
    "np.linalg.norm({})",
)


def program(seed: int) -> str:
    return _Writer(seed).text()


class _Writer:
    """values: (rank, kind) -> names."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(f"arrays {seed}")
        self.lines: list[str] = []
        self.values = {(1, "f"): ["a", "b"], (1, "i"): ["i"], (2, "f"): ["A", "B"], (2, "i"): ["I"]}
        self.scalars = ["0.5", "2", "x"]

    def one(self, *choices: Any) -> Any:
        return self.random.choice(choices)

    def text(self) -> str:
        for k in range(self.random.randint(1, 4)):
            self.statement(f"v{k}")
        names = [x for xs in self.values.values() for x in xs if x[0] == "v"][-2:]
        last = self.one(*self.values[self.rank(), self.one("f", "i")])
        results = [*names, f"{last} * 2", *(x for x in self.scalars if x[0] == "v")]
        body = "\n".join([*self.lines, f"    return {', '.join(results)},"])
        used = [x for x in ("a", "b", "i", "p", "A", "B", "I", "x") if re.search(rf"\b{x}\b", body)]
        return "\n".join(["import numpy as np", "", "", f"def f({', '.join(used)}):", body, ""])

    def rank(self) -> int:
        return 1 if self.random.random() < 0.5 else 2

    def expression(self, rank: int, kind: str, depth: int = 0) -> str:
        r = self.random.random()
        if depth > 2 or r < 0.25:
            return str(self.one(*self.values[rank, kind]))
        inner = lambda: self.expression(rank, kind, depth + 1)
        if r < 0.45:
            return f"({self.one(*_UNARY[kind])})".format(inner())
        if r < 0.65:
            return str(self.one(*_BINARY[kind])).format(inner(), inner())
        if r < 0.72:
            return f"({inner()} {self.one('+', '*', '-')} {self.one(*self.scalars) if kind == 'f' else self.one('2', '3')})"
        if r < 0.84:
            x = inner()
            return str(self.one(*_ONE_TO_ONE[rank])).format(x, x)
        return self.across(rank, kind, depth)

    def across(self, rank: int, kind: str, depth: int) -> str:
        """From the other rank, or the other kind."""
        one = lambda k=kind: self.expression(1, k, depth + 1)
        two = lambda k=kind: self.expression(2, k, depth + 1)
        if rank == 2:
            choices = [f"({two()} + {one()})", f"({two()} * {one()}[None, :])"]
            if kind == "f":
                choices += [f"({two()} @ {self.one('A.T @ A', 'B.T @ A')})", f"({two()} + {two('i')})",
                            f"np.einsum('ij,j->ij', {two()}, {one()})"]  # fmt: skip
            return str(self.one(*choices))
        choices = (
            [
                f"np.{self.one('sum', 'max')}({two()}, axis=0)",
                f"{two()}[0]",
                f"np.{self.one('sum', 'cumsum')}({two()}, axis=0)[-1]",
            ]
            if kind == "f"
            else [f"np.sum({two()}, axis=0)", f"{two()}[-1]"]
        )
        if kind == "f":
            choices += [
                f"({one()} + {one('i')})",
                f"({self.one('A.T @ A', 'A.T @ B')} @ {one()})",
                f"{two()}.mean(0)",
                f"np.einsum('ij->j', {two()})",
                f"np.take({one()}, {one('i')} % 2, mode='wrap')",
                f"np.outer({one()}, {one()}).sum(0)",
            ]
        else:
            choices += [
                f"np.argsort({one('f')})",
                f"np.argmax({two('f')}, axis=0)",
                f"({one('f')} > 0.5).astype(np.int64)",
                f"np.searchsorted(np.sort({one('f')}), {one('f')})",
            ]
        return str(self.one(*choices))

    def statement(self, name: str) -> None:
        rank, kind = self.rank(), self.one("f", "f", "i")
        r = self.random.random()
        if r < 0.5:
            self.lines.append(f"    {name} = {self.expression(rank, kind)}")
            self.values[rank, kind].append(name)
        elif r < 0.62:
            fold = str(self.one(*_FOLDS)).format(self.expression(rank, kind))
            self.lines.append(f"    {name} = {fold}")
            self.scalars.append(name)
        else:
            target = self.one(*self.values[rank, kind])
            where = (
                self.one(":", "::2", "1:", "::-1", "-1")
                if rank == 1
                else self.one(":", "0", "1:", ":, ::-1", ":, 1:", "::2, 0")
            )
            value = self.one(
                "0.5" if kind == "f" else "2", f"{self.expression(rank, kind)}[{where}]"
            )
            if self.random.random() < 0.2:
                where, value = f"{target} > {'0.5' if kind == 'f' else '2'}", self.one("1", "0")
            self.lines.append(f"    {target}[{where}] {self.one('=', '+=', '*=')} {value}")


def arguments(text: str, seed: int) -> tuple[Any, ...]:
    """Sizes are 0 in one of forty programs, 1 in one of twenty; one in four is float32."""
    found = re.search(r"^def f\((.*)\):", text, re.M)
    assert found is not None
    rng = np.random.default_rng(seed)
    rows, columns = (
        int(n)
        for n in rng.choice(
            [0, 1, 1, 2, 3, 4, 5, 7, 4, 5], 2, p=[0.025, 0.025, 0.025, 0.125, *[0.8 / 6] * 6]
        )
    )
    real = "f4" if seed % 4 == 0 else "f8"
    whole = ("i8", "i4", "i8", "i2")[seed % 4]
    made = {
        "a": lambda: rng.standard_normal(columns).astype(real), "b": lambda: rng.random(columns),
        "i": lambda: rng.integers(0, 9, columns).astype(whole), "p": lambda: rng.random(columns) < 0.5,
        "A": lambda: rng.standard_normal((rows, columns)).astype(real), "B": lambda: rng.random((rows, columns)),
        "I": lambda: rng.integers(0, 9, (rows, columns)).astype(whole), "x": lambda: 0.75,
    }  # fmt: skip
    return tuple(made[name]() for name in found[1].split(", ") if name)
