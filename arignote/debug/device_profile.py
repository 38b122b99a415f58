"""Where the time of a call on a GPU goes: kernels and library calls between events of its stream.

The whole call is timed as it is; a second kind of call puts an event before and after each start.
Bytes are those of the arrays that a kernel gets, each once: what it moves at least.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from rich.console import Group
from rich.table import Table
from rich.text import Text

from ..emit.cuda.plan import CudaPlan, Launch, Pointer
from ..emit.cuda.runtime.arena import all_records
from ..emit.cuda.runtime.call import DeviceProgram, Run
from ..emit.cuda.runtime.devices import machine_of, on_gpu
from ..emit.cuda.runtime.gpu_calls import stand_in
from ..emit.cuda.runtime.machine import Sizes
from ..emit.cuda.runtime.specialised import device_compilation
from ..errors import DeviceError
from ..trace.plan import Trace
from ..trace.pytree import Tree
from .printed import text_of
from .tips import transfers

CALLS, SECONDS = 30, 0.3

Traced = Callable[[Any, Tree, Sequence[Any]], tuple[Trace, Any]]


@dataclass(frozen=True)
class Started:
    """Something the host starts, over the calls that were timed.  count: how often in a call.
    seconds: of one call.  bytes: of one call, None where nobody counts them."""

    what: str
    line: str
    count: float
    seconds: float
    bytes: float | None


@dataclass(frozen=True)
class DeviceProfile:
    """call: seconds of one call and its wait, the median; host: of the call alone, without one."""

    name: str
    device: str
    call: float
    host: float
    calls: int
    started: tuple[Started, ...]
    scratch: int
    tips: tuple[str, ...]

    def __rich__(self) -> Group:
        table = Table(box=None, padding=(0, 1))
        for head in ("share", "µs", "GB/s", "times"):
            table.add_column(head, justify="right", no_wrap=True)
        table.add_column("what, line", overflow="fold")
        whole = sum(s.seconds for s in self.started) or 1.0
        for s in self.started:
            rate = "?" if s.bytes is None or not s.seconds else f"{s.bytes / s.seconds / 1e9:.1f}"
            table.add_row(f"{100 * s.seconds / whole:.1f}%", f"{1e6 * s.seconds:.1f}", rate,
                          f"{s.count:g}", Text(f"{s.what}  {s.line}".rstrip()))  # fmt: skip
        title = Text(
            f"{self.name} on {self.device}: {1e6 * self.call:.1f} µs a call (median of "
            f"{self.calls}), {1e6 * self.host:.1f} µs of it on the host; {self.scratch / 1e6:.3g} "
            f"MB of scratch"
        )
        return Group(title, table, *(Text(f"tip: {tip}") for tip in self.tips))

    def __str__(self) -> str:
        return text_of(self)

    __repr__ = __str__


def profile(
    function: Any, tree: Tree, leaves: Sequence[Any], device: str, traced: Traced
) -> DeviceProfile:
    """Time a function's calls on the device where its arrays live, or that `device` names.

    Written arrays get their values back.  Raises UnsupportedError for what has no form on a GPU,
    DeviceError without one, and what the call raises.
    """
    machine: Any = machine_of(leaves, device)
    if machine is None:
        raise DeviceError("there is no GPU to profile on")
    with machine.here():
        own = [machine.adopt(x) if on_gpu(x) else x for x in leaves]
        stand = [stand_in(x) if on_gpu(x) else x for x in own]
        trace = traced(function, tree, stand)[0]
        made = device_compilation(trace, machine.info)
        program = DeviceProgram(made.module, made.plan, machine)
        kept = {k: np.array(machine.get(own[k])) for k in made.plan.written}

        def call(run: Any = None) -> None:
            program(own, own, run)
            for k, values in kept.items():
                if on_gpu(own[k]):
                    machine.assign(own[k], machine.put(values))
                else:
                    np.copyto(own[k], values)

        call()
        machine.finish()
        whole, host = _calls(machine, call)
        log = _Log(made.module.plan)
        call(log.run)
        log.rows.clear()
        count = len(_calls(machine, lambda: call(log.run))[0])
        tips = (*transfers(trace, leaves), *made.module.plan.notes)
        return DeviceProfile(
            made.plan.name, machine.name, whole[len(whole) // 2], host[len(host) // 2], len(whole),
            log.started(machine, count), log.scratch, tips,
        )  # fmt: skip


def _calls(machine: Any, call: Callable[[], None]) -> tuple[list[float], list[float]]:
    """Seconds of calls with their wait, and without it, in increasing order."""
    whole: list[float] = []
    host: list[float] = []
    while len(whole) < CALLS and (len(whole) < 3 or sum(whole) < SECONDS):
        started = time.perf_counter()
        call()
        host.append(time.perf_counter() - started)
        machine.finish()
        whole.append(time.perf_counter() - started)
    return sorted(whole), sorted(host)


@dataclass
class _Log:
    """What the timed calls have started: (what, line, bytes, event before, event after)."""

    plan: CudaPlan
    rows: list[tuple[str, str, float | None, Any, Any]] = field(default_factory=list)
    scratch: int = 0

    def run(self, *given: Any) -> Run:
        made = _Timed(*given)
        made.log = self
        made.lines = {r.kernel: r for r in all_records(self.plan.records) if isinstance(r, Launch)}
        made.places = {b.name: k for k, b in enumerate(self.plan.buffers)}
        self.scratch = made.program.layout_of(given[3])[1]
        return made

    def started(self, machine: Any, calls: int) -> tuple[Started, ...]:
        """One for each thing that is started, those that take longest first."""
        sums: dict[tuple[str, str], list[Any]] = {}
        for what, line, size, before, after in self.rows:
            row = sums.setdefault((what, line), [0, 0.0, 0.0 if size is not None else None])
            row[0] += 1
            row[1] += machine.between(before, after)
            if size is not None:
                row[2] += size
        made = [
            Started(what, line, n / calls, s / calls, None if size is None else size / calls)
            for (what, line), (n, s, size) in sums.items()
        ]
        return tuple(sorted(made, key=lambda s: -s.seconds))


class _Timed(Run):
    """A call with events around what it starts."""

    log: _Log
    lines: dict[str, Launch]
    places: dict[str, int]

    def launch(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        wide: bool,
        slots: Sequence[int],
    ) -> None:
        record = self.lines[kernel]
        names = [a.buffer for a in record.args if isinstance(a, Pointer)]
        arrays = [self.buffers[self.places[name]] for name in names]
        size = sum(math.prod(x.shape) * x.dtype.itemsize for x in arrays)
        with self._between(f"kernel {kernel}", record.line, float(size)):
            super().launch(kernel, grid, block, shared, cooperative, wide, slots)

    def library(self, name: str, *given: Any, **attrs: Any) -> None:
        with self._between(f"library {name}", "", None):
            super().library(name, *given, **attrs)

    def callback(self, op: str, *given: Any) -> None:
        with self._between(op, "", None):
            super().callback(op, *given)

    def _between(self, what: str, line: str, size: float | None) -> Any:
        return _Events(self.machine, self.log.rows, what, line, size)


@dataclass
class _Events:
    machine: Any
    rows: list[tuple[str, str, float | None, Any, Any]]
    what: str
    line: str
    size: float | None
    before: Any = None

    def __enter__(self) -> None:
        self.before = self.machine.stamp()

    def __exit__(self, *_: Any) -> None:
        self.rows.append((self.what, self.line, self.size, self.before, self.machine.stamp()))
