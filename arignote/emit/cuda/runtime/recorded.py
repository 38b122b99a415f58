"""A call of a kind that was seen before, started again without running the host program.

A kind is dtypes, shapes, strides and values of integers.  Its second call is recorded
(recorder.py); later ones fill in their addresses and numbers and hand the whole to the launcher.
What a call does is printed once as a straight-line Python function, as the host program is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....errors import DeviceError
from ... import plan as host
from ... import raising
from . import cublas
from .answer import answer_of
from .call import DeviceProgram, two_words
from .driver import NOT_READY_CONTEXT, said
from .graphs import Graphs
from .launches import PRODUCT, Libraries
from .recorder import Recorder, patches_of


class Recorded:
    """Answers calls of one kind: `call(leaves, given)`.  Leaves are CuPy's arrays and numbers; the
    machine's device is the current one."""

    def __init__(self, program: DeviceProgram, run: Recorder) -> None:
        made = run.made
        self.plan, self.steps = program.plan, tuple(made.steps)
        machine: Any = program.machine
        self.machine = machine
        self._launcher = machine.launcher(
            made.steps, [int(s) for s in made.slots], patches_of(made)
        )
        blas = cublas.library() if made.products else None
        self.graphs = Graphs(self._launcher, len(made.steps), Libraries(machine.driver(), blas))
        self.text, names = _text(program, run)
        names |= {
            "_empty": machine.pool(), "_stream": machine.stream_object,
            "_counters": machine.counters, "_two": two_words, "_plan": self.plan,
            "_start": self.graphs.run, "_mended": self._mended, "_checked": self._checked,
            "_answer": answer_of, "_machine": machine, "_u1": np.dtype("u1"),
            "_workspace": machine.workspace, "_handle": machine.blas_handle,
        }  # fmt: skip
        exec(compile(self.text, f"<recorded call of {self.plan.name}>", "exec"), names)
        self.call: Callable[[Any, Any], Any] = names["_call"]

    def _mended(self, code: int, words: list[int], stream: int, handle: int = 0) -> None:
        """A thread's first call wants its context; other errors are raised."""
        at, error = (code >> 32) - 1, code & 0xFFFFFFFF
        if error in NOT_READY_CONTEXT and self.steps[at].how != PRODUCT:
            self.machine.wake()
            code = self._launcher.run(words, stream, at, handle)
            at, error = (code >> 32) - 1, code & 0xFFFFFFFF
        if code:
            self.machine.forget_counters()
            if self.steps[at].how == PRODUCT:
                raise DeviceError(f"{self.steps[at].name}: cuBLAS refuses it with status {error}")
            raise DeviceError(
                f"{self.steps[at].name}: the driver refuses the launch: "
                f"{said(self.machine.driver(), error)}"
            )

    def _checked(self, block: Any, word: int) -> None:
        record = self.machine.window(block, np.dtype("i8"), word // 8, (8,), (1,))
        values = self.machine.get(record).tolist()
        if values[0]:
            self.machine.forget_counters()
            raising.raise_site(self.plan, values[0] - 1, tuple(values[1:7]))


def _text(program: DeviceProgram, run: Recorder) -> tuple[str, dict[str, Any]]:
    """The call as Python, and the dtypes it names.  Words stand in the order of `patches_of`."""
    made, plan = run.made, program.plan
    names: dict[str, Any] = {}
    lines = ["def _call(_leaves, _given):"]
    results = []
    for k, place in enumerate(program.result_places):  # those without an address in a kernel too
        names[f"_d{k}"] = program.device_plan.buffers[place].dtype
        lines.append(f"    _r{k} = _empty({tuple(run.buffers[place].shape)!r}, _d{k})")
        results.append(f"_r{k}")
    words = [f"_leaves[{k}].data.ptr" for k in made.leaves]
    words += [f"_r{program.result_places.index(k)}.data.ptr" for k in made.results]
    if made.block:
        lines.append(f"    _block = _empty({made.block}, _u1)")
    words.append("_block.data.ptr" if made.block else "0")
    words.append(f"_counters({made.counters}).data.ptr" if made.counters else "0")
    words.append("_workspace().data.ptr" if made.products else "0")
    for k, (position, dtype) in enumerate(made.values):
        names[f"_v{k}"] = dtype
        words.append(f"*_two(_plan, _leaves, {position}, _v{k})")
    handle = ", _h" if made.products else ""
    if made.products:
        lines.append("    _h = _handle()")
    lines += [
        f"    _words = [{', '.join(words)}]",
        "    _s = _stream().ptr",
        f"    _code = _start(_words, _s{handle})",
        "    if _code:",
        f"        _mended(_code, _words, _s{handle})",
    ]
    if made.word is not None:
        lines.append(f"    _checked(_block, {made.word})")
    bare = _bare(plan)
    if bare is None:
        all_results = f"({', '.join(results)}{',' if len(results) == 1 else ''})"
        lines.append(f"    return _answer(_plan, _machine, {all_results}, _leaves, _given)")
    elif plan.structure == "leaf":
        lines.append(f"    return _r{bare[0]}")
    else:
        lines.append(f"    return ({', '.join(f'_r{k}' for k in bare)},)")
    return "\n".join(lines) + "\n", names


def _bare(plan: host.Plan) -> tuple[int, ...] | None:
    """The results that are the answer as they are, one or a tuple; None for other answers."""
    if plan.structure not in ("leaf", "tuple"):
        return None
    out = []
    for o in plan.outputs:
        if not isinstance(o, host.NewArray) or o.axes is not None or o.result in out:
            return None
        out.append(o.result)
    return tuple(out) if any(hasattr(s, "layout") for s in plan.leaves) else None
