"""Rewrite rules: a pattern written with the ops themselves, a name, and a promise.

The name of a rule is the name of its function: users exclude it, the debug mode reports it, tests
are called after it.  A rule declines by returning None, or a node of another type than the one it
matched (so no builder compares shapes).  Rules are total: they never make partial operations.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import numpy as np

from ..fxgraph.constants import new_input
from ..fxgraph.node import Node, Op
from .pattern import Matcher, matchers

Build: TypeAlias = Callable[..., "Node | None"]
#: "bits": not one bit changes (nan, inf and -0.0 included; which nan is not told apart);
#: "reals": equal over the real numbers, rounding may differ, and the edges of the domain may
#: improve.
Promise: TypeAlias = Literal["bits", "reals"]
PHASES = ("useless", "canonicalize", "stabilize", "specialize", "scan")
#: Rules of this tag run only when `including` names the tag or the rule.
OPT_IN = "fast_math"


@dataclass(frozen=True, eq=False)
class Rule:
    """One rewrite.

    matchers: alternatives of the pattern, operand orders of commutative ops spelled out; empty for
    rules on whole ops, which get the node.  ops, traits: the roots that are looked at.
    first, among: ops one of which the first operand, or some operand, has (empty: any).
    kinds: the dtype kinds of the root that the promise holds for.
    """

    name: str
    build: Build
    phase: str
    keeps: Promise
    doc: str
    tags: frozenset[str]
    kinds: str
    ops: tuple[Op, ...]
    traits: tuple[str, ...]
    first: frozenset[Op]
    among: frozenset[Op]
    matchers: tuple[Matcher, ...]
    pattern: Node | None
    wants_root: bool

    def __call__(self, matcher: Matcher | None, n: Node) -> Node | None:
        """The replacement of n, or None."""
        if matcher is None:
            return self.build(n)
        bound: dict[str, Node] = {}
        if not matcher(n, bound):
            return None
        return self.build(root=n, **bound) if self.wants_root else self.build(**bound)


RULES: dict[str, Rule] = {}
#: Rules of this tag run only for functions compiled with `rules=`.
ASKED = "asked"
_using: ContextVar[frozenset[str]] = ContextVar("using", default=frozenset())


@contextmanager
def using(names: Iterable[str]) -> Iterator[None]:
    """Rules of the tag "asked" that run for what is compiled inside."""
    token = _using.set(_using.get() | frozenset(names))
    try:
        yield
    finally:
        _using.reset(token)


def in_use() -> frozenset[str]:
    """The names that `using` has put in force."""
    return _using.get()


def var(name: str, dtype: Any = "f8", shape: tuple[Any, ...] = ()) -> Node:
    """In a pattern: any value.  dtype and shape only serve to write the pattern down."""
    return new_input("?" + name, np.dtype(dtype), shape)


def cst(name: str, dtype: Any = "f8") -> Node:
    """In a pattern: any constant."""
    return new_input("!" + name, np.dtype(dtype))


def rule(
    *patterns: Node | Op | str,
    phase: str = "canonicalize",
    keeps: Promise,
    tags: Iterable[str] = (),
    kinds: str = "biufcO",
    first: Iterable[Op] = (),
    among: Iterable[Op] = (),
) -> Callable[[Build], Build]:
    """Declare the decorated function as a rule.

    patterns: one node over `var` and `cst` (the function gets what they matched, by name, and the
    node itself if it has a parameter `root`), or several ops or traits (it gets the node).
    first, among: look only at nodes whose first operand, or some operand, has one of these ops.
    Raises ValueError for a second rule of one name, or one without a docstring.
    """

    def register(build: Build) -> Build:
        name = build.__name__
        if name in RULES:
            raise ValueError(f"rule {name!r} is declared twice")
        if not build.__doc__:
            raise ValueError(f"rule {name!r} needs a docstring saying what becomes what")
        if phase not in PHASES:
            raise ValueError(f"rule {name!r}: no phase is called {phase!r}: {', '.join(PHASES)}")
        nodes = [p for p in patterns if isinstance(p, Node)]
        RULES[name] = Rule(
            name=name,
            build=build,
            phase=phase,
            keeps=keeps,
            doc=" ".join(build.__doc__.split()),
            tags=frozenset(tags),
            kinds=kinds,
            ops=tuple(p for p in patterns if isinstance(p, Op)) + tuple(n.op for n in nodes),
            traits=tuple(p for p in patterns if isinstance(p, str)),
            first=frozenset(first),
            among=frozenset(among),
            matchers=tuple(m for n in nodes for m in matchers(n)),
            pattern=nodes[0] if nodes else None,
            wants_root="root" in inspect.signature(build).parameters and bool(nodes),
        )
        return build

    return register


def selected(
    phases: Collection[str],
    *,
    including: Collection[str] = (),
    excluding: Collection[str] = (),
    requiring: Collection[str] = (),
) -> tuple[Rule, ...]:
    """The rules of some phases that names and tags let through, in order of declaration."""
    also = _using.get()
    return tuple(
        r
        for r in RULES.values()
        if r.phase in phases
        and (OPT_IN not in r.tags or _named(r, including))
        and (ASKED not in r.tags or r.name in also or _named(r, including))
        and not _named(r, excluding)
        and (not requiring or _named(r, requiring))
    )


def _named(r: Rule, names: Collection[str]) -> bool:
    return r.name in names or r.phase in names or not r.tags.isdisjoint(names)


def known_names() -> frozenset[str]:
    """Every name that `including`, `excluding` and `requiring` may have, passes apart."""
    return frozenset(RULES).union(PHASES, *(r.tags for r in RULES.values()))


def declared_ops() -> frozenset[Op]:
    """The ops some rule looks at."""
    return frozenset(op for r in RULES.values() for op in r.ops)


__all__ = [
    "ASKED",
    "OPT_IN",
    "PHASES",
    "RULES",
    "Build",
    "Promise",
    "Rule",
    "cst",
    "declared_ops",
    "known_names",
    "rule",
    "selected",
    "using",
    "var",
]
