"""The Program: loop nests over buffers.  Mutation is explicit here, and only here.

Scalar expressions are graph nodes of rank 0 whose leaves are `local` (a C variable), `load` (an
element of a buffer), loop indices, input integers and constants; so the prover, the rules and
both printers share one expression language.  Statements are frozen; a pass makes new ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Literal, TypeAlias

from ...fxgraph.constants import fresh_uid
from ...fxgraph.node import Node, Op, Origin, make
from ...fxgraph.types import F64, DType, Shape, TensorType

Role = Literal["argument", "result", "temporary", "constant", "alias"]


@dataclass(frozen=True, eq=False)
class Buffer:
    """Memory of one dtype.

    shape: sizes in elements.  strides: elements an axis, None for C order.  role: who owns it:
    "argument" and "constant" come in by pointer, "result" is the caller's (allocated before the
    call
    if its shape is known from the sizes, during it otherwise), "temporary" is scratch, "alias" is a
    pointer variable that takes other buffers' places (rotating carries).
    written: does the program store into it?  restrict: may the printer promise that no other
    buffer overlaps it?  base: the same memory under another shape (both in C order); the printer
    uses the base's pointer.  ring: the same for aliases that only change places with each other,
    which never share memory.
    """

    name: str
    dtype: DType
    shape: Shape
    role: Role
    strides: Shape | None = None
    written: bool = True
    restrict: bool = True
    base: Buffer | None = None
    ring: Buffer | None = None

    @property
    def rank(self) -> int:
        return len(self.shape)

    def __str__(self) -> str:
        return f"{self.name}: {TensorType(self.dtype, self.shape)} ({self.role})"


#: The library routine that gives a temporary more rows: what it held stays, the rest is undefined.
GROW = "grow"

#: (index...; buffer): an element
load_op = Op(
    "load",
    infer=lambda *index, buffer: TensorType(buffer.dtype),
    traits=frozenset({"leaf", "program"}),
)
#: seconds that a clock shows when the statement is reached (profiles only)
now_op = Op("now", infer=lambda: TensorType(F64), traits=frozenset({"leaf", "program"}))
#: a C variable
local_op = Op("local", infer=lambda *, name, type, uid: type, traits=frozenset({"leaf", "program"}))


def load(buffer: Buffer, index: Iterable[Node]) -> Node:
    return make(load_op, tuple(index), (("buffer", buffer),))


def new_local(name: str, type: TensorType) -> Node:
    """A fresh C variable; the printer makes its name unique."""
    return make(local_op, (), (("name", name), ("type", type), ("uid", fresh_uid())))


# ---- statements ---------------------------------------------------------------------------------
@dataclass(frozen=True, eq=False)
class Assign:
    """local = value"""

    local: Node
    value: Node


@dataclass(frozen=True, eq=False)
class Fold:
    """local = local (op) value, for a reduction op; a loop around it may be reassociated"""

    local: Node
    op: Op
    value: Node


@dataclass(frozen=True, eq=False)
class Store:
    """buffer[index] = value, or += (accumulate)

    any_order: what is added are terms of a product of matrices, whose order NumPy leaves to BLAS.
    """

    buffer: Buffer
    index: tuple[Node, ...]
    value: Node
    accumulate: bool = False
    any_order: bool = False


@dataclass(frozen=True)
class Rows:
    """What a loop inside of a loop over rows of memory reads: its first element in the row at hand
    and in the next one, both loads; rows: how many the outer loop walks over, `jam` a step."""

    here: Node
    after: Node
    rows: Node
    jam: int


@dataclass(frozen=True, eq=False)
class Loop:
    """for index in range(lo, hi, step): body.  lo, hi and step are the index node's attributes.

    parallel: the steps are independent; threads share them where steps * `work` (tenths of
    nanoseconds a step,
    estimated, an expression over what is known before the loop) is worth it.
    vector: the steps are independent and the innermost loop.
    fused: the lines of loops that joined it.
    ahead: rows to ask memory for before their turn comes.
    """

    index: Node
    body: tuple[Statement, ...]
    parallel: bool = False
    vector: bool = False
    work: Node | None = None
    origin: Origin | None = None
    fused: tuple[Origin, ...] = ()
    ahead: tuple[Rows, ...] = ()


@dataclass(frozen=True, eq=False)
class While:
    """while True: setup; if not cond: break; body"""

    setup: tuple[Statement, ...]
    cond: Node
    body: tuple[Statement, ...]
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class If:
    pred: Node
    then: tuple[Statement, ...]
    other: tuple[Statement, ...] = ()
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class Break:
    """Leave the innermost Loop or While."""


@dataclass(frozen=True, eq=False)
class Check:
    """A partial operation: `kind` is the op's name (check_index, same_size, nonzero_check, fits64,
    require); `result` gets its value.  On failure the kernel returns `site` with the operands."""

    kind: str
    operands: tuple[Node, ...]
    result: Node | None
    site: int


@dataclass(frozen=True, eq=False)
class Panel:
    """A strided window of a buffer as a library sees it: offset and strides in elements."""

    buffer: Buffer
    offset: Node
    shape: Shape
    strides: Shape


@dataclass(frozen=True, eq=False)
class Library:
    """A call of a library routine ("gemm", ...) or, with name "python", of op.reference through the
    runtime (`site` names the call site there).  Panels `outputs` are written."""

    name: str
    outputs: tuple[Panel, ...]
    inputs: tuple[Panel | Node, ...]
    attrs: tuple[tuple[str, object], ...] = ()
    site: int = -1
    origin: Origin | None = None


@dataclass(frozen=True, eq=False)
class Alloc:
    """Scratch (or a result whose size is known only now) exists from here on."""

    buffer: Buffer
    zero: bool = False


@dataclass(frozen=True, eq=False)
class Point:
    """alias = buffer: a pointer variable takes a buffer's place; several at once change places."""

    aliases: tuple[Buffer, ...]
    buffers: tuple[Buffer, ...]


