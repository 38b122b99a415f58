"""The functions that users call: `compile` and the object it gives."""

from __future__ import annotations


import functools
import importlib
import inspect
import threading
from collections.abc import Callable
from typing import Any, overload

from .config import config
from .errors import TraceError
from .fxgraph.graph import Graph
from .specialise import Runner, runner_for
from .trace import converting
from .trace.capture import trace_call
from .trace.interpreted import GuardFailed
from .trace.plan import Trace
from .trace.pytree import flatten
from .trace.session import NeedStatic
from .trace.signature import Signature, signature_of


class Compiled:
    """A compiled function: called like the function it wraps, traced once for each kind of arguments.

    `graph(*args)` is the graph for a call like this one.
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
        state = self._state()
        for static in self._static:
            signature, _ = signature_of(tree, leaves, static)
            for _, runner in self._table.get((signature, state), ()):
                try:
                    return runner(leaves)
                except GuardFailed:
                    continue
        _, runner = self._specialised(args, kwargs)
        return runner(leaves)

    def _state(self) -> Any:
        return (self._mode(), config.key())

    def _mode(self) -> str:
        mode: str = self._options.get("mode") or config.mode
        return mode

    def _specialised(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Trace, Runner]:
        """Trace for these arguments and keep the result."""
        with self._lock:
            trace = self._traced(args, kwargs)
            made = (trace, runner_for(trace, self._mode()))
            rows = self._table.setdefault((trace.signature, self._state()), [])
            rows.insert(0, made)
            return made

    def _traced(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Trace:
        leaves, tree = flatten((args, kwargs))
        static: frozenset[int] = frozenset()
        for _ in range(len(leaves) + 1):
            signature, slots = signature_of(tree, leaves, static)
            try:
                trace = trace_call(self._function, signature, slots, converting.converted)
            except NeedStatic as needed:
                static = static | frozenset(needed.leaves)
                continue
            if static not in self._static:
                self._static.insert(0, static)
            return trace
        raise TraceError(f"{self._function.__name__}: tracing does not settle which values are static")

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of the function for arguments like these, before any rewriting."""
        return self._traced(args, kwargs).graph

    # -- an object like a function
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self._function.__qualname__}>"

    def __reduce__(self) -> Any:
        """By reference to the name it is found under, as functions; else with its function."""
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
