"""Generators that are no arguments, wound back before each run that is compared with another.

`inputs.fresh` copies what a run is given; what it is not given, it finds as it was before.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np

from ..trace.plan import Held, Trace

_kept: ContextVar[tuple[tuple[Any, Any], ...]] = ContextVar("kept", default=())


@contextmanager
def rewinding(trace: Trace) -> Iterator[None]:
    """Inside, `rewind` puts the generators of a trace back to where they are; so does the end."""
    held = [s.value for s in trace.sources if isinstance(s, Held)]
    token = _kept.set(tuple((g, _state_of(g)) for g in held))
    try:
        yield
    finally:
        rewind()
        _kept.reset(token)


def rewind() -> None:
    for generator, state in _kept.get():
        if isinstance(generator, random.Random):
            generator.setstate(state)
        elif isinstance(generator, np.random.RandomState):
            generator.set_state(state)
        else:
            generator.bit_generator.state = state


def _state_of(generator: Any) -> Any:
    if isinstance(generator, random.Random):
        return generator.getstate()
    if isinstance(generator, np.random.RandomState):
        return generator.get_state(legacy=False)
    return generator.bit_generator.state
