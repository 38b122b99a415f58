"""Reverse mode: grad, value_and_grad, vjp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd_sym.reverse import vjp as cotangents_of
from ..errors import ShapeError
from ..fxgraph.constants import const
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to, spread
from ..trace.proxy import wrap
from ..trace.session import is_tracing
from .tracing import Variables, answer_of, nodes_of, transformed

Argnums = int | Sequence[int]


def grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The gradient of a function with a scalar result.

    argnums: which positional arguments, one or several (then a tuple comes back).  An argument may be
    a pytree; the gradient has its structure, and each leaf the shape and dtype of the argument's.
    has_aux: the function returns (result, anything); the gradient returns (gradient, anything).
    Arguments that the function writes are not changed.  Complex arguments follow JAX: the
    gradient of a real function is dx - i dy of it, so descent steps go along its conjugate.
    Raises DTypeError for integer arguments (zeros with `allow_int`), ShapeError for a result that is
    no scalar, UnsupportedError for an operation without derivative, with the user's line.
    """
    both = _value_and_grad(function, argnums, has_aux, allow_int)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, derivative = both(*args, **kwargs)
        return (derivative, value[1]) if has_aux else derivative

    return transformed(gradient, function)


def value_and_grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """(result, gradient) of a function, in one pass; see `grad`."""
    return transformed(_value_and_grad(function, argnums, has_aux, allow_int), function)


def _value_and_grad(
    function: Callable[..., Any], argnums: Argnums, has_aux: bool, allow_int: bool
) -> Callable[..., Any]:
    single = isinstance(argnums, int)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        variables = Variables.of(args, wanted, allow_int, "grad")
        answer = answer_of(function, variables.args, kwargs)
        value = answer[0] if has_aux else answer
        out = _scalar(value)
        seed = cast_to(const(1.0), out.dtype)
        found = cotangents_of((out,), (seed,), variables.wrt)
        return answer, variables.tree_of(found, single)

    return value_and_gradient


def _scalar(value: Any) -> Node:
    leaves, _ = nodes_of(value)
    if len(leaves) != 1 or leaves[0].shape:
        what = " and ".join(str(n.type) for n in leaves) or "nothing"
        raise ShapeError(
            f"grad needs a function with one scalar result, this one gives {what}: return a sum, or "
            f"use jacobian or vjp"
        )
    out = leaves[0]
    if out.dtype.kind not in "fc":
        raise ShapeError(f"grad needs a function with a floating result, this one gives {out.type}")
    return out


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(result, pull) where pull(cotangent) gives one cotangent an argument.

    The cotangent has the structure, shapes and dtypes of the result.
    """
    if not is_tracing():
        return _vjp_of_values(function, args)
    variables = Variables.of(args, range(len(args)), True, "vjp")
    answer = answer_of(function, variables.args, {})
    outputs, _ = nodes_of(answer)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        given, _ = nodes_of(cotangent)
        seeds = [spread(cast_to(g, o.dtype), o.shape) for g, o in zip(given, outputs, strict=True)]
        pulled: tuple[Any, ...] = variables.tree_of(
            cotangents_of(outputs, seeds, variables.wrt), False
        )
        return pulled

    return answer, pull


def _vjp_of_values(
    function: Callable[..., Any], args: Sequence[Any]
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    def pulled(cotangent: Any, *inner: Any) -> Any:
        return vjp(function, *inner)[1](cotangent)

    def result(*inner: Any) -> Any:
        return answer_of(function, Variables.of(inner, (), True, "vjp").args, {})

    back = transformed(pulled, function)
    return transformed(result, function)(*args), lambda cotangent: back(cotangent, *args)
