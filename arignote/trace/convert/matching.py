"""`match` becomes `if`, `elif`: patterns of values, alternatives, names and sequences.

    match n % 3:                        _ag_subject1 = n % 3
        case 0 | 1:                     if _ag_subject1 == 0 or _ag_subject1 == 1:
            a()                 ->          a()
        case k if k > lo:               else:
            b(k)                            k = _ag_subject1
                                            _ag_fits2 = k > lo
                                            if _ag_fits2:
                                                b(k)

A class without parts (`int(n)`, `float()`) is a call of isinstance.  A statement with any other
pattern (classes with parts, mappings, `*rest`) stays Python's own, which decides
while tracing.
"""

import ast
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

from .rewriting import StatementRewriter
from .syntax import PREFIX, assign, load, located, operation


def without_matches(body: Sequence[ast.stmt]) -> list[ast.stmt]:
    """The statements of a function, with `if` in place of `match`; nodes are changed in place."""
    return _Rewriter().rewritten(body)


class _Rewriter(StatementRewriter):
    def visit_Match(self, node: ast.Match) -> ast.AST | list[ast.stmt]:
        self.generic_visit(node)
        subject = f"{PREFIX}subject{next(self.numbers)}"
        fits = [_fit(case.pattern, load(subject)) for case in node.cases]
        known = [f for f in fits if f is not None]
        if len(known) < len(fits):
            return node
        chain = _chain(list(zip(node.cases, known, strict=True)), self.numbers)
        return [located(stmt, node) for stmt in (assign(subject, node.subject), *chain)]


@dataclass
class _Fit:
    """When a pattern fits, and the names that it binds then."""

    tests: list[ast.expr] = field(default_factory=list)
    names: list[tuple[str, ast.expr]] = field(default_factory=list)


def _fit(pattern: ast.pattern, subject: ast.expr) -> _Fit | None:
    match pattern:
        case ast.MatchValue(value=value):
            return _Fit([located(ast.Compare(subject, [ast.Eq()], [value]), pattern)])
        case ast.MatchSingleton(value=value):
            test = operation("compared", ast.Constant("is_"), subject, ast.Constant(value))
            return _Fit([located(test, pattern)])
        case ast.MatchAs(pattern=inner, name=name):
            found = _fit(inner, subject) if inner is not None else _Fit()
            if found is not None and name is not None:
                found.names.append((name, subject))
            return found
        case ast.MatchOr(patterns=patterns):
            return _any([_fit(p, subject) for p in patterns], pattern)
        case ast.MatchClass(cls=ast.Name(), kwd_patterns=[]):
            return _instance(pattern, subject)
        case ast.MatchSequence(patterns=patterns):
            return _sequence(patterns, subject, pattern)
    return None


def _any(found: list[_Fit | None], at: ast.AST) -> _Fit | None:
    tests: list[ast.expr] = []
    for fit in found:
        if fit is None or fit.names:
            return None
        if not fit.tests:
            return _Fit()
        tests.append(_all(fit.tests))
    return _Fit([located(ast.BoolOp(ast.Or(), tests), at)])


def _sequence(patterns: list[ast.pattern], subject: ast.expr, at: ast.AST) -> _Fit | None:
    if any(isinstance(p, ast.MatchStar) for p in patterns):
        return None
    found = _Fit([located(operation("is_sequence", subject, ast.Constant(len(patterns))), at)])
    for k, p in enumerate(patterns):
        part = _fit(p, ast.Subscript(subject, ast.Constant(k), ast.Load()))
        if part is None:
            return None
        found.tests += part.tests
        found.names += part.names
    return found


#: Their one positional pattern is of the value itself.
_SELF = {"bool", "bytes", "dict", "float", "frozenset", "int", "list", "set", "str", "tuple"}


def _instance(pattern: ast.MatchClass, subject: ast.expr) -> _Fit | None:
    """`int(n)`, `float()`"""
    inner = pattern.patterns
    if len(inner) > 1 or (inner and getattr(pattern.cls, "id", "") not in _SELF):
        return None
    test = ast.Call(load("isinstance"), [subject, pattern.cls], [])
    found = _Fit([located(test, pattern)])
    for p in inner:
        part = _fit(p, subject)
        if part is None:
            return None
        found.tests += part.tests
        found.names += part.names
    return found


def _all(tests: list[ast.expr]) -> ast.expr:
    return tests[0] if len(tests) == 1 else ast.BoolOp(ast.And(), tests)


def _chain(cases: Sequence[tuple[ast.match_case, _Fit]], numbers: Iterator[int]) -> list[ast.stmt]:
    """`if` and `else` for the cases, from the last to the first."""
    rest: list[ast.stmt] = []
    for case, fit in reversed(cases):
        bound: list[ast.stmt] = [assign(name, value) for name, value in fit.names]
        if case.guard is None:
            body = [*bound, *case.body]
            rest = [_if(_all(fit.tests), body, rest, case)] if fit.tests else body
            continue
        flag = f"{PREFIX}fits{next(numbers)}"
        tried = [*bound, located(assign(flag, case.guard), case.guard)]
        if fit.tests:
            missed: list[ast.stmt] = [assign(flag, ast.Constant(False))]
            tried = [_if(_all(fit.tests), tried, missed, case)]
        rest = [*tried, _if(load(flag), case.body, rest, case)]
    return [located(stmt, cases[0][0].pattern) for stmt in rest]


def _if(
    test: ast.expr, body: list[ast.stmt], other: list[ast.stmt], case: ast.match_case
) -> ast.stmt:
    return located(ast.If(test, body, other), case.pattern)
