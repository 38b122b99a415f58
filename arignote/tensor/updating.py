"""Updates of shared variables: which expression gives each its next value, and whether it fits."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np

from .elementwise import cast
from .graph import Variable, apply_order, leaves_of
from .parameters import fits
from .sharing import SharedVariable
from .types import TensorType
from .variables import as_tensor_variable


class OrderedUpdates(dict[Any, Any]):
    """{shared variable: expression}; `+` joins two, where they agree."""

    def __setitem__(self, key: Any, value: Any) -> None:
        if not isinstance(key, SharedVariable):
            raise TypeError(f"updates are of shared variables, not of {key!r:.60}")
        super().__setitem__(key, value)

    def update(self, other: Any = (), **kwargs: Any) -> None:  # type: ignore[override]
        for key, value in pairs(other):
            if key in self and self[key] is not value:
                raise KeyError(f"two updates of {key}")
            self[key] = value

    def __add__(self, other: Any) -> OrderedUpdates:
        out = OrderedUpdates()
        out.update(self)
        out.update(other)
        return out

    def __radd__(self, other: Any) -> OrderedUpdates:
        joined = OrderedUpdates()
        joined.update(other)
        return joined + self


def pairs(updates: Any) -> list[tuple[Any, Any]]:
    """Updates or givens as pairs: from a mapping, a list of pairs, or None."""
    if not updates:
        return []
    rows: Iterable[Any] = updates.items() if isinstance(updates, Mapping) else updates
    return [(a, b) for a, b in rows]


def updates_of(updates: Any) -> dict[SharedVariable, Any]:
    """The updates a function is given.  Raises TypeError and ValueError for bad ones."""
    out: dict[SharedVariable, Any] = {}
    for v, new in pairs(updates):
        if not isinstance(v, SharedVariable):
            raise TypeError(f"update target must be a SharedVariable, not {v!r:.60}")
        if v in out:
            raise ValueError(f"this shared variable already has an update expression: {v}")
        out[v] = fitted(v, new)
    return out


def fitted(v: SharedVariable, new: Any) -> Any:
    """An expression of v's type.  Raises TypeError, naming what widened the dtype."""
    if not isinstance(v.type, TensorType):
        return new
    new = as_tensor_variable(new)
    if fits(new.type, v.type):
        return new
    narrower = np.can_cast(np.dtype(new.dtype), np.dtype(v.type.dtype))
    if new.ndim == v.type.ndim and narrower:
        return cast(new, v.type.dtype)
    blame = widened(new, v.type.dtype)
    raise TypeError(
        f"An update must have the same type as the original shared variable "
        f"(shared_var={v}, shared_var.type={v.type}, update_val={new}, update_val.type={new.type})."
        f"{blame} Cast it to {v.type.dtype} there (T.cast(x, {v.type.dtype!r})), or set "
        f"floatX={v.type.dtype}."
    )


def widened(new: Any, dtype: str) -> str:
    """Which line brought in the wider dtype."""
    for node in apply_order([new]):
        wide = [o for o in node.outputs if getattr(o.type, "dtype", dtype) == new.dtype]
        if not wide:
            continue
        wide_inputs = [x for x in node.inputs if getattr(x.type, "dtype", "") == new.dtype]
        what = " and ".join(f"{x} ({x.type})" for x in (wide_inputs or node.inputs))
        where = f" at {node.origin}: {node.origin.expression}" if node.origin else ""
        return f" {new.dtype} comes from {node.op.name} of {what}{where}."
    return ""


def with_defaults(
    outputs: list[Variable],
    updates: dict[SharedVariable, Any],
    replaced: dict[Variable, Variable],
    without: Any,
) -> dict[SharedVariable, Any]:
    """The updates, and the default updates of the shared variables that are used.

    without: True or a list of shared variables whose default updates do not count.
    """
    out = dict(updates)
    if without is True:
        return out
    excluded = set(without or ())
    todo: list[Variable] = [*outputs, *updates.values(), *replaced.values()]
    seen: set[Variable] = set()
    while todo:
        found = leaves_of(todo)
        todo = []
        for v in found:
            if v in seen or not isinstance(v, SharedVariable) or v in replaced:
                continue
            seen.add(v)
            if v.default_update is not None and v not in out and v not in excluded:
                out[v] = fitted(v, v.default_update)
                todo.append(out[v])
    return out
