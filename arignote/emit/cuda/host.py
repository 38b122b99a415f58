"""Integers that the host knows, as Python text: sizes, counters of host loops, what follows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from ...fxgraph.affine import linear, size_node
from ...fxgraph.constants import constant, value_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node
from ...fxgraph.types import Size
from .plan import Expr, Value

_TEXTS = {
    "add": "({0} + {1})", "subtract": "({0} - {1})", "multiply": "({0} * {1})",
    "floor_divide": "floordiv({0}, {1})", "remainder": "mod({0}, {1})",
    "minimum": "min({0}, {1})", "maximum": "max({0}, {1})", "negative": "(-{0})",
    "absolute": "abs({0})", "less": "({0} < {1})", "less_equal": "({0} <= {1})",
    "greater": "({0} > {1})", "greater_equal": "({0} >= {1})", "equal": "({0} == {1})",
    "not_equal": "({0} != {1})", "logical_and": "bool({0} and {1})",
    "logical_or": "bool({0} or {1})", "logical_not": "(not {0})",
    "where": "where({0}, {1}, {2})", "cast": "int({0})",
}  # fmt: skip


@dataclass
class HostValues:
    """names: the host variables that hold nodes (inputs, locals, counters).  values: scalars in
    the host's memory.  entry: what variables that a kernel changes hold when it starts."""

    names: dict[Node, str] = field(default_factory=dict)
    values: dict[Node, Value] = field(default_factory=dict)
    entry: dict[Node, str] = field(default_factory=dict)

    def text(self, n: Node) -> Expr | None:
        """The node as a host expression; None where the host does not know it."""
        done: dict[Node, str] = dict(self.names)
        for m in order_of((n,), stop=lambda m: m in self.names):
            text = self._text(m, done)
            if text is None:
                return None
            done[m] = text
        return done[n]

    def size(self, d: Size) -> Expr | None:
        return self.text(size_node(d))

    def product(self, sizes: Sequence[Size]) -> Expr | None:
        """The number of elements of a shape."""
        texts = [self.size(d) for d in sizes]
        if any(t is None for t in texts):
            return None
        return " * ".join(t for t in texts if t is not None and t != "1") or "1"

    def _text(self, m: Node, done: dict[Node, str]) -> str | None:
        if isinstance(m.type, tuple) or m.type.shape or m.dtype.kind not in "iub":
            return None
        if m.op is constant:
            value = value_of(m)
            return str(bool(value)) if m.dtype.kind == "b" else _integer(int(value))
        if m.op.name == "affine":
            return _affine(m, done)
        form = _TEXTS.get(m.op.name)
        if form is None or (m.op.name == "cast" and m.inputs[0].dtype.kind not in "iub"):
            return None
        if m.op.name == "cast" and m.dtype.kind == "b":
            form = "bool({0})"
        elif m.op.name == "cast" and m.dtype.itemsize < m.inputs[0].dtype.itemsize:
            return None
        return form.format(*(done[x] for x in m.inputs))

    def upper(self, n: Node) -> Expr | None:
        """An upper bound of a node that may mention counters of loops inside kernels."""
        coefs, const = linear(n)
        terms = [_integer(const)] if const or not coefs else []
        for atom, k in coefs.items():
            text = self.text(atom)
            if text is None and atom.op.name == "index":
                lo, hi = atom.attr("lo"), atom.attr("hi")
                up = k > 0
                if atom.attr("step") < 0:
                    lo, hi = hi, lo  # the counter is in (hi, lo]: a little wide is fine
                text = self.upper(hi) if up else self.text(lo)
            if text is None:
                return None
            terms.append(text if k == 1 else f"{_integer(k)} * {text}")
        return terms[0] if len(terms) == 1 else f"({' + '.join(terms)})"


def counted(index: Node, host: HostValues) -> Expr | None:
    """The number of steps of a loop."""
    lo, hi = host.text(index.attr("lo")), host.text(index.attr("hi"))
    if lo is None or hi is None:
        return None
    return steps(lo, hi, index.attr("step"))


def steps(lo: Expr, hi: Expr, step: int) -> Expr:
    span = hi if lo == "0" else f"({hi} - {lo})"
    if step < 0:
        span = f"({lo} - {hi})"
    return f"max(0, {span})" if abs(step) == 1 else f"max(0, cdiv({span}, {abs(step)}))"


def times(texts: Iterable[Expr]) -> Expr:
    return " * ".join(t for t in texts if t != "1") or "1"


def _integer(k: int) -> str:
    return str(k) if k >= 0 else f"({k})"


def _affine(m: Node, done: dict[Node, str]) -> str:
    terms = [
        done[x] if k == 1 else f"{_integer(k)} * {done[x]}"
        for x, k in zip(m.inputs, m.attr("coefs"), strict=True)
    ]
    if m.attr("const"):
        terms.append(_integer(m.attr("const")))
    return f"({' + '.join(terms)})"
