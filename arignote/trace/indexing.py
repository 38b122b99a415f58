"""`x[key]` and `x[key] = value`, every kind of key, with NumPy's rules and errors.

A key is split into a window (ints, slices, newaxis, Ellipsis) and integer arrays along axes of that
window.  A boolean array is the positions of its true elements, one array an axis.
"""

from __future__ import annotations

import weakref
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..errors import ShapeError, UnsupportedError
from ..fxgraph.affine import dim, size_node
from ..fxgraph.constants import const, lit
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import announced, announcing, checked_index, partial, same
from ..fxgraph.ops.family import align, broadcast_shape, cast_to
from ..fxgraph.ops.structure import gather, scatter_set, view
from ..fxgraph.prove import hinted, region
from ..fxgraph.types import I64, Shape, Size
from ..fxgraph.window import Window, broadcast, expanded
from .aliasing import tie
from .assign import check_writeable, converted, fitted, store
from .optional import used
from .registry import IMPLEMENTED
from .slicing import int_node, is_literal, positions, resolve
from .storage import Cell
from .ufuncs import value_node
from .values import ONLY_NUMBERS, Array, Proxy, Scalar, fresh, node_of, same_place, wrap
from .where import place, placed

_INVALID = (
    "only integers, slices (`:`), ellipsis (`...`), numpy.newaxis (`None`) and integer or boolean "
    "arrays are valid indices"
)


@dataclass(frozen=True, slots=True)
class Selection:
    """A key on a shape: a window, then integer arrays (of one shape) along `axes` of the window,
    whose axes stand at position `at` of the result.  `mask`: the one boolean array, if that is all.
    stepped: the array is a slice with a computed step, which NumPy would make a view.
    """

    window: Window
    arrays: tuple[Node, ...] = ()
    axes: tuple[int, ...] = ()
    at: int = 0
    mask: Node | None = None
    checked: bool = True
    scalar: bool = False
    stepped: bool = False


@placed
def getitem(x: Array, key: Any) -> Any:
    """x[key]: a view for basic keys, a scalar for integers alone, else a value of its own."""
    single = _single_bool(key)
    if single is not None:
        return getitem(getitem(x, None), single)
    s = selection(x.sizes, key)
    if not s.arrays:
        if s.scalar:
            return wrap(view(x.node, s.window))
        return x.window_view(s.window)
    out = _gathered(view(x.node, s.window), s)
    return _linked(x, s, out) if s.stepped else wrap(out)


@dataclass(frozen=True)
class _WriteThrough:
    """Writes into `copy`, the elements of a slice with a computed step, go to its array."""

    base: Array
    selection: Selection
    copy: weakref.ref[Cell]

    def __call__(self, version: Node) -> None:
        _scatter(self.base, self.selection, version)
        copy = self.copy()
        if copy is not None:
            copy.stale = None

    def is_of(self, target: Array, s: Selection) -> bool:
        return same_place(self.base, target) and self.selection.arrays == s.arrays


def _linked(x: Array, s: Selection, elements: Node) -> Array:
    """What NumPy would make a view: a copy that is written back, and stale once x is written."""
    out = Array(Cell(elements), writeable=x.writeable)
    tie(x.cell, out.cell, "a slice with a computed step was taken before")
    out.cell.through = _WriteThrough(x.window_view(s.window), s, weakref.ref(out.cell))
    return out


@placed
def setitem(x: Array, key: Any, value: Any) -> None:
    """x[key] = value"""
    check_writeable(x)
    single = _single_bool(key)
    if single is not None:
        setitem(getitem(x, None), single, value)
        return
    s = selection(x.sizes, key)
    target = x.window_view(s.window)
    if not s.arrays:
        if same_place(target, value):  # the end of x[key] op= y: already written
            return
        n = value_node(value)
        if n.rank and not s.window.shape and _is_element(key):
            _no_sequence(n, x.node.dtype)
        store(target, fitted(converted(n, x.node.dtype), s.window.shape))
        return
    if s.stepped and isinstance(value, Array) and not value.path:
        through = value.cell.through
        if isinstance(through, _WriteThrough) and through.is_of(target, s):
            return  # the end of x[key] op= y: already written
    n = converted(value_node(value), x.node.dtype)
    base = target.node
    if s.mask is not None and _fits_rest(n, s, base):
        _masked(target, s.mask, n)
        return
    _scatter(target, s, n)


def _is_element(key: Any) -> bool:
    return all(k is not Ellipsis for k in (key if isinstance(key, tuple) else (key,)))


def _no_sequence(n: Node, dtype: Any) -> None:
    """NumPy 2.4 and later store no array of one element in an element, but for truths."""
    if all(d == 1 for d in n.shape) and (dtype.kind == "b" or not ONLY_NUMBERS):
        return
    if dtype.kind == "c" and ONLY_NUMBERS:
        raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
    raise ShapeError("setting an array element with a sequence.")


