"""Whether the leaves of a call are those of a plan: the Python twin of native/matching.pxi."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from arignote.emit.plan import ArrayLeaf, Plan, ScalarLeaf, StaticLeaf

_PYTHON = {"b": bool, "i": int, "f": float, "c": complex}


def matches(plan: Plan, leaves: Sequence[Any]) -> bool:
    """Whether these leaves are those of the plan."""
    if len(leaves) != len(plan.leaves):
        return False
    slots: dict[int, int] = {}
    return all(_leaf_is(spec, leaf, slots) for spec, leaf in zip(plan.leaves, leaves, strict=True))


def _leaf_is(spec: Any, leaf: Any, slots: dict[int, int]) -> bool:
    if isinstance(spec, ArrayLeaf):
        if type(leaf) is not np.ndarray or leaf.ndim != len(spec.sizes):
            return False
        if leaf.dtype.num != np.dtype(spec.dtype).num or not leaf.dtype.isnative:
            return False
        if layout_of(leaf) != spec.layout:
            return False
        return all(
            size == code if code >= 0 else size >= 2 and _symbol_is(slots, ~code, size)
            for code, size in zip(spec.sizes, leaf.shape, strict=True)
        )
    if isinstance(spec, ScalarLeaf):
        if spec.kind == "numpy":
            return type(leaf) is np.dtype(spec.dtype).type
        if type(leaf) is not _PYTHON[np.dtype(spec.dtype).kind]:
            return False
        if type(leaf) is not int:
            return True
        fits = -(2**63) <= leaf < 2**63
        return fits and (spec.slot is None or _symbol_is(slots, spec.slot, leaf))
    if isinstance(spec, StaticLeaf):
        return _same_static(leaf, spec.value)
    return type(leaf) is spec.type


def _symbol_is(slots: dict[int, int], slot: int, value: int) -> bool:
    """A symbol has one value, and values of 2 and more belong to one symbol."""
    if slot in slots:
        return slots[slot] == value
    if value >= 2 and value in slots.values():
        return False
    slots[slot] = value
    return True


def layout_of(array: npt.NDArray[Any]) -> str:
    """C, F, rows or strided as kernels tell them apart; "" for memory that no kernel takes."""
    if not array.flags.aligned:
        return ""
    if array.flags.c_contiguous:
        return "C"
    if array.flags.f_contiguous:
        return "F"
    size = array.itemsize
    if any(stride % size for stride in array.strides):
        return ""
    rows = array.strides[-1] == size and all(stride > 0 for stride in array.strides)
    return "rows" if rows else "strided"


def _same_static(value: Any, known: Any) -> bool:
    if type(value) is not type(known):
        return False
    if isinstance(known, slice):  # slice(1, 2) == slice(1.0, 2)
        parts = ("start", "stop", "step")
        return all(_same_static(getattr(value, p), getattr(known, p)) for p in parts)
    return bool(value == known)
