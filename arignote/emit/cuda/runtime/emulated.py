"""The emulation as a device: NumPy's memory, kernels as fibers, faults at once.

Scratch and results start as 0xFF bytes, so what is read before it is written shows up as NaN or -1.
"""

from __future__ import annotations

import ctypes
import threading
import time
from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import numpy as np

from ....forks import renew_in_children
from ...callbacks import array_at
from ..device import TINY, DeviceInfo
from ..emulate import EmulatedModule, build
from .machine import Module, Sizes

_loading = threading.Lock()
renew_in_children(globals(), "_loading", threading.Lock)


class EmulatedMachine:
    """flavour: a sanitizer's (`emulate.FLAVOURS`), which needs a process prepared for it.
    schedule: the order of the CUDA threads."""

    eager_checks = True
    name = "emulate"

    def __init__(
        self, info: DeviceInfo = TINY, flavour: str = "plain", schedule: int = 0
    ) -> None:
        self.info, self.flavour, self.schedule = info, flavour, schedule
        self.launches: list[tuple[str, Sizes, Sizes]] = []
        self._modules: dict[tuple[str, bool], Module] = {}
        self._counters = threading.local()  # a thread is what a stream is on a GPU

    def here(self) -> AbstractContextManager[Any]:
        return nullcontext()

    def is_current(self) -> bool:
        return True

    def module(self, source: str, wide: bool) -> Module:
        with _loading:
            found = self._modules.get((source, wide))
            if found is None:
                defines = ("AN_WIDE=1",) if wide else ()
                path = build(source, self.flavour, defines)
                found = _Kernels(EmulatedModule(path, source, self.info), self)
                self._modules[source, wide] = found
            return found

    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        array = np.empty(shape, dtype)
        self.fill(array, 0xFF)
        return array

    def zeros(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        return np.zeros(shape, dtype)

    def fill(self, array: Any, byte: int) -> None:
        if array.size:
            ctypes.memset(array.ctypes.data, byte, array.nbytes)

    def address(self, array: Any) -> int:
        return int(array.ctypes.data)

    def is_own(self, array: Any) -> bool:
        return isinstance(array, np.ndarray)

    def adopt(self, array: Any) -> Any:
        return np.asarray(array)

    def put(self, array: Any) -> Any:
        return array

    def get(self, array: Any) -> Any:
        return array

    def window(
        self,
        array: Any,
        dtype: np.dtype[Any],
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
    ) -> Any:
        if 0 in shape:
            return np.empty(shape, dtype)
        return array_at(array.ctypes.data + offset * dtype.itemsize, dtype, shape, strides)

    def assign(self, target: Any, source: Any) -> None:
        target[...] = source

    def matmul(self, a: Any, b: Any) -> Any:
        return np.matmul(a, b)

    def gemm(self, out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> bool:
        return False

    def equivalent(self, op: str) -> None:
        return None

    def counters(self, count: int) -> Any:
        found = getattr(self._counters, "array", None)
        if found is None or found.size < count:
            found = self._counters.array = self.zeros((max(count, 64),), np.dtype("u4"))
        return found

    def forget_counters(self) -> None:
        self._counters.array = None

    def finish(self) -> None:
        pass

    def stamp(self) -> float:
        return time.perf_counter()

    def between(self, before: float, after: float) -> float:
        return after - before

    def begin_call(self, scratch_bytes: int) -> Any:
        return self.empty((scratch_bytes,), np.dtype("u1"))


class _Kernels:
    def __init__(self, module: EmulatedModule, machine: EmulatedMachine) -> None:
        self._module, self._machine = module, machine

    def start(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        slots: Sequence[int],
    ) -> None:
        room = (ctypes.c_int64 * max(len(slots), 1))(*slots)
        held = [ctypes.c_int64.from_buffer(room, 8 * k) for k in range(0, len(slots), 2)]
        self._machine.launches.append((kernel, grid, block))
        self._module.launch(
            kernel, grid, block, held,
            shared=shared, cooperative=cooperative, schedule=self._machine.schedule,
        )  # fmt: skip
