"""The nodes of a region, who uses them, and what each statement reads.

A region is a function, a loop body or a branch.  Its *actions* become statements; all other nodes
are computed where they are read.  An operand is a read, too: a value built on the spot counts
what it reads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field

from ...fxgraph.constants import array_of, constant
from ...fxgraph.graph import bodies
from ...fxgraph.node import Node, dependencies, size_nodes
from .rows import before_branch
from .scope import Scope
from .search import is_search, tables_of
from .versions import is_array

#: Elementwise values nested deeper than this are stored: bounds recursion and the size of a kernel.
MAX_DEPTH = 40
NEVER = frozenset({"constant", "affine", "proj", "index", "param", "input", "token", "local"})
#: Ops whose operands are read as panels: windows of memory.
PANELS = frozenset({"library", "product", "effect"})
#: Library ops that are nests after all: they read their operands element by element.
INLINE_OPERANDS = frozenset({"compress", "count_true", "tally"})


@dataclass
class Region:
    """nodes: in dependency order.  users: who reads a value here (None: it is a root).

    ends: those roots whose values are wanted at the end, and not only what they do.
    """

    roots: tuple[Node, ...]
    nodes: list[Node]
    users: dict[Node, list[Node | None]]
    within: dict[Node, list[Node]]  # body node -> nodes of this region its bodies mention
    ends: tuple[Node, ...] = ()
    forced: set[Node] = field(default_factory=set)
    depth: dict[Node, int] = field(default_factory=dict)

    def had(self, scope: Scope) -> Callable[[Node], bool]:
        """Is a node computed here, or known around here?"""
        here = set(self.nodes)
        return lambda n: n in scope or (n.inputs[0] if n.op.name == "proj" else n) in here

    def force(self, early: Sequence[Node], scope: Scope) -> None:
        """Compute these here, although only branches use them."""
        found = region_of(self.roots, scope, [*self.nodes, *early])
        self.nodes, self.users, self.within = found.nodes, found.users, found.within
        self.depth = found.depth
        self.forced |= found.forced
        self.forced.update(early)


def needs(n: Node) -> list[Node]:
    """What must be computed in this region before n.

    What a loop captures is evaluated before it, and must be: it may be overwritten.  What only a
    branch uses is computed in the branch, but for long rows of branches.
    """
    if n.op.name == "cond":
        return [n.inputs[0], *size_nodes(n.type), *before_branch(n)]
    return dependencies(n)


def region_of(roots: Sequence[Node], scope: Scope, early: Sequence[Node] = ()) -> Region:
    """The region that computes `roots`, and `early`, which only branches may use."""
    nodes = _reachable((*early, *roots), scope)
    here = set(nodes)
    within = {n: mentioned(n, scope, here) for n in nodes if "body" in n.op.traits}
    users: dict[Node, list[Node | None]] = {}
    for n in nodes:
        for d in dict.fromkeys([*needs(n), *within.get(n, ())]):
            users.setdefault(d, []).append(n)
    for r in roots:
        users.setdefault(r, []).append(None)
    region = Region(tuple(roots), nodes, users, within)
    for n in nodes:
        region.forced.update(x for x in kept_for(n) if x not in scope)
    _measure(region, scope)
    return region


def _reachable(roots: Iterable[Node], scope: Scope) -> list[Node]:
    done: dict[Node, None] = {}
    stack = [(r, False) for r in reversed(tuple(roots))]
    while stack:
        n, ready = stack.pop()
        if n in done or n in scope:
            continue
        if ready:
            done[n] = None
            continue
        stack.append((n, True))
        stack.extend((d, False) for d in reversed(needs(n)))
    return list(done)


def mentioned(n: Node, scope: Scope, here: set[Node]) -> list[Node]:
    """Nodes of this region (or kept around it) that the bodies of n read."""
    roots: list[Node] = []
    own: set[Node] = set()
    for body in bodies(n):
        roots.extend(body.roots)
        own |= body.own
    out: dict[Node, None] = {}
    seen: set[Node] = set()
    stack = roots[::-1]
    while stack:
        m = stack.pop()
        if m in seen or m in own:
            continue
        seen.add(m)
        if m in here or m in scope:
            out[m] = None
        elif m.op.name == "proj" and m.inputs[0] in here:  # a version that only branches read
            out[m] = out[m.inputs[0]] = None
        else:
            stack.extend(reversed(dependencies(m)))
    return list(out)


def kept_for(n: Node) -> list[Node]:
    """Values that must be in memory because n reads them there."""
    if n.op.name == "reshape":
        return [n.inputs[0]]
    if not n.op.traits & PANELS or n.op.name in INLINE_OPERANDS or is_dot(n):
        return []
    out = []
    for x in tables_of(n) if is_search(n) else n.inputs:
        while x.op.name == "view":
            x = x.inputs[0]
        if x.op.name == "reshape":  # the same memory, where it lies in order
            continue
        if is_array(x) and x.op.name not in NEVER:
            out.append(x)
    return out


def is_dot(n: Node) -> bool:
    """A matrix product of one row and one column: computed like a reduction, where it is read."""
    if n.op.name != "matmul":
        return False
    return all(isinstance(d, int) and d == 1 for d in n.shape[-2:])


def _measure(region: Region, scope: Scope) -> None:
    """Depth of inlined expressions; values that would be too deep are stored."""
    depth = region.depth
    for n in region.nodes:
        inlined = (
            "elementwise" in n.op.traits
            or n.op.name in ("view", "gather")
            or "reduction" in n.op.traits
        )
        below = max((depth.get(x, 0) for x in n.inputs), default=0)
        depth[n] = below + 1 if inlined else 0
        if depth[n] >= MAX_DEPTH and is_array(n) and n.op.name != "view":
            region.forced.add(n)
            depth[n] = 0


@dataclass
class Reads:
    """What an action needs: other actions, versions of stored arrays, and what it computes on the
    spot.
    """

    actions: set[Node] = field(default_factory=set)
    versions: set[Node] = field(default_factory=set)
    inlined: set[Node] = field(default_factory=set)


def reads_of(a: Node, actions: set[Node], region: Region, scope: Scope) -> Reads:
    """Follow what action `a` reads, through everything computed on the spot."""
    out = Reads()
    stack = list(_operands_read(a, actions, scope, out))
    if a in region.within:
        stack.extend(region.within[a])
    seen: set[Node] = set()
    while stack:
        n = stack.pop()
        if n in seen:
            continue
        seen.add(n)
        source = n.inputs[0] if n.op.name == "proj" and n not in scope else n
        if n in scope:
            if scope.buffer(n) is not None:
                out.versions.add(n)
                out.inlined.add(n)
        elif source in actions:
            out.actions.add(source)
            if is_array(n):
                out.versions.add(n)
        else:
            out.inlined.add(n)
            stack.extend(needs(n))
    return out


def _operands_read(a: Node, actions: set[Node], scope: Scope, out: Reads) -> list[Node]:
    """Operands of an action, but for those it only overwrites."""
    if a.op.traits & {"write", "scatter"}:
        base = a.inputs[0]
        rest = [*a.inputs[1:], *size_nodes(a.type)]
        if base in scope or base in actions or base.op.name == "proj":
            source = base.inputs[0] if base.op.name == "proj" else base
            if source in actions:
                out.actions.add(source)
            return rest
        return [base, *rest]  # built on the spot: its reads count
    operands = needs(a)
    if a.op.name == "scan":
        for x in a.inputs[: a.attr("n")]:
            if is_array(x) and (x in scope or x in actions or x.op.name == "proj"):
                source = x.inputs[0] if x.op.name == "proj" else x
                if source in actions:
                    out.actions.add(source)
                operands.remove(x)
    return operands


def is_zero(n: Node) -> bool:
    """A fill whose bytes are all zero."""
    if n.op.name != "full" or n.inputs[0].op is not constant:
        return False
    return not any(array_of(n.inputs[0]).tobytes())
