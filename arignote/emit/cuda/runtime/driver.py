"""NVIDIA's driver library by ctypes: launches, what fits on a multiprocessor, graphs of launches.

Only what CuPy has no cheap way to: a launch through CuPy makes an object an argument, and its
captures refuse libraries.  Names and types are those of cuda.h 12 and 13 (a test compiles them
against the header where there is one).
"""

from __future__ import annotations

import ctypes
import functools
from ctypes import POINTER, c_char_p, c_int, c_size_t, c_ubyte, c_uint, c_ulonglong, c_void_p
from typing import Any

NOT_READY_CONTEXT = (3, 201)  # not initialized, invalid context: this thread has not used the GPU
TOO_LARGE_TOGETHER = 720
MOST_DYNAMIC_SHARED = 8  # CU_FUNC_ATTRIBUTE_MAX_DYNAMIC_SHARED_SIZE_BYTES
NON_BLOCKING = 1  # CU_STREAM_NON_BLOCKING
RELAXED = 2  # CU_STREAM_CAPTURE_MODE_RELAXED

#: Function -> the C types of its parameters; all return CUresult.
PROTOTYPES: dict[str, tuple[Any, ...]] = {
    "cuLaunchKernel": (c_void_p, *[c_uint] * 7, c_void_p, c_void_p, c_void_p),
    "cuLaunchCooperativeKernel": (c_void_p, *[c_uint] * 7, c_void_p, c_void_p),
    "cuMemsetD8Async": (c_ulonglong, c_ubyte, c_size_t, c_void_p),
    "cuFuncSetAttribute": (c_void_p, c_int, c_int),
    "cuOccupancyMaxActiveBlocksPerMultiprocessor": (POINTER(c_int), c_void_p, c_int, c_size_t),
    "cuGetErrorName": (c_int, POINTER(c_char_p)),
    "cuGetErrorString": (c_int, POINTER(c_char_p)),
    "cuStreamCreate": (POINTER(c_void_p), c_uint),
    "cuStreamDestroy_v2": (c_void_p,),
    "cuStreamBeginCapture_v2": (c_void_p, c_int),
    "cuStreamEndCapture": (c_void_p, POINTER(c_void_p)),
    "cuGraphInstantiateWithFlags": (POINTER(c_void_p), c_void_p, c_ulonglong),
    "cuGraphLaunch": (c_void_p, c_void_p),
    "cuGraphDestroy": (c_void_p,),
    "cuGraphExecDestroy": (c_void_p,),
}

#: What errors of a launch come from, where the driver's own words do not say.
_HINTS = {
    98: "the kernel is not in the loaded machine code",
    209: "the machine code is for another architecture",
    700: "a kernel, perhaps an earlier one, read or wrote outside its memory; this process cannot "
         "use the GPU any more",
    701: "too many registers or too much shared memory for a block of this size",
    719: "a kernel, perhaps an earlier one, failed; this process cannot use the GPU any more",
    720: "not all blocks of a cooperative launch are resident at once",
}  # fmt: skip


@functools.cache
def driver() -> Any:
    """The library with its prototypes.  Raises OSError without a driver."""
    return prototyped(ctypes.CDLL("libcuda.so.1"))


def prototyped(library: Any) -> Any:
    """The library, its functions told the types of their parameters."""
    for name, types in PROTOTYPES.items():
        function = getattr(library, name)
        function.argtypes, function.restype = types, c_int
    return library


def said(library: Any, code: int) -> str:
    """Number, name and meaning of an error."""
    texts = []
    for ask in (library.cuGetErrorName, library.cuGetErrorString):
        room = c_char_p()
        if ask(code, ctypes.byref(room)) == 0 and room.value:
            texts.append(room.value.decode(errors="replace"))
    hint = _HINTS.get(code)
    return f"error {code}, {': '.join(texts)}" + (f" ({hint})" if hint else "")


def resident(library: Any, function: int, threads: int, shared: int) -> int:
    """The blocks of a kernel that one multiprocessor holds at once; 0 where the driver won't say"""
    count = c_int()
    code = library.cuOccupancyMaxActiveBlocksPerMultiprocessor(
        ctypes.byref(count), function, threads, shared
    )
    return 0 if code else count.value
