"""`MonitorMode`: callbacks around every operation, with Theano's arguments.

The operations are those of the optimized graph, inside loops too; they run one by one in NumPy.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..api import Compiled
from .modes import Flagged, Mode


@dataclass(frozen=True)
class Step:
    """An operation as callbacks see it: `op` is its name, `origin` the user's line."""

    op: str
    name: str
    origin: Any

    def __str__(self) -> str:
        where = f" at {self.origin}: {self.origin.expression}" if self.origin else ""
        return f"{self.op}{f' {self.name!r}' if self.name else ''}{where}"


@dataclass
class Storage:
    """The values of an operation: `inputs[k][0]` and, once it has run, `outputs[k][0]`."""

    inputs: list[list[Any]]
    outputs: list[list[Any]]


class MonitorMode(Mode):
    """The mode that calls pre_func(i, node, fn) before and post_func(i, node, fn) after operation
    i; fn.inputs and fn.outputs hold the values, each in a list of one.  They may raise to stop.
    """

    def __init__(
        self, pre_func: Any = None, post_func: Any = None, optimizer: Any = "default",
        linker: Any = None,
    ) -> None:  # fmt: skip
        Mode.__init__(self, optimizer=optimizer)
        object.__setattr__(self, "callbacks", (pre_func, post_func))

    def compiled(self, function: Any) -> Any:
        callbacks = self.callbacks  # type: ignore[attr-defined]
        made: Any = Monitored(Compiled(function, mode=self.kind), *callbacks)
        return Flagged(made, self.flags())

    def _changed(self, **changes: Any) -> Mode:
        made = MonitorMode(*self.callbacks)  # type: ignore[attr-defined]
        for key in ("linker", "optimizer", "name", "included", "excluded", "required", "extra"):
            object.__setattr__(made, key, changes.get(key, getattr(self, key)))
        return made


class Monitored:
    """A compiled function that is always run with callbacks."""

    def __init__(self, compiled: Compiled, before: Any, after: Any) -> None:
        self.compiled, self.callbacks = compiled, (before, after)

    def __call__(self, *args: Any) -> Any:
        return self.compiled.monitor(_around(*self.callbacks), *args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)


def _around(before: Any, after: Any) -> tuple[Callable[[Any], None], Callable[[Any], None]]:
    open_steps: list[list[list[Any]]] = []
    count = 0

    def start(seen: Any) -> None:
        inputs = [[x] for x in seen.operands]
        open_steps.append(inputs)
        if before is not None:
            before(count, _step(seen), Storage(inputs, [[None]]))

    def end(seen: Any) -> None:
        nonlocal count
        inputs = open_steps.pop() if open_steps else []
        if after is not None:
            after(count, _step(seen), Storage(inputs, [[seen.value]]))
        count += 1

    return start, end


def _step(seen: Any) -> Step:
    return Step(seen.op, seen.name, seen.origin)


def detect_nan(i: int, node: Any, fn: Any) -> None:
    """A post_func that prints the operations whose results have a nan."""
    for (value,) in fn.outputs:
        if isinstance(value, np.ndarray | np.generic) and value.dtype.kind in "fc":
            if np.isnan(value).any():
                sys.stdout.write(
                    f"*** NaN detected ***\n{i}: {node}\n"
                    f"Inputs : {[x for (x,) in fn.inputs]}\nOutputs: {[value]}\n"
                )
                return
