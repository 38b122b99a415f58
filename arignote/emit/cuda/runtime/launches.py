"""What a call starts, as numbers: the contract of the compiled launcher and its twin in Python.

A call of a kind that was seen before starts the same kernels with the same sizes; only addresses
and numbers given by value differ.  Those are the *words* of a call, and `patches` say where each
goes.  Arguments lie in slots, two of 8 bytes each, which hold any argument.
"""

from __future__ import annotations

import ctypes
import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

_Launcher: Callable[..., Any] | None
try:
    _Launcher = importlib.import_module("._launch", __package__).Launcher
except ImportError:
    _Launcher = None

Patch = tuple[int, int, int]  # slot, word, what is added to the word
#: How a step is started.
KERNEL, TOGETHER, PRODUCT = range(3)


@dataclass(frozen=True)
class Step:
    """A kernel to start (all blocks at once where `how` is TOGETHER), with function 0 memory to
    fill, or a product of cuBLAS.

    sizes: grid, block, bytes of dynamic shared memory; of memory: the byte and how many, then 0; of
    a product: two transpositions, m, n, k, two leading dimensions.  first: its first slot, which
    holds the address of memory; of a product ten slots: its left and its right matrix, C, the
    workspace, alpha, beta (two each), C's leading dimension, bytes of the workspace.  count:
    arguments of a kernel, 5 of a product.
    """

    name: str
    function: int
    sizes: tuple[int, int, int, int, int, int, int]
    how: int
    first: int
    count: int


@dataclass(frozen=True)
class Libraries:
    """What a launcher calls, by ctypes with prototypes: the driver (driver.py) and, None where
    there are no products, cuBLAS (cublas.py)."""

    driver: Any
    cublas: Any = None


class PythonLauncher:
    """Starts the steps of a call."""

    def __init__(
        self,
        libraries: Libraries,
        steps: Sequence[Step],
        slots: Sequence[int],
        patches: Sequence[Patch],
    ) -> None:
        self._libraries = libraries
        self._steps, self._slots, self._patches = tuple(steps), tuple(slots), tuple(patches)

    def run(self, words: Sequence[int], stream: int, first: int = 0, handle: int = 0) -> int:
        """Start the steps from the first one on; 0, or (1 + step) << 32 | the library's error.
        handle: of cuBLAS, in this thread."""
        slots = (ctypes.c_int64 * max(len(self._slots), 1))(*self._slots)
        for slot, word, more in self._patches:
            slots[slot] = words[word] + more
        for k in range(first, len(self._steps)):
            code = self._start(self._steps[k], slots, stream, handle)
            if code:
                return (k + 1) << 32 | code
        return 0

    def _start(self, s: Step, slots: Any, stream: int, handle: int) -> int:
        driver = self._libraries.driver
        if not s.function:
            byte, size = s.sizes[:2]
            return int(driver.cuMemsetD8Async(slots[s.first], byte, size, stream))
        at = ctypes.addressof(slots) + 8 * s.first
        if s.how == PRODUCT:
            return self._product(s, slots[s.first : s.first + 10], at, stream, handle)
        places = (ctypes.c_void_p * max(s.count, 1))(*range(at, at + 16 * s.count, 16))
        if s.how == TOGETHER:
            return int(
                driver.cuLaunchCooperativeKernel(s.function, *s.sizes, stream, places)
            )
        return int(driver.cuLaunchKernel(s.function, *s.sizes, stream, places, None))

    def _product(self, s: Step, slots: Sequence[int], at: int, stream: int, handle: int) -> int:
        blas = self._libraries.cublas
        left, right, out, room = slots[:4]
        code = blas.cublasSetStream_v2(handle, stream)
        code = code or blas.cublasSetWorkspace_v2(handle, room, slots[9])
        call = getattr(blas, s.name)
        return int(
            code
            or call(handle, *s.sizes[:5], at + 32, left, s.sizes[5], right, s.sizes[6], at + 48,
                    out, slots[8])
        )  # fmt: skip


def address_of(function: Any) -> int:
    """Where a function of a ctypes library begins."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def compiled_launcher(
    libraries: Libraries,
    steps: Sequence[Step],
    slots: Sequence[int],
    patches: Sequence[Patch],
) -> Any:
    """The compiled twin, which calls the libraries by pointers; PythonLauncher where it is not
    built or a library has no pointers."""
    driver, blas = libraries.driver, libraries.cublas
    if _Launcher is None or not isinstance(driver, ctypes.CDLL):
        return PythonLauncher(libraries, steps, slots, patches)
    names = ("cuLaunchKernel", "cuLaunchCooperativeKernel", "cuMemsetD8Async")
    pointers = [address_of(getattr(driver, name)) for name in names]
    for name in ("cublasSetStream_v2", "cublasSetWorkspace_v2"):
        pointers.append(0 if blas is None else address_of(getattr(blas, name)))
    rows = [(s.function, *s.sizes, s.how, s.first, s.count) for s in steps]
    return _Launcher(libraries, pointers, rows, slots, patches)
