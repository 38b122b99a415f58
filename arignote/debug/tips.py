"""What a user could change to make a call faster, each tip with the line it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np

from ..emit.kernel import Compilation
from ..fxgraph.graph import order_of
from ..fxgraph.node import Origin, origin
from ..fxgraph.types import TensorType
from ..optimize.loopnest.apart import apart
from ..optimize.loopnest.program import Check, Library, Loop, Panel, While, walk
from ..trace.plan import Trace
from ..trace.signature import ArraySpec, is_odd
from .counting import count, routine, taken, trip
from .explain import sizes_of

#: Bytes from which on a temporary is worth a tip, operations below which a call is.
LARGE, FEW = 500_000, 50
#: Elements of arguments and results below which calling a library takes longer than its work.
TINY = 64
#: Specialisations of one function from which on retracing is worth a tip.
MANY = 4


def tips_for(
    made: Compilation, leaves: Sequence[Any], specialisations: int, device: str = "cpu"
) -> list[str]:
    """The tips for one compilation, a call of it on a device, and the number of specialisations
    there are."""
    found = [
        *_wider(made.trace), *_layouts(made.trace, leaves), *_python(made), *_checks(made),
        *_temporaries(made, leaves), *_products(made), *_small(made, leaves),
        *_tiny_steps(made, leaves), *made.program.notes,
    ]  # fmt: skip
    if device != "cpu":
        found += transfers(made.trace, leaves)
    if specialisations >= MANY:
        found.append(
            f"{specialisations} specialisations: dtypes, layouts, static values or relations "
            f"between sizes change from call to call; each was traced and built"
        )
    return list(dict.fromkeys(found))


def _at(where: Origin | None) -> str:
    return f" at {where}: {where.expression}" if where is not None else ""


def _wider(trace: Trace) -> Iterator[str]:
    for n in order_of(trace.graph.roots, inside=True):
        if n.op.name == "cast" and isinstance(n.type, TensorType) and n.shape:
            if n.inputs[0].dtype == np.float32 and n.dtype == np.float64:
                yield f"float32 becomes float64{_at(origin.get(n))}; a float32 operand keeps it"


def _layouts(trace: Trace, leaves: Sequence[Any]) -> Iterator[str]:
    for k, (spec, x) in enumerate(zip(trace.signature.leaves, leaves, strict=True)):
        if isinstance(x, np.ndarray) and is_odd(x):
            yield f"argument {k} is misaligned or byte-swapped: each call copies it"
        elif isinstance(spec, ArraySpec) and spec.layout == "strided":
            yield (
                f"argument {k} is not contiguous, which keeps loops from using vectors: "
                f"np.ascontiguousarray(x) once, if it is used often"
            )


def _python(made: Compilation) -> Iterator[str]:
    for s in walk(made.program.statements):
        if isinstance(s, Library) and s.name == "python" and s.site >= 0:
            node = made.program.sites[s.site].node
            name = node.op.name if node is not None else "an operation"
            yield f"{name} runs in Python{_at(s.origin)}"


def _checks(made: Compilation) -> Iterator[str]:
    for loop in walk(made.program.statements):
        if not isinstance(loop, Loop):
            continue
        for s in loop.body:
            if isinstance(s, Check):
                where = made.program.sites[s.site].origin
                yield f"{s.kind} is tested in each step of a loop{_at(where)}"


def _temporaries(made: Compilation, leaves: Sequence[Any]) -> Iterator[str]:
    sizes = sizes_of(made, leaves)
    for found in apart(made.program):
        size = sizes.bytes(found.buffer)
        if size is None or size >= LARGE:
            room = "of unknown size" if size is None else f"of {size / 1e6:.3g} MB"
            pair = " and ".join(_line(s) for s in (found.writer, found.reader))
            yield f"a temporary {room} stands between {pair}, which are not fused: {found.reason}"


def _line(s: Any) -> str:
    found = (getattr(x, "origin", None) for x in walk((s,)))
    where = next((o for o in found if o is not None), None)
    return f"{where}: {where.expression}" if where is not None else "a nest"


def _products(made: Compilation) -> Iterator[str]:
    for n in order_of(made.graph.roots, inside=True):
        if n.op.name == "matmul" and isinstance(n.type, TensorType) and n.dtype.kind in "biu":
            yield (
                f"a product of {n.dtype} arrays is made by loops, not by BLAS{_at(origin.get(n))}; "
                f"it takes float32, float64 and complex numbers"
            )


def _small(made: Compilation, leaves: Sequence[Any]) -> Iterator[str]:
    sizes = sizes_of(made, leaves)
    total = count(made.program.statements, sizes, made.program.sites)
    if not total.guessed and not total.calls and total.flops < FEW:
        yield (
            f"a call does {total.flops:.0f} operations, so calling takes longer than computing: "
            f"compile the function that calls it in a loop instead"
        )


def _tiny_steps(made: Compilation, leaves: Sequence[Any]) -> Iterator[str]:
    """Library routines that loops call for next to nothing."""
    sizes = sizes_of(made, leaves)
    stack = [(s, False) for s in reversed(made.program.statements)]
    while stack:
        s, inside = stack.pop()
        if isinstance(s, Library) and inside:
            panels = [p for p in (*s.outputs, *s.inputs) if isinstance(p, Panel)]
            elements = [sizes.product(p.shape) for p in panels]
            known = [n for n in elements if n is not None]
            if panels and len(known) == len(elements) and sum(known) < TINY:
                yield (
                    f"each step of a loop calls {routine(s, made.program.sites)} for "
                    f"{sum(known):.0f} elements{_at(s.origin)}: calling takes longer than "
                    f"computing; work on many at once instead (a stack of matrices, say)"
                )
        if isinstance(s, Loop):
            trip(s, sizes)
        inside = inside or isinstance(s, Loop | While)
        stack.extend((x, inside) for block in taken(s, sizes) for x in reversed(block))


def transfers(trace: Trace, leaves: Sequence[Any]) -> list[str]:
    """Arrays of the host's that each call takes to the device and back."""
    there = sum(x.nbytes for x in leaves if isinstance(x, np.ndarray))
    back = sum(leaves[k].nbytes for k in trace.written if isinstance(leaves[k], np.ndarray))
    if not there:
        return []
    written = f", and {back / 1e6:.3g} MB that it writes come back" if back else ""
    return [
        f"each call copies {there / 1e6:.3g} MB of arguments to the device{written}, its answer "
        f"too: pass CuPy arrays, and keep them there from call to call"
    ]
