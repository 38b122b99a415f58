"""NanGuardMode with arrays on a GPU: after each kernel, what it has written is looked at.

The guard of the CPU interprets the graph and names the operation; here the emitted kernels run, and
the one that writes the first bad value is named with its line.  Memory starts as zeros, so that
what is not written yet is no false alarm.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

import numpy as np

from ..config import config
from ..emit import plan as host
from ..emit.cuda.plan import Launch, Pointer
from ..emit.cuda.runtime.arena import all_records
from ..emit.cuda.runtime.call import Run
from ..errors import NanGuardError
from .nan_guard import FOUND


class GuardedRun(Run):
    """A call that raises NanGuardError at the first kernel or library call with a bad value."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        plan = self.program.device_plan
        self._records = {r.kernel: r for r in all_records(plan.records) if isinstance(r, Launch)}
        self._places = {b.name: k for k, b in enumerate(plan.buffers)}
        if self._block is not None:
            self.fill(self._block, 0)
        for k, b in enumerate(plan.buffers):
            if b.role == "result" and self.buffers[k] is not None:
                self.fill(self.buffers[k], 0)
            if b.role == "argument" and self.buffers[k] is not None:
                source = self.program.plan.ptrs[b.position]
                if isinstance(source, host.DataOf):
                    self._look(f"argument {source.leaf}", self.buffers[k])

    def allocate(self, k: int, shape: tuple[int, ...], zero: bool) -> Any:
        return super().allocate(k, shape, True)

    def launch(self, kernel: str, *given: Any) -> None:
        super().launch(kernel, *given)
        record = self._records[kernel]
        for argument, parameter in zip(record.args, self._parameters(kernel), strict=True):
            if isinstance(argument, Pointer) and not parameter.startswith("const "):
                k = self._places[argument.buffer]
                name = self.program.device_plan.buffers[k].name
                self._look(f"{record.line or kernel}: kernel {kernel}, {name},", self.buffers[k])

    def library(self, name: str, outputs: Sequence[Any], *given: Any, **attrs: Any) -> None:
        super().library(name, outputs, *given, **attrs)
        self._look_at(f"library {name}", outputs)

    def callback(self, op: str, site: int, outputs: Sequence[Any], *given: Any) -> None:
        super().callback(op, site, outputs, *given)
        self._look_at(op, outputs)

    def _look_at(self, what: str, outputs: Sequence[Any]) -> None:
        for k, x in enumerate(outputs):
            self._look(f"{what}, result {k},", x)

    def _parameters(self, kernel: str) -> list[str]:
        found = re.search(rf"\b{kernel}\(([^)]*)\) \{{", self.program.source)
        assert found is not None
        return [p.strip() for p in found[1].split(",")] if found[1].strip() else []

    def _look(self, what: str, array: Any) -> None:
        if array.dtype.kind not in "fc":
            return
        value = np.asarray(self.machine.get(array))
        for word in config.nan_guard:
            bad = np.asarray(FOUND[word](value))
            if bad.any():
                index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), value.shape))
                at = f" at {list(index)}" if index else ""
                raise NanGuardError(
                    f"{what} gives {value[index]}{at}; {int(bad.sum())} of {value.size} elements. "
                    f"With NumPy arrays NanGuardMode names the operation"
                )
