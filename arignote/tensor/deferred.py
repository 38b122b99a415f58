"""`deferred(fn)`: any function of arrays as a function of symbolic variables.

What type the result has is found by calling the function once on arrays of ones with one element,
of the operands' dtypes and ranks; functions for which that says too little give a rule of their
own (`infer`).  The answers are kept.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..config import config
from ..errors import warn_once
from ..trace.pytree import Tree, flatten
from .evaluate import call, points_of, strong
from .expressions import values_of
from .graph import Apply, Op, Variable, leaves_of
from .sharing import on_host
from .types import TensorType
from .variables import TensorConstant, TensorVariable

Infer = Callable[..., Any]


@dataclass(frozen=True)
class Slot:
    """The place of input k among the arguments."""

    position: int


def deferred(
    function: Callable[..., Any],
    name: str | None = None,
    infer: Infer | None = None,
    silent: Sequence[int] = (),
    sizes: bool = False,
    lasting: bool = True,
) -> Callable[..., Any]:
    """A function that applies `function` to symbolic variables when the expression is run.

    Arguments that are variables, or lists of them, become inputs; all others are static.
    infer(*arguments) gives the type or types of the results.  silent: positions of inputs that
    pass no derivative.  sizes: sizes stay Python ints and tuples of them.  lasting: False for
    functions of the user, which may have changed when the next process starts.
    """
    title = name if name is not None else str(getattr(function, "__name__", "function"))
    op = Op(title, _runner(function, sizes), silent=frozenset(silent), lasting=lasting)

    @functools.wraps(function)
    def symbolic(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten((args, kwargs))
        leaves = [x.default_output() if isinstance(x, Apply) else x for x in leaves]
        inputs = [x for x in leaves if isinstance(x, Variable)]
        slots = iter(range(len(inputs)))
        static = [Slot(next(slots)) if isinstance(x, Variable) else x for x in leaves]
        if infer is not None:
            found = infer(*tree.unflatten(leaves)[0], **tree.unflatten(leaves)[1])
        else:
            found = example_types(function, static, tree, [x.type for x in inputs])
        single = not isinstance(found, tuple | list)
        types: Any = (found,) if single else found
        outputs = apply_op(op, inputs, types, {"static": static, "tree": tree, "single": single})
        return outputs[0] if single else outputs

    symbolic.__name__ = title
    symbolic.op = op  # type: ignore[attr-defined]
    return symbolic


def apply_op(
    op: Op, inputs: Sequence[Variable], types: Sequence[Any], attrs: dict[str, Any]
) -> list[Any]:
    """The outputs of a new application, with test values where they are asked for."""
    node = Apply(op, inputs, types, attrs)
    if config.compute_test_value != "off":
        give_test_values(node)
    return list(node.outputs)


def _runner(function: Callable[..., Any], sizes: bool) -> Callable[[Apply, Sequence[Any]], Any]:
    def run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
        if not sizes:
            values = [strong(v) for v in values]
        given = [values[x.position] if isinstance(x, Slot) else x for x in node.attrs["static"]]
        args, kwargs = node.attrs["tree"].unflatten(given)
        result = call(function, *args, **kwargs)
        return (result,) if node.attrs["single"] else tuple(result)

    return run


# ---- types by example ----------------------------------------------------------------------------
_examples: dict[Any, Any] = {}


def example_types(
    function: Callable[..., Any], static: Sequence[Any], tree: Tree, types: Sequence[Any]
) -> Any:
    """The type of the results, from a call on arrays of ones with one element."""
    key: Any
    try:
        key = (function, tuple(map(_keyed, static)), tree, tuple(types))
        found = _examples.get(key)
    except TypeError:
        key = found = None
    if found is None:
        samples = [np.ones((1,) * t.ndim, t.dtype) for t in types]
        given = [samples[x.position] if isinstance(x, Slot) else x for x in static]
        args, kwargs = tree.unflatten(given)
        with np.errstate(all="ignore"):
            result = function(*args, **kwargs)
        found = tuple(map(_type, result)) if isinstance(result, tuple | list) else _type(result)
        if key is not None:
            _examples[key] = found
    return found


def _keyed(x: Any) -> Any:
    hash(x)
    return x if isinstance(x, Slot) else (type(x), x)


def _type(x: Any) -> TensorType:
    array = np.asarray(x)
    return TensorType(array.dtype, (False,) * array.ndim)


# ---- test values ---------------------------------------------------------------------------------
def give_test_values(node: Apply) -> None:
    """Run the application on the test values of its inputs, at the user's line."""
    by_tracing = bool(points_of([node]))
    variables = leaves_of(node.outputs) if by_tracing else node.inputs
    values = []
    for v in variables:
        found = test_value(v)
        if found is None:
            _missing(v)
            return
        values.append(found)
    with np.errstate(all="ignore"), config(compute_test_value="off"):
        if by_tracing:
            given = dict(zip(variables, values, strict=True))
            known = {v: x for v, x in given.items() if not isinstance(v, TensorConstant)}
            results: Any = values_of(node.outputs, known)
        else:
            results = node.op.run(node, values)
    for v, x in zip(node.outputs, results, strict=True):
        if isinstance(v.type, TensorType):
            v.tag.test_value = np.asarray(strong(x), dtype=v.type.dtype)


def test_value(v: Variable) -> Any:
    """The test value of a variable, None where it has none."""
    if hasattr(v.tag, "test_value"):
        value = v.tag.test_value
        return v.type.filter(value) if isinstance(v.type, TensorType) else value
    if hasattr(v, "data"):
        return v.data
    if hasattr(v, "container"):
        value = on_host(v.container.value)
        return value if isinstance(value, np.ndarray) else copy.deepcopy(value)
    return None


def _missing(v: Variable) -> None:
    mode = config.compute_test_value
    if mode == "ignore" or not isinstance(v, TensorVariable) or v.owner is not None:
        return
    message = f"{v} of {v.type} has no test value: set {v}.tag.test_value"
    if mode == "raise":
        raise AttributeError(message)
    warn_once(f"test value {id(v)}", message)
