"""reshape and its kin: a view where NumPy gives one, decided by strides as polynomials of sizes."""

from __future__ import annotations

from typing import Any

from numpy.exceptions import AxisError

from ..errors import ShapeError
from ..fxgraph.affine import dim, minus, size_node
from ..fxgraph.constants import is_const, lit, value_of
from ..fxgraph.graph import order_of
from ..fxgraph.interpret import evaluate
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.elementwise import floor_divide, multiply
from ..fxgraph.ops.structure import reshape as reshape_node
from ..fxgraph.prove import knowledge, sure, sure_equal
from ..fxgraph.types import Shape, Size
from ..fxgraph.window import Window, transposed
from . import polynomial as poly
from .assign import shape_text
from .polynomial import Polynomial
from .slicing import int_node, literal, settled
from .storage import Part, Path, Reshape, Rolling, extended
from .values import Array, fresh, node_of

Strides = list[Polynomial]


def c_strides(shape: Shape) -> Strides:
    """Strides, in elements, of C order."""
    out: Strides = []
    step = poly.ONE
    for d in reversed(shape):
        out.append(step)
        step = poly.multiplied(step, poly.polynomial(d))
    return out[::-1]


def strides_of(x: Array) -> Strides:
    """The strides of a view in units of its cell's elements."""
    return placed_strides(x)[1]


def placed_strides(x: Array) -> tuple[Polynomial, Strides]:
    """Where a view starts in its cell, and its strides, in elements."""
    shape = x.cell.version.shape
    own = x.cell.strides
    strides = [poly.polynomial(s) for s in own()] if own is not None else c_strides(shape)
    offset: Polynomial = {}
    for step in x.path:
        if isinstance(step, Window):
            new: Strides = [{} for _ in step.shape]
            for start, stride, factor, axis in zip(
                step.starts, strides, step.steps, step.axes, strict=True
            ):
                offset = poly.added(offset, poly.multiplied(poly.polynomial(start), stride))
                if axis >= 0:
                    new[axis] = poly.added(new[axis], poly.scaled_by(stride, factor))
            strides = new
        elif isinstance(step, Reshape):
            merged = None
            if strides != c_strides(shape):
                merged = merged_strides(shape, strides, step.shape)
            strides = merged if merged is not None else c_strides(step.shape)
        elif isinstance(step, Rolling):
            strides = [*strides, *(strides[a] for a in step.axes)]
        shape = step.shape
    return offset, strides


def merged_strides(shape: Shape, strides: Strides, target: Shape) -> Strides | None:
    """The strides under other sizes, None where that needs a copy (NumPy's `_attempt_nocopy`)."""
    old = [(d, s) for d, s in zip(shape, strides, strict=True) if d != 1]
    out: list[Polynomial | None] = [None] * len(target)
    new = [k for k, d in enumerate(target) if d != 1]
    i = j = 0
    while i < len(old) and j < len(new):
        i0, j0 = i, j
        left, right = poly.polynomial(old[i][0]), poly.polynomial(target[new[j]])
        i, j = i + 1, j + 1
        while not same_here(left, right):
            grow = _grow(left, right, i < len(old), j < len(new))
            if grow is None:
                return None
            if grow:
                left = poly.multiplied(left, poly.polynomial(old[i][0]))
                i += 1
            else:
                right = poly.multiplied(right, poly.polynomial(target[new[j]]))
                j += 1
        for k in range(i0, i - 1):
            outer = poly.multiplied(old[k + 1][1], poly.polynomial(old[k + 1][0]))
            if not same_here(old[k][1], outer):
                return None
        step = old[i - 1][1]
        for k in reversed(range(j0, j)):
            out[new[k]] = step
            step = poly.multiplied(step, poly.polynomial(target[new[k]]))
    return [s if s is not None else poly.ONE for s in out]


