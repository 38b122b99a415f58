"""Symbolic gradients: applications whose value is found by reverse or forward mode when traced.

`grad` makes one application with the cost and the variables as inputs.  When the function is
traced, its run sees the cost's node and the variables' points, and asks `autograd_sym`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..autograd_sym.forward import jvp as tangents_of
from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import UnsupportedError
from ..fxgraph.constants import const
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.shaping import zeros_like as zeros_of
from ..optimize.before_gradients import stabilized
from ..trace.proxy import fresh, is_proxy, node_of
from .deferred import apply_op
from .evaluate import call, strong
from .graph import Apply, Op, Variable, apply_order, sides
from .types import TensorType
from .variables import as_tensor_variable


class DisconnectedInputError(ValueError):
    """The cost does not depend on a variable that its gradient is wanted for."""


class NullTypeGradError(TypeError):
    """A gradient that is not defined or not known was used."""


class DisconnectedType:
    """The type of the gradient of what is not connected."""

    def __call__(self, name: str | None = None) -> Variable:
        return Variable(self, name=name)

    def __str__(self) -> str:
        return "DisconnectedType"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, DisconnectedType)

    def __hash__(self) -> int:
        return hash(DisconnectedType)


class NullType:
    """The type of a gradient that is not known or not defined; `why` says why."""

    def __init__(self, why: str = "") -> None:
        self.why = why

    def __call__(self, name: str | None = None) -> Variable:
        return Variable(self, name=name)

    def __str__(self) -> str:
        return f"NullType({self.why})"

    def __eq__(self, other: object) -> bool:
        return isinstance(other, NullType)

    def __hash__(self) -> int:
        return hash(NullType)


def grad_not_implemented(op: Any, x_pos: int, x: Any, comment: str = "") -> Variable:
    """What an op's `grad` gives for an input whose derivative nobody has written."""
    return NullType(f"{op} has no gradient for its input {x_pos}. {comment}".strip())()


def grad_undefined(op: Any, x_pos: int, x: Any, comment: str = "") -> Variable:
    """What an op's `grad` gives for an input for which there is no derivative."""
    why = f"the gradient of {op} for its input {x_pos} is not defined. {comment}"
    return NullType(why.strip())()


# ---- reverse mode --------------------------------------------------------------------------------
def _reverse_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    """inputs: the roots, their cotangents (but for the cost), the wrt, the constants."""
    a = node.attrs
    values = [strong(v) for v in values]
    if not any(map(is_proxy, values)):
        raise UnsupportedError("a gradient is computed by functions, not from values")
    nodes = [node_of(v.data if hasattr(v, "with_data") else v) for v in values]
    roots = nodes[: a["roots"]]
    seeds = nodes[a["roots"] : a["roots"] + a["seeds"]]
    wrt = nodes[a["roots"] + a["seeds"] :][: len(a["targets"])]
    constant = nodes[a["roots"] + a["seeds"] + len(wrt) :]
    if a["cost"]:
        seeds = [cast_to(const(1.0), roots[0].dtype), *seeds]
    floats = [k for k, r in enumerate(roots) if r.dtype.kind in "fc"]
    points = [w for w in wrt if w.dtype.kind in "fc"]
    found = cotangents_of(
        stabilized([roots[k] for k in floats], [*points, *constant]),
        [_shaped(seeds[k], roots[k]) for k in floats],
        points,
        constant=constant,
    )
    by_point = dict(zip(points, found, strict=True))
    out = []
    first = a["roots"] + a["seeds"]
    for k, (w, v) in enumerate(zip(wrt, node.outputs, strict=True)):
        g = by_point.get(w)
        made = fresh(cast_to(g if g is not None else zeros_of(w), np.dtype(v.type.dtype)))
        value = values[first + k]
        out.append(value.with_data(made) if hasattr(value, "with_data") else made)
    return out


def _shaped(seed: Node, root: Node) -> Node:
    """A cotangent in its root's shape: it may be smaller where axes broadcast."""
    if seed.shape == root.shape:
        return cast_to(seed, root.dtype)
    like: Any = fresh(root)
    return cast_to(node_of(call(np.broadcast_to, fresh(seed), like.shape)), root.dtype)


_reverse = Op("Gradient", _reverse_run, "grad")