def _scatter(target: Array, s: Selection, n: Node) -> None:
    """Write a value of the target's dtype at the positions of a selection."""
    base = target.node
    n = fitted(n, _gather_shape(base, s))
    if not n.shape:
        n = view(n, broadcast((), _gather_shape(base, s)))
    if s.checked and announced():
        _gathered(base, s)  # what is announced is no write yet: it may change what is written
        base = target.node
        with announcing(None):
            return store(target, _scattered(base, n, s))
    store(target, _scattered(base, n, s))


def _scattered(base: Node, n: Node, s: Selection) -> Node:
    where = region() if s.checked else ()
    mode = "raise" if s.checked else "clip"
    at = (("at", s.at), ("axes", s.axes), ("mode", mode))
    return _made(scatter_set, (base, n, *s.arrays, *where), at, s.checked)


def _made(op: Any, inputs: tuple[Node, ...], at: Any, checked: bool) -> Node:
    n = op(*inputs, **dict(at))
    return partial(n) if checked else n


def _gathered(base: Node, s: Selection) -> Node:
    where = region() if s.checked else ()
    at = (("at", s.at), ("axes", s.axes), ("mode", "raise" if s.checked else "clip"))
    return _made(gather, (base, *s.arrays, *where), at, s.checked)


def _gather_shape(base: Node, s: Selection) -> Shape:
    rest = [d for k, d in enumerate(base.shape) if k not in s.axes]
    return (*rest[: s.at], *s.arrays[0].shape, *rest[s.at :])


def _fits_rest(n: Node, s: Selection, base: Node) -> bool:
    """Does every masked place get the same value (no axis of n runs over the places)?"""
    rest = base.rank - len(s.axes)
    return n.rank <= rest or (n.rank == rest + 1 and n.shape[0] == 1)


def _masked(target: Array, mask: Node, n: Node) -> None:
    """target[mask] = n, where n does not depend on which place it goes to."""
    base = target.node
    rest = base.rank - mask.rank
    if n.rank > rest:
        n = view(n, Window((lit(0),) * n.rank, (1,) * n.rank, (-1, *range(rest)), n.shape[1:]))
    n = fitted(n, base.shape[mask.rank :])
    wide = view(mask, expanded(mask.shape, range(mask.rank, base.rank), base.rank))
    store(target, fitted(OPS["where"](wide, n, base), base.shape))


# ---- keys ----------------------------------------------------------------------------------------
def selection(shape: Shape, key: Any) -> Selection:
    """What a key selects of an array of `shape`.  Raises IndexError as NumPy does."""
    entries = _entries(key, len(shape))
    stepped = [k for k, e in enumerate(entries) if isinstance(e, slice) and not is_literal(e.step)]
    if stepped:
        return _stepped(shape, entries, stepped)
    if not any(isinstance(e, _Positions) for e in entries):
        w, _ = _window(shape, entries)
        scalar = not w.shape and not _has_ellipsis(key)
        return Selection(w, scalar=scalar)
    return _advanced(shape, entries)


def _stepped(shape: Shape, entries: list[Any], where: list[int]) -> Selection:
    """A key with a slice whose step is computed: positions along its axis."""
    if len(where) > 1 or any(isinstance(e, _Positions) for e in entries):
        raise UnsupportedError(
            f"a slice with a computed step beside another or beside an index array, at {place()}: "
            f"use two indexings"
        )
    (k,) = where
    axis = sum(_covers(e) for e in entries[:k] if not isinstance(e, _Dots))
    index = positions(entries[k], size_node(shape[axis]))
    entries = [_Positions(index) if j == k else e for j, e in enumerate(entries)]
    w, axes = _window(shape, entries)
    return Selection(w, (index,), tuple(axes), axes[0], None, False, False, True)


def _single_bool(key: Any) -> Array | None:
    """For a key that is one bool: the mask of a new first axis that NumPy takes it for."""
    if isinstance(key, bool | np.bool_):
        n = const(np.bool_(key))
    elif isinstance(key, Proxy | np.ndarray) and node_of(key).dtype.kind == "b":
        n = node_of(key)
    else:
        return None
    mask: Array | None = fresh(view(n, broadcast((), (1,)))) if not n.rank else None
    return mask


def _has_ellipsis(key: Any) -> bool:
    return key is Ellipsis or (isinstance(key, tuple) and any(k is Ellipsis for k in key))


@dataclass(frozen=True, slots=True)
class _Positions:
    """An entry of a key that is an array: integers along one axis, or a mask over `rank` axes."""

    node: Node
    mask: bool = False

    @property
    def covers(self) -> int:
        return self.node.rank if self.mask else 1


def _entries(key: Any, rank: int) -> list[Any]:
    """The key as a list that names every axis: ints, slices, None and _Positions."""
    parts = [_entry(k) for k in (key if isinstance(key, tuple) else (key,))]
    used = sum(_covers(k) for k in parts)
    if used > rank:
        raise IndexError(
            f"too many indices for array: array is {rank}-dimensional, but {used} were indexed"
        )
    dots = [k for k, p in enumerate(parts) if p is Ellipsis]
    if len(dots) > 1:
        raise IndexError("an index can only have a single ellipsis ('...')")
    at = dots[0] if dots else len(parts)
    fill = [slice(None)] * (rank - used)
    mark = [_Dots()] if dots else []
    return [*parts[:at], *mark, *fill, *parts[at + 1 :]]


