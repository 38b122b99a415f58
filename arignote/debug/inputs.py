"""Arguments for checking: copies between guard zones, in other memory orders, and generated ones.

A guard zone is memory before and after an array that holds a pattern; a write outside the array
changes it.  It is as wide as the array, within bounds: a kernel that takes steps twice too long
writes there and not into memory of others.
"""

from __future__ import annotations

import copy
import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from .rewinding import rewind

#: The least and the most bytes of a guard zone.
GUARD, _WIDEST = 4096, 1 << 20
PATTERN = 0xA5
NDArray = np.ndarray[Any, Any]
LAYOUTS = ("C", "F", "strided", "reversed", "mixed", "odd")
#: Steps of successive axes in the layout "mixed": either sign, several widths.
MIXED = (-1, 3, -2, 1)


class Zones:
    """Hands out arrays that lie between guard zones, whole cache lines or, with `shift`, that many
    bytes behind the start of one."""

    def __init__(self, shift: int = 0) -> None:
        self.shift = shift
        self.blocks: list[tuple[str, NDArray, int, int]] = []

    def array(
        self,
        name: str,
        shape: Sequence[int],
        dtype: Any,
        strides: Sequence[int] | None = None,
        fill: int = 0xFF,
        shift: int | None = None,
    ) -> NDArray:
        """An array whose bytes are `fill`; strides in bytes (None: C order), shift: bytes off the
        alignment of a line."""
        shift = self.shift if shift is None else shift
        dtype, shape = np.dtype(dtype), tuple(map(int, shape))
        steps = tuple(strides) if strides is not None else _c_strides(shape, dtype.itemsize)
        reach = [(n - 1) * s for n, s in zip(shape, steps, strict=True)] if 0 not in shape else []
        low = -sum(r for r in reach if r < 0)
        size = 0 if 0 in shape else low + sum(r for r in reach if r > 0) + dtype.itemsize
        zone = min(max(GUARD, -(-size // 64) * 64), _WIDEST)
        block = np.full(size + 2 * zone + shift + 64, PATTERN, np.uint8)
        start = -block.ctypes.data % 64 + zone + shift
        block[start : start + size] = fill
        self.blocks.append((name, block, start, start + size))
        return np.ndarray(shape, dtype, block, start + low, steps)

    def release(self, address: int) -> None:
        """The array at an address is no longer used; it is remembered if it was broken."""
        for k, (_, block, start, _) in enumerate(self.blocks):
            if block.ctypes.data + start == address:
                if not _is_broken(*self.blocks[k][1:]):
                    del self.blocks[k]
                return

    def broken(self) -> list[str]:
        """The names of the arrays outside of which something was written."""
        return [name for name, block, i, j in self.blocks if _is_broken(block, i, j)]


def _is_broken(block: NDArray, start: int, stop: int) -> bool:
    return bool((block[:start] != PATTERN).any() or (block[stop:] != PATTERN).any())


def _c_strides(shape: Sequence[int], size: int) -> tuple[int, ...]:
    steps = []
    for n in reversed(shape):
        steps.append(size)
        size *= max(int(n), 1)
    return tuple(reversed(steps))


def fresh(leaves: Sequence[Any]) -> list[Any]:
    """Copies that keep memory layouts; arrays that share memory share none afterwards.

    Generators that are no arguments are wound back (see `rewinding`).
    """
    rewind()
    return [_copied(x) for x in leaves]


def _copied(x: Any) -> Any:
    if isinstance(x, np.ndarray):
        return _like(x, x.strides, Zones())
    if isinstance(x, np.random.Generator | np.random.RandomState | random.Random):
        return copy.deepcopy(x)
    return x


def guarded(leaves: Sequence[Any], zones: Zones) -> list[Any]:
    """Like `fresh`, between guard zones of `zones`."""
    return [
        _like(x, x.strides, zones, f"argument {k}") if isinstance(x, np.ndarray) else _copied(x)
        for k, x in enumerate(leaves)
    ]


def _like(x: NDArray, strides: Sequence[int], zones: Zones, name: str = "", shift: int = 0) -> Any:
    if any(s == 0 and n > 1 for s, n in zip(strides, x.shape, strict=True)):
        new = x.copy()  # a broadcast array: its elements share memory
    else:
        if not x.flags.aligned and not shift:
            shift = x.ctypes.data % max(x.dtype.alignment, 1)
        new = zones.array(name, x.shape, x.dtype, strides, shift=shift)
        new[...] = x
    new.flags.writeable = x.flags.writeable
    return new


def laid_out(leaves: Sequence[Any], layout: str) -> list[Any]:
    """The same values in another memory order: "C", "F", "strided" (every second element),
    "reversed" (negative steps), "mixed" (another step for each axis), "odd" (not aligned)."""
    return [_laid_out(x, layout) if isinstance(x, np.ndarray) else _copied(x) for x in leaves]


def _laid_out(x: NDArray, layout: str) -> Any:
    size = x.itemsize
    dense = _c_strides(x.shape, size)
    if layout == "F":
        steps = tuple(reversed(_c_strides(x.shape[::-1], size)))
    elif layout in ("strided", "reversed"):
        steps = tuple((2 if layout == "strided" else -2) * s for s in dense)
    elif layout == "mixed":
        by = [MIXED[k % len(MIXED)] for k in range(x.ndim)]
        wide = _c_strides([n * abs(b) for n, b in zip(x.shape, by, strict=True)], size)
        steps = tuple(s * b for s, b in zip(wide, by, strict=True))
    else:
        steps = dense
    shift = 1 if layout == "odd" and size > 1 else 0
    return _like(x, steps, Zones(), shift=shift)


# ---- generated arguments -------------------------------------------------------------------------
def sample(leaves: Sequence[Any], seed: int, *, special: bool) -> list[Any]:
    """Other values of the same kinds and shapes; Python ints, which may be sizes, stay.

    special: every second sample has 0, -0.0, nan, inf, subnormal and extreme numbers among them.
    """
    rng = np.random.default_rng(seed)
    mixed = special and seed % 2 == 1
    return [_sampled(x, rng, mixed) for x in leaves]


def _sampled(x: Any, rng: np.random.Generator, mixed: bool) -> Any:
    if isinstance(x, np.ndarray):
        new = _copied(x)
        if new.dtype.kind in "biufc" and new.flags.writeable:
            new[...] = _values(x, new.shape, new.dtype, rng, mixed)
        return new
    if type(x) is float:
        return float(_values(np.asarray(x), (), np.dtype(float), rng, mixed))
    if type(x) is complex:
        return complex(_values(np.asarray(x), (), np.dtype(complex), rng, mixed))
    if isinstance(x, np.generic) and x.dtype.kind in "fc":
        return x.dtype.type(_values(np.asarray(x), (), x.dtype, rng, mixed))
    return _copied(x)


def _values(x: NDArray, shape: Any, dtype: Any, rng: np.random.Generator, mixed: bool) -> Any:
    if dtype.kind == "b":
        return rng.random(shape) < 0.5
    if dtype.kind in "iu":
        low, high = (int(x.min()), int(x.max())) if x.size else (0, 1)
        out = rng.integers(low, high, shape, dtype.newbyteorder("="), endpoint=True)
        return _scattered(out, special_values(dtype), rng) if mixed else out
    if dtype.kind == "c":
        real = np.finfo(dtype).dtype
        parts = [_values(np.asarray(0.0), shape, real, rng, mixed) for _ in range(2)]
        return parts[0] + 1j * parts[1]
    scale = 10.0 ** rng.integers(-2, 3)
    out = np.asarray(rng.standard_normal(shape) * scale).astype(dtype)
    return _scattered(out, special_values(dtype), rng) if mixed else out


def special_values(dtype: Any) -> NDArray:
    """The numbers at which things go wrong."""
    dtype = np.dtype(dtype)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([0, 1, info.min, info.max], dtype)
    f = np.finfo(dtype)
    tiny, small, big = f.tiny, f.smallest_subnormal, f.max
    return np.array([0.0, -0.0, 1, np.nan, np.inf, -np.inf, tiny, small, -small, big, -big], dtype)


def _scattered(out: Any, values: NDArray, rng: np.random.Generator) -> Any:
    a = np.asarray(out)
    where = rng.random(a.shape) < 0.2
    return np.where(where, rng.choice(values, a.shape), a)
