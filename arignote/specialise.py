"""From a call to something that runs: the seam between tracing and the back ends.

Importing this module imports the tracer and the whole compiler, which a warm start does without.

FAST_COMPILE interprets the graph; FAST_RUN builds kernels, and interprets where there is no
compiler; DEBUG_MODE and NanGuardMode check what they run.  Either way the result is a `Kernel`,
which the dispatcher matches and calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from .config import config
from .debug import printing as _printing  # noqa: F401  (graphs and programs print as listings)
from .debug.float64 import report_float64
from .emit.dispatch import NO_MATCH, Dispatcher, Kernel
from .emit.kernel import Compilation, compilation, make_kernel
from .emit.plan import Plan
from .emit.warm import Ready
from .errors import CompilerMissingError, TraceError, UnsupportedError, warn_once
from .fxgraph.graph import bodies
from .lazily import lazily
from .optimize.pipeline import optimize
from .optimize.rule import using as using
from .trace import converting
from .trace.capture import trace_call
from .trace.interpreted import GuardFailed, run
from .trace.outside import at, refill
from .trace.overlap import Placement, overlapping, stand_in
from .trace.plan import Hidden, Trace
from .trace.proxy import Proxy
from .trace.pytree import Tree, flatten, register_object
from .trace.session import NeedSource, NeedStatic
from .trace.session import NeedTree as NeedTree
from .trace.signature import signature_of

if TYPE_CHECKING:
    from .debug import announce, checked, device_guard, monitoring, nan_guard, replay, standing
    from .debug import explain as explaining
    from .emit.cuda import device as devices
    from .emit.cuda.runtime import devices as machines
    from .emit.cuda.runtime import gpu_calls as from_gpu
    from .emit.cuda.runtime import specialised as on_device
else:  # what a first call on the CPU does without
    announce = lazily("arignote.debug.announce")
    checked = lazily("arignote.debug.checked")
    device_guard = lazily("arignote.debug.device_guard")
    nan_guard = lazily("arignote.debug.nan_guard")
    replay = lazily("arignote.debug.replay")
    standing = lazily("arignote.debug.standing")
    monitoring = lazily("arignote.debug.monitoring")
    explaining = lazily("arignote.debug.explain")
    devices = lazily("arignote.emit.cuda.device")
    machines = lazily("arignote.emit.cuda.runtime.devices")
    from_gpu = lazily("arignote.emit.cuda.runtime.gpu_calls")
    on_device = lazily("arignote.emit.cuda.runtime.specialised")

Overlap = Callable[[Kernel, Sequence[Any]], Any]
Save = Callable[[Ready], None]
#: Random generators beside the arguments that one function may draw from.
MOST_GENERATORS = 64
#: Classes whose objects hold more than their attributes say: lists, dicts, exceptions ...
_BUILTIN_LAYOUT = 0xFF << 24


def traced(
    function: Callable[..., Any],
    tree: Tree,
    leaves: Sequence[Any],
    shared: tuple[Placement, ...] = (),
) -> tuple[Trace, frozenset[int]]:
    """The trace of a call, and the leaves whose values it needed to know."""
    static: frozenset[int] = frozenset()
    hidden: tuple[Hidden, ...] = ()
    while len(hidden) <= MOST_GENERATORS:
        signature, slots = signature_of(tree, leaves, static, shared)
        convert = converting.converted
        try:
            return trace_call(function, signature, leaves, slots, convert, hidden), static
        except NeedStatic as needed:
            if static >= frozenset(needed.leaves):
                break
            static = static | frozenset(needed.leaves)
        except NeedSource as drawn:
            hidden = (*hidden, drawn.source)
    name = getattr(function, "__qualname__", function)
    raise TraceError(f"{name}: tracing does not settle which values are static")


def refilled(trace: Trace, answer: Any, given: Any) -> Any:
    """The answer of a call whose containers get what the function left in them."""
    value, left = answer
    refill(given, left)
    assert trace.refills is not None
    path = trace.refills.returned
    return value if path is None else at(given, path)


def become_tree(needed: NeedTree, leaves: Sequence[Any]) -> bool:
    """Make the class of an argument that is, or has, what is changed a tree; False if none is."""
    for x in leaves:
        held = getattr(x, "__dict__", {}).values()
        if x is needed.container or any(v is needed.container for v in held):
            if type(x).__flags__ & _BUILTIN_LAYOUT or isinstance(x, type | ModuleType | set):
                return False
            register_object(type(x))
            return True
    return False


def play_out(error: Exception, leaves: Sequence[Any], mode: str) -> None:
    """Do what the program does before it raises an error that was found while tracing.

    Raises what comes first, if an earlier check fails.
    """
    trace = getattr(error, "__arignote_trace__", None)
    if trace is None:
        return
    del error.__arignote_trace__  # type: ignore[attr-defined]
    if any(bodies(effect) for effect in trace.graph.effects):
        # a loop that fails halfway has written some of its steps: kernels do, graphs cannot
        dispatcher = Dispatcher(_unexpected)
        dispatcher.call(kernel_for(trace, mode, None, _unexpected), tuple(leaves))
    else:
        run(trace, leaves, replay=_replayed)


def is_traced(leaves: Sequence[Any]) -> bool:
    """Is a function called while another one is traced, by code that is not converted?"""
    return any(isinstance(x, Proxy) for x in leaves)


def kernel_for(
    trace: Trace,
    mode: str,
    structure: Tree | None,
    overlap: Overlap,
    save: Save | None = None,
    function: Callable[..., Any] | None = None,
    device: str = "cpu",
    *,
    profile: bool = False,
    monitor: Any = None,
) -> Kernel:
    """What runs a trace in a mode, on a device.

    structure: of the arguments, None where they are the leaves themselves.  overlap: answers calls
    whose written arrays share memory with others.  save: gets what a later process needs.
    function: the plain function, for DEBUG_MODE.  profile: each call adds to the times of nests.
    monitor: what MonitorMode calls.
    """
    report_float64(trace.graph)
    if mode == "DEBUG_MODE" or (mode == "FAST_RUN" and config.debug >= 4):
        return checked.checked_kernel(trace, structure, overlap, function, device != "cpu")
    if mode == "NanGuardMode":
        return nan_guard.guarded_kernel(trace, structure, overlap)
    if mode == "MonitorMode":
        return monitoring.monitored_kernel(trace, structure, overlap, monitor)
    if mode != "FAST_COMPILE":
        try:
            elsewhere = _device_kernel(trace, mode, structure, overlap, device)
            if elsewhere is not None:
                return elsewhere
            made = compilation(trace, mode)
            if config.debug >= 2 or config.keep:
                announce.announce(made)
            if profile:
                return standing.standing_kernel(made, structure)
            kernel, ready = make_kernel(made, structure)
            if save is not None:
                save(ready)
            return kernel
        except CompilerMissingError as error:
            warn_once("compiler", f"functions are interpreted, which is slow: {error}")
    return _interpreted(_stabilized(trace), structure, overlap)


def _stabilized(trace: Trace) -> Trace:
    """The trace with values in forms that keep their digits; guards stay."""
    graph = trace.graph
    better = optimize(
        graph,
        including=config.including,
        excluding=config.excluding,
        requiring=config.requiring,
        mode="FAST_COMPILE",
    )
    # a draw or a print among the effects may be part of an output too: it must be one node
    return trace.rewritten(replace(graph, outputs=better.outputs, effects=better.effects))


def _device_kernel(
    trace: Trace, mode: str, structure: Tree | None, overlap: Overlap, device: str
) -> Kernel | None:
    """None for the CPU, and for what has no form on a GPU."""
    machine = machines.machine_for(device) if device != "cpu" else None
    if machine is None:
        return None
    try:
        made = on_device.device_compilation(trace, machine.info, mode)
    except UnsupportedError as reason:
        warn_once(f"device {trace.name}", f"it runs on the CPU: {reason}")
        return None
    return on_device.device_kernel(made, structure, overlap, machine)


def gpu_calls(
    function: Callable[..., Any], mode: str, made: from_gpu.GpuCalls | None = None
) -> from_gpu.GpuCalls:
    """What answers calls with arrays on a GPU in a mode; `made` has answered others before.

    Raises DeviceError where there is none.
    """
    if made is None:
        made = from_gpu.GpuCalls(lambda *given: traced(function, *given)[0], machines.cuda)
    made.run = device_guard.GuardedRun if mode == "NanGuardMode" else None
    return made


def cuda_source(trace: Trace) -> str:
    """The CUDA text of a trace.  Raises UnsupportedError for what has no form on a GPU."""
    return on_device.device_compilation(trace, devices.H100).module.source


def explain(
    made: Compilation, leaves: Sequence[Any], device: str = "cpu"
) -> explaining.Explanation:
    """What a compilation does for a call with these leaves."""
    return explaining.explain(made, leaves, device)


def _replayed(trace: Trace, leaves: Sequence[Any], error: Exception) -> bool:
    return replay.replay(trace, leaves, error)


def stages(trace: Trace, mode: str) -> Compilation:
    """Every stage of the compilation of a trace; the modes that check look at FAST_RUN's."""
    return compilation(trace, mode if mode == "FAST_COMPILE" else "FAST_RUN")


