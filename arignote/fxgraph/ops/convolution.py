"""Convolutions in any number of spatial axes: the product and its two transposes, one op each.

All three relate an input x[n, groups * c, *in], filters w[m, c, *k] and an output y[n, m, *out]:

    y[n, m, o] = sum over c, t of w[m, c, t] * x[n, group(m) * C + c, o * step + t * dilation - pad]

where x is 0 outside its bounds (a correlation: filters are not flipped).  Each op is linear in
both operands and its derivatives are the other two, so any order of derivatives stays among them;
padding and the sizes of the result are operands, so a transposed convolution is `conv_input` alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from ..affine import dim, size_node
from ..node import Node, Op
from ..types import TensorType
from .elementwise import add
from .library import library

Ints = tuple[int, ...]
Make = Callable[[Node, Node], Node]


# ---- types ---------------------------------------------------------------------------------------
def _spatial(rest: Sequence[Any], rank: int) -> tuple[Any, ...]:
    """The sizes among the operands (pads..., sizes..., channels?)."""
    return tuple(rest[rank : 2 * rank])


def _conv_type(x: Node, w: Node, *rest: Node, stride: Ints, **_: Any) -> TensorType:
    sizes = map(dim, _spatial(rest, len(stride)))
    return TensorType(x.dtype, (x.shape[0], w.shape[0], *sizes))


def _input_type(g: Node, w: Node, *rest: Node, stride: Ints, **_: Any) -> TensorType:
    sizes = map(dim, _spatial(rest, len(stride)))
    return TensorType(g.dtype, (g.shape[0], dim(rest[-1]), *sizes))


def _filters_type(x: Node, g: Node, *rest: Node, stride: Ints, **_: Any) -> TensorType:
    sizes = map(dim, _spatial(rest, len(stride)))
    return TensorType(x.dtype, (g.shape[1], dim(rest[-1]), *sizes))


# ---- NumPy meaning: one product of matrices a tap of the filters ---------------------------------
def _taps(k: Ints, out: Ints, stride: Ints, dilation: Ints) -> Iterator[tuple[Ints, Any]]:
    """Each position in the filters, and the slices of the padded input that it multiplies."""
    for tap in np.ndindex(*k):
        at = [t * d for t, d in zip(tap, dilation, strict=True)]
        reach = [a + (n - 1) * s + 1 for a, n, s in zip(at, out, stride, strict=True)]
        yield tap, (..., *map(slice, at, reach, stride))


def _padded(x: Any, pads: Ints, k: Ints, out: Ints, stride: Ints, dilation: Ints) -> Any:
    """x where filters read it: from -pad on, as far as the last of them reaches."""
    reach = [
        (n - 1) * s + (t - 1) * d + 1 for n, s, t, d in zip(out, stride, k, dilation, strict=True)
    ]
    wide = np.zeros((*x.shape[:2], *reach), x.dtype)
    inner, outer = _overlap(x.shape[2:], reach, pads)
    wide[(..., *inner)] = x[(..., *outer)]
    return wide


def _overlap(sizes: Sequence[int], reach: Sequence[int], pads: Ints) -> tuple[list[Any], list[Any]]:
    """Slices of the padded array and of the array itself that are the same elements."""
    inner, outer = [], []
    for n, r, p in zip(sizes, reach, pads, strict=True):
        lo, hi = max(p, 0), max(min(p + n, r), p, 0)
        inner.append(slice(lo, hi))
        outer.append(slice(lo - p, hi - p))
    return inner, outer


def _ints(rest: Sequence[Any], rank: int) -> tuple[Ints, Ints]:
    found = [int(v) for v in rest]
    return tuple(found[:rank]), tuple(found[rank : 2 * rank])


def _conv(x: Any, w: Any, *rest: Any, stride: Ints, dilation: Ints, groups: int) -> Any:
    pads, out = _ints(rest, len(stride))
    k, n, m = w.shape[2:], x.shape[0], w.shape[0]
    y = np.zeros((n, groups, m // groups, int(np.prod(out))), x.dtype)
    if y.size and w.size:
        wide = _padded(x, pads, k, out, stride, dilation)
        for tap, window in _taps(k, out, stride, dilation):
            piece = wide[window].reshape(n, groups, x.shape[1] // groups, -1)
            y += np.matmul(_matrices(w, tap, groups), piece)
    return y.reshape(n, m, *out)


def _matrices(w: Any, tap: Ints, groups: int) -> Any:
    """[groups, m, c]"""
    return w[(..., *tap)].reshape(groups, w.shape[0] // groups, w.shape[1])


def _conv_input(g: Any, w: Any, *rest: Any, stride: Ints, dilation: Ints, groups: int) -> Any:
    pads, sizes = _ints(rest, len(stride))
    k, out, n, channels = w.shape[2:], g.shape[2:], g.shape[0], int(rest[-1])
    x = np.zeros((n, channels, *sizes), g.dtype)
    if not (x.size and g.size and w.size):
        return x
    wide = _padded(np.zeros((n, channels, *k), g.dtype), pads, k, out, stride, dilation)
    rows = g.reshape(n, groups, g.shape[1] // groups, -1)
    for tap, window in _taps(k, out, stride, dilation):
        part = np.matmul(_matrices(w, tap, groups).swapaxes(-1, -2), rows)
        wide[window] += part.reshape(n, channels, *out)
    inner, outer = _overlap(sizes, wide.shape[2:], pads)
    x[(..., *outer)] = wide[(..., *inner)]
    return x


def _conv_filters(x: Any, g: Any, *rest: Any, stride: Ints, dilation: Ints, groups: int) -> Any:
    pads, k = _ints(rest, len(stride))
    out, n, m, c = g.shape[2:], x.shape[0], g.shape[1], int(rest[-1])
    w: Any = np.zeros((m, c, *k), x.dtype)
    if not (x.size and g.size and w.size):
        return w
    wide = _padded(x, pads, k, out, stride, dilation)
    rows = g.reshape(n, groups, m // groups, -1)
    for tap, window in _taps(k, out, stride, dilation):
        piece = wide[window].reshape(n, groups, c, -1).swapaxes(-1, -2)
        w[(..., *tap)] = np.matmul(rows, piece).sum(axis=0).reshape(m, c)
    return w


# ---- derivatives ---------------------------------------------------------------------------------
def _forward(op: Callable[[], Op]) -> Callable[..., Node | None]:
    """Tangents of what is linear in both operands."""

    def jvp(tangents: Sequence[Node | None], out: Node, *operands: Node, **at: Any) -> Node | None:
        (a, b), (ta, tb), rest = operands[:2], tangents[:2], operands[2:]
        left = op()(ta, b, *rest, **at) if ta is not None else None
        right = op()(a, tb, *rest, **at) if tb is not None else None
        return right if left is None else left if right is None else add(left, right)

    return jvp


def _pads(rest: Sequence[Node], at: dict[str, Any]) -> tuple[Node, ...]:
    return tuple(rest[: len(at["stride"])])


def _sizes(n: Node) -> tuple[Node, ...]:
    return tuple(size_node(d) for d in n.shape[2:])


def _channels(n: Node) -> Node:
    return size_node(n.shape[1])


def _conv_vjp(g: Node, out: Node, x: Node, w: Node, *rest: Node, **at: Any) -> tuple[Any, ...]:
    pads, none = _pads(rest, at), (None,) * len(rest)
    gx = conv_input(g, w, *pads, *_sizes(x), _channels(x), **at)
    return gx, conv_filters(x, g, *pads, *_sizes(w), _channels(w), **at), *none


def _input_vjp(gx: Node, out: Node, g: Node, w: Node, *rest: Node, **at: Any) -> tuple[Any, ...]:
    pads, none = _pads(rest, at), (None,) * len(rest)
    gg = conv(gx, w, *pads, *_sizes(g), **at)
    return gg, conv_filters(gx, g, *pads, *_sizes(w), _channels(w), **at), *none


def _filters_vjp(gw: Node, out: Node, x: Node, g: Node, *rest: Node, **at: Any) -> tuple[Any, ...]:
    pads, none = _pads(rest, at), (None,) * len(rest)
    gx = conv_input(g, gw, *pads, *_sizes(x), _channels(x), **at)
    return gx, conv(x, gw, *pads, *_sizes(g), **at), *none


#: (x, w, pads..., output sizes...): y
conv: Op = library(
    "conv",
    reference=_conv,
    infer=_conv_type,
    vjp=_conv_vjp,
    jvp=_forward(lambda: conv),
)
#: (y, w, pads..., input sizes..., channels of x): what each element of x is multiplied by
conv_input: Op = library(
    "conv_input",
    reference=_conv_input,
    infer=_input_type,
    vjp=_input_vjp,
    jvp=_forward(lambda: conv_input),
)
#: (x, y, pads..., filter sizes..., channels of w): what each element of w is multiplied by
conv_filters: Op = library(
    "conv_filters",
    reference=_conv_filters,
    infer=_filters_type,
    vjp=_filters_vjp,
    jvp=_forward(lambda: conv_filters),
)

__all__ = ["conv", "conv_filters", "conv_input"]
