"""Tracing a call: arguments become proxies, the function runs once, what it did becomes a Trace."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any, TypeVar

from ..errors import TraceError, UnsupportedError
from ..fxgraph.affine import size_node
from ..fxgraph.constants import lit, new_handle, new_input, new_size
from ..fxgraph.graph import Graph
from ..fxgraph.node import Node
from ..fxgraph.types import I64, Size
from ..fxgraph.window import transposed
from . import polynomial as poly
from .hidden import handles_for
from .iteration import Counter, Lazy, Nested, SymbolicRange
from .journal import Journal
from .layout import order_of
from .marks import plain, with_keys_told, without_marks
from .midway import has_checks
from .outside import containers_in, outsiders, settled, undo
from .plan import (
    Argument,
    ArrayResult,
    Constant,
    DataOf,
    HandleOf,
    Hidden,
    IntOf,
    Output,
    Refill,
    ScalarResult,
    SizeOf,
    Source,
    Static,
    StrideOf,
    Trace,
    ValueOf,
    ViewOf,
    Write,
)
from .proxy import Array, Proxy, Scalar
from .pytree import flatten
from .regions import of_values
from .registry import HANDLES
from .reshaping import placed_strides
from .session import Retrace, Session, tracing
from .signature import ArraySpec, LeafSpec, ObjectSpec, ScalarSpec, Signature
from .storage import Cell, Part, Rolling

P = TypeVar("P", bound=Proxy)


def trace_call(
    function: Callable[..., Any],
    signature: Signature,
    leaves: Sequence[Any],
    slots: Sequence[int],
    convert: Callable[[Any], Any],
    hidden: tuple[Hidden, ...] = (),
) -> Trace:
    """Run `function` on proxies for the leaves.  `convert` rewrites its control flow first.
    hidden: the generators it draws from that are no arguments, as far as they are known.

    leaves, slots: the arguments and the value of each size slot (hints).  Raises what the function
    raises while it is traced, TraceError and UnsupportedError for what cannot be traced,
    NeedStatic, NeedSource.  An error of the program itself has the trace of what comes before it
    with it, as `__arignote_trace__`, where there is any and the error was not found inside a loop
    or branch.
    """
    _refuse_generator(function)
    with tracing() as session:
        call = _Call(session, signature, function, leaves, slots)
        proxies = call.all_proxies()
        for source, (n, proxy) in handles_for(hidden).items():
            call.inputs[n] = source
            session.sources[source] = proxy
        given = args, kwargs = signature.tree.unflatten(proxies)
        containers, sets = containers_in(given), flatten(given)[1]
        changes, others = Journal(), outsiders(function, leaves)
        session.changes = changes
        name = getattr(function, "__name__", "function")
        try:
            answer = convert(function)(*args, **kwargs)
        except Exception as error:
            texts = (of_values(without_marks(a)) if isinstance(a, str) else a for a in error.args)
            error.args = tuple(texts)
            refused = isinstance(error, TraceError | UnsupportedError) or session.torn is error
            undo(changes, others, refused)
            if (session.log or session.effects) and not refused:
                error.__arignote_trace__ = call.finished(None, name)  # type: ignore[attr-defined]
            raise
        except Retrace:
            undo(changes, others, True)
            raise
        try:
            refills = settled(changes, containers, given, others)
        except BaseException:
            undo(changes, others, True)
            raise
        if not refills:
            if flatten(given)[1] != sets:
                raise UnsupportedError(
                    "the function changes a set among its arguments: return the new one instead"
                )
            return call.finished(answer, name)
        whole = next((path for path, x in containers if x is answer), None)
        return replace(call.finished((answer, given), name), refills=Refill(whole))


def _refuse_generator(function: Callable[..., Any]) -> None:
    if inspect.isgeneratorfunction(inspect.unwrap(function)):
        raise UnsupportedError(
            f"{function.__name__} is a generator and is compiled by itself: compile the function "
            "that goes through it, or return a list"
        )


def _refuse_iterators(answer: Any) -> None:
    for x in answer if type(answer) in (tuple, list) else (answer,):
        if isinstance(x, Counter | Lazy | Nested | SymbolicRange):
            raise TraceError("an iterator (zip, map, ...) is returned: return list(...) of it")


class _Call:
    """The inputs made for one call, and how outputs are told apart."""

    def __init__(
        self,
        session: Session,
        signature: Signature,
        function: Any,
        leaves: Sequence[Any],
        slots: Sequence[int],
    ) -> None:
        self.session, self.signature, self.leaves, self.slots = session, signature, leaves, slots
        self.inputs: dict[Node, Source] = {}
        self.sizes: dict[int, Node] = {}
        self.proxies: dict[int, Proxy] = {}
        self.names = _names(signature, function)
        self.strides: dict[tuple[int, int], Node] = {}
        self.sized = {
            ~d for s in signature.leaves if isinstance(s, ArraySpec) for d in s.sizes if d < 0
        }

    # -- inputs
    def all_proxies(self) -> list[Any]:
        """What the function gets; arrays in the memory of another come after it."""
        placed = {p.leaf: p for p in self.signature.shared}
        specs = self.signature.leaves
        out = [None if k in placed else self.proxy(k, spec) for k, spec in enumerate(specs)]
        for k, p in placed.items():
            base = out[p.base]
            assert isinstance(base, Array)
            out[k] = self._kept(k, base.window_view(p.window))
        return out

    def proxy(self, k: int, spec: LeafSpec) -> Any:
        """What the function gets for leaf k."""
        name = self.names[k]
        if isinstance(spec, ArraySpec):
            return self._array(k, spec, name)
        if isinstance(spec, ScalarSpec):
            n = self._scalar(k, spec, name)
            self.session.leaf_of.setdefault(n, k)
            return self._kept(k, Scalar(n))
        if isinstance(spec, ObjectSpec):
            n = new_handle(name)
            self.inputs[n] = HandleOf(k)
            return self._handle(k, n, spec)
        return spec.value

    def _kept(self, k: int, p: P) -> P:
        self.proxies[k] = p
        return p

    def _handle(self, k: int, n: Node, spec: ObjectSpec) -> Any:
        make = HANDLES.get(spec.type)
        if make is None:
            raise TraceError(f"arguments of type {spec.type.__name__} cannot be traced")
        return self._kept(k, make(n))

    def _scalar(self, k: int, spec: ScalarSpec, name: str) -> Node:
        if spec.slot is None:
            n = new_input(name, spec.dtype, (), spec.kind == "python")
            self.inputs[n] = ValueOf(k)
            return n
        if spec.slot in self.sized:
            return self._size(spec.slot, name)
        known = self.sizes.get(spec.slot)
        if known is None:
            known = self.sizes[spec.slot] = new_input(name, I64, (), True)
            self.inputs[known] = IntOf(k)
            self.session.knowledge.hints[known] = self.slots[spec.slot]
        return known

    def _size(self, slot: int, name: str) -> Node:
        known = self.sizes.get(slot)
        if known is None:
            known = self.sizes[slot] = new_size(name)
            self.inputs[known] = self._axis_of(slot)
            self.session.knowledge.hints[known] = self.slots[slot]
        return known

    def _axis_of(self, slot: int) -> SizeOf:
        for k, spec in enumerate(self.signature.leaves):
            if isinstance(spec, ArraySpec) and ~slot in spec.sizes:
                return SizeOf(k, spec.sizes.index(~slot))
        raise AssertionError("no axis has this size")

    def _array(self, k: int, spec: ArraySpec, name: str) -> Array:
        ends = range(len(spec.sizes)) if len(spec.sizes) > 1 else "n"
        shape: list[Size] = [
            d if d >= 0 else self._size(~d, f"{name}_{end}")
            for d, end in zip(spec.sizes, ends, strict=False)
        ]
        swapped = spec.layout == "F"
        base = tuple(shape[::-1] if swapped else shape)
        n = new_input(name, spec.dtype, base)
        self.inputs[n] = DataOf(k, swapped)
        cell = Cell(n, k, None if spec.layout in "CF" else lambda: self._strides(k, spec))
        if not swapped:
            return self._kept(k, Array(cell))
        order = list(range(len(base)))[::-1]
        return self._kept(k, Array(cell, transposed(base, order)))

    # -- outputs
    def finished(self, answer: Any, name: str) -> Trace:
        """The trace of what the function did and returned."""
        _refuse_iterators(answer)
        values, tree = flatten(with_keys_told(answer))
        out = _Outputs(self)
        out.look_at(values)
        leaves = tuple(out.leaf(v) for v in values)
        history = self._history(out)
        final = {w.leaf: w for w in history}
        for array, (n, _) in self.session.captured.values():
            self.inputs[n] = Constant(array)
        graph = Graph(
            tuple(self.inputs),
            tuple(out.nodes),
            tuple(self.session.effects),
            tuple(self.session.knowledge.guards),
            name,
        )
        return Trace(
            graph, tuple(self.inputs.values()), leaves, tree, tuple(final.values()), history,
            self.signature, name, tuple(self.slots),
        )  # fmt: skip

    def _history(self, out: _Outputs) -> tuple[Write, ...]:
        """Every version that a written argument has had outside loops and branches."""
        shared = {p.leaf for p in self.signature.shared}
        owners = {
            p.cell: k for k, p in self.proxies.items() if isinstance(p, Array) and k not in shared
        }
        first = {s.leaf: n for n, s in self.inputs.items() if isinstance(s, DataOf)}
        last: dict[tuple[int, int], Node] = {}
        rows: list[tuple[tuple[int, int], Node]] = []
        for count, cell, version in self.session.log:
            if cell in owners and not version.free:
                key = (count, owners[cell])
                if key in last and has_checks(last[key]):
                    rows.append((key, last[key]))
                last[key] = version
        end = len(self.session.effects)
        for cell, k in owners.items():
            if cell.version is not first[k]:
                if (end, k) in last and last[end, k] is not cell.version:
                    if has_checks(last[end, k]):
                        rows.append(((end, k), last[end, k]))
                last[end, k] = cell.version
            else:  # whatever was written, the old contents are back
                last = {key: n for key, n in last.items() if key[1] != k or key[0] != end}
        rows = sorted((*rows, *last.items()), key=lambda row: row[0])
        return tuple(Write(k, out.position(n), count) for (count, k), n in rows)

    def _strides(self, leaf: int, spec: ArraySpec) -> list[Node]:
        """The strides of an argument as inputs, their values in this call as hints."""
        out = []
        for axis in range(len(spec.sizes)):
            if spec.layout == "rows" and axis == len(spec.sizes) - 1:
                out.append(lit(1))
                continue
            known = self.strides.get((leaf, axis))
            if known is None:
                known = new_input(f"{self.names[leaf]}_step{axis}", I64, (), True)
                self.strides[leaf, axis] = known
                self.inputs[known] = StrideOf(leaf, axis)
                array = self.leaves[leaf]
                hint = array.strides[axis] // array.itemsize
                self.session.knowledge.hints[known] = hint
            out.append(known)
        return out


def _names(signature: Signature, function: Any) -> list[str]:
    """A name for each leaf: the parameter's, and the way from there."""
    args, kwargs = signature.tree.children
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        parameters = []
    out: list[str] = []
    for k, child in enumerate(args.children):
        rest = k >= len(parameters) or parameters[k].kind is inspect.Parameter.VAR_POSITIONAL
        out.extend(child.names(f"arg{k}" if rest else parameters[k].name))
    out.extend(kwargs.names())
    return out + [f"base{k}" for k in range(len(signature.leaves) - len(out))]


