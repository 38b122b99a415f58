"""Derivative rules by the user: custom_vjp and custom_jvp.

A call becomes one node over its outputs, which the derivative goes round: rewriting puts the
outputs in its place once derivatives are taken.  The rule is traced where a derivative needs it,
so it may itself be differentiated, and a call may stand in a loop.
"""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from ..autograd_sym.activity import Activity, carries_derivative
from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import TraceError, UnsupportedError
from ..fxgraph.constants import fresh_uid, new_input, project
from ..fxgraph.graph import substitute
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.shaping import zeros_like
from ..trace.proxy import wrap
from ..trace.pytree import Tree, flatten
from ..trace.session import is_tracing
from .tracing import Inside, answer_of, filled, fitted, nodes_of, transformed


@dataclass(frozen=True, eq=False)
class Rule:
    """What a custom op's node refers to: the user's rule, and how its operands nest."""

    function: Callable[..., Any]
    name: str
    outputs: Tree
    residuals: Tree
    arguments: Tree

    def split(self, operands: Sequence[Any]) -> tuple[Sequence[Any], ...]:
        """(outputs, residuals, arguments, values from enclosing functions)"""
        a = self.outputs.count
        b = a + self.residuals.count
        c = b + self.arguments.count
        return operands[:a], operands[a:b], operands[b:c], operands[c:]


# ---- custom_vjp ----------------------------------------------------------------------------------


