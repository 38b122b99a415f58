"""A whole CUDA program in a child process under AddressSanitizer or ThreadSanitizer.

Every buffer lies in memory of its own there, so that the sanitizer sees the end of each.
"""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import Any

from ....errors import ArignoteError
from ... import plan as host
from ..device import TINY, DeviceInfo
from ..emulate.child import Seen, watched
from ..plan import CudaModule
from .call import DeviceProgram
from .emulated import EmulatedMachine


def sanitized(
    module: CudaModule,
    plan: host.Plan,
    leaves: Sequence[Any],
    flavour: str,
    schedule: int = 0,
    info: DeviceInfo = TINY,
) -> Seen:
    """Call a program with copies of the leaves; the answer and what the sanitizer saw.

    flavour: "address" or "thread".
    """
    given = (module, plan, tuple(leaves), flavour, schedule, info)
    return watched(program_job, given, flavour)


def program_job(
    module: CudaModule,
    plan: host.Plan,
    leaves: Sequence[Any],
    flavour: str,
    schedule: int,
    info: DeviceInfo,
) -> Any:
    """What the child does; an error of the user's program is an answer too."""
    machine = EmulatedMachine(info, flavour, schedule)
    program = DeviceProgram(module, plan, machine, apart=True)
    own = copy.deepcopy(list(leaves))
    try:
        return program(own, own), own
    except ArignoteError:
        raise
    except Exception as error:
        return error, own
