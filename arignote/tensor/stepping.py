"""How a scan runs: the loop over its steps, and what one step evaluates.

The loop is plain Python that is converted like a user's loop, so it becomes one scan node; the step
evaluates the inner expressions on that step's values.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..fxgraph.node import Node
from ..scanloop.functional import traced_into
from ..trace import converting
from ..trace.proxy import Array, fresh, node_of
from ..trace.session import is_tracing
from ..transforms.barriers import stop_gradient
from .evaluate import call, evaluate, is_traced, is_weak, strong
from .graph import Apply, Variable
from .types import TensorType


@dataclass(frozen=True)
class Seq:
    """A sequence: `taps` and the inner variable of each."""

    taps: tuple[int, ...]
    variables: tuple[Variable, ...]

    @property
    def low(self) -> int:
        return min(0, *self.taps)

    @property
    def high(self) -> int:
        return max(0, *self.taps)


@dataclass(frozen=True)
class Past:
    """A fed-back output: which one, its taps, the inner variable of each.

    window: the initial value has a leading axis, for the taps.
    """

    output: int
    taps: tuple[int, ...]
    variables: tuple[Variable, ...]
    window: bool

    @property
    def depth(self) -> int:
        return -min(self.taps)


@dataclass(frozen=True)
class Inner:
    """The inside of a scan.  inputs of its application: n_steps (if `counted`), the sequences, the
    initial values, the shared variables, the captured ones.

    shared: (variable, next value or None for a random generator, which moves by itself).
    """

    seqs: tuple[Seq, ...]
    pasts: tuple[Past, ...]
    shared: tuple[tuple[Variable, Variable | None], ...]
    captured: tuple[Variable, ...]
    outputs: tuple[Variable, ...]
    until: Variable | None
    counted: bool
    backwards: bool
    truncate: int

    @property
    def roots(self) -> tuple[Variable, ...]:
        """All that a step computes."""
        news = [new for _, new in self.shared if new is not None]
        return (*self.outputs, *news, *([self.until] if self.until is not None else []))

    @property
    def inputs(self) -> tuple[Variable, ...]:
        """All that a step is given."""
        rows = [v for s in self.seqs for v in s.variables]
        past = [v for p in self.pasts for v in p.variables]
        return (*rows, *past, *(v for v, _ in self.shared), *self.captured)

    def computing(self, roots: Sequence[Variable]) -> Inner:
        """The same inside with other expressions for what `roots` was."""
        rest = list(roots[len(self.outputs) :])
        shared = tuple((v, rest.pop(0) if new is not None else None) for v, new in self.shared)
        until = rest.pop() if self.until is not None else None
        return replace(self, outputs=tuple(roots[: len(self.outputs)]), shared=shared, until=until)


@traced_into
def loop(step: Any, first: Any, last: Any, state: Any, width: int) -> Any:
    """(state, columns, steps run) after the steps first ... last - 1, or until one says stop."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    count = first
    for k in range(first, last):
        state, outs, stop = step(k, state)
        for column, o in zip(columns, outs):
            column.append(o)
        count = k + 1
        if stop:
            break
    return state, [np.array(c) for c in columns], count


@traced_into
def full_loop(step: Any, first: Any, last: Any, state: Any, width: int) -> Any:
    """`loop` of steps that do not stop: results are stacks whose length is known beforehand."""
    columns: list[list[Any]] = [[] for _ in range(width)]
    for k in range(first, last):
        state, outs, _ = step(k, state)
        for column, o in zip(columns, outs):
            column.append(o)
    return state, [np.array(c) for c in columns], last


def run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    """The run of a scan application: stacked outputs, then the shared variables' last values."""
    return Run(node, values).results()


