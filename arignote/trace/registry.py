"""Which implementation answers for which NumPy function, and the seam between them and the proxies.

`numpy_api` declares implementations with `implements`; `dispatch` looks them up.  An implementation
gets proxies or plain values and turns them into nodes with `hooks.node_of`; its result goes
back through `hooks.wrap` (a value of its own) or `hooks.view` (shares memory, as in NumPy).
Until the proxies are imported a node is its own proxy, which is how the tests of `numpy_api` run.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any, TypeVar

import numpy as np

from ..fxgraph.constants import const, number
from ..fxgraph.node import Node
from ..fxgraph.ops import structure
from ..fxgraph.ops.rolling import rolling
from ..fxgraph.types import Shape
from ..fxgraph.window import Window

F = TypeVar("F", bound=Callable[..., Any])

#: NumPy (or SciPy) function -> its implementation, with the same signature.
IMPLEMENTED: dict[Any, Callable[..., Any]] = {}
#: (ufunc name, method name) -> implementation with the signature of the method, without `self`.
UFUNC_METHODS: dict[tuple[str, str], Callable[..., Any]] = {}
#: Type of an opaque argument (np.random.Generator) -> makes what stands for it from its state node.
HANDLES: dict[type, Callable[[Node], Any]] = {}
#: Objects that are subscripted rather than called (np.mgrid, np.r_, ...) -> what `object[key]` is.
SUBSCRIPTED: dict[Any, Callable[[Any], Any]] = {}


def implements(*functions: Any) -> Callable[[F], F]:
    """Declare that the decorated function answers for these NumPy functions."""

    def register(implementation: F) -> F:
        for function in functions:
            IMPLEMENTED[function] = implementation
        return implementation

    return register


def implements_newer(name: str) -> Callable[[F], F]:
    """Declare that the decorated function answers for np.<name>, where the NumPy installed has it
    (2.0, the oldest, has not)."""
    function = getattr(np, name, None)
    return implements(*(() if function is None else (function,)))


def implements_method(method: str, *ufuncs: str) -> Callable[[F], F]:
    """Declare that the decorated function answers for `ufunc.method` of the named ufuncs."""

    def register(implementation: F) -> F:
        for name in ufuncs:
            UFUNC_METHODS[name, method] = implementation
        return implementation

    return register


def implementation(function: Any) -> Callable[..., Any] | None:
    """What answers for a NumPy or SciPy function; None where nothing does.

    SciPy's functions are registered when the first of them is asked for, so that programs without
    SciPy do not pay for its import.
    """
    try:
        found = IMPLEMENTED.get(function)
    except TypeError:  # not hashable
        return None
    if found is None and _may_be_scipys(function):
        for name in ("scipy_api", "special_api"):
            importlib.import_module(f"arignote.trace.{name}")
        found = IMPLEMENTED.get(function)
    return found


def _may_be_scipys(function: Any) -> bool:
    """Ufuncs do not say where they are from; SciPy's are those that are not NumPy's."""
    if isinstance(function, np.ufunc):
        return getattr(np, function.__name__, None) is not function
    return str(getattr(function, "__module__", "")).startswith("scipy.")


def plain_node(x: Any) -> Node:
    """A node, or a number or NumPy array as a constant (without proxies)."""
    if isinstance(x, Node):
        return x
    if isinstance(x, np.ndarray | np.generic):
        return const(x)
    return number(x)


def _assign(x: Any, value: Node) -> None:
    raise TypeError("a node cannot be written: this needs an array proxy")


@dataclass
class Hooks:
    """What `numpy_api` needs of the proxies; `trace.proxy` replaces every entry.

    is_proxy(x): is x a traced value?
    node_of(x): the node of a traced value, Python number, NumPy scalar or NumPy array.
    wrap(node): a value of its own; rank 0 gives a scalar, a weak one a Python number.
    fresh(node): as wrap, but rank 0 gives a 0-d array.
    view(x, window): a view that shares x's memory.
    read_only(x, window): as view, but NumPy refuses writes through it (broadcast_to, diagonal).
    rolling(x, axes, shape): windows that slide along axes, theirs at the end; a read-only view.
    reshape(x, shape): as NumPy: shares memory where x is contiguous.
    contiguous(x): is x's memory in C order without gaps?
    assign(x, node): `x[...] = node`; the node has x's shape and dtype.
    repeated(items, count): a list or tuple times a traced integer, as Python repeats it.
    grown(items): the array of a list whose length is known at run time only; None for others.
    cell(node): a fresh object whose `version` is the node now and may be set; loops carry it.
    """

    is_proxy: Callable[[Any], bool] = lambda x: isinstance(x, Node)
    node_of: Callable[[Any], Node] = plain_node
    wrap: Callable[[Node], Any] = lambda n: n
    fresh: Callable[[Node], Any] = lambda n: n
    view: Callable[[Any, Window], Any] = structure.view
    read_only: Callable[[Any, Window], Any] = structure.view
    rolling: Callable[[Any, tuple[int, ...], Shape], Any] = rolling
    reshape: Callable[[Any, Shape], Any] = structure.reshape
    contiguous: Callable[[Any], bool] = lambda x: True
    assign: Callable[[Any, Node], None] = _assign
    repeated: Callable[[Any, Any], Any] = lambda items, count: items * count
    grown: Callable[[Any], Any] = lambda items: None
    cell: Callable[[Node], Any] = lambda n: SimpleNamespace(version=n)


hooks = Hooks()
