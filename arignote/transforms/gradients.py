"""Reverse mode: grad, value_and_grad, vjp."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..autograd_sym.reverse import vjp as cotangents_of
from ..config import config, read_bytes
from ..errors import DTypeError, ShapeError, TraceError
from ..fxgraph.constants import const
from ..fxgraph.node import Node
from ..fxgraph.ops.family import cast_to
from ..optimize.before_gradients import stabilized
from ..trace.derived import Derived
from ..trace.proxy import wrap
from ..trace.session import is_tracing
from .kept import kept
from .segments import bounded, in_segments, stored
from .tracing import Variables, answer_of, nodes_of, paired, transformed

Argnums = int | Sequence[int]


def grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    allow_int: bool = False,
    holomorphic: bool = False,
    memory: int | str | None = None,
) -> Callable[..., Any]:
    """The gradient of a function with a scalar result.

    argnums: which positional arguments, one or several (then a tuple comes back).  An argument may
    be a pytree; the gradient has its structure, and each leaf the shape and dtype of the
    argument's. has_aux: the function returns (result, anything); the gradient returns (gradient,
    anything). Arguments that the function writes are not changed.  Complex arguments follow JAX:
    the gradient of a real function is dx - i dy of it, so descent steps go along its conjugate.
    holomorphic: the function is analytic, its result complex; the gradient is the complex
    derivative.  memory ("64MB", bytes): where loops would store more than that, they run in
    segments that are repeated on the way back; by default the flag `tape_memory`, where 0 is no
    bound.  Raises DTypeError for integer arguments (zeros with
    `allow_int`) and for complex results unless `holomorphic`, ShapeError for a result that is no
    scalar, UnsupportedError for an operation without derivative, with the user's line.
    """
    both = _value_and_grad(function, argnums, has_aux, allow_int, holomorphic, memory)

    def gradient(*args: Any, **kwargs: Any) -> Any:
        value, derivative = both(*args, **kwargs)
        return (derivative, value[1]) if has_aux else derivative

    options = _options(argnums, has_aux, allow_int, holomorphic, memory)
    return transformed(gradient, function, True, Derived(grad, function, options))


def value_and_grad(
    function: Callable[..., Any],
    argnums: Argnums = 0,
    has_aux: bool = False,
    allow_int: bool = False,
    holomorphic: bool = False,
    memory: int | str | None = None,
) -> Callable[..., Any]:
    """(result, gradient) of a function, in one pass; see `grad`."""
    both = _value_and_grad(function, argnums, has_aux, allow_int, holomorphic, memory)
    options = _options(argnums, has_aux, allow_int, holomorphic, memory)
    return transformed(both, function, True, Derived(value_and_grad, function, options))


def _options(
    argnums: Argnums, has_aux: bool, allow_int: bool, holomorphic: bool, memory: int | str | None
) -> dict[str, Any]:
    return {
        "argnums": argnums, "has_aux": has_aux, "allow_int": allow_int, "holomorphic": holomorphic,
        "memory": memory,
    }  # fmt: skip


def _value_and_grad(
    function: Callable[..., Any],
    argnums: Argnums,
    has_aux: bool,
    allow_int: bool,
    holomorphic: bool,
    memory: int | str | None,
) -> Callable[..., Any]:
    bound = None if memory is None else read_bytes(memory)
    single = isinstance(argnums, int)
    wanted = (argnums,) if isinstance(argnums, int) else tuple(argnums)

    def value_and_gradient(*args: Any, **kwargs: Any) -> Any:
        variables = Variables.of(args, wanted, allow_int, "grad")
        answer = answer_of(function, variables.args, kwargs)
        out = _scalar(_main(answer) if has_aux else answer, holomorphic)
        seed = cast_to(const(1.0), out.dtype)
        found = cotangents_of(stabilized((out,), variables.wrt), (seed,), variables.wrt)
        most = config.tape_memory if bound is None else bound
        log = 0
        if most:
            log, total = stored([out, *(g for g in found if g is not None)])
            bounded(log, total, most)
        if log > most:
            nodes, tree = nodes_of(answer)
            out, *nodes = in_segments((out, *nodes), (out,), log)
            answer = tree.unflatten(map(wrap, nodes))
            found = cotangents_of((out,), (seed,), variables.wrt)
        return answer, variables.tree_of(found, single)

    return value_and_gradient


def _main(answer: Any) -> Any:
    """The result of a function that gives (result, auxiliary data)."""
    if not isinstance(answer, tuple | list) or len(answer) != 2:
        raise TraceError("grad with has_aux=True needs a function that returns (result, aux)")
    return answer[0]


def _scalar(value: Any, holomorphic: bool) -> Node:
    leaves, _ = nodes_of(value)
    if len(leaves) != 1 or leaves[0].shape:
        what = " and ".join(str(n.type) for n in leaves) or "nothing"
        raise ShapeError(
            f"grad needs a function with one scalar result, this one gives {what}: return a sum, "
            f"or use jacobian or vjp"
        )
    out = leaves[0]
    if out.dtype.kind not in "fc":
        raise DTypeError(
            f"grad needs a function with a floating result, this one gives {out.type}: use has_aux "
            f"for what is only looked at"
        )
    if (out.dtype.kind == "c") != holomorphic:
        raise DTypeError(
            f"grad with holomorphic=True needs a complex result, this one is {out.type}"
            if holomorphic
            else f"grad of a complex result ({out.type}) is not one array: take the real part, the "
            f"absolute value, or say holomorphic=True if the function is analytic"
        )
    return out


def vjp(function: Callable[..., Any], *args: Any) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    """(result, pull) where pull(cotangent) gives one cotangent an argument.

    The cotangent has the structure and shapes of the result; integer arguments get zeros.  Inside a
    compiled function both are parts of it.  Outside, each is compiled, so code that calls `pull`
    often is better compiled itself.  Raises ShapeError or TraceError for a cotangent that does not
    fit.
    """
    if not is_tracing():
        return _vjp_of_values(function, args)
    variables = Variables.of(args, range(len(args)), True, "vjp")
    answer = answer_of(function, variables.args, {})
    outputs, tree = nodes_of(answer)

    def pull(cotangent: Any) -> tuple[Any, ...]:
        seeds = paired(cotangent, outputs, tree, "vjp: the cotangent")
        found = cotangents_of(stabilized(outputs, variables.wrt), seeds, variables.wrt)
        pulled: tuple[Any, ...] = variables.tree_of(found, False)
        return pulled

    return answer, pull


def _vjp_of_values(
    function: Callable[..., Any], args: Sequence[Any]
) -> tuple[Any, Callable[[Any], tuple[Any, ...]]]:
    def pulled(cotangent: Any, *inner: Any) -> Any:
        return vjp(function, *inner)[1](cotangent)

    def result(*inner: Any) -> Any:
        return answer_of(function, Variables.of(inner, (), True, "vjp").args, {})

    back = kept("pull", function, lambda: transformed(pulled, function))
    value = kept("value", function, lambda: transformed(result, function))(*args)
    return value, lambda cotangent: back(cotangent, *args)
