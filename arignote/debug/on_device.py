"""What a function does on a GPU for a call: kernels, their sizes, library calls, what cannot pay.

Lines for `explain`.  Sizes that follow from values on the device are shown as expressions.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..emit.cuda.device import H100
from ..emit.cuda.plan import NAMES, Fetch, HostCallback, Launch, Lib, Record, compiled
from ..emit.cuda.runtime.answer import integer_of
from ..emit.cuda.runtime.arena import all_records
from ..emit.cuda.runtime.specialised import device_compilation
from ..errors import UnsupportedError
from ..trace.plan import Trace


def device_lines(trace: Trace, leaves: Sequence[Any]) -> tuple[str, ...]:
    """One line for each thing that the host starts, in order, and the notes of the plan."""
    try:
        made = device_compilation(trace, H100)
    except UnsupportedError as reason:
        return (f"runs on the CPU: {reason}",)
    plan = made.module.plan
    known = dict(zip(plan.integers, (integer_of(s, leaves) for s in made.plan.ints)))
    lines = [text for r in all_records(plan.records) if (text := _line(r, known))]
    return (*lines, *plan.notes)


def _line(r: Record, known: dict[str, int]) -> str:
    where = f"  {r.line}" if isinstance(r, Launch | Lib | HostCallback) and r.line else ""
    if isinstance(r, Launch):
        grid, block = (" x ".join(_value(e, known) for e in sizes) for sizes in (r.grid, r.block))
        together = ", all at once" if r.cooperative else ""
        return f"kernel {r.kernel}: {grid} blocks of {block} threads{together}{where}"
    if isinstance(r, Lib):
        return f"library {r.name}{where}"
    if isinstance(r, HostCallback):
        return f"{r.op} on the host, with copies there and back{where}"
    if isinstance(r, Fetch):
        return f"waits for the GPU and reads {r.name}"
    return ""


def _value(expression: str, known: dict[str, int]) -> str:
    try:
        return str(int(eval(compiled(expression), {**NAMES, **known})))
    except NameError:  # of a variable that the host learns later
        return f"({expression})"
