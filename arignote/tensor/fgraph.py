"""A function's expressions as a graph to look at: `f.maker.fgraph`.

It shows what the function evaluates when it is traced: the outputs and updates, with `givens` in
their places and the user's rewrites done.  What becomes of them is in `f.compiled.graph`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

from .graph import Apply, Variable, apply_order
from .rebuilding import rebuilt


class FunctionGraph:
    """inputs and outputs: variables.  Rewrites change it by `replace`."""

    def __init__(
        self, inputs: Sequence[Variable], outputs: Sequence[Variable], features: Iterable[Any] = ()
    ) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        self._features = list(features)
        #: (what did it, what was there, what stands for it)
        self.history: list[tuple[str, Variable, Variable]] = []

    def toposort(self) -> list[Apply]:
        """The applications, operands first."""
        inner = set(self.inputs)
        return apply_order(self.outputs, lambda v: v in inner)

    @property
    def apply_nodes(self) -> set[Apply]:
        return set(self.toposort())

    @property
    def variables(self) -> set[Variable]:
        found = {*self.inputs, *self.outputs}
        for node in self.toposort():
            found.update([*node.inputs, *node.outputs])
        return found

    def clients(self, v: Variable) -> list[tuple[Any, int]]:
        """(application, position) that use a variable; ("output", k) for the outputs."""
        out: list[tuple[Any, int]] = [
            (node, k) for node in self.toposort() for k, x in enumerate(node.inputs) if x is v
        ]
        return out + [("output", k) for k, x in enumerate(self.outputs) if x is v]

    def attach_feature(self, feature: Any) -> None:
        """Kept, for programs that ask for it; `replace` always checks types."""
        self._features.append(feature)

    def replace(self, old: Variable, new: Variable, reason: Any = None, **_: Any) -> None:
        """Let `new` stand for `old` wherever it is used.  Raises TypeError for other types."""
        self.replace_all([(old, new)], reason)

    def replace_all(self, pairs: Iterable[tuple[Variable, Variable]], reason: Any = None) -> None:
        """Let each second variable stand for the first."""
        changes: dict[Variable, Variable] = {}
        for old, new in pairs:
            changes[old] = new = _fitted(old, new)
            self.history.append((str(reason or "replace"), old, new))
        self.outputs = rebuilt(self.outputs, changes)

    replace_validate = replace
    replace_all_validate = replace_all

    def __len__(self) -> int:
        return len(self.toposort())

    def __str__(self) -> str:
        return f"FunctionGraph({', '.join(map(str, self.outputs))})"


def _fitted(old: Variable, new: Variable) -> Variable:
    a, b = old.type, new.type
    if (getattr(a, "dtype", None), getattr(a, "ndim", None)) != (
        getattr(b, "dtype", None),
        getattr(b, "ndim", None),
    ):
        raise TypeError(f"{new} of {b} cannot stand for {old} of {a}")
    return new


@dataclass
class Maker:
    """What old programs find under `f.maker`."""

    fgraph: FunctionGraph
    inputs: list[Any]
    outputs: list[Any]
    mode: Any
    profile: Any = None


def io_toposort(inputs: Iterable[Variable], outputs: Iterable[Variable]) -> list[Apply]:
    """The applications between, operands first."""
    stops = set(inputs)
    return apply_order(list(outputs), lambda v: v in stops)


def variables(inputs: Iterable[Variable], outputs: Iterable[Variable]) -> list[Variable]:
    """Every variable between inputs and outputs, these included."""
    stops = list(inputs)
    found: dict[Variable, None] = dict.fromkeys([*stops, *outputs])
    for node in io_toposort(stops, outputs):
        found.update(dict.fromkeys([*node.inputs, *node.outputs]))
    return list(found)


def used_variables(
    roots: Sequence[Variable], replaced: dict[Variable, Variable], inputs: set[Variable]
) -> dict[Variable, None]:
    """Every variable that the roots depend on."""
    seen: dict[Variable, None] = {}
    stack = list(roots)
    while stack:
        v = stack.pop()
        if v in seen:
            continue
        seen[v] = None
        if v in inputs:
            continue
        if v in replaced:
            stack.append(replaced[v])
        elif v.owner is not None:
            stack.extend(v.owner.inputs)
    return seen
