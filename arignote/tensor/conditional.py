"""`ifelse`: one of two expressions, by a condition that is known when the function runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..scanloop.functional import cond
from ..trace import converting
from ..trace.conflicts import Conflict
from ..trace.session import is_tracing
from .deferred import apply_op
from .elementwise import cast
from .evaluate import call, evaluate, strong
from .graph import Apply, Op, Variable, leaves_of
from .types import TensorType
from .variables import TensorConstant, as_tensor_variable


def _run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    """inputs: the condition and what the branches use; the branches' own expressions are evaluated
    inside."""
    a = node.attrs
    given = dict(zip(a["captured"], values[1:], strict=True))
    test = strong(values[0])

    def branch(outputs: Sequence[Any]) -> Any:
        found = evaluate(outputs, given)
        return tuple(_typed(v, x) for v, x in zip(outputs, found, strict=True))

    if not is_tracing() or not hasattr(test, "node"):
        return branch(a["then"]) if test else branch(a["other"])  # type: ignore[no-any-return]
    return chosen(test != 0, lambda: branch(a["then"]), lambda: branch(a["other"]))


def chosen(test: Any, then: Callable[[], Any], other: Callable[[], Any]) -> Sequence[Any]:
    """The arrays that `then` or `other` returns, of any sizes, by a condition that is traced.

    A traced value has one size along all axes but the first on every path, so where the branches'
    sizes are not known to be the same, arrays come out of them flat, with their shapes.
    """
    choose = converting.converted(cond)
    made = choose(test, _Branch(then), _Branch(other))
    if not isinstance(made, Conflict):
        return made  # type: ignore[no-any-return]
    flat = choose(test, _Branch(lambda: _flat(then())), _Branch(lambda: _flat(other())))
    return tuple(call(np.reshape, values, tuple(shape)) for values, shape in flat)


def _flat(arrays: Sequence[Any]) -> tuple[Any, ...]:
    return tuple((call(np.ravel, x), tuple(x.shape)) for x in arrays)


class _Branch:
    """A branch as something to call that is not converted."""

    __arignote_traced__ = True

    def __init__(self, branch: Callable[[], Any]) -> None:
        self.branch = branch

    def __call__(self) -> Any:
        return self.branch()


def _typed(v: Variable, x: Any) -> Any:
    x = strong(x)
    dtype = getattr(v.type, "dtype", None)
    return x if dtype is None or x.dtype == dtype else x.astype(dtype)


_ifelse = Op("IfElse", _run, "ifelse")


def ifelse(condition: Any, then_branch: Any, else_branch: Any, name: str | None = None) -> Any:
    """`then_branch` where the condition is not 0, else `else_branch`; only what is taken is run.

    The branches are variables, or lists of the same length.  Raises TypeError where their types
    do not agree.
    """
    single = not isinstance(then_branch, list | tuple)
    thens = [then_branch] if single else list(then_branch)
    elses = [else_branch] if not isinstance(else_branch, list | tuple) else list(else_branch)
    if len(thens) != len(elses):
        raise ValueError(f"ifelse: {len(thens)} values in one branch, {len(elses)} in the other")
    test = as_tensor_variable(condition)
    if test.ndim:
        raise TypeError(f"ifelse: the condition must be a scalar, not {test.type}")
    pairs = [_agreed(as_tensor_variable(a), as_tensor_variable(b)) for a, b in
             zip(thens, elses, strict=True)]  # fmt: skip
    thens, elses = [a for a, _ in pairs], [b for _, b in pairs]
    captured = [v for v in leaves_of([*thens, *elses]) if not isinstance(v, TensorConstant)]
    types = [
        TensorType(a.dtype, [p and q for p, q in zip(a.broadcastable, b.broadcastable)])
        for a, b in pairs
    ]
    attrs = {"then": tuple(thens), "other": tuple(elses), "captured": tuple(captured),
             "silent": frozenset({0}), "name": name}  # fmt: skip
    found = apply_op(_ifelse, [test, *captured], types, attrs)
    return found[0] if single else found


def _agreed(a: Any, b: Any) -> tuple[Any, Any]:
    if a.ndim != b.ndim:
        raise TypeError(f"ifelse: the branches have ranks {a.ndim} and {b.ndim}")
    dtype = np.result_type(np.dtype(a.dtype), np.dtype(b.dtype))
    return cast(a, dtype), cast(b, dtype)
