"""How a traced call meets its kernel: which inputs come as pointers and integers, which outputs
end in the caller's memory, and the plan by which the runtime calls it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from ..fxgraph.constants import const, input_op, lit, new_input, proj
from ..fxgraph.graph import Graph, Rebuild
from ..fxgraph.node import Node, Origin, make
from ..fxgraph.ops.checks import ERRORS
from ..fxgraph.ops.family import cast, cast_to
from ..fxgraph.ops.structure import full, set_item
from ..fxgraph.types import I64, OPAQUE, Shape
from ..fxgraph.window import Window, whole
from ..optimize.loopnest.branch_writes import written_again, written_in_branches
from ..optimize.loopnest.lower import Interface
from ..optimize.loopnest.program import Program, Site
from ..optimize.loopnest.versions import chain, chain_root
from ..trace import plan as traced
from ..trace.signature import ArraySpec
from . import plan
from .references import Reference, nothing


@dataclass(frozen=True)
class Meeting:
    """A graph ready for lowering, its interface, and what the plan needs to know about both.

    outputs: position in the trace's graph -> position in `graph.outputs`.
    windows: output leaf -> position of its window vector in `graph.outputs`.
    """

    graph: Graph
    interface: Interface
    ints: tuple[plan.SizeOf | plan.StrideOf | plan.IntOf, ...]
    ptrs: tuple[plan.DataOf | plan.ValueOf | plan.Constant, ...]
    handles: dict[Node, plan.LeafOperand | plan.HiddenOperand]
    outputs: dict[int, int]
    windows: dict[int, int]


def meet(trace: traced.Trace, graph: Graph) -> Meeting:
    """Bind the inputs and choose the outputs of `graph` (trace.graph after rewriting)."""
    ints: dict[Node, plan.SizeOf | plan.StrideOf | plan.IntOf] = {}
    ptrs: dict[Node, plan.DataOf | plan.ValueOf | plan.Constant] = {}
    handles: dict[Node, plan.LeafOperand | plan.HiddenOperand] = {}
    by_leaf: dict[int, Node] = {}
    for n, source in zip(graph.inputs, trace.sources, strict=True):
        if isinstance(source, traced.SizeOf):
            ints[n] = plan.SizeOf(source.leaf, source.axis)
        elif isinstance(source, traced.StrideOf):
            ints[n] = plan.StrideOf(source.leaf, source.axis)
        elif isinstance(source, traced.IntOf):
            ints[n] = plan.IntOf(source.leaf)
        elif isinstance(source, traced.DataOf):
            ptrs[n] = plan.DataOf(source.leaf)
            by_leaf[source.leaf] = n
        elif isinstance(source, traced.ValueOf):
            ptrs[n] = plan.ValueOf(source.leaf)
        elif isinstance(source, traced.HandleOf):
            handles[n] = plan.LeafOperand(source.leaf)
        elif isinstance(source, traced.Held | traced.Made):
            handles[n] = plan.HiddenOperand(source)
        else:
            ptrs[n] = plan.Constant(source.array)
    history = trace.rewritten(graph).history
    graph, versions = _written_in_place(trace, graph, by_leaf, history)
    strides = _strides(trace, by_leaf, ints)
    newest = {w.leaf: v for w, v in zip(history, versions, strict=True)}
    nodes, outputs, into, windows = _outputs(trace, graph, by_leaf, newest)
    chosen = replace(graph, outputs=tuple(nodes))
    seen = tuple(
        (_copied(v, by_leaf[w.leaf]), w.effects) for w, v in zip(history, versions, strict=True)
    )
    interface = Interface(tuple(ptrs), tuple(ints), strides, into, history=seen)
    return Meeting(
        chosen, interface, tuple(ints.values()), tuple(ptrs.values()), handles, outputs, windows
    )


def _written_in_place(
    trace: traced.Trace,
    graph: Graph,
    by_leaf: dict[int, Node],
    history: Sequence[traced.Write],
) -> tuple[Graph, tuple[Node, ...]]:
    """The graph, and the version of an argument that each entry of its history is.

    A new value of a whole argument becomes a write to it, so that it is computed in its memory:

    a' = a - mean; ... uses of a'   ->   a' = set_item(a, all, a - mean); ... uses of a'

    Versions that are followed by a check are always in it: an error leaves them to be seen.  Where
    a version is the contents of another array, only its argument's line gets the write.
    """
    graph = _written_in_branches(graph, by_leaf, history)
    for _ in history:
        graph, again = _in_one_line(graph, by_leaf, history)
        if not again:
            break
    rebuild = Rebuild()
    written: set[Node] = set()
    versions: list[Node] = []
    newest = dict(by_leaf)
    final = frozenset(w.output for w in trace.writes)
    changed = {by_leaf[w.leaf] for w in trace.writes}
    for w in history:
        n, o = by_leaf[w.leaf], graph.outputs[w.output]
        seen = w.effects < len(graph.effects)
        (value,) = rebuild((o,))
        if n.shape and o not in written and o.dtype == n.dtype and (seen or w.output in final):
            fresh = o.op.name not in ("input", "constant", "proj") and chain_root(o) is o
            branched = o.op.name == "proj" and o.inputs[0].op.name == "cond" and chain_root(o) is o
            if fresh or (seen and branched):
                written.add(o)
                # over the version before it: that one is seen if the check between them fails
                value = rebuild.done[o] = set_item(newest[w.leaf], whole(n.shape), value)
        if n.shape and o.dtype == n.dtype and _elsewhere(value, newest[w.leaf], n, changed, seen):
            # the same node from which a loop that may raise goes on
            value = set_item(newest[w.leaf], whole(n.shape), value, lasting=True)
        newest[w.leaf] = value
        versions.append(value)
    if tuple(versions) == tuple(graph.outputs[w.output] for w in history):
        return graph, tuple(versions)
    count = len(graph.effects)
    roots = rebuild((*graph.effects, *graph.outputs))
    return replace(graph, effects=roots[:count], outputs=roots[count:]), tuple(versions)


def _in_one_line(
    graph: Graph, by_leaf: dict[int, Node], history: Sequence[traced.Write]
) -> tuple[Graph, bool]:
    """The graph with a version of an argument that goes on from the one before it, and not from
    the one before that; was there one?"""
    newest = dict(by_leaf)
    for w in history:
        n, o = by_leaf[w.leaf], graph.outputs[w.output]
        if n.shape and o.dtype == n.dtype:
            before = newest[w.leaf]
            if before is not n and before not in chain(o):
                again = written_again(before, o)
                if again:
                    roots = Rebuild(again)((*graph.effects, *graph.outputs))
                    count = len(graph.effects)
                    return replace(graph, effects=roots[:count], outputs=roots[count:]), True
            newest[w.leaf] = o
    return graph, False


def _written_in_branches(
    graph: Graph, by_leaf: dict[int, Node], history: Sequence[traced.Write]
) -> Graph:
    """The graph with arguments written by the branches whose checks leave them to be seen."""
    roots = (*graph.effects, *graph.outputs)
    count = len(graph.effects)
    for leaf, n in by_leaf.items():
        line = [
            w.output + count
            for w in history
            if w.leaf == leaf and n.shape and graph.outputs[w.output].dtype == n.dtype
        ]
        if line:
            roots = written_in_branches(roots, (n, *line))
    if roots == (*graph.effects, *graph.outputs):
        return graph
    return replace(graph, effects=roots[:count], outputs=roots[count:])


def _elsewhere(value: Node, newest: Node, n: Node, changed: set[Node], seen: bool) -> bool:
    """Is a version of argument n in other memory, from where it must be had before that changes?"""
    if seen or newest is not n:
        return newest not in chain(value)
    return chain_root(value) is not n and chain_root(value) in changed


def _strides(
    trace: traced.Trace,
    by_leaf: dict[int, Node],
    ints: dict[Node, plan.SizeOf | plan.StrideOf | plan.IntOf],
) -> dict[Node, Shape]:
    """Strides, as integer inputs, of the arrays that are not in C order."""
    known = {source: n for n, source in ints.items()}
    out: dict[Node, Shape] = {}
    for leaf, n in by_leaf.items():
        spec = trace.signature.leaves[leaf]
        if not isinstance(spec, ArraySpec) or spec.layout in "CF":
            continue
        steps: list[int | Node] = []
        for axis in range(n.rank):
            if spec.layout == "rows" and axis == n.rank - 1:
                steps.append(1)
                continue
            source = plan.StrideOf(leaf, axis)
            if source not in known:
                known[source] = new_input(f"{n.attr('name')}_step{axis}", I64, (), True)
                ints[known[source]] = source
            steps.append(known[source])
        out[n] = tuple(steps)
    return out


def _outputs(
    trace: traced.Trace, graph: Graph, by_leaf: dict[int, Node], newest: dict[int, Node]
) -> tuple[list[Node], dict[int, int], dict[int, Node], dict[int, int]]:
    """(output nodes, their old positions -> new, new position -> input written, window vectors)"""
    nodes: list[Node] = []
    outputs: dict[int, int] = {}
    into: dict[int, Node] = {}
    windows: dict[int, int] = {}

    def keep(position: int) -> None:
        if position not in outputs:
            outputs[position] = len(nodes)
            nodes.append(_own(graph.outputs[position]))

    for k, o in enumerate(trace.outputs):
        if isinstance(o, traced.ArrayResult | traced.ScalarResult):
            keep(o.output)
        elif isinstance(o, traced.ViewOf):
            if isinstance(o.base, traced.ArrayResult):
                keep(o.base.output)
            windows[k] = len(nodes)
            nodes.append(_vector([graph.outputs[p] for p in (o.offset, *o.sizes, *o.strides)]))
    for w in trace.writes:
        n = by_leaf[w.leaf]
        if newest[w.leaf] is not n:
            into[len(nodes)] = n
            nodes.append(_copied(newest[w.leaf], n))
    return nodes, outputs, into, windows


def _own(o: Node) -> Node:
    """An output that is an argument's contents: read before anything is written to it."""
    if o.op is not input_op or not o.shape:
        return o
    return make(cast, (o,), (("dtype", o.dtype), ("weak", False)))


