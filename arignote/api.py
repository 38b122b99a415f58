"""The functions that users call: `compile` and the object it gives."""

from __future__ import annotations

import difflib
import functools
import importlib
import inspect
import pickle
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

from .config import config, find_flag, parse
from .errors import UnsupportedError
from .specialised import Specialised, is_foreign, maker
from .trace.pytree import Tree, flatten

if TYPE_CHECKING:
    from .debug.device_profile import DeviceProfile
    from .debug.explain import Explanation
    from .debug.profile import Profile
    from .debug.report import Report
    from .debug.values import Values
    from .emit.kernel import Compilation
    from .fxgraph.graph import Graph
    from .optimize.loopnest.program import Program
    from .trace.plan import Trace


class Compiled(Specialised):
    """A compiled function: called as the function it wraps, traced once for each kind of arguments.

    Calls go straight to the dispatcher (`emit/runtime`), which comes back here when no
    specialisation matches.  `graph(*args)` is the graph for a call like this one, not rewritten.
    """

    #: Called while another function is traced, it becomes part of that trace.
    __arignote_inlined__ = True

    def __init__(self, function: Callable[..., Any], **options: Any) -> None:
        super().__init__(function, checked(options, function))
        functools.update_wrapper(self, function)

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @property
    def traces(self) -> list[Trace]:
        """All traces made by this process so far, those that change containers and those of
        overlapping arguments last."""
        made = [trace for rows in self._table.values() for trace, _ in rows]
        rows = [trace for trace in made if trace is not None]
        changing = [trace for trace, _, _ in self._refilling]
        return rows + changing + [s.trace for _, s in self._sharing]

    # -- looking at what a call compiles to
    def trace_of(self, *args: Any, **kwargs: Any) -> Trace:
        """The trace of the function for arguments like these."""
        leaves, tree = flatten((args, kwargs))
        trace: Trace = maker().traced(self._function, tree, leaves)[0]
        return trace

    def compiled_for(self, *args: Any, **kwargs: Any) -> Compilation:
        """Every stage of the compilation for arguments like these; nothing is built or run."""
        with self._with_rules():
            made: Compilation = maker().stages(self.trace_of(*args, **kwargs), self._mode())
        return made

    def graph(self, *args: Any, **kwargs: Any) -> Graph:
        """The graph of the function for arguments like these, before any rewriting."""
        return self.trace_of(*args, **kwargs).graph

    def program(self, *args: Any, **kwargs: Any) -> Program:
        """The loop program for arguments like these."""
        return self.compiled_for(*args, **kwargs).program

    def source(self, *args: Any, backend: str = "", **kwargs: Any) -> str:
        """The text that is built for arguments like these, by "cython" or "cuda".

        backend: by default that of the function's device.  Raises UnsupportedError for a back end
        there is none of, and for what has no form on a GPU.
        """
        backend = backend or ("cython" if self._device() == "cpu" else "cuda")
        if backend == "cuda":
            text: str = maker().cuda_source(self.trace_of(*args, **kwargs))
            return text
        if backend != "cython":
            raise UnsupportedError(f"there is no back end {backend!r}; there are cython and cuda")
        return self.compiled_for(*args, **kwargs).source

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """What a call with these arguments does: loop nests and what was fused into each, work,
        buffers, library calls, copies and why, rewrites, checks; on a device, what is started
        there.  A table; print it."""
        leaves, _ = flatten((args, kwargs))
        found: Explanation = maker().explain(
            self.compiled_for(*args, **kwargs), leaves, self._device()
        )
        return found

    def validate(
        self, *args: Any, samples: int = 0, gradients: bool = False, **kwargs: Any
    ) -> Report:
        """Compare every stage of the compilation with NumPy for a call like this one: the traced
        graph, each rewrite, each pass, the loop programs, and kernels for several memory orders.

        samples: further calls with generated values, special ones included.  gradients: compare
        the backward graph with difference quotients.  The arguments are not written.  The CUDA form
        of a function whose device is "cuda" or "emulate" is executed too, in several orders of its
        threads.  The report is false where something differs, and says what is to blame.
        """
        leaves, tree = flatten((args, kwargs))
        module = importlib.import_module("arignote.debug.validate")
        depth = module.Depth(
            samples=samples, gradients=gradients, reduce=config.debug_reduce,
            emulate=self._device() != "cpu",
        )  # fmt: skip
        made = maker()
        with self._with_rules():
            found: Report = module.validate(
                self._function, tree, leaves, made.traced, depth,
                lambda t: made.Sharing(t, "FAST_RUN"), self._as_used(tree),
            )  # fmt: skip
        return found

    def _as_used(self, tree: Tree) -> Any:
        """Calls with leaves, where nothing is validated by the call itself."""
        if self._mode() not in ("FAST_RUN", "FAST_COMPILE") or self._device() == "cuda":
            return None

        def call(leaves: list[Any], with_arguments: bool) -> Any:
            given = args, kwargs = tree.unflatten(iter(leaves))
            answer = self(*args, **kwargs)
            return (answer, given) if with_arguments else answer

        return call

    def values(self, *args: Any, **kwargs: Any) -> Values:
        """The values of the function's variables in a call like this one, by name and line, each
        step of a loop apart.  The arguments are not written."""
        module = importlib.import_module("arignote.debug.values")
        found: Values = module.values_of(self.trace_of(*args, **kwargs), flatten((args, kwargs))[0])
        return found

    def profile(self, *args: Any, **kwargs: Any) -> Profile | DeviceProfile:
        """Where the time of a call like this one goes, and tips; the arguments are not written.

        Builds the kernel and calls it some times; on a GPU, kernels stand between events.  Raises
        what the call raises.
        """
        leaves, tree = flatten((args, kwargs))
        if self._device() != "cpu" or any(map(is_foreign, leaves)):
            module = importlib.import_module("arignote.debug.device_profile")
            timed: DeviceProfile = module.profile(
                self._function, tree, leaves, self._device(), maker().traced
            )
            return timed
        started = time.perf_counter()
        trace = self.trace_of(*args, **kwargs)
        seconds = time.perf_counter() - started
        made = maker().stages(trace, self._mode())
        module = importlib.import_module("arignote.debug.profile")
        found: Profile = module.profile(made, leaves, seconds, len(self.kernels), self._device())
        return found

    def monitor(self, callback: Any, *args: Any, **kwargs: Any) -> Any:
        """The answer of a call like this one; callback(seen) gets every operation's `op`, `value`,
        `origin` and variable `name`, inside loops too.  The arguments are not written.

        callback: called after each operation, or a pair (before, after); before(seen) gets the
        `operands`.  It may raise to stop.
        """
        module = importlib.import_module("arignote.debug.values")
        leaves, _ = flatten((args, kwargs))
        before, after = callback if isinstance(callback, tuple) else (None, callback)
        return module.monitored(self.trace_of(*args, **kwargs), leaves, after, before)

    # -- an object like a function
    def __get__(self, instance: Any, owner: Any = None) -> Any:
        return self if instance is None else functools.partial(self, instance)

    def __repr__(self) -> str:
        return f"<compiled {self._name}>"

    def __reduce__(self) -> Any:
        """By reference, as functions are pickled.  Raises PicklingError where there is none."""
        if "<locals>" in self._name or "<lambda>" in self._name:
            raise pickle.PicklingError(
                f"{self._name} is defined inside another function or has no name, so a pickle "
                f"cannot refer to it: define it at the top of a module or in a class there"
            )
        return _restored, (self._function.__module__, self._name)

    def __copy__(self) -> Compiled:
        return self

    def __deepcopy__(self, memo: Any) -> Compiled:
        return self

