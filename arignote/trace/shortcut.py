"""`and`, `or`, `in` on traced values, with Python's short circuit."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from ..fxgraph.affine import minus, size_node
from ..fxgraph.constants import lit, proj
from ..fxgraph.graph import order_of
from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import check_index
from ..fxgraph.prove import ge0
from ..fxgraph.types import Size
from ..fxgraph.window import window_of
from .branches import contents_of, restore, value_of_choice
from .distinct import Distinct
from .growing import growing
from .marks import plain
from .optional import Maybe
from .proxy import Array, Proxy, cells, node_of, wrap
from .regions import facts_of, run
from .texts import Text
from .truthiness import is_bool, truth


def and_(left: Any, right: Callable[[], Any]) -> Any:
    """`left and right()`"""
    t = truth(left)
    if not isinstance(t, Proxy):
        return right() if t else left
    return _short(t.node, left, right, True)


def or_(left: Any, right: Callable[[], Any]) -> Any:
    """`left or right()`"""
    t = truth(left)
    if not isinstance(t, Proxy):
        return left if t else right()
    return _short(t.node, left, right, False)


def _short(pred: Node, left: Any, right: Callable[[], Any], conjunction: bool) -> Any:
    """Where `left` does not decide, `right`: as one logical operation if that is all it takes."""
    known = cells()
    before = contents_of(known)
    region, value = run(right, *facts_of(pred, conjunction))
    plain = (
        not region.ended
        and not region.effects
        and all(c.version is v for c, (v, _) in zip(known, before, strict=True))
        and is_bool(left)
        and is_bool(value)
    )
    if plain and not isinstance(value, Proxy):
        decides = bool(value) != conjunction
        return bool(value) if decides else left
    if plain and total(node_of(value), pred, region.token):
        op = OPS["logical_and" if conjunction else "logical_or"]
        a, b = node_of(left), node_of(value)
        return wrap(op(a, b, weak=a.type.weak and b.type.weak))
    restore(known, before)
    if conjunction:
        return value_of_choice(pred, right, lambda: left, None)
    return value_of_choice(pred, lambda: left, right, None)


def total(n: Node, left: Node, token: Node) -> bool:
    """Can n be evaluated where the program would not have come to it, at no cost to speak of?

    `left` has been evaluated, and so have loops and branches that do not depend on the region's
    token. An element may be read if its position is in bounds whatever the condition says.
    """
    return all(_is_harmless(m) for m in order_of([n], stop=_among(left, token)))


def _among(left: Node, token: Node) -> Callable[[Node], bool]:
    """Is a node one of the scalars `left` is computed from, or was it computed before?"""
    evaluated: set[Node] = set()
    stack = [left]
    while stack:
        m = stack.pop()
        if m not in evaluated and not m.type.shape:
            evaluated.add(m)
            if "elementwise" in m.op.traits or m.op.name == "affine":
                stack.extend(m.inputs)
    return lambda m: (
        m in evaluated
        or "leaf" in m.op.traits
        or (("body" in m.op.traits or m.op is proj) and token not in m.free)
    )


def _is_harmless(m: Node) -> bool:
    name = m.op.name
    if isinstance(m.type, tuple):
        return False
    if name == "view" and not m.type.shape and "leaf" in m.inputs[0].op.traits:
        starts = window_of(m).starts
        return all(_in_bounds(s, d) for s, d in zip(starts, m.inputs[0].shape, strict=True))
    return not m.type.shape and ("elementwise" in m.op.traits or name in ("affine", "constant"))


def _in_bounds(start: Node, size: Size) -> bool:
    n = size_node(size)
    return start.op is check_index or (ge0(start) and ge0(minus(minus(n, lit(1)), start)))


def contains(value: Any, container: Any) -> Any:
    """`value in container`: Python's own, or any of the elements' comparisons."""
    if type(container) is Distinct:
        container = container.items
    if isinstance(container, Array | np.ndarray):
        if not isinstance(value, Proxy) and not isinstance(container, Proxy):
            return value in container
        return truth((container == value).any())
    if not isinstance(container, tuple | list | set | frozenset | range):
        return plain(value) in container
    if isinstance(container, range) and isinstance(value, Proxy):
        return _in_range(value, container)
    g = growing(container)
    if g is not None:
        return truth((g.array() == value).any())
    found: Any = False
    for element in container:
        if element is value:
            return True
        if isinstance(value, _COMPARED) or isinstance(element, _COMPARED):
            found = or_(found, partial(_is_equal, element, value))
        elif element == value:
            return True
    return found


#: What is compared when the compiled function runs.
_COMPARED = (Proxy, Text, Maybe)


def _is_equal(a: Any, b: Any) -> Any:
    return truth(a == b)


def _in_range(value: Any, r: range) -> Any:
    if not len(r):
        return False
    low, high = min(r[0], r[-1]), max(r[0], r[-1])
    inside = and_(value >= low, lambda: value <= high)
    return and_(inside, lambda: (value - r[0]) % abs(r.step) == 0)
