"""Jumps: `break`, `continue` and `return` inside blocks become flags, `else` of loops a test.

    for i in range(n):              _ag_ret = False
        if a[i] > v:                for i in range(n):          # as long as not _ag_ret
            return i         ->         if a[i] > v:
    return -1                               _ag_ret = True
                                            _ag_val = i
                                    if not _ag_ret:
                                        _ag_val = -1
                                    return _ag_val

What follows an `if` of which one branch always jumps moves into its other branch; where a jump is
deeper, what follows is guarded by `if not flag`.  A flag that nobody reads is not set.
Statements are moved, never copied: the user's nodes keep their identity.
"""

import ast
from collections import deque
from collections.abc import Iterator, Sequence
from itertools import count

from .syntax import PREFIX, all_of, assign, load, located, negated

RETURNED = PREFIX + "ret"
VALUE = PREFIX + "val"

DEEPEST_MOVE = 12
"""How deep code is nested that follows early exits; beyond it, it is guarded piece by piece."""

Jump = ast.Return | ast.Break | ast.Continue


class BoundedFor(ast.For):
    """A `for` statement that goes on only as long as `until` holds (None: to the end)."""

    _fields = (*ast.For._fields, "until")
    _field_types = {**getattr(ast.For, "_field_types", {}), "until": ast.expr | None}  # noqa: RUF012
    until: ast.expr | None