class custom_vjp:
    """A function with its own backward rule.

    @ag.custom_vjp
    def f(x, y): ...
    f.defvjp(forward, backward)

    forward(x, y) gives (f(x, y), kept), where `kept` is any pytree, and may call f; backward(kept,
    g) gives one cotangent an argument, None for zeros.  Arguments may be pytrees and take their
    cotangent in their structure.  Derivatives flow through arguments only: raises UnsupportedError
    where the function reads a value of an enclosing function that is differentiated, ShapeError or
    TraceError where the rule's answer does not fit the arguments.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._forward: Callable[..., Any] | None = None
        self._backward: Callable[..., Any] | None = None
        self._in_forward: ContextVar[bool] = ContextVar("in_forward", default=False)

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        """Sets the rules."""
        self._forward, self._backward = forward, backward

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = positional(self._function, args, kwargs)
        return self._traced(*args) if is_tracing() else self._compiled(*args)

    def _traced(self, *args: Any) -> Any:
        if self._forward is None or self._backward is None:
            raise TraceError(f"{_name(self)}: custom_vjp without rules: call .defvjp(...)")
        if self._in_forward.get():  # the forward rule calls the function itself
            return answer_of(self._function, args, {})
        inside = Inside.of(args)
        outer = self._in_forward.set(True)
        try:
            pair = answer_of(self._forward, inside.args, {})
        finally:
            self._in_forward.reset(outer)
        if not isinstance(pair, tuple | list) or len(pair) != 2:
            raise TraceError(f"{_name(self)}: the forward rule gives (result, what is kept)")
        return _custom(custom_vjp_op, self._backward, _name(self), pair[0], pair[1], inside)

    @functools.cached_property
    def _compiled(self) -> Any:
        def call(*args: Any) -> Any:
            return self._traced(*args)

        return transformed(call, self._function)


def _pulled(
    g: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node | None, ...]:
    outs, kept, given, captured = rule.split(operands)
    cotangent = rule.outputs.unflatten(wrap(x) for x in filled(tuple(g), outs))
    residuals = rule.residuals.unflatten(wrap(x) for x in kept)
    answer = answer_of(rule.function, (residuals, cotangent), {})
    parts = tuple(answer) if isinstance(answer, tuple | list) else (answer,)
    if len(parts) != len(rule.arguments.children):
        raise TraceError(
            f"{rule.name}: the backward rule gives {len(parts)} cotangents for "
            f"{len(rule.arguments.children)} arguments: return a tuple of one an argument, None "
            f"for zeros"
        )
    found: list[Node | None] = []
    for k, (part, tree) in enumerate(zip(parts, rule.arguments.children, strict=True)):
        whose = f"{rule.name}: the backward rule's cotangent of argument {k}"
        at = len(found)
        found += _leaves(part, tree, given[at : at + tree.count], whose)
    return (*(None,) * (len(outs) + len(kept)), *found, *(None,) * len(captured))


def _leaves(part: Any, tree: Tree, like: Sequence[Node], whose: str) -> list[Node | None]:
    """A cotangent as nodes of the types of `like`; None, also within, is zeros."""
    if part is None:
        return [None] * tree.count
    if tree.kind == "leaf":
        nodes, found = nodes_of(part)
        if found != tree:
            raise TraceError(f"{whose} is a {found.kind}, the argument is an array or a number")
        return [fitted(nodes[0], like[0], whose) if carries_derivative(like[0]) else None]
    children, of_part = flatten(part)
    if of_part == tree:
        pairs = zip(children, like, strict=True)
        return [_leaves(v, Tree("leaf"), [x], whose)[0] for v, x in pairs]
    if tree.kind == "dict" and isinstance(part, dict) and set(part) == set(tree.meta):
        values = [part[k] for k in tree.meta]
    elif tree.kind in ("tuple", "list", "namedtuple") and len(part) == len(tree.children):
        values = list(part)
    else:
        raise TraceError(f"{whose} has another structure than the argument")
    out: list[Node | None] = []
    for v, child in zip(values, tree.children, strict=True):
        out += _leaves(v, child, like[len(out) : len(out) + child.count], whose)
    return out


# ---- custom_jvp ----------------------------------------------------------------------------------


class custom_jvp:
    """A function with its own rule for tangents; reverse mode transposes it.

    @ag.custom_jvp
    def f(x): ...
    f.defjvp(rule)

    rule(primals, tangents) gives (f(*primals), tangent), both tuples having one entry an argument;
    the tangent is linear in the tangents.  Raises as `custom_vjp` does.
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> Callable[..., Any]:
        """Sets the rule and returns it, so that this is a decorator too."""
        self._rule = rule
        return rule

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        args = positional(self._function, args, kwargs)
        return self._traced(*args) if is_tracing() else self._compiled(*args)

    def _traced(self, *args: Any) -> Any:
        if self._rule is None:
            raise TraceError(f"{_name(self)}: custom_jvp without a rule: call .defjvp(...)")
        inside = Inside.of(args)
        answer = answer_of(self._function, inside.args, {})
        return _custom(custom_jvp_op, self._rule, _name(self), answer, (), inside)

    @functools.cached_property
    def _compiled(self) -> Any:
        def call(*args: Any) -> Any:
            return self._traced(*args)

        return transformed(call, self._function)


def _pushed(
    tangents: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node, ...]:
    _, _, given, captured = rule.split(operands)
    _, _, ts, through = rule.split(tuple(tangents))
    if any(t is not None for t in through):
        raise _closure_error(rule, captured)
    return tuple(_pushed_nodes(rule, operands, filled(ts, given)))


def _transposed(
    g: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node | None, ...]:
    """The cotangents by a rule for tangents: it is linear in them, so it is differentiated."""
    outs, _, given, captured = rule.split(operands)
    variables = [new_input("tangent", x.dtype, x.shape) for x in given]
    pushed = _pushed_nodes(rule, operands, variables)
    found = cotangents_of(pushed, filled(tuple(g), outs), variables)
    zeros = dict(zip(variables, map(zeros_like, variables), strict=True))
    back = iter(substitute([x for x in found if x is not None], zeros))
    parts = (None if x is None else next(back) for x in found)
    return (*(None,) * len(outs), *parts, *(None,) * len(captured))


