"""Regions: the bodies and branches being traced, what holds in them, and how they may end early.

A region has a token and a list of effects (partial operations, prints, loops that may raise), which
become those of its `Body`.  A statement that always raises ends its region: `Ended` unwinds to the
operator that opened the region, which records the error as an effect and goes on.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from traceback import walk_tb
from typing import Any

import numpy as np
from numpy.exceptions import AxisError
from numpy.linalg import LinAlgError

from ..errors import ArignoteError, DTypeError, ShapeError
from ..fxgraph.affine import minus, times
from ..fxgraph.constants import const, is_const, lit, new_token, value_of
from ..fxgraph.graph import bodies
from ..fxgraph.node import Node, Origin, at_origin
from ..fxgraph.ops.checks import ERRORS, recording, required
from ..fxgraph.prove import inside, knowledge
from ..fxgraph.types import BOOL, I64
from .convert import is_converted
from .convert.site import Site
from .session import session
from .where import raised_at

PACKAGE = str(Path(__file__).resolve().parent.parent)


#: Proofs look at every fact, so there must not be too many.
MOST_FACTS = 32


class Ended(BaseException):
    """The region being traced raises here, whatever the values; the effect is recorded."""


@dataclass
class Region:
    """One body or branch.  `ended`: it always raises, so nothing after it matters."""

    token: Node
    effects: list[Node] = field(default_factory=list)
    ended: bool = False


_local = threading.local()


def depth() -> int:
    """How many traced regions are open: 0 at the top level of a function."""
    return getattr(_local, "depth", 0)


def recorded() -> list[Node]:
    """The effects of the region being traced, so far."""
    effects: list[Node] | None = getattr(_local, "effects", None)
    return effects if effects is not None else session().effects


def checked_since(effects: list[Node], count: int) -> bool:
    """Was a check recorded in open regions since one of them, of these effects, had `count`?"""
    around: list[list[Node]] = [*getattr(_local, "around", ()), recorded()]
    at = next((k for k, e in enumerate(around) if e is effects), None)
    return at is not None and (len(effects) > count or any(around[at + 1 :]))


@contextmanager
def opened(*facts: Node) -> Iterator[Region]:
    """Trace a body or branch: its own token, effects and facts, all gone at the end."""
    region = Region(new_token())
    k = knowledge()
    kept = len(k.facts) - len(k.guards)
    outer = getattr(_local, "effects", None)
    around = getattr(_local, "around", ())
    _local.around = (*around, recorded())
    _local.depth = depth() + 1
    try:
        with recording() as effects, inside(region.token, *facts):
            region.effects = _local.effects = effects
            try:
                yield region
            except Ended:
                region.ended = True
            except Exception as error:
                if not _would_be_raised(error):
                    session().torn = error
                    raise
                _record(error)
                region.ended = True
    finally:
        _local.depth -= 1
        _local.effects = outer
        _local.around = around
        del k.facts[len(k.guards) + kept :]  # guards found inside stand in front and stay


def learn(*facts: Node) -> None:
    """What holds from here to the end of the region (of too many facts, the oldest)."""
    known = knowledge()
    room = MOST_FACTS - (len(known.facts) - len(known.guards))
    known.facts.extend(facts[: max(room, 0)])


def end_with(error: str, message: str, site: Site | None = None) -> None:
    """Record an error that is raised whenever this region runs, and leave the region."""
    with at_site(site):
        required(const(False, BOOL, True), error, message)
    raise Ended


def _would_be_raised(error: Exception) -> bool:
    """Is this the program's own error, which plain Python raises when it comes to this line?"""
    if isinstance(error, ShapeError):
        return True
    if isinstance(error, DTypeError):
        return any(words in str(error) for words in ("annot cast", "did not contain a loop"))
    if isinstance(error, ArignoteError):
        return False
    if type(error) in _PLAIN:
        return True
    frames = [frame for frame, _ in walk_tb(error.__traceback__)]
    inner = frames[-1].f_code if frames else None
    if isinstance(error, TypeError | AttributeError):
        known = inner is not None and (
            is_converted(inner) or inner.co_filename.startswith(PACKAGE)
        )
        return known and not _of_a_proxy(error)
    own = isinstance(error, AssertionError | ArithmeticError) or type(error) is KeyError
    return own and (inner is None or not inner.co_filename.startswith(PACKAGE))


def _of_a_proxy(error: Exception) -> bool:
    """Is this due to what stands for a value while tracing, or would the value raise it, too?"""
    if isinstance(error, AttributeError) and error.name is not None:
        if not type(error.obj).__module__.startswith("arignote."):
            return False
        return any(hasattr(kind, error.name) for kind in _STOOD_FOR)
    text = str(error)
    if any(word in _OTHERS for word in re.findall(r"\b[A-Z]\w+", text)):
        return True
    return bool(re.search(r"\b(Array|Scalar)\b", text)) and not _USUAL.search(text)


