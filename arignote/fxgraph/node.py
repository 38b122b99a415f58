"""Nodes: immutable, interned, typed when they are made.

Two nodes with the same op, operands and attributes are the same object, so `is` is structural
equality, common subexpressions are already shared, and the graph before and after a rewrite can be
kept side by side.  Where a node came from is beside the graph, in `origin`.

A node that yields several values has a tuple of types; `proj` picks one of them.
"""

from __future__ import annotations

import itertools
import threading
import weakref
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from ..errors import ArignoteError
from ..forks import renew_in_children
from .types import Size, TensorType

Attrs: TypeAlias = "tuple[tuple[str, Any], ...]"
NodeType: TypeAlias = "TensorType | tuple[TensorType, ...]"

#: Every declared op by name.
OPS: dict[str, Op] = {}


@dataclass(frozen=True, eq=False)
class Op:
    """All that is known about one operation; the declarations are in `ops/`.

    infer(*operand nodes, **attrs) gives the type; reference(*values, **attrs) is the NumPy meaning;
    vjp(g, out, *operands, **attrs) gives one cotangent node (or None) an operand;
    jvp(tangents, out, *operands, **attrs) gives the tangent node of the result.
    `build` is what calling the op does: promotion, casts, checks, then `make`.
    """

    name: str
    infer: Callable[..., NodeType]
    reference: Callable[..., Any] | None = None
    build: Callable[..., Node] | None = None
    numpy: tuple[Any, ...] = ()
    vjp: Callable[..., tuple[Node | None, ...]] | None = None
    jvp: Callable[..., Any] | None = None
    scalar_c: Any = None
    traits: frozenset[str] = frozenset()
    samples: Any = None
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.name in OPS:
            raise ValueError(f"op {self.name!r} is declared twice")
        OPS[self.name] = self

    def __call__(self, *args: Any, **attrs: Any) -> Node:
        if self.build is not None:
            return self.build(*args, **attrs)
        return make(self, args, tuple(sorted(attrs.items())))

    def __reduce__(self) -> tuple[Any, ...]:
        return op_named, (self.name,)

    def __repr__(self) -> str:
        return self.name


def derivatives(
    op: Op,
    vjp: Callable[..., tuple[Node | None, ...]] | None = None,
    jvp: Callable[..., Any] | None = None,
) -> None:
    """Give an op its derivative rules after its declaration: rules are written in other ops, some
    of
    which need this one."""
    if op.vjp is not None or op.jvp is not None:
        raise ValueError(f"op {op.name!r} has derivative rules already")
    object.__setattr__(op, "vjp", vjp)
    object.__setattr__(op, "jvp", jvp)


def op_named(name: str) -> Op:
    """The op declared under `name`; raises ArignoteError when there is none."""
    try:
        return OPS[name]
    except KeyError:
        raise ArignoteError(
            f"no op is called {name!r}: was the module that declares it imported?"
        ) from None


class Node:
    """One value of a graph.  Made by `make` only; never changed afterwards.

    free: the params, indices and tokens of open bodies that the value depends on, sizes included.
    serial: grows with construction; orders nodes of one trace, is no part of identity.
    """

    __slots__ = ("op", "inputs", "attrs", "type", "free", "serial", "__weakref__")
    op: Op
    inputs: tuple[Node, ...]
    attrs: Attrs
    type: Any
    free: frozenset[Node]
    serial: int

    def attr(self, name: str) -> Any:
        for key, value in self.attrs:
            if key == name:
                return value
        raise KeyError(f"{self.op.name} has no attribute {name!r}")

    @property
    def kwargs(self) -> dict[str, Any]:
        return dict(self.attrs)

    @property
    def dtype(self) -> Any:
        return self.type.dtype

    @property
    def shape(self) -> tuple[Size, ...]:
        shape: tuple[Size, ...] = self.type.shape
        return shape

    @property
    def rank(self) -> int:
        return len(self.type.shape)

    def __repr__(self) -> str:
        return f"{self.op.name}:{self.type}"

    def __reduce__(self) -> tuple[Any, ...]:
        return _unflatten_one, (flatten((self,)),)


