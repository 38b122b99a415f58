"""What a loop's steps read and no step changes is had before the loop, even where no step is taken.

That a window is in bounds may follow only from there being a step (`for j in range(k, 5): s +=
w[k]` reads w[k] where k < 5).  Before the loop it is read only if it is in bounds: where it is not,
nobody uses what it would have given.
"""

from __future__ import annotations

from collections.abc import Collection

from ...fxgraph.constants import const, lit
from ...fxgraph.graph import bodies
from ...fxgraph.node import Node, make, op_named
from .program import Alloc, Assign, If, Statement
from .region import Region, needs
from .scope import Scope
from .versions import open_bounds


def only_in_steps(region: Region) -> set[Node]:
    """Nodes of a region that nothing but the steps of its loops uses, at the end of it all."""
    out: set[Node] = set()
    for n in reversed(region.nodes):
        users = region.users.get(n, [])
        if users and all(u is not None and (u in out or _in_steps(n, u)) for u in users):
            out.add(n)
    return out


def _in_steps(n: Node, user: Node) -> bool:
    if user.op.name != "scan" or n in user.inputs[: user.attr("n")]:
        return False
    (body,) = bodies(user)
    return body.index is None or n not in (body.index.attr("lo"), body.index.attr("hi"))


def condition(a: Node, actions: Collection[Node], scope: Scope) -> Node | None:
    """What must hold for an action to read within bounds, beyond what is known; None: nothing."""
    terms: dict[Node, None] = {}
    stack, seen = [a], set()
    while stack:
        n = stack.pop()
        if n in seen or n in scope or (n is not a and n in actions):
            continue
        seen.add(n)
        if n.op.name == "view":
            terms.update(dict.fromkeys(open_bounds(n)))
        stack.extend(needs(n))
    test: Node | None = None
    for term in terms:
        try:
            holds = make(op_named("greater_equal"), (scope.scalar(term), lit(0)))
        except LookupError:  # a number that only the steps have
            continue
        test = holds if test is None else make(op_named("logical_and"), (test, holds))
    return test


def guarded(statements: list[Statement], test: Node) -> list[Statement]:
    """The statements under a test; variables and memory are had all the same."""
    before: list[Statement] = []
    rest: list[Statement] = []
    for s in statements:
        if isinstance(s, Alloc):
            before.append(s)
            continue
        if isinstance(s, Assign):
            before.append(Assign(s.local, const(0, s.local.dtype)))
        rest.append(s)
    return [*before, If(test, tuple(rest))] if rest else before