_PLAIN = (
    IndexError, ZeroDivisionError, OverflowError, ValueError, NameError, UnboundLocalError,
    AxisError, LinAlgError,
)  # fmt: skip
#: What proxies, and the other classes of values while tracing, stand for.
_STOOD_FOR = (np.ndarray, np.float64, float, int, complex, str, list, tuple, dict, set, range)
_OTHERS = frozenset({
    "Conflict", "Counter", "Deque", "Distinct", "Generator", "Growing", "Lazy", "MarkedText",
    "Maybe", "Nested", "Produced", "SymbolicRange", "Text", "Undefined",
})  # fmt: skip
#: What errors of proxies say of values as well.
_USUAL = re.compile(
    r"has no len\(\)|is not (subscriptable|iterable|callable)|^unsupported operand|^bad operand"
)


def of_values(text: str) -> str:
    """A message about what stands for an array, as NumPy says it of the array."""
    return text.replace("'Array' object", "'numpy.ndarray' object")


def _record(error: Exception) -> None:
    kind = type(error)
    name = next(c.__name__ for c in kind.__mro__ if c.__module__ == "builtins")
    text = error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)
    text = of_values(text)
    with at_origin(raised_at(error)):
        known = ERRORS.get(kind.__name__) is kind
        required(const(False, BOOL, True), kind.__name__ if known else name, text)


# ---- facts of conditions -------------------------------------------------------------------------
_ORDER: dict[str, Callable[[Node, Node], tuple[Node, Node]]] = {
    # (what is >= 0 when the comparison holds, what is >= 0 when it does not)
    "less": lambda a, b: (minus(minus(b, a), lit(1)), minus(a, b)),
    "less_equal": lambda a, b: (minus(b, a), minus(minus(a, b), lit(1))),
    "greater": lambda a, b: (minus(minus(a, b), lit(1)), minus(b, a)),
    "greater_equal": lambda a, b: (minus(a, b), minus(minus(b, a), lit(1))),
}


def facts_of(pred: Node, holds: bool) -> list[Node]:
    """Affine nodes that are >= 0 where `pred` holds (or where it does not)."""
    out: list[Node] = []
    waiting = [(pred, holds)]
    while waiting:
        n, yes = waiting.pop()
        name = n.op.name
        if name == "cast" and n.type.dtype == BOOL and n.inputs[0].type.dtype == BOOL:
            waiting.append((n.inputs[0], yes))
        elif name in ("logical_not", "invert") and n.inputs[0].type.dtype == BOOL:
            waiting.append((n.inputs[0], not yes))
        elif (name in ("logical_and", "bitwise_and") and yes) or (
            name in ("logical_or", "bitwise_or") and not yes
        ):
            if n.type.dtype == BOOL:
                waiting.extend((x, yes) for x in reversed(n.inputs))
        elif name in _ORDER and all(x.type.dtype == I64 and not x.shape for x in n.inputs):
            a, b = n.inputs
            out.append(_ORDER[name](a, b)[0 if yes else 1])
        elif name == "proj" and n.inputs[0].op.name == "cond":
            waiting.extend(_of_branch(n, yes))
        elif name == "equal" and yes and all(x.type.dtype == I64 and not x.shape for x in n.inputs):
            d = minus(n.inputs[0], n.inputs[1])
            out.extend((d, times(d, -1)))
    return out


def _of_branch(n: Node, yes: bool) -> list[tuple[Node, bool]]:
    """What follows for `a and b`, `a or b` where b is evaluated only if it must be."""
    (node,), k = n.inputs, n.attr("k")
    pred = node.inputs[0]
    then, other = (body.results[k] for body in bodies(node))
    if _value_under(other, pred, False) == (not yes):
        return [(pred, True), (then, yes)]
    if _value_under(then, pred, True) == (not yes):
        return [(pred, False), (other, yes)]
    return []


def _value_under(n: Node, pred: Node, holds: bool) -> bool | None:
    """The value of a boolean where `pred` is known."""
    while n.op.name == "cast" and n.inputs[0].type.dtype == BOOL:
        n = n.inputs[0]
    if n is pred:
        return holds
    return bool(value_of(n)) if is_const(n) else None


# ---- origins -------------------------------------------------------------------------------------
def origin_of(site: Site | None) -> Origin | None:
    if site is None:
        return None
    return Origin(site.file, site.line, site.expression, site.function)


def at_site(site: Site | None) -> at_origin:
    """Nodes made inside come from this place of the user's source."""
    return at_origin(origin_of(site))


def run(thunk: Callable[[], Any], *facts: Node) -> tuple[Region, Any]:
    """Trace `thunk` in a region of its own; its value is None where the region ended."""
    value = None
    with opened(*facts) as region:
        value = thunk()
    return region, value