def _pushed_nodes(rule: Rule, operands: Sequence[Node], tangents: Sequence[Node]) -> list[Node]:
    outs, _, given, _ = rule.split(operands)
    primals = rule.arguments.unflatten(wrap(x) for x in given)
    moved = rule.arguments.unflatten(wrap(x) for x in tangents)
    answer = answer_of(rule.function, (primals, moved), {})
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise TraceError(f"{rule.name}: the rule gives (result, tangent)")
    nodes, tree = nodes_of(answer[1])
    if tree != rule.outputs:
        raise TraceError(f"{rule.name}: the rule's tangent has another structure than the result")
    whose = f"{rule.name}: the rule's tangent"
    return [fitted(t, x, whose) for t, x in zip(nodes, outs, strict=True)]


# ---- their nodes ---------------------------------------------------------------------------------


def positional(
    function: Callable[..., Any], args: tuple[Any, ...], kwargs: dict[str, Any]
) -> tuple[Any, ...]:
    """The arguments of a call in the order of the signature, defaults included."""
    try:
        bound = inspect.signature(function).bind(*args, **kwargs)
    except ValueError:  # a built-in without signature
        return args
    bound.apply_defaults()
    if bound.kwargs:
        names = ", ".join(bound.kwargs)
        raise TraceError(
            f"{getattr(function, '__name__', function)}: a function with a rule of its own takes "
            f"positional arguments, {names} can be given by keyword only"
        )
    return bound.args


def _custom(
    op: Op, rule: Callable[..., Any], name: str, answer: Any, kept: Any, inside: Inside
) -> Any:
    outs, tree = nodes_of(answer)
    residuals, kept_tree = nodes_of(kept)
    captured = [x for x in inside.captured((*outs, *residuals)) if carries_derivative(x)]
    about = Rule(rule, name, tree, kept_tree, inside.tree)
    operands = (*outs, *residuals, *inside.given, *captured)
    n = make(op, operands, (("rule", about), ("uid", fresh_uid())))
    return tree.unflatten(wrap(project(n, k)) for k in range(len(outs)))


def _types(*operands: Node, rule: Rule, uid: int) -> tuple[Any, ...]:
    return tuple(x.type for x in rule.split(operands)[0])


def _values(*values: Any, rule: Rule, uid: int) -> tuple[Any, ...]:
    return tuple(rule.split(values)[0])


def _flow(n: Node, active: Activity) -> tuple[bool, ...]:
    """Results depend on the arguments alone, whatever the outputs were computed from."""
    rule: Rule = n.attr("rule")
    outs, _, given, captured = rule.split(n.inputs)
    if any(active(x) for x in captured):
        raise _closure_error(rule, [x for x in captured if active(x)])
    any_active = any(active(x) for x in given)
    return tuple(any_active and carries_derivative(x) for x in outs)


def _closure_error(rule: Rule, captured: Sequence[Node]) -> UnsupportedError:
    what = ", ".join(str(x.type) for x in captured)
    return UnsupportedError(
        f"{rule.name} reads a value ({what}) of an enclosing function that derivatives are taken "
        f"through, but its own rule knows its arguments only: pass the value as an argument"
    )


def _name(function: Any) -> str:
    return str(getattr(function, "__name__", type(function).__name__))


#: (outputs, residuals, arguments, captured): the outputs; derivatives go to the arguments by the
#: rule
custom_vjp_op = Op(
    "custom_vjp",
    infer=_types,
    reference=_values,
    vjp=_pulled,
    traits=frozenset({"passes"}),
    extra={"activity": _flow},
)
#: (outputs, arguments, captured): the outputs; tangents by the rule
custom_jvp_op = Op(
    "custom_jvp",
    infer=_types,
    reference=_values,
    vjp=_transposed,
    jvp=_pushed,
    traits=frozenset({"passes"}),
    extra={"activity": _flow},
)

__all__ = ["custom_jvp", "custom_vjp", "positional"]
