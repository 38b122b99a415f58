"""Which machine a device's name means, and which arguments live on a GPU.

"cuda" without a usable GPU is an error, unless the flag force_device is off; then the CPU runs what
was meant for it, after a warning.
"""

from __future__ import annotations

import functools
import importlib.util
import sys
import threading
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import numpy as np

from ....config import config
from ....errors import DeviceError, warn_once
from ..compile import driver_version
from .cupy_machine import CupyMachine
from .emulated import EmulatedMachine
from .machine import Machine

_CUDA_ARRAYS = (2, 13)  # DLPack's numbers for memory of a device, managed memory
_machines: dict[int | None, CupyMachine] = {}
_opening = threading.Lock()
_PLAIN = (np.ndarray, np.generic, int, float, complex, bool, str, type(None))


def machine_for(device: str) -> Machine | None:
    """The machine of a device, None for the CPU.  Raises DeviceError, saying what is missing."""
    if device == "cpu":
        return None
    if device == "emulate":
        return emulation()
    try:
        return cuda()
    except DeviceError as error:
        if config.force_device:
            raise
        warn_once("device", f"functions meant for the GPU run on the CPU: {error}")
        return None


@functools.cache
def emulation() -> EmulatedMachine:
    """The emulation that device="emulate" uses."""
    return EmulatedMachine()


def cuda(number: int | None = None) -> CupyMachine:
    """The GPU with a number, or the one that was CuPy's current one when this was first asked.

    Raises DeviceError.
    """
    with _opening:
        made = _machines.get(number)
        if made is None:
            missing = what_is_missing()
            if missing:
                raise DeviceError(f"device='cuda' cannot be used: {missing}")
            made = CupyMachine(number)
            made = _machines.setdefault(made.number, made)  # by both names the same
            _machines[number] = made
        return made


def what_is_missing() -> str:
    """What keeps a GPU from being used, and the command that mends it; "" where nothing does."""
    driver = driver_version()
    if driver == (0, 0):
        return (
            "there is no NVIDIA driver (nvidia-smi does not run either). Use device='cpu', or "
            "device='emulate' to run CUDA source on the CPU."
        )
    extra = "cuda13" if driver >= (13, 0) else "cuda12"
    remedy = f"{Path(sys.executable).name} -m pip install 'arignote[{extra}]'"
    if importlib.util.find_spec("cupy") is None:
        return f"CuPy is not installed: {remedy}"
    return CupyMachine.fault(remedy)


def on_gpu(leaf: Any) -> bool:
    """Is this an array in the memory of a GPU (CuPy's, PyTorch's, JAX's, Numba's)?"""
    if isinstance(leaf, _PLAIN):
        return False
    if type(leaf).__module__ == "cupy":  # which would ask the driver
        return True
    place = getattr(leaf, "__dlpack_device__", None)
    if place is None:
        return hasattr(leaf, "__cuda_array_interface__")
    return int(place()[0]) in _CUDA_ARRAYS


def number_of(leaves: Iterable[Any]) -> int | None:
    """Of the GPU where the first array lives; None where it does not say."""
    for x in leaves:
        if type(x).__module__ == "cupy":
            return int(x.data.device_id)
        if on_gpu(x):
            place = getattr(x, "__dlpack_device__", None)
            return None if place is None else int(place()[1])
    return None


def machine_of(leaves: Iterable[Any], device: str) -> Machine | None:
    """Where a call runs: on the GPU of its arrays, else on the device of the name."""
    held = list(leaves)
    return cuda(number_of(held)) if any(map(on_gpu, held)) else machine_for(device)
