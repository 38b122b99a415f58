"""vmap: a function over batches, as one loop in the compiled code.

The loop nest optimizer then does what a batching rule would: it fuses the steps, puts the unit
stride innermost and gives independent steps to threads.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from ..errors import ShapeError
from ..trace import converting
from ..trace.branches import contents_of, restore
from ..trace.derived import Derived
from ..trace.pytree import flatten
from ..trace.regions import run
from ..trace.session import cells
from .tracing import answer_of, copied, transformed

Axes = int | None | Sequence[int | None]


def vmap(function: Callable[..., Any], in_axes: Axes = 0, out_axes: int = 0) -> Callable[..., Any]:
    """`function` applied to each slice along an axis of its arguments, results stacked.

    in_axes: the batch axis of each argument (None: not batched), or one for all.  out_axes: where
    the batch axis stands in the results.  Arguments and results may be pytrees.  Raises ShapeError
    when no argument is batched, or when batch sizes differ.  Each step has arrays of its own: what
    the function writes stays inside.
    """

    def batched(*args: Any) -> Any:
        axes = [in_axes] * len(args) if in_axes is None or isinstance(in_axes, int) else [*in_axes]
        if len(axes) != len(args):
            raise ShapeError(f"vmap: in_axes has {len(axes)} entries for {len(args)} arguments")
        moved, trees, mapped = [], [], []
        for x, axis in zip(args, axes, strict=True):
            leaves, tree = flatten(x)
            trees.append((tree, len(leaves)))
            for v in leaves:
                if axis is not None and not np.ndim(v):
                    raise ShapeError(
                        f"vmap: a number has no axis {axis} to be batched over; say None in in_axes"
                    )
                moved.append(v if axis is None else np.moveaxis(v, axis, 0))
                mapped.append(axis is not None)
        sizes = [m.shape[0] for m, yes in zip(moved, mapped, strict=True) if yes]
        if not sizes:
            raise ShapeError("vmap: no argument has a batch axis (in_axes is None everywhere)")

        def step(row: Callable[[Any], Any]) -> Any:
            rows = iter([row(m) if yes else m for m, yes in zip(moved, mapped, strict=True)])
            inner = [copied(tree.unflatten([next(rows) for _ in range(n)])) for tree, n in trees]
            return flatten(answer_of(function, inner, {}))

        example, tree = _layout(step)
        if sizes[0] == 0:
            stacked = [_none_of(v) for v in example]
        else:
            each = lambda k: step(lambda m: m[k])[0]
            stacked = converting.converted(_stack)(each, sizes, len(example))
        return tree.unflatten(np.moveaxis(s, 0, out_axes) for s in stacked)

    made = Derived(vmap, function, {"in_axes": in_axes, "out_axes": out_axes})
    return transformed(batched, function, made=made)


def _layout(step: Callable[[Any], Any]) -> tuple[list[Any], Any]:
    """The leaves of a step, and their structure.

    Asked aside, as no step of an empty batch is ever made: what it writes and checks is dropped.
    """
    known = cells()
    before = contents_of(known)
    _, found = run(lambda: step(_a_row))
    restore(known, before)
    leaves, tree = found
    return leaves, tree


def _a_row(stacked: Any) -> Any:
    """A row like those of `stacked`, which may have none; its values are not known in tracing."""
    return np.concatenate([stacked, np.zeros((1, *stacked.shape[1:]), stacked.dtype)])[0]


def _none_of(leaf: Any) -> Any:
    """The results of no step at all, each like `leaf`."""
    like = leaf if hasattr(leaf, "shape") else np.asarray(leaf)
    return np.zeros((0, *like.shape), like.dtype)


def _stack(step: Any, sizes: Any, width: Any) -> Any:
    """Written as a loop; converted into one."""
    for n in sizes:
        if n != sizes[0]:
            raise ValueError("vmap: the batch axes of the arguments have different sizes")
    lists = [[] for _ in range(width)]  # type: ignore[var-annotated]
    for k in range(sizes[0]):
        values = step(k)
        for j in range(width):
            lists[j].append(values[j])
    return [np.array(rows) for rows in lists]
