"""Rewrites as patterns: `PatternSub`, `OpSub`, `OpRemove`.

A name in a pattern stands for one variable wherever it stands.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .graph import Apply, Variable
from .optimizers import LocalOptimizer, matches
from .variables import TensorConstant, as_tensor_variable


class PatternSub(LocalOptimizer):
    """Replace what a pattern matches: PatternSub((T.sub, (T.add, "x", "y"), "y"), "x").

    A pattern is (op, pattern, ...), a name, a number, a variable, or {"pattern": it, "constraint":
    a function of the variable}; a name stands for the same variable wherever it stands.
    """

    def __init__(
        self, in_pattern: Any, out_pattern: Any, allow_multiple_clients: bool = False,
        skip_identities_fn: Any = None, name: str | None = None, pdb: bool = False,
        tracks: Sequence[Any] = (), get_nodes: Any = None,
    ) -> None:  # fmt: skip
        self.in_pattern, self.out_pattern = in_pattern, out_pattern
        self.name = self.__name__ = name or f"{in_pattern} -> {out_pattern}"
        top = in_pattern["pattern"] if isinstance(in_pattern, dict) else in_pattern
        self.op = top[0]

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        if len(node.outputs) != 1:
            return False
        bound: dict[str, Variable] = {}
        if not _matched(self.in_pattern, node.outputs[0], bound):
            return False
        new = _written(self.out_pattern, bound)
        return [new]


def _matched(pattern: Any, v: Variable, bound: dict[str, Variable]) -> bool:
    todo = [(pattern, v)]
    while todo:
        pattern, v = todo.pop()
        if isinstance(pattern, dict):
            constraint = pattern.get("constraint")
            if constraint is not None and not constraint(v):
                return False
            pattern = pattern["pattern"]
        if isinstance(pattern, tuple | list):
            node = v.owner
            if node is None or not matches(node.op, pattern[0]):
                return False
            if len(node.inputs) != len(pattern) - 1:
                return False
            todo.extend(reversed(list(zip(pattern[1:], node.inputs, strict=True))))
        elif isinstance(pattern, str):
            if not _same(bound.setdefault(pattern, v), v):
                return False
        elif isinstance(pattern, Variable):
            if not _same(pattern, v):
                return False
        elif not (isinstance(v, TensorConstant) and np.array_equal(v.data, pattern)):
            return False
    return True


def _same(a: Variable, b: Variable) -> bool:
    if isinstance(a, TensorConstant) and isinstance(b, TensorConstant):
        return a.type == b.type and bool(np.array_equal(a.data, b.data))
    return a is b


def _written(pattern: Any, bound: dict[str, Variable]) -> Any:
    if isinstance(pattern, dict):
        pattern = pattern["pattern"]
    if isinstance(pattern, tuple | list):
        return pattern[0](*[_written(p, bound) for p in pattern[1:]])
    return bound[pattern] if isinstance(pattern, str) else as_tensor_variable(pattern)


class OpSub(LocalOptimizer):
    """Put one op in another's place."""

    def __init__(self, op1: Any, op2: Any, transfer_tags: bool = True) -> None:
        self.op1, self.op2 = op1, op2
        self.name = self.__name__ = f"{_op_name(op1)} -> {_op_name(op2)}"

    def tracks(self) -> Sequence[Any]:
        return [self.op1]

    def transform(self, node: Apply) -> Any:
        new = self.op2(*node.inputs)
        return new if isinstance(new, list) else [new]


class OpRemove(LocalOptimizer):
    """Put an op's only input in place of its output."""

    def __init__(self, op: Any) -> None:
        self.op = op
        self.name = self.__name__ = f"{_op_name(op)}(x) -> x"

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        return list(node.inputs) if len(node.inputs) == 1 else False


def _op_name(op: Any) -> str:
    return str(getattr(op, "__name__", op))
