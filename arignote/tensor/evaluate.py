"""The value of expressions, on arrays or on traced values: one pass over the applications.

A variable that some gradient in the expression is taken with respect to becomes a point of its own
first, so that the gradient knows it from equal values.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from ..fxgraph.node import at_origin
from ..fxgraph.ops.barriers import grad_point, grad_point_op
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import I64
from ..trace import converting
from ..trace.dispatch import array_function
from ..trace.proxy import Array, Proxy, fresh, node_of
from ..trace.registry import implementation
from ..trace.values import Scalar
from ..trace.where import pinned
from .graph import Apply, Variable, apply_order, sides
from .sharing import on_host
from .types import TensorType
from .variables import TensorConstant


def evaluate(
    outputs: Sequence[Variable],
    given: Mapping[Variable, Any],
    replaced: Mapping[Variable, Variable] | None = None,
) -> list[Any]:
    """The values of `outputs`, for the values `given` to variables.

    replaced: variables for which other variables stand (`givens`).  Raises KeyError for an input
    without a value.
    """
    return Evaluation(given, replaced or {}).values(outputs)


class Evaluation:
    """Values as they become known: `env`."""

    def __init__(self, given: Mapping[Variable, Any], replaced: Mapping[Variable, Variable]):
        self.replaced = dict(replaced)
        self.env: dict[Variable, Any] = {}
        self.given = given
        self.points: set[Variable] = set()

    def values(self, outputs: Sequence[Variable]) -> list[Any]:
        order = self._order(outputs)
        self.points.update(self._target(v) for v in points_of(order))
        for v, x in self.given.items():
            data = getattr(x, "data", x) if hasattr(v.type, "pointed") else x
            known = isinstance(data, Array) and data.node.op is grad_point_op
            self.env[v] = x if known else self._pointed(v, x)  # inner graphs keep the outer point
            if known:
                self.points.add(v)
        self._settle(order)
        return [self.value(v) for v in outputs]

    def _settle(self, order: Sequence[Apply]) -> None:
        for node in order:
            if not all(v in self.env for v in node.outputs):
                self._run(node)

    def value(self, v: Variable) -> Any:
        """The value of a variable whose owner has run."""
        v = self._target(v)
        found = self.env.get(v, self)
        if found is not self:
            return found
        if isinstance(v, TensorConstant):
            made = self.env[v] = self._pointed(v, v.data)
            return made
        if v.owner is None and hasattr(v, "container"):
            return on_host(v.container.value)
        raise KeyError(v)

    def _target(self, v: Variable) -> Variable:
        while v in self.replaced and v not in self.given:
            v = self.replaced[v]
        return v

    def _order(self, outputs: Sequence[Variable]) -> list[Apply]:
        known = lambda v: v in self.given
        if not self.replaced:
            return apply_order(outputs, known)
        return replaced_order([self._target(v) for v in outputs], known, self._target)

    def _run(self, node: Apply) -> None:
        op = node.op
        what = self._with_points(node) if op.kind == "ifelse" else node
        values = [self.value(v) for v in what.inputs]
        with pinned(node.origin), at_origin(node.origin):
            results = op.run(what, values)
        for v, x in zip(node.outputs, results, strict=True):
            if v not in self.env:
                self.env[v] = self._pointed(v, x)

    def _with_points(self, node: Apply) -> Apply:
        """A branch whose sides take from here what gradients outside are taken with respect to,
        and what `givens` put in a variable's place."""
        if not self.points and not self.replaced:
            return node
        below = apply_order(sides(node), lambda v: v in self.given, sides)
        read = [*sides(node), *(v for inner in below for v in (*inner.inputs, *sides(inner)))]
        made = dict.fromkeys(v for v in read if v.owner is not None)
        found = [v for v in made if v in self.points or v in self.replaced]
        if not found:
            return node
        self._settle(self._order(found))
        attrs = {**node.attrs, "captured": (*node.attrs["captured"], *found)}
        return Apply(node.op, [*node.inputs, *found], [v.type for v in node.outputs], attrs)

    def _pointed(self, v: Variable, x: Any) -> Any:
        """x as something to differentiate with respect to, where some gradient asks for it."""
        if v not in self.points:
            return x
        if hasattr(v.type, "pointed"):
            return v.type.pointed(x, _point)
        if not isinstance(v.type, TensorType):
            return x
        if np.dtype(v.type.dtype).kind not in "fc" or not isinstance(x, Proxy | np.ndarray):
            return x
        if isinstance(x, np.ndarray) and not isinstance(v, TensorConstant):
            return x
        return _point(x)


def _point(x: Any) -> Any:
    return fresh(grad_point(node_value(x)))


def points_of(order: Sequence[Apply]) -> list[Variable]:
    """What gradients are taken with respect to, in inner graphs too."""
    found: list[Variable] = []
    todo = list(order)
    while todo:
        node = todo.pop()
        if node.op.kind == "grad":
            found.extend(node.attrs["wrt"])
        elif node.op.kind == "scan":
            todo.extend(apply_order(node.attrs["inner"].roots))
        elif node.op.kind == "ifelse":
            todo.extend(apply_order(sides(node)))
    return found


def replaced_order(outputs: Sequence[Variable], known: Any, target: Any) -> list[Apply]:
    """`apply_order`, going to what stands for a variable."""
    done: dict[Apply, None] = {}
    stack = [(v.owner, False) for v in reversed(outputs) if v.owner is not None and not known(v)]
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done[node] = None
            continue
        stack.append((node, True))
        for x in reversed(node.inputs):
            x = target(x)
            if x.owner is not None and x.owner not in done and not known(x):
                stack.append((x.owner, False))
    return list(done)


# ---- running functions on values -----------------------------------------------------------------
def node_value(x: Any) -> Any:
    """The graph node of a traced value, number or array."""
    return node_of(x)


def call(function: Any, *args: Any, **kwargs: Any) -> Any:
    """function(*args, **kwargs), for arrays and for traced values.

    NumPy's functions go to what answers for them, the user's are converted first, as if compiled
    code called them.
    """
    if not is_traced((args, kwargs)):
        return function(*args, **kwargs)
    if isinstance(function, np.ufunc):
        return function(*args, **kwargs)
    if implementation(function) is not None:
        return array_function(None, function, (), args, kwargs)
    ours = str(getattr(function, "__module__", "")).startswith("arignote.")
    if ours and not getattr(function, "__arignote_converted__", False):
        return function(*args, **kwargs)
    return converting.converted(function)(*args, **kwargs)


def is_traced(x: Any) -> bool:
    """Is there a traced value in x or its containers?"""
    if isinstance(x, Proxy):
        return True
    if isinstance(x, tuple | list):
        return any(is_traced(v) for v in x)
    if isinstance(x, dict):
        return any(is_traced(v) for v in x.values())
    if isinstance(x, slice):
        return is_traced((x.start, x.stop, x.step))
    return False


def is_weak(x: Any) -> bool:
    """Is it a Python int, as sizes are?"""
    if isinstance(x, Scalar):
        return x.weak and x.node.dtype.kind == "i"
    return isinstance(x, int) and not isinstance(x, bool)


def strong(x: Any) -> Any:
    """A size or a tuple of sizes as an array of int64; other values as they are."""
    if isinstance(x, tuple):
        if not is_traced(x):
            return np.array(x, dtype=np.int64)
        return call(np.array, list(x), dtype=np.int64)
    if is_weak(x):
        return fresh(cast_to(x.node, I64)) if isinstance(x, Scalar) else np.array(x, dtype=I64)
    return x
