"""Communicators by name: graphs and caches keep the name, each process has its own object.

Anything with mpi4py's `Get_rank`, `Get_size` and `Allreduce(send, receive, op)` will do; one that
is not mpi4py's gets the name of the operation for `op` ("sum", "prod", "max", "min").
"""

from __future__ import annotations

from typing import Any

from ..errors import UnsupportedError

_known: dict[str, Any] = {}
WORLD = "world"


def communicator(comm: Any = None, name: str | None = None) -> str:
    """The name that a communicator goes by; None is MPI's COMM_WORLD.

    The name must be the same in all processes: say one where they know the communicator by
    different objects at different times.  Raises UnsupportedError where there is no MPI.
    """
    if comm is None:
        _known.setdefault(WORLD, mpi().COMM_WORLD)
        return WORLD
    if isinstance(comm, str):
        find(comm)
        return comm
    for known, other in _known.items():
        if other is comm and name in (None, known):
            return known
    name = name or f"communicator{len(_known)}"
    _known[name] = comm
    return name


def find(name: str) -> Any:
    """The communicator of this name in this process."""
    if name == WORLD and name not in _known:
        communicator()
    try:
        return _known[name]
    except KeyError:
        raise UnsupportedError(
            f"this process knows no communicator {name!r}: call "
            f"ag.distributed.communicator(comm, name={name!r}) in each process"
        ) from None


def operation(comm: Any, name: str) -> Any:
    """What `comm.Allreduce` takes for an operation."""
    if type(comm).__module__.partition(".")[0] != "mpi4py":
        return name
    return getattr(mpi(), name.upper())


def mpi() -> Any:
    """mpi4py's module MPI, initialised.  Raises UnsupportedError, with what to install."""
    try:
        from mpi4py import MPI
    except ImportError as error:
        raise UnsupportedError(
            f"reductions over processes need mpi4py and an MPI library ({error}): "
            f"pip install 'arignote[mpi]' mpich, or install your system's MPI (apt install "
            f"libopenmpi-dev openmpi-bin) and then mpi4py"
        ) from None
    return MPI


__all__ = ["WORLD", "communicator", "find", "mpi", "operation"]
