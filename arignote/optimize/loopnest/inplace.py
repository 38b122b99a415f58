"""Which action overwrites which array, in which order, and where a temporary is needed.

At most one action gets to overwrite a version; every reader of the version comes before it.  A
cycle of such orders is broken by storing the stale window that the late reader wants, or by a
copy.  What errors leave visible orders actions too (`observable`), and a write that reads what it
overwrites may need a temporary (`overlap`).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from ...fxgraph.node import Node
from .choice import is_action
from .observable import (
    NOTHING_OBSERVED,
    Observed,
    keep_observable_order,
    keep_order_of_writes,
    source_of,
)
from .overlap import needs_temporary, scatter_reads_itself
from .precedence import CycleError, Precedence
from .region import Reads, Region, reads_of
from .scope import Scope
from .versions import captured_windows, chain, is_array, overwritten, surely_inside

_ROUNDS = 60


class Schedule:
    """The actions of a region in order, what each overwrites, and what of that is read later and
    must be saved first.

    It is the old value that moves, never what is written: the memory of an argument always holds
    its newest version, which is what the caller finds there after an error.
    """

    def __init__(
        self, order: list[Node], over: dict[Node, set[Node]], saved: dict[Node, set[Node]]
    ) -> None:
        self.order = order
        self.over = over
        self.saved = saved


def schedule(
    region: Region,
    scope: Scope,
    owned: frozenset[Node],
    last: Node | None = None,
    observed: Observed | None = None,
) -> Schedule:
    """Choose actions, overwriting and order.

    owned: versions of enclosing values this region may overwrite.  last: an action that leaves the
    loop, before which everything that does not need it is done.  observed: what errors leave
    visible.
    """
    saved: set[tuple[Node, Node]] = set()
    heirs = observed.heirs if observed is not None and observed.heirs else region.ends
    lines = [list(chain(heir)) for heir in heirs]
    scope.state.lines.update(itertools.chain(*lines))
    for _ in range(_ROUNDS):
        actions = [n for n in region.nodes if is_action(n, region, scope)]
        found = set(actions)
        reads = {a: reads_of(a, found, region, scope) for a in actions}
        ours = lines if observed is not None and observed.heirs else []
        over = _choose(actions, reads, region, scope, owned, saved, lines, ours)
        if any(
            needs_temporary(a, found, region, scope)
            for a in actions
            if a in over and _writes_window(a) and (a, a.inputs[0]) not in saved
        ):
            continue
        if any(
            scatter_reads_itself(a, found, region, scope, saved)
            for a in actions
            if a in over and "scatter" in a.op.traits and (a, a.inputs[0]) not in saved
        ):
            continue
        order = _ordered(
            actions, reads, over, region, scope, saved, last, observed or NOTHING_OBSERVED, owned
        )
        if order is not None:
            kept: dict[Node, set[Node]] = {}
            for a, v in saved:
                kept.setdefault(a, set()).add(v)
            return Schedule(order, over, kept)
    raise RuntimeError("no schedule of this region was found; this is a bug in arignote")


def _writes_window(a: Node) -> bool:
    return a.op.name in ("set_item", "add_at")


def _choose(
    actions: Sequence[Node],
    reads: dict[Node, Reads],
    region: Region,
    scope: Scope,
    owned: frozenset[Node],
    saved: set[tuple[Node, Node]],
    lines: Sequence[Sequence[Node]],
    ours: Sequence[Sequence[Node]],
) -> dict[Node, set[Node]]:
    """action -> versions it overwrites

    ours: lines that end in memory that is not the region's own.  What is written there must be
    there before a check fails, so a version that is wanted in the end moves away.
    """
    candidates: dict[Node, list[Node]] = {}
    here = region.had(scope)
    for a in actions:
        for v in overwritten(a, here):
            candidates.setdefault(v, []).append(a)
    out: dict[Node, set[Node]] = {}
    roots = set(region.ends)
    for v, writers in candidates.items():
        stored = v in owned or (v not in scope and (v in reads or v.op.name == "proj"))
        if not stored:
            continue
        w = _heir(v, writers, lines)
        if v in roots:
            if not any(v in line and w in map(source_of, line[: line.index(v)]) for line in ours):
                continue
            saved.add((w, v))
        if w.op.name == "scan" and v in reads[w].versions:
            scope.state.note(
                w, "its loop reads the old value of an array that it also carries: copied"
            )
            saved.add((w, v))
        out.setdefault(w, set()).add(v)
    return out


def _heir(v: Node, writers: Sequence[Node], lines: Sequence[Sequence[Node]]) -> Node:
    """Which of several writers of v goes on in its memory: the next one of a line that ends there.

    lines: versions, the newest first.
    """
    for line in lines:
        if v in line:
            for n in reversed(line[: line.index(v)]):
                if source_of(n) in writers:
                    return source_of(n)
    return max(writers, key=lambda n: n.serial)


def _ordered(
    actions: Sequence[Node],
    reads: dict[Node, Reads],
    over: dict[Node, set[Node]],
    region: Region,
    scope: Scope,
    saved: set[tuple[Node, Node]],
    last: Node | None,
    observed: Observed,
    owned: frozenset[Node],
) -> list[Node] | None:
    """A topological order, or None after marking what breaks a cycle."""
    dag = Precedence(actions)
    for a in actions:
        for p in reads[a].actions:
            if p is not a:
                dag.add(p, a)
    if last is not None and last in dag:
        after = dag.following(last)
        for a in actions:
            if a is not last and a not in after:
                dag.add(a, last)
    keep_observable_order(dag, observed)
    keep_order_of_writes(dag, observed, over, owned)
    anti: dict[tuple[Node, Node], Node] = {}
    readers: dict[Node, list[Node]] = {}
    here = region.had(scope)
    for a in actions:
        for v in {*reads[a].versions, *overwritten(a, here)}:
            readers.setdefault(v, []).append(a)
    for w, versions in over.items():
        for v in versions:
            for a in readers.get(v, ()):
                if a is not w and (w, v) not in saved:
                    dag.add(a, w)
                    anti[a, w] = v
    place_of = {n: k for k, n in enumerate(region.nodes)}
    rank = {a: (a.serial, place_of[a]) for a in actions}
    try:
        return dag.order(rank.__getitem__)
    except CycleError:
        _break_cycles(dag, anti, reads, region, scope, saved)
        return None


def _break_cycles(
    dag: Precedence[Node],
    anti: dict[tuple[Node, Node], Node],
    reads: dict[Node, Reads],
    region: Region,
    scope: Scope,
    saved: set[tuple[Node, Node]],
) -> None:
    """Marks what breaks every cycle: one for each, as if the one before were broken."""
    kept = frozenset(region.forced)
    while True:
        cycle = dag.cycle()
        if not cycle:
            return
        late, writer = next(e for e in cycle if e in anti)
        dag.remove(late, writer)
        _keep_old(late, writer, anti[late, writer], reads, region, scope, saved, kept)


def _keep_old(
    late: Node,
    writer: Node,
    version: Node,
    reads: dict[Node, Reads],
    region: Region,
    scope: Scope,
    saved: set[tuple[Node, Node]],
    kept: frozenset[Node],
) -> None:
    """What `late` reads of a version stays although `writer` overwrites it.

    kept: what earlier rounds have stored; where that is all that can be, the version is copied.
    """
    windows = [
        m
        for m in reads[late].inlined
        if m.op.name == "view" and m.inputs[0] is version and is_array(m)
    ]
    stale = [m for m in windows if m not in region.forced]
    if late.op.name == "cond":
        captured = captured_windows(late, version, scope)
        if not all(map(surely_inside, captured)):  # what the branch is there to keep from reading
            saved.add((writer, version))
            scope.state.note(writer, "copies the array it writes: a branch reads the old value")
            return
        early = [m for m in captured if m not in region.forced]
        region.force(early, scope)
        stale += early
    if stale:
        region.forced.update(stale)
        scope.state.note(
            late, "a window of the old value is kept, because it is overwritten before it is used"
        )
    elif kept.issuperset(windows):  # what this round has stored the next one sees
        saved.add((writer, version))
        scope.state.note(writer, "copies the array it writes, because the old value is read later")
