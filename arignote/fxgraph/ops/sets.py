"""Ops whose result has a size that only the run knows: positions of a mask, unique values, repeats.

They fill a buffer of the largest possible size and say how much of it counts; the caller takes that
window.  Also tables of counts (bincount) and lookups in sorted arrays.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ..affine import dim
from ..constants import project
from ..node import Node, Op
from ..types import I64, TensorType
from .barriers import barrier, stop_gradient_op
from .library import library
from .shaping import sliced, zeros
from .structure import gather, scatter_add

_COUNT = TensorType(I64, (), True)


# ---- positions of true elements ------------------------------------------------------------------
def _true_positions(mask: Any) -> tuple[Any, int]:
    found = np.flatnonzero(mask)
    out = np.zeros(mask.shape[0], np.int64)
    out[: found.size] = found
    return out, int(found.size)


#: (mask[n]): the positions of its true elements, first in a buffer of n, and how many there are
compress = library(
    "compress",
    reference=_true_positions,
    infer=lambda mask: (TensorType(I64, mask.shape), _COUNT),
)

#: (mask): how many elements are true, as a Python integer
count_true = library(
    "count_true",
    reference=lambda mask: int(np.count_nonzero(mask)),
    infer=lambda mask: _COUNT,
)


def true_positions(mask: Node) -> Node:
    """Positions of the true elements of a mask of rank 1: as many as there are."""
    both = compress(mask)
    return sliced(project(both, 0), 0, 0, dim(project(both, 1)))


# ---- repeats -------------------------------------------------------------------------------------
def _repeat_positions(many: Any, total: Any) -> Any:
    if (np.asarray(many) < 0).any():
        raise ValueError("repeats may not contain negative values.")
    return np.repeat(np.arange(many.shape[0], dtype=np.int64), many)


#: (counts[n], their sum): position i counts[i] times, in order
repeat_positions = library(
    "repeat_positions",
    reference=_repeat_positions,
    infer=lambda many, total: TensorType(I64, (dim(total),)),
    partial=True,
)


# ---- unique --------------------------------------------------------------------------------------
def _unique(x: Any, *, equal_nan: bool) -> tuple[Any, ...]:
    n = x.shape[0]
    values, index, inverse, counts = np.unique(
        x, return_index=True, return_inverse=True, return_counts=True, equal_nan=equal_nan
    )
    return (
        *(_padded(a, n) for a in (values, index)),
        inverse.reshape(-1).astype(np.int64),
        _padded(counts, n),
        int(values.shape[0]),
    )


def _padded(a: Any, n: int) -> Any:
    out = np.zeros(n, a.dtype)
    out[: a.shape[0]] = a
    return out


#: (x[n]): sorted unique values, first positions, inverse, counts (buffers of n), how many
unique = library(
    "unique",
    reference=_unique,
    infer=lambda x, *, equal_nan: (
        x.type,
        TensorType(I64, x.shape),
        TensorType(I64, x.shape),
        TensorType(I64, x.shape),
        _COUNT,
    ),
)


def _unique_rows(x: Any, *, equal_nan: bool) -> tuple[Any, ...]:
    n = x.shape[0]
    rows, index, inverse, counts = np.unique(
        x, True, True, True, axis=0, equal_nan=equal_nan
    )
    room = np.zeros(x.shape, x.dtype)
    room[: rows.shape[0]] = rows
    index, counts = _padded(index, n), _padded(counts, n)
    return room, index, inverse.reshape(-1).astype(np.int64), counts, int(rows.shape[0])


def _line(x: Node) -> TensorType:
    return TensorType(I64, x.shape[:1])


#: The same of what stands along the first axis of x[n, ...], with values of x's shape
unique_rows = library(
    "unique_rows",
    reference=_unique_rows,
    infer=lambda x, *, equal_nan: (x.type, _line(x), _line(x), _line(x), _COUNT),
)


def _unique_values(x: Any, *, equal_nan: bool, counts: bool) -> tuple[Any, ...]:
    n = x.shape[0]
    if not counts:
        values = np.unique(x, equal_nan=equal_nan)
        return _padded(values, n), np.zeros(n, np.int64), int(values.shape[0])
    values, many = np.unique(x, return_counts=True, equal_nan=equal_nan)
    return _padded(values, n), _padded(many, n).astype(np.int64), int(values.shape[0])


def _first_places(x: Node, equal_nan: bool) -> Node:
    """Where each value stands first, the same for all x near by."""
    return project(unique(barrier(stop_gradient_op, x), equal_nan=equal_nan), 1)


def _unique_values_vjp(
    gs: Any, out: Node, x: Node, *, equal_nan: bool, counts: bool
) -> tuple[Node | None]:
    if gs[0] is None:
        return (None,)
    at = _first_places(x, equal_nan)
    return (scatter_add(zeros(gs[0].dtype, x.shape), gs[0], at, axes=(0,), at=0, mode="clip"),)


def _unique_values_jvp(tangents: Any, out: Node, x: Node, *, equal_nan: bool, counts: bool) -> Any:
    t = tangents[0]
    return None if t is None else (_read_at(t, _first_places(x, equal_nan)), None, None)


#: (x[n]): sorted unique values and their counts, if asked for (buffers of n), how many
unique_values = library(
    "unique_values",
    reference=_unique_values,
    infer=lambda x, *, equal_nan, counts: (x.type, TensorType(I64, x.shape), _COUNT),
    vjp=_unique_values_vjp,
    jvp=_unique_values_jvp,
)


# ---- tables --------------------------------------------------------------------------------------
#: (x[n] int64, size, weights?[n]): how often each number stands in x; all are from 0 to size - 1
tally: Op = library(
    "tally",
    reference=lambda x, size, *weights: np.bincount(x, weights[0] if weights else None, int(size)),
    infer=lambda x, size, *weights: TensorType(np.dtype("f8") if weights else I64, (dim(size),)),
    vjp=lambda g, out, x, size, *weights: (None, None, *((_read_at(g, x),) if weights else ())),
    jvp=lambda tangents, out, x, size, *weights: (
        tally(x, size, tangents[2]) if len(tangents) > 2 and tangents[2] is not None else None
    ),
)


def _read_at(table: Node, x: Node) -> Node:
    return gather(table, x, axes=(0,), at=0, mode="clip")


#: (sorted[n], x, order?[n]): where x would be inserted, side "left" or "right"
searchsorted = library(
    "searchsorted",
    reference=lambda a, x, *order, side: np.asarray(np.searchsorted(a, x, side, *order), np.int64)[
        ()
    ],
    infer=lambda a, x, *order, side: TensorType(I64, x.shape),
)