@dataclass(frozen=True, eq=False)
class Note:
    """The user's line, printed as a comment."""

    origin: Origin


Statement: TypeAlias = (
    "Assign | Fold | Store | Loop | While | If | Break | Check | Library | Alloc | Point | Note"
)


@dataclass(frozen=True)
class Site:
    """What to raise when a check fails, or which op a python call runs.

    kinds: how the check's values are to be read: "i" an integer, "d" a double's bits, "b" a bool.
    """

    error: str
    message: str
    origin: Origin | None = None
    node: Node | None = None
    kinds: str = "iiiiii"


@dataclass(frozen=True)
class Result:
    """An output of the kernel.

    buffer: where it is written; None for a scalar, whose final value is `value`.
    static: its shape follows from the input integers alone, so the caller allocates it.
    """

    type: TensorType
    buffer: Buffer | None
    value: Node | None
    static: bool


@dataclass(frozen=True)
class Program:
    """A kernel.

    pointers: what arrives by pointer, in order: buffers, or locals for scalars in memory.
    integers: input nodes that arrive as int64, in order (sizes, strides, Python ints).
    constants: the array constants that the last pointers stand for.
    guards: affine nodes over `integers` that must be >= 0, tested before anything is written.
    """

    name: str
    pointers: tuple[Buffer | Node, ...]
    integers: tuple[Node, ...]
    guards: tuple[Node, ...]
    statements: tuple[Statement, ...]
    results: tuple[Result, ...]
    sites: tuple[Site, ...]
    notes: tuple[str, ...] = field(default=())
    constants: tuple[Node, ...] = ()


# ---- walking ------------------------------------------------------------------------------------
def children(s: Statement) -> tuple[tuple[Statement, ...], ...]:
    """The blocks inside a statement."""
    if isinstance(s, Loop):
        return (s.body,)
    if isinstance(s, While):
        return (s.setup, s.body)
    if isinstance(s, If):
        return (s.then, s.other)
    return ()


def with_children(s: Statement, blocks: tuple[tuple[Statement, ...], ...]) -> Statement:
    if isinstance(s, Loop):
        return replace(s, body=blocks[0])
    if isinstance(s, While):
        return replace(s, setup=blocks[0], body=blocks[1])
    if isinstance(s, If):
        return replace(s, then=blocks[0], other=blocks[1])
    return s


def walk(block: Iterable[Statement]) -> Iterator[Statement]:
    """Every statement, outer ones first."""
    stack = list(reversed(tuple(block)))
    while stack:
        s = stack.pop()
        yield s
        for inner in reversed(children(s)):
            stack.extend(reversed(inner))


def copying(s: Statement) -> Store | None:
    """The store of a nest that does nothing but copy elements from memory to memory."""
    while isinstance(s, Loop) and len(s.body) == 1:
        (s,) = s.body
    return s if isinstance(s, Store) and not s.accumulate and s.value.op is load_op else None


def expressions(s: Statement) -> tuple[Node, ...]:
    """The expressions a statement evaluates itself (not its blocks)."""
    if isinstance(s, Assign):
        return (s.value,)
    if isinstance(s, Fold):
        return (s.local, s.value)
    if isinstance(s, Store):
        return (*s.index, s.value)
    if isinstance(s, Loop):
        return (s.index.attr("lo"), s.index.attr("hi"))
    if isinstance(s, While):
        return (s.cond,)
    if isinstance(s, If):
        return (s.pred,)
    if isinstance(s, Check):
        return s.operands
    if isinstance(s, Library):
        return tuple(_library_nodes(s))
    if isinstance(s, Alloc):
        return tuple(d for d in s.buffer.shape if isinstance(d, Node))
    return ()


def _library_nodes(s: Library) -> Iterator[Node]:
    for p in (*s.outputs, *s.inputs):
        if isinstance(p, Node):
            yield p
        else:
            yield p.offset
            yield from (d for d in (*p.shape, *p.strides) if isinstance(d, Node))


def map_expressions(s: Statement, f: Callable[[Node], Node]) -> Statement:
    """The statement with f applied to its own value expressions (blocks and loop bounds
    untouched).
    """
    if isinstance(s, Assign):
        return replace(s, value=f(s.value))
    if isinstance(s, Fold):
        return replace(s, value=f(s.value))
    if isinstance(s, Store):
        return replace(s, index=tuple(map(f, s.index)), value=f(s.value))
    if isinstance(s, While):
        return replace(s, cond=f(s.cond))
    if isinstance(s, If):
        return replace(s, pred=f(s.pred))
    if isinstance(s, Check):
        return replace(s, operands=tuple(map(f, s.operands)))
    if isinstance(s, Library):
        return _map_library(s, f)
    return s


def _map_library(s: Library, f: Callable[[Node], Node]) -> Library:
    def panel(p: Panel) -> Panel:
        shape = tuple(d if isinstance(d, int) else f(d) for d in p.shape)
        strides = tuple(d if isinstance(d, int) else f(d) for d in p.strides)
        return replace(p, offset=f(p.offset), shape=shape, strides=strides)

    inputs = tuple(f(p) if isinstance(p, Node) else panel(p) for p in s.inputs)
    return replace(s, outputs=tuple(map(panel, s.outputs)), inputs=inputs)