class Run:
    def __init__(self, node: Apply, values: Sequence[Any]) -> None:
        self.node = node
        inner: Inner = node.attrs["inner"]
        self.inner = inner
        rest = list(values)
        self.n = rest.pop(0) if inner.counted else None
        taken = [rest.pop(0) for _ in inner.seqs]
        self.seqs = [_frozen(strong(v)) for v in taken]
        self.initial = [strong(rest.pop(0)) for _ in inner.pasts]
        self.shared = [rest.pop(0) for _ in inner.shared]
        self.given = {v: _frozen(x) for v, x in zip(inner.captured, rest, strict=True)}
        self.lengths = [
            _thawed(x).shape[0] - (s.high - s.low)
            for s, x in zip(inner.seqs, self.seqs, strict=True)
        ]

    def results(self) -> Sequence[Any]:
        n = self._count()
        state = self._state()
        width = len(self.inner.outputs)
        if not is_traced(n) and n <= 0:
            return self._nothing(state)
        if self.inner.truncate < 0:
            state, columns, _ = self._looped(0, n, state, width)
        else:
            state, columns = self._truncated(n, state, width)
        kept = iter(state[sum(p.depth for p in self.inner.pasts) :])
        news = [
            next(kept) if new is not None else value
            for (_, new), value in zip(self.inner.shared, self.shared, strict=True)
        ]
        return [*columns, *news]

    def _truncated(self, n: Any, state: Any, width: int) -> tuple[Any, Any]:
        """The gradient goes back through the last steps only."""
        if self.inner.until is not None:
            n = self._looped(0, n, state, width)[2]
        first = n - self.inner.truncate
        first = max(first, 0) if not is_traced(first) else np.maximum(first, 0)
        if is_traced(first) or first > 0:
            state, early, _ = self._looped(0, first, state, width)
            state = tuple(_stopped(x) for x in state)
            state, late, _ = self._looped(first, n, state, width)
            pairs = zip(early, late, strict=True)
            return state, [call(np.concatenate, [_stopped(a), b]) for a, b in pairs]
        state, columns, _ = self._looped(0, n, state, width)
        return state, columns

    def _looped(self, first: Any, last: Any, state: Any, width: int) -> Any:
        chosen = full_loop if self.inner.until is None else loop
        run_loop = converting.converted(chosen) if is_tracing() else chosen
        return run_loop(self.step, first, last, state, width)

    def _count(self) -> Any:
        if self.n is not None:
            n = self.n
            return n if is_weak(n) or hasattr(n, "node") else int(n)
        n = self.lengths[0]
        for m in self.lengths[1:]:
            n = min(n, m) if not is_traced((n, m)) else call(np.minimum, n, m)
        return n

    def _state(self) -> Any:
        """The values of the taps before the first step, oldest first, then shared variables."""
        out: list[Any] = []
        for p, x in zip(self.inner.pasts, self.initial, strict=True):
            out.extend([x[x.shape[0] - p.depth + k] if p.window else x for k in range(p.depth)])
        pairs = zip(self.inner.shared, self.shared, strict=True)
        out.extend(strong(x) for (_, new), x in pairs if new is not None)
        return tuple(_array(x) for x in out)

    def step(self, k: Any, state: Any) -> Any:
        """(next state, outputs, whether to stop)"""
        rows = []
        for s, x, length in zip(self.inner.seqs, self.seqs, self.lengths, strict=True):
            at = length - 1 - k if self.inner.backwards else k
            x = _thawed(x)
            rows.append([x[at + (t - s.low)] if t != s.low else x[at] for t in s.taps])
        return self._stepped(rows, state)

    def _stepped(self, rows: Sequence[Sequence[Any]], state: Any) -> Any:
        inner = self.inner
        given = {v: _thawed(x) for v, x in self.given.items()}
        for s, values in zip(inner.seqs, rows, strict=True):
            given.update(zip(s.variables, values, strict=True))
        position = 0
        for p in inner.pasts:
            past = state[position : position + p.depth]
            given.update((v, past[t]) for t, v in zip(p.taps, p.variables, strict=True))
            position += p.depth
        for (v, new), value in zip(inner.shared, self.shared, strict=True):
            given[v] = value if new is None else state[position]
            position += new is not None
        found = evaluate(inner.roots, given)
        stop = _truth(found.pop()) if inner.until is not None else False
        wanted = inner.roots[: len(found)]
        found = [_typed(v, x) for v, x in zip(wanted, found, strict=True)]
        outs, kept = found[: len(inner.outputs)], found[len(inner.outputs) :]
        after: list[Any] = []
        position = 0
        for p in inner.pasts:
            after.extend([*state[position + 1 : position + p.depth], outs[p.output]])
            position += p.depth
        return (*after, *kept), tuple(outs), stop

    def _nothing(self, state: Any) -> Sequence[Any]:
        """No steps: empty outputs, of the shapes that a step on zeros gives."""
        rows = []
        for s, x in zip(self.inner.seqs, self.seqs, strict=True):
            x = _thawed(x)
            row = call(np.zeros, tuple(x.shape[1:]), dtype=x.dtype)
            rows.append([_array(row) for _ in s.taps])
        _, outs, _ = self._stepped(rows, state)
        columns = [call(np.zeros, (0, *o.shape), dtype=o.dtype) for o in outs]
        return [*columns, *self.shared]


def _frozen(x: Any) -> Any:
    """A value from outside as its node: a step that reads it reads the outer node, which inner
    gradients need, and not a cell that the loop might carry."""
    if isinstance(x, np.ndarray) and is_tracing():
        return node_of(x)  # a step reads it at a traced position
    return x.node if isinstance(x, Array) else x


def _thawed(x: Any) -> Any:
    return fresh(x) if isinstance(x, Node) else x


def _stopped(x: Any) -> Any:
    return stop_gradient(x)


def _array(x: Any) -> Any:
    """An array of its own, of rank 0 for a scalar."""
    return fresh(node_of(x)) if is_traced(x) else np.asarray(x)


def _typed(v: Variable, x: Any) -> Any:
    x = strong(x)
    if isinstance(v.type, TensorType) and x.dtype != v.type.dtype:
        x = x.astype(v.type.dtype)
    return _array(x)


def _truth(x: Any) -> Any:
    return bool(x) if not is_traced(x) else x
