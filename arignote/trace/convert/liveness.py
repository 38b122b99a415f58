"""Liveness: which names are read again after a statement, so what loops carry and branches give.

The tree is structured and has no jumps left, so every statement is a function of the form
`live before = reads | (live after - kills)`; a loop needs no iteration beyond its closed form.
Names that nested functions capture are live everywhere.
"""

import ast
from collections.abc import Sequence
from dataclasses import dataclass

from .jumps import BoundedFor
from .scope import NOTHING, Names, Scope, assigned, captured, loads, targets


@dataclass(frozen=True, slots=True)
class Effect:
    """`reads`: names whose value before may be read; `kills`: names assigned on every path."""

    reads: Names
    kills: Names


@dataclass(frozen=True)
class Liveness:
    """Names live after each `if` and those live whenever an iteration of a loop begins."""

    after: dict[ast.stmt, Names]
    head: dict[ast.stmt, Names]


def liveness_of(body: Sequence[ast.stmt], scope: Scope) -> Liveness:
    """The live names of a whole function without jumps."""
    # Names of functions around and globals are read by others, at any time.
    pinned = captured(body) | scope.shared | scope.nonlocal_
    walk = _Walk(scope.local | scope.nonlocal_, pinned)
    walk.block(body, NOTHING)
    return Liveness(walk.after, walk.head)


class _Walk:
    def __init__(self, universe: Names, pinned: Names) -> None:
        self.universe = universe
        self.pinned = pinned
        self.after: dict[ast.stmt, Names] = {}
        self.head: dict[ast.stmt, Names] = {}
        self.effects: dict[ast.stmt, Effect] = {}

    def block(self, stmts: Sequence[ast.stmt], after: Names) -> Names:
        """Note what is live in these statements; the names live before them."""
        live = set(after)
        for stmt in reversed(stmts):
            self.inside(stmt, live)
            effect = self.effect(stmt)
            live -= effect.kills
            live |= effect.reads
        return frozenset(live)

    def inside(self, stmt: ast.stmt, live: set[str]) -> None:
        match stmt:
            case ast.If():
                after = self.after[stmt] = self.pinned.union(live)
                self.block(stmt.body, after)
                self.block(stmt.orelse, after)
            case ast.For() | ast.While():
                head = self.head[stmt] = self.pinned.union(live, self.body_reads(stmt))
                self.block(stmt.body, head)
            case ast.With():
                self.block(stmt.body, frozenset(live))
            case ast.Match():
                for case in stmt.cases:
                    self.block(case.body, frozenset(live))
            case ast.Try():
                final = self.block(stmt.finalbody, frozenset(live))
                # Any statement may raise, so `finally` and the handlers may follow each of them.
                pinned = self.pinned
                if stmt.finalbody:
                    self.pinned = pinned | final
                handled = final.union(*(self.block(h.body, final) for h in stmt.handlers))
                orelse = self.block(stmt.orelse, final)
                self.pinned = pinned | handled
                self.block(stmt.body, orelse | handled)
                self.pinned = pinned

    def body_reads(self, stmt: ast.For | ast.While) -> Names:
        body = self.sequence(stmt.body)
        if isinstance(stmt, ast.While):
            return loads(stmt.test) | body.reads
        until = stmt.until if isinstance(stmt, BoundedFor) else None
        return loads(until, stmt.target) | (body.reads - targets(stmt.target))

    def sequence(self, stmts: Sequence[ast.stmt]) -> Effect:
        reads: set[str] = set()
        kills: set[str] = set()
        for stmt in stmts:
            effect = self.effect(stmt)
            reads |= effect.reads - kills
            kills |= effect.kills
        return Effect(frozenset(reads), frozenset(kills))

    def effect(self, stmt: ast.stmt) -> Effect:
        found = self.effects.get(stmt)
        if found is None:
            found = self.effects[stmt] = self.new_effect(stmt)
        return found

    def new_effect(self, stmt: ast.stmt) -> Effect:
        match stmt:
            case ast.If():
                then, other = self.sequence(stmt.body), self.sequence(stmt.orelse)
                reads = loads(stmt.test) | then.reads | other.reads
                return Effect(reads, then.kills & other.kills)
            case ast.For():
                return Effect(loads(stmt.iter) | self.body_reads(stmt), NOTHING)
            case ast.While():
                return Effect(self.body_reads(stmt), NOTHING)
            case ast.With():
                body = self.sequence(stmt.body)
                kept = body.kills if all(_is_errstate(i) for i in stmt.items) else NOTHING
                return Effect(loads(*stmt.items) | body.reads, kept)
            case ast.Match():
                ends = [self.sequence(case.body) for case in stmt.cases]
                tests = loads(stmt.subject, *(p for c in stmt.cases for p in (c.pattern, c.guard)))
                return Effect(tests.union(*(e.reads for e in ends)), NOTHING)
            case ast.Try():
                parts = [stmt.body, *(h.body for h in stmt.handlers), stmt.orelse, stmt.finalbody]
                types = loads(*(h.type for h in stmt.handlers))
                return Effect(types.union(*(self.sequence(p).reads for p in parts)), NOTHING)
            case ast.Raise():
                return Effect(loads(stmt), self.universe)
            case ast.AugAssign(target=ast.Name(id=name)):
                return Effect(loads(stmt.value) | {name}, frozenset({name}))
            case _:
                return Effect(loads(stmt), _surely_assigned(stmt))


def _surely_assigned(stmt: ast.stmt) -> Names:
    match stmt:
        case ast.Assign():
            return NOTHING.union(*(targets(t) for t in stmt.targets))
        case ast.AnnAssign():
            return targets(stmt.target) if stmt.value is not None else NOTHING
        case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
            return frozenset({stmt.name})
        case ast.Delete() | ast.Import() | ast.ImportFrom():
            return assigned([stmt])
        case _:
            return NOTHING


def _is_errstate(item: ast.withitem) -> bool:
    """Whether a `with` item is `np.errstate(...)`, which swallows no exception."""
    match item.context_expr:
        case ast.Call(func=ast.Attribute(attr="errstate")):
            return True
        case _:
            return False