def _grow(left: Polynomial, right: Polynomial, more_left: bool, more_right: bool) -> bool | None:
    """Which side of a group takes another axis: True the old one, False the new one."""
    if poly.divided(right, left) is not None and more_left:
        return True
    if poly.divided(left, right) is not None and more_right:
        return False
    a, b = value_in_call(poly.node_from(left)), value_in_call(poly.node_from(right))
    if a is None or b is None or a == b:
        return None
    if a < b:
        return True if more_left else None
    return False if more_right else None


def same_here(p: Polynomial, q: Polynomial) -> bool:
    """Are two numbers of elements equal?  What is not provable is taken from this call, guarded."""
    if p == q:
        return True
    d = minus(poly.node_from(q), poly.node_from(p))
    value = value_in_call(d)
    if value is None:
        return False
    if value == 0:
        if not sure_equal(d, lit(0)):
            _pin(d)
        return True
    if not sure(minus(d, lit(1)) if value > 0 else minus(lit(-1), d)):
        _pin(d)
    return False


def _pin(n: Node) -> None:
    """Guard the values of all arguments that an integer is computed from."""
    hints = knowledge().hints
    for m in order_of((n,)):
        if m in hints:
            sure_equal(m, lit(hints[m]))


def is_contiguous(x: Array) -> bool:
    """Is the view's memory in C order without gaps, for certain?"""
    if any(isinstance(s, Part) for s in x.path):
        return False
    want = c_strides(x.sizes)
    return all(
        d == 1 or same_here(a, b) for d, a, b in zip(x.sizes, strides_of(x), want, strict=True)
    )


def reshape(x: Any, shape: Any, order: str = "C", copy: bool | None = None) -> Any:
    """np.reshape: shares memory where NumPy's does.  Raises ValueError as NumPy does."""
    a = x if isinstance(x, Array) else fresh(node_of(x))
    if order == "A" or order == "K":
        order = "C"
    if order == "F":
        sizes = shape if isinstance(shape, tuple | list) else (shape,)
        return transpose(reshape(transpose(a), tuple(sizes)[::-1]))
    target = target_shape(a.sizes, shape)
    if copy is not True and may_view(a, target):
        return Array(a.cell, _reshaped(a, target), a.writeable)
    if copy is False:
        raise ValueError("Unable to avoid creating a copy while reshaping.")
    return fresh(reshape_node(a.node, target))


def _reshaped(a: Array, target: Shape) -> Path:
    base = a.cell.version.shape
    dropped = _unit_axes(a.sizes, target)
    if dropped is not None:
        return extended(base, a.path, dropped)
    return extended(base, a.path, Reshape(target))


def _unit_axes(shape: Shape, target: Shape) -> Window | None:
    """A reshape that only adds or removes axes of length 1, as a window."""
    old = [k for k, d in enumerate(shape) if d != 1]
    new = [k for k, d in enumerate(target) if d != 1]
    if [size_node(shape[k]) for k in old] != [size_node(target[k]) for k in new]:
        return None
    axes = [-1] * len(shape)
    for k, j in zip(old, new, strict=True):
        axes[k] = j
    rank = len(shape)
    return Window((lit(0),) * rank, (1,) * rank, tuple(axes), target)


def may_view(a: Array, target: Shape) -> bool:
    if _unit_axes(a.sizes, target) is not None:
        return True
    return is_contiguous(a) or merged_strides(a.sizes, strides_of(a), target) is not None


def target_shape(sizes: Shape, shape: Any) -> Shape:
    """The sizes a reshape asks for, -1 worked out.  Raises ValueError where the counts differ."""
    wanted = list(shape) if isinstance(shape, tuple | list) else [shape]
    known: list[Size | None] = []
    for d in wanted:
        n = int_node(d)
        below = is_const(n) and value_of(n) < 0  # any negative number, as in NumPy
        known.append(None if below else dim(n))
    if sum(d is None for d in known) > 1:
        raise ValueError("can only specify one unknown dimension")
    total = poly.product_of(list(sizes))
    rest = poly.product_of([d for d in known if d is not None])
    if None in [d if d is None else 0 for d in known]:
        position = next(k for k, d in enumerate(known) if d is None)
        known[position] = _missing(sizes, known, total, rest)
        return tuple(d for d in known if d is not None)
    out = tuple(d for d in known if d is not None)
    if total != rest:
        _check_counts(sizes, out, total, rest)
    return out


