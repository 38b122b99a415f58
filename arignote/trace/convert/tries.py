"""`try` with handlers becomes `if`, where each statement can be asked first whether it would fail.

    try:                                  _ag_f1 = 0
        x = a[i] / b                      _ag_f1 = _ag.failing(lambda: a[i] / b, (IndexError, ...))
    except IndexError:             ->     if _ag_f1 == 0:
        x = 0.0                               x = a[i] / b
    except ZeroDivisionError:             if _ag_f1 == 1:
        x = 1.0                               x = 0.0
                                          elif _ag_f1 == 2:
                                              x = 1.0

`failing` is the number of the handler of the first error, 0 where there is none.  That takes
expressions which do nothing but compute: names, operators, subscripts, and calls of functions that
are known to.  A statement with anything else stays Python's own, which decides while tracing.
"""

import ast
import copy
from collections.abc import Iterator, Sequence

from .rewriting import StatementRewriter
from .syntax import PREFIX, Operation, assign, load, located, operator, thunk

#: Builtins that only compute.
_PURE = frozenset({
    "abs", "bool", "complex", "divmod", "float", "int", "len", "max", "min", "pow", "range",
    "round", "sum",
})  # fmt: skip
#: Modules whose functions only compute, but for those of `_NOT_PURE`.
_MODULES = frozenset({"math", "cmath", "np", "numpy"})
_NOT_PURE = frozenset({"copyto", "fill_diagonal", "place", "put", "put_along_axis", "putmask"})
#: Methods of arrays and lists that only compute.
_METHODS = frozenset({
    "all", "any", "argmax", "argmin", "astype", "copy", "count", "dot", "index", "item", "max",
    "mean", "min", "sum",
})  # fmt: skip
_EXPRESSIONS = (
    ast.Name, ast.Constant, ast.Subscript, ast.Slice, ast.BinOp, ast.UnaryOp, ast.Compare,
    ast.Tuple, ast.Attribute, ast.BoolOp, ast.IfExp, ast.operator, ast.unaryop, ast.cmpop,
    ast.boolop, ast.expr_context, ast.List,
)  # fmt: skip