def _copied(o: Node, n: Node) -> Node:
    """What argument n ends with; another argument's contents are read before they are written."""
    if o.op is not input_op or o is n or not o.shape or o.dtype != n.dtype:
        return o
    return set_item(n, whole(n.shape), o)


def _vector(values: list[Node]) -> Node:
    """Integers as one int64 array."""
    out = full(const(0, I64), (len(values),))
    for k, v in enumerate(values):
        out = set_item(out, Window((lit(k),), (1,), (-1,), ()), cast_to(v, I64))
    return out


# ---- the plan -----------------------------------------------------------------------------------
def plan_of(trace: traced.Trace, meeting: Meeting, program: Program) -> plan.Plan:
    """The data by which the runtime calls the kernel of `program`."""
    results = _results(trace, meeting, program)
    place: dict[int, int] = {}
    for k in range(len(meeting.graph.outputs)):
        if k not in meeting.interface.into:
            place[k] = len(place)
    outputs = tuple(_output(k, o, meeting, place) for k, o in enumerate(trace.outputs))
    constants = tuple(
        plan.Constant(np.ascontiguousarray(c.attr("bits").array())) for c in program.constants
    )
    return plan.Plan(
        leaves=trace.signature.leaves,
        ints=meeting.ints,
        ptrs=(*meeting.ptrs, *constants),
        results=results,
        outputs=outputs,
        structure=_structure(trace),
        written=trace.written,
        errors=tuple(_error(s) for s in program.sites),
        callbacks=tuple(_callback(s, meeting) for s in program.sites),
        name=trace.name,
    )


