"""Values that live between calls on a GPU: moved there once, brought back when somebody looks.

Shared variables of the explicit style hold them.  What a function gives for its updates is left
where it was made, so that a call moves only what its caller hands over and gets back.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from . import devices


def moved(value: Any) -> Any:
    """A host array as an array of the GPU; other things, and arrays where the CPU takes over, as
    they are.  Raises DeviceError without a GPU, MemoryError where it is full."""
    if type(value) is not np.ndarray or value.dtype.kind not in "biufc":
        return value
    machine: Any = devices.machine_for("cuda")
    if machine is None:
        return value
    with machine.here():
        made = machine.put(np.ascontiguousarray(value).reshape(value.shape))
        machine.finish()  # later calls may be on other streams
    return made
