"""Runs one NumPy function plainly and through its implementation, and compares everything.

Arrays among the arguments become graph inputs twice: with literal sizes, and with one symbol for
each length of 2 or more (hinted, as in a trace).  Nodes are their own proxies here.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import pytest

import arignote.trace.numpy_api  # noqa: F401 - registers the implementations
from arignote.fxgraph.constants import new_input, new_size
from arignote.fxgraph.interpret import evaluate
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.checks import recording
from arignote.fxgraph.prove import construction
from arignote.trace.registry import Hooks, hooks, implementation


@contextmanager
def plain_hooks() -> Iterator[None]:
    """Nodes as their own proxies, whatever else was imported."""
    saved = dataclasses.replace(hooks)
    _set(Hooks())
    try:
        yield
    finally:
        _set(saved)


def _set(values: Hooks) -> None:
    for field in dataclasses.fields(Hooks):
        setattr(hooks, field.name, getattr(values, field.name))


class Inputs:
    """Arrays as input nodes, with the values to feed."""

    def __init__(self, symbolic: bool, hints: dict[Node, int]) -> None:
        self.symbolic, self.hints = symbolic, hints
        self.feeds: dict[Node, Any] = {}
        self.sizes: dict[int, Node] = {}

    def __call__(self, x: Any) -> Any:
        if isinstance(x, np.ndarray) and x.dtype.kind != "O":
            n = new_input("x", x.dtype, tuple(self.size(d) for d in x.shape))
            self.feeds[n] = x
            return n
        if isinstance(x, list | tuple):
            return type(x)(self(y) for y in x)
        return x

    def size(self, d: int) -> Any:
        if d < 2 or not self.symbolic:
            return d
        if d not in self.sizes:
            n = self.sizes[d] = new_size(f"n{d}")
            self.feeds[n] = d
            self.hints[n] = d
        return self.sizes[d]


def traced(function: Callable[..., Any], args: Any, kwargs: Any, symbolic: bool) -> Any:
    """The values that the implementation of `function` computes."""
    with plain_hooks(), construction() as known, recording() as effects, np.errstate(all="ignore"):
        inputs = Inputs(symbolic, known.hints)
        args, kwargs = inputs(tuple(args)), {k: inputs(v) for k, v in kwargs.items()}
        result = implementation(function)(*args, **kwargs)
        nodes: list[Node] = []
        shape = _leaves(result, nodes)
        values = evaluate((*effects, *nodes), inputs.feeds)[len(effects) :]
        return _rebuilt(shape, iter(values))


def _leaves(x: Any, out: list[Node]) -> Any:
    if isinstance(x, list | tuple):
        return [_leaves(y, out) for y in x]
    if isinstance(x, Node):
        out.append(x)
        return None
    return (x,)


def _rebuilt(shape: Any, values: Iterator[Any]) -> Any:
    if shape is None:
        return next(values)
    return shape[0] if isinstance(shape, tuple) else [_rebuilt(s, values) for s in shape]


def same(got: Any, want: Any, rtol: float = 0.0, atol: float = 0.0) -> None:
    if isinstance(want, list | tuple):
        assert len(got) == len(want)
        for g, w in zip(got, want):
            same(g, w, rtol, atol)
        return
    if isinstance(want, np.ndarray | np.generic):
        assert np.shape(got) == want.shape
        assert np.asarray(got).dtype == want.dtype
    np.testing.assert_allclose(got, want, rtol=rtol, atol=atol, equal_nan=True, strict=False)


def agrees(
    function: Callable[..., Any], *args: Any, rtol: float = 1e-12, atol: float = 0.0, **kwargs: Any
) -> None:
    """Values, dtypes and shapes, or the error, are NumPy's."""
    try:
        with np.errstate(all="ignore"):
            want = function(*args, **kwargs)
    except Exception as error:
        for symbolic in (False, True):
            with pytest.raises(_root(error)) as caught:
                traced(function, args, kwargs, symbolic)
            head = str(error).split("\n")[0][:24]
            assert head in str(caught.value), (str(caught.value), str(error))
        return
    for symbolic in (False, True):
        same(traced(function, args, kwargs, symbolic), want, rtol, atol)


def _root(error: Exception) -> type[Exception]:
    """The builtin class of an error: NumPy's own classes derive from these."""
    for cls in type(error).__mro__:
        if cls.__module__ == "builtins":
            return cls
    return Exception
