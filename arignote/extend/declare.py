"""`ag.op` and `ag.as_op`: functions that become ops of the graph."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any

import numpy as np

from .array_op import ArrayOp
from .elementwise_op import ElementwiseOp


def op(
    function: Callable[..., Any] | None = None,
    *,
    shape: Callable[..., Any] | None = None,
    ndim: Any = None,
    dtype: Any = None,
    vjp: Callable[..., Any] | None = None,
    jvp: Callable[..., Any] | None = None,
    scalar_c: Any = None,
    c: str | None = None,
    c_support: str | None = None,
    c_dtypes: str | None = None,
    cuda: str | None = None,
    cuda_support: str | None = None,
    cuda_dtypes: str | None = None,
    name: str | None = None,
) -> Any:
    """Make an op of a function over arrays, which is its NumPy meaning.

    shape(*operand shapes, **keywords): the result's shape, or a list of them for several results.
    Without it `ndim` says how many axes results have, and sizes are found by calling the function.
    dtype: of the result (one each for several), or a function of the operands' dtypes; by default
    NumPy's promotion.  vjp(g, out, *operands, **keywords): one cotangent an operand in NumPy's
    functions, None for zeros.  jvp(tangents, out, *operands, **keywords): the tangent; by default
    it follows from vjp.

    scalar_c: a C expression in which {x} stands for the operand x: the function is elementwise, and
    joins loops with others.  A dict gives one for each kind of dtype ("f", "c", "*").
    c: the body of a C function for whole arrays (see `arignote.extend.native`), c_support what
    comes before it, c_dtypes the characters of the element types it is for.  It may `return 1` to
    leave the call to the NumPy meaning.  cuda, cuda_support, cuda_dtypes: the same of a kernel,
    which a grid of threads runs (see `arignote.extend.native`); without it a GPU leaves the call to
    the NumPy meaning, on the host.

    Keyword-only parameters are fixed while tracing.  Raises TraceError for declarations that
    contradict themselves; ShapeError when results are not as declared.
    """
    options = {
        "shape": shape, "ndim": ndim, "dtype": dtype, "vjp": vjp, "jvp": jvp, "c": c,
        "c_support": c_support, "c_dtypes": c_dtypes, "cuda": cuda, "cuda_support": cuda_support,
        "cuda_dtypes": cuda_dtypes, "name": name,
        "scalar_c": scalar_c,
    }  # fmt: skip

    def declare(f: Callable[..., Any]) -> Any:
        return ElementwiseOp(f, **options) if scalar_c is not None else ArrayOp(f, **options)

    return declare if function is None else declare(function)


def as_op(
    itypes: Any = None, otypes: Any = None, infer_shape: Callable[..., Any] | None = None
) -> Callable[[Callable[..., Any]], ArrayOp]:
    """Theano's decorator: a Python function as an op without derivative.

    itypes, otypes: types with `dtype` and `ndim`, or pairs (dtype, ndim), one or a list each.
    infer_shape(node, shapes) or (fgraph, node, shapes): the shapes of the results, as in Theano;
    without it they are found by calling the function.
    """
    is_pair = isinstance(otypes, tuple) and isinstance(otypes[0], str | type | np.dtype)
    listed = [otypes] if is_pair or not isinstance(otypes, list | tuple) else otypes
    types = [_dtype_and_rank(t) for t in listed]
    shape: Callable[..., Any] | None = None
    if infer_shape is not None:
        rule = functools.partial(infer_shape, None)
        if len(inspect.signature(infer_shape).parameters) > 2:  # (fgraph, node, shapes)
            rule = functools.partial(rule, None)
        shape = lambda *shapes: [tuple(s) for s in rule(list(shapes))]

    def declare(f: Callable[..., Any]) -> ArrayOp:
        single = len(types) == 1
        return ArrayOp(
            f,
            shape=shape,
            ndim=types[0][1] if single else tuple(r for _, r in types),
            dtype=types[0][0] if single else tuple(d for d, _ in types),
        )

    return declare


def _dtype_and_rank(t: Any) -> tuple[Any, int]:
    if isinstance(t, tuple):
        return t[0], int(t[1])
    return t.dtype, int(t.ndim)


__all__ = ["as_op", "op"]