def _missing(sizes: Shape, known: list[Size | None], total: Polynomial, rest: Polynomial) -> Size:
    """The size that -1 stands for."""
    quotient = poly.divided(total, rest) if rest else None
    if quotient is not None:
        return dim(settled(poly.node_from(quotient)))
    a, b = poly.node_from(total), poly.node_from(rest)
    x, y = value_in_call(a), value_in_call(b)
    if y == 0 or (x is not None and y is not None and x % y):
        words = ", ".join("-1" if d is None else shape_text((d,))[1:-2] for d in known)
        raise _cannot(sizes, f"({words},)" if len(known) == 1 else f"({words})")
    q = floor_divide(a, b, weak=True)
    ok = OPS["equal"](multiply(q, b, weak=True), a)
    required(
        ok, "ValueError", "cannot reshape array: its size is no multiple of the sizes asked for"
    )
    return dim(settled(q))


def _check_counts(sizes: Shape, out: Shape, total: Polynomial, rest: Polynomial) -> None:
    a, b = poly.node_from(total), poly.node_from(rest)
    x, y = value_in_call(a), value_in_call(b)
    if x is not None and y is not None and x != y:
        raise _cannot(sizes, shape_text(out))
    if not sure_equal(a, b):
        ok = OPS["equal"](a, b)
        required(ok, "ValueError", "cannot reshape array: the sizes asked for have another count")


def _cannot(sizes: Shape, words: str) -> ShapeError:
    count = value_in_call(poly.node_from(poly.product_of(list(sizes))))
    return ShapeError(f"cannot reshape array of size {count} into shape {words}")


def value_in_call(n: Node) -> int | None:
    """The value that an integer has in the call being traced, if it depends on arguments only."""
    try:
        return int(evaluate((n,), dict(knowledge().hints))[0])
    except LookupError:
        return None


# ---- other views ---------------------------------------------------------------------------------
def transpose(x: Any, axes: Any = None) -> Array:
    """np.transpose, a view."""
    a = x if isinstance(x, Array) else fresh(node_of(x))
    rank = len(a.sizes)
    if axes is None or (isinstance(axes, tuple) and axes == (None,)):
        order = list(range(rank))[::-1]
    else:
        order = [
            literal(k, "an axis") for k in (axes if isinstance(axes, tuple | list) else (axes,))
        ]
        if len(order) != rank:
            raise ValueError("axes don't match array")
        order = [checked_axis(k, rank) for k in order]
        if len(set(order)) != rank:
            raise ValueError("repeated axis in transpose")
    return a.window_view(transposed(a.sizes, order))


def checked_axis(axis: int, rank: int) -> int:
    """An axis counted from the front.  Raises AxisError (a ValueError and IndexError), as NumPy."""
    if not -rank <= axis < rank:
        raise AxisError(axis, rank)
    return axis % rank


def ravel(x: Any, order: str = "C") -> Any:
    """np.ravel: a view of a contiguous array, else a copy."""
    a = x if isinstance(x, Array) else fresh(node_of(x))
    if order == "F":
        return ravel(transpose(a))
    flat = target_shape(a.sizes, -1)
    if is_contiguous(a):
        return Array(a.cell, _reshaped(a, flat), a.writeable)
    return fresh(reshape_node(a.node, flat))


def flatten(x: Array, order: str = "C") -> Any:
    """ndarray.flatten: always a copy."""
    n = (transpose(x) if order == "F" else x).node
    return fresh(reshape_node(n, target_shape(n.shape, -1)))
