"""From a call to something that runs: the seam between tracing and the back ends.

Importing this module imports the tracer and the whole compiler, which a warm start does without.

FAST_COMPILE interprets the graph; FAST_RUN builds kernels, and interprets where there is no
compiler; DEBUG_MODE and NanGuardMode check what they run.  Either way the result is a `Kernel`,
which the dispatcher matches and calls.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

from .config import config
from .debug import printing as _printing  # noqa: F401  (graphs and programs print as listings)
from .debug.announce import announce
from .debug.checked import checked_kernel
from .debug.explain import explain as explain
from .debug.float64 import report_float64
from .debug.nan_guard import guarded_kernel
from .debug.replay import replay
from .debug.standing import standing_kernel
from .emit.cuda.device import H100
from .emit.cuda.runtime.devices import cuda, machine_for
from .emit.cuda.runtime.gpu_calls import GpuCalls
from .emit.cuda.runtime.specialised import device_compilation, device_kernel
from .emit.dispatch import NO_MATCH, Dispatcher, Kernel
from .emit.kernel import Compilation, compilation, make_kernel
from .emit.plan import Plan
from .emit.warm import Ready
from .errors import CompilerMissingError, TraceError, UnsupportedError, warn_once
from .fxgraph.graph import bodies
from .optimize.pipeline import optimize
from .optimize.rule import using as using
from .trace import converting
from .trace.capture import trace_call
from .trace.interpreted import GuardFailed, run
from .trace.overlap import Placement, overlapping, stand_in
from .trace.plan import Trace
from .trace.proxy import Proxy
from .trace.pytree import Tree, flatten
from .trace.session import NeedStatic
from .trace.signature import signature_of

Overlap = Callable[[Kernel, Sequence[Any]], Any]
Save = Callable[[Ready], None]


def traced(
    function: Callable[..., Any],
    tree: Tree,
    leaves: Sequence[Any],
    shared: tuple[Placement, ...] = (),
) -> tuple[Trace, frozenset[int]]:
    """The trace of a call, and the leaves whose values it needed to know."""
    static: frozenset[int] = frozenset()
    for _ in range(len(leaves) + 1):
        signature, slots = signature_of(tree, leaves, static, shared)
        try:
            return trace_call(function, signature, leaves, slots, converting.converted), static
        except NeedStatic as needed:
            static = static | frozenset(needed.leaves)
    name = getattr(function, "__qualname__", function)
    raise TraceError(f"{name}: tracing does not settle which values are static")


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
        run(trace, leaves, replay=replay)


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
) -> Kernel:
    """What runs a trace in a mode, on a device.

    structure: of the arguments, None where they are the leaves themselves.  overlap: answers calls
    whose written arrays share memory with others.  save: gets what a later process needs.
    function: the plain function, for DEBUG_MODE.  profile: each call adds to the times of nests.
    """
    report_float64(trace.graph)
    if mode == "DEBUG_MODE" or (mode == "FAST_RUN" and config.debug >= 4):
        return checked_kernel(trace, structure, overlap, function, device != "cpu")
    if mode == "NanGuardMode":
        return guarded_kernel(trace, structure, overlap)
    if mode != "FAST_COMPILE":
        try:
            on_device = _device_kernel(trace, mode, structure, overlap, device)
            if on_device is not None:
                return on_device
            made = compilation(trace, mode)
            announce(made)
            if profile:
                return standing_kernel(made, structure)
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
    return replace(trace, graph=replace(graph, outputs=better.outputs, effects=better.effects))


def _device_kernel(
    trace: Trace, mode: str, structure: Tree | None, overlap: Overlap, device: str
) -> Kernel | None:
    """None for the CPU, and for what has no form on a GPU."""
    machine = machine_for(device)
    if machine is None:
        return None
    try:
        made = device_compilation(trace, machine.info, mode)
    except UnsupportedError as reason:
        warn_once(f"device {trace.name}", f"it runs on the CPU: {reason}")
        return None
    return device_kernel(made, structure, overlap, machine)


def gpu_calls(function: Callable[..., Any]) -> GpuCalls:
    """What answers calls with arrays on a GPU.  Raises DeviceError where there is none."""
    return GpuCalls(lambda tree, leaves: traced(function, tree, leaves)[0], cuda)


def cuda_source(trace: Trace) -> str:
    """The CUDA text of a trace.  Raises UnsupportedError for what has no form on a GPU."""
    return device_compilation(trace, H100).module.source


def stages(trace: Trace, mode: str) -> Compilation:
    """Every stage of the compilation of a trace; the modes that check look at FAST_RUN's."""
    return compilation(trace, mode if mode == "FAST_COMPILE" else "FAST_RUN")


def _interpreted(trace: Trace, structure: Tree | None, overlap: Overlap) -> Kernel:
    def function(*leaves: Any) -> Any:
        if not trace.signature.shared and overlapping(leaves, trace.written):
            return overlap(kernel, leaves)
        try:
            return run(trace, leaves, replay=replay)
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
