"""Blocks: statements become a function over the variables of the function around.

A block declares what it assigns `nonlocal`.  A pair of functions beside it gets and puts the
values of these names, so that an operator can run a block several times, or both branches.
"""

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from .context import Context
from .scope import Names, assigned
from .syntax import PREFIX, definition, load, operation, store, undefined


@dataclass(frozen=True)
class State:
    """The names that the blocks of one statement assign, and the functions over them."""

    names: list[str]
    get: ast.FunctionDef
    put: ast.FunctionDef

    @property
    def definitions(self) -> list[ast.stmt]:
        return [self.get, self.put]

    def arguments(self) -> list[ast.expr]:
        return [load(self.get.name), load(self.put.name)]


def state_of(ctx: Context, number: int, stmt: ast.stmt, parts: Iterable[ast.AST]) -> State:
    """The state of a statement whose blocks consist of `parts`."""
    changed = assigned(list(parts)) & ctx.scope.assignable
    names = sorted(changed | ctx.scope.shared)
    ctx.to_initialise |= set(names) - ctx.before.get(stmt, frozenset())
    get = definition(f"{PREFIX}get{number}", [], [ast.Return(_tuple(names, ast.Load()))])
    body: list[ast.stmt] = []
    if names:
        body = [ast.Nonlocal(names), ast.Assign([_tuple(names, ast.Store())], load(PREFIX + "s"))]
    return State(names, get, definition(f"{PREFIX}put{number}", [PREFIX + "s"], body))


def block(
    ctx: Context,
    name: str,
    params: Sequence[str],
    body: list[ast.stmt],
    assigns: Names,
) -> ast.FunctionDef:
    """`def name(params): body`, where `body` is converted already and assigns these names."""
    declarations: list[ast.stmt] = []
    free = sorted(assigns & ctx.scope.assignable)
    if free:
        declarations.append(ast.Nonlocal(free))
    outer = sorted(assigns & ctx.scope.global_)
    if outer:
        declarations.append(ast.Global(outer))
    return definition(name, params, declarations + body)


def setter(name: str) -> str:
    """The name of the function that assigns a target of `:=` from wherever it stands."""
    return f"{PREFIX}set_{name}"


def prologue(ctx: Context) -> list[ast.stmt]:
    """What stands at the top of a function: markers of names not assigned yet, setters."""
    fresh = (ctx.to_initialise | ctx.to_set.keys()) & (ctx.scope.local - ctx.scope.parameters)
    out: list[ast.stmt] = [undefined(name) for name in sorted(fresh)]
    if ctx.scope.nonlocal_:
        out.insert(0, ast.Nonlocal(sorted(ctx.scope.nonlocal_)))
    if ctx.scope.global_:
        out.insert(0, ast.Global(sorted(ctx.scope.global_)))
    for name, site in sorted(ctx.to_set.items()):
        value = PREFIX + "v"
        body = [ast.Assign([store(name)], load(value)), ast.Return(load(value))]
        if name in ctx.scope.foreign:
            body.insert(0, refusal(site, name))
        out.append(block(ctx, setter(name), [value], body, frozenset({name})))
    return out


def refusal(site: ast.expr, *names: str) -> ast.stmt:
    """A call that refuses to assign names of another scope."""
    message = (
        f"assigns {', '.join(names)}, which belongs to the module or to a function around; "
        "return the new value and assign it where the function is called"
    )
    return ast.Expr(operation("refuse", site, ast.Constant(message)))


def _tuple(names: Sequence[str], ctx: ast.expr_context) -> ast.Tuple:
    return ast.Tuple([ast.Name(n, ctx) for n in names], ctx)
