"""A graph run body by body, so that its values can be looked at, changed and priced on the way.

How far two correct programs may differ is found by Monte Carlo arithmetic (Parker 1997): the graph
is run again with every rounded result moved at random by as many ulp as its op may be off, and the
spread of the outputs, some times over, is the tolerance.  So it follows conditioning: it grows
where digits cancel and stays at a few ulp where they do not.  A sum whose terms may overflow on the
way is infinite, or nan, in one order and finite in another; there the runs have one of each.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import prod
from typing import Any

import numpy as np

from ..fxgraph.interpret import (
    PLANS,
    SHARED,
    Plans,
    Shared,
    known_to_bodies,
    planned,
    share,
    typed,
    value_of,
)
from ..fxgraph.node import Node
from ..fxgraph.types import TensorType

Env = dict[Node, Any]
Enter = Callable[[Env], None]
Change = Callable[[Node, Any, Env], Any]
_OVERFLOWN = (np.nan, np.inf, -np.inf)

#: Perturbed runs, and how many times their largest spread a difference may be.
RUNS, FACTOR = 3, 8.0
_ROUNDED = frozenset(
    "add subtract multiply divide square reciprocal sqrt absolute sign floor_divide remainder "
    "deg2rad rad2deg cast".split()
)
_SUMS = frozenset("reduce_sum cumulate_sum matmul add_at scatter_add".split())


def run_stepwise(
    roots: Sequence[Node], env: Env, enter: Enter | None = None, change: Change | None = None
) -> tuple[Any, ...]:
    """Values of `roots`, as `evaluate` gives them.

    enter(env) is called where a body, or the graph itself, is entered, with all that is known
    there; change(node, value, env) gives the value that is used on.
    """
    local = dict(env)
    shared: Shared = local.pop(SHARED, ())
    plans: Plans = local.pop(PLANS, {})
    if enter is not None:
        enter(dict(local))
    plan = planned(tuple(roots), env)
    for n, _ in plan.steps:
        if n in local:  # a body has fetched it
            continue
        meaning = n.op.extra.get("meaning")
        if meaning is None:
            value = typed(n, value_of(n, local))
        else:
            known = {**local, PLANS: plans}
            inside = known_to_bodies(n, local, known, shared, plan.fetched)
            found = meaning(n, inside, lambda r, e: run_stepwise(r, e, enter, change))
            value = typed(n, found)
        local[n] = value if change is None else change(n, value, local)
        share(shared, n, local[n])
    return tuple(local[r] for r in roots)


def spread(
    roots: Sequence[Node], feeds: Callable[[], Env], want: Sequence[Any], *, rounding: bool
) -> list[Any]:
    """For each root, how far its value may move (an array or number); 0 for what is exact.

    feeds() gives fresh inputs.  rounding: the order of additions may differ too, not just the last
    digits of library functions.  A root whose shape rounding can change gets infinity.
    """
    moved: list[Any] = [0.0] * len(want)
    for seed in range(RUNS):
        change = _Shake(np.random.default_rng(seed), rounding, _OVERFLOWN[seed % 3])
        with np.errstate(all="ignore"):
            try:
                values = run_stepwise(roots, feeds(), change=change)
            except Exception:  # rounding alone decides whether this raises
                continue
            for k, (a, b) in enumerate(zip(want, values, strict=True)):
                moved[k] = np.maximum(moved[k], _distance(a, b, change.lost))
    return [FACTOR * m for m in moved]


def _distance(a: Any, b: Any, lost: bool) -> Any:
    """lost: a sum that may overflow decides whether a value is nan."""
    x, y = np.asarray(a), np.asarray(b)
    if x.dtype.kind not in "biufc":
        return 0.0
    if x.shape != y.shape:
        return np.inf
    if x.dtype.kind in "biu":
        return np.abs(x.astype(np.float64) - y.astype(np.float64))
    d = np.abs(x - y).astype(np.float64)
    d = np.where(np.isfinite(x) & np.isfinite(y), d, np.nan_to_num(d))
    d = np.where(lost & (np.isnan(x) != np.isnan(y)), np.inf, d)
    return np.where(x == y, 0.0, d)


class _Shake:
    """Moves rounded values by as much as an honest implementation could.

    overflown: what a sum becomes that may overflow; lost: whether there was one.
    """

    def __init__(self, rng: np.random.Generator, rounding: bool, overflown: float) -> None:
        self.rng, self.rounding, self.overflown = rng, rounding, overflown
        self.lost = False

    def __call__(self, n: Node, value: Any, env: Env) -> Any:
        t = n.type
        if not isinstance(t, TensorType) or t.dtype.kind not in "fc":
            return value
        ulp = ulp_of(n, self.rounding)
        if ulp == 0.0:
            return value
        v = np.asarray(value)
        size, lost = np.abs(v), np.False_
        if n.op.name in _SUMS and n.op.reference is not None:
            size = np.abs(n.op.reference(*(_magnitude(env[x]) for x in n.inputs), **n.kwargs))
            lost = _may_overflow(n, v, size, env)
            self.lost |= bool(np.any(lost))
            ulp = 2.0 + float(np.sqrt(max(terms(n, env), 1)))
        real = np.finfo(v.dtype).dtype
        by = self.rng.choice((-1.0, 1.0), v.shape) * ulp * np.spacing(size.astype(real))
        kept = ~np.isfinite(v) | (v == 0) & (size == 0)
        if ulp <= 1.0:  # sums and products of whole numbers are exact
            kept = kept | _whole(v) & _all_whole([env[x] for x in n.inputs], v.shape)
        out = np.where(kept, v, v + by).astype(v.dtype)
        self.lost |= bool(np.any(np.isfinite(v) & ~np.isfinite(out)))  # at the edge of the range
        out = np.where(lost, np.asarray(self.overflown, v.dtype), out)
        return out[()] if not isinstance(value, np.ndarray) else out


def _may_overflow(n: Node, v: Any, size: Any, env: Env) -> Any:
    """Where the finite terms of a sum, or parts of it, may be too large to be held."""
    bound = np.finfo(v.dtype).max / 4
    if np.all(size < bound) or n.op.reference is None:
        return np.False_
    calm = n.op.reference(*(_magnitude(env[x], finite=True) for x in n.inputs), **n.kwargs)
    return ~(np.abs(calm) < bound)


def _whole(v: Any) -> Any:
    return np.asarray(v) == np.rint(v)


def _all_whole(values: Sequence[Any], shape: tuple[int, ...]) -> Any:
    out = np.ones(shape, bool)
    for v in values:
        if np.asarray(v).dtype.kind in "fc":
            out &= _whole(v)
    return out


def ulp_of(n: Node, rounding: bool) -> float:
    """How many ulp an honest result of this node may be off NumPy's."""
    if n.op.name in _SUMS or not n.op.traits.isdisjoint(("reduction", "running", "product")):
        return 0.0 if n.op.name.rsplit("_", 1)[-1] in ("max", "min") else 2.0
    if "library" in n.op.traits:
        return 64.0
    ulp = float(n.op.extra.get("ulp", 0.0))
    if n.op.name in _ROUNDED and n.dtype.kind == "f":
        ulp = 0.0  # IEEE operations: one answer
    if rounding and "elementwise" in n.op.traits and n.op.name in _ROUNDED:
        ulp = max(ulp, 1.0)
    return ulp


def _magnitude(x: Any, finite: bool = False) -> Any:
    """finite: what is not becomes 0."""
    a = np.asarray(x)
    if a.dtype.kind not in "fc":
        return x
    return np.where(np.isfinite(a), np.abs(a), 0).astype(np.abs(a).dtype) if finite else np.abs(x)


def terms(n: Node, env: Env) -> int:
    """How many products or summands stand behind one element."""
    first = np.asarray(env[n.inputs[0]])
    if "product" in n.op.traits:
        return int(first.shape[-1]) if first.ndim else 1
    return int(first.size)


class Work:
    """Counts elements while a graph is interpreted; pass `Work()` as its watch.  Each counts once
    for each operation made of it, those of a matrix product once for each product."""

    def __init__(self) -> None:
        self.elements = 0

    def __call__(self, n: Node, value: Any) -> None:
        shape = np.shape(value) if isinstance(n.type, TensorType) else ()
        self.elements += max(prod(shape), 1) * (64 if "product" in n.op.traits else 1)
