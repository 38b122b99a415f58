"""Reads and writes of one array as integer sets, and the writes that reach a read (isl's dataflow).

A statement instance is the vector of its loops' counters; its time is the sequence of places in the
bodies around it and of counters, so that instances compare lexicographically.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from ..fxgraph.affine import linear, size_node
from ..fxgraph.graph import Body
from ..fxgraph.node import Node
from ..fxgraph.window import Window

#: What isl may spend on one array, in its own count of operations: some 50 ms.
OPERATIONS = 2_000_000


@dataclass(frozen=True)
class Statement:
    """window: the elements that are met, None for all.  loops: around it, outermost first.

    time: places (ints) and loops, alternating.
    """

    window: Window | None
    rank: int
    loops: tuple[Body, ...]
    time: tuple[int | Body, ...]
    is_write: bool


class NotAffine(Exception):
    """A bound or an index is no affine function of counters and sizes."""


def reaching(statements: Sequence[Statement], inner: frozenset[Node]) -> set[int] | None:
    """Positions of the writes that some later read may meet; None where that took too long.

    inner: leaves of the outermost loop; what does not depend on them is a parameter.
    """
    isl = importlib.import_module("islpy")  # 50 ms, and most programs never ask
    text = _Text(inner)
    reads: list[str] = []
    sure: list[str] = []
    kept: set[int] = set()
    perhaps: list[str] = []
    order: list[str] = []
    depth = max(len(s.time) for s in statements)
    for k, s in enumerate(statements):
        access, exact = text.access(k, s)
        order.append(text.time(k, s, depth))
        if not s.is_write:
            reads.append(access)
        elif exact:
            sure.append(access)
        else:
            perhaps.append(access)
            kept.add(k)
    if not reads:
        return kept
    context = isl.Context()
    context.set_max_operations(OPERATIONS)
    try:
        flow = _flow(isl, context, text, reads, sure, perhaps, order)
    except isl.Error:
        return None
    return kept | flow


def met_before(statements: Sequence[Statement], inner: frozenset[Node]) -> set[int] | None:
    """Positions of the writes that may meet an element which a write before them met."""
    isl = importlib.import_module("islpy")
    text = _Text(inner)
    depth = max(len(s.time) for s in statements)
    kept: set[int] = set()
    writes: list[str] = []
    order: list[str] = []
    for k, s in enumerate(statements):
        if s.is_write:
            writes.append(text.access(k, s)[0])
            order.append(text.time(k, s, depth))
    context = isl.Context()
    context.set_max_operations(OPERATIONS)
    try:
        accesses = isl.UnionMap(f"[{text.names}] -> {{ {'; '.join(writes)} }}", context)
        times = isl.UnionMap(f"[{text.names}] -> {{ {'; '.join(order)} }}", context)
        info = isl.UnionAccessInfo.from_sink(accesses).set_may_source(accesses)
        flow = info.set_schedule_map(times).compute_flow()
        flow.get_may_dependence().range().foreach_set(
            lambda s: kept.add(int(s.get_tuple_name()[1:]))
        )
    except isl.Error:
        return None
    return kept


def _flow(
    isl: Any,
    context: Any,
    text: _Text,
    reads: list[str],
    sure: list[str],
    perhaps: list[str],
    order: list[str],
) -> set[int]:
    def union(parts: list[str]) -> Any:
        return isl.UnionMap(f"[{text.names}] -> {{ {'; '.join(parts)} }}", context)

    info = isl.UnionAccessInfo.from_sink(union(reads)).set_schedule_map(union(order))
    if sure:
        info = info.set_must_source(union(sure))
    if perhaps:
        info = info.set_may_source(union(perhaps))
    found: set[int] = set()
    info.compute_flow().get_may_dependence().domain().foreach_set(
        lambda s: found.add(int(s.get_tuple_name()[1:]))
    )
    return found


class _Text:
    """isl's notation for nodes: counters by loop, parameters by age."""

    def __init__(self, inner: frozenset[Node]) -> None:
        self.inner = inner
        self.parameters: dict[Node, str] = {}
        self.counters: dict[Node, str] = {}

    @property
    def names(self) -> str:
        return ", ".join(self.parameters.values())

    def counter(self, b: Body) -> str:
        assert b.index is not None
        return self.counters.setdefault(b.index, f"i{len(self.counters)}")

    def number(self, n: Node) -> str:
        coefs, const = linear(n)
        return " + ".join([*(f"{k}*{self._atom(a)}" for a, k in coefs.items()), str(const)])

    def _atom(self, a: Node) -> str:
        if a in self.counters:
            return self.counters[a]
        if a.free & self.inner or a.free & self.counters.keys():
            raise NotAffine
        return self.parameters.setdefault(a, f"p{len(self.parameters)}")

    def access(self, k: int, s: Statement) -> tuple[str, bool]:
        """The statement's map from counters to elements, and whether it is exact (or too large)."""
        domain, exact = self._domain(s.loops)
        elements = [f"a{j}" for j in range(s.rank)]
        conditions: list[str] = []
        extra: list[str] = []
        if s.window is None:
            exact = False
        else:
            try:
                conditions, extra = self._window(s.window, elements)
            except NotAffine:
                exact = False
        where = [*domain, *conditions]
        inside = " and ".join(where) if where else "true"
        if extra:
            inside = f"exists ({', '.join(extra)} : {inside})"
        return f"{self._instance(k, s)} -> A[{', '.join(elements)}] : {inside}", exact

    def _instance(self, k: int, s: Statement) -> str:
        return f"S{k}[{', '.join(self._name(b) for b in s.loops)}]"

    def _name(self, b: Body) -> str:
        """The counter; a loop without one counts in a variable that nothing constrains."""
        return self.counters.setdefault(b.index or b.token, f"i{len(self.counters)}")

    def _domain(self, loops: Sequence[Body]) -> tuple[list[str], bool]:
        """Conditions on the counters, and whether they are all that there are."""
        out: list[str] = []
        exact = True
        for b in loops:
            if b.index is None or b.cond is not None:
                exact = False
            if b.index is None:
                continue
            lo, hi, step = (b.index.attr(name) for name in ("lo", "hi", "step"))
            i = self.counter(b)
            for bound, sign in ((lo, ">="), (hi, "<")) if step > 0 else ((lo, "<="), (hi, ">")):
                try:
                    out.append(f"{i} {sign} {self.number(bound)}")
                except NotAffine:
                    exact = False
            if abs(step) != 1:
                try:
                    out.append(f"({i} - ({self.number(lo)})) mod {abs(step)} = 0")
                except NotAffine:
                    exact = False
        return out, exact

    def _window(self, w: Window, elements: Sequence[str]) -> tuple[list[str], list[str]]:
        conditions: list[str] = []
        positions: dict[int, str] = {}
        for element, start, step, axis in zip(elements, w.starts, w.steps, w.axes, strict=True):
            at = self.number(start)
            if axis >= 0:
                r = positions.setdefault(axis, f"r{axis}")
                at += f" + {step}*{r}"
            conditions.append(f"{element} = {at}")
        for axis, r in positions.items():
            conditions.append(f"0 <= {r} < {self.number(size_node(w.shape[axis]))}")
        return conditions, list(positions.values())

    def time(self, k: int, s: Statement, depth: int) -> str:
        parts: list[str] = []
        for t in s.time:
            if isinstance(t, int):
                parts.append(str(t))
            else:
                assert t.index is not None
                parts.append(f"{'-' if t.index.attr('step') < 0 else ''}{self.counter(t)}")
        parts += ["0"] * (depth - len(parts))
        return f"{self._instance(k, s)} -> [{', '.join(parts)}]"