def without_jumps(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function with no jumps but one `return` at the end."""
    last = body[-1]
    inner = body[:-1] if isinstance(last, ast.Return) else body
    jumps = _Jumps()
    if "ret" in _leaving(inner):
        if not _always_leaves(body):
            body = [*body, located(ast.Return(ast.Constant(None)), last)]
        out: list[ast.stmt] = [located(assign(RETURNED, ast.Constant(False)), body[0])]
        out += jumps.block(body, None, 0)
        out.append(located(ast.Return(load(VALUE)), last))
    else:
        out = [*jumps.block(inner, None, 0), *([last] if inner is not body else [])]
    return _without_unread_flags(out)


class _Jumps:
    def __init__(self) -> None:
        self.numbers = count(1)

    def block(self, stmts: Sequence[ast.stmt], loop: int | None, depth: int) -> list[ast.stmt]:
        """The statements of one block; `loop` is the number of the loop directly around."""
        out: list[ast.stmt] = []
        rest = deque(stmts)
        while rest:
            stmt = rest.popleft()
            if isinstance(stmt, Jump):
                return out + _set_flags(stmt, loop)
            if isinstance(stmt, ast.Raise):
                return [*out, stmt]
            left = _leaving([stmt], orelse=False)
            if left and isinstance(stmt, ast.If) and rest and depth < DEEPEST_MOVE:
                if _always_leaves(stmt.body):
                    stmt.orelse += rest
                    rest.clear()
                elif _always_leaves(stmt.orelse):
                    stmt.body += rest
                    rest.clear()
            out += self.compound(stmt, loop, depth, rest)
            if left:
                flags = [_flag(kind, loop) for kind in sorted(left)]
                return out + self.guarded(stmt, flags, list(rest), loop, depth)
        return out

    def compound(
        self, stmt: ast.stmt, loop: int | None, depth: int, rest: deque[ast.stmt]
    ) -> list[ast.stmt]:
        """One statement, its blocks rewritten; an `else` of a loop goes in front of `rest`."""
        match stmt:
            case ast.For() | ast.While():
                return self.loop(stmt, depth, rest)
            case ast.If():
                stmt.body = self.block(stmt.body, loop, depth + 1)
                stmt.orelse = self.block(stmt.orelse, loop, depth + 1)
            case ast.With():
                stmt.body = self.block(stmt.body, loop, depth + 1)
            case ast.Try():
                flags = [_flag(kind, loop) for kind in sorted(_leaving(stmt.body))]
                stmt.body = self.block(stmt.body, loop, depth + 1)
                stmt.orelse = self.guarded(stmt, flags, stmt.orelse, loop, depth + 1)
                for handler in stmt.handlers:
                    handler.body = self.block(handler.body, loop, depth + 1)
                stmt.finalbody = self.block(stmt.finalbody, loop, depth + 1)
            case ast.Match():
                for case in stmt.cases:
                    case.body = self.block(case.body, loop, depth + 1)
        return [stmt]

    def loop(self, stmt: ast.For | ast.While, depth: int, rest: deque[ast.stmt]) -> list[ast.stmt]:
        number = next(self.numbers)
        inner = _leaving(stmt.body)
        breaks, continues = _flag("brk", number), _flag("cnt", number)
        out: list[ast.stmt] = []
        flags = []
        if "brk" in inner:
            out.append(located(assign(breaks, ast.Constant(False)), stmt))
            flags.append(breaks)
        if stmt.orelse:  # where the loop may return, all that follows is guarded anyway
            rest.extendleft(reversed(_guard(stmt.orelse[0], flags, stmt.orelse)))
            stmt.orelse = []
        if "ret" in inner:
            flags.append(RETURNED)
        stmt.body = self.block(stmt.body, number, depth + 1)
        if "cnt" in inner:
            stmt.body.insert(0, located(assign(continues, ast.Constant(False)), stmt))
        tests = [located(negated(flag), stmt) for flag in flags]
        if isinstance(stmt, ast.While):
            if flags:
                always = isinstance(stmt.test, ast.Constant) and bool(stmt.test.value)
                stmt.test = located(all_of(tests + ([] if always else [stmt.test])), stmt.test)
            return [*out, stmt]
        bounded = BoundedFor(stmt.target, stmt.iter, stmt.body, [], None)
        bounded.until = located(all_of(tests), stmt) if tests else None
        return [*out, ast.copy_location(bounded, stmt)]

    def guarded(
        self,
        stmt: ast.stmt,
        flags: list[str],
        rest: list[ast.stmt],
        loop: int | None,
        depth: int,
    ) -> list[ast.stmt]:
        """`rest`, to be run only if no flag is set."""
        if depth < DEEPEST_MOVE or not flags:
            return _guard(stmt, flags, self.block(rest, loop, depth + 1 if flags else depth))
        out: list[ast.stmt] = []
        for piece in _pieces(rest):
            out += _guard(piece[0], flags, self.block(piece, loop, depth + 1))
            flags = sorted({*flags, *(_flag(kind, loop) for kind in _leaving(piece))})
        return out


def _guard(at: ast.stmt, flags: Sequence[str], stmts: list[ast.stmt]) -> list[ast.stmt]:
    if not flags or not stmts:
        return stmts
    return [located(ast.If(all_of([negated(flag) for flag in flags]), stmts, []), at)]


def _pieces(stmts: Sequence[ast.stmt]) -> Iterator[list[ast.stmt]]:
    """The statements cut after each that may jump."""
    piece: list[ast.stmt] = []
    for stmt in stmts:
        piece.append(stmt)
        if _leaving([stmt]):
            yield piece
            piece = []
    if piece:
        yield piece


def _set_flags(jump: Jump, loop: int | None) -> list[ast.stmt]:
    flags: list[tuple[str, ast.expr]]
    match jump:
        case ast.Return(value=value):
            # The value first: it may raise, and then nothing was returned.
            flags = [(VALUE, value or ast.Constant(None)), (RETURNED, ast.Constant(True))]
        case ast.Break():
            flags = [(_flag("brk", loop), ast.Constant(True))]
        case _:
            flags = [(_flag("cnt", loop), ast.Constant(True))]
    return [located(assign(name, value), jump) for name, value in flags]


def _flag(kind: str, loop: int | None) -> str:
    return RETURNED if kind == "ret" else f"{PREFIX}{kind}{loop}"


def _leaving(stmts: Sequence[ast.stmt], *, orelse: bool = True) -> set[str]:
    """Kinds of jump that leave these statements: "brk", "cnt" of the loop around, "ret".

    Without `orelse`, the `else` of these loops does not count: it becomes a statement of its own.
    """
    out: set[str] = set()
    for stmt in stmts:
        match stmt:
            case ast.Return():
                out.add("ret")
            case ast.Break():
                out.add("brk")
            case ast.Continue():
                out.add("cnt")
            case ast.For() | ast.While():
                out |= _leaving(stmt.body) & {"ret"}
                if orelse:
                    out |= _leaving(stmt.orelse)
            case _:
                for block in blocks(stmt):
                    out |= _leaving(block)
    return out


def blocks(stmt: ast.stmt) -> list[list[ast.stmt]]:
    """The blocks of a compound statement that belong to the same function."""
    match stmt:
        case ast.If() | ast.For() | ast.While() | ast.AsyncFor():
            return [stmt.body, stmt.orelse]
        case ast.With() | ast.AsyncWith():
            return [stmt.body]
        case ast.Try() | ast.TryStar():
            return [stmt.body, *(h.body for h in stmt.handlers), stmt.orelse, stmt.finalbody]
        case ast.Match():
            return [case.body for case in stmt.cases]
        case _:
            return []


def _always_leaves(stmts: Sequence[ast.stmt]) -> bool:
    """Whether the end of these statements cannot be reached."""
    for stmt in stmts:
        match stmt:
            case ast.Return() | ast.Break() | ast.Continue() | ast.Raise():
                return True
            case ast.If():
                if stmt.orelse and _always_leaves(stmt.body) and _always_leaves(stmt.orelse):
                    return True
    return False


def _without_unread_flags(stmts: list[ast.stmt]) -> list[ast.stmt]:
    read = {
        n.id
        for stmt in stmts
        for n in ast.walk(stmt)
        if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Load) and n.id.startswith(PREFIX)
    }

    def kept(block: list[ast.stmt]) -> list[ast.stmt]:
        return [s for s in block if not _is_flag(s) or _assigned_name(s) in read]

    waiting = list(stmts)
    while waiting:
        stmt = waiting.pop()
        for block in blocks(stmt):
            block[:] = kept(block)
            waiting.extend(block)
    return kept(stmts)


def _is_flag(stmt: ast.stmt) -> bool:
    name = _assigned_name(stmt)
    return name.startswith(PREFIX) and name != VALUE


def _assigned_name(stmt: ast.stmt) -> str:
    if isinstance(stmt, ast.Assign) and isinstance(stmt.targets[0], ast.Name):
        return stmt.targets[0].id
    return ""


def flags_in(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names that `without_jumps` has introduced."""
    out: set[str] = set()
    waiting = list(body)
    while waiting:
        stmt = waiting.pop()
        name = _assigned_name(stmt)
        if name.startswith(PREFIX):
            out.add(name)
        for block in blocks(stmt):
            waiting.extend(block)
    return frozenset(out)