_table: weakref.WeakValueDictionary[tuple[Any, ...], Node] = weakref.WeakValueDictionary()
_lock = threading.RLock()
renew_in_children(globals(), "_lock", threading.RLock)

_serial = itertools.count(1)
_NONE: frozenset[Node] = frozenset()

#: Node -> where the user wrote it.  No part of identity; rewrites pass it on in one place.
origin: weakref.WeakKeyDictionary[Node, Origin] = weakref.WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Origin:
    """The user's file, line and expression a node stands for; `name` is the variable it went to."""

    file: str
    line: int
    expression: str
    function: str = ""
    name: str = ""

    def __str__(self) -> str:
        return f"{self.file}:{self.line}"


#: Writes and checks made by rewrites -> the serial of what the program had there.
_turns: weakref.WeakKeyDictionary[Node, int] = weakref.WeakKeyDictionary()
_SEEN_AFTER_ERRORS = frozenset({"write", "scatter", "partial", "effect", "body"})


def turn_of(n: Node) -> int:
    """Orders the writes and checks of one body as the program does them."""
    return _turns.get(n, n.serial)


def take_turn(n: Node) -> None:
    """The write or check n, though it was made before, is done behind all that were made so far."""
    _turns[n] = next(_serial)


def _stood(n: Node) -> int:
    """The turn of what is made in place of n: a loop in place of a result of one has the loop's."""
    return turn_of(n.inputs[0] if n.op.name == "proj" else n)


_here = threading.local()


class at_origin:
    """Context manager: nodes made inside get this origin unless they already have one.

    instead: the node they stand for; writes and checks among them have its turn.
    """

    def __init__(self, where: Origin | None, instead: Node | None = None) -> None:
        self.where = where
        self.turn = _stood(instead) if instead is not None else None

    def __enter__(self) -> None:
        self.outer = getattr(_here, "origin", None)
        self.outer_turn = getattr(_here, "turn", None)
        _here.origin = self.where if self.where is not None else self.outer
        _here.turn = self.turn if self.turn is not None else self.outer_turn

    def __exit__(self, *_: object) -> None:
        _here.origin = self.outer
        _here.turn = self.outer_turn


def current_origin() -> Origin | None:
    where: Origin | None = getattr(_here, "origin", None)
    return where


def make(op: Op, inputs: Iterable[Node] = (), attrs: Attrs = ()) -> Node:
    """The one constructor: the node with this op, operands and attributes, typed by `op.infer`."""
    inputs = tuple(inputs)
    key = (op, inputs, attrs)
    node = _table.get(key)
    if node is not None:
        return node
    node = Node()
    node.op, node.inputs, node.attrs = op, inputs, attrs
    node.type = op.infer(*inputs, **dict(attrs))
    with _lock:
        other = _table.get(key)
        if other is not None:
            return other
        node.serial = next(_serial)
        node.free = _free(node)
        _table[key] = node
    where = getattr(_here, "origin", None)
    if where is not None:
        origin[node] = where
    turn = getattr(_here, "turn", None)
    if turn is not None:
        whole = isinstance(node.type, TensorType) and node.type.shape  # may be all of an argument
        if whole or not _SEEN_AFTER_ERRORS.isdisjoint(op.traits):
            _turns[node] = turn
    return node


def _free(node: Node) -> frozenset[Node]:
    if "binder" in node.op.traits:
        below = [
            *dependencies(node),
            *attr_nodes(node),
        ]  # the bounds of an index stand in attributes
        return frozenset((node,)).union(*(d.free for d in below))
    free = _NONE
    for d in node.inputs:
        if d.free and not d.free <= free:
            free = free | d.free
    for d in size_nodes(node.type):
        if d.free and not d.free <= free:
            free = free | d.free
    if "body" in node.op.traits:
        return free - frozenset().union(*(b.own for b in node.attr("bodies")))
    return free


def size_nodes(t: NodeType) -> Iterator[Node]:
    """The nodes among the sizes of a type."""
    for u in t if isinstance(t, tuple) else (t,):
        for d in u.shape:
            if not isinstance(d, int):
                yield d


