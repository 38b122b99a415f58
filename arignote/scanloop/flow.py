"""Which results of loops and branches depend differentiably on the seeds: a fixpoint over the
carries."""

from __future__ import annotations

from ..autograd_sym.activity import Activity, carries_derivative
from ..fxgraph.graph import Body
from ..fxgraph.node import Node
from .cond import cond_op
from .scan import scan_op


def scan_activity(n: Node, outer: Activity) -> tuple[bool, ...]:
    """Carries (initial value or any step's result), then stacks, then False for the steps run."""
    body: Body = n.attr("bodies")[0]
    flags = [carries_derivative(p) and outer(x) for p, x in zip(body.params, n.inputs)]
    roots = (*body.results, *body.stacks)
    while True:
        seeds = [p for p, f in zip(body.params, flags) if f]
        inside = Activity(roots, seeds, (), outer, body.own)
        grown = [
            f or (carries_derivative(p) and inside(r))
            for f, p, r in zip(flags, body.params, body.results)
        ]
        if grown == flags:
            stacks = [carries_derivative(s) and inside(s) for s in body.stacks]
            return (*flags, *stacks, False)
        flags = grown


def cond_activity(n: Node, outer: Activity) -> tuple[bool, ...]:
    """A result is active if either branch's is."""
    inner = [Activity(b.results, (), (), outer, b.own) for b in n.attr("bodies")]
    then, other = n.attr("bodies")
    return tuple(
        carries_derivative(a) and (inner[0](a) or inner[1](b))
        for a, b in zip(then.results, other.results)
    )


scan_op.extra["activity"] = scan_activity
cond_op.extra["activity"] = cond_activity
