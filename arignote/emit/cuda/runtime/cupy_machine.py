"""A GPU through CuPy, which owns memory, streams and libraries; launches go to the driver at once.

The only module that imports CuPy.  Results come from CuPy's pool; a call's scratch is one block of
it, so that it is in use no longer than the call's kernels in the order of the stream.  Everything
happens on the caller's current stream; what calls share (barrier counters) is a stream's own.
"""

from __future__ import annotations

import ctypes
import importlib
import threading
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

import numpy as np

from ....errors import DeviceError
from ..compile import compile_cubin, nearest
from ..device import DeviceInfo
from . import cublas
from .driver import (
    MOST_DYNAMIC_SHARED,
    NOT_READY_CONTEXT,
    TOO_LARGE_TOGETHER,
    driver,
    resident,
    said,
)
from .equivalents import equivalent
from .launches import KERNEL, PRODUCT, TOGETHER, Libraries, Patch, Step, compiled_launcher
from .machine import Module, Sizes

_THREADS = 256
_BLOCKS_PER_SM = 8
_SHARED = 48 * 1024  # bytes of shared memory that need no leave of the driver
_PER_THREAD_STREAM = 2  # the handle that means another stream in each thread


class CupyMachine:
    """One of CuPy's devices; its current one without a number.  Raises DeviceError where CuPy does.

    Its methods want the device to be the current one: `with machine.here():`.
    """

    eager_checks = False

    def __init__(self, number: int | None = None) -> None:
        self._cupy = cupy()
        try:
            self._device = self._cupy.cuda.Device(number)
            self.number = int(self._device.id)
            attributes = self._device.attributes
            capability = str(self._device.compute_capability)
            properties = self._cupy.cuda.runtime.getDeviceProperties(self.number)
        except Exception as error:
            raise DeviceError(f"CuPy does not reach the GPU: {error}") from error
        self.name = properties["name"].decode()
        self.info = DeviceInfo(
            self.name, int(attributes["MultiProcessorCount"]), _THREADS, _BLOCKS_PER_SM, _SHARED,
            f"sm_{capability}",
        )  # fmt: skip
        self.stream_object = self._cupy.cuda.get_current_stream
        self._modules: dict[tuple[str, bool], Module] = {}
        self._counters: dict[tuple[int, int], Any] = {}
        self._workspaces: dict[tuple[int, int], Any] = {}
        self._foreign: deque[tuple[Any, Any]] = deque()
        self._lock = threading.Lock()

    @staticmethod
    def fault(remedy: str) -> str:
        """What keeps CuPy from working; "" where it works."""
        try:
            library = cupy()
            if not library.cuda.is_available():
                return f"CuPy {library.__version__} sees no GPU: {remedy}"
            total = float(library.arange(10.0).sum())
        except Exception as error:  # whatever a broken installation raises
            first = (str(error).splitlines() or [type(error).__name__])[0]
            return f"CuPy does not run ({first}): {remedy}"
        return "" if total == 45.0 else f"CuPy sums wrongly: {remedy}"

    def here(self) -> AbstractContextManager[Any]:
        """Makes this GPU the current one."""
        device: AbstractContextManager[Any] = self._device
        return device

    def is_current(self) -> bool:
        return int(self._cupy.cuda.device.get_device_id()) == self.number

    def wake(self) -> None:
        """Give this thread the GPU's context."""
        self._device.use()
        self._device.synchronize()

    def module(self, source: str, wide: bool) -> Module:
        with self._lock:
            found = self._modules.get((source, wide))
            if found is None:
                defines = ("AN_WIDE=1",) if wide else ()
                made = compile_cubin(source, nearest(self.info.arch), defines)
                loaded = self._cupy.cuda.function.Module()
                loaded.load(made.code)
                found = self._modules[source, wide] = _Kernels(self, loaded)
            return found

    def launcher(
        self, steps: Sequence[Step], slots: Sequence[int], patches: Sequence[Patch]
    ) -> Any:
        products = any(s.how == PRODUCT for s in steps)
        libraries = Libraries(driver(), cublas.library() if products else None)
        return compiled_launcher(libraries, steps, slots, patches)

    @staticmethod
    def driver() -> Any:
        return driver()

    def pool(self) -> Callable[..., Any]:
        """Makes arrays: (shape, dtype)."""
        make: Callable[..., Any] = self._cupy.empty
        return make

    # -- memory
    def empty(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        try:
            return self._cupy.empty(shape, dtype)
        except self._cupy.cuda.memory.OutOfMemoryError as error:
            raise MemoryError(f"{self.name}: {error}") from error

    def zeros(self, shape: Sequence[int], dtype: np.dtype[Any]) -> Any:
        array = self.empty(shape, dtype)
        self.fill(array, 0)
        return array

    def fill(self, array: Any, byte: int) -> None:
        if array.size:
            array.data.memset_async(byte, array.nbytes, self._stream())

    def counters(self, count: int) -> Any:
        """At least `count` counters that are 0, which calls of a stream use one after another."""
        key = self._order()
        with self._lock:
            found = self._counters.get(key)
            if found is None or found.size < count:
                found = self._counters[key] = self.zeros((max(count, 64),), np.dtype("u4"))
            return found

    def workspace(self) -> Any:
        """Scratch of cuBLAS, which the products of a stream use one after another."""
        key = self._order()
        with self._lock:
            found = self._workspaces.get(key)
            if found is None:
                found = self._workspaces[key] = self.empty((cublas.WORKSPACE,), np.dtype("u1"))
            return found

    def blas_handle(self) -> int:
        """CuPy's handle of cuBLAS in this thread."""
        return int(self._cupy.cuda.device.get_cublas_handle())

    def _order(self) -> tuple[int, int]:
        """What the current stream's work runs one after another with."""
        stream = self.stream()
        return stream, threading.get_ident() if stream == _PER_THREAD_STREAM else 0

    def forget_counters(self) -> None:
        """An aborted kernel may have left them dirty."""
        with self._lock:
            self._counters.clear()

    def address(self, array: Any) -> int:
        return int(array.data.ptr)

    def is_own(self, array: Any) -> bool:
        return isinstance(array, self._cupy.ndarray)

    def put(self, array: Any) -> Any:
        """A copy with the same strides, so that kernels printed for the layout hold."""
        if array.flags.c_contiguous or not array.ndim:
            return self._cupy.asarray(array)
        if array.flags.f_contiguous:
            return self._cupy.asarray(array.T).T
        low, high = np.lib.array_utils.byte_bounds(array)
        room = self.empty((max(high - low, 1),), np.dtype("u1"))
        start = array.__array_interface__["data"][0] - low
        target = self._cupy.ndarray(
            array.shape, array.dtype, memptr=room.data + start, strides=array.strides
        )
        target[...] = self._cupy.asarray(np.ascontiguousarray(array))
        return target

    def get(self, array: Any) -> Any:
        return self._cupy.asnumpy(array)

    def window(
        self,
        array: Any,
        dtype: np.dtype[Any],
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
    ) -> Any:
        steps = tuple(s * dtype.itemsize for s in strides)
        place = array.data + offset * dtype.itemsize
        return self._cupy.ndarray(tuple(shape), dtype, memptr=place, strides=steps)

    def assign(self, target: Any, source: Any) -> None:
        target[...] = source

    def matmul(self, a: Any, b: Any) -> Any:
        return self._cupy.matmul(a, b)

    def gemm(self, out: Any, a: Any, b: Any, alpha: Any, beta: Any) -> bool:
        return cublas.gemm(self._cupy, out, a, b, alpha, beta)

    def equivalent(self, op: str) -> Any:
        return equivalent(self._cupy, op)

    def begin_call(self, scratch_bytes: int) -> Any:
        return self.empty((scratch_bytes,), np.dtype("u1"))

    # -- arrays of others
    def adopt(self, array: Any) -> Any:
        """An array of another library as CuPy's, without a copy."""
        if not isinstance(array, self._cupy.ndarray):
            whole = self._cupy.from_dlpack if hasattr(array, "__dlpack__") else self._cupy.asarray
            array = whole(array)
        if array.data.device_id != self.number:
            raise DeviceError(
                f"arguments live on GPU {array.data.device_id} and on GPU {self.number}: copy them "
                f"to one with cupy.asarray inside of 'with cupy.cuda.Device({self.number}):'"
            )
        return array

    def keep(self, arrays: Any) -> None:
        """Hold what other libraries own until the kernels that were started have ended: their
        allocators do not know of our streams."""
        while self._foreign and self._foreign[0][0].done:
            self._foreign.popleft()
        event = self._cupy.cuda.Event(disable_timing=True)
        event.record(self._stream())
        self._foreign.append((event, arrays))

    def finish(self) -> None:
        self._stream().synchronize()

    def stamp(self) -> Any:
        """An event of the current stream."""
        event = self._cupy.cuda.Event()
        event.record(self._stream())
        return event

    def between(self, before: Any, after: Any) -> float:
        """Seconds between two events, which have happened."""
        after.synchronize()
        return float(self._cupy.cuda.get_elapsed_time(before, after)) / 1e3

    def stream(self) -> int:
        return int(self._stream().ptr)

    def _stream(self) -> Any:
        return self.stream_object()


class _Kernels:
    """A loaded cubin."""

    def __init__(self, machine: CupyMachine, module: Any) -> None:
        self._machine, self._module = machine, module
        self._driver = driver()
        self._functions: dict[str, Any] = {}
        self._allowed: dict[str, int] = {}  # dynamic shared memory
        self._most: dict[str, int] = {}  # blocks of cooperative launches

    def step(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        first: int,
        count: int,
    ) -> Step:
        """A launch as the launcher wants it; what the driver must be told first, it is told."""
        function = self._functions.get(kernel)
        if function is None:
            function = self._functions[kernel] = self._module.get_function(kernel)
        if shared > self._allowed.get(kernel, _SHARED):
            self._require(
                self._driver.cuFuncSetAttribute(function.ptr, MOST_DYNAMIC_SHARED, shared),
                kernel, grid, block, shared,
            )  # fmt: skip
            self._allowed[kernel] = shared
        blocks = min(grid[0], self._most.get(kernel, grid[0]))
        sizes = (blocks, *grid[1:], *block, shared)
        how = TOGETHER if cooperative else KERNEL
        return Step(kernel, int(function.ptr), sizes, how, first, count)

    def start(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        slots: Sequence[int],
    ) -> None:
        count = len(slots) // 2
        step = self.step(kernel, grid, block, shared, cooperative, 0, count)
        code = self._launch(step, slots)
        if code in NOT_READY_CONTEXT:
            self._machine.wake()
            code = self._launch(step, slots)
        if code == TOO_LARGE_TOGETHER:  # more registers, or fewer multiprocessors, than reckoned
            threads = block[0] * block[1] * block[2]
            most = resident(self._driver, step.function, threads, shared) * self._machine.info.sms
            if 0 < most < grid[0]:  # fewer blocks are right: kernels read gridDim
                self._most[kernel] = most
                step = self.step(kernel, grid, block, shared, cooperative, 0, count)
                code = self._launch(step, slots)
        self._require(code, kernel, grid, block, shared)

    def _launch(self, step: Step, slots: Sequence[int]) -> int:
        room = (ctypes.c_int64 * max(len(slots), 1))(*slots)
        at = range(ctypes.addressof(room), ctypes.addressof(room) + 16 * step.count, 16)
        places = (ctypes.c_void_p * max(step.count, 1))(*at)
        given = (step.function, *step.sizes, self._machine.stream(), places)
        if step.how == TOGETHER:
            return int(self._driver.cuLaunchCooperativeKernel(*given))
        return int(self._driver.cuLaunchKernel(*given, None))

    def _require(self, code: int, kernel: str, grid: Sizes, block: Sizes, shared: int) -> None:
        if code:
            raise DeviceError(
                f"{kernel}: the driver refuses the launch of {grid} blocks of {block} threads with "
                f"{shared} bytes of shared memory: {said(self._driver, code)}"
            )


def cupy() -> Any:
    """The module, when something needs it."""
    return importlib.import_module("cupy")
