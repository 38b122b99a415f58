"""`ag.rule`: rewrites by the user, both sides written in NumPy's functions.

The left side is traced once into a pattern, the right side runs on what the pattern matched; both
become nodes, so a user's rewrite is a rule like the built-in ones: its name excludes it, it is
listed, and validation compares it.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Mapping
from typing import Any

import numpy as np

from ..emit import warm
from ..errors import TraceError
from ..fxgraph.constants import new_input
from ..fxgraph.node import Node
from ..fxgraph.types import I64, Shape
from ..optimize.rule import ASKED, RULES, Promise, cst
from ..optimize.rule import Rule as Rewrite
from ..optimize.rule import rule as declare
from ..trace.proxy import is_proxy, node_of, wrap
from ..trace.session import tracing
from .array_op import ArrayOp
from .elementwise_op import ElementwiseOp

_MINE: set[str] = set()


def rule(
    pattern: Callable[..., Any] | ArrayOp | ElementwiseOp,
    *,
    keeps: Promise = "reals",
    phase: str = "specialize",
    everywhere: bool = True,
    constants: Iterable[str] = (),
    ranks: Mapping[str, int] | None = None,
    dtype: Any = "f8",
    tags: Iterable[str] = (),
) -> Callable[[Callable[..., Any]], Rewrite]:
    """Declare the decorated function as a rewrite: what the pattern matches becomes its result.

    pattern: a function in NumPy's functions, or an op made by `ag.op`, every call of which matches.
    The decorated function's parameters are the pattern's, by name (the operands and keywords of the
    op); it answers in NumPy's functions, or None to decline, and needs a docstring that says what
    becomes what.  An answer of another type than what it is for counts as None.

    keeps: "bits" where not one bit changes, "reals" where rounding may differ.  everywhere: apply
    to every function compiled from now on; else to those with compile(..., rules=[it]).  constants:
    parameters that match constants only.  ranks: how many axes parameters have, where the pattern
    needs to know.  dtype: that the pattern is traced with, where the ops in it ask.

    Declaring a rule again replaces it.  Raises ValueError for the name of a built-in rule.
    """
    if isinstance(pattern, ArrayOp | ElementwiseOp):
        roots: list[Any] = [pattern.op]
    else:
        roots = [_traced(pattern, set(constants), ranks or {}, dtype)]

    def register(function: Callable[..., Any]) -> Rewrite:
        name = function.__name__
        if name in _MINE:
            remove_rule(name)
        build = _on_nodes(function) if isinstance(roots[0], Node) else _on_call(function)
        build.__name__, build.__doc__ = name, function.__doc__
        build.__module__ = function.__module__
        vars(build)["written"] = function  # what scripts that show a difference quote
        labels = (*tags, "user", *(() if everywhere else (ASKED,)))
        declare(*roots, phase=phase, keeps=keeps, tags=labels)(build)
        _MINE.add(name)
        if everywhere:
            warm.REWRITES.add(name)
        return RULES[name]

    return register


def remove_rule(name: str) -> None:
    """Take back a rule of the user's.  Raises ValueError for other names."""
    if name not in _MINE:
        raise ValueError(f"no rule of yours is called {name!r}: {', '.join(sorted(_MINE))}")
    _MINE.discard(name)
    warm.REWRITES.discard(name)
    del RULES[name]


def _traced(
    pattern: Callable[..., Any], constants: set[str], ranks: Mapping[str, int], dtype: Any
) -> Node:
    names = list(inspect.signature(pattern).parameters)
    with tracing():
        values = [
            wrap(cst(n, dtype) if n in constants else _variable(n, ranks.get(n, 0), dtype))
            for n in names
        ]
        answer = pattern(*values)
    if not is_proxy(answer):
        raise TraceError("the pattern of a rule is an expression of its parameters")
    return node_of(answer)


def _variable(name: str, rank: int, dtype: Any) -> Node:
    shape: Shape = tuple(
        new_input(f"?size_{name}_{k}", I64, (), True, lower=2) for k in range(rank)
    )
    return new_input(f"?{name}", np.dtype(dtype), shape)


def _on_nodes(function: Callable[..., Any]) -> Callable[..., Node | None]:
    """The right side on what a pattern bound."""
    wanted = set(inspect.signature(function).parameters)

    def build(root: Node, **bound: Node) -> Node | None:
        given = {k: wrap(v) for k, v in bound.items() if k in wanted}
        return _node(function(**given), root)

    return build


def _on_call(function: Callable[..., Any]) -> Callable[[Node], Node | None]:
    """The right side on the operands of a call."""

    def build(n: Node) -> Node | None:
        user = n.op.extra["user"]
        if isinstance(user, ElementwiseOp):
            return _node(function(*map(wrap, n.inputs)), n)
        at = n.kwargs
        return _node(function(*map(wrap, n.inputs[: at["arrays"]]), **dict(at["static"])), n)

    return build


def _node(answer: Any, like: Node) -> Node | None:
    if answer is None:
        return None
    n = node_of(answer)
    return n if n.type == like.type else None


__all__ = ["remove_rule", "rule"]
