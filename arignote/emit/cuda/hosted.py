"""What the host knows before it starts anything: variables that follow from sizes and counters, and
the loops that it must run itself."""

from __future__ import annotations

from collections.abc import Collection

from ...fxgraph.affine import size_node
from ...fxgraph.node import Node
from ...optimize.loopnest.program import (
    Alloc,
    Assign,
    Check,
    Fold,
    Library,
    Loop,
    Program,
    Statement,
    walk,
)
from .host import HostValues


def hosted_variables(program: Program, host: HostValues) -> set[Node]:
    """The integer variables whose every value follows from sizes and counters."""
    values: dict[Node, list[Node]] = {}
    out: set[Node] = set()
    trial = HostValues(dict(host.names))
    for s in walk(program.statements):
        if isinstance(s, Loop):
            trial.names[s.index] = "i"
        elif isinstance(s, Assign):
            values.setdefault(s.local, []).append(s.value)
        elif isinstance(s, Check) and s.result is not None:
            values.setdefault(s.result, []).extend(s.operands)
        elif isinstance(s, Fold):
            out.add(s.local)  # not of the kind
    kept = {v for v in values if v.dtype.kind in "iub" and v not in out}
    while True:
        trial.names.update(dict.fromkeys(kept, "v"))
        wrong = {v for v in kept if any(_unknown(x, trial) for x in values[v])}
        if not wrong:
            return kept
        kept -= wrong
        for v in wrong:
            del trial.names[v]


def _unknown(x: Node, host: HostValues) -> bool:
    return x.op.name != "token" and host.text(x) is None


def hosted_loops(program: Program) -> Collection[Statement]:
    """The loops that call libraries or make memory whose size only the device knows: no kernel
    does them."""
    host = HostValues(dict.fromkeys(program.integers, "n"))
    host.names.update(dict.fromkeys(hosted_variables(program, host), "v"))
    host.names.update({s.index: "i" for s in walk(program.statements) if isinstance(s, Loop)})
    out = set()
    for s in walk(program.statements):
        if type(s).__name__ not in ("Loop", "While"):
            continue
        for inner in walk((s,)):
            far = isinstance(inner, Library) or (
                isinstance(inner, Alloc)
                and any(host.text(size_node(d)) is None for d in inner.buffer.shape)
            )
            if far:
                out.add(s)
                break
    return out
