"""Patches of images as rows of a matrix, and back."""

from __future__ import annotations

from typing import Any

from ..errors import ShapeError
from ..fxgraph.affine import dim, minus, plus, times
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.elementwise import add, remainder
from ..fxgraph.ops.pooling import Sliding
from ..fxgraph.ops.scalar import ceil_quotient, product, quotient
from ..fxgraph.ops.shaping import filled, transpose
from ..fxgraph.ops.structure import gather, reshape, set_item
from ..fxgraph.window import Window, whole
from .operands import agree, ints, network, nodes, size, sizes_of, windows, wrap

_MODES = ("valid", "ignore_borders", "wrap_centered", "half", "full")


@network
def images2neibs(ten4: Any, neib_shape: Any, neib_step: Any = None, mode: str = "valid") -> Any:
    """(patches, elements of a patch): patches of images (n, c, h, w), image by image.

    neib_step: how far patches are apart (None: side by side).  mode: "valid" (patches must cover
    the image), "ignore_borders" (what is left over is left out), "wrap_centered" (patches around
    each place, the image goes on at its other side), "half" and "full" (zeros around the image, as
    in `conv2d`).
    """
    if mode not in _MODES:
        raise ValueError(f"images2neibs: mode {mode!r} is none of {', '.join(_MODES)}")
    (x,) = nodes(ten4)
    if x.rank != 4:
        raise ShapeError(f"images2neibs: images have 4 axes, not {x.rank}")
    sizes = ints(neib_shape, 2, "neib_shape")
    steps = sizes if neib_step is None else ints(neib_step, 2, "neib_step")
    x = _bordered(x, sizes, mode)
    counts = [_patches(size(x, 2 + k), sizes[k], steps[k], mode) for k in range(2)]
    shape = tuple(map(dim, counts))
    over = Sliding(sizes, steps)
    at = over.indices(shape)
    if mode == "wrap_centered":
        at = [remainder(add(i, -(sizes[k] // 2)), size(x, 2 + k)) for k, i in enumerate(at)]
    every = gather(x, *at, axes=(2, 3), at=2, mode="clip")
    rows = product([size(every, k) for k in range(4)])
    return wrap(reshape(every, (dim(rows), sizes[0] * sizes[1])))


@network
def neibs2images(neibs: Any, neib_shape: Any, original_shape: Any, mode: str = "valid") -> Any:
    """The images that `images2neibs` made patches of, side by side."""
    (x,) = nodes(neibs)
    h, w = ints(neib_shape, 2, "neib_shape")
    n, c, height, width = sizes_of([original_shape[k] for k in range(4)])
    rows, columns = quotient(height, h), quotient(width, w)
    agree(size(x, 0), product([n, c, rows, columns]), "neibs2images: rows and patches")
    apart = reshape(x, (dim(n), dim(c), dim(rows), dim(columns), h, w))
    sides = (dim(times(rows, h)), dim(times(columns, w)))
    whole_ = reshape(transpose(apart, (0, 1, 2, 4, 3, 5)), (dim(n), dim(c), *sides))
    if mode == "valid":
        agree(times(rows, h), height, "neibs2images: the height and whole patches")
        agree(times(columns, w), width, "neibs2images: the width and whole patches")
        return wrap(whole_)
    shape = (dim(n), dim(c), dim(height), dim(width))
    return wrap(set_item(filled(0, x.dtype, shape), whole(whole_.shape), whole_))


def _bordered(x: Node, sizes: tuple[int, ...], mode: str) -> Node:
    if mode not in ("half", "full"):
        return x
    pads = [n // 2 if mode == "half" else n - 1 for n in sizes]
    wide = [dim(plus(size(x, 2 + k), lit(2 * p))) for k, p in enumerate(pads)]
    w = whole(x.shape)
    at = Window((*w.starts[:2], *map(lit, pads)), w.steps, w.axes, w.shape)
    return set_item(filled(0, x.dtype, (*x.shape[:2], *wide)), at, x)


def _patches(n: Node, k: int, step: int, mode: str) -> Node:
    if mode == "wrap_centered":
        return ceil_quotient(n, step)
    message = "images2neibs: patches are larger than the image"
    count = windows(minus(n, lit(k)), step, message)
    if mode == "valid":
        covered = plus(times(minus(count, lit(1)), step), lit(k))
        agree(covered, n, "images2neibs: 'valid' patches must cover the image")
    return count


__all__ = ["images2neibs", "neibs2images"]
