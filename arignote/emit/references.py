"""The NumPy meaning of an op as a function that a kernel calls back.

Some ops can write their one result where it is wanted: `fill` gets the operands and the array, and
calls `op.extra["into"]`.  Called as any function they return a result that is copied.  A reference
pickles, and what it needs of the graph is imported at its first call: few warm starts need it.
"""

from __future__ import annotations

import importlib
import pickle
from collections.abc import Callable
from typing import Any

from ..fxgraph.node import Node, op_named
from ..fxgraph.types import OPAQUE
from .cache import own_data


class Reference:
    """An op's reference with its attributes; states (generators) are left out of the answer."""

    _run: Callable[..., Any] | None = None
    _fill: Callable[..., Any] | None = None

    def __init__(self, n: Node) -> None:
        types = n.type if isinstance(n.type, tuple) else (n.type,)
        self.name, self.attrs = n.op.name, n.kwargs
        self.several = isinstance(n.type, tuple)
        self.fills = "into" in n.op.extra
        self.kept = [k for k, t in enumerate(types) if t.dtype != OPAQUE]
        self._packed: bytes | None = None

    def __call__(self, *values: object) -> tuple[object, ...]:
        run = self._run if self._run is not None else self._ready()
        answer = run(*values, **self.attrs)
        if not self.several:
            return (answer,) if self.kept else ()
        return tuple([answer[k] for k in self.kept])

    def fill(self, *values: object) -> None:
        """Write the result into the last of the values."""
        if self._fill is None:
            self._ready()
        assert self._fill is not None
        self._fill(*values, **self.attrs)

    def _ready(self) -> Callable[..., Any]:
        """The op's reference, found at the first call."""
        if self._packed is not None:
            importlib.import_module("arignote.trace.converting")  # declares every op
            self.attrs, self._packed = own_data(self._packed), None
        op = op_named(self.name)
        run: Callable[..., Any] | None = op.extra.get("compiled", op.reference)
        assert run is not None
        self._run, self._fill = run, op.extra.get("into")
        return run

    def __getstate__(self) -> dict[str, Any]:
        packed = self._packed if self._packed is not None else pickle.dumps(self.attrs)
        own_data(packed)  # what will not be read back is not stored
        kept = {k: v for k, v in self.__dict__.items() if k not in ("_run", "_fill")}
        return {**kept, "attrs": None, "_packed": packed}


def nothing() -> tuple[()]:
    """What sites without an operation of their own do."""
    return ()
