"""Where lowered values live: scopes of statements, and the state of one lowering."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.affine import size_node
from ...fxgraph.constants import array_of, constant, lit, new_index
from ...fxgraph.graph import order_of, remake
from ...fxgraph.node import Node, Origin, origin
from ...fxgraph.types import DType, Shape, TensorType
from .program import Alloc, Buffer, Loop, Role, Site, Statement, new_local

_SCALAR_LEAVES = ("input", "index", "local", "load", "constant")


@dataclass
class Lowering:
    """What one lowering collects beside statements.

    targets: value (chain root) -> the output it becomes, to be built in its memory.
    copies: the same for values that become one only where they are copies of what they change.
    results: output -> its memory, once it exists.  cells: written arguments -> their memory.
    lines: the versions of what is overwritten that come one after the other in its memory.
    """

    sites: list[Site] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    constants: dict[Node, Buffer] = field(default_factory=dict)
    targets: dict[Node, int] = field(default_factory=dict)
    copies: dict[Node, int] = field(default_factory=dict)
    results: dict[int, Buffer] = field(default_factory=dict)
    cells: dict[Node, Buffer] = field(default_factory=dict)
    lines: set[Node] = field(default_factory=set)
    shapes: dict[tuple[Buffer, Shape], Buffer] = field(default_factory=dict)

    def reshaped(self, b: Buffer, shape: Shape) -> Buffer:
        """The same memory (C order) under other sizes."""
        root = b.base if b.base is not None else b
        key = (root, shape)
        if key not in self.shapes:
            self.shapes[key] = replace(root, shape=shape, base=root)
        return self.shapes[key]

    def site(self, s: Site) -> int:
        self.sites.append(s)
        return len(self.sites) - 1

    def note(self, n: Node, text: str) -> None:
        """Say in `explain` why something was copied or kept."""
        where = origin.get(n)
        self.notes.append(f"{where}: {where.expression}: {text}" if where else f"{n.op}: {text}")

    def constant(self, n: Node) -> Buffer:
        """The buffer of a constant array."""
        if n not in self.constants:
            name = f"constant{len(self.constants)}"
            self.constants[n] = Buffer(name, n.dtype, n.shape, "constant", written=False)
        return self.constants[n]


class Scope:
    """Statements being collected, and where values are, inside what encloses them.

    turning: the places of a loop's carries, where they only change places; nothing else is there.
    """

    def __init__(self, state: Lowering, parent: Scope | None = None) -> None:
        self.state = state
        self.parent = parent
        self.values: dict[Node, Buffer | Node] = {}
        self.memo: dict[tuple[Node, tuple[Node, ...]], Node] = {}
        self.known: dict[Node, Node] = {}
        self.out: list[Statement] = []
        self.turning: set[Buffer] = set()

    def child(self) -> Scope:
        return Scope(self.state, self)

    def find(self, n: Node) -> Buffer | Node | None:
        """Where n is kept: a buffer, a scalar expression, or nowhere."""
        scope: Scope | None = self
        while scope is not None:
            if n in scope.values:
                return scope.values[n]
            scope = scope.parent
        return None

    def __contains__(self, n: Node) -> bool:
        return self.find(n) is not None

    def buffer(self, n: Node) -> Buffer | None:
        """The buffer n is kept in, if it is."""
        b = self.find(n)
        return b if isinstance(b, Buffer) else None

    def moved(self, n: Node, b: Buffer) -> None:
        """From here on n is in b."""
        self.values[n] = b
        scope: Scope | None = self
        while scope is not None:
            scope.memo.clear()  # it has elements of n
            scope = scope.parent

    def recall(self, n: Node, index: tuple[Node, ...]) -> Node | None:
        scope: Scope | None = self
        while scope is not None:
            if (n, index) in scope.memo:
                return scope.memo[n, index]
            scope = scope.parent
        return None

    def emit(self, *statements: Statement) -> None:
        self.out.extend(statements)

    def scalar(self, n: Node) -> Node:
        """A rank-0 value as an expression over what is at hand here."""
        if n.op is constant or (n.op.name in ("index", "local", "load") and n not in self):
            return n
        if n in self.known:
            return self.known[n]
        done: dict[Node, Node] = {}
        for m in order_of((n,), stop=lambda m: m in done or m in self):
            done[m] = self._scalar(m, done)
        place = self.find(n)
        self.known[n] = place if isinstance(place, Node) else done[n]
        return self.known[n]

    def _scalar(self, m: Node, done: dict[Node, Node]) -> Node:
        if m.op.name in _SCALAR_LEAVES:
            return m
        if m.op.name not in ("affine", "cast") and "elementwise" not in m.op.traits:
            raise LookupError(f"{m} is not available here: it should have been an action")
        inputs = []
        for x in m.inputs:
            place = self.find(x)
            inputs.append(place if isinstance(place, Node) else done[x])
        return remake(m.op, tuple(inputs), m.attrs)

    def size(self, d: int | Node) -> Node:
        return self.scalar(size_node(d))

    def sizes(self, shape: Shape) -> Shape:
        return tuple(d if isinstance(d, int) else self.scalar(d) for d in shape)

    def local(self, name: str, t: TensorType) -> Node:
        return new_local(name, TensorType(t.dtype, (), t.weak))


def name_of(n: Node, default: str) -> str:
    where = origin.get(n)
    return where.name if where is not None and where.name else default


def nest(
    scope: Scope,
    shape: Shape,
    build: Callable[[list[Node], Scope], None],
    where: Origin | None = None,
    order: Sequence[int] | None = None,
) -> None:
    """Emit one loop an axis of `shape` (outermost first, or in `order`) around what `build` emits.

    Axes of size 1 get no loop: their position is 0.
    """
    position: list[Node] = []
    for axis, d in enumerate(shape):
        name = "ijklmn"[axis] if axis < 6 else f"i{axis}"
        position.append(
            lit(0) if isinstance(d, int) and d == 1 else new_index(lit(0), scope.size(d), 1, name)
        )
    inner = scope.child()
    build(position, inner)
    body = tuple(inner.out)
    for axis in reversed(order if order is not None else range(len(shape))):
        if position[axis].op is not constant:
            body = (Loop(position[axis], body, origin=where),)
    scope.emit(*body)


def allocate(
    scope: Scope, n: Node, dtype: DType, shape: Shape, role: Role = "temporary", zero: bool = False
) -> Buffer:
    """Memory for a value of this type: its result buffer if it is to become one, else scratch."""
    inside = scope.parent is not None  # a branch or a step: what stands there may not run
    k = None if inside else scope.state.targets.pop(n, None)
    if k is not None:
        b = result_buffer(scope, k, dtype, shape)
    else:
        b = Buffer(name_of(n, "t"), dtype, scope.sizes(shape), role)
    scope.emit(Alloc(b, zero))
    return b


def result_buffer(scope: Scope, k: int, dtype: DType, shape: Shape) -> Buffer:
    """The memory of output k."""
    b = scope.state.results[k] = Buffer(f"out{k}", dtype, scope.sizes(shape), "result")
    return b


def literal(n: Node) -> int | None:
    """The value of a constant integer node."""
    return int(array_of(n)) if n.op is constant else None