def grad(
    cost: Any,
    wrt: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
    add_names: bool = True,
    known_grads: Any = None,
    return_disconnected: str = "zero",
    null_gradients: str = "raise",
) -> Any:
    """The gradient of a scalar with respect to one variable or a list or tuple of them.

    consider_constant: variables through which nothing flows back.  known_grads: {variable: its
    cotangent}, to start from (cost may be None then).  disconnected_inputs: "raise", "warn" or
    "ignore" where the cost does not depend on a variable; its gradient is zeros, or None, or of
    DisconnectedType, as return_disconnected says.

    null_gradients: "raise", or "return" a variable of NullType for gradients that are not defined.

    Raises TypeError for a cost that is no scalar, DisconnectedInputError, NullTypeGradError.
    """
    if cost is None and not known_grads:
        raise ValueError("grad: give a cost or known_grads")
    if isinstance(wrt, set):
        raise TypeError("wrt must not be a set: sets have no order")
    if cost is not None:
        cost = as_tensor_variable(cost)
        if cost.ndim != 0:
            raise TypeError(f"cost must be a scalar, this one is {cost.type}: use its sum or mean")
        if cost.dtype.startswith("complex"):
            raise TypeError("cost must be real: take its real part or its absolute value")
    single = not isinstance(wrt, list | tuple)
    targets = [_differentiable(v) for v in ([wrt] if single else wrt)]
    if return_disconnected not in ("zero", "None", "Disconnected"):
        raise ValueError(f"return_disconnected cannot be {return_disconnected!r}")
    known = dict(known_grads or {})
    constants = _several(consider_constant)
    roots = ([cost] if cost is not None else []) + list(known)
    reached = connected(roots, constants)
    _check_connected(roots[0], [v for v in targets if v not in reached], disconnected_inputs)
    if null_gradients not in ("raise", "return"):
        raise ValueError(f"null_gradients cannot be {null_gradients!r}: raise or return")
    if null_gradients == "raise":
        _check_defined(reached, targets)
    nulls = undefined(reached, targets) if null_gradients == "return" else {}
    seeds = [as_tensor_variable(g) for g in known.values()]
    for v, g in known.items():
        if g.ndim != v.ndim:
            raise TypeError(f"known_grads: the cotangent of {v} has rank {g.ndim}, not {v.ndim}")
    attrs = {
        "roots": len(roots), "seeds": len(seeds), "cost": cost is not None, "targets": targets,
        "wrt": [*targets, *known, *constants],
    }  # fmt: skip
    types = [_gradient_type(v) for v in targets]
    found = apply_op(_reverse, [*roots, *seeds, *targets, *constants], types, attrs)
    out = []
    for v, g in zip(targets, found, strict=True):
        if add_names and cost is not None and (cost.name or v.name):
            g.name = f"(d{cost.name or 'cost'}/d{v.name})" if v.name else None
        if v not in reached and return_disconnected != "zero":
            g = None if return_disconnected == "None" else DisconnectedType()()
        if v in nulls:
            g = NullType(nulls[v])()
        out.append(g)
    return out[0] if single else (tuple(out) if isinstance(wrt, tuple) else out)


def _differentiable(v: Any) -> Any:
    """A tensor variable, or a sparse one: its stored elements."""
    return v if hasattr(getattr(v, "type", None), "pointed") else as_tensor_variable(v)


def _several(x: Any) -> list[Any]:
    if x is None:
        return []
    return list(x) if isinstance(x, list | tuple | set) else [x]


def _gradient_type(v: Any) -> TensorType:
    if np.dtype(v.dtype).kind in "fc":
        return v.type  # type: ignore[no-any-return]
    return TensorType("floatX", v.broadcastable)


def _check_connected(cost: Any, missing: Sequence[Any], what: str) -> None:
    if what not in ("raise", "warn", "ignore"):
        raise ValueError(f"disconnected_inputs cannot be {what!r}: raise, warn or ignore")
    for v in missing:
        message = (
            f"grad was asked for the gradient with respect to {v}, which is not part of the "
            f"expression of {cost} or only by way of something without derivative (a shape, an "
            f"index, a comparison): say disconnected_inputs='ignore' to get zeros"
        )
        if what == "raise":
            raise DisconnectedInputError(message)
        if what == "warn":
            warnings.warn(message, stacklevel=3)


def _check_defined(reached: set[Variable], targets: Sequence[Any]) -> None:
    """Raises NullTypeGradError where a gradient that is not defined is on the way."""
    for v, why in undefined(reached, targets).items():
        raise NullTypeGradError(f"the gradient with respect to {v} is not defined: {why}")


