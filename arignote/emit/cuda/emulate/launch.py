"""Starts kernels of an emulated module: the calls of the CUDA driver, with its limits checked.

A launch is refused for what a GPU would refuse it for: threads of a block, sizes of the grid,
shared memory, blocks of a cooperative launch that are not all resident.  A fault that the emulation
sees raises EmulationError, with the line of the source.
"""

from __future__ import annotations

import ctypes
import os
import threading
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ....errors import EmulationError
from ..device import TINY, DeviceInfo

MOST_THREADS = 1024
MOST_Z = 64
MOST_GRID = (2**31 - 1, 65535, 65535)
MOST_DYNAMIC_SHARED = 227 * 1024
THREADS_PER_SM = 2048

_running = threading.RLock()  # the scheduler's state belongs to one launch at a time
if hasattr(os, "register_at_fork"):  # a child has no launch half done
    os.register_at_fork(
        before=_running.acquire, after_in_parent=_running.release, after_in_child=_running.release
    )


class EmulatedModule:
    """A built module (`build`) in this process."""

    def __init__(self, path: Path, source: str = "", device: DeviceInfo = TINY) -> None:
        self._library = ctypes.CDLL(str(path))
        self._library.sim_message.restype = ctypes.c_char_p
        self._library.sim_switches.restype = ctypes.c_long
        self._lines = source.splitlines()
        self.device = device
        self._functions: dict[str, ctypes.c_void_p] = {}

    def launch(
        self, kernel: str, grid: Sequence[int], block: Sequence[int], arguments: Sequence[Any], *,
        shared: int = 0, cooperative: bool = False, schedule: int = 0,
    ) -> None:  # fmt: skip
        """Run a kernel to its end.  arguments: arrays (their address is passed) and ctypes values.

        Raises EmulationError for a launch that a GPU would refuse, or a fault in the kernel.
        """
        sizes = _three(grid), _three(block)
        self._check(kernel, *sizes, shared, cooperative)
        if 0 in sizes[0]:
            return
        held = [_by_address(a) for a in arguments]
        pointers = (ctypes.c_void_p * max(len(held), 1))(*[ctypes.addressof(a) for a in held])
        numbers = [ctypes.c_uint(n) for size in sizes for n in size]
        with _running:
            self._library.sim_schedule(ctypes.c_long(schedule))
            rest = (ctypes.c_uint(shared), None, pointers)
            if cooperative:
                code = self._library.sim_launch_cooperative(self._function(kernel), *numbers, *rest)
            else:
                code = self._library.sim_launch(self._function(kernel), *numbers, *rest, None)
            said = self._library.sim_message().decode() if code else ""
        if code:
            raise EmulationError(f"{kernel}: {said}{self._excerpt(said)}")

    @property
    def switches(self) -> int:
        """How often the last launch went from one CUDA thread to another."""
        return int(self._library.sim_switches())

    def _function(self, kernel: str) -> ctypes.c_void_p:
        found = self._functions.get(kernel)
        if found is None:
            made = getattr(self._library, f"sim_kernel_{kernel}")
            made.restype = ctypes.c_void_p
            found = self._functions[kernel] = ctypes.c_void_p(made())
        return found

    def _check(
        self, kernel: str, grid: Sequence[int], block: Sequence[int], shared: int, together: bool
    ) -> None:
        threads = block[0] * block[1] * block[2]
        wrong = ""
        if not 0 < threads <= MOST_THREADS or block[2] > MOST_Z:
            wrong = f"a block of {tuple(block)} threads; 1 to {MOST_THREADS} can be, {MOST_Z} in z"
        elif any(not 0 <= n <= most for n, most in zip(grid, MOST_GRID)):
            wrong = f"a grid of {tuple(grid)} blocks; {MOST_GRID} is the limit"
        elif not 0 <= shared <= MOST_DYNAMIC_SHARED:
            wrong = f"{shared} bytes of dynamic shared memory; {MOST_DYNAMIC_SHARED} are the limit"
        elif together and grid[0] * grid[1] * grid[2] > self.device.sms * (
            resident := max(THREADS_PER_SM // threads, 1)
        ):
            wrong = (
                f"a cooperative launch of {tuple(grid)} blocks; {resident} of {threads} threads "
                f"fit on each of {self.device.sms} multiprocessors"
            )
        if wrong:
            raise EmulationError(f"{kernel}: {wrong}")

    def _excerpt(self, said: str) -> str:
        """The source at the last line that a message names."""
        _, found, rest = said.rpartition("at line ")
        number = "".join(c for c in rest if c.isdigit()) if found else ""
        if not number or not 0 < int(number) <= len(self._lines):
            return ""
        return f"\n  {number}: {self._lines[int(number) - 1].strip()}"


def _three(sizes: Sequence[int]) -> tuple[int, int, int]:
    given = (*(int(n) for n in sizes), 1, 1, 1)
    return given[0], given[1], given[2]


def _by_address(argument: Any) -> Any:
    """What holds an argument's value: an array stands for a pointer to its first element."""
    if isinstance(argument, np.ndarray):
        return ctypes.c_void_p(argument.ctypes.data)
    return argument