def checked(options: dict[str, Any], function: Any) -> dict[str, Any]:
    """The options of `compile`, with flags' values as the flags take them."""
    for name in options:
        if name not in _OPTIONS:
            near = difflib.get_close_matches(name, _OPTIONS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else f"there are {', '.join(_OPTIONS)}."
            raise TypeError(f"compile() has no option {name!r}; {hint}")
    source = f"compile({getattr(function, '__qualname__', function)})"
    for name in ("mode", "device"):
        if options.get(name) is not None:
            options[name] = parse(find_flag(name, source), options[name], source)
    return options


_OPTIONS = ("mode", "device", "profile", "rules", "monitor")

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

    mode: "FAST_RUN", "FAST_COMPILE", "DEBUG_MODE", "NanGuardMode" or "MonitorMode" (default:
    `config.mode`).
    monitor: what MonitorMode calls at every operation of every call, as `f.monitor` does; without
    it each operation is printed.
    profile: keep the time of each nest over all calls; printed at the end (`ag.profiles()`).
    device: "cpu", "cuda", or "emulate", which runs the CUDA source on the CPU to find faults
    (default: `config.device`).  Raises ConfigError for another name.
    rules: rewrites for this function alone, declared with `ag.rule(..., everywhere=False)`.

    The function is traced at the first call and again for other dtypes, ranks, memory layouts,
    sizes that become 0, 1 or equal, and other values of strings, bools and the like.  Arrays that
    it reads from globals and closures are constants of the trace.
    """
    if function is None:
        return lambda f: Compiled(f, **options)
    return Compiled(function, **options)


__all__ = ["Compiled", "compile"]
