"""Stable forms before derivatives are taken.

The derivative of log(expit(x)) is expit'(x) / expit(x), which is 0 / 0 where expit underflows; that
of log_expit(x) is finite everywhere.  No later rewrite can tell the first from any other quotient,
so what is differentiated gets the stabilizing rules beforehand.
"""

from __future__ import annotations

from collections.abc import Sequence

from ..config import config
from ..fxgraph.graph import order_of
from ..fxgraph.node import Node
from .pipeline import Choice, checked
from .rewrite import Report, Rewriter, rule_set


def stabilized(roots: Sequence[Node], points: Sequence[Node]) -> tuple[Node, ...]:
    """The roots in forms whose derivatives by `points`, which stay, are finite where theirs are.

    The same nodes where no rule applies.  Rules that the flags exclude do not act.
    """
    choice = Choice(checked(config.including), checked(config.excluding), checked(config.requiring))
    if "stabilize" in choice.excluding:
        return tuple(roots)
    rules = choice.rules("stabilize")
    live = rule_set(rules)
    order = order_of(roots, inside=True)
    if not any(live.candidates(n) for n in order):
        return tuple(roots)
    report = Report()
    run = Rewriter(rules, report, len(order))
    for p in points:
        run.done[p] = p
    new = run(roots)
    return new if any(c.fired for c in report.counts.values()) else tuple(roots)


__all__ = ["stabilized"]
