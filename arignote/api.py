"""The functions that users call: `compile` and the object it gives."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any, overload

from .config import config
from .errors import TraceError
from .fxgraph.graph import Graph
from .specialise import Runner, runner_for
from .trace import converting
from .trace.capture import trace_call
from .trace.interpreted import GuardFailed
from .trace.overlap import Placement, overlapping, placements
from .trace.plan import Trace
from .trace.pytree import Tree, flatten
from .trace.session import NeedStatic
from .trace.signature import Signature, signature_of

Shared = tuple[Placement, ...]


class Compiled:
    """A compiled function: called as the function it wraps, traced once for each kind of arguments.

    `graph(*args)` is the graph for a call like this one, before any rewriting.
    """

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        functools.update_wrapper(self, function)
        self._function = function
        self._options = options
        self._lock = threading.RLock()
        self._table: dict[tuple[Signature, Any], list[tuple[Trace, Runner]]] = {}
        self._static: list[frozenset[int]] = [frozenset()]

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        leaves, tree = flatten((args, kwargs))
        trace, runner = self._found(tree, leaves, ())
        while trace is not None:
            if overlapping(leaves, trace.written):
                return self._overlapping(tree, leaves)
            try:
                return runner(leaves)
            except GuardFailed:
                trace, runner = self._found(tree, leaves, (), after=trace)
        trace, runner = self._specialised(tree, leaves, ())
        if overlapping(leaves, trace.written):
            return self._overlapping(tree, leaves)
        return runner(leaves)

    def _overlapping(self, tree: Tree, leaves: Sequence[Any]) -> Any:
        """A call that writes an array which shares memory with another."""
        leaves, shared = placements(leaves)
        trace, runner = self._found(tree, leaves, shared)
        while trace is not None:
            try:
                return runner(leaves)
            except GuardFailed:
                trace, runner = self._found(tree, leaves, shared, after=trace)
        return self._specialised(tree, leaves, shared)[1](leaves)

    # -- specialisations
    def _state(self) -> Any:
        return (self._mode(), config.key())

    def _mode(self) -> str:
        mode: str = self._options.get("mode") or config.mode
        return mode

    def _found(
        self, tree: Tree, leaves: Sequence[Any], shared: Shared, after: Trace | None = None
    ) -> tuple[Trace | None, Any]:
        """The newest specialisation of this signature; `after`: one whose guards failed."""
        state = self._state()
        seen = after is None
        for static in list(self._static):
            signature, _ = signature_of(tree, leaves, static, shared)
            for trace, runner in tuple(self._table.get((signature, state), ())):
                if seen:
                    return trace, runner
                seen = trace is after
        return None, None

    def _specialised(
        self, tree: Tree, leaves: Sequence[Any], shared: Shared
    ) -> tuple[Trace, Runner]:
        """Trace for these arguments and keep the result."""
        with self._lock:
            trace = self._traced(tree, leaves, shared)
            made = (trace, runner_for(trace, self._mode()))
            key = (trace.signature, self._state())
            self._table[key] = [made, *self._table.get(key, ())]
            return made

    def _traced(self, tree: Tree, leaves: Sequence[Any], shared: Shared = ()) -> Trace:
        static: frozenset[int] = frozenset()
        for _ in range(len(leaves) + 1):
            signature, slots = signature_of(tree, leaves, static, shared)
            try:
                trace = trace_call(self._function, signature, slots, converting.converted)
            except NeedStatic as needed:
                static = static | frozenset(needed.leaves)
                continue
            if static not in self._static:
                self._static = [static, *self._static]
            return trace
        raise TraceError(
            f"{self._function.__qualname__}: tracing does not settle which values are static"
        )

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of the function for arguments like these, before any rewriting."""
        leaves, tree = flatten((args, kwargs))
        return self._traced(tree, leaves).graph

    # -- an object like a function
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self._function.__qualname__}>"

    def __reduce__(self) -> Any:
        """By reference, as functions are pickled."""
        return _restored, (self._function.__module__, self._function.__qualname__)

    def __copy__(self) -> Compiled:
        return self

    def __deepcopy__(self, memo: Any) -> Compiled:
        return self


def _restored(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


@overload
def compile(function: Callable[..., Any], /, **options: Any) -> Compiled: ...
@overload
def compile(function: None = None, /, **options: Any) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function of NumPy arrays and numbers; a decorator, with or without options.

    mode: "FAST_RUN", "FAST_COMPILE", "DEBUG_MODE" or "NanGuardMode" (default: `config.mode`).

    The function is traced at the first call and again for other dtypes, ranks, memory layouts, sizes
    that become 0, 1 or equal, and other values of strings, bools and the like.  Arrays that it
    reads from globals and closures are constants of the trace.
    """
    if function is None:
        return lambda f: Compiled(f, **options)
    return Compiled(function, **options)


__all__ = ["Compiled", "compile"]
