"""Is a value the one NumPy gives?  The first index where not, and how far away.

`slack` is how far apart two values may be, element by element; None asks for the same bits (which
nan is not told apart).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

#: Units in the last place that are forgiven where rounding may differ at all.
FREE_ULP = 4.0


@dataclass(frozen=True)
class Difference:
    """The first element that differs, in C order; index () and a text for other differences."""

    index: tuple[int, ...]
    expected: Any
    got: Any
    ulp: float
    tolerance: float
    count: int
    text: str = ""

    def __str__(self) -> str:
        if self.text:
            return self.text
        at = f" at {list(self.index)}" if self.index else ""
        return (
            f"expected {self.expected!r}, got {self.got!r}{at}, {self.ulp:.3g} ulp apart, "
            f"tolerance {self.tolerance:.3g}; {self.count} elements differ"
        )


def difference(
    want: Any, got: Any, slack: Any = None, *, improve: bool = False
) -> Difference | None:
    """None where `got` is `want` within `slack` (an array or number, absolute).

    improve: `got` may be finite where `want` is not.
    """
    a, b = np.asarray(want), np.asarray(got)
    if a.dtype.kind in "OUSMm" or b.dtype.kind in "OUSMm":
        return None if _same_objects(want, got) else _other(f"expected {want!r}, got {got!r}")
    if a.shape != b.shape:
        return _other(f"expected shape {a.shape}, got {b.shape}")
    if a.dtype != b.dtype:
        return _other(f"expected dtype {a.dtype}, got {b.dtype}")
    if slack is not None and np.shape(slack) not in ((), a.shape):
        return None  # rounding alone changes the shape: nothing can be said
    bad = _bits(a, b) if slack is None else _apart(a, b, slack, improve)
    if not bad.any():
        return None
    index = tuple(int(i) for i in np.unravel_index(int(np.argmax(bad)), a.shape))
    here = 0.0 if slack is None else float(np.asarray(np.broadcast_to(slack, a.shape))[index])
    ulp = ulp_distance(a[index], b[index])
    return Difference(index, a[index], b[index], ulp, here, int(bad.sum()))


def ulp_distance(want: Any, got: Any) -> float:
    """How many representable numbers lie between; inf where one is not finite."""
    x, y = np.asarray(want), np.asarray(got)
    if x.dtype.kind not in "fc":
        return abs(float(x) - float(y))
    if not (np.isfinite(x) and np.isfinite(y)):
        return float("inf") if _bits(x, y).any() else 0.0
    with np.errstate(all="ignore"):
        return float(abs(x - y) / np.spacing(np.abs(x)))


def _bits(a: Any, b: Any) -> Any:
    """Where the bits differ."""
    if a.dtype.kind == "c":
        return _bits(a.real, b.real) | _bits(a.imag, b.imag)
    if a.dtype.kind != "f":
        return np.asarray(a != b)
    same = (a == b) & (np.signbit(a) == np.signbit(b))
    return np.asarray(~(same | (np.isnan(a) & np.isnan(b))))


def _apart(a: Any, b: Any, slack: Any, improve: bool) -> Any:
    """Where the values are further apart than the slack."""
    if a.dtype.kind == "b":
        return np.asarray((a != b) & (np.asarray(slack) < 1))
    if a.dtype.kind not in "fc":
        far = np.abs(a.astype(np.longdouble) - b.astype(np.longdouble)) > slack
        return np.asarray((a != b) & far)
    with np.errstate(all="ignore"):
        fine = a == b
        fine |= np.isnan(a) & np.isnan(b)
        near = np.abs(a - b) <= slack + FREE_ULP * np.spacing(np.abs(a))
        fine |= np.isfinite(a) & np.isfinite(b) & near
        fine |= np.isinf(np.asarray(slack)) | np.isnan(np.asarray(slack))
    if improve:
        fine |= ~np.isfinite(a)
    return np.asarray(~fine)


def _same_objects(want: Any, got: Any) -> bool:
    if type(want) is not type(got):
        return False
    if isinstance(want, np.ndarray | np.generic | str | bytes | int | float):
        return bool(np.all(want == got))
    return True


def _other(text: str) -> Difference:
    return Difference((), None, None, float("inf"), 0.0, 1, text)
