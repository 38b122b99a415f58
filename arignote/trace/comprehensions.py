"""Comprehensions over traced values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .branches import truth
from .convert.site import Site
from .iteration import Counter, counter_of
from .proxy import Proxy


def comprehension(
    kind: str,
    iterable: Any,
    element: Callable[..., Any],
    condition: Callable[..., Any] | None,
    site: Site,
    nested: bool = False,
    unpack: Callable[[Any], Any] | None = None,
) -> Any:
    """`[element(item) for item in iterable if condition(item)]` as a list, set, dict or generator"""
    found = counter_of(iterable)
    items = found.literal() if isinstance(found, Counter) else found

    def produced() -> Any:
        for x in items:  # type: ignore[union-attr]
            parts = unpack(x) if unpack is not None else (x,)
            if condition is not None:
                t = truth(condition(*parts))
                assert not isinstance(t, Proxy)
                if not t:
                    continue
            if nested:
                yield from element(*parts)
            else:
                yield element(*parts)

    if kind == "generator":
        return produced()
    return {"list": list, "set": set, "dict": dict}[kind](produced())
