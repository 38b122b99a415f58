"""One call of a CUDA program: memory, launches, library calls, checks, and the answer.

`DeviceProgram` is what all calls share; a `Run` is one call, whose methods the host program uses
(program.py).  Scratch lies in one block by the buffers' lives (arena.py).
"""

from __future__ import annotations

import math
import struct
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from typing import Any, NoReturn

import numpy as np

from ....errors import warn_once
from ... import plan as host
from ... import raising
from ...callbacks import opaque
from ...dispatch import NO_MATCH
from ...references import Reference
from ..plan import CudaModule
from . import libraries
from .answer import answer_of, integer_of
from .arena import first_lines, layout, lives
from .machine import Machine, Sizes
from .program import Shape, host_program

_LAYOUTS = 64  # sizes whose layout of scratch is kept
_WORD = np.dtype("i8")


class DeviceProgram:
    """A CUDA program on a machine: plan of the call, plan of the device, modules when needed.

    apart: each buffer has memory of its own, so that a sanitizer sees where it ends.
    """

    def __init__(
        self, made: CudaModule, plan: host.Plan, machine: Machine, apart: bool = False
    ) -> None:
        self.source, self.plan, self.machine = made.source, plan, machine
        self.device_plan = made.plan
        self.host = host_program(made.plan)
        places = {b.name: k for k, b in enumerate(made.plan.buffers)}
        self.result_places = [places[name] for name in made.plan.results]
        self.spans = {} if apart else lives(made.plan)
        self.constants: dict[int, Any] = {}
        self._layouts: dict[tuple[Shape | None, ...], tuple[dict[int, int], int]] = {}

    def __call__(
        self, leaves: Sequence[Any], given: Sequence[Any], run: Callable[..., Run] | None = None
    ) -> Any:
        """The answer, or NO_MATCH.  leaves: arrays as kernels want them; given: the caller's.
        run: makes the call's Run."""
        integers = tuple(integer_of(s, leaves) for s in self.plan.ints)
        if not self.host.guards(*integers):
            return NO_MATCH
        shapes = self.host.shapes(*integers)
        try:
            with nullcontext() if self.machine.is_current() else self.machine.here():
                return (run or Run)(self, leaves, given, shapes).answer(integers)
        except MemoryError as error:
            raise MemoryError(f"{error}{self._largest(shapes)}") from error

    def _largest(self, shapes: tuple[Shape | None, ...]) -> str:
        """What the call wants memory for, the most first, with the first line that uses it."""
        lines = first_lines(self.device_plan)
        rows = []
        for b, shape in zip(self.device_plan.buffers, shapes):
            if shape is not None:
                rows.append((math.prod(shape) * b.dtype.itemsize, b.name, b.dtype, shape, b.role))
        rows.sort(key=lambda r: (-r[0], r[1]))
        texts = [
            f"\n  {n / 1e6:.1f} MB: {name}, {dtype}{list(shape)}, {role}{lines.get(name, '')}"
            for n, name, dtype, shape, role in rows[:5]
        ]
        head = f"\n{self.plan.name} wants memory for" if texts else ""
        return head + "".join(texts)

    def layout_of(self, shapes: tuple[Shape | None, ...]) -> tuple[dict[int, int], int]:
        """Offsets of static scratch, and the bytes of the block."""
        found = self._layouts.get(shapes)
        if found is None:
            buffers = self.device_plan.buffers
            sizes = {}
            for k in self.spans:
                shape = shapes[k]
                assert shape is not None
                sizes[k] = math.prod(shape) * buffers[k].dtype.itemsize
            if len(self._layouts) >= _LAYOUTS:
                self._layouts.clear()
            found = self._layouts[shapes] = layout(self.spans, sizes)
        return found


