"""What a `try` asks of the expressions in it: which handler would get their first error.

The expression is traced, what it checks is looked at and forgotten, and the first check becomes a
condition.  Where that holds, the expression is traced again for the checks after it: they may
depend on what the first has let through.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

from ..errors import UnsupportedError
from ..fxgraph.affine import minus, size_node
from ..fxgraph.constants import const, lit
from ..fxgraph.node import OPS, Node, origin
from ..fxgraph.ops.checks import (
    ERRORS,
    announcing,
    check_index,
    nonzero_check,
    recording,
    require,
    same_size,
)
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.report import raise_op
from ..fxgraph.ops.structure import gather
from ..fxgraph.types import BOOL, I64
from .branches import ifexp
from .guarding import tracing_errors
from .proxy import wrap
from .session import is_tracing
from .where import place

Kinds = Sequence[Any]
#: Checks of one expression; each is traced once for those before it.
_MOST = 12


def handler_of(error: Any, kinds: Kinds) -> int:
    """The number of the first handler for an error, or class of errors; 0 if there is none."""
    kind = error if isinstance(error, type) else type(error)
    for number, wanted in enumerate(kinds, 1):
        if issubclass(kind, wanted):
            return number
    return 0


class _Anywhere:
    """Stands for a dict that is written: it takes any key."""

    def __getitem__(self, key: Any) -> None:
        return None


def written(base: Any) -> Any:
    """What stands for `base` where `base[key] = value` is asked about: reading fails as that."""
    return _Anywhere() if isinstance(base, dict) else base


def failing(values: Callable[[], Any], kinds: Kinds) -> Any:
    """The number of the handler of the first error that computing the values raises, or 0."""
    return _failing(values, kinds, ())


def _failing(values: Callable[[], Any], kinds: Kinds, passed: tuple[Any, ...]) -> Any:
    found: int | None = None
    with recording() as checks, announcing(None):
        try:
            values()
        except tracing_errors:
            raise
        except Exception as error:
            found = handler_of(error, kinds)
            if not checks or not is_tracing():
                return found
    tested = Counter(passed)
    for check in checks:
        key = (check.op, check.attrs, origin.get(check))
        if tested[key]:
            tested[key] -= 1
            continue
        known = condition(check)
        if known is None:
            _refuse(check, kinds)
            continue
        holds, kind = known
        if len(passed) == _MOST:
            raise UnsupportedError(
                f"more than {_MOST} checks in one statement in `try`, at {place()}: write several "
                "statements"
            )
        more = partial(_failing, values, kinds, (*passed, key))
        return ifexp(wrap(opaque(holds)), more, partial(handler_of, kind, kinds), None)
    return found or 0


def opaque(holds: Node) -> Node:
    """A condition that proves nothing: the checks stay those of the first time."""
    return OPS["not_equal"](cast_to(holds, I64, True), lit(0), weak=True)


def condition(check: Node) -> tuple[Node, type[Exception]] | None:
    """What a check asks for, and the error where that does not hold."""
    if check.op is check_index:
        return _within(*check.inputs[:2]), IndexError
    if check.op is gather and check.attr("mode") == "raise":
        return _all_within(check), IndexError
    if check.op is nonzero_check:
        return OPS["not_equal"](check.inputs[0], lit(0), weak=True), ZeroDivisionError
    if check.op is same_size:
        return OPS["equal"](*check.inputs[:2], weak=True), ValueError
    if check.op is require or check.op is raise_op:
        return check.inputs[0], ERRORS[check.attr("error")]
    return None


def _within(i: Node, n: Node) -> Node:
    """Do the indices i, one or an array, stand in an axis of size n?"""
    above = OPS["greater_equal"](i, minus(lit(0), n), weak=not i.shape)
    return OPS["logical_and"](above, OPS["less"](i, n, weak=not i.shape), weak=not i.shape)


def _all_within(check: Node) -> Node:
    """Do all positions of a gather stand in their axes?"""
    base, axes = check.inputs[0], check.attr("axes")
    out = const(True, BOOL, True)
    for axis, index in zip(axes, check.inputs[1:], strict=False):
        inside = _within(index, size_node(base.shape[axis]))
        if inside.shape:
            inside = OPS["reduce_all"](inside, axes=tuple(range(inside.rank)))
        out = OPS["logical_and"](out, cast_to(inside, BOOL, True), weak=True)
    return out


def _refuse(check: Node, kinds: Kinds) -> None:
    """Raise UnsupportedError for what may raise what a handler waits for, in a way unknown here."""
    if check.op.name == "fits64":
        return  # Python's integers have no bounds
    raise UnsupportedError(
        f"`try` around {check.op.name}, at {place()}: whether it fails is not known before it is "
        "done. Test for the condition instead."
    )
