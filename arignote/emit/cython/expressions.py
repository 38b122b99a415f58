"""Scalar expressions as text: an expression DAG becomes one line, and locals where it must.

A node that is used more than once and is not trivial, or that makes its line too long, gets a
local of its own just before (`Host.let`).  The walk is iterative: expressions may be deep.  What
languages spell differently (casts, literals) comes in a `Dialect`, what stands behind a name in a
`Host`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

import numpy as np

from ...fxgraph.constants import const, constant, value_of
from ...fxgraph.node import Node, make
from ...fxgraph.ops.family import cast
from ...fxgraph.types import DType
from ..scalar_code import code

#: How tightly a text binds; a looser one gets parentheses where a tighter one is wanted.
ATOM, PRODUCT, SUM, LOOSE = range(4)
#: Above this many operations an expression is cut by a local.
LONGEST = 200
#: A repeated expression with at most this many operations is repeated in the text.
TRIVIAL = 3


class Text(NamedTuple):
    text: str
    level: int = ATOM

    def within(self, level: int) -> str:
        """The text where at most `level` may stand."""
        return self.text if self.level <= level else f"({self.text})"


@dataclass(frozen=True)
class Dialect:
    """How a language spells what differs.

    cast(type, operand): a conversion.  minimum: a name for the least int64.  inf, nan: names.
    complex(type, real, imaginary): a complex constant.
    """

    cast: Callable[[str, str], str]
    minimum: str
    inf: str
    nan: str


CYTHON = Dialect(lambda t, x: f"<{t}>{x}", "AN_INT_MIN", "AN_INF", "AN_NAN")
C = Dialect(lambda t, x: f"({t}){x}", "INT64_MIN", "INFINITY", "NAN")


class Host(Protocol):
    """What the printer of statements answers about nodes."""

    @property
    def dialect(self) -> Dialect: ...

    def name(self, n: Node) -> str | None:
        """The variable that holds n, if one does."""

    def let(self, n: Node, value: str) -> str:
        """A new variable that holds n, whose text is `value`."""

    def element(self, n: Node, index: Sequence[Text]) -> Text:
        """A load of a buffer."""

    def operator(self, n: Node) -> str | None:
        """The infix operator of both languages that is exactly this node, if one is."""

    def function(self, n: Node) -> str:
        """The scalar C function that computes this node."""

    def type_of(self, code: str) -> str:
        """The element type of a dtype code."""

    def require(self, part: str) -> None:
        """The text needs a part of the header."""


def write(roots: Sequence[Node], host: Host) -> list[Text]:
    """The texts of expressions that one statement evaluates, in order."""
    order, uses = _survey(roots, host)
    done: dict[Node, Text] = {}
    weight: dict[Node, int] = {}
    final = set(roots)
    for n in order:
        text = _write(n, done, host)
        size = 1 + sum(weight[x] for x in _operands(n, host))
        if _let_wanted(n, size, uses[n], n in final):
            text, size = Text(host.let(n, text.text)), 1
        done[n], weight[n] = text, size
    return [done[r] for r in roots]


def _let_wanted(n: Node, size: int, uses: int, final: bool) -> bool:
    if size == 1 or n.op is constant:
        return False
    return (uses > 1 and size > TRIVIAL) or (size > LONGEST and not final)


def _operands(n: Node, host: Host) -> tuple[Node, ...]:
    if n.op is constant or host.name(n) is not None:
        return ()
    return n.inputs


def _survey(roots: Iterable[Node], host: Host) -> tuple[list[Node], dict[Node, int]]:
    """The nodes to print, operands first, and how often each is used."""
    order: list[Node] = []
    uses: dict[Node, int] = {}
    stack = [(r, False) for r in reversed(tuple(roots))]
    while stack:
        n, ready = stack.pop()
        if ready:
            order.append(n)
            continue
        uses[n] = uses.get(n, 0) + 1
        if uses[n] == 1:
            stack.append((n, True))
            stack.extend((x, False) for x in reversed(_operands(n, host)))
    return order, uses


def _write(n: Node, done: dict[Node, Text], host: Host) -> Text:
    if n.op is constant:
        return literal(value_of(n), n.dtype, host)
    name = host.name(n)
    if name is not None:
        return Text(name)
    operands = [done[x] for x in n.inputs]
    kind = n.op.name
    if kind == "affine":
        atoms = [_as_int64(x, t, host) for x, t in zip(n.inputs, operands, strict=True)]
        return _affine(atoms, n.attr("coefs"), n.attr("const"), host)
    if kind == "load":
        return host.element(n, operands)
    if kind == "now":
        host.require("clock")
        return Text("an_seconds()")
    if kind == "cast" and _plain_cast(n.inputs[0].dtype, n.dtype):
        if n.inputs[0].dtype == n.dtype:
            return operands[0]
        return Text(host.dialect.cast(host.type_of(code(n.dtype)), operands[0].within(ATOM)))
    symbol = host.operator(n)
    if symbol is not None:
        return infix(symbol, operands)
    return Text(f"{host.function(n)}({', '.join(t.text for t in operands)})")


def _plain_cast(a: DType, b: DType) -> bool:
    """Is C's conversion exactly NumPy's?  (Not to bool, not float to int, nothing complex.)"""
    if a == b:
        return True
    if "c" in (a.kind, b.kind) or b.kind == "b" or "f2" in (code(a), code(b)):
        return False
    return b.kind == "f" or a.kind != "f"


def infix(symbol: str, operands: Sequence[Text]) -> Text:
    """An operator between (or before) operands, with the parentheses that keep the order."""
    if len(operands) == 1:
        return Text(f"{symbol}{operands[0].within(ATOM)}", PRODUCT)
    a, b = operands
    if symbol in "+-":
        return Text(f"{a.within(SUM)} {symbol} {b.within(PRODUCT)}", SUM)
    if symbol in "*/":
        return Text(f"{a.within(PRODUCT)} {symbol} {b.within(ATOM)}", PRODUCT)
    return Text(f"{a.within(SUM)} {symbol} {b.within(SUM)}", LOOSE)


def _as_int64(n: Node, text: Text, host: Host) -> Text:
    if code(n.dtype) == "i8":
        return text
    return Text(host.dialect.cast(host.type_of("i8"), text.within(ATOM)))


def _affine(operands: Sequence[Text], coefs: Sequence[int], const: int, host: Host) -> Text:
    """constant + sum of coefficient * atom: positive terms first."""
    out = ""
    for k, t in sorted(zip(coefs, operands, strict=True), key=lambda term: term[0] < 0):
        size = t.within(PRODUCT)
        if abs(k) != 1:
            size = f"{_integer(_size(k), host).text}*{t.within(ATOM)}"
        out = _term(out, _negative(k), size)
    if const:
        out = _term(out, _negative(const), _integer(_size(const), host).text)
    return Text(out, PRODUCT if len(operands) == 1 and not const else SUM)


def _term(out: str, negative: bool, size: str) -> str:
    if out:
        return f"{out} {'-' if negative else '+'} {size}"
    return f"-{size}" if negative else size


def _negative(k: int) -> bool:
    return -(2**63) < k < 0  # the least int64 has no positive counterpart: it is added


def _size(k: int) -> int:
    return -k if _negative(k) else k


def literal(value: Any, dtype: DType, host: Host) -> Text:
    """A constant, exactly."""
    kind, name = dtype.kind, code(dtype)
    if kind == "b":
        return Text("1" if value else "0")
    if kind in "iu":
        text = _integer(int(value), host)
        wide = name == "u8" and int(value) >= 2**63
        if wide:
            text = Text(f"{int(value)}ULL")
        cast = name == "u4" or wide
        return Text(host.dialect.cast(host.type_of(name), text.within(ATOM))) if cast else text
    if kind == "f":
        return _real(value, name, host)
    real, imaginary = _real(value.real, "f8", host), _real(value.imag, "f8", host)
    host.type_of(name)
    return Text(f"an_pair_{name}({real.text}, {imaginary.text})")


def _integer(value: int, host: Host) -> Text:
    if value == -(2**63):
        host.require("special")
        return Text(host.dialect.minimum)
    wide = "LL" if abs(value) >= 2**31 else ""  # else Cython takes it for a Python object
    return Text(f"{value}{wide}", SUM if value < 0 else ATOM)


def _real(value: Any, name: str, host: Host) -> Text:
    x = float(value)
    if np.isfinite(x):
        text = Text(repr(x), SUM if np.signbit(x) else ATOM)
    else:
        host.require("special")
        word = host.dialect.nan if x != x else host.dialect.inf
        text = Text(f"-{word}", SUM) if x < 0 else Text(word)
    if name == "f8":
        return text
    if name == "f2" and host.dialect is CYTHON:  # bits, in C
        single = const(np.float32(x), np.float32)
        half = make(cast, (single,), (("dtype", np.dtype(np.float16)), ("weak", False)))
        return Text(f"{host.function(half)}({_real(x, 'f4', host).text})")
    return Text(host.dialect.cast(host.type_of(name), text.within(ATOM)))
