"""Library calls as records of the host."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...fxgraph.affine import size_node
from ...fxgraph.node import Node
from ...optimize.loopnest.access import effects_of
from ...optimize.loopnest.program import Library, Panel
from ..lines import source_line
from . import plan
from .scope import root
from .user_kernels import kernel_of, launch_kernel

if TYPE_CHECKING:
    from .planner import Planner

BLAS = frozenset(("gemm", "gemv", "ger", "dot", "syrk"))


def call_library(planner: Planner, s: Library) -> None:
    """The record of a call, and of what it needs first.

    Raises LookupError for a routine that no library on the device has.
    """
    planner.flush()
    e = effects_of((s,))
    planner.spoiled(e.sets, e.writes)
    line = source_line(s.origin) if s.origin is not None else ""
    if s.name == "python":
        node = planner.program.sites[s.site].node
        assert node is not None
        outputs = tuple(_panel(planner, p) for p in s.outputs)
        kernel = kernel_of(node)
        if kernel is not None:
            arrays = s.inputs[: int(node.attr("arrays"))]
            inputs = tuple(_operand(planner, x) for x in arrays)
            launch_kernel(planner, kernel, node, (inputs, outputs), line)
            return
        inputs = tuple(_operand(planner, x) for x in s.inputs)
        planner.records.append(plan.HostCallback(node.op.name, s.site, outputs, inputs, line))
        return
    if s.name not in BLAS:
        raise LookupError(f"no library routine is called {s.name!r}")
    attrs = dict(s.attrs)
    for x in s.inputs:
        if isinstance(x, Node):
            attrs["alpha"] = planner.fetched(x)
    inputs = tuple(_panel(planner, p) for p in s.inputs if isinstance(p, Panel))
    outputs = tuple(_panel(planner, p) for p in s.outputs)
    planner.records.append(plan.Lib(s.name, outputs, inputs, tuple(attrs.items()), line))


def _operand(planner: Planner, x: Panel | Node) -> plan.Panel:
    """An array, or a number in a cell."""
    if isinstance(x, Panel):
        return _panel(planner, x)
    cell = planner.stored(x)
    return plan.Panel(cell.name, cell.dtype, "0", (), ())


def _panel(planner: Planner, p: Panel) -> plan.Panel:
    shape, strides = (
        tuple(planner.known(size_node(d)) for d in dims) for dims in (p.shape, p.strides)
    )
    b = root(p.buffer)
    return plan.Panel(planner.setting.place(b), b.dtype, planner.known(p.offset), shape, strides)
