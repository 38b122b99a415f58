"""Convolution with filters of their own at every place of the result."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from .operands import arange, as_proxy, network


@network
def unshared_conv2d(
    input: Any, filters: Any, border_mode: Any = "valid", subsample: Sequence[int] = (1, 1),
    filter_flip: bool = True,
) -> Any:  # fmt: skip
    """(n, m, rows, columns): images (n, c, h, w) under filters (m, rows, columns, c, kh, kw).

    Raises ShapeError for other ranks, and where filters do not fit the number of places.
    """
    x, w = as_proxy(input), as_proxy(filters)
    if x.ndim != 4 or w.ndim != 6:
        raise ShapeError(
            f"unshared_conv2d: images have 4 axes and filters 6, not {x.ndim} and {w.ndim}"
        )
    if filter_flip:
        w = w[..., ::-1, ::-1]
    sizes = w.shape[4:]
    pads = [_pad(border_mode, k, n) for k, n in enumerate(sizes)]
    x = np.pad(x, [(0, 0), (0, 0), *pads])
    rows, columns = (
        arange(w.shape[1 + k])[:, None] * int(subsample[k]) + arange(sizes[k])[None, :]
        for k in range(2)
    )
    patches = x[:, :, rows[:, None, :, None], columns[None, :, None, :]]
    return np.einsum("ncrsij,mrscij->nmrs", patches, w)


def _pad(border: Any, axis: int, size: Any) -> tuple[Any, Any]:
    found = border if isinstance(border, str | int) else border[axis]
    if found == "valid":
        return 0, 0
    if found == "half":
        return size // 2, size // 2
    if found == "full":
        return size - 1, size - 1
    return tuple(found) if isinstance(found, tuple | list) else (int(found), int(found))


__all__ = ["unshared_conv2d"]
