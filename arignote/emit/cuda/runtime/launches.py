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


@dataclass(frozen=True)
class Step:
    """A kernel to start, or with function 0 memory to fill.

    sizes: grid, block, bytes of dynamic shared memory; of memory: the byte and how many, then 0.
    first: its first slot, which holds the address of memory.  count: arguments of a kernel.
    """

    name: str
    function: int
    sizes: tuple[int, int, int, int, int, int, int]
    together: bool
    first: int
    count: int


class PythonLauncher:
    """Starts the steps of a call.  library: the driver, with prototypes (driver.py)."""

    def __init__(
        self, library: Any, steps: Sequence[Step], slots: Sequence[int], patches: Sequence[Patch]
    ) -> None:
        self._library = library
        self._steps, self._slots, self._patches = tuple(steps), tuple(slots), tuple(patches)

    def run(self, words: Sequence[int], stream: int, first: int = 0) -> int:
        """Start the steps from the first one on; 0, or (1 + step) << 32 | the driver's error."""
        slots = (ctypes.c_int64 * max(len(self._slots), 1))(*self._slots)
        for slot, word, more in self._patches:
            slots[slot] = words[word] + more
        base = ctypes.addressof(slots)
        for k in range(first, len(self._steps)):
            s = self._steps[k]
            if not s.function:
                byte, size = s.sizes[:2]
                code = self._library.cuMemsetD8Async(slots[s.first], byte, size, stream)
            else:
                places = (ctypes.c_void_p * max(s.count, 1))(
                    *[base + 8 * (s.first + 2 * j) for j in range(s.count)]
                )
                if s.together:
                    code = self._library.cuLaunchCooperativeKernel(
                        s.function, *s.sizes, stream, places
                    )
                else:
                    code = self._library.cuLaunchKernel(s.function, *s.sizes, stream, places, None)
            if code:
                return (k + 1) << 32 | int(code)
        return 0


def address_of(function: Any) -> int:
    """Where a function of a ctypes library begins."""
    return ctypes.cast(function, ctypes.c_void_p).value or 0


def compiled_launcher(
    library: Any, steps: Sequence[Step], slots: Sequence[int], patches: Sequence[Patch]
) -> Any:
    """The compiled twin, which calls the driver by pointers; PythonLauncher where it is not built
    or the library has no pointers."""
    if _Launcher is None or not isinstance(library, ctypes.CDLL):
        return PythonLauncher(library, steps, slots, patches)
    names = ("cuLaunchKernel", "cuLaunchCooperativeKernel", "cuMemsetD8Async")
    rows = [(s.function, *s.sizes, s.together, s.first, s.count) for s in steps]
    pointers = [address_of(getattr(library, name)) for name in names]
    return _Launcher(library, pointers, rows, slots, patches)
