"""What network functions take: traced values inside a compiled function, arrays outside of one.

A function decorated with `network` is written over traced values only.  Called on arrays it is
traced for that call and the NumPy meaning of the trace is run, so both ways agree by construction.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

from ..errors import ShapeError
from ..fxgraph.affine import dim, plus, size_node
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import required, same
from ..fxgraph.ops.elementwise import less_equal
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import quotient
from ..fxgraph.prove import hinted, sure
from ..specialise import traced
from ..trace.interpreted import run
from ..trace.numpy_api.arguments import (
    array,
    dynamic_size,
    index_node,
    integer,
    known_equal,
    said,
)
from ..trace.proxy import fresh, is_proxy, node_of, wrap
from ..trace.pytree import flatten
from ..trace.registry import implementation
from ..trace.session import is_tracing

F = TypeVar("F", bound=Callable[..., Any])


def network(function: F) -> F:
    """Make a function over traced values answer for arrays, too."""
    function.__arignote_traced__ = True  # type: ignore[attr-defined]

    @functools.wraps(function)
    def called(*args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten((args, kwargs))
        if is_tracing() or any(map(is_proxy, leaves)):
            return function(*args, **kwargs)
        trace, _ = traced(function, tree, leaves)
        return run(trace, leaves)

    return called  # type: ignore[return-value]


def as_proxy(x: Any) -> Any:
    """x as a traced array (of rank 0 for a number)."""
    return x if is_proxy(x) else fresh(array(x))


def arange(n: Any) -> Any:
    """np.arange(n), whatever n is: NumPy itself does not ask a traced number."""
    return implementation(np.arange)(n)  # type: ignore[misc]


def zeros(n: Any, dtype: Any) -> Any:
    """np.zeros(n, dtype), whatever n is."""
    return implementation(np.zeros)(n, dtype)  # type: ignore[misc]


def nodes(*operands: Any) -> list[Node]:
    """Operands as nodes of one dtype."""
    found = [array(x) for x in operands]
    dtype = np.result_type(*(n.dtype for n in found))
    return [cast_to(n, dtype) for n in found]


def size(x: Node, axis: int) -> Node:
    """One size as a node."""
    return size_node(x.shape[axis])


def result_size(n: Node, message: str) -> Node:
    """A computed size.  Raises ShapeError, or ValueError at run time, where it is negative."""
    if is_const(n):
        if int(value_of(n)) < 0:
            raise ShapeError(message)
        return n
    return size_node(dynamic_size(n, message))


def windows(room: Node, step: int, message: str) -> Node:
    """How many windows fit, `step` apart, where the first leaves `room` elements over.

    Raises ShapeError, or ValueError at run time, where not even that one fits.
    """
    left = hinted(room)
    if left is not None and left < 0:
        raise ShapeError(message)
    if not sure(room):
        required(less_equal(lit(0), room), "ValueError", message)
    return result_size(plus(quotient(room, step), lit(1)), message)


def agree(a: Node, b: Node, message: str) -> None:
    """Raise ShapeError now, or ValueError at run time, where two sizes differ."""
    if known_equal(dim(a), dim(b)) is False:
        raise ShapeError(f"{message}: {said(dim(a))} against {said(dim(b))}")
    same(a, b)


def ints(value: Any, count: int, what: str) -> tuple[int, ...]:
    """One integer for all axes, or one an axis; they must be known while tracing."""
    if not isinstance(value, tuple | list | np.ndarray):
        value = (value,) * count
    if len(value) != count:
        raise ShapeError(f"{what} has {len(value)} entries for {count} axes")
    return tuple(known(v) for v in value)


def known(value: Any) -> int:
    """An integer whose value tracing asks for."""
    return integer(value)


def index(value: Any) -> Node:
    """An integer, traced or not, as a node."""
    return index_node(value)


def sizes_of(values: Sequence[Any]) -> tuple[Node, ...]:
    return tuple(map(index, values))


__all__ = [
    "agree",
    "arange",
    "as_proxy",
    "index",
    "ints",
    "known",
    "network",
    "node_of",
    "nodes",
    "result_size",
    "size",
    "sizes_of",
    "windows",
    "wrap",
    "zeros",
]
