"""sum, max, min, any, all over values that are counted: loops with one carried value."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ..fxgraph.affine import plus
from ..fxgraph.constants import lit
from .convert.site import Site
from .iteration import Counter
from .loops import loop_for


def fold(
    counter: Counter,
    step: Callable[[Any, Any], Any],
    start: Any,
    name: str,
    skip_first: bool = False,
) -> Any:
    """step(... step(start, first) ..., last); with `skip_first` the first item is the start."""
    if skip_first:
        counter = replace(counter, lo=plus(counter.lo, lit(counter.step)))
    box = [start]

    def body(item: Any) -> None:
        box[0] = step(box[0], item)

    def put(state: tuple[Any, ...]) -> None:
        box[0] = state[0]

    site = Site("<builtin>", 0, 0, 0, f"{name}(...)", name)
    loop_for(counter, body, None, lambda: (box[0],), put, (name,), (name,), (), site)
    return box[0]
