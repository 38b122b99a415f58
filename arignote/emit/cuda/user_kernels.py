"""Ops of the user that bring a kernel of their own: its text, and the record that starts it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from ...fxgraph.node import Node
from ..array_c import ArrayCuda
from . import plan
from .host import times

if TYPE_CHECKING:
    from .planner import Planner


def kernel_of(node: Node) -> ArrayCuda | None:
    """The kernel that an op has for elements of its first operand's type."""
    found: ArrayCuda | None = node.op.extra.get("array_cuda")
    return found if found is not None and node.inputs[0].dtype.char in found.dtypes else None


def launch_kernel(
    planner: Planner,
    kernel: ArrayCuda,
    node: Node,
    panels: tuple[Sequence[plan.Panel], Sequence[plan.Panel]],
    line: str,
) -> None:
    """Print a kernel and start it.  panels: of operands and of results.

    A thread for each element of the first result, or as many as the GPU holds.
    """
    inputs, outputs = panels
    name = f"{planner.setting.module.name}_{planner.kernels}"
    planner.kernels += 1
    planner.texts.append((f"// {line}\n" if line else "") + kernel.text(name, node))
    args: list[plan.KernelArgument] = []
    for p in inputs:
        args += _place(p)
        args += [plan.Int(d) for d in (*p.shape, *p.strides)]
    for p in outputs:
        args += _place(p)
        args += [plan.Int(d) for d in p.shape]
    args += [plan.Int(str(v)) for v in kernel.numbers(node)]
    device = planner.setting.device
    steps = times(list(outputs[0].shape)) if outputs[0].shape else "1"
    blocks = f"min({device.sms * device.blocks_per_sm}, max(1, cdiv({steps}, {device.threads})))"
    planner.records.append(
        plan.Launch(name, (blocks,), (str(device.threads),), tuple(args), line=line)
    )


def _place(p: plan.Panel) -> list[plan.KernelArgument]:
    return [plan.Pointer(p.buffer), plan.Int(p.offset)]
