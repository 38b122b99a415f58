"""A GPU through CuPy, which owns memory, streams and libraries; launches go to the driver at once.

The only module that imports CuPy.  Results come from CuPy's pool; a call's scratch is one block of
it, so that it is in use no longer than the call's kernels in the order of the stream.
"""

from __future__ import annotations

import ctypes
import functools
import importlib
import threading
from collections.abc import Sequence
from typing import Any

import numpy as np

from ....errors import DeviceError
from ..compile import compile_cubin
from ..device import DeviceInfo
from .machine import Module, Sizes

_THREADS = 256
_BLOCKS_PER_SM = 8
_SHARED = 48 * 1024
_NO_CONTEXT = 201
_MOST_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
_ERRORS = {
    1: "a value that the driver does not take", 2: "out of memory", 98: "an unknown kernel",
    209: "the machine code is for another architecture", 700: "a kernel wrote outside its memory",
    701: "too many registers or too much shared memory", 719: "a kernel failed",
    720: "a cooperative launch is too large",
}  # fmt: skip


class CupyMachine:
    """CuPy's current device, when it is made.  Raises DeviceError where CuPy does."""

    eager_checks = False

    def __init__(self) -> None:
        self._cupy = cupy()
        try:
            self._device = self._cupy.cuda.Device()
            attributes = self._device.attributes
            major, minor = self._device.compute_capability[:-1], self._device.compute_capability[-1]
            properties = self._cupy.cuda.runtime.getDeviceProperties(self._device.id)
        except Exception as error:
            raise DeviceError(f"CuPy does not reach the GPU: {error}") from error
        self.name = properties["name"].decode()
        self.info = DeviceInfo(
            self.name, int(attributes["MultiProcessorCount"]), _THREADS, _BLOCKS_PER_SM, _SHARED,
            f"sm_{major}{minor}",
        )  # fmt: skip
        self._modules: dict[tuple[str, bool], Module] = {}
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
            return f"CuPy does not run ({str(error).splitlines()[0]}): {remedy}"
        return "" if total == 45.0 else f"CuPy sums wrongly: {remedy}"

    def module(self, source: str, wide: bool) -> Module:
        with self._lock:
            found = self._modules.get((source, wide))
            if found is None:
                defines = ("AN_WIDE=1",) if wide else ()
                made = compile_cubin(source, self.info.arch, defines)
                loaded = self._cupy.cuda.function.Module()
                loaded.load(made.code)
                found = self._modules[source, wide] = _Kernels(self._cupy, loaded, self._device)
            return found

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

    def begin_call(self, scratch_bytes: int) -> Any:
        return self.empty((scratch_bytes,), np.dtype("u1"))

    def adopt(self, array: Any) -> Any:
        """An array of another library as CuPy's, without a copy."""
        if not isinstance(array, self._cupy.ndarray):
            whole = self._cupy.from_dlpack if hasattr(array, "__dlpack__") else self._cupy.asarray
            array = whole(array)
        if array.data.device_id != self._device.id:
            raise DeviceError(
                f"an argument lives on GPU {array.data.device_id}, and functions run on GPU "
                f"{self._device.id}, CuPy's current one when the first was called: copy it there "
                f"with cupy.asarray, inside of 'with cupy.cuda.Device({self._device.id}):'"
            )
        return array

    def _stream(self) -> Any:
        return self._cupy.cuda.get_current_stream()


class _Kernels:
    """A loaded cubin."""

    def __init__(self, library: Any, module: Any, device: Any) -> None:
        self._cupy, self._module, self._device = library, module, device
        self._driver = _driver()
        self._functions: dict[str, Any] = {}

    def start(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        slots: Sequence[int],
    ) -> None:
        function = self._functions.get(kernel)
        if function is None:
            function = self._functions[kernel] = self._module.get_function(kernel)
        if shared > _SHARED:
            self._driver.cuFuncSetAttribute(ctypes.c_void_p(function.ptr), _MOST_SHARED, shared)
        room = (ctypes.c_int64 * max(len(slots), 1))(*slots)
        first = ctypes.addressof(room)
        places = (ctypes.c_void_p * max(len(slots) // 2, 1))(
            *[first + 8 * k for k in range(0, len(slots), 2)]
        )
        stream = ctypes.c_void_p(self._cupy.cuda.get_current_stream().ptr)
        handle = ctypes.c_void_p(function.ptr)
        sizes = [ctypes.c_uint(n) for n in (*grid, *block, shared)]
        launch = self._driver.cuLaunchKernel
        given = (handle, *sizes, stream, places, None)
        if cooperative:
            launch, given = self._driver.cuLaunchCooperativeKernel, given[:-1]
        code = launch(*given)
        if code == _NO_CONTEXT:  # this thread has not used the GPU before
            self._device.use()
            code = launch(*given)
        if code:
            said = _ERRORS.get(code, "see CUDA's table of results")
            raise DeviceError(
                f"{kernel}: the driver refuses the launch of {grid} blocks of {block} threads with "
                f"{shared} bytes of shared memory: error {code}, {said}"
            )


def cupy() -> Any:
    """The module, when something needs it."""
    return importlib.import_module("cupy")


@functools.cache
def _driver() -> ctypes.CDLL:
    return ctypes.CDLL("libcuda.so.1")