def _results(trace: traced.Trace, meeting: Meeting, program: Program) -> tuple[plan.Result, ...]:
    shapes: dict[Shape, int] = {}
    for n, source in zip(meeting.interface.pointers, meeting.ptrs, strict=True):
        if isinstance(source, plan.DataOf):
            spec = trace.signature.leaves[source.leaf]
            if isinstance(spec, ArraySpec) and spec.layout != "F":
                shapes.setdefault(n.shape, source.leaf)
    out = []
    for r in program.results:
        like = shapes.get(r.type.shape) if r.type.shape else None
        out.append(plan.Result(r.type.dtype, len(r.type.shape), r.static, like))
    return tuple(out)


def _output(k: int, o: traced.Output, meeting: Meeting, place: dict[int, int]) -> plan.Output:
    if isinstance(o, traced.ArrayResult):
        return plan.NewArray(place[meeting.outputs[o.output]], o.axes)
    if isinstance(o, traced.ScalarResult):
        return plan.Scalar(place[meeting.outputs[o.output]], o.weak)
    if isinstance(o, traced.Argument):
        return plan.Argument(o.leaf)
    if isinstance(o, traced.Static):
        return plan.Static(o.value)
    base: plan.Argument | plan.NewArray
    if isinstance(o.base, traced.Argument):
        base = plan.Argument(o.base.leaf)
    else:
        base = plan.NewArray(place[meeting.outputs[o.base.output]])
    return plan.ViewOf(base, place[meeting.windows[k]], o.dtype, o.writeable)


def _structure(trace: traced.Trace) -> str | plan.Structure:
    tree = trace.tree
    if tree.kind in ("leaf", "none"):
        return tree.kind
    if tree.kind in ("tuple", "list") and all(c.kind == "leaf" for c in tree.children):
        return tree.kind
    return tree


def _error(s: Site) -> plan.ErrorSite:
    where = s.origin if s.origin is not None else Origin("", 0, "")
    error = ERRORS.get(s.error, RuntimeError)
    return plan.ErrorSite(
        error, s.message, s.kinds, where.file, where.line, where.expression, where.function
    )


def _callback(s: Site, meeting: Meeting) -> plan.Callback:
    n = s.node
    if n is None:
        return plan.Callback(nothing, (), ())
    operands: list[plan.ArrayOperand | plan.LeafOperand | plan.HiddenOperand] = []
    for x in n.inputs:
        if x.op.name == "token":
            continue
        if x.dtype == OPAQUE:
            operands.append(meeting.handles[_handle(x)])
        else:
            operands.append(plan.ArrayOperand(x.dtype, x.rank))
    types = n.type if isinstance(n.type, tuple) else (n.type,)
    results = tuple(plan.CallbackResult(t.dtype, len(t.shape)) for t in types if t.dtype != OPAQUE)
    return plan.Callback(Reference(n), tuple(operands), results)


def _handle(x: Node) -> Node:
    """The input an opaque state started as."""
    while x.op is proj:
        x = next(
            y for y in x.inputs[0].inputs if not isinstance(y.type, tuple) and y.dtype == OPAQUE
        )
    return x
