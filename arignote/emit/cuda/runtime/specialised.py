"""From a traced call to a kernel for a device, as `emit/kernel.py` does for the CPU."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from ....config import config
from ....errors import UnsupportedError
from ....fxgraph.verify import verify
from ....optimize.loopnest.lower import lower
from ....optimize.loopnest.program import Program
from ....optimize.pipeline import optimize
from ....trace.plan import Trace
from ... import arguments
from ...dispatch import Kernel
from ...interface import Meeting, meet, plan_of
from ...plan import Plan
from .. import emit, prepare
from ..device import DeviceInfo
from ..plan import CudaModule
from .call import DeviceProgram
from .machine import Machine


@dataclass(frozen=True)
class DeviceCompilation:
    """The stages of one specialisation for a device."""

    trace: Trace
    meeting: Meeting
    program: Program
    module: CudaModule
    plan: Plan


def device_compilation(trace: Trace, info: DeviceInfo, mode: str = "FAST_RUN") -> DeviceCompilation:
    """Everything up to the CUDA text; nothing is built.

    Raises UnsupportedError for what has no form on a device, with the reason.
    """
    graph = optimize(
        trace.graph,
        including=config.including,
        excluding=(*config.excluding, "numpy_rounding"),
        requiring=config.requiring,
        mode=mode,
        check=bool(config.verify),
    )
    meeting = meet(trace, graph)
    if config.verify:
        verify(meeting.graph, "meet")
    program = prepare(lower(meeting.graph, meeting.interface, grows=False), config.excluding)
    plan = plan_of(trace, meeting, program)
    try:
        module = emit(program, plan.ptrs, info)
    except LookupError as reason:
        raise UnsupportedError(f"{trace.name} has no form on a GPU: {reason}") from reason
    return DeviceCompilation(trace, meeting, program, module, plan)


def device_kernel(
    made: DeviceCompilation,
    structure: Any,
    overlap: Callable[[Kernel, Sequence[Any]], Any],
    machine: Machine,
) -> Kernel:
    """What the dispatcher calls; `overlap` answers calls whose written arrays share memory."""
    program = DeviceProgram(made.module, made.plan, machine)
    written = made.plan.written

    def function(*given: Any) -> Any:
        if written:
            arguments.require_writeable(given, written)
            if arguments.overlapping(given, written):
                return overlap(kernel, given)
        leaves = arguments.regular(given) or given
        try:
            return program(leaves, given)
        finally:
            arguments.write_back(given, leaves, written)

    plan = Plan(made.plan.leaves, name=made.plan.name)
    kernel = Kernel(plan, function=function, structure=structure, keep=program)
    return kernel
