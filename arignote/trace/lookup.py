"""Dicts with strings for keys, looked up by a string that is known at run time only."""

from __future__ import annotations

from functools import partial
from typing import Any

from ..fxgraph.ops.checks import required
from .branches import ifexp
from .proxy import node_of
from .shortcut import or_
from .texts import Text
from .truthiness import truth

_MISSING = object()


def looked_up(held: dict[Any, Any], key: Text, default: Any = _MISSING) -> Any:
    """`held[key]`, or `held.get(key, default)`"""
    found = [(k, v) for k, v in held.items() if type(k) is str]
    if default is _MISSING:
        if not found:
            raise KeyError("a string")
        hit: Any = False
        for k, _ in found:
            hit = or_(key == k, partial(truth, hit))
        required(node_of(hit), "KeyError", "a string that is no key of the dict")
        default = found.pop()[1]
    out = default
    for k, v in reversed(found):
        out = ifexp(key == k, partial(_itself, v), partial(_itself, out), None)
    return out


def _itself(x: Any) -> Any:
    return x
