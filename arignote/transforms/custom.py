"""Derivative rules by the user: custom_vjp, custom_jvp, and checkpoint, which repeats instead of
keeping."""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import TraceError
from ..fxgraph.constants import fresh_uid, new_input, project
from ..fxgraph.graph import substitute
from ..fxgraph.node import Node, Op, make
from ..fxgraph.ops.barriers import recompute_point
from ..fxgraph.ops.shaping import zeros_like
from ..trace.proxy import node_of, wrap
from ..trace.pytree import Tree, flatten
from ..trace.session import is_tracing
from .tracing import answer_of, filled, nodes_of, transformed


@dataclass(frozen=True, eq=False)
class Rule:
    """What a custom op's node refers to: the user's rule, and how its operands nest."""

    function: Callable[..., Any]
    outputs: Tree
    residuals: Tree
    arguments: Tree

    @property
    def counts(self) -> tuple[int, int, int]:
        return self.outputs.count, self.residuals.count, self.arguments.count


def _pulled(
    g: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node | None, ...]:
    a, b, _ = rule.counts
    outs, kept, given = operands[:a], operands[a : a + b], operands[a + b :]
    cotangent = rule.outputs.unflatten(wrap(x) for x in filled(tuple(g), outs))
    residuals = rule.residuals.unflatten(wrap(x) for x in kept)
    answer = answer_of(rule.function, (residuals, cotangent), {})
    found, tree = nodes_of(tuple(answer) if isinstance(answer, tuple | list) else (answer,))
    if len(found) != len(given):
        raise TraceError(
            f"custom_vjp: the backward rule gives {len(found)} cotangents for {len(given)} arguments "
            f"(it got {tree.count}): return one an argument, of its structure"
        )
    return (*(None,) * (a + b), *found)


def _transposed(
    g: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node | None, ...]:
    """The cotangents by a rule for tangents: it is linear in them, so it is differentiated."""
    a, _, _ = rule.counts
    outs, given = operands[:a], operands[a:]
    variables = [new_input("tangent", x.dtype, x.shape) for x in given]
    pushed = _pushed_nodes(rule, given, variables)
    found = cotangents_of(pushed, filled(tuple(g), outs), variables)
    zeros = dict(zip(variables, map(zeros_like, variables), strict=True))
    nodes = substitute([x for x in found if x is not None], zeros)
    back = iter(nodes)
    return (*(None,) * a, *(None if x is None else next(back) for x in found))


def _pushed(
    tangents: Sequence[Node | None], out: Node, *operands: Node, rule: Rule, uid: int
) -> tuple[Node, ...]:
    a, _, _ = rule.counts
    return tuple(_pushed_nodes(rule, operands[a:], filled(tuple(tangents)[a:], operands[a:])))


def _pushed_nodes(rule: Rule, given: Sequence[Node], tangents: Sequence[Node]) -> list[Node]:
    primals = rule.arguments.unflatten(wrap(x) for x in given)
    moved = rule.arguments.unflatten(wrap(x) for x in tangents)
    answer = answer_of(rule.function, (primals, moved), {})
    nodes, _ = nodes_of(answer[1])
    return nodes


def _types(*operands: Node, rule: Rule, uid: int) -> tuple[Any, ...]:
    return tuple(x.type for x in operands[: rule.counts[0]])


def _values(*values: Any, rule: Rule, uid: int) -> tuple[Any, ...]:
    return tuple(values[: rule.counts[0]])


#: (outputs..., residuals..., arguments...): the outputs; derivatives go to the arguments by the rule
custom_vjp_op = Op(
    "custom_vjp", infer=_types, reference=_values, vjp=_pulled, traits=frozenset({"passes"})
)
#: (outputs..., arguments...): the outputs; tangents by the rule
custom_jvp_op = Op(
    "custom_jvp",
    infer=_types,
    reference=_values,
    vjp=_transposed,
    jvp=_pushed,
    traits=frozenset({"passes"}),
)


class custom_vjp:  # noqa: N801
    """A function with its own backward rule.

    @ag.custom_vjp
    def f(x): ...
    f.defvjp(forward, backward)   # forward(x) -> (f(x), kept); backward(kept, g) -> (cotangent,)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._forward: Callable[..., Any] | None = None
        self._backward: Callable[..., Any] | None = None

    def defvjp(self, forward: Callable[..., Any], backward: Callable[..., Any]) -> None:
        self._forward, self._backward = forward, backward

    def __call__(self, *args: Any) -> Any:
        if not is_tracing():
            return self._compiled(*args)
        if self._forward is None or self._backward is None:
            raise TraceError(
                f"{self._function.__name__}: custom_vjp without rules: call .defvjp(...)"
            )
        answer, kept = answer_of(self._forward, args, {})
        return _custom(custom_vjp_op, self._backward, answer, kept, args)

    @functools.cached_property
    def _compiled(self) -> Any:
        return transformed(lambda *args: self(*args), self._function)


class custom_jvp:  # noqa: N801
    """A function with its own rule for tangents; reverse mode transposes it.

    @ag.custom_jvp
    def f(x): ...
    f.defjvp(rule)   # rule((x,), (t,)) -> (f(x), tangent)
    """

    def __init__(self, function: Callable[..., Any]) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._rule: Callable[..., Any] | None = None

    def defjvp(self, rule: Callable[..., Any]) -> None:
        self._rule = rule

    def __call__(self, *args: Any) -> Any:
        if not is_tracing():
            return self._compiled(*args)
        if self._rule is None:
            raise TraceError(
                f"{self._function.__name__}: custom_jvp without a rule: call .defjvp(...)"
            )
        answer = answer_of(self._function, args, {})
        return _custom(custom_jvp_op, self._rule, answer, (), args)

    @functools.cached_property
    def _compiled(self) -> Any:
        return transformed(lambda *args: self(*args), self._function)


def checkpoint(function: Callable[..., Any]) -> Callable[..., Any]:
    """`function`, of which reverse mode keeps the arguments only: what it needs is computed again."""

    def forward(*args: Any) -> Any:
        return answer_of(function, args, {}), args

    def backward(kept: Any, cotangent: Any) -> Any:
        leaves, tree = flatten(kept)
        points = [recompute_point(node_of(x)) for x in leaves]
        outputs, _ = nodes_of(answer_of(function, tree.unflatten(map(wrap, points)), {}))
        seeds, _ = nodes_of(cotangent)
        found = filled(cotangents_of(outputs, seeds, points), points)
        return tuple(tree.unflatten(map(wrap, found)))

    for part in (forward, backward):
        part.__arignote_traced__ = True  # type: ignore[attr-defined]
    made = custom_vjp(function)
    made.defvjp(forward, backward)
    return made


def _custom(op: Op, rule: Callable[..., Any], answer: Any, kept: Any, args: Sequence[Any]) -> Any:
    outs, tree = nodes_of(answer)
    residuals, kept_tree = nodes_of(kept)
    given, arg_tree = nodes_of(tuple(args))
    at = (("rule", Rule(rule, tree, kept_tree, arg_tree)), ("uid", fresh_uid()))
    n = make(op, (*outs, *residuals, *given), at)
    return tree.unflatten(wrap(project(n, k)) for k in range(len(outs)))
