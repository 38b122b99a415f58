"""`Kernel` and `Dispatcher`: the compiled runtime where it was built, else its twin in Python.

Also tells the runtime which flags are in force: specialisations made under other values of the
keyed flags do not match, and kernels get the number of threads.
"""

import os
import sys
from typing import TYPE_CHECKING, Any

from arignote.config import config
from arignote.emit import runtime_py, stateful_py
from arignote.errors import warn_once

if TYPE_CHECKING:
    from arignote.emit.runtime_py import (
        NO_MATCH,
        Dispatcher,
        Kernel,
        set_scratch_bound,
        set_spin,
        set_state,
        team_address,
    )
    from arignote.emit.stateful_py import Caller, Container
else:
    try:
        from arignote.emit.runtime import (
            NO_MATCH,
            Caller,
            Container,
            Dispatcher,
            Kernel,
            set_scratch_bound,
            set_spin,
            set_state,
            team_address,
        )
    except ImportError:
        from arignote.emit.runtime_py import (
            NO_MATCH,
            Dispatcher,
            Kernel,
            set_scratch_bound,
            set_spin,
            set_state,
            team_address,
        )

        Caller, Container = stateful_py.Caller, stateful_py.Container

__all__ = [
    "NO_MATCH", "Caller", "Container", "Dispatcher", "Kernel", "compiled", "current_state",
    "team_address", "warn_if_slow",
]  # fmt: skip

_states: dict[tuple[tuple[str, Any], ...], int] = {}


def compiled() -> bool:
    """Whether the compiled runtime is in use."""
    return Dispatcher is not runtime_py.Dispatcher


def warn_if_slow() -> None:
    """Say once that the compiled runtime is missing; called when there is native code to call."""
    if not compiled():
        warn_once(
            "native code",
            f"the compiled runtime was not built when arignote was installed, so each call costs "
            f"some 30 µs more. Reinstall it where a C compiler and Python's headers are: "
            f"{os.path.basename(sys.executable)} -m pip install --force-reinstall arignote",
        )


def current_state() -> tuple[int, int]:
    """A number for the values of the keyed flags, and the number of threads, both as of now."""
    return config.remembered(_state)


def _state() -> tuple[int, int]:
    return _states.setdefault(config.key(), len(_states)), config.threads or _cores()


def _cores() -> int:
    try:
        return len(os.sched_getaffinity(0))
    except AttributeError:
        return os.cpu_count() or 1


def _flags_changed() -> None:
    set_state(*current_state(), current_state if config.lends() else None)
    set_scratch_bound(config.scratch)
    set_spin(config.spin_us)


config.watch(_flags_changed)
_flags_changed()
