"""Runs a Python function that a kernel calls, on the addresses the kernel passes."""

import ctypes
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from arignote.emit.plan import ArrayOperand, Callback, HiddenOperand, LeafOperand


def counts(callback: Callback) -> tuple[int, int]:
    """How many pointers and how many ints the kernel passes to this callback."""
    arrays = [o for o in callback.operands if isinstance(o, ArrayOperand)]
    pointers = len(arrays) + sum(2 if r.late else 1 for r in callback.results)
    ints = 2 * sum(a.ndim for a in arrays) + sum(r.ndim for r in callback.results if not r.late)
    return pointers, ints


def run_callback(
    callback: Callback,
    leaves: Sequence[Any],
    pointers: Sequence[int],
    ints: Sequence[int],
    kept: list[Any],
) -> None:
    """Call the function and hand its results to the kernel; `kept` holds memory until it ends."""
    pointer, number = iter(pointers), iter(ints)
    operands: list[Any] = []
    arrays = []
    for operand in callback.operands:
        if isinstance(operand, ArrayOperand):
            dims = [next(number) for _ in range(operand.ndim)]
            strides = [next(number) for _ in range(operand.ndim)]
            arrays.append(array_at(next(pointer), operand.dtype, dims, strides))
            operands.append(arrays[-1] if dims else arrays[-1][()])
        else:
            operands.append(opaque(operand, leaves, kept))
    fill = getattr(callback.function, "fill", None)
    fills = fill is not None and getattr(callback.function, "fills", False)
    if fill is not None and fills:
        (result,) = callback.results
        dims = [next(number) for _ in range(result.ndim)]
        arrays.append(array_at(next(pointer), result.dtype, dims))
        operands.append(arrays[-1])
    try:
        answer = fill(*operands) if fill is not None and fills else callback.function(*operands)
    except BaseException:
        detach(arrays)
        raise
    if fills:
        return
    answers = answer if isinstance(answer, tuple) else (answer,)
    for result, value in zip(callback.results, answers, strict=True):
        if result.late:
            data = np.ascontiguousarray(value, dtype=result.dtype).reshape(np.shape(value))
            kept.append(data)
            ctypes.c_void_p.from_address(next(pointer)).value = data.ctypes.data
            (ctypes.c_int64 * result.ndim).from_address(next(pointer))[:] = data.shape
        else:
            dims = [next(number) for _ in range(result.ndim)]
            array_at(next(pointer), result.dtype, dims)[...] = value


def detach(arrays: Sequence[Any]) -> None:
    """Give arrays over a kernel's memory, which is soon gone, memory of their own: the frames of an
    error hold them, and debuggers show what is in frames."""
    for x in arrays:
        if isinstance(x, np.ndarray):  # not a number
            fortran = x.flags.fnc
            data = x.tobytes("F" if fortran else "C")
            x.__setstate__((1, x.shape, x.dtype, fortran, data))  # type: ignore[arg-type]


@dataclass(frozen=True)
class _Instance:
    """What one call got from a source."""

    operand: HiddenOperand
    value: Any


def opaque(
    operand: LeafOperand | HiddenOperand, leaves: Sequence[Any], kept: list[Any]
) -> Any:
    """An object that stands for itself; `kept`, a list of this call's, has what was made for it."""
    if isinstance(operand, LeafOperand):
        return leaves[operand.leaf]
    for entry in kept:
        if isinstance(entry, _Instance) and entry.operand == operand:
            return entry.value
    kept.append(_Instance(operand, operand.source.made(leaves)))
    return kept[-1].value


def array_at(
    address: int, dtype: np.dtype[Any], dims: Sequence[int], strides: Sequence[int] | None = None
) -> npt.NDArray[Any]:
    """An array over memory that belongs to someone else; strides are in elements."""
    steps = None if strides is None else tuple(s * dtype.itemsize for s in strides)
    return np.asarray(_Memory(address, dtype, tuple(dims), steps))


class _Memory:
    """NumPy's array interface over an address."""

    def __init__(
        self, address: int, dtype: np.dtype[Any], dims: tuple[int, ...], steps: Any
    ) -> None:
        self.__array_interface__ = {
            "version": 3, "typestr": dtype.str, "shape": dims, "strides": steps,
            "data": (address or 1, False),
        }  # fmt: skip
