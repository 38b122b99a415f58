"""What the constructs' files share while one function is converted."""

import ast
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count

from .liveness import Liveness
from .scope import Names, Scope
from .site import Site, site_of
from .syntax import SITES, load


@dataclass
class SiteTable:
    """The sites of a converted function and of those nested in it, in order of appearance."""

    file: str
    lines: Sequence[str]
    sites: list[Site] = field(default_factory=list)

    def add(self, node: ast.AST, function: str) -> int:
        self.sites.append(site_of(node, self.lines, self.file, function))
        return len(self.sites) - 1


@dataclass
class Context:
    """One function under conversion.

    `statements` and `expression` convert what a construct contains; they come from the driver,
    so that the constructs need not import each other.
    """

    table: SiteTable
    function: str
    scope: Scope
    live: Liveness
    unsure: set[ast.Name]
    before: dict[ast.stmt, Names]
    first_parameter: str | None
    statements: Callable[["Context", Iterable[ast.stmt]], list[ast.stmt]]
    expression: Callable[["Context", ast.expr], ast.expr]
    to_initialise: set[str] = field(default_factory=set)
    to_set: dict[str, ast.expr] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=lambda: count(1))

    def site(self, node: ast.AST) -> ast.expr:
        """`_ag_sites[k]`: the site of a node, as an expression."""
        index = self.table.add(node, self.function)
        return ast.Subscript(load(SITES), ast.Constant(index), ast.Load())
