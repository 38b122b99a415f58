"""Expressions as plain rows, so that pickles and deep copies need no recursion over them.

Ops are pickled by name; variables without owner are ordinary objects of the pickle, so that a
shared variable in it is one object wherever it stands.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from .graph import Apply, Variable
from .stepping import Inner, Past, Seq


@dataclass(frozen=True)
class Ref:
    """Output `index` of row `row`; row -1: leaf `index`."""

    row: int
    index: int


@dataclass(frozen=True)
class Rows:
    """leaves: variables without owner.  rows: (op, inputs, attrs, origin, outputs), operands
    first."""

    leaves: tuple[Variable, ...]
    rows: tuple[Any, ...]


def flattened(value: Any) -> tuple[Rows, Any]:
    """`value` (variables in containers) with references in place of variables, and the rows."""
    order = _everything(value)
    known: dict[Variable, Ref] = {}
    leaves: list[Variable] = []

    def ref(v: Variable) -> Ref:
        if v not in known:
            known[v] = Ref(-1, len(leaves))
            leaves.append(v)
        return known[v]

    for k, node in enumerate(order):
        known.update((v, Ref(k, v.index)) for v in node.outputs)
    rows = []
    for node in order:
        inputs = [ref(v) for v in node.inputs]
        attrs = mapped(node.attrs, ref) if node.attrs else {}
        outputs = [(v.type, v.name, _tags(v, ref)) for v in node.outputs]
        rows.append((node.op, inputs, attrs, outputs, node.origin))
    body = mapped(value, ref)
    return Rows(tuple(leaves), tuple(rows)), body


def _tags(v: Variable, f: Callable[[Any], Any]) -> dict[str, Any]:
    tags = vars(v.tag)
    return mapped(tags, f) if tags else {}


def unflattened(rows: Rows, body: Any) -> Any:
    """The inverse of `flattened`."""
    made: list[Apply] = []

    def variable(r: Ref) -> Variable:
        return rows.leaves[r.index] if r.row < 0 else made[r.row].outputs[r.index]

    for op, inputs, attrs, outputs, origin in rows.rows:
        node = Apply(op, [variable(r) for r in inputs], [t for t, _, _ in outputs], {})
        node.origin = origin
        made.append(node)
        node.attrs = mapped(attrs, variable, Ref)
        for v, (_, name, _) in zip(node.outputs, outputs, strict=True):
            v.name = name
    for node, row in zip(made, rows.rows, strict=True):
        for v, (_, _, tags) in zip(node.outputs, row[3], strict=True):
            v.tag = SimpleNamespace(**mapped(tags, variable, Ref))
    return mapped(body, variable, Ref)


def _everything(value: Any) -> list[Apply]:
    """Every application below the variables in `value`, those of inner graphs and tags included;
    operands, and variables in attributes, come first."""
    done: dict[Apply, None] = {}
    later = variables_in(value)
    while later:
        stack = [(v.owner, False) for v in reversed(later) if v.owner is not None]
        later = []
        while stack:
            node, ready = stack.pop()
            if node in done:
                continue
            if ready:
                done[node] = None
                for v in node.outputs:
                    if vars(v.tag):
                        later.extend(variables_in(vars(v.tag)))
                continue
            stack.append((node, True))
            below = [*node.inputs, *variables_in(node.attrs)] if node.attrs else node.inputs
            stack.extend((v.owner, False) for v in reversed(below) if v.owner is not None)
    return list(done)


def variables_in(value: Any) -> list[Variable]:
    """The variables in containers, in order."""
    found: list[Variable] = []
    mapped(value, found.append)
    return found


def mapped(value: Any, f: Callable[[Any], Any], kind: type = Variable) -> Any:
    """A container with f of every variable (or `kind`) in it."""
    if isinstance(value, kind):
        return f(value)
    if isinstance(value, tuple):
        parts = [mapped(v, f, kind) for v in value]
        return type(value)(*parts) if hasattr(value, "_fields") else tuple(parts)
    if isinstance(value, list):
        return [mapped(v, f, kind) for v in value]
    if isinstance(value, dict):
        pairs = [(mapped(k, f, kind), mapped(v, f, kind)) for k, v in value.items()]
        return dict(pairs)
    if isinstance(value, Inner | Seq | Past):
        fields = {x.name: getattr(value, x.name) for x in dataclasses.fields(value)}
        return dataclasses.replace(value, **{k: mapped(v, f, kind) for k, v in fields.items()})
    return value


def text_of(value: Any) -> str | None:
    """Expressions as a text that says all about them; None where something in them has none."""
    rows, body = flattened(value)
    if not all(row[0].lasting for row in rows.rows) or _opaque([row[2] for row in rows.rows]):
        return None
    leaves = [
        (type(v).__name__, str(v.type), v.data.tobytes() if hasattr(v, "data") else v.name)
        for v in rows.leaves
    ]
    shown = [(row[0].name, *row[1:3], [str(t) for t, _, _ in row[3]], row[4]) for row in rows.rows]
    text = repr((leaves, shown, body))
    return None if " at 0x" in text else text


def _opaque(value: Any) -> bool:
    """Is there an array in containers, whose repr may leave out elements?"""
    if isinstance(value, tuple | list):
        return any(_opaque(v) for v in value)
    if isinstance(value, dict):
        return any(_opaque(v) for v in value.values())
    return isinstance(value, np.ndarray)


def restored(rows: Rows, body: Any) -> Any:
    """What a pickled variable becomes."""
    return unflattened(rows, body)


def _reduced(self: Variable, protocol: Any = None) -> Any:
    if self.owner is None:
        state = {k: v for k, v in vars(self).items() if k not in ("_functions",)}
        return _leaf, (type(self), state)
    return restored, flattened(self)


def _leaf(cls: type[Variable], state: dict[str, Any]) -> Variable:
    made = cls.__new__(cls)
    made.__dict__.update(state)
    return made


setattr(Variable, "__reduce_ex__", _reduced)  # noqa: B010
