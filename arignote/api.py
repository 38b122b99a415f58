"""The functions that users call: `compile` and the object it gives."""

from __future__ import annotations

import functools
import importlib
import inspect
import threading
from collections.abc import Callable, Sequence
from typing import Any, overload

from .config import config
from .emit.dispatch import NO_MATCH, Dispatcher, Kernel
from .emit.kernel import Compilation, compilation
from .errors import TraceError, UnsupportedError, VerifyError, warn_once
from .fxgraph.graph import Graph
from .optimize.loopnest.program import Program
from .specialise import Sharing, kernel_for
from .trace import converting
from .trace.capture import trace_call
from .trace.overlap import Placement, placements
from .trace.plan import Trace
from .trace.proxy import Proxy
from .trace.pytree import LEAF, Tree, flatten
from .trace.session import NeedStatic
from .trace.signature import Signature, signature_of

_NO_KEYWORDS = Tree("dict", ())


class Compiled(Dispatcher):
    """A compiled function: called as the function it wraps, traced once for each kind of arguments.

    Calls go straight to the dispatcher (`emit/runtime`), which comes back here when no
    specialisation matches.  `graph(*args)` is the graph for a call like this one, not rewritten.
    """

    #: Called while another function is traced, it becomes part of that trace.
    __arignote_inlined__ = True

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(self._miss, _flattened, self._overlapping)
        functools.update_wrapper(self, function)
        self._function = function
        self._options = options
        self._lock = threading.RLock()
        self._table: dict[Signature, list[tuple[Trace, Kernel]]] = {}
        self._sharing: list[tuple[Any, Sharing]] = []

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @property
    def traces(self) -> list[Trace]:
        """All traces made so far, those of overlapping arguments last."""
        rows = [trace for rows in self._table.values() for trace, _ in rows]
        return rows + [s.trace for _, s in self._sharing]

    # -- specialisations
    def _miss(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Called by the dispatcher where no kernel matches: trace, keep the kernel, call it."""
        leaves, _ = flatten((args, kwargs))
        if any(isinstance(x, Proxy) for x in leaves):  # called by code that is not converted
            return converting.converted(self._function)(*args, **kwargs)
        before = self.kernels
        with self._lock:
            made = None if self.kernels != before else self._added(args, kwargs)
        if made is None:  # another thread has added one meanwhile
            return self(*args, **kwargs)
        kernel, leaves = made
        answer = self.call(kernel, tuple(leaves))
        if answer is NO_MATCH:
            raise VerifyError(
                f"{self._name}: a new specialisation refuses the call it was made for"
            )
        return answer

    def _added(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Kernel, list[Any]]:
        leaves, tree = flatten((args, kwargs))
        trace = self._traced(tree, leaves)
        structure = None if _is_flat(tree) else tree
        kernel = kernel_for(trace, self._mode(), structure, self._overlapping)
        self._table.setdefault(trace.signature, []).insert(0, (trace, kernel))
        self.add(kernel)
        if len(self.kernels) == config.warn_retrace:
            warn_once(
                f"retrace {id(self)}",
                f"{self._name} has been traced {len(self.kernels)} times, for other dtypes, "
                f"layouts, static values or relations between sizes: pass arrays and numbers, and "
                f"keep their kinds the same from call to call",
            )
        return kernel, leaves

    def _overlapping(self, kernel: Kernel, leaves: Sequence[Any]) -> Any:
        """A call that writes an array which shares memory with another one."""
        tree = next(
            t.signature.tree for rows in self._table.values() for t, k in rows if k is kernel
        )
        given, shared = placements(leaves)
        state = (self._mode(), config.key())
        for made_in, runner in self._sharing:
            signature = runner.trace.signature
            if made_in == state and signature.tree == tree and signature.shared == shared:
                answer = runner(given)
                if answer is not NO_MATCH:
                    return answer
        with self._lock:
            runner = Sharing(self._traced(tree, given, shared), self._mode())
            self._sharing = [(state, runner), *self._sharing]
        return runner(given)

    def _mode(self) -> str:
        mode: str = self._options.get("mode") or config.mode
        return mode

    @property
    def _name(self) -> str:
        return str(getattr(self._function, "__qualname__", self._function))

    def _traced(
        self, tree: Tree, leaves: Sequence[Any], shared: tuple[Placement, ...] = ()
    ) -> Trace:
        static: frozenset[int] = frozenset()
        for _ in range(len(leaves) + 1):
            signature, slots = signature_of(tree, leaves, static, shared)
            try:
                return trace_call(self._function, signature, leaves, slots, converting.converted)
            except NeedStatic as needed:
                static = static | frozenset(needed.leaves)
        raise TraceError(f"{self._name}: tracing does not settle which values are static")

    # -- looking at what a call compiles to
    def trace_of(self, *args: Any, **kwargs: Any) -> Trace:
        """The trace of the function for arguments like these."""
        leaves, tree = flatten((args, kwargs))
        return self._traced(tree, leaves)

    def compiled_for(self, *args: Any, **kwargs: Any) -> Compilation:
        """Every stage of the compilation for arguments like these; nothing is built or run."""
        return compilation(self.trace_of(*args, **kwargs), self._mode())

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of the function for arguments like these, before any rewriting."""
        return self.trace_of(*args, **kwargs).graph

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The loop program for arguments like these."""
        return self.compiled_for(*args, **kwargs).program

    def source(self, *args: Any, backend: str = "cython", **kwargs: Any) -> str:
        """The text that is built for arguments like these.

        Raises UnsupportedError for a back end there is none of.
        """
        if backend != "cython":
            raise UnsupportedError(f"there is no back end {backend!r}; there is 'cython'")
        return self.compiled_for(*args, **kwargs).source

    # -- an object like a function
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self._name}>"

    def __reduce__(self) -> Any:
        """By reference, as functions are pickled."""
        return _restored, (self._function.__module__, self._name)

    def __copy__(self) -> Compiled:
        return self

    def __deepcopy__(self, memo: Any) -> Compiled:
        return self


def _flattened(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], Tree | None]:
    """The leaves of a call and its structure, None where the leaves are the arguments."""
    leaves, tree = flatten((args, kwargs))
    return leaves, None if _is_flat(tree) else tree


def _is_flat(tree: Tree) -> bool:
    args, kwargs = tree.children
    return kwargs == _NO_KEYWORDS and all(c is LEAF for c in args.children)


def _restored(module: str, name: str) -> Any:
    found: Any = importlib.import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found


@overload
def compile(function: Callable[..., Any], /, **options: Any) -> Compiled: ...
@overload
def compile(
    function: None = None, /, **options: Any
) -> Callable[[Callable[..., Any]], Compiled]: ...
def compile(function: Callable[..., Any] | None = None, /, **options: Any) -> Any:
    """Compile a function of NumPy arrays and numbers; a decorator, with or without options.

    mode: "FAST_RUN", "FAST_COMPILE", "DEBUG_MODE" or "NanGuardMode" (default: `config.mode`).

    The function is traced at the first call and again for other dtypes, ranks, memory layouts,
    sizes that become 0, 1 or equal, and other values of strings, bools and the like.  Arrays that
    it reads from globals and closures are constants of the trace.
    """
    if function is None:
        return lambda f: Compiled(f, **options)
    return Compiled(function, **options)


__all__ = ["Compiled", "compile"]
