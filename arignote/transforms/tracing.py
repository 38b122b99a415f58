"""Calling a function inside a trace with some of its arguments as differentiation variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..api import Compiled
from ..errors import DTypeError, ShapeError, TraceError
from ..fxgraph.affine import size_node
from ..fxgraph.constants import constant
from ..fxgraph.graph import order_of
from ..fxgraph.node import Node, dependencies
from ..fxgraph.ops.barriers import grad_point, grad_point_op
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.shaping import zeros_like
from ..fxgraph.prove import hinted
from ..scanloop import derivatives
from ..trace import converting
from ..trace.derived import Derived, derive
from ..trace.proxy import node_of, wrap
from ..trace.pytree import Tree, flatten

__all__ = [
    "Inside", "Variables", "answer_of", "copied", "derivatives", "filled", "fitted", "nodes_of",
    "paired", "transformed",
]  # fmt: skip


def transformed(
    implementation: Callable[..., Any],
    function: Callable[..., Any],
    derivative: bool = False,
    made: Derived | None = None,
) -> Compiled:
    """What a transformation returns: `implementation` runs on traced values; it takes its name and
    documentation from `function`.

    derivative: of the function, by arguments that are the function's own.  made: how a user writes
    it.
    """
    implementation.__arignote_traced__ = True  # type: ignore[attr-defined]
    base = function._function if isinstance(function, Compiled) else function
    known = getattr(base, "__arignote_of__", base)
    implementation.__arignote_of__ = known if derivative else None  # type: ignore[attr-defined]
    if made is not None:
        derive(implementation, made)
    implementation.__name__ = f"{implementation.__name__}_of_{_name(function)}"
    implementation.__qualname__ = implementation.__name__
    implementation.__doc__ = getattr(function, "__doc__", None)
    implementation.__module__ = "arignote.transforms"
    return Compiled(implementation)


def _name(function: Callable[..., Any]) -> str:
    return str(getattr(function, "__name__", type(function).__name__)).strip("<>")


def answer_of(function: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Any:
    """function(*args, **kwargs), its control flow captured."""
    inner = function._function if isinstance(function, Compiled) else function
    return converting.converted(inner)(*args, **kwargs)


@dataclass(frozen=True)
class Variables:
    """The leaves of some arguments as variables.

    points: one node a leaf that has derivatives, None for others.  args: the arguments with fresh
    arrays in their place, so that what the function writes stays inside.
    """

    points: tuple[Node | None, ...]
    leaves: tuple[Node, ...]
    tree: Tree
    args: tuple[Any, ...]

    @classmethod
    def of(
        cls, args: Sequence[Any], argnums: Sequence[int], allow_int: bool, what: str
    ) -> Variables:
        """Raises DTypeError for integers and booleans unless `allow_int`, TraceError for bad
        argnums."""
        wanted = []
        for k in argnums:
            if not -len(args) <= k < len(args):
                raise TraceError(
                    f"{what}: argument {k} is asked for, but the call has {len(args)} arguments"
                )
            wanted.append(args[k])
        leaves, tree = flatten(tuple(wanted))
        nodes = tuple(node_of(x) for x in leaves)
        points = tuple(_point(n, allow_int, what) for n in nodes)
        fresh = [wrap(p if p is not None else n) for p, n in zip(points, nodes, strict=True)]
        new = list(args)
        for k, value in zip(argnums, tree.unflatten(fresh), strict=True):
            new[k] = value
        others = [k for k in range(len(args)) if k not in {a % len(args) for a in argnums}]
        for k in others:
            new[k] = copied(args[k])
        return cls(points, nodes, tree, tuple(new))

    @property
    def wrt(self) -> list[Node]:
        return [p for p in self.points if p is not None]

    def tree_of(self, values: Sequence[Node | None], single: bool) -> Any:
        """One value a variable, zeros where there is none, in the structure of the arguments."""
        found = iter(values)
        filled_ = []
        for p, n in zip(self.points, self.leaves, strict=True):
            value = next(found) if p is not None else None
            filled_.append(wrap(value if value is not None else zeros_like(n)))
        out = self.tree.unflatten(filled_)
        return out[0] if single else tuple(out)


def _point(n: Node, allow_int: bool, what: str) -> Node | None:
    if n.dtype.kind in "fc":
        return grad_point(n)
    if allow_int:
        return None
    raise DTypeError(
        f"{what} with respect to {n.type}: integers and booleans have no derivative. Pass a float "
        f"(x.astype(float), 1.0 for 1), choose other arguments with argnums, or say allow_int=True "
        f"to get zeros."
    )


def copied(x: Any) -> Any:
    """Arrays that the function may write, as arrays of its own."""
    leaves, tree = flatten(x)
    return tree.unflatten(_fresh(v) for v in leaves)


def _fresh(v: Any) -> Any:
    if isinstance(v, str | bytes) or v is None or callable(v):
        return v
    try:
        n = node_of(v)
    except (TypeError, ValueError):
        return v
    return wrap(n) if n.shape else v


def nodes_of(answer: Any) -> tuple[list[Node], Tree]:
    """The leaves of an answer as nodes, and its structure."""
    leaves, tree = flatten(answer)
    return [node_of(x) for x in leaves], tree


def filled(values: Sequence[Node | None], like: Sequence[Node]) -> list[Node]:
    """Zeros where there is no value."""
    pairs = zip(values, like, strict=True)
    return [v if v is not None else zeros_like(n) for v, n in pairs]


@dataclass(frozen=True)
class Inside:
    """The arguments of a function that becomes one node, as points that tell its inside from its
    outside.

    given: the leaves of the arguments.  points: what stands for them inside.
    """

    given: tuple[Node, ...]
    points: tuple[Node, ...]
    tree: Tree
    args: Any

    @classmethod
    def of(cls, args: Any) -> Inside:
        leaves, tree = flatten(args)
        given = tuple(node_of(x) for x in leaves)
        points = tuple(grad_point(n) if n.dtype.kind in "fc" else n for n in given)
        return cls(given, points, tree, tree.unflatten(map(wrap, points)))

    def captured(self, roots: Sequence[Node]) -> list[Node]:
        """What is read below `roots` beside the points: the outermost nodes that depend on none."""
        points = set(self.points)
        first = min((p.serial for p in points if p.op is grad_point_op), default=0)
        outside = lambda n: n in points or n.serial < first
        below = order_of(roots, stop=outside)
        depends: set[Node] = set(points)
        for n in below:
            if any(d in depends for d in dependencies(n)):
                depends.add(n)
        read = [d for n in below if n in depends for d in dependencies(n)]
        found = dict.fromkeys(n for n in (*read, *roots) if n not in depends)
        return sorted((n for n in found if n.op is not constant), key=lambda n: n.serial)


def paired(values: Any, like: Sequence[Node], tree: Tree, whose: str) -> list[Node]:
    """The leaves of cotangents or tangents, in the structure `tree`, each of its node's type."""
    nodes, given = nodes_of(values)
    if given != tree:
        raise TraceError(
            f"{whose} has another structure ({_listed(given)}) than what it belongs to "
            f"({_listed(tree)})"
        )
    names = [""] if tree.kind == "leaf" else [f" {name}" for name in tree.names()]
    return [
        fitted(g, x, whose + name) if x.dtype.kind in "fc" else x
        for g, x, name in zip(nodes, like, names, strict=True)
    ]


def _listed(tree: Tree) -> str:
    return "one value" if tree.kind == "leaf" else ", ".join(tree.names()) or "nothing"


def fitted(g: Node, like: Node, whose: str) -> Node:
    """g in the dtype of `like`.  Raises ShapeError, saying whose it is, where shapes differ."""
    have, want = _sizes(g), _sizes(like)
    if have != want:
        raise ShapeError(f"{whose} has shape {have}, it must have {want}")
    if g.shape != like.shape:  # equal in this call: the trace has to know for which others
        shape = tuple(d if isinstance(d, int) else wrap(d) for d in like.shape)
        g = node_of(np.broadcast_to(wrap(g), shape))
    return cast_to(g, like.dtype)


def _sizes(n: Node) -> tuple[int | None, ...]:
    """The shape in this call."""
    return tuple(d if isinstance(d, int) else hinted(size_node(d)) for d in n.shape)
