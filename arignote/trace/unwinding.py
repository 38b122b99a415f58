"""`finally`: its block runs wherever an error leaves its `try`, with what stands there by then.

    try:                          check = i < len(a)
        x = a[i]                  if not check:
    finally:               ->         b[0] = x      # what the block writes
        b[0] = x                      raise IndexError
                                  x = a[i]
                                  b[0] = x

Each check that is recorded in the body is announced: before it comes a branch, taken where it
fails, that runs the block (and those of the `try` statements around) and raises the error.  Of a
block that leaves nothing to be seen after an error no branch is made.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from typing import Any

from ..errors import UnsupportedError
from ..fxgraph.constants import is_const, value_of
from ..fxgraph.node import Node, at_origin, make, origin, take_turn
from ..fxgraph.ops.checks import announcing, fits64, partial
from ..fxgraph.ops.random import draw
from ..fxgraph.ops.report import breakpoint_op, print_op
from ..fxgraph.prove import region
from .branches import State, Taken, contents_of, go_on, restore, traced_branch
from .convert.site import Site
from .failing import condition, opaque
from .guarding import tracing_errors
from .midway import settle
from .proxy import Cell, cells
from .regions import Ended
from .session import is_tracing, record

#: They never raise, or not what Python raises: its integers have no bounds.
_HARMLESS = (print_op, breakpoint_op, draw, fits64)


class Finally:
    """A context manager around the body of `try: ... finally: block()`, which runs the block.

    get, put: the values of the names that the block assigns.
    """

    def __init__(
        self,
        block: Callable[[], None],
        get: Callable[[], State],
        put: Callable[[State], None],
        site: Site,
    ) -> None:
        self.block, self.get, self.put, self.site = block, get, put, site
        self.hearing: AbstractContextManager[None] | None = None

    def __enter__(self) -> None:
        if is_tracing():
            record(_Around).append(self)
            self.hearing = announcing(_unwind)
            self.hearing.__enter__()

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        if self.hearing is not None:
            self.hearing.__exit__(None, None, None)
            record(_Around).pop()
            if isinstance(error, tracing_errors):
                return  # the block has run before the error was recorded, or nothing will run
        self.block()


class _Around(list[Finally]):
    """The `try` statements with `finally` around what is being traced, outermost first."""


def _unwind(check: Node) -> None:
    """Before a check is recorded: where it fails, the blocks of `finally` around run first."""
    around = record(_Around)
    if not around or check.op in _HARMLESS or "body" in check.op.traits:
        return  # checks in loops and branches were announced themselves
    found = condition(check)
    holds = found[0] if found is not None else None
    every, names = list(around), [f.get() for f in around]
    here = cells()
    before = contents_of(here)
    try:
        if holds is not None and is_const(holds):
            if not value_of(holds):
                _run_blocks(around)
                take_turn(check)
            return
        settle(here)
        failed, seen = _failed(around, here, check if holds is not None else None)
    finally:
        around[:] = every
        for f, values in zip(every, names, strict=True):
            f.put(values)
    if not seen:
        restore(here, before)
        return
    if holds is None:
        raise UnsupportedError(
            f"{every[-1].site}\n`finally` behind {check.op.name}: whether that fails is not known "
            "before it is done, so what the block does after an error cannot be captured. Test "
            "for the condition instead."
        )
    go_on(opaque(holds), False, failed, here, lambda: (), None)
    take_turn(check)


def _run_blocks(around: list[Finally]) -> None:
    """The blocks, innermost first; each is behind those that are still to run."""
    while around:
        around.pop().block()


def _failed(
    around: list[Finally], here: Sequence[Cell], check: Node | None
) -> tuple[Taken, bool]:
    """What the blocks do where the check fails, and whether any of it is to be seen after the
    error; everything is as before afterwards."""
    before, stale = contents_of(here), [c.stale for c in here]
    raised: list[Node] = []

    def ending() -> State:
        _run_blocks(around)
        if check is not None:
            token = check.inputs[-1:] if check.inputs[-1].op.name == "token" else ()
            operands = check.inputs[: len(check.inputs) - len(token)]
            with at_origin(origin.get(check)):
                raised.append(partial(make(check.op, (*operands, *region()), check.attrs)))
        raise Ended

    failed = traced_branch(ending, here, ())
    for cell, (version, line), old in zip(here, before, stale, strict=True):
        if cell.version is not version:
            cell.version = version
        cell.line, cell.stale = line, old
    versions = zip(here, failed.versions, strict=True)
    written = any(c.owner is not None and v is not c.version for c, v in versions)
    return failed, written or failed.region.effects != raised
