"""The CUDA form of a function, executed by the emulation in several orders of its threads.

One more back end for validation: values and errors against NumPy, and the faults that only such an
execution shows (`emit/cuda/emulate`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ..emit import arguments
from ..emit.cuda.device import TINY
from ..emit.cuda.runtime import DeviceProgram, EmulatedMachine
from ..emit.cuda.runtime.specialised import DeviceCompilation, device_compilation
from ..emit.dispatch import NO_MATCH
from ..errors import CompilerMissingError, EmulationError, UnsupportedError
from ..trace.plan import Trace
from .inputs import Zones, guarded
from .kernels import Expected, Outcome, excerpt_at, outcome_of, outcomes_differ
from .lowering import origin_of
from .report import Check, Finding

#: Upwards, downwards depth first, one warp as far ahead as it can.
SCHEDULES = (0, 1, 3)
_NAME = "emulated CUDA"


def check_emulated(
    trace: Trace, fresh: Callable[[], list[Any]], expected: Expected
) -> tuple[list[Finding], Check]:
    """The first difference from NumPy, or fault, under each order of the CUDA threads."""
    started = time.perf_counter()

    def checked(
        count: int, found: list[Finding], skipped: str = ""
    ) -> tuple[list[Finding], Check]:
        return found, Check(_NAME, count, time.perf_counter() - started, skipped)

    try:
        made = device_compilation(trace, TINY)
    except UnsupportedError as reason:
        return checked(0, [], str(reason))
    for count, schedule in enumerate(SCHEDULES):
        zones = Zones()
        program = DeviceProgram(made.module, made.plan, _Guarded(zones, schedule))

        def call(given: list[Any], program: DeviceProgram = program) -> Any:
            leaves = arguments.regular(given) or given
            answer = program(leaves, given)
            arguments.write_back(given, leaves, made.plan.written)
            return answer

        try:
            got = outcome_of(call, guarded(fresh(), zones))
        except CompilerMissingError as error:
            return checked(0, [], str(error))
        if isinstance(got.error, CompilerMissingError):
            return checked(0, [], str(got.error))
        if len(got.answer) == 1 and got.answer[0] is NO_MATCH:
            return checked(count, [], "a guard refuses the call")
        if isinstance(got.error, EmulationError):
            text = f"{got.error} (order {schedule} of the CUDA threads)"
            return checked(count + 1, [Finding("emulation", trace.name, "kernel", text)])
        broken = zones.broken()
        if broken:
            text = f"something was written outside of {', '.join(dict.fromkeys(broken))}"
            where = f"{trace.name} (order {schedule} of the CUDA threads)"
            return checked(count + 1, [Finding("emulation", where, broken[0], text)])
        finding = _difference(made, got, expected, schedule)
        if finding is not None:
            return checked(count + 1, [finding])
    return checked(len(SCHEDULES), [])


class _Guarded(EmulatedMachine):
    """Its memory lies between guard zones."""

    def __init__(self, zones: Zones, schedule: int) -> None:
        super().__init__(schedule=schedule)
        self._zones = zones

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        return self._zones.array("device memory", shape, dtype)

    def zeros(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        return self._zones.array("device memory", shape, dtype, fill=0)


def _difference(
    made: DeviceCompilation, got: Outcome, expected: Expected, schedule: int
) -> Finding | None:
    if not expected.told:  # threads have done steps behind the one that raised
        got = replace(got, leaves=expected.outcome.leaves)
    found = outcomes_differ(expected.outcome, got, expected.slack)
    if found is None:
        return None
    value, k, d = found
    position = getattr(made.trace.outputs[k], "output", None) if k >= 0 else None
    where = origin_of(made.trace.graph.outputs[position]) if position is not None else None
    return Finding(
        "emulation", f"{made.trace.name} (order {schedule} of the CUDA threads)", value, str(d),
        where, d.index, d.expected, d.got, d.ulp, d.tolerance,
        "what rounding moves the answer by",
        excerpt_at(made.module.source, where.line if where else 0),
    )  # fmt: skip