class _Outputs:
    """The outputs of the graph while they are collected."""

    def __init__(self, call: _Call) -> None:
        self.call = call
        self.nodes: list[Node] = []
        self.known: dict[Node, int] = {}
        self.by_cell: dict[Cell, ArrayResult] = {}
        self.shared: dict[Cell, bool] = {}
        self.given: set[Cell] = set()
        self.seen: dict[int, Output] = {}

    def position(self, n: Node) -> int:
        """The output that is this node."""
        known = self.known.get(n)
        return known if known is not None else self.known.setdefault(n, self.own(n))

    def own(self, n: Node) -> int:
        """A further output with this value: arrays of the answer share no memory."""
        self.nodes.append(n)
        return len(self.nodes) - 1

    def look_at(self, values: Sequence[Any]) -> None:
        """Which memory several arrays of the answer share."""
        first: dict[Cell, int] = {}
        for x in values:
            if isinstance(x, Array):
                self.shared[x.cell] = first.setdefault(x.cell, id(x)) != id(x) or self.shared.get(
                    x.cell, False
                )

    def leaf(self, x: Any) -> Output:
        """What one leaf of the answer is."""
        if id(x) in self.seen:
            return self.seen[id(x)]
        made = self.seen[id(x)] = self._leaf(x)
        return made

    def _leaf(self, x: Any) -> Output:
        for k, p in self.call.proxies.items():
            if p is x and isinstance(p, Array):
                return Argument(k)
        if isinstance(x, Array):
            return self._array(x)
        if isinstance(x, Scalar):
            return ScalarResult(self.position(x.node), x.node.type.weak)
        if isinstance(x, Proxy):
            return Static(x)
        if hasattr(x, "__arignote_output__"):
            return self.leaf(x.__arignote_output__())
        for k, p in self.call.proxies.items():
            if p is x:
                return Argument(k)
        return Static(plain(x))

    def _array(self, x: Array) -> Output:
        if any(isinstance(s, Part | Rolling) for s in x.path):
            return ArrayResult(self.own(x.node))  # a copy: such views do not leave the function
        if x.cell.owner is not None:
            return self._view(x, Argument(x.cell.owner))
        if not self.shared.get(x.cell):
            shown, axes = x.node, order_of(x)  # the node first: it refuses memory that has gone
            return ArrayResult(self.own(shown if axes is None else x.cell.version), axes)
        base = self.by_cell.get(x.cell)
        if base is None:
            base = self.by_cell[x.cell] = ArrayResult(self.own(x.cell.version))
        if x.path or x.cell in self.given:
            return self._view(x, base)
        self.given.add(x.cell)
        return base

    def _view(self, x: Array, base: Argument | ArrayResult) -> ViewOf:
        offset, strides = placed_strides(x)
        return ViewOf(
            base,
            x.node.dtype,
            self.position(poly.node_from(offset)),
            tuple(self.position(size_node(d)) for d in x.sizes),
            tuple(self.position(poly.node_from(s)) for s in strides),
            x.writeable,
        )
