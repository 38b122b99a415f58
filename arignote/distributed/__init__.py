"""Training over several processes: reductions over MPI inside compiled functions, parameters that
are shared one-sidedly, and compiled functions on Dask workers.  Processes are started by mpiexec or
by Dask; nothing here starts or serves any."""

from .center import Center
from .communicators import communicator
from .reductions import all_reduce, all_reduce_tree, broadcast_tree
from .workers import portable

__all__ = [
    "Center",
    "all_reduce",
    "all_reduce_tree",
    "broadcast_tree",
    "communicator",
    "portable",
]