def dependencies(node: Node) -> list[Node]:
    """What must be computed before `node`: its operands, and the sizes its type mentions."""
    t = node.type
    if not isinstance(t, tuple) and not t.shape:
        return [*node.inputs]
    return [*node.inputs, *size_nodes(t)]


# ---- pickling: a flat list, because a graph may be 100,000 nodes deep ---------------------------


@dataclass(frozen=True, slots=True)
class Flat:
    """Nodes in dependency order; operands and embedded nodes are positions in the list."""

    rows: tuple[tuple[str, tuple[int, ...], Attrs, Origin | None], ...]
    roots: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class _Ref:
    position: int


def flatten(roots: Iterable[Node]) -> Flat:
    """The graph under `roots` as plain rows, bodies and attribute nodes included."""
    roots = tuple(roots)
    position: dict[Node, int] = {}
    rows = []
    stack = [(r, False) for r in reversed(roots)]
    while stack:
        node, ready = stack.pop()
        if node in position:
            continue
        if not ready:
            stack.append((node, True))
            stack.extend((d, False) for d in reversed([*dependencies(node), *attr_nodes(node)]))
            continue
        attrs = tuple((k, _pack(v, position)) for k, v in node.attrs)
        rows.append(
            (node.op.name, tuple(position[x] for x in node.inputs), attrs, origin.get(node))
        )
        position[node] = len(rows) - 1
    return Flat(tuple(rows), tuple(position[r] for r in roots))


def unflatten(flat: Flat) -> tuple[Node, ...]:
    """The inverse of `flatten`: rebuilt through the intern table, so identity is kept."""
    nodes: list[Node] = []
    for name, inputs, attrs, where in flat.rows:
        plain = tuple((k, _unpack(v, nodes)) for k, v in attrs)
        node = make(op_named(name), tuple(nodes[i] for i in inputs), plain)
        if where is not None and node not in origin:
            origin[node] = where
        nodes.append(node)
    return tuple(nodes[i] for i in flat.roots)


def _unflatten_one(flat: Flat) -> Node:
    return unflatten(flat)[0]


def attr_nodes(node: Node) -> list[Node]:
    """Nodes that stand in attributes: sizes of a param's type, bounds of an index, bodies."""
    out: list[Node] = []
    for _, value in node.attrs:
        _collect(value, out)
    return out


def _collect(value: Any, out: list[Node]) -> None:
    if isinstance(value, Node):
        out.append(value)
    elif isinstance(value, TensorType):
        out.extend(d for d in value.shape if isinstance(d, Node))
    elif isinstance(value, tuple):
        for v in value:
            _collect(v, out)
    elif hasattr(value, "node_fields"):
        for v in value.node_fields():
            _collect(v, out)


def map_attr(value: Any, f: Callable[[Node], Any]) -> Any:
    """An attribute value with every node in it replaced by f(node)."""
    if isinstance(value, Node):
        return f(value)
    if isinstance(value, TensorType):
        if all(isinstance(d, int) for d in value.shape):
            return value
        sizes = tuple(d if isinstance(d, int) else f(d) for d in value.shape)
        return TensorType(value.dtype, sizes, value.weak)
    if isinstance(value, tuple):
        return tuple(map_attr(v, f) for v in value)
    if hasattr(value, "node_fields"):
        return value.with_fields(map_attr(value.node_fields(), f))
    return value


def _pack(value: Any, position: dict[Node, int]) -> Any:
    return map_attr(value, lambda n: _Ref(position[n]))


def _unpack(value: Any, nodes: list[Node]) -> Any:
    if isinstance(value, _Ref):
        return nodes[value.position]
    if isinstance(value, TensorType):
        sizes = tuple(nodes[d.position] if isinstance(d, _Ref) else d for d in value.shape)
        return TensorType(value.dtype, sizes, value.weak)
    if isinstance(value, tuple):
        return tuple(_unpack(v, nodes) for v in value)
    if hasattr(value, "node_fields"):
        return value.with_fields(_unpack(value.node_fields(), nodes))
    return value
