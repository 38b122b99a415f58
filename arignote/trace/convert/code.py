"""Code objects: the definition found, converted, compiled under the user's file name and lines.

Blocks get the name of the user's function, so that a traceback reads as that of plain Python.
"""

import __future__

import ast
import contextlib
import dis
import functools
import inspect
import operator
import sys
import weakref
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import CodeType, FunctionType

from arignote.errors import UnsupportedError

from .context import SiteTable
from .quiet import compiled
from .refused import obstacle
from .room import with_room
from .scope import parameter_list
from .site import Site, site_of
from .source import Source, source_of
from .statements import convert_function
from .syntax import OPERATORS, PREFIX, SITES, complete, definition, located

FACTORY = PREFIX + "factory"
FUNCTION = PREFIX + "function"
FUTURE = functools.reduce(
    operator.or_, (getattr(__future__, n).compiler_flag for n in __future__.all_feature_names)
)
SUSPENDS = inspect.CO_GENERATOR | inspect.CO_COROUTINE | inspect.CO_ASYNC_GENERATOR
JUMPS = frozenset(dis.hasjrel) | frozenset(dis.hasjabs)

_converted: dict[int, weakref.ref[CodeType]] = {}


@dataclass(frozen=True)
class Converted:
    """The code that a converted function runs; `changed` is False for the original code."""

    code: CodeType
    sites: tuple[Site, ...]
    changed: bool


def is_converted(code: CodeType) -> bool:
    """Whether a code object was made here, functions nested in converted ones included."""
    return id(code) in _converted


def converted_code(function: FunctionType) -> Converted:
    """Convert and compile the definition of a function.

    Where that cannot be done, code without a single jump is right as it is.  Raises
    UnsupportedError as `converted` does.
    """
    original = function.__code__
    try:
        module, table, path = _compiled(function)
    except UnsupportedError:
        if not is_straight(original):
            raise
        return Converted(original, (), False)
    code = _inner(module, path)
    code = _renamed(code, original.co_name, original.co_qualname)
    _register(code)
    return Converted(code, tuple(table.sites), True)


def is_straight(code: CodeType) -> bool:
    """Is code right as it is, also where its text is not to be had?"""
    return not (code.co_flags & SUSPENDS or any(_jumps(code)))


def converted_text(function: FunctionType) -> str:
    """The converted definition as Python text, to be read by people; raises as `converted`."""

    def text() -> str:
        node, _ = _converted_node(function, source_of(function))
        return ast.unparse(node)

    return with_room(text)


def _compiled(function: FunctionType) -> tuple[CodeType, SiteTable, list[str]]:
    """The compiled module, the sites, and where in the module the factory is."""

    def work() -> tuple[CodeType, SiteTable, list[str]]:
        source = source_of(function)
        node, table = _converted_node(function, source)
        tree = _in_factory(node, source, function.__code__.co_freevars)
        flags = function.__code__.co_flags & FUTURE
        module = compiled(tree, source.file, flags)
        return module, table, [*([source.class_name] if source.class_name else []), FACTORY]

    with contextlib.suppress(RecursionError):
        return work()
    try:
        return with_room(work)
    except RecursionError:
        raise UnsupportedError(
            f"{function.__qualname__} (line {function.__code__.co_firstlineno} of "
            f"{function.__code__.co_filename}) nests too deeply to be converted: a long chain of "
            "operators or of `elif`. Split it."
        ) from None


def _converted_node(function: FunctionType, source: Source) -> tuple[ast.FunctionDef, SiteTable]:
    """The definition, converted in place."""
    node, name = source.node, function.__qualname__
    problem = obstacle(node)
    if problem is not None or not isinstance(node, ast.FunctionDef):
        where, message = problem or (node, "this cannot be captured")
        raise UnsupportedError(f"{site_of(where, source.lines, source.file, name)}: {message}")
    table = SiteTable(source.file, source.lines)
    node.decorator_list, node.returns = [], None
    if sys.version_info >= (3, 12):
        node.type_params = []
    _strip_signature(node.args)
    convert_function(node, table, name, source.class_name is not None)
    complete(node)
    return node, table


def _in_factory(node: ast.FunctionDef, source: Source, free: Iterable[str]) -> ast.Module:
    """A module whose factory function has the free variables and holds the definition."""
    node.name = FUNCTION  # under its own name, it would hide a global function that calls itself
    parameters = dict.fromkeys([OPERATORS, SITES, *free])
    body: ast.stmt = located(definition(FACTORY, list(parameters), [node]), node)
    if source.class_name is not None:
        template = ast.parse("class C: pass").body[0]
        assert isinstance(template, ast.ClassDef)
        template.name, template.body = source.class_name, [body]
        body = ast.copy_location(template, node)
    return ast.Module([body], [])


def _strip_signature(args: ast.arguments) -> None:
    """Defaults and annotations stay with the function object; only their number matters here."""
    args.defaults = [located(ast.Constant(None), d) for d in args.defaults]
    args.kw_defaults = [d and located(ast.Constant(None), d) for d in args.kw_defaults]
    for parameter in parameter_list(args):
        parameter.annotation = None


def _inner(code: CodeType, path: list[str]) -> CodeType:
    """The only function in the factory at `path`."""
    for name in path:
        code = next(c for c in _codes_in(code) if c.co_name == name)
    return next(_codes_in(code))


def _renamed(code: CodeType, name: str, qualname: str) -> CodeType:
    """The same code under another name, with what is defined in it named as the user sees it."""
    function = code.co_flags & inspect.CO_OPTIMIZED
    prefix = f"{qualname}.<locals>." if function else f"{qualname}."
    constants = []
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            if constant.co_name.startswith(PREFIX):
                constant = _renamed(constant, name, qualname)
            else:
                constant = _renamed(constant, constant.co_name, prefix + constant.co_name)
        elif not function and constant == code.co_qualname:
            constant = qualname  # a class body assigns it to __qualname__
        constants.append(constant)
    return code.replace(co_name=name, co_qualname=qualname, co_consts=tuple(constants))


def _register(code: CodeType) -> None:
    waiting = [code]
    while waiting:
        one = waiting.pop()
        if not one.co_flags & SUSPENDS and one.co_flags & inspect.CO_OPTIMIZED:
            _converted[id(one)] = weakref.ref(one, functools.partial(_forget, id(one)))
            waiting.extend(_codes_in(one))


def _forget(key: int, _: weakref.ref[CodeType]) -> None:
    _converted.pop(key, None)


def _codes_in(code: CodeType) -> Iterator[CodeType]:
    return (c for c in code.co_consts if isinstance(c, CodeType))


def _jumps(code: CodeType) -> Iterator[int]:
    """The jumps of a function and of those nested in it."""
    waiting = [code]
    while waiting:
        one = waiting.pop()
        yield from (i.offset for i in dis.get_instructions(one) if i.opcode in JUMPS)
        waiting.extend(_codes_in(one))
