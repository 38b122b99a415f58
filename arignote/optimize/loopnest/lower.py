"""Graph -> Program.  Here, and only here, values get memory.

A kernel's outputs are built where they end: results in their own buffers, written arguments in
the caller's.  Everything is decided region by region (`regions`, `inplace`), then each action is
printed into statements (`actions`, `loops`, `branches`, `routines`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from ...fxgraph.affine import size_node
from ...fxgraph.constants import input_op, lit
from ...fxgraph.graph import Graph, order_of
from ...fxgraph.node import Node
from ...fxgraph.prove import Knowledge, construction
from ...fxgraph.types import Shape, TensorType
from ...scanloop.grown import grow_stacks
from .actions import fill, perform, save
from .branches import lower_cond
from .captured import condition, guarded, only_in_steps
from .early_exit import Exit
from .element import element
from .inplace import schedule
from .loops import lower_scan
from .nests import nest_of
from .observable import Observed, between_checks
from .program import Alloc, Assign, Buffer, Program, Result, Store, load
from .region import is_dot, region_of
from .routines import lower_callback, lower_product, lower_raise
from .scope import Lowering, Scope, result_buffer
from .turning import moved
from .versions import chain_root


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


def lower(graph: Graph, interface: Interface, grows: bool = True) -> Program:
    """The loop program of a closed graph.  Raises LookupError on graphs that break an invariant.

    grows: may memory grow while a loop fills it?
    """
    if grows:
        graph, interface = _growing(graph, interface)
    state = Lowering()
    scope = Scope(state)
    with construction(Knowledge(facts=list(graph.guards))):
        pointers = _bind_inputs(graph, interface, scope)
        tested = scope.child()
        guards = tuple(tested.scalar(g) for g in graph.guards)
        _bind_results(graph, interface, scope)
        owned = frozenset(interface.into.values())
        roots = (*graph.effects, *graph.outputs)
        heirs = tuple(graph.outputs[k] for k in interface.into)
        observed = Observed(graph.effects, interface.history, heirs)
        lower_region(roots, scope, owned, None, observed)
        finished = _finish(graph, interface, scope)
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


def _growing(graph: Graph, interface: Interface) -> tuple[Graph, Interface]:
    """Both with loops that stack while they count their steps."""
    versions = [v for v, _ in interface.history]
    new, found = grow_stacks(graph, versions)
    if new is graph:
        return graph, interface
    history = tuple(zip(found, (k for _, k in interface.history), strict=True))
    return new, replace(interface, history=history)


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
            if n in written:
                scope.state.cells[n] = b
            pointers.append(b)
            continue
        value = scope.local(name, n.type)
        scope.values[n] = value
        if n in written:
            cell = scope.state.cells[n] = Buffer(name, n.dtype, (), "argument")
            scope.emit(Assign(value, load(cell, ())))
            pointers.append(cell)
        else:
            pointers.append(value)
    return pointers


def _bind_results(graph: Graph, interface: Interface, scope: Scope) -> None:
    """Values are built in the memory of the output they become, where the chain allows.

    A chain that starts from an argument starts, as memory, with the copy that its first write, or
    loop of writes, is made in.  It ends at a loop that arrays change places in: behind it, each may
    be in the memory of any of them.
    """

    def copies(v: Node) -> bool:
        if v.op.name == "proj" and v.inputs[0].op.name == "scan":
            source, k = v.inputs[0], v.attr("k")
            return k < source.attr("n") and source.inputs[k] in scope
        return bool(v.op.traits & {"write", "scatter"}) and v.inputs[0] in scope

    roots = [chain_root(o, lambda v: copies(v) or moved(v)) for o in graph.outputs]
    for k, o in enumerate(graph.outputs):
        if k in interface.into or not o.shape:
            continue
        start = roots[k] if roots.count(roots[k]) == 1 else o
        known = scope.state.copies if copies(start) else scope.state.targets
        if start not in scope and start not in known:
            known[start] = k


def lower_region(
    roots: Sequence[Node],
    scope: Scope,
    owned: frozenset[Node],
    leave: Exit | None,
    observed: Observed | None = None,
) -> None:
    """Emit everything that `roots` need and that is not at hand."""
    seen = []
    if observed is not None:  # versions that an error may leave visible
        seen = [n for n, k in observed.history if k < len(observed.effects) and n not in scope]
        if not observed.history:
            seen = between_checks(roots, observed, scope.__contains__)
    region = region_of([r for r in roots if r not in scope], scope, seen)
    region.ends = tuple(roots[len(observed.effects) if observed is not None else 0 :])
    last = leave.at if leave is not None else None
    plan = schedule(region, scope, owned, last, observed)
    in_steps = only_in_steps(region) if any(n.op.name == "scan" for n in region.nodes) else set()
    for a in plan.order:
        test = condition(a, plan.order, scope) if a in in_steps and a.op.name != "scan" else None
        before = len(scope.out)
        over = {v: b for v in plan.over.get(a, ()) if (b := scope.buffer(v)) is not None}
        for v in sorted(plan.saved.get(a, ()), key=lambda n: n.serial):
            save(v, scope)
        if a.op.name == "scan":
            lower_scan(a, scope, over, lower_region)
        elif a.op.name == "cond":
            lower_cond(
                a, scope, over, lower_region, leave if leave is not None and leave.at is a else None
            )
        elif (lower_nest := nest_of(a)) is not None:
            lower_nest(a, scope)
        elif a.op.name == "require_text":
            lower_raise(a, scope)
        elif "library" in a.op.traits or "effect" in a.op.traits:
            lower_callback(a, scope)
        elif a.op.name == "matmul" and a.shape and not is_dot(a):
            lower_product(a, scope)
        else:
            perform(a, scope, over)
        if test is not None:
            scope.out[before:] = guarded(scope.out[before:], test)
        if a not in scope:  # a branch may ask that it be done, and not for what it gives
            scope.values[a] = lit(0)


def _finish(graph: Graph, interface: Interface, scope: Scope) -> tuple[Result, ...]:
    """Outputs that did not end where they must are copied there."""
    out = []
    for k, o in enumerate(graph.outputs):
        if k in interface.into:
            _deliver(o, interface.into[k], scope)
        elif o.shape:
            target = scope.state.results.get(k)
            if target is None:
                target = result_buffer(scope, k, o.dtype, o.shape)
                scope.emit(Alloc(target))
            if scope.buffer(o) is not target:
                fill(target, o, scope)
            static = all(_from_inputs(d, interface) for d in o.shape)
            shape = o.shape if static else target.shape
            out.append(Result(TensorType(o.dtype, shape), target, None, static))
        else:
            out.append(Result(o.type, None, element(o, (), scope), True))
    return tuple(out)


def _deliver(o: Node, to: Node, scope: Scope) -> None:
    """The newest contents of a written argument end in its memory."""
    target = scope.state.cells[to]
    if not o.shape:
        scope.emit(Store(target, (), element(o, (), scope)))
    elif scope.buffer(o) is not target:
        fill(target, o, scope)


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
