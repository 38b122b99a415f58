"""Checks of integers that the host knows."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ...fxgraph.node import Node
from ...optimize.loopnest.program import Check
from . import plan
from .host import HostValues


def check_records(
    s: Check, operands: Sequence[Node], host: HostValues, name: Callable[[Node], str]
) -> list[plan.Record]:
    """The test, and the variable that gets the checked value."""
    texts = [host.text(x) for x in operands]
    known = [t for t in texts if t is not None]
    first, values = known[0], tuple(f"int({t})" for t in known)
    failed = {
        "check_index": lambda: f"not -({known[1]}) <= {first} < {known[1]}",
        "same_size": lambda: f"{first} != {known[1]}",
        "nonzero_check": lambda: f"{first} == 0",
        "fits64": lambda: f"not -2**63 <= {first} < 2**63",
        "require": lambda: f"not {first}",
    }[s.kind]()
    shown = values[1:] if s.kind == "require" else ("0", *values) if s.kind == "fits64" else values
    out: list[plan.Record] = [plan.If(failed, (plan.Fail(s.site, shown),))]
    if s.result is not None:
        value = f"{first} + where({first} < 0, {known[1]}, 0)" if s.kind == "check_index" else first
        out.append(plan.Set(name(s.result), value))
    return out
