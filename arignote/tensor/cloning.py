"""Copies of expressions with other parts, their evaluation, and what they are made of."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .compiled import function
from .graph import Variable, apply_order, leaves_of
from .rebuilding import rebuilt
from .sharing import SharedVariable
from .updating import pairs
from .variables import TensorConstant, TensorVariable, as_tensor_variable


def clone(
    output: Any, replace: Any = None, strict: bool = True, share_inputs: bool = True,
    copy_inputs: Any = None,
) -> Any:  # fmt: skip
    """`output` (one variable or a list) with variables replaced; inner graphs see it too.

    strict: what stands for a variable must have its type.  Without share_inputs, inputs are new
    ones.
    """
    single = not isinstance(output, list | tuple)
    outputs = [output] if single else list(output)
    if copy_inputs is not None:
        share_inputs = bool(copy_inputs)
    new: dict[Variable, Variable] = {}
    for old, other in pairs(replace):
        other = as_tensor_variable(other) if isinstance(old, TensorVariable) else other
        if strict and (other.type.dtype != old.type.dtype or other.ndim != old.ndim):
            raise TypeError(f"clone: {other} of {other.type} cannot stand for {old} of {old.type}")
        new[old] = other
    if not share_inputs:
        for v in leaves_of(outputs, lambda v: v in new):
            if not isinstance(v, TensorConstant | SharedVariable):
                new[v] = v.clone()
    made = rebuilt(outputs, new)
    return made[0] if single else made


def inputs(variables: Sequence[Variable], blockers: Any = None) -> list[Variable]:
    """The variables without owner that these depend on."""
    stops = set(blockers or ())
    return leaves_of(variables, lambda v: v in stops)


def ancestors(variables: Sequence[Variable], blockers: Any = None) -> list[Variable]:
    """Every variable that these depend on, and they themselves."""
    stops = set(blockers or ())
    found: dict[Variable, None] = dict.fromkeys(variables)
    for node in apply_order(variables, lambda v: v in stops):
        found.update(dict.fromkeys([*node.inputs, *node.outputs]))
    return list(found)


def evaluated(self: Any, inputs_to_values: Any = None, mode: Any = None) -> Any:
    """The value for these values of the inputs; the function is kept on the variable."""
    values = {
        (v if isinstance(v, Variable) else _named(self, v)): x for v, x in pairs(inputs_to_values)
    }
    cache: dict[Any, Any] = self.__dict__.setdefault("_functions", {})
    given = tuple(sorted(values, key=id))
    if given not in cache:
        cache[given] = function(list(given), self, mode=mode)
    result = cache[given](*[values[v] for v in given])
    return np.asarray(result) if isinstance(self, TensorVariable) else result


def _named(root: Any, name: str) -> Variable:
    for v in leaves_of([root]):
        if v.name == name:
            return v
    raise KeyError(f"eval: {root} has no input {name!r}")


Variable.eval = evaluated  # type: ignore[attr-defined]
