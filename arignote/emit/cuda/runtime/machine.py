"""What the executor needs of a device: memory as arrays, modules that launch, library calls.

There are two: the emulation, whose arrays are NumPy's, and CuPy's devices.  Arrays of either are
contiguous in C order unless they are arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any, Protocol

import numpy as np

from ..device import DeviceInfo

Sizes = tuple[int, int, int]


class Module(Protocol):
    """Kernels of one source."""

    def start(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        slots: Sequence[int],
    ) -> None:
        """Launch; each argument lies in two of the slots (int64)."""


class Machine(Protocol):
    """A device.  `eager_checks`: whether the error record is looked at after each launch."""

    name: str
    info: DeviceInfo
    eager_checks: bool

    def here(self) -> AbstractContextManager[Any]:
        """Makes this device the current one."""

    def is_current(self) -> bool: ...
    def module(self, source: str, wide: bool) -> Module: ...
    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any: ...
    def zeros(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any: ...
    def fill(self, array: Any, byte: int) -> None: ...
    def address(self, array: Any) -> int: ...
    def is_own(self, array: Any) -> bool: ...
    def adopt(self, array: Any) -> Any:
        """An array of another library in this device's memory, as this machine's, not copied."""

    def put(self, array: Any) -> Any:
        """An array of this device with a host array's elements and strides."""

    def get(self, array: Any) -> Any:
        """A host array, contiguous, with the elements; waits for what runs."""

    def window(
        self,
        array: Any,
        dtype: np.dtype[Any],
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
    ) -> Any:
        """A view; offset from the array's first element, and strides, in elements of `dtype`."""

    def assign(self, target: Any, source: Any) -> None: ...
    def matmul(self, a: Any, b: Any) -> Any: ...
    def gemm(self, out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> bool:
        """out = alpha a b + beta out in one call, or False where there is none."""

    def equivalent(self, op: str) -> Callable[..., Any] | None:
        """What does an op without kernels here: (*operands, **attributes) -> array or tuple."""

    def counters(self, count: int) -> Any:
        """At least `count` counters that are 0; kernels leave them so."""

    def forget_counters(self) -> None:
        """A kernel was aborted, perhaps between two of its counts."""

    def finish(self) -> None:
        """Wait for what the current stream has been given."""

    def stamp(self) -> Any:
        """A point in the course of the current stream."""

    def between(self, before: Any, after: Any) -> float:
        """Seconds between two of them."""

    def begin_call(self, scratch_bytes: int) -> Any:
        """One block of scratch for a call's buffers, free again when the next call begins."""