class Run:
    """One call."""

    def __init__(
        self,
        program: DeviceProgram,
        leaves: Sequence[Any],
        given: Sequence[Any],
        shapes: tuple[Shape | None, ...],
    ) -> None:
        self.program, self.leaves, self.given = program, leaves, given
        self.machine = m = program.machine
        self.address = m.address
        self.panel = m.window
        self.copy = m.assign
        self.fill = m.fill
        self._word: Any = None
        self._kept: list[Any] = []
        self._on_device: dict[int, Any] = {}
        offsets, size = program.layout_of(shapes)
        self._block = block = m.begin_call(size) if size else None  # which its views do not keep
        self.buffers: list[Any] = [None] * len(shapes)
        for k, b in enumerate(program.device_plan.buffers):
            shape = shapes[k]
            if b.role == "argument":
                self.buffers[k] = self._argument(b.position)
            elif b.role == "constant":
                self.buffers[k] = self._constant(b.position)
            elif k in offsets and shape is not None:
                strides = _c_strides(shape)
                start = offsets[k] // b.dtype.itemsize
                self.buffers[k] = m.window(block, b.dtype, start, shape, strides)
            elif shape is not None and (b.role == "result" or not program.spans):
                self.buffers[k] = m.empty(shape, b.dtype)

    # -- what the host program calls
    def launch(
        self,
        kernel: str,
        grid: Sizes,
        block: Sizes,
        shared: int,
        cooperative: bool,
        wide: bool,
        slots: Sequence[int],
    ) -> None:
        if 0 in grid:
            return
        module = self.machine.module(self.program.source, bool(wide))
        module.start(kernel, grid, block, shared, cooperative, slots)
        if self.machine.eager_checks:
            self.check()

    def error_word(self) -> int:
        if self._word is None:
            self._word = self.machine.zeros((8,), _WORD)
        return self.machine.address(self._word)

    def check(self) -> None:
        """Raise what a kernel has reported; waits for the device."""
        if self._word is None:
            return
        values = self.machine.get(self._word).tolist()
        if values[0]:
            self.fail(values[0] - 1, tuple(values[1:7]))

    def fail(self, site: int, values: Sequence[int]) -> NoReturn:
        whole = (*(int(v) for v in values), *[0] * 6)
        raising.raise_site(self.program.plan, site, whole[:6])

    def value(self, position: int, dtype: np.dtype[Any]) -> tuple[int, int]:
        """16 bytes, as two integers, that hold a scalar argument."""
        return two_words(self.program.plan, self.leaves, position, dtype)

    def arena(self, size: int) -> int:
        memory = self.machine.empty((max(size, 1),), np.dtype("u1"))
        self._kept.append(memory)
        return self.machine.address(memory)

    def counters(self, count: int) -> int:
        return self.machine.address(self.machine.counters(count))

    def allocate(self, k: int, shape: Shape, zero: bool) -> Any:
        b = self.program.device_plan.buffers[k]
        if b.static and self.buffers[k] is not None:
            if zero:
                self.fill(self.buffers[k], 0)
            return self.buffers[k]
        return (self.machine.zeros if zero else self.machine.empty)(shape, b.dtype)

    def fetch(self, buffer: Any) -> Any:
        self.check()
        return self.machine.get(buffer).reshape(-1)[0].item()

    def library(
        self, name: str, outputs: Sequence[Any], inputs: Sequence[Any], **attrs: Any
    ) -> None:
        libraries.ROUTINES[name](self.machine, outputs[0], inputs, **attrs)

    def callback(
        self, op: str, site: int, outputs: Sequence[Any], inputs: Sequence[Any]
    ) -> None:
        """Run an op by a library of the device, else by its NumPy meaning on the host."""
        callback = self.program.plan.callbacks[site]
        if self._by_library(op, callback, outputs, inputs):
            return
        self.check()
        arrays = iter(inputs)
        operands = [
            self.machine.get(next(arrays))[()]
            if isinstance(o, host.ArrayOperand)
            else opaque(o, self.given, self._kept)
            for o in callback.operands
        ]
        answer = callback.function(*operands)
        values = answer if isinstance(answer, tuple) else (answer,)
        for target, value in zip(outputs, values, strict=True):
            self.machine.assign(target, self.machine.put(np.asarray(value, target.dtype)))

    def _by_library(
        self, op: str, callback: host.Callback, outputs: Sequence[Any], inputs: Sequence[Any]
    ) -> bool:
        route = self.machine.equivalent(op)
        reference = callback.function
        if route is None or not isinstance(reference, Reference):
            return False
        try:
            attrs = {k: v for k, v in reference.attrs.items() if k != "operands"}
            answer = route(*inputs, **attrs)
            values = answer if isinstance(answer, tuple) else (answer,)
            for target, value in zip(outputs, values, strict=True):
                if value.shape != target.shape:
                    return False
                self.machine.assign(target, value)
        except MemoryError:
            raise
        except np.linalg.LinAlgError:
            return False  # the host tells, in NumPy's words
        except Exception as error:  # of whatever library is missing or does not take it
            warn_once(f"cuda {op}", f"{op} runs on the host, with copies there and back: {error}")
            return False
        return True

    # -- inputs
    def _argument(self, position: int) -> Any:
        source = self.program.plan.ptrs[position]
        if isinstance(source, host.ValueOf):
            spec: Any = self.program.plan.leaves[source.leaf]
            return self.machine.put(np.array(self.leaves[source.leaf], spec.dtype))
        assert isinstance(source, host.DataOf)
        return self._leaf(source.leaf)

    def _leaf(self, leaf: int) -> Any:
        x = self.leaves[leaf]
        if self.machine.is_own(x):
            return x
        if leaf not in self._on_device:
            self._on_device[leaf] = self.machine.put(x)
        return self._on_device[leaf]

    def _constant(self, position: int) -> Any:
        held = self.program.constants
        if position not in held:
            source = self.program.plan.ptrs[position]
            assert isinstance(source, host.Constant)
            held[position] = self.machine.put(np.ascontiguousarray(source.array))
            self.machine.finish()  # later calls may be on other streams
        return held[position]

    # -- the answer
    def answer(self, integers: tuple[int, ...]) -> Any:
        plan = self.program.plan
        try:
            self.program.host.run(self, *integers)
            self.check()
        except BaseException:
            self.machine.forget_counters()
            raise
        finally:
            self._write_back()
        results = [self.buffers[k] for k in self.program.result_places]
        return answer_of(plan, self.machine, results, self.leaves, self.given)

    def _write_back(self) -> None:
        """Host arrays that the call writes receive what their copies on the device hold."""
        for leaf in self.program.plan.written:
            if leaf in self._on_device:
                np.copyto(self.leaves[leaf], self.machine.get(self._on_device[leaf]))


def two_words(
    plan: host.Plan, leaves: Sequence[Any], position: int, dtype: np.dtype[Any]
) -> tuple[int, int]:
    """16 bytes, as two integers, that hold the scalar which pointer `position` stands for."""
    source = plan.ptrs[position]
    assert isinstance(source, host.ValueOf)
    data = np.array(leaves[source.leaf], dtype).tobytes().ljust(16, b"\0")
    low, high = struct.unpack("<qq", data)
    return low, high


def _c_strides(shape: Shape) -> tuple[int, ...]:
    steps, step = [], 1
    for n in reversed(shape):
        steps.append(step)
        step *= n
    return tuple(reversed(steps))
