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
