"""Names and scopes: which names a piece of syntax reads and assigns in its own function.

Nested functions, lambdas and comprehensions are scopes of their own: what they assign stays in
them (except by `:=` in a comprehension), what they read and do not assign counts as read here.
"""

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

FunctionNode = ast.FunctionDef | ast.AsyncFunctionDef
Comprehension = ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp
FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)
COMPREHENSIONS = (ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp)

Names = frozenset[str]
NOTHING: Names = frozenset()
_LEAVES = (ast.Name, ast.Constant, ast.Pass, ast.Break, ast.Continue)
_SCOPES = (*FUNCTIONS, *COMPREHENSIONS, ast.Lambda, ast.ClassDef)
_SIGNS = (ast.expr_context, ast.operator, ast.unaryop, ast.cmpop, ast.boolop)
_LATER = (*FUNCTIONS, ast.Lambda, ast.ClassDef, ast.GeneratorExp)


@dataclass(frozen=True)
class Scope:
    """The names of one function.

    `shared` are names that functions nested in it, or beside it, assign by `nonlocal`: any
    call may change them, so every block counts as assigning them.
    """

    parameters: Names
    local: Names  # parameters included
    global_: Names
    nonlocal_: Names
    shared: Names

    @property
    def assignable(self) -> Names:
        """The names that a block can get and put: everything but globals."""
        return self.local | self.nonlocal_

    @property
    def foreign(self) -> Names:
        """Declared names of functions that are not converted along with this one, and globals."""
        return self.global_ | (self.nonlocal_ - self.shared)


def scope_of(function: FunctionNode, around: "Scope | None" = None) -> Scope:
    """The scope of a function; `around` is that of the function in which it is defined."""
    parameters = frozenset(parameter_names(function.args))
    global_ = declared(function.body, ast.Global)
    nonlocal_ = declared(function.body, ast.Nonlocal)
    local = (parameters | assigned(function.body)) - global_ - nonlocal_
    written = nested_writes(function)
    return Scope(
        parameters=parameters,
        local=local,
        global_=global_,
        nonlocal_=nonlocal_,
        shared=(written & local) | ((around.shared - local) if around is not None else NOTHING),
    )


def parameter_names(args: ast.arguments) -> list[str]:
    return [a.arg for a in parameter_list(args)]


def parameter_list(args: ast.arguments) -> list[ast.arg]:
    """All parameters, in the order of a code object's variables."""
    every = [*args.posonlyargs, *args.args, *args.kwonlyargs, args.vararg, args.kwarg]
    return [a for a in every if a is not None]


def declared(body: Iterable[ast.stmt], kind: type[ast.Global] | type[ast.Nonlocal]) -> Names:
    """Names that `global` or `nonlocal` statements of this function name."""
    return frozenset(n for node in own(body) if isinstance(node, kind) for n in node.names)


def nested_writes(function: FunctionNode) -> Names:
    """Names that any function nested in this one declares `nonlocal`."""
    return frozenset(
        n
        for node in ast.walk(function)
        if node is not function and isinstance(node, FUNCTIONS)
        for n in declared(node.body, ast.Nonlocal)
    )


