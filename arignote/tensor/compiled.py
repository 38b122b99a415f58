"""`function`: expressions as something to call.

The expressions are evaluated once a kind of arguments, on traced values, by the same `Compiled`
that runs plain functions; its arguments are the inputs, then the values of the shared variables.
All updates are computed before any is stored.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from .functions import Function
from .graph import Variable
from .parameters import In, Out, inputs_of
from .types import TensorType
from .updating import fitted, pairs, updates_of, with_defaults
from .variables import as_tensor_variable


def function(
    inputs: Any,
    outputs: Any = None,
    mode: Any = None,
    updates: Any = None,
    givens: Any = None,
    no_default_updates: Any = False,
    accept_inplace: bool = False,
    name: str | None = None,
    rebuild_strict: bool = True,
    allow_input_downcast: bool | None = None,
    profile: Any = None,
    on_unused_input: str | None = None,
    trust_input: bool = False,
) -> Function:
    """A function from the inputs to the outputs that also updates shared variables.

    inputs: variables or `In`.  outputs: one, a list, a dict, or None.  updates: {shared variable:
    expression of its type}.  givens: {variable: what stands for it}.  mode: a name ("FAST_RUN",
    "FAST_COMPILE", "DEBUG_MODE", "NanGuardMode") or a Mode.  no_default_updates: True, or a list of
    shared variables.  on_unused_input: "raise", "warn" or "ignore".  trust_input: arguments are
    arrays of the right types and are not looked at.  profile: True counts calls, see
    `f.profile.summary()`.

    Raises MissingInputError, UnusedInputError, TypeError and ValueError at once; what the
    expression itself raises, at the first call.
    """
    ins = inputs_of(inputs, allow_input_downcast)
    replaced: dict[Variable, Variable] = {}
    for old, new in pairs(givens):
        replaced[old] = _given(old, new, rebuild_strict)
    stated = updates_of(updates)
    for i in ins:
        if i.update is not None:
            _own_state(i)
    flat, pack = _outputs(outputs)
    found = with_defaults(flat, stated, replaced, no_default_updates)
    made = Function(ins, flat, pack, found, replaced, mode, name, trust_input, profile)
    made.check(on_unused_input or str(config.on_unused_input))
    return made


def _given(old: Any, new: Any, strict: bool) -> Variable:
    if not isinstance(old, Variable):
        raise TypeError(f"givens: {old!r:.60} is no variable")
    if not isinstance(old.type, TensorType):
        return new  # type: ignore[no-any-return]
    new = as_tensor_variable(new)
    if new.ndim != old.type.ndim or (strict and new.dtype != old.type.dtype):
        if new.ndim == old.type.ndim and np.can_cast(new.dtype, old.type.dtype):
            return new.astype(old.type.dtype)  # type: ignore[no-any-return]
        raise TypeError(f"givens: {new} is {new.type}, it cannot stand for {old} of {old.type}")
    return new  # type: ignore[no-any-return]


def _own_state(i: In) -> None:
    if i.container is None:
        raise ValueError(f"the input {i.variable} has an update but no value to start from")
    i.update = fitted(i.variable, i.update)


def _outputs(outputs: Any) -> tuple[list[Variable], Any]:
    """The outputs as a list, and how they are given back: "none", "one", "list" or names."""
    if outputs is None:
        return [], "none"
    if isinstance(outputs, dict):
        if not all(isinstance(k, str) for k in outputs):
            raise TypeError("outputs as a dict have strings as keys")
        names = sorted(outputs)
        return [_output(outputs[k]) for k in names], names
    if isinstance(outputs, list | tuple):
        return [_output(v) for v in outputs], "list"
    return [_output(outputs)], "one"


def _output(v: Any) -> Variable:
    if isinstance(v, Out):
        v = v.variable
    return v if isinstance(v, Variable) else as_tensor_variable(v)
