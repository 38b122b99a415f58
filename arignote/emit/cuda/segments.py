"""Statements of a block that belong in one kernel."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...optimize.loopnest.access import effects_of
from ...optimize.loopnest.program import Assign, Buffer, Loop, Point, Statement, Store, walk
from .scope import root

if TYPE_CHECKING:
    from .planner import Planner


def rotating(block: Sequence[Statement], at: int) -> int:
    """The end of the part of a block that mentions the aliases that this statement moves; 0
    where it moves none."""
    aliases = _aliases((block[at],))
    if not aliases:
        return 0
    end = at + 1
    for k in range(at, len(block)):
        touched = {root(a.buffer) for a in effects_of((block[k],)).accesses}
        if touched & aliases or (k < end):
            aliases |= _aliases((block[k],))
            end = k + 1
    return end


def absorbing(planner: Planner, block: Sequence[Statement], at: int) -> int:
    """The end of the scalar statements that the last block of a reduction does, too."""
    s = block[at]
    nest = planner.setting.analysis.nest(s) if isinstance(s, Loop) else None
    if nest is None or not nest.folds:
        return at + 1
    end = at + 1
    for k in range(at + 1, len(block)):
        s = block[k]
        if isinstance(s, Assign) and s.local not in planner.hosted:
            continue
        if not isinstance(s, Store):
            break
        end = k + 1
    return end


def _aliases(block: Sequence[Statement]) -> set[Buffer]:
    return {root(a) for s in walk(block) if isinstance(s, Point) for a in s.aliases}
