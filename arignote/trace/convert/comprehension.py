"""Comprehensions: element and conditions become functions of the item.

    [f(a, b) for a, b in pairs if a]  ->  _ag.comprehension('list', pairs, lambda a, b: f(a, b),
        lambda a, b: a, site, unpack=lambda _ag_item: [(a, b) for a, b in (_ag_item,)][0])

Every item gets variables of its own.  Python has one set of them for the whole comprehension;
the difference shows only in functions that outlive their element, so a comprehension that makes
functions stays Python's own, and so does one whose target is no pattern of names.
"""

import ast
from collections.abc import Iterator

from .context import Context
from .scope import Comprehension
from .syntax import PREFIX, function_of, load, operation

KINDS: dict[type[ast.expr], str] = {
    ast.ListComp: "list",
    ast.SetComp: "set",
    ast.DictComp: "dict",
    ast.GeneratorExp: "generator",
}


def stays_python(node: Comprehension) -> bool:
    """Whether a comprehension is left as it is."""
    if any(g.is_async or not _is_pattern(g.target) for g in node.generators):
        return True
    parts = list(ast.walk(node))
    used_up = set(_used_up(parts))
    return any(
        isinstance(part, (ast.Lambda, ast.GeneratorExp, ast.Yield, ast.YieldFrom, ast.Await))
        for part in parts
        if part is not node and part not in used_up
    )


def _used_up(parts: list[ast.AST]) -> Iterator[ast.expr]:
    """The functions and generators that are given to a call which is done with them in the end."""
    for part in parts:
        if isinstance(part, ast.Call) and isinstance(part.func, ast.Name):
            if part.func.id in _CONSUMERS:
                yield from part.args
                yield from (k.value for k in part.keywords)


_CONSUMERS = frozenset(
    {"all", "any", "dict", "frozenset", "list", "max", "min", "set", "sorted", "sum", "tuple"}
)


def convert_comprehension(ctx: Context, node: Comprehension) -> ast.expr:
    """One call of `_ag.comprehension` for each `for`, the inner ones in the outer's element."""
    kind = KINDS[type(node)]
    result: ast.expr
    if isinstance(node, ast.DictComp):
        result = ast.Tuple([node.key, node.value], ast.Load())
    else:
        result = node.elt
    inner = "generator" if kind == "generator" else "list"
    for position, generator in reversed(list(enumerate(node.generators))):
        last = position == len(node.generators) - 1
        result = _loop(ctx, node, inner if position else kind, generator, result, not last)
    return result


def _loop(
    ctx: Context,
    node: Comprehension,
    kind: str,
    generator: ast.comprehension,
    element: ast.expr,
    nested: bool,
) -> ast.expr:
    names = list(dict.fromkeys(_names(generator.target)))
    condition: ast.expr = ast.Constant(None)
    if generator.ifs:
        tests = generator.ifs[-1]
        for test in reversed(generator.ifs[:-1]):
            tests = operation("and_", test, function_of((), tests))
        condition = function_of(names, tests)
    call = operation(
        "comprehension",
        ast.Constant(kind),
        generator.iter,
        function_of(names, element),
        condition,
        ctx.site(node),
    )
    if nested:
        call.keywords.append(ast.keyword("nested", ast.Constant(True)))
    if not isinstance(generator.target, ast.Name):
        call.keywords.append(ast.keyword("unpack", _unpack(generator.target, names)))
    return call


def _unpack(target: ast.expr, names: list[str]) -> ast.expr:
    """`lambda item: [(names) for target in (item,)][0]`: Python itself takes the item apart."""
    values = ast.Tuple([load(n) for n in names], ast.Load())
    one = ast.Tuple([load(PREFIX + "item")], ast.Load())
    only = ast.ListComp(values, [ast.comprehension(target, one, [], 0)])
    return function_of([PREFIX + "item"], ast.Subscript(only, ast.Constant(0), ast.Load()))


def _is_pattern(target: ast.expr) -> bool:
    return all(
        isinstance(p, (ast.Name, ast.Tuple, ast.List, ast.Starred, ast.expr_context))
        for p in ast.walk(target)
    )


def _names(target: ast.expr) -> Iterator[str]:
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _names(part)
        case ast.Starred(value=value):
            yield from _names(value)
