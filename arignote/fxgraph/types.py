"""Static types of graph values: dtype, sizes, and whether the value is a Python number.

A size is an `int` (0 and 1 always are) or an int64 scalar node, which then is at least 2 or
unknown. `weak` marks a Python number: its kind takes part in promotion, its width does not (NEP
50).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np

if TYPE_CHECKING:
    from .node import Node

DType: TypeAlias = "np.dtype[Any]"
Size: TypeAlias = "int | Node"
Shape: TypeAlias = "tuple[Size, ...]"

I64: DType = np.dtype("i8")
F64: DType = np.dtype("f8")
C128: DType = np.dtype("c16")
BOOL: DType = np.dtype("?")
#: Dtype of opaque handles (random generators): never computed with, only passed on.
OPAQUE: DType = np.dtype("O")


@dataclass(frozen=True, slots=True)
class TensorType:
    """dtype, one size an axis, and `weak` for Python numbers (rank 0 only)."""

    dtype: DType
    shape: Shape = ()
    weak: bool = False

    @property
    def rank(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        sizes = ", ".join(size_text(d) for d in self.shape)
        return f"{'~' if self.weak else ''}{self.dtype}[{sizes}]"


def size_text(d: Size) -> str:
    """A size as a person reads it: a number, an input's name, an affine form, or `?`."""
    if isinstance(d, int):
        return str(d)
    if d.op.name == "input":
        return str(d.attr("name"))
    if d.op.name == "affine":
        terms = []
        for atom, k in zip(d.inputs, d.attr("coefs"), strict=True):
            terms.append(size_text(atom) if k == 1 else f"{k}*{size_text(atom)}")
        const = d.attr("const")
        return " + ".join([*terms, *([str(const)] if const else [])]).replace("+ -", "- ")
    return "?"
