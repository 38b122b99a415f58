"""A planted fault, and what runs it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from arignote.debug.report import Finding
from arignote.debug.validate import Depth, validate
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.arithmetic import add
from arignote.fxgraph.ops.compare import logical_not
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.types import TensorType
from arignote.specialise import traced
from arignote.trace.pytree import flatten


@dataclass(frozen=True)
class Mutant:
    """plant(monkeypatch) makes the fault; run() gives what a validation finds.

    honest: may run() be tried without the fault, to see that it finds nothing?
    """

    name: str
    plant: Callable[[Any], None]
    run: Callable[[], list[Finding]]
    stage: str
    blame: str
    honest: bool = True


def wrong(n: Node | None) -> Node | None:
    """Another value of the same type."""
    if n is None or not isinstance(n.type, TensorType):
        return n
    if n.dtype.kind == "b":
        return logical_not(n)
    return cast_to(add(n, 1), n.dtype, n.type.weak) if n.dtype.kind in "iufc" else n


def validated(function: Any, args: tuple[Any, ...], **options: Any) -> list[Finding]:
    leaves, tree = flatten((args, {}))
    depth = Depth(**{"build": False, "layouts": (), **options})
    return validate(function, tree, leaves, traced, depth).findings


def fresh(args: tuple[Any, ...]) -> list[Any]:
    return [x.copy() if isinstance(x, np.ndarray) else x for x in flatten((args, {}))[0]]
