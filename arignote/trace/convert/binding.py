"""Definite assignment: which reads may meet a name that is not assigned yet.

Python raises UnboundLocalError there.  Blocks become functions that get and put all their names,
so an unassigned name holds a marker instead, and exactly the reads found here are checked.
A name that is deleted anywhere in the function counts as never surely assigned, and `:=` counts
for nothing, since short circuit may skip it.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from .scope import NOTHING, Names, Scope, assigned, name_loads, own, targets

Bound = set[str] | None
"""Names surely assigned at a point of the function; None where it cannot be reached.

The set belongs to whoever is given it: straight-line code adds to it, branches copy it.
"""


@dataclass
class Bindings:
    """Reads to be checked, and the names surely assigned before statements with blocks."""

    unsure: set[ast.Name] = field(default_factory=set)
    before: dict[ast.stmt, Names] = field(default_factory=dict)


def bindings_of(body: Sequence[ast.stmt], scope: Scope, *, reads: bool = True) -> Bindings:
    """Follow the statements of a function, loops and branches by structure.

    Without `reads`, only what is assigned before branches and loops is found.
    """
    deleted: list[str] = []
    for node in own(body):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Del):
            deleted.append(node.id)
        elif isinstance(node, ast.ExceptHandler) and node.name is not None:
            deleted.append(node.name)  # at the end of the handler, however it ends
    once = frozenset(n for n in deleted if deleted.count(n) == 1)
    flow = _Flow(scope.local.difference(deleted), once, scope.local if reads else NOTHING)
    flow.block(body, set(scope.parameters.difference(deleted)))
    return flow.found


class _Flow:
    def __init__(self, countable: Names, deleted_once: Names, local: Names) -> None:
        self.countable = countable
        self.deleted_once = deleted_once
        self.local = local
        self.found = Bindings()
        self.breaks: list[list[set[str]]] = []

    def block(self, stmts: Iterable[ast.stmt], bound: Bound) -> Bound:
        for stmt in stmts:
            if bound is None:
                return None
            bound = self.statement(stmt, bound)
        return bound

    def statement(self, stmt: ast.stmt, bound: set[str]) -> Bound:
        match stmt:
            case ast.If():
                self.found.before[stmt] = frozenset(bound)
                self.check(bound, stmt.test)
                then = self.block(stmt.body, set(bound))
                return _join(then, self.block(stmt.orelse, bound))
            case ast.For() | ast.AsyncFor() | ast.While():
                self.found.before[stmt] = frozenset(bound)
                return self.loop(stmt, bound)
            case ast.Try() | ast.TryStar():
                return self.guarded(stmt, bound)
            case ast.With() | ast.AsyncWith():
                for item in stmt.items:
                    self.check(bound, item.context_expr)
                    if item.optional_vars is not None:
                        self.bind(bound, targets(item.optional_vars))
                self.block(stmt.body, set(bound))
                return bound  # its manager may have swallowed an exception anywhere
            case ast.Match():
                return self.match(stmt, bound)
            case ast.Return() | ast.Raise():
                self.check(bound, *ast.iter_child_nodes(stmt))
                return None
            case ast.Break():
                self.breaks[-1].append(bound)
                return None
            case ast.Continue():
                return None
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                self.found.before[stmt] = frozenset(bound)
                self.bind(bound, {stmt.name})
                self.check(bound, stmt)
            case ast.AugAssign(target=ast.Name() as target):
                self.check(bound, stmt.value)
                if target.id in self.local and target.id not in bound:
                    self.found.unsure.add(target)
                self.bind(bound, {target.id})
            case ast.Delete() | ast.AnnAssign(value=None):
                self.check(bound, stmt)
            case ast.Assign() | ast.AnnAssign():
                self.check(bound, stmt)
                for part in stmt.targets if isinstance(stmt, ast.Assign) else [stmt.target]:
                    self.bind(bound, targets(part))
            case ast.Import() | ast.ImportFrom():
                self.bind(bound, assigned([stmt]))
            case _:
                self.check(bound, stmt)
        return bound

    def loop(self, stmt: ast.For | ast.AsyncFor | ast.While, bound: set[str]) -> Bound:
        self.breaks.append([])
        inside = set(bound)
        after: Bound = bound
        if isinstance(stmt, ast.While):
            self.check(bound, stmt.test)
            if isinstance(stmt.test, ast.Constant) and stmt.test.value:
                after = None
        else:
            self.check(bound, stmt.iter)
            self.bind(inside, targets(stmt.target))
            self.check(inside, stmt.target)
        self.block(stmt.body, inside)
        after = self.block(stmt.orelse, after)
        for early in self.breaks.pop():
            after = _join(after, early)
        return after

    def guarded(self, stmt: ast.Try | ast.TryStar, bound: set[str]) -> Bound:
        after = self.block(stmt.orelse, self.block(stmt.body, set(bound)))
        for handler in stmt.handlers:
            self.check(bound, handler.type)
            inside = set(bound)
            if handler.name in self.deleted_once:
                inside.add(handler.name)
            end = self.block(handler.body, inside)
            if end is not None and handler.name is not None:
                end.discard(handler.name)
            after = _join(after, end)
        final = self.block(stmt.finalbody, set(bound))
        return None if after is None or final is None else after | (final - bound)

    def match(self, stmt: ast.Match, bound: set[str]) -> Bound:
        self.check(bound, stmt.subject)
        after: Bound = None if _has_wildcard(stmt) else bound
        for case in stmt.cases:
            inside = set(bound)
            self.bind(inside, assigned([case.pattern]))
            self.check(inside, case.pattern, case.guard)
            after = _join(after, self.block(case.body, inside))
        return after

    def bind(self, bound: set[str], names: Iterable[str]) -> None:
        bound.update(n for n in names if n in self.countable)

    def check(self, bound: set[str], *nodes: ast.AST | None) -> None:
        if not self.local:
            return
        for node in nodes:
            if node is None:
                continue
            for name in name_loads(node):
                if name.id in self.local and name.id not in bound:
                    self.found.unsure.add(name)


def _join(one: Bound, other: Bound) -> Bound:
    if one is None or other is None:
        return other if one is None else one
    return one & other


def _has_wildcard(stmt: ast.Match) -> bool:
    last = stmt.cases[-1]
    pattern = last.pattern
    return last.guard is None and isinstance(pattern, ast.MatchAs) and pattern.pattern is None
