"""Which action overwrites which array, in which order, and where a temporary is needed.

At most one action gets to overwrite a version; every reader of the version comes before it.  A
cycle of such orders is broken by storing the stale window that the late reader wants, or by a
copy. A write whose value reads its own base through another window needs a temporary unless the
reads are provably apart, or provably not yet overwritten by ascending loops.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass

from ...fxgraph.affine import minus, size_node
from ...fxgraph.constants import array_of, constant, lit, new_index
from ...fxgraph.graph import substitute
from ...fxgraph.node import Node, turn_of
from ...fxgraph.prove import ge0
from ...fxgraph.window import Window, place, window_of
from .element import aligned
from .precedence import CycleError, Precedence
from .region import Reads, Region, is_action, reads_of
from .scope import Scope
from .selection import keeps_rows, reads_ahead
from .versions import captured_windows, chain, chain_root, is_array, overwritten, surely_inside

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
        over = _choose(actions, reads, region, scope, owned, saved, lines)
        if any(
            _needs_temporary(a, found, region, scope)
            for a in actions
            if a in over and _writes_window(a) and (a, a.inputs[0]) not in saved
        ):
            continue
        if any(
            _scatter_reads_itself(a, found, region, scope, saved)
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
) -> dict[Node, set[Node]]:
    """action -> versions it overwrites"""
    candidates: dict[Node, list[Node]] = {}
    here = region.had(scope)
    for a in actions:
        for v in overwritten(a, here):
            candidates.setdefault(v, []).append(a)
    out: dict[Node, set[Node]] = {}
    roots = set(region.ends)
    for v, writers in candidates.items():
        stored = v in owned or (v not in scope and (v in reads or v.op.name == "proj"))
        if not stored or v in roots:
            continue
        w = _heir(v, writers, lines)
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
                if _source(n) in writers:
                    return _source(n)
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
    _keep_observable_order(dag, observed)
    _keep_order_of_writes(dag, observed, over, owned)
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


@dataclass(frozen=True)
class Observed:
    """What a caller can see after an error: checks in program order, and versions of written
    arguments with the number of checks before each.

    heirs: the newest versions; of several writes to one version theirs may overwrite it.
    """

    effects: tuple[Node, ...]
    history: tuple[tuple[Node, int], ...]
    heirs: tuple[Node, ...] = ()


NOTHING_OBSERVED = Observed((), ())


def _keep_observable_order(dag: Precedence[Node], observed: Observed) -> None:
    """Checks stay in program order, and on their side of writes to arguments."""
    effects = [a for a in dict.fromkeys(map(_source, observed.effects)) if a in dag]
    for a, b in itertools.pairwise(effects):
        _add_order(dag, a, b)
    known = {version for version, _ in observed.history}
    for version, before in observed.history:
        w = _source(version)
        if w not in dag:
            continue
        earlier = [e for e in map(_source, observed.effects[:before]) if e in dag]
        later = [e for e in map(_source, observed.effects[before:]) if e in dag]
        for e in earlier[-1:]:
            _add_order(dag, e, w)
        for e in later[:1]:
            _add_order(dag, w, e)
        older = itertools.islice(chain(version), 1, None)
        for n in itertools.takewhile(lambda n: n not in known, older):
            between = _source(n)  # a write on the way to this version
            if between in dag:
                for e in earlier[-1:]:
                    _add_order(dag, e, between)


def _keep_order_of_writes(
    dag: Precedence[Node], observed: Observed, over: dict[Node, set[Node]], owned: frozenset[Node]
) -> None:
    """In a loop body or branch: writes to what it may overwrite stay on their side of checks."""
    if observed.history or not observed.effects:
        return
    effects = {a for a in map(_source, observed.effects) if a in dag}
    ours = lambda v: chain_root(v, owned.__contains__) in owned
    writes = {w for w, versions in over.items() if any(map(ours, versions))}
    row = sorted(effects | (writes & set(dag)), key=lambda n: (turn_of(n), n.serial))
    check = None
    for n in row:
        if n in effects:
            check = n
        elif check is not None:
            _add_order(dag, check, n)
    check = None
    for n in reversed(row):
        if n in effects:
            check = n
        elif check is not None:
            _add_order(dag, n, check)


def _add_order(dag: Precedence[Node], a: Node, b: Node) -> None:
    if a is not b and not dag.comes_before(b, a):
        dag.add(a, b)


def _source(n: Node) -> Node:
    return n.inputs[0] if n.op.name == "proj" else n


def _break_cycles(
    dag: Precedence[Node],
    anti: dict[tuple[Node, Node], Node],
    reads: dict[Node, Reads],
    region: Region,
    scope: Scope,
    saved: set[tuple[Node, Node]],
) -> None:
    """Marks what breaks every cycle: one for each, as if the one before were broken."""
    while True:
        cycle = dag.cycle()
        if not cycle:
            return
        late, writer = next(e for e in cycle if e in anti)
        dag.remove(late, writer)
        _keep_old(late, writer, anti[late, writer], reads, region, scope, saved)


def _keep_old(
    late: Node,
    writer: Node,
    version: Node,
    reads: dict[Node, Reads],
    region: Region,
    scope: Scope,
    saved: set[tuple[Node, Node]],
) -> None:
    """What `late` reads of a version stays although `writer` overwrites it."""
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
    elif not windows:  # those that are forced by now are kept already: the next round sees it
        saved.add((writer, version))
        scope.state.note(writer, "copies the array it writes, because the old value is read later")


# ---- a write whose value reads its own base -----------------------------------------------------
def _needs_temporary(w: Node, actions: set[Node], region: Region, scope: Scope) -> bool:
    """Does w read, through another window, elements of its base that it writes?  Marks what to
    store.
    """
    window, value, base = window_of(w), w.inputs[-1], w.inputs[0]
    if value in actions or not value.shape:
        return False
    here = _position(window.shape)
    written = place(window, here)
    bad = []
    for source, index, through in _reads(value, aligned(value, here), actions, scope, value):
        if source is not base or all(x is y for x, y in zip(index, written, strict=True)):
            continue
        if not (
            _apart(here, index, written)
            or _later(window, index, written)
            or reads_ahead(window, index, written)
        ):
            bad.append(through)
    if not bad:
        return False
    rank = sum(not (isinstance(d, int) and d == 1) for d in window.shape)
    small = [
        b
        for b in bad
        if b is not value and sum(not (isinstance(d, int) and d == 1) for d in b.shape) < rank
    ]
    storable = len(small) == len(bad) and not any(b in region.forced for b in small)
    region.forced.update(small if storable else [value])
    scope.state.note(
        w,
        "a temporary for "
        + ("operands" if storable else "the right side")
        + ": it reads what it overwrites",
    )
    return True


def _scatter_reads_itself(
    w: Node, actions: set[Node], region: Region, scope: Scope, saved: set[tuple[Node, Node]]
) -> bool:
    """Does a scatter compute its value or its positions from the array it writes?  Marks what to
    store: which positions come first is known at run time only."""
    base = w.inputs[0]
    changed = False
    for x in w.inputs[1:]:
        if not is_array(x) or x in actions:
            continue
        here = _position(x.shape)
        if not any(source is base for source, _, _ in _reads(x, here, actions, scope, x)):
            continue
        changed = True
        if x is base or x in scope:
            saved.add((w, base))
        else:
            region.forced.add(x)
    if changed:
        scope.state.note(w, "a temporary for what it computes from the array it writes")
    return changed


def _position(shape: Sequence[int | Node]) -> list[Node]:
    return [
        lit(0) if isinstance(d, int) and d == 1 else new_index(lit(0), size_node(d)) for d in shape
    ]


def _apart(here: Sequence[Node], index: Sequence[Node], written: Sequence[Node]) -> bool:
    """Some axis of the read differs from every written one."""
    other = _renamed(here)
    renamed = substitute(list(index), other)
    return any(
        ge0(minus(minus(x, y), lit(1))) or ge0(minus(minus(y, x), lit(1)))
        for x, y in zip(renamed, written, strict=True)
    )


def _renamed(here: Sequence[Node]) -> dict[Node, Node]:
    return {i: new_index(i.attr("lo"), i.attr("hi")) for i in here if i.op is not constant}


def _later(window: Window, index: Sequence[Node], written: Sequence[Node]) -> bool:
    """Each element read is written by a later step of ascending loops, or never."""
    distance: dict[int, int] = {}
    for k, axis in enumerate(window.axes):
        d = minus(index[k], written[k])
        if d.op is not constant:
            return False
        far = int(array_of(d))
        if axis < 0:
            if far:
                return True
            continue
        if far % window.steps[k]:
            return True
        far //= window.steps[k]
        if distance.setdefault(axis, far) != far:
            return True
    for axis in range(window.rank):
        if distance.get(axis, 0):
            return distance[axis] > 0
    return True


def _reads(n: Node, index: list[Node], actions: set[Node], scope: Scope, through: Node):  # type: ignore[no-untyped-def]
    """(version, index, node read through) for every stored value the expression reads."""
    stack = [(n, index, through)]
    while stack:
        n, index, through = stack.pop()
        if n in scope or n in actions or n.op.name == "proj":
            if is_array(n):
                yield n, index, through
        elif n.op.name == "view":
            if n.shape:
                stack.append((n.inputs[0], place(window_of(n), index), n))
        elif "elementwise" in n.op.traits:
            stack.extend((x, aligned(x, index), x) for x in n.inputs)
        elif "reduction" in n.op.traits:
            x, rest, axes = n.inputs[0], iter(index), n.attr("axes")
            inner = _position(x.shape)
            full = [inner[a] if a in axes else next(rest) for a in range(x.rank)]
            stack.append((x, full, n))
        elif n.op.name == "matmul":
            a, b = n.inputs
            k = _position(a.shape[-1:])[0]
            *batch, row, column = index
            stack.append((a, [*batch[len(batch) - a.rank + 2 :], row, k], n))
            stack.append((b, [*batch[len(batch) - b.rank + 2 :], k, column], n))
        elif n.op.name in ("gather", "reshape"):
            x = n.inputs[0]
            if keeps_rows(n):  # row k there is row k here, or a later one
                row = new_index(index[0], size_node(x.shape[0]))
                stack.append((x, [row, *index[1:]], n))
                continue
            while x.op.name == "reshape":
                x = x.inputs[0]
            stack.append((x, [new_index(lit(0), size_node(d)) for d in x.shape], n))
            stack.extend((i, _position(i.shape), n) for i in n.inputs[1:] if is_array(i))