def own(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """Every node that belongs to the function around, nested scopes as one node, unentered.

    What Python evaluates here of a nested scope (decorators, defaults, bases, the first iterable
    of a comprehension) is walked, too.
    """
    waiting = list(nodes)
    waiting.reverse()
    while waiting:
        node = waiting.pop()
        yield node
        if not isinstance(node, _LEAVES):
            waiting.extend(reversed(list(_evaluated_here(node))))


def assigned(nodes: Iterable[ast.AST]) -> Names:
    """Names that these nodes may bind or delete in the function around, `x: int` included."""
    out: set[str] = set()
    for node in own(nodes):
        match node:
            case ast.Name(id=name, ctx=ast.Store() | ast.Del()):
                out.add(name)
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                out.add(node.name)
            case ast.ExceptHandler() | ast.MatchAs() | ast.MatchStar():
                if node.name is not None:
                    out.add(node.name)
            case ast.MatchMapping():
                if node.rest is not None:
                    out.add(node.rest)
            case ast.Import() | ast.ImportFrom():
                out |= {(a.asname or a.name).partition(".")[0] for a in node.names}
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
                out |= walrus_names(node)
    return frozenset(out)


def walrus_names(node: ast.AST) -> set[str]:
    """Targets of `:=` in a comprehension, which bind in the function around it."""
    return {n.target.id for n in _function_level(node) if isinstance(n, ast.NamedExpr)}


def targets(node: ast.AST) -> Names:
    """Names that an assignment target binds."""
    return frozenset(
        n.id for n in ast.walk(node) if isinstance(n, ast.Name) and isinstance(n.ctx, ast.Store)
    )


def loads(*nodes: ast.AST | None) -> Names:
    """Names that these nodes read from the function around, by nested functions included."""
    return frozenset(n.id for node in nodes if node is not None for n in name_loads(node))


def captured(body: Iterable[ast.stmt]) -> Names:
    """Names that nested functions and lambdas read or write at a time of their own.

    A generator expression that is the argument of a call counts as consumed by that call.
    """
    out: set[str] = set()
    consumed: set[ast.AST] = set()
    for node in _function_level_of(body):
        if isinstance(node, ast.Call):
            consumed.update(a for a in node.args if isinstance(a, ast.GeneratorExp))
        elif node not in consumed and isinstance(node, _LATER):
            out |= {n.id for n in name_loads(node)}
            out |= {v for f in ast.walk(node) if isinstance(f, ast.Nonlocal) for v in f.names}
    return frozenset(out)


def name_loads(node: ast.AST) -> Iterator[ast.Name]:
    """The `Name` nodes under `node` that read a name not bound in a scope nested in it."""
    waiting: list[tuple[ast.AST, Names]] = [(node, NOTHING)]
    while waiting:
        part, hidden = waiting.pop()
        if isinstance(part, ast.Name):
            if part.id not in hidden and not isinstance(part.ctx, ast.Store):
                yield part
            continue
        if isinstance(part, (*FUNCTIONS, ast.Lambda)):
            waiting.extend((p, hidden) for p in _evaluated_here(part))
            inside = hidden | _bound_in(part)
            body = [part.body] if isinstance(part, ast.Lambda) else part.body
            waiting.extend((p, inside) for p in body)
        elif isinstance(part, COMPREHENSIONS):
            first = part.generators[0].iter
            inside = hidden.union(*(targets(g.target) for g in part.generators))
            waiting.append((first, hidden))
            waiting.extend((p, inside) for p in _comprehension_parts(part))
        else:
            waiting.extend((p, hidden) for p in children(part))


def children(node: ast.AST) -> Iterator[ast.AST]:
    """As `ast.iter_child_nodes`, without contexts and operators, which say nothing of names."""
    for name in node._fields:
        value = getattr(node, name, None)
        if isinstance(value, list):
            for item in value:
                if isinstance(item, ast.AST) and not isinstance(item, _SIGNS):
                    yield item
        elif isinstance(value, ast.AST) and not isinstance(value, _SIGNS):
            yield value


def _evaluated_here(node: ast.AST) -> Iterator[ast.AST]:
    if not isinstance(node, _SCOPES):
        yield from children(node)
        return
    match node:
        case ast.FunctionDef() | ast.AsyncFunctionDef():
            yield from node.decorator_list
            yield from _signature_parts(node.args)
            if node.returns is not None:
                yield node.returns
        case ast.Lambda():
            yield from _signature_parts(node.args)
        case ast.ClassDef():
            yield from (*node.decorator_list, *node.bases, *(k.value for k in node.keywords))
        case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp():
            yield node.generators[0].iter


def _signature_parts(args: ast.arguments) -> Iterator[ast.AST]:
    yield from args.defaults
    yield from (d for d in args.kw_defaults if d is not None)
    yield from (a.annotation for a in parameter_list(args) if a.annotation is not None)


def _bound_in(function: FunctionNode | ast.Lambda) -> Names:
    bound = frozenset(parameter_names(function.args))
    if isinstance(function, ast.Lambda):
        return bound | walrus_names(function.body)
    outside = declared(function.body, ast.Nonlocal)
    return (bound | assigned(function.body)) - outside


def _comprehension_parts(node: Comprehension) -> Iterator[ast.AST]:
    """Everything of a comprehension but the first iterable."""
    for k, generator in enumerate(node.generators):
        yield generator.target
        yield from generator.ifs
        if k:
            yield generator.iter
    if isinstance(node, ast.DictComp):
        yield from (node.key, node.value)
    else:
        yield node.elt


def _function_level(node: ast.AST) -> Iterator[ast.AST]:
    return _function_level_of([node])


def _function_level_of(nodes: Iterable[ast.AST]) -> Iterator[ast.AST]:
    """As `own`, but comprehensions are entered."""
    waiting = list(nodes)
    while waiting:
        node = waiting.pop()
        yield node
        waiting.extend(_evaluated_here(node))
        if isinstance(node, COMPREHENSIONS):
            waiting.extend(_comprehension_parts(node))
