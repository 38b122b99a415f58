"""What a call's arguments must be like for a specialisation to apply: pure data.

The arguments are a pytree; each leaf has a spec.  Sizes 0 and 1 are part of it; other sizes are
slots, and equal sizes (and Python ints equal to one) anywhere in a call share a slot, so a trace
may take them for one symbol.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np

from ..errors import UnsupportedError
from ..fxgraph.types import C128, F64, I64, DType
from .dtypes import checked_dtype
from .overlap import Placement
from .pytree import Tree


@dataclass(frozen=True, slots=True)
class ArraySpec:
    """sizes: 0, 1, or ~slot of a size symbol.

    layout: "C"; "F" (Fortran order, rank 2 or more); "rows" (the last axis is dense, others lie any
    positive multiple apart); "strided" (any multiples of the item's size).
    """

    dtype: DType
    sizes: tuple[int, ...]
    layout: str


@dataclass(frozen=True, slots=True)
class ScalarSpec:
    """kind "python" (weak) or "numpy"; a Python int has a slot."""

    kind: str
    dtype: DType
    slot: int | None = None


@dataclass(frozen=True, eq=False)
class StaticSpec:
    """A value that tracing had to know; equal by type and ==."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, StaticSpec)
            and type(self.value) is type(other.value)
            and (self.value is other.value or bool(self.value == other.value))
        )

    def __hash__(self) -> int:
        return hash(type(self.value))


@dataclass(frozen=True, slots=True)
class ObjectSpec:
    """Something opaque of exactly this type, passed by handle (np.random.Generator)."""

    type: type


LeafSpec: TypeAlias = "ArraySpec | ScalarSpec | StaticSpec | ObjectSpec"


@dataclass(frozen=True, slots=True)
class Signature:
    """tree: of (args, kwargs).  shared: which array leaves lie in the memory of another, and how;
    only for calls that write such arrays (see `overlap`; then bases may follow the tree's leaves).
    """

    tree: Tree
    leaves: tuple[LeafSpec, ...]
    shared: tuple[Placement, ...] = ()


def signature_of(
    tree: Tree,
    leaves: Sequence[Any],
    static: frozenset[int] = frozenset(),
    shared: tuple[Placement, ...] = (),
) -> tuple[Signature, tuple[int, ...]]:
    """The signature of a call and the value of each slot.  `static`: leaves to take as they are.

    Raises DTypeError and UnsupportedError for arrays that cannot be compiled.
    """
    slots: dict[int, int] = {}
    specs = tuple(_spec(x, k in static, slots) for k, x in enumerate(leaves))
    return Signature(tree, specs, shared), tuple(slots)


def _spec(x: Any, static: bool, slots: dict[int, int]) -> LeafSpec:
    cls = type(x)
    if cls is np.ndarray or isinstance(x, np.memmap):
        return _array_spec(x, slots)
    if static or cls is bool:
        return StaticSpec(x)
    if cls is float:
        return ScalarSpec("python", F64)
    if cls is int:
        if not -(2**63) <= x < 2**63:
            return StaticSpec(x)
        return ScalarSpec("python", I64, slots.setdefault(x, len(slots)))
    if cls is complex:
        return ScalarSpec("python", C128)
    if isinstance(x, np.generic):
        if x.dtype.kind in "SUMm":
            return StaticSpec(x)
        return ScalarSpec("numpy", checked_dtype(x).dtype)
    if isinstance(x, np.ndarray):
        raise UnsupportedError(
            f"arguments of type {cls.__name__} are not supported: pass np.asarray(x) instead"
        )
    if isinstance(x, np.random.Generator | np.random.RandomState | random.Random):
        return ObjectSpec(cls)
    return StaticSpec(x)


def _array_spec(x: np.ndarray[Any, Any], slots: dict[int, int]) -> ArraySpec:
    dtype = checked_dtype(x).dtype.newbyteorder("=")
    sizes = tuple(d if d < 2 else ~slots.setdefault(d, len(slots)) for d in x.shape)
    return ArraySpec(dtype, sizes, layout_of(x))


def layout_of(x: np.ndarray[Any, Any]) -> str:
    """The layout by which a kernel reads the array (see ArraySpec); "C" where it gets a copy."""
    flags = x.flags
    if flags.c_contiguous or is_odd(x):
        return "C"
    if flags.f_contiguous and x.ndim >= 2:
        return "F"
    steps = x.strides
    if x.ndim >= 2 and steps[-1] == x.itemsize and all(s > 0 for s in steps):
        return "rows"
    return "strided"


def is_odd(x: np.ndarray[Any, Any]) -> bool:
    """Misaligned, byte-swapped, or strides between elements: kernels get a copy in C order."""
    if not (x.flags.aligned and x.dtype.isnative):
        return True
    return any(s % x.itemsize for s, n in zip(x.strides, x.shape, strict=True) if n > 1)