def undefined(reached: set[Variable], targets: Sequence[Any]) -> dict[Variable, str]:
    """The targets whose gradient passes what has none, and why."""
    out: dict[Variable, str] = {}
    for node in dict.fromkeys(v.owner for v in reached if v.owner is not None):
        if node.op.kind == "undefined":
            holes = dict.fromkeys(node.inputs, f"it passes undefined_grad at {node.origin}")
        elif node.op.kind == "user":
            holes = node.op.undefined(node)
        else:
            continue
        for x, why in holes.items():
            below = connected([x])
            out.update((t, why) for t in targets if t in below)
    return out


def connected(roots: Sequence[Variable], stops: Sequence[Variable] = ()) -> set[Variable]:
    """The variables that the roots depend on through inputs that pass derivatives."""
    reached: set[Variable] = set(roots)
    stopped = set(stops)
    for node in reversed(apply_order(roots, inner=sides)):
        if not any(v in reached and v not in stopped for v in node.outputs):
            continue
        if node.op.kind == "ifelse":
            reached.update(sides(node))
            continue
        silent = node.attrs.get("silent", node.op.silent)
        reached.update(x for k, x in enumerate(node.inputs) if k not in silent)
    return reached


# ---- products with the Jacobian ------------------------------------------------------------------
def Lop(
    f: Any,
    wrt: Any,
    eval_points: Any,
    consider_constant: Any = None,
    disconnected_inputs: str = "raise",
) -> Any:
    """eval_points^T J, J the Jacobian of f by wrt."""
    outputs, points = _several(f), _several(eval_points)
    single = not isinstance(wrt, list | tuple)
    known = dict(zip(outputs, points, strict=True))
    found = grad(
        None, [wrt] if single else list(wrt), consider_constant, disconnected_inputs,
        known_grads=known,
    )  # fmt: skip
    return found[0] if single else (tuple(found) if isinstance(wrt, tuple) else found)


def _forward_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    values = [strong(v) for v in values]
    count, wrt = node.attrs["outputs"], len(node.attrs["targets"])
    nodes = [node_of(v) for v in values]
    outputs, points, tangents = nodes[:count], nodes[count : count + wrt], nodes[count + wrt :]
    fitted = [_shaped(t, p) for t, p in zip(tangents, points, strict=True)]
    found = tangents_of(stabilized(outputs, points), points, fitted)
    return [fresh(t if t is not None else zeros_of(o)) for t, o in zip(found, outputs, strict=True)]


_forward = Op("Tangent", _forward_run, "grad")


def Rop(
    f: Any, wrt: Any, eval_points: Any, disconnected_outputs: str = "raise",
    return_disconnected: str = "zero",
) -> Any:  # fmt: skip
    """J eval_points, J the Jacobian of f by wrt."""
    outputs = [as_tensor_variable(v) for v in _several(f)]
    targets = [as_tensor_variable(v) for v in _several(wrt)]
    points = [as_tensor_variable(v) for v in _several(eval_points)]
    if len(points) != len(targets):
        raise ValueError(f"Rop: {len(points)} eval_points for {len(targets)} variables")
    for v, p in zip(targets, points, strict=True):
        if v.ndim != p.ndim:
            raise ValueError(f"Rop: {v} has rank {v.ndim}, its eval_point rank {p.ndim}")
    if disconnected_outputs == "raise":
        for out in outputs:
            if not connected([out]) & set(targets):
                raise DisconnectedInputError(f"Rop: {out} does not depend on {targets}")
    attrs = {"outputs": len(outputs), "targets": targets, "wrt": targets}
    types = [v.type for v in outputs]
    found = apply_op(_forward, [*outputs, *targets, *points], types, attrs)
    return found if isinstance(f, list | tuple) else found[0]


def subgraph_grad(
    wrt: Sequence[Any], end: Sequence[Any], start: Any = None, cost: Any = None,
    details: bool = False,
) -> Any:  # fmt: skip
    """(gradients of wrt, gradients of end): back-propagation stage by stage.

    start: {variable: its cotangent} from the stage above; cost: added to it.  end: where this stage
    stops; their gradients start the next one.
    """
    if cost is None and not start:
        raise ValueError("subgraph_grad: give a cost or start")
    ends = grad(cost, list(end), disconnected_inputs="ignore", known_grads=start)
    params = grad(cost, list(wrt), list(end), "ignore", known_grads=start)
    return (params, ends, [params], [ends]) if details else (params, ends)
