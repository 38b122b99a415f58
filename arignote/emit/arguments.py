"""Arguments that are not as kernels want them: odd memory, and memory shared with what is written.

Both runtimes come here only after their fast tests failed, so this is plain Python.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

_CANONICAL = {
    np.dtype(name): np.dtype(name)
    for name in (
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    )
}
_EFFORT: Any = 100_000  # candidate solutions after which shared memory is taken for granted


def regular(leaves: Sequence[Any]) -> list[Any] | None:
    """The leaves with a C-ordered copy for each odd array, or None when there is no odd one.

    Odd are arrays that are misaligned, byte-swapped, or have strides that are no multiple of the
    element's size.  An array whose dtype has another name of the same meaning (long long beside
    long) becomes a view, which needs no copying back.
    """
    result = [_regular(leaf) if type(leaf) is np.ndarray else leaf for leaf in leaves]
    same = all(new is old for new, old in zip(result, leaves, strict=True))
    return None if same else result


def write_back(given: Sequence[Any], used: Sequence[Any], written: Sequence[int]) -> None:
    """Copy what a kernel wrote into stand-ins to the arrays that the caller gave."""
    for leaf in written:
        if used[leaf] is not given[leaf]:
            np.copyto(given[leaf], used[leaf])


def through(
    given: npt.NDArray[Any],
    used: npt.NDArray[Any],
    window: Sequence[int],
    dtype: np.dtype[Any] | None = None,
) -> npt.NDArray[Any]:
    """The view of `given` that shows what a view of its stand-in shows, or a copy where none does:
    of a reshaped one, which NumPy copies too.

    window: offset, shape and strides, in elements of the dtype, in the stand-in's memory.
    """
    dtype = used.dtype if dtype is None else dtype
    rank = (len(window) - 1) // 2
    shape, steps = tuple(window[1 : 1 + rank]), window[1 + rank :]
    if 0 in shape:
        return np.empty(shape, dtype.newbyteorder(given.dtype.byteorder))
    # where each element of the stand-in, in its order, has come from: bytes from the first one
    places = np.zeros((*used.shape, used.itemsize // dtype.itemsize), np.int64)
    for axis, step in enumerate((*given.strides, dtype.itemsize)):
        counts = np.arange(places.shape[axis]) * step
        places += counts.reshape(-1, *(1,) * (places.ndim - 1 - axis))
    seen = _strided(places.reshape(-1)[window[0] :], shape, [8 * s for s in steps])
    first = seen[(0,) * rank]
    along = [
        int(seen[tuple(int(k == j) for k in range(rank))] - first) if shape[j] > 1 else 0
        for j in range(rank)
    ]
    regular = np.full(shape, first)
    for axis, step in enumerate(along):
        regular += (np.arange(shape[axis]) * step).reshape(-1, *(1,) * (rank - 1 - axis))
    if not np.array_equal(regular, seen):
        flat = used.reshape(-1).view(dtype)[window[0] :]
        return _strided(flat, shape, [dtype.itemsize * s for s in steps]).copy()
    interface = {
        "version": 3, "shape": shape, "strides": tuple(along),
        "typestr": dtype.newbyteorder(given.dtype.byteorder).str,
        "data": (given.ctypes.data + int(first), not given.flags.writeable),
    }  # fmt: skip
    return np.asarray(_Place(interface, given))


class _Place:
    """Carries a view's place, and keeps what it is a view of."""

    def __init__(self, interface: dict[str, Any], base: npt.NDArray[Any]) -> None:
        self.__array_interface__ = interface
        self.base = base


def _strided(first: npt.NDArray[Any], shape: Any, strides: Any) -> npt.NDArray[Any]:
    return np.lib.stride_tricks.as_strided(first, shape, strides)


def share_memory(a: npt.NDArray[Any], b: npt.NDArray[Any]) -> bool:
    """Whether an element of `a` overlaps one of `b`; where that is too hard to tell, yes."""
    try:
        return bool(np.shares_memory(a, b, max_work=_EFFORT))
    except np.exceptions.TooHardError:
        return True


def overlapping(leaves: Sequence[Any], written: Sequence[int]) -> bool:
    """Whether a written array shares memory with another array of the call."""
    arrays = [(j, leaf) for j, leaf in enumerate(leaves) if isinstance(leaf, np.ndarray)]
    return any(
        np.may_share_memory(leaves[w], other) and share_memory(leaves[w], other)
        for w in written
        for j, other in arrays
        if j != w and not (j in written and j < w)
    )


def require_writeable(leaves: Sequence[Any], written: Sequence[int]) -> None:
    """Raise what NumPy raises where a read-only array is written."""
    for leaf in written:
        if not leaves[leaf].flags.writeable:
            raise ValueError("assignment destination is read-only")


def _regular(array: npt.NDArray[Any]) -> npt.NDArray[Any]:
    dtype = _CANONICAL.get(array.dtype.newbyteorder("="))
    if dtype is None:
        return array
    size = dtype.itemsize
    multiples = all(s % size == 0 for s, n in zip(array.strides, array.shape, strict=True) if n > 1)
    if not (array.flags.aligned and array.dtype.isnative and multiples):
        return np.array(array, dtype=dtype, order="C", copy=True)
    if array.dtype.num != dtype.num:
        return array.view(dtype)
    return array