def _interpreted(trace: Trace, structure: Tree | None, overlap: Overlap) -> Kernel:
    def function(*leaves: Any) -> Any:
        if not trace.signature.shared and overlapping(leaves, trace.written):
            return overlap(kernel, leaves)
        try:
            return run(trace, leaves, replay=_replayed)
        except GuardFailed:
            return NO_MATCH

    plan = Plan(trace.signature.leaves, name=trace.name)
    kernel = Kernel(plan, function=function, structure=structure)
    return kernel


class Sharing:
    """Runs a trace whose array arguments lie in the memory of one another.

    A kernel reads only the arrays that hold the others; it gets untouched memory of the same kind
    in place of the others.
    """

    def __init__(self, trace: Trace, mode: str) -> None:
        self.trace = trace
        self.kernel = kernel_for(trace, mode, None, _unexpected)
        self.dispatcher = Dispatcher(_unexpected)
        self.dispatcher.add(self.kernel)

    def __call__(self, leaves: Sequence[Any]) -> Any:
        """The answer, or NO_MATCH."""
        if getattr(self.kernel, "function", None) is not None:
            return self.dispatcher.call(self.kernel, tuple(leaves))
        given = list(leaves)
        for p in self.trace.signature.shared:
            given[p.leaf] = stand_in(leaves[p.leaf])
        answer = self.dispatcher.call(self.kernel, tuple(given))
        if answer is NO_MATCH:
            return NO_MATCH
        parts, tree = flatten(answer)
        own = {id(given[p.leaf]): leaves[p.leaf] for p in self.trace.signature.shared}
        return tree.unflatten(own.get(id(x), x) for x in parts)


def _unexpected(*_: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")
