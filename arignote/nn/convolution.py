"""Convolutions of batches of signals, images and volumes, forward, transposed and by filters.

Layout is (batch, channels, *spatial), filters are (results, channels / groups, *spatial), options
and their defaults are Theano's; in particular `filter_flip=True` turns the filters round, which is
a convolution in the sense of mathematics (other libraries correlate: say filter_flip=False).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..errors import ShapeError
from ..fxgraph.affine import minus, plus, times
from ..fxgraph.constants import lit
from ..fxgraph.node import Node
from ..fxgraph.ops.convolution import conv, conv_filters, conv_input
from ..fxgraph.ops.scalar import quotient
from ..fxgraph.ops.shaping import flip
from .operands import agree, index, ints, network, nodes, result_size, size, windows, wrap

Border = Any


@network
def conv1d(
    input: Any,
    filters: Any,
    border_mode: Border = "valid",
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> Any:
    """(n, c, length), (m, c / groups, k) -> (n, m, length of the result); see `conv2d`."""
    return _conv(
        1, input, filters, border_mode, subsample, filter_flip, filter_dilation, num_groups
    )


@network
def conv2d(
    input: Any,
    filters: Any,
    border_mode: Border = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
) -> Any:
    """Images (n, c, h, w) under filters (m, c / groups, kh, kw): (n, m, h', w').

    border_mode: "valid" (no padding), "full" (every overlap counts), "half" (k // 2 zeros on both
    sides: sizes are kept for odd k), a number of zeros, one an axis, or a pair (before, after) an
    axis.  subsample: the step of the filters.  filter_dilation: the distance of their elements.
    num_groups: result channels are cut into that many groups, each of which sees its own part of
    the input channels.

    Raises ShapeError where ranks, channels or groups do not fit, or filters exceed the input.
    """
    return _conv(
        2, input, filters, border_mode, subsample, filter_flip, filter_dilation, num_groups
    )


@network
def conv3d(
    input: Any,
    filters: Any,
    border_mode: Border = "valid",
    subsample: Any = (1, 1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1, 1),
    num_groups: int = 1,
) -> Any:
    """(n, c, d, h, w), (m, c / groups, kd, kh, kw) -> (n, m, d', h', w'); see `conv2d`."""
    return _conv(
        3, input, filters, border_mode, subsample, filter_flip, filter_dilation, num_groups
    )


def _conv(
    rank: int, x: Any, w: Any, border: Border, step: Any, turn: bool, dilation: Any, groups: int
) -> Any:
    x, w = nodes(x, w)
    at = _options(rank, step, dilation, groups)
    _check_ranks(rank, input=x, filters=w)
    _check_groups(w, at["groups"])
    agree(
        size(x, 1),
        times(size(w, 1), at["groups"]),
        f"conv{rank}d: channels of the input and the filters",
    )
    spans = _spans(w, at["dilation"])
    before, after = _border(border, spans)
    sizes = [
        _result(size(x, k + 2), before[k], after[k], spans[k], at["stride"][k], rank)
        for k in range(rank)
    ]
    return wrap(conv(x, _turned(w, turn, rank), *before, *sizes, **at))


@network
def conv_transpose(
    output: Any,
    filters: Any,
    input_shape: Sequence[Any] | None = None,
    border_mode: Border = "valid",
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> Any:
    """The transpose of a convolution in its input: output (n, m, *out) under filters (m, c, *k)
    gives (n, c * groups, *in), which is also the gradient by the input.

    input_shape: the spatial sizes `in`; without them the smallest that give `out`.
    """
    g, w = nodes(output, filters)
    rank = g.rank - 2
    at = _options(rank, subsample, filter_dilation, num_groups)
    _check_ranks(rank, output=g, filters=w)
    _check_groups(w, at["groups"])
    agree(size(g, 1), size(w, 0), "transposed convolution: channels of the output and the filters")
    spans = _spans(w, at["dilation"])
    before, after = _border(border_mode, spans)
    sizes = []
    for k in range(rank):
        n, s = size(g, k + 2), at["stride"][k]
        least = minus(plus(times(minus(n, lit(1)), s), spans[k]), plus(before[k], after[k]))
        if input_shape is None:
            sizes.append(result_size(least, "transposed convolution: more padding than result"))
            continue
        sizes.append(result_size(index(input_shape[k]), "sizes of a result are not negative"))
        found = _result(sizes[k], before[k], after[k], spans[k], s, rank)
        agree(found, n, f"transposed convolution: a result of this size is no input of spatial "
              f"axis {k} for that output")  # fmt: skip
    channels = times(size(w, 1), at["groups"])
    w = _turned(w, filter_flip, rank)
    return wrap(conv_input(g, w, *before, *sizes, channels, **at))


@network
def conv_filters_of(
    input: Any,
    output: Any,
    filter_shape: Sequence[Any],
    border_mode: Border = "valid",
    subsample: Any = 1,
    filter_flip: bool = True,
    filter_dilation: Any = 1,
    num_groups: int = 1,
) -> Any:
    """The gradient of a convolution by its filters: input (n, c, *in) and a cotangent `output`
    (n, m, *out) give (m, c / groups, *filter_shape)."""
    x, g = nodes(input, output)
    rank = g.rank - 2
    at = _options(rank, subsample, filter_dilation, num_groups)
    _check_ranks(rank, input=x, output=g)
    agree(size(x, 0), size(g, 0), "gradient by the filters: batches of input and output")
    sizes = [result_size(index(k), "sizes of filters are not negative") for k in filter_shape]
    spans = [_span(k, d) for k, d in zip(sizes, at["dilation"], strict=True)]
    before, after = _border(border_mode, spans)
    for k in range(rank):
        found = _result(size(x, k + 2), before[k], after[k], spans[k], at["stride"][k], rank)
        agree(found, size(g, k + 2), f"gradient by the filters: sizes of the output's axis {k + 2}")
    channels = quotient(size(x, 1), at["groups"])
    out = conv_filters(x, g, *before, *sizes, channels, **at)
    return wrap(_turned(out, filter_flip, rank))


@network
def conv2d_grad_wrt_inputs(
    output_grad: Any, filters: Any, input_shape: Sequence[Any], **options: Any
) -> Any:
    """`conv_transpose` under Theano's name: input_shape is (n, c, h, w)."""
    return conv_transpose(output_grad, filters, tuple(input_shape)[2:], **options)


@network
def conv2d_grad_wrt_weights(
    input: Any, output_grad: Any, filter_shape: Sequence[Any], **options: Any
) -> Any:
    """`conv_filters_of` under Theano's name: filter_shape is (m, c, kh, kw)."""
    return conv_filters_of(input, output_grad, tuple(filter_shape)[2:], **options)


conv3d_grad_wrt_inputs = conv2d_grad_wrt_inputs
conv3d_grad_wrt_weights = conv2d_grad_wrt_weights


@network
def conv2d_transpose(
    input: Any,
    filters: Any,
    output_shape: Sequence[Any],
    border_mode: Border = (0, 0),
    input_dilation: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
    num_groups: int = 1,
) -> Any:
    """A transposed convolution under Theano's name: output_shape is (n, c, h, w)."""
    sizes = tuple(output_shape)[2:]
    options = (border_mode, input_dilation, filter_flip, filter_dilation, num_groups)
    return conv_transpose(input, filters, sizes, *options)


@network
def separable_conv2d(
    input: Any,
    depthwise_filters: Any,
    pointwise_filters: Any,
    num_channels: int,
    border_mode: Border = "valid",
    subsample: Any = (1, 1),
    filter_flip: bool = True,
    filter_dilation: Any = (1, 1),
) -> Any:
    """A convolution of each channel by itself, then one that mixes channels at each place.

    depthwise_filters: (channels * multiplier, 1, kh, kw); pointwise_filters: (m, ..., 1, 1).
    """
    options = (border_mode, subsample, filter_flip, filter_dilation, num_channels)
    return conv2d(conv2d(input, depthwise_filters, *options), pointwise_filters)


@network
def causal_conv1d(
    input: Any,
    filters: Any,
    filter_shape: Any = None,
    subsample: int = 1,
    filter_flip: bool = True,
    filter_dilation: int = 1,
    num_groups: int = 1,
) -> Any:
    """conv1d whose result at a time depends on the input up to that time only."""
    (w,) = nodes(filters)
    before = minus(_span(size(w, 2), ints(filter_dilation, 1, "filter_dilation")[0]), lit(1))
    border = ((before, lit(0)),)
    return conv1d(input, w, border, subsample, filter_flip, filter_dilation, num_groups)


# ---- sizes ---------------------------------------------------------------------------------------
def _options(rank: int, step: Any, dilation: Any, groups: int) -> dict[str, Any]:
    stride = ints(step, rank, "subsample")
    apart = ints(dilation, rank, "filter_dilation")
    (count,) = ints(groups, 1, "num_groups")
    if min(*stride, *apart, count) < 1:
        raise ShapeError("subsample, filter_dilation and num_groups are 1 or more")
    return {"stride": stride, "dilation": apart, "groups": count}


def _check_ranks(rank: int, **operands: Node) -> None:
    for name, x in operands.items():
        if x.rank != rank + 2:
            raise ShapeError(
                f"conv{rank}d: {name} has {x.rank} axes, it needs {rank + 2}: two for batch or "
                f"results and channels, then {rank} spatial ones"
            )


def _check_groups(w: Node, groups: int) -> None:
    m = size(w, 0)
    agree(times(quotient(m, groups), groups), m, f"{groups} groups do not divide the results")


def _span(k: Node, dilation: int) -> Node:
    """How many input elements a filter reaches over."""
    return plus(times(minus(k, lit(1)), dilation), lit(1))


def _spans(w: Node, dilation: tuple[int, ...]) -> list[Node]:
    return [_span(size(w, k + 2), d) for k, d in enumerate(dilation)]


def _border(mode: Border, spans: Sequence[Node]) -> tuple[list[Node], list[Node]]:
    """Zeros before and after each spatial axis."""
    if isinstance(mode, str):
        if mode not in _MODES:
            raise ValueError(f"border_mode {mode!r}: it is one of {sorted(_MODES)} or numbers")
        both = [_MODES[mode](s) for s in spans]
        return both, list(both)
    entries = mode if isinstance(mode, tuple | list) else (mode,) * len(spans)
    if len(entries) != len(spans):
        raise ShapeError(f"border_mode has {len(entries)} entries for {len(spans)} spatial axes")
    pairs = [e if isinstance(e, tuple | list) else (e, e) for e in entries]
    return [index(a) for a, _ in pairs], [index(b) for _, b in pairs]


_MODES = {
    "valid": lambda span: lit(0),
    "full": lambda span: minus(span, lit(1)),
    "half": lambda span: quotient(span, 2),
}


def _result(n: Node, before: Node, after: Node, span: Node, stride: int, rank: int) -> Node:
    room = minus(plus(plus(n, before), after), span)
    message = f"conv{rank}d: the filters reach over more than the padded input"
    return windows(room, stride, message)


def _turned(w: Node, turn: bool, rank: int) -> Node:
    return flip(w, range(2, rank + 2)) if turn else w


__all__ = [
    "causal_conv1d",
    "conv1d",
    "conv2d",
    "conv2d_grad_wrt_inputs",
    "conv2d_grad_wrt_weights",
    "conv2d_transpose",
    "conv3d",
    "conv3d_grad_wrt_inputs",
    "conv3d_grad_wrt_weights",
    "conv_filters_of",
    "conv_transpose",
    "separable_conv2d",
]