class _Dots:
    """Where an Ellipsis stood: it separates index arrays even when it names no axis."""


def _covers(k: Any) -> int:
    k = used(k)
    if k is None or k is Ellipsis:
        return 0
    return k.covers if isinstance(k, _Positions) else 1


def _entry(k: Any) -> Any:
    if k is None or k is Ellipsis or isinstance(k, slice):
        return k
    if isinstance(k, bool | np.bool_):
        raise UnsupportedError("a single bool as an index is not supported: use an if")
    if isinstance(k, list | tuple):
        k = _array_of_list(list(k))
    if isinstance(k, Array | np.ndarray):
        n = node_of(k)
        if n.dtype.kind == "b":
            return _Positions(n, mask=True)
        if n.dtype.kind not in "iu":
            raise IndexError("arrays used as indices must be of integer (or boolean) type")
        return _Positions(cast_to(n, I64)) if n.rank else int_node(wrap(n))
    if isinstance(k, Scalar) and k.node.dtype.kind == "b":
        raise UnsupportedError("a traced bool as an index is not supported: use an if")
    if isinstance(k, Proxy) or hasattr(k, "__index__"):
        return int_node(k)
    raise IndexError(_INVALID)


def _array_of_list(k: list[Any]) -> Any:
    if not k:
        return np.empty(0, np.int64)
    made = value_node(k)
    return fresh(made)


def _window(shape: Shape, entries: list[Any]) -> tuple[Window, list[int]]:
    """The basic part of a key, and the positions of the window's axes that _Positions index."""
    starts: list[Node] = []
    steps: list[int] = []
    axes: list[int] = []
    sizes: list[Size] = []
    indexed: list[int] = []
    axis = 0
    for e in entries:
        if isinstance(e, _Dots):
            continue
        if e is None:
            sizes.append(1)
            continue
        count = e.covers if isinstance(e, _Positions) else 1
        for _ in range(count):
            n = size_node(shape[axis])
            start, step = lit(0), 1
            if isinstance(e, Node):
                start = checked_index(e, n, axis)
                axes.append(-1)
            else:
                axes.append(len(sizes))
                if isinstance(e, slice):
                    start, step, size = resolve(e, n)
                    sizes.append(dim(size))
                else:
                    indexed.append(len(sizes))
                    sizes.append(shape[axis])
            starts.append(start)
            steps.append(step)
            axis += 1
    return Window(tuple(starts), tuple(steps), tuple(axes), tuple(sizes)), indexed


def _advanced(shape: Shape, entries: list[Any]) -> Selection:
    """A key with arrays: integers count as arrays for the place of the result's axes."""
    entries = [_Positions(e) if isinstance(e, Node) else e for e in entries]
    w, axes = _window(shape, entries)
    at = _place(entries)
    found = [e for e in entries if isinstance(e, _Positions)]
    mask = found[0].node if len(found) == 1 and found[0].mask else None
    arrays: list[Node] = []
    position = 0
    for e in found:
        if e.mask:
            arrays.extend(_positions_of(e.node, [w.shape[a] for a in axes[position:]], position))
        else:
            arrays.append(e.node)
        position += e.covers
    checked = not all(e.mask for e in found)
    return Selection(w, tuple(_one_shape(arrays)), tuple(axes), at, mask, checked)


def _place(entries: list[Any]) -> int:
    """Where the axes of the index arrays stand: in place when they are neighbours, else first."""
    where = [k for k, e in enumerate(entries) if isinstance(e, _Positions)]
    if any(not isinstance(e, _Positions) for e in entries[where[0] : where[-1] + 1]):
        return 0
    return sum(not isinstance(e, _Dots) for e in entries[: where[0]])


def _one_shape(arrays: list[Node]) -> list[Node]:
    """Index arrays broadcast to one shape.  Raises IndexError where they do not fit."""
    try:
        arrays = align("index", arrays)
        shape = broadcast_shape("index", arrays)
    except ShapeError:
        words = " ".join(str(tuple(n.shape)) for n in arrays)
        raise IndexError(
            f"shape mismatch: indexing arrays could not be broadcast together with shapes {words}"
        ) from None
    return [n if n.shape == shape else view(n, broadcast(n.shape, shape)) for n in arrays]


def _positions_of(mask: Node, sizes: list[Size], first: int) -> list[Node]:
    """The positions of a mask's true elements along each of its axes."""
    for k, (d, size) in enumerate(zip(mask.shape, sizes)):
        a, b = hinted(size_node(d)), hinted(size_node(size))
        if a is not None and b is not None and a != b:
            raise IndexError(
                f"boolean index did not match indexed array along axis {first + k}; size of axis "
                f"is {b} but size of corresponding boolean axis is {a}"
            )
        same(size_node(size), size_node(d))
    return [node_of(p) for p in IMPLEMENTED[np.nonzero](wrap(mask))]
