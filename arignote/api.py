"""The functions that users call: `compile` and the object it gives.

A call that an earlier process has compiled needs neither the tracer nor the compiler, so they are
imported only when there is something to trace (`_maker`).
"""

from __future__ import annotations

import contextlib
import difflib
import functools
import importlib
import inspect
import os
import pickle
import sys
import threading
import time
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, overload

from .config import config, find_flag, parse
from .emit import warm
from .emit.dispatch import NO_MATCH, Dispatcher, Kernel
from .errors import UnsupportedError, VerifyError, warn_once
from .trace.overlap import placements
from .trace.pytree import LEAF, Tree, flatten
from .trace.signature import Signature, signature_of

if TYPE_CHECKING:
    from .debug.device_profile import DeviceProfile
    from .debug.explain import Explanation
    from .debug.profile import Profile
    from .debug.report import Report
    from .debug.values import Values
    from .emit.cuda.runtime.gpu_calls import GpuCalls
    from .emit.kernel import Compilation
    from .fxgraph.graph import Graph
    from .optimize.loopnest.program import Program
    from .specialise import Sharing
    from .trace.plan import Trace

_NO_KEYWORDS = Tree("dict", ())
_NUMBERS = (float, int)
_GPU_MEMORY = (2, 13)  # DLPack's numbers for memory of a CUDA device, and managed memory

_alive: weakref.WeakSet[Compiled] = weakref.WeakSet()


