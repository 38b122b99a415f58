"""Are two expressions the same?  And expressions with what a function of the user's makes of parts.

Two expressions are the same where the same operations act in the same way on the same inputs;
constants are the same where dtype and values are.  What is inside of a `scan` or of a user's op is
compared by identity.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from .graph import Apply, Variable, apply_order, leaves_of, sides
from .rebuilding import rebuilt
from .variables import TensorConstant, as_tensor_variable


def equal_computations(
    xs: Sequence[Any], ys: Sequence[Any], in_xs: Any = None, in_ys: Any = None
) -> bool:
    """Do the lists `xs` and `ys` hold the same expressions, where `in_ys` stand for `in_xs`?

    Raises ValueError where lists that belong together have different lengths.
    """
    in_xs, in_ys = list(in_xs or ()), list(in_ys or ())
    if len(xs) != len(ys) or len(in_xs) != len(in_ys):
        raise ValueError("equal_computations: lists that are compared must have the same length")
    if any(a.type != b.type for a, b in zip(in_xs, in_ys, strict=True)):
        return False
    left, right = ([as_tensor_variable(v) for v in side] for side in (xs, ys))
    numbers: dict[Any, int] = {}
    known = {v: k for k, v in enumerate(in_xs)}
    found = _numbered(left, numbers, known)
    return found == _numbered(right, numbers, {v: k for k, v in enumerate(in_ys)})


def is_same_graph(var1: Any, var2: Any, givens: Any = None, debug: bool = False) -> bool:
    """Are two variables the same expression, after the replacements of `givens`?"""
    if givens:
        pairs = dict(givens)
        var1, var2 = rebuilt([var1, var2], {a: as_tensor_variable(b) for a, b in pairs.items()})
    return equal_computations([var1], [var2])


def map_variables(
    replacer: Callable[[Any], Any], graphs: Sequence[Any], additional_inputs: Sequence[Any] = ()
) -> list[Any]:
    """The expressions with each variable v in them, inputs first, replaced by replacer(v).

    The replacer is shown variables whose own inputs are replaced already; it returns what it does
    not want to replace.  Inside of a scan nothing is replaced but what the scan reads.
    """

    def replaced(v: Variable) -> Variable:
        made = replacer(v)
        return v if made is None else as_tensor_variable(made)

    new = {}
    for v in [*leaves_of(graphs), *additional_inputs]:
        other = replaced(v)
        if other is not v:
            new[v] = other
    return rebuilt(graphs, new, replaced)


def _numbered(
    roots: Sequence[Variable], numbers: dict[Any, int], inputs: dict[Variable, int]
) -> list[int]:
    """A number for each root; equal ones where expressions are the same."""
    known: dict[Variable, int] = {}

    def number(v: Variable) -> int:
        if v not in known:
            if v in inputs:
                key: Any = ("input", inputs[v])
            elif isinstance(v, TensorConstant):
                key = ("constant", str(v.type), _frozen(v.data, number))
            else:
                key = v
            known[v] = numbers.setdefault(key, len(numbers))
        return known[v]

    for node in apply_order(roots, lambda v: v in inputs, sides):
        key = (node.op, _attributes(node, number), tuple(number(x) for x in node.inputs))
        for out in node.outputs:
            known[out] = numbers.setdefault((key, out.index), len(numbers))
    return [number(v) for v in roots]


def _attributes(node: Apply, number: Callable[[Variable], int]) -> Any:
    return tuple((k, _frozen(v, number)) for k, v in sorted(node.attrs.items()))


def _frozen(value: Any, number: Callable[[Variable], int]) -> Any:
    """A hashable stand-in, equal where values are."""
    if isinstance(value, Variable):
        return number(value)
    if isinstance(value, np.ndarray | np.generic):
        array = np.asarray(value)
        if array.dtype.hasobject:
            return id(value)
        return array.dtype.str, array.shape, array.tobytes()
    if isinstance(value, list | tuple):
        return tuple(_frozen(x, number) for x in value)
    if isinstance(value, dict):
        return tuple((str(k), _frozen(v, number)) for k, v in value.items())
    if isinstance(value, slice):
        return "slice", *(_frozen(x, number) for x in (value.start, value.stop, value.step))
    try:
        hash(value)
    except TypeError:
        return id(value)
    return type(value).__name__, value


__all__ = ["equal_computations", "is_same_graph", "map_variables"]