def without_tries(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function, with `if` in place of such `try` statements."""
    return _Rewriter(_names(body)).rewritten(body)


class _Rewriter(StatementRewriter):
    def __init__(self, names: frozenset[str]) -> None:
        super().__init__()
        self.names = names

    def visit_Try(self, node: ast.Try) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        if not node.handlers or not all(map(_is_asked, node.body)):
            return node
        kinds = [_kind(h) for h in node.handlers]
        known = [k for k in kinds if k is not None]
        if len(known) < len(kinds) or self._keeps_errors(node.handlers):
            return node
        if node.finalbody:
            inner = located(ast.Try(node.body, node.handlers, node.orelse, []), node)
            node.body, node.handlers, node.orelse = self._rewritten(inner, known), [], []
            return node
        return [located(stmt, node) for stmt in self._rewritten(node, known)]

    def _keeps_errors(self, handlers: list[ast.ExceptHandler]) -> bool:
        """Does a handler need the error itself, for more than to raise another from it?"""
        if any(h.name in self.names for h in handlers):
            return True
        parts = (p for h in handlers for stmt in h.body for p in ast.walk(stmt))
        return any(isinstance(p, ast.Raise) and p.exc is None for p in parts)

    def _rewritten(self, node: ast.Try, kinds: list[ast.expr]) -> list[ast.stmt]:
        flag = f"{PREFIX}f{next(self.numbers)}"
        steps = _Steps(flag, ast.Tuple(kinds, ast.Load()))
        out: list[ast.stmt] = [assign(flag, ast.Constant(0))]
        out += steps.block([*node.body, *_after(node.orelse)])
        chain: list[ast.stmt] = []
        for k, handler in reversed(list(enumerate(node.handlers, 1))):
            _without_causes(handler)
            chain = [ast.If(_equals(flag, k), handler.body, chain)]
        return [located(stmt, node) for stmt in [*out, *chain]]


class _After(ast.If):
    """Statements that are not asked whether they fail: those of `else`."""


def _after(stmts: list[ast.stmt]) -> list[ast.stmt]:
    return [_After(ast.Constant(True), stmts, [])] if stmts else []


class _Steps:
    """The statements of one `try`, each asked before it runs."""

    def __init__(self, flag: str, kinds: ast.expr) -> None:
        self.flag, self.kinds = flag, kinds

    def block(self, stmts: Sequence[ast.stmt]) -> list[ast.stmt]:
        out: list[ast.stmt] = []
        into = out
        for position, stmt in enumerate(stmts):
            if isinstance(stmt, _After):
                into += stmt.body
                continue
            asked = _asked(stmt)
            if asked:
                into.append(located(self._ask(asked), _beside(stmt)))
                into = self._deeper(into, stmt)
            into += self._one(stmt)
            if _may_set(stmt) and position + 1 < len(stmts):
                into = self._deeper(into, stmt)
        return out

    def _deeper(self, into: list[ast.stmt], stmt: ast.stmt) -> list[ast.stmt]:
        """What follows runs where nothing has failed."""
        rest: list[ast.stmt] = []
        into.append(located(ast.If(_equals(self.flag, 0), rest, []), _beside(stmt)))
        return rest

    def _one(self, stmt: ast.stmt) -> list[ast.stmt]:
        match stmt:
            case ast.If():
                stmt.body = self.block(stmt.body)
                stmt.orelse = self.block(stmt.orelse)
            case ast.For():
                leave = ast.If(ast.UnaryOp(ast.Not(), _equals(self.flag, 0)), [ast.Break()], [])
                stmt.body = [*self.block(stmt.body), located(leave, stmt)]
            case ast.Raise(exc=error):
                kind = error.func if isinstance(error, ast.Call) else error
                assert kind is not None
                number = _operation("handler_of", copy.deepcopy(kind), copy.deepcopy(self.kinds))
                goes_on = ast.If(_equals(self.flag, 0), [stmt], [])
                return [located(s, stmt) for s in (assign(self.flag, number), goes_on)]
        return [stmt]

    def _ask(self, parts: list[ast.expr]) -> ast.stmt:
        together = ast.Tuple([copy.deepcopy(p) for p in parts], ast.Load())
        asked = _operation("failing", thunk(together), copy.deepcopy(self.kinds))
        return assign(self.flag, asked)


def _operation(name: str, *args: ast.expr) -> ast.expr:
    return Operation(operator(name), list(args), [])


def _equals(flag: str, number: int) -> ast.expr:
    return ast.Compare(load(flag), [ast.Eq()], [ast.Constant(number)])


# ---- what can be asked ---------------------------------------------------------------------------
def _is_asked(stmt: ast.stmt) -> bool:
    """Is it, with all that is in it, made of expressions that only compute?"""
    match stmt:
        case ast.If(test=test):
            return _computes(test) and all(map(_is_asked, [*stmt.body, *stmt.orelse]))
        case ast.For(orelse=[], iter=values, target=ast.Name()):
            return _computes(values) and all(map(_is_asked, stmt.body))
        case ast.Raise(cause=None, exc=ast.Name() | ast.Call(func=ast.Name())):
            return True
        case ast.Assign(value=Operation()):
            return True  # of a `try` in this one
        case ast.Assign() | ast.AugAssign() | ast.Return() | ast.Expr():
            return all(map(_computes, _asked(stmt))) and all(map(_is_place, _targets(stmt)))
        case ast.Pass() | ast.Break() | ast.Continue():
            return True
    return False


def _beside(stmt: ast.stmt) -> ast.AST:
    """Where what is asked about a statement stands: on its line, and no value of its variable."""
    targets = _targets(stmt)
    return targets[0] if targets else stmt


def _targets(stmt: ast.stmt) -> list[ast.expr]:
    if isinstance(stmt, ast.Assign):
        return stmt.targets
    return [stmt.target] if isinstance(stmt, ast.AugAssign) else []


def _is_place(target: ast.expr) -> bool:
    if isinstance(target, ast.Tuple):
        return all(map(_is_place, target.elts))
    return isinstance(target, ast.Name | ast.Subscript)


def _asked(stmt: ast.stmt) -> list[ast.expr]:
    """The expressions that a statement computes itself, those of its blocks apart."""
    match stmt:
        case ast.If(test=test):
            return [test]
        case ast.For(iter=values):
            return [values]
        case ast.Return(value=value):
            return [value] if value is not None else []
        case ast.Expr(value=ast.Call(func=ast.Attribute(attr="append"), args=[value], keywords=[])):
            return [value]
        case ast.Expr(value=value):
            return [value]
        case ast.Assign(value=Operation()):
            return []
        case ast.Assign(targets=targets, value=value):
            return [value, *(p for t in targets for p in _read(t))]
        case ast.AugAssign(target=target, op=op, value=value):
            if isinstance(target, ast.Name):
                return [ast.BinOp(load(target.id), op, value)]
            whole = ast.Subscript(target.value, target.slice, ast.Load())  # type: ignore[union-attr]
            return [ast.BinOp(ast.copy_location(whole, target), op, value)]
    return []


def _read(target: ast.expr) -> Iterator[ast.expr]:
    """The elements that are written, as they are read."""
    if isinstance(target, ast.Tuple):
        for part in target.elts:
            yield from _read(part)
    if isinstance(target, ast.Subscript):
        base = _operation("written", target.value)
        yield ast.copy_location(ast.Subscript(base, target.slice, ast.Load()), target)


def _may_set(stmt: ast.stmt) -> bool:
    """May a statement find that one inside of it fails?"""
    return isinstance(stmt, ast.If | ast.For | ast.Raise)


def _computes(value: ast.expr) -> bool:
    waiting: list[ast.AST] = [value]
    while waiting:
        part = waiting.pop()
        if isinstance(part, Operation):
            waiting += part.args
        elif isinstance(part, ast.Call):
            if part.keywords or not _is_pure(part.func):
                return False
            waiting += part.args
            if isinstance(part.func, ast.Attribute):
                waiting.append(part.func.value)
        elif isinstance(part, _EXPRESSIONS):
            waiting += ast.iter_child_nodes(part)
        else:
            return False
    return True


def _is_pure(function: ast.expr) -> bool:
    match function:
        case ast.Name(id=name):
            return name in _PURE
        case ast.Attribute(value=ast.Name(id=module), attr=name) if module in _MODULES:
            return name not in _NOT_PURE
        case ast.Attribute(attr=name):
            return name in _METHODS
    return False


# ---- handlers ------------------------------------------------------------------------------------
def _kind(handler: ast.ExceptHandler) -> ast.expr | None:
    """The classes of a handler, if they are named."""
    kind = handler.type
    if kind is None:
        return load("Exception")
    parts = kind.elts if isinstance(kind, ast.Tuple) else [kind]
    return kind if all(isinstance(p, ast.Name | ast.Attribute) for p in parts) else None


def _without_causes(handler: ast.ExceptHandler) -> None:
    """`raise X from e` raises X."""
    for part in (p for stmt in handler.body for p in ast.walk(stmt)):
        if isinstance(part, ast.Raise) and isinstance(part.cause, ast.Name):
            part.cause = None


def _names(body: Sequence[ast.stmt]) -> frozenset[str]:
    """The names of a function, but for those of errors that others are raised from."""
    parts = [p for stmt in body for p in ast.walk(stmt)]
    causes = {p.cause for p in parts if isinstance(p, ast.Raise)}
    return frozenset(p.id for p in parts if isinstance(p, ast.Name) and p not in causes)