def _after_fork() -> None:
    """A lock that another thread held in the parent would be held for ever in the child."""
    for function in list(_alive):
        function._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


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
        self._options = _checked(options, function)
        self._lock = threading.RLock()
        _alive.add(self)
        self._table: dict[Signature, list[tuple[Trace | None, Kernel]]] = {}
        self._variants: dict[str, int] = {}  # how many entries of the disk cache have been seen
        self._sharing: list[tuple[Any, Sharing]] = []
        self._gpu: GpuCalls | None = None
        self._refilling: list[tuple[Trace, Kernel, frozenset[int]]] = []

    @property
    def __signature__(self) -> inspect.Signature:
        return inspect.signature(self._function)

    @property
    def traces(self) -> list[Trace]:
        """All traces made by this process so far, those of overlapping arguments last."""
        made = [trace for rows in self._table.values() for trace, _ in rows]
        rows = [trace for trace in made if trace is not None]
        return rows + [s.trace for _, s in self._sharing]

    # -- specialisations
    def _slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Called by the dispatcher where no kernel matches the bare arguments."""
        if self._gpu is not None and not kwargs:
            answer = self._gpu.again(args, _flags())
            if answer is not NO_MATCH:
                return answer
        return super()._slowly(args, kwargs)

    def _miss(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Called by the dispatcher where no kernel matches: find or make one, keep it, call it."""
        leaves, tree = flatten((args, kwargs))
        if self._refilling and not any(map(_is_foreign, leaves)):
            answer = self._refilled(args, kwargs, tree, leaves)
            if answer is not NO_MATCH:
                return answer
        if "arignote.specialise" in sys.modules and _maker().is_traced(leaves):
            return _maker().converting.converted(self._function)(*args, **kwargs)
        if any(map(_is_foreign, leaves)):
            return self._on_gpu(args, tree, leaves)
        before = self.kernels
        while True:
            with self._lock:
                try:
                    made = None if self.kernels != before else self._added(tree, leaves)
                except _maker().NeedTree as needed:
                    if not _maker().become_tree(needed, leaves):
                        raise UnsupportedError(needed.message) from None
                    return self._miss(args, kwargs)
                except Exception as error:
                    _maker().play_out(error, leaves, self._mode())
                    raise
                before = self.kernels
            if made is None:  # another thread has added one meanwhile
                return self(*args, **kwargs)
            kernel, is_new = made
            if self._refilling and kernel is self._refilling[0][1]:
                return self._refilled(args, kwargs, tree, leaves)
            answer = self.call(kernel, tuple(leaves))
            if answer is not NO_MATCH:
                return answer
            if is_new:
                raise VerifyError(
                    f"{self._name}: a new specialisation refuses the call it was made for"
                )

    def _added(self, tree: Tree, leaves: list[Any]) -> tuple[Kernel, bool]:
        """A kernel for the call, and whether it is new: one from an earlier process may turn out to
        hold for other sizes only."""
        structure = None if _is_flat(tree) else tree
        found = self._recalled(tree, leaves, structure)
        if found is not None:
            self._keep(*found, None)
            return found[1], False
        first = signature_of(tree, leaves)[0]
        key = self._start_key(first)
        maker = _maker()
        with self._with_rules():
            return self._made(maker, tree, leaves, structure, first, key), True

    def _made(
        self,
        maker: Any,
        tree: Tree,
        leaves: list[Any],
        structure: Tree | None,
        first: Signature,
        key: str | None,
    ) -> Kernel:
        """A new kernel, kept in this process, and on the disk where there is a key."""
        trace, static = maker.traced(self._function, tree, leaves)
        if trace.refills is not None:
            key = None

        def save(ready: warm.Ready) -> None:
            if key is None or key != self._start_key(first):
                return  # tracing has changed what it read
            if not static:
                self._remember(key, ready)
                return
            last = self._start_key(trace.signature)
            if last is not None:
                self._remember(key, warm.Wanted(static))
                self._remember(last, ready)

        kernel: Kernel = maker.kernel_for(
            trace, self._mode(), structure, self._overlapping, save, self._function, self._device(),
            profile=self._is_profiled(), monitor=self._options.get("monitor"),
        )  # fmt: skip
        if trace.refills is None:
            self._keep(trace.signature, kernel, trace)
        else:
            self._refilling.insert(0, (trace, kernel, static))
        return kernel

    def _refilled(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], tree: Tree, leaves: list[Any]
    ) -> Any:
        """The answer of a function that changes containers among its arguments; NO_MATCH where no
        kernel is at hand.  Its kernels are chosen here, the dispatcher does not know them."""
        for trace, kernel, static in self._refilling:
            if signature_of(tree, leaves, static)[0] != trace.signature:
                continue
            answer = self.call(kernel, tuple(leaves))
            if answer is not NO_MATCH:
                return _maker().refilled(trace, answer, (args, kwargs))
        return NO_MATCH

    def _with_rules(self) -> Any:
        """The rewrites that were given for this function are in force inside."""
        rules = self._options.get("rules")
        return _maker().using([r.name for r in rules]) if rules else contextlib.nullcontext()

    def _recalled(
        self, tree: Tree, leaves: list[Any], structure: Tree | None
    ) -> tuple[Signature, Kernel] | None:
        """A kernel that an earlier process made for such a call."""
        static: frozenset[int] = frozenset()
        while True:
            signature = signature_of(tree, leaves, static)[0]
            key = self._start_key(signature)
            variant = self._variants.get(key, 0) if key is not None else warm.VARIANTS
            if key is None or variant >= warm.VARIANTS:
                return None
            entry = warm.recall(key, variant)
            if isinstance(entry, warm.Wanted) and not entry.static <= static:
                static |= entry.static
                continue
            if not isinstance(entry, warm.Ready):
                return None
            self._variants[key] = variant + 1
            kernel = warm.kernel_of(entry, signature.leaves, structure)
            return None if kernel is None else (signature, kernel)

    def _remember(self, key: str, entry: warm.Ready | warm.Wanted) -> None:
        variant = self._variants.get(key, 0)
        if variant < warm.VARIANTS:
            warm.remember(key, variant, entry)
            if isinstance(entry, warm.Ready):
                self._variants[key] = variant + 1

    def _keep(self, signature: Signature, kernel: Kernel, trace: Trace | None) -> None:
        self._table.setdefault(signature, []).insert(0, (trace, kernel))
        self.add(kernel)
        if len(self.kernels) == config.warn_retrace:
            warn_once(
                f"retrace {id(self)}",
                f"{self._name} has been traced {len(self.kernels)} times, for other dtypes, "
                f"layouts, static values or relations between sizes: pass arrays and numbers, and "
                f"keep their kinds the same from call to call",
            )

    def _overlapping(self, kernel: Kernel, leaves: Sequence[Any]) -> Any:
        """A call that writes an array which shares memory with another one."""
        tree = next(s.tree for s, rows in self._table.items() for _, k in rows if k is kernel)
        given, shared = placements(leaves)
        state = (self._mode(), config.key())
        for made_in, runner in self._sharing:
            signature = runner.trace.signature
            if made_in == state and signature.tree == tree and signature.shared == shared:
                answer = runner(given)
                if answer is not NO_MATCH:
                    return answer
        with self._lock, self._with_rules():
            trace, _ = _maker().traced(self._function, tree, given, shared)
            runner = _maker().Sharing(trace, self._mode())
            self._sharing = [(state, runner), *self._sharing]
        return runner(given)

    def _mode(self) -> str:
        given = "MonitorMode" if "monitor" in self._options else config.mode
        mode: str = self._options.get("mode") or given
        return mode

    def _is_profiled(self) -> bool:
        return bool(self._options.get("profile", config.profile))

    def _on_gpu(self, args: tuple[Any, ...], tree: Tree, leaves: list[Any]) -> Any:
        """A call with arrays that live on a GPU."""
        if self._mode() in ("DEBUG_MODE", "MonitorMode"):
            raise UnsupportedError(
                f"{self._name}: {self._mode()} looks at arrays in host memory: pass NumPy arrays "
                f"and device='cuda'"
            )
        with self._lock:
            self._gpu = _maker().gpu_calls(self._function, self._mode(), self._gpu)
            answer = self._gpu(tree, leaves, _flags())
            if _is_flat(tree):
                self._gpu.learned(args, tree, leaves, _flags())
            return answer

    def _device(self) -> str:
        device: str = self._options.get("device") or config.device
        return device

    def _start_key(self, signature: Signature) -> str | None:
        """Of a warm start; there are none on devices, whose machine code is kept by its text."""
        if self._device() != "cpu" or self._is_profiled() or self._options.get("rules"):
            return None
        return warm.start_key(self._function, self._mode(), signature)

    @property
    def _name(self) -> str:
        return str(getattr(self._function, "__qualname__", self._function))

    # -- looking at what a call compiles to
    def trace_of(self, *args: Any, **kwargs: Any) -> Trace:
        """The trace of the function for arguments like these."""
        leaves, tree = flatten((args, kwargs))
        trace: Trace = _maker().traced(self._function, tree, leaves)[0]
        return trace

    def compiled_for(self, *args: Any, **kwargs: Any) -> Compilation:
        """Every stage of the compilation for arguments like these; nothing is built or run."""
        with self._with_rules():
            made: Compilation = _maker().stages(self.trace_of(*args, **kwargs), self._mode())
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
            text: str = _maker().cuda_source(self.trace_of(*args, **kwargs))
            return text
        if backend != "cython":
            raise UnsupportedError(f"there is no back end {backend!r}; there are cython and cuda")
        return self.compiled_for(*args, **kwargs).source

    def explain(self, *args: Any, **kwargs: Any) -> Explanation:
        """What a call with these arguments does: loop nests and what was fused into each, work,
        buffers, library calls, copies and why, rewrites, checks; on a device, what is started
        there.  A table; print it."""
        leaves, _ = flatten((args, kwargs))
        found: Explanation = _maker().explain(
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
        made = _maker()
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

        def call(leaves: list[Any]) -> Any:
            args, kwargs = tree.unflatten(iter(leaves))
            return self(*args, **kwargs)

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
        if self._device() != "cpu" or any(map(_is_foreign, leaves)):
            module = importlib.import_module("arignote.debug.device_profile")
            timed: DeviceProfile = module.profile(
                self._function, tree, leaves, self._device(), _maker().traced
            )
            return timed
        started = time.perf_counter()
        trace = self.trace_of(*args, **kwargs)
        seconds = time.perf_counter() - started
        made = _maker().stages(trace, self._mode())
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


def _checked(options: dict[str, Any], function: Any) -> dict[str, Any]:
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


def _maker() -> Any:
    """The module that traces and compiles, imported when first needed."""
    random = sys.modules.get("random")
    if random is None or "arignote.specialise" in sys.modules:
        return importlib.import_module("arignote.specialise")
    drawn = random.getstate()  # libraries draw from the user's generator while they are imported
    try:
        return importlib.import_module("arignote.specialise")
    finally:
        random.setstate(drawn)


def _flattened(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], Tree | None]:
    """The leaves of a call and its structure, None where the leaves are the arguments."""
    if not kwargs and all(type(a).__module__ == "cupy" or type(a) in _NUMBERS for a in args):
        return args, None
    leaves, tree = flatten((args, kwargs))
    return leaves, None if _is_flat(tree) else tree


def _is_flat(tree: Tree) -> bool:
    args, kwargs = tree.children
    return kwargs == _NO_KEYWORDS and all(c is LEAF for c in args.children)


_flags_now: list[Any] = []


def _flags() -> Any:
    """The flags on which programs depend."""
    if config.lends():
        return config.key()
    if not _flags_now:
        _flags_now.append(config.key())
    return _flags_now[0]


config.watch(_flags_now.clear)


def _is_foreign(leaf: Any) -> bool:
    """Is this an array of another library, in the memory of a GPU?"""
    if type(leaf).__module__ in ("numpy", "builtins"):
        return False
    if type(leaf).__module__ == "cupy":  # which would ask the driver
        return True
    place = getattr(leaf, "__dlpack_device__", None)
    if place is None:
        return hasattr(leaf, "__cuda_array_interface__")
    return int(place()[0]) in _GPU_MEMORY


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
