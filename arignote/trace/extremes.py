"""max() and min() of traced values: the first of equals, with a key, over any number of items."""

from __future__ import annotations

import builtins
from collections.abc import Callable
from functools import partial
from typing import Any

from ..fxgraph.affine import minus
from ..fxgraph.constants import lit
from ..fxgraph.node import OPS
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.scalar import greatest, least
from ..fxgraph.prove import ge0
from ..fxgraph.types import I64
from .branches import ifexp
from .folds import fold
from .iteration import Counter
from .proxy import Proxy, node_of, wrap
from .pybuiltins import answers, counted
from .sequences import compared


def _extreme(name: str, better: Callable[[Any, Any], Any]) -> Callable[..., Any]:
    builtin = getattr(builtins, name)

    def pick(best: Any, x: Any) -> Any:
        return _pick(name, best, x, better)

    def f(*args: Any, key: Any = None, **default: Any) -> Any:
        found = counted(args[0]) if len(args) == 1 else list(args)
        if isinstance(found, Counter):
            if default:
                some = wrap(found.length) > 0
                return ifexp(
                    some, partial(f, found, key=key), partial(_itself, default["default"]), None
                )
            _not_empty(found, name)
            first = found.item(wrap(found.lo))
            if key is None:
                return fold(found, pick, first, name, skip_first=True)
            step = partial(_kept, key, better)
            return fold(found, step, (key(first), first), name, skip_first=True)[1]
        if not found:
            return builtin((), **default)
        keyed = [(key(x) if key is not None else x, x) for x in found]
        best, chosen = keyed[0]
        for value, x in keyed[1:]:
            if key is None:
                best = chosen = pick(best, value)
            else:
                best, chosen = _better(better, (value, x), (best, chosen))
        return chosen

    return f


def _kept(key: Callable[[Any], Any], better: Callable[[Any, Any], Any], best: Any, x: Any) -> Any:
    return _better(better, (key(x), x), best)


def _better(
    better: Callable[[Any, Any], Any], new: tuple[Any, Any], best: tuple[Any, Any]
) -> tuple[Any, Any]:
    """Of two pairs of a key and a value, the one with the better key; the second of equals."""
    wins = better(new[0], best[0])
    key, value = (
        ifexp(wins, partial(_itself, n), partial(_itself, b), None)
        for n, b in zip(new, best, strict=True)
    )
    return key, value


def _itself(x: Any) -> Any:
    return x


def _not_empty(c: Counter, name: str) -> None:
    n = c.length
    if not ge0(minus(n, lit(1))):
        required(
            OPS["greater_equal"](n, lit(1), weak=True),
            "ValueError",
            _said_of_none(name),
        )


def _said_of_none(name: str) -> str:
    """What this Python says of an empty iterable."""
    try:
        {"min": min, "max": max}[name](())
    except ValueError as error:
        return str(error)
    raise AssertionError(name)


def _pick(name: str, best: Any, value: Any, better: Callable[[Any, Any], Any]) -> Any:
    """The first of equals, as Python; sizes stay provable."""
    if isinstance(best, tuple) and isinstance(value, tuple):
        return ifexp(better(value, best), partial(_itself, value), partial(_itself, best), None)
    if not isinstance(best, Proxy) and not isinstance(value, Proxy):
        return value if better(value, best) else best
    a, b = node_of(best), node_of(value)
    if any(d != 1 for d in (*a.shape, *b.shape)):
        raise ValueError(
            "The truth value of an array with more than one element is ambiguous. Use "
            "a.any() or a.all()"
        )
    if a.type.weak and b.type.weak and a.dtype == b.dtype == I64:
        return wrap((greatest if name == "max" else least)(a, b))
    return ifexp(better(value, best), lambda: value, lambda: best, None)


answers(max)(_extreme("max", partial(compared, "gt")))
answers(min)(_extreme("min", partial(compared, "lt")))
