"""Running a trace by the graph interpreter: the NumPy meaning of a compiled function.

Slow and exact; it needs no compiler, and every kernel is compared with it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeAlias

import numpy as np

from ..fxgraph.constants import proj
from ..fxgraph.graph import bodies
from ..fxgraph.interpret import evaluate, typed
from ..fxgraph.node import Node, origin
from ..scanloop.scan import reached
from .plan import (
    Argument,
    ArrayResult,
    Constant,
    DataOf,
    HandleOf,
    Held,
    IntOf,
    Made,
    Output,
    ScalarResult,
    SizeOf,
    Static,
    StrideOf,
    Trace,
    ValueOf,
    ViewOf,
    Write,
)
from .signature import is_odd  # fmt: skip

Feeds = dict[Node, Any]
#: (trace, leaves, error) -> was it possible?
Replay: TypeAlias = "Callable[[Trace, Sequence[Any], Exception], bool]"
_PYTHON: dict[str, Callable[[Any], Any]] = {
    "b": bool, "i": int, "u": int, "f": float, "c": complex,
}  # fmt: skip


class GuardFailed(Exception):
    """The trace does not apply to these arguments: another is wanted.  Nothing was written."""


def run(
    trace: Trace, leaves: Sequence[Any], watch: Any = None, replay: Replay | None = None
) -> Any:
    """The answer for the arguments' leaves, which are written as the function writes them.

    replay: does the writes before an error inside of a loop or a branch, which graphs do not tell.

    Raises GuardFailed before anything is done, ValueError for a read-only array that is written,
    and what the function's own checks raise.
    """
    for k in trace.written:
        if not leaves[k].flags.writeable:
            raise ValueError("assignment destination is read-only")
    feeds = feeds_of(trace, leaves)
    if trace.graph.guards and any(g < 0 for g in evaluate(trace.graph.guards, feeds)):
        raise GuardFailed(trace.name)
    effects = trace.graph.effects
    try:
        values = evaluate((*effects, *trace.graph.outputs), feeds, watch)[len(effects) :]
    except Exception as error:
        _write_before(trace, leaves, feeds, error, replay)
        raise
    if trace.writes:  # a value may be the very array that is about to be written
        values = tuple(np.array(v) if isinstance(v, np.ndarray) else v for v in values)
    for write in trace.writes:
        _write(trace, leaves, write, values[write.output])
    return trace.tree.unflatten(answer(trace.outputs, trace.graph.outputs, values, leaves))


def feeds_of(trace: Trace, leaves: Sequence[Any]) -> Feeds:
    """The value of every input of the graph."""
    sources = zip(trace.graph.inputs, trace.sources, strict=True)
    return {n: _value(s, leaves) for n, s in sources}


def _value(source: Any, leaves: Sequence[Any]) -> Any:
    match source:
        case SizeOf(leaf, axis):
            return leaves[leaf].shape[axis]
        case StrideOf(leaf, axis):
            a = leaves[leaf]
            return 0 if is_odd(a) else a.strides[axis] // a.itemsize
        case IntOf(leaf) | ValueOf(leaf) | HandleOf(leaf):
            return leaves[leaf]
        case DataOf(leaf, transposed):
            a = np.asarray(leaves[leaf])
            a = a if a.dtype.isnative else a.astype(a.dtype.newbyteorder("="))
            return a.T if transposed else a
        case Constant(array):
            return array
        case Held() | Made():
            return source.made(leaves)
    raise TypeError(f"no such source: {source}")


def _write(trace: Trace, leaves: Sequence[Any], w: Write, value: Any) -> None:
    source = next(s for s in trace.sources if isinstance(s, DataOf) and s.leaf == w.leaf)
    target = leaves[w.leaf].T if source.transposed else leaves[w.leaf]
    np.copyto(target, value)


def _write_before(
    trace: Trace, leaves: Sequence[Any], feeds: Feeds, error: Exception, replay: Replay | None
) -> None:
    """A check raised: find it, do the writes that come before it, and say where it stands."""
    effects = trace.graph.effects
    errors = ((k, found) for k, e in enumerate(effects) if (found := _raised(e, feeds)) is not None)
    k, found = next(errors, (-1, error))
    if k < 0:
        return
    where = origin.get(effects[k])
    if where is not None:
        error.add_note(f"at {where}, in {where.function}: {where.expression}")
    if replay is not None and bodies(effects[k]) and replay(trace, leaves, error):
        return
    newest = {w.leaf: w for w in trace.history if w.effects <= k}
    held = [evaluate((trace.graph.outputs[w.output],), feeds)[0] for w in newest.values()]
    held = [np.array(v) for v in held]  # the feeds are the arguments that are about to be written
    for w, value in zip(newest.values(), held, strict=True):
        _write(trace, leaves, w, value)
    for w in trace.history:  # what the steps of a loop wrote before the one that raised
        n = trace.graph.outputs[w.output]
        if n.op is proj and n.inputs[0] in reached(found):
            carries = reached(found)[n.inputs[0]]
            if n.attr("k") < len(carries):
                _write(trace, leaves, w, np.array(carries[n.attr("k")]))


def _raised(effect: Node, feeds: Feeds) -> Exception | None:
    try:
        evaluate((effect,), feeds)
    except Exception as error:
        return error
    return None


def answer(
    outputs: Sequence[Output], nodes: Sequence[Node], values: Sequence[Any], leaves: Sequence[Any]
) -> list[Any]:
    """The leaves of the answer from the values of the graph's outputs."""
    arrays: dict[int, np.ndarray[Any, Any]] = {}

    def array(o: ArrayResult) -> np.ndarray[Any, Any]:
        k = o.output
        if k not in arrays and o.axes is None:
            arrays[k] = np.array(values[k], nodes[k].dtype, order="C")
        elif k not in arrays:
            turned = np.ascontiguousarray(values[k]).transpose(o.axes)
            arrays[k] = np.array(turned, nodes[k].dtype)  # in its order, and owns its memory
        return arrays[k]

    def leaf(o: Output) -> Any:
        match o:
            case ArrayResult():
                return array(o)
            case ScalarResult(k, weak):
                value = values[k]
                if weak:
                    return _PYTHON[nodes[k].dtype.kind](value)
                return np.asarray(typed(nodes[k], value))[()]  # np.where gives 0-d arrays
            case Argument(k):
                return leaves[k]
            case Static(value):
                return value
            case ViewOf():
                base = array(o.base) if isinstance(o.base, ArrayResult) else leaves[o.base.leaf]
                return _view(base, o, values)
        raise TypeError(f"no such output: {o}")

    return [leaf(o) for o in outputs]


class _Memory:
    """Memory at an address, kept alive by the array it belongs to."""

    def __init__(self, owner: Any, interface: dict[str, Any]) -> None:
        self.owner = owner
        self.__array_interface__ = interface


def _view(base: np.ndarray[Any, Any], o: ViewOf, values: Sequence[Any]) -> np.ndarray[Any, Any]:
    size = base.itemsize
    address, read_only = base.__array_interface__["data"]
    interface = {
        "version": 3,
        "typestr": o.dtype.str,
        "shape": tuple(int(values[k]) for k in o.sizes),
        "strides": tuple(int(values[k]) * size for k in o.strides),
        "data": (address + int(values[o.offset]) * size, read_only or not o.writeable),
    }
    return np.asarray(_Memory(base, interface))
