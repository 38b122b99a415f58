"""What errors leave visible: writes to arguments stay on their side of checks, in program order.

A caller who catches an error finds what was written before the check that failed, and nothing of
what comes after it.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from ...fxgraph.graph import bodies
from ...fxgraph.node import Node, turn_of
from .precedence import Precedence
from .versions import chain, chain_root


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


def keep_observable_order(dag: Precedence[Node], observed: Observed) -> None:
    """Checks stay in program order, and on their side of writes to arguments."""
    effects = [a for a in dict.fromkeys(map(source_of, observed.effects)) if a in dag]
    for a, b in itertools.pairwise(effects):
        _add_order(dag, a, b)
    known = {version for version, _ in observed.history}
    for version, before in observed.history:
        w = source_of(version)
        if w not in dag:
            continue
        earlier = [e for e in map(source_of, observed.effects[:before]) if e in dag]
        later = [e for e in map(source_of, observed.effects[before:]) if e in dag]
        for e in earlier[-1:]:
            _add_order(dag, e, w)
        for e in later[:1]:
            _add_order(dag, w, e)
        older = itertools.islice(chain(version), 1, None)
        for n in itertools.takewhile(lambda n: n not in known, older):
            between = source_of(n)  # a write on the way to this version
            if between in dag:
                for e in earlier[-1:]:
                    _add_order(dag, e, between)


def keep_order_of_writes(
    dag: Precedence[Node], observed: Observed, over: dict[Node, set[Node]], owned: frozenset[Node]
) -> None:
    """In a loop body or branch: writes to what it may overwrite stay on their side of checks."""
    if observed.history or not observed.effects:
        return
    effects = {a for a in map(source_of, observed.effects) if a in dag}
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


def between_checks(
    roots: Sequence[Node], observed: Observed, had: Callable[[Node], bool] = lambda n: False
) -> list[Node]:
    """Versions written, or chosen by a branch, before a check that a branch behind it goes on from.

    Computed where they are used, in that branch, they would be written behind the check.  What is
    `had` already, and what is before that, is left out.
    """
    turns = [turn_of(source_of(e)) for e in observed.effects]
    out: dict[Node, None] = {}
    stack, met = [*reversed(roots)] if turns else [], set[Node]()
    while stack:
        *_, v = line_of(stack.pop(), had)
        if v in met or had(v) or v.op.name != "proj" or v.inputs[0].op.name != "cond":
            continue
        met.add(v)
        n, k = v.inputs[0], v.attr("k")
        until = turn_of(n)
        for b in bodies(n):
            line = list(line_of(b.results[k], had))
            early = (w for w in line if any(turn_of(source_of(w)) < t < until for t in turns))
            out.update(dict.fromkeys(itertools.islice(early, 1)))
            stack.append(line[-1])
    kept = _WRITES | {"body"}
    return [v for v in out if not had(v) and source_of(v).op.traits & kept]


_WRITES = frozenset({"write", "scatter"})


def line_of(v: Node, had: Callable[[Node], bool] = lambda n: False) -> Iterator[Node]:
    """A version and those that writes and loops made it from, the newest first."""
    yield v
    while not had(v):
        source = source_of(v)
        if v.op.traits & _WRITES:
            v = v.inputs[0]
        elif source is not v and source.op.name == "scan" and v.attr("k") < source.attr("n"):
            v = source.inputs[v.attr("k")]
        else:
            return
        yield v


def _add_order(dag: Precedence[Node], a: Node, b: Node) -> None:
    if a is not b and not dag.comes_before(b, a):
        dag.add(a, b)


def source_of(n: Node) -> Node:
    return n.inputs[0] if n.op.name == "proj" else n
