"""Parameters in one process that all others read and change when they like.

MPI's one-sided operations reach them without the owner's doing, so rules without a common clock
(ASGD, Downpour, EASGD) need neither a server nor a thread.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..errors import DTypeError, ShapeError
from ..trace.pytree import flatten
from .communicators import communicator, find, mpi


class Center:
    """The arrays of a pytree, of one dtype, kept by process `root`.

    All processes make it together, with arrays of the same shapes; the values are root's.  `free`
    it in all of them before MPI ends, or use it in a `with`.
    """

    def __init__(self, tree: Any, comm: Any = None, root: int = 0) -> None:
        self._comm, self._root = find(communicator(comm)), root
        leaves, self._tree = flatten(tree)
        self._shapes = [np.shape(x) for x in leaves]
        kinds = {np.asarray(x).dtype for x in leaves}
        if len(kinds) != 1:
            raise DTypeError(
                f"Center: arrays of one dtype are wanted, not of {sorted(map(str, kinds))}"
            )
        (self._dtype,) = kinds
        mine = self._joined(tree)
        self._size = mine.size
        owns = self._comm.Get_rank() == root
        self._memory = mine.copy() if owns else np.empty(0, self._dtype)
        self._window = mpi().Win.Create(self._memory, self._dtype.itemsize, comm=self._comm)
        self._comm.Barrier()

    def read(self) -> Any:
        """The values now."""
        window = self._window
        window.Lock(self._root, mpi().LOCK_SHARED)
        try:
            return self._split(self._fetched())
        finally:
            window.Unlock(self._root)

    def add(self, change: Any) -> None:
        """Adds the arrays of `change`, element by element, whoever else adds meanwhile."""
        values = self._joined(change)
        self._window.Lock(self._root, mpi().LOCK_SHARED)
        try:
            self._window.Accumulate(values, self._root, op=mpi().SUM)
        finally:
            self._window.Unlock(self._root)

    def add_and_read(self, change: Any) -> Any:
        """Adds, then gives the values, with nobody else's change between the two."""
        values = self._joined(change)
        self._window.Lock(self._root, mpi().LOCK_EXCLUSIVE)
        try:
            now = self._fetched() + values
            self._window.Put(now, self._root)
        finally:
            self._window.Unlock(self._root)
        return self._split(now)

    def draw_together(self, tree: Any, rate: float) -> Any:
        """Moves these values and the center towards each other by `rate` of their difference, and
        gives the new values: the elastic step of EASGD (Zhang, Choromanska and LeCun 2015)."""
        mine = self._joined(tree)
        self._window.Lock(self._root, mpi().LOCK_EXCLUSIVE)
        try:
            there = self._fetched()
            step = (rate * (mine - there)).astype(self._dtype)
            self._window.Put(there + step, self._root)
        finally:
            self._window.Unlock(self._root)
        return self._split(mine - step)

    def free(self) -> None:
        """Gives the memory back; all processes together."""
        self._comm.Barrier()
        self._window.Free()

    def __enter__(self) -> Center:
        return self

    def __exit__(self, *_: object) -> None:
        self.free()

    def _fetched(self) -> Any:
        out = np.empty(self._size, self._dtype)
        self._window.Get(out, self._root)
        self._window.Flush(self._root)
        return out

    def _joined(self, tree: Any) -> Any:
        leaves, shape = flatten(tree)
        if shape != self._tree or [np.shape(x) for x in leaves] != self._shapes:
            raise ShapeError("Center: the arrays have other shapes than those it was made with")
        parts = [np.asarray(x, self._dtype).ravel() for x in leaves]
        return np.concatenate(parts)

    def _split(self, values: Any) -> Any:
        ends = np.cumsum([int(np.prod(s)) for s in self._shapes])[:-1]
        parts = zip(np.split(values, ends), self._shapes, strict=True)
        return self._tree.unflatten([p.reshape(s) for p, s in parts])


__all__ = ["Center"]
