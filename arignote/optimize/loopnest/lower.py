"""Graph -> Program.  Here, and only here, values get memory.

A kernel's outputs are built where they end: results in their own buffers, written arguments in the
caller's.  Everything is decided region by region (`regions`, `inplace`), then each action is printed
into statements (`actions`, `control`, `routines`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ...fxgraph.affine import size_node
from ...fxgraph.constants import input_op
from ...fxgraph.graph import Graph, order_of
from ...fxgraph.node import Node
from ...fxgraph.prove import Knowledge, construction
from ...fxgraph.types import Shape, TensorType
from .actions import fill, perform
from .control import Exit, lower_cond, lower_scan
from .element import element
from .inplace import Observed, schedule
from .program import Alloc, Buffer, Program, Result
from .region import chain_root, is_vector_product, region_of
from .routines import lower_callback, lower_product
from .scope import Lowering, Scope


@dataclass(frozen=True)
class Interface:
    """How a graph meets its caller.

    pointers: array and in-memory scalar inputs, in order; integers: int64 inputs, in order.
    strides: array input -> elements an axis, for inputs that are not in C order.
    into: position of an output -> the input whose memory it must end in.
    aliased: array inputs that another input may overlap (no `restrict`).
    history: versions of written arguments in program order, each with the number of effects that
    come before it.
    """

    pointers: tuple[Node, ...]
    integers: tuple[Node, ...]
    strides: Mapping[Node, Shape] = field(default_factory=dict)
    into: Mapping[int, Node] = field(default_factory=dict)
    aliased: frozenset[Node] = frozenset()
    history: tuple[tuple[Node, int], ...] = ()


def lower(graph: Graph, interface: Interface) -> Program:
    """The loop program of a closed graph.  Raises LookupError on graphs that break an invariant."""
    state = Lowering()
    scope = Scope(state)
    with construction(Knowledge(facts=list(graph.guards))):
        pointers = _bind_inputs(graph, interface, scope)
        results = _bind_results(graph, interface, scope)
        owned = frozenset(interface.into.values())
        roots = (*graph.effects, *graph.outputs)
        observed = Observed(graph.effects, interface.history)
        lower_region(roots, scope, owned, None, observed)
        finished = _finish(graph, interface, scope, results)
        guards = tuple(scope.scalar(g) for g in graph.guards)
    return Program(
        graph.name,
        (*pointers, *state.constants.values()),
        interface.integers,
        guards,
        tuple(scope.out),
        finished,
        tuple(state.sites),
        tuple(state.notes),
        tuple(state.constants),
    )


def _bind_inputs(graph: Graph, interface: Interface, scope: Scope) -> list[Buffer | Node]:
    written = set(interface.into.values())
    pointers: list[Buffer | Node] = []
    for n in interface.pointers:
        name = n.attr("name")
        if n.shape:
            strides = interface.strides.get(n)
            b = Buffer(
                name,
                n.dtype,
                n.shape,
                "argument",
                strides,
                n in written,
                n not in interface.aliased,
            )
            scope.values[n] = b
            pointers.append(b)
        else:
            value = scope.local(name, n.type)
            scope.values[n] = value
            pointers.append(value)
    return pointers


def _bind_results(graph: Graph, interface: Interface, scope: Scope) -> dict[int, Buffer]:
    """Result buffers by output position; values are built in them where the chain allows."""
    results: dict[int, Buffer] = {}
    seen: set[Node] = set()
    for k, o in enumerate(graph.outputs):
        if k in interface.into or not o.shape:
            continue
        b = Buffer(f"out{k}", o.dtype, o.shape, "result")
        results[k] = b
        root = chain_root(o)
        if root not in seen and root not in scope and o not in seen:
            scope.state.targets[root] = b
            seen.add(root)
    return results


def lower_region(
    roots: Sequence[Node],
    scope: Scope,
    owned: frozenset[Node],
    leave: Exit | None,
    observed: Observed | None = None,
) -> None:
    """Emit everything that `roots` need and that is not at hand."""
    region = region_of([r for r in roots if r not in scope], scope)
    last = leave.at if leave is not None else None
    plan = schedule(region, scope, owned, last, observed)
    for a in plan.order:
        over = plan.over.get(a, set())
        if a.op.name == "scan":
            lower_scan(a, scope, over, lower_region)
        elif a.op.name == "cond":
            lower_cond(
                a, scope, over, lower_region, leave if leave is not None and leave.at is a else None
            )
        elif "library" in a.op.traits or "effect" in a.op.traits:
            lower_callback(a, scope)
        elif a.op.name == "matmul" and a.shape and not is_vector_product(a):
            lower_product(a, scope)
        else:
            perform(a, scope, over)


def _finish(
    graph: Graph, interface: Interface, scope: Scope, results: dict[int, Buffer]
) -> tuple[Result, ...]:
    """Outputs that did not end where they must are copied there."""
    out = []
    for k, o in enumerate(graph.outputs):
        if k in interface.into:
            target = scope.buffer(interface.into[k])
            assert target is not None
            if scope.buffer(o) is not target:
                fill(target, o, scope)
            continue
        if o.shape:
            target = results[k]
            if scope.buffer(o) is not target:
                if target in scope.state.targets.values():
                    _drop(scope, target)
                _emit_result(target, scope)
                fill(target, o, scope)
            static = all(_from_inputs(d, interface) for d in o.shape)
            shape = scope.sizes(o.shape)
            out.append(Result(TensorType(o.dtype, shape), target, None, static))
        else:
            out.append(Result(o.type, None, element(o, (), scope), True))
    return tuple(out)


def _drop(scope: Scope, target: Buffer) -> None:
    for n in [n for n, b in scope.state.targets.items() if b is target]:
        del scope.state.targets[n]


def _emit_result(b: Buffer, scope: Scope) -> None:
    scope.emit(Alloc(b))


def _from_inputs(d: int | Node, interface: Interface) -> bool:
    """Does a size follow from the input integers alone?"""
    if isinstance(d, int):
        return True
    known = set(interface.integers)
    for m in order_of((size_node(d),)):
        if m.op is input_op:
            if m not in known:
                return False
        elif (
            m.op.name not in ("constant", "affine")
            and "elementwise" not in m.op.traits
            and m.op.name != "cast"
        ):
            return False
    return True
