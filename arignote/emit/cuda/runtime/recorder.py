"""A call that notes what it does, so that others of its kind need not run the host program.

What is started is noted, and which numbers came from addresses or arguments (recorded.py starts it
again): kernels, memory that is filled, products of cuBLAS.  Plans that look at values on the way,
call other libraries or need memory of a size that only the device knows are not recorded; they run
as they are.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ... import plan as host
from . import cublas, libraries
from .arena import ALIGNMENT
from .call import Run
from .launches import KERNEL, PRODUCT, Patch, Step, address_of
from .machine import Sizes
from .program import Shape

_WORD_BYTES = 64  # of the error record
_MOST_STEPS = 4096


class Place(int):
    """A number that another call has another of: (kind, which) of its word, and what is added."""

    source: tuple[str, int]
    more: int


@dataclass
class Recording:
    """What one call has done.  leaves: whose addresses are the first words; results: buffers whose
    addresses are the next; then the block's, the counters', cuBLAS' workspace's, and two for each
    number.

    fixed: other calls of the kind do the same.  again: another call may be recorded where this one
    could not, as an array was given twice.
    """

    leaves: list[int] = field(default_factory=list)
    results: list[int] = field(default_factory=list)
    values: list[tuple[int, np.dtype[Any]]] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    slots: list[int] = field(default_factory=list)
    block: int = 0
    word: int | None = None  # the error record's offset in the block
    counters: int = 0
    products: bool = False
    fixed: bool = True
    again: bool = False


class Recorder(Run):
    """A call that notes what it does."""

    def __init__(self, *given: Any) -> None:
        self.made = Recording()
        super().__init__(*given)
        plan, made = self.program.device_plan, self.made
        self._words: dict[int, tuple[str, int, int]] = {}  # array -> (kind, which, offset)
        self._held: list[Any] = []  # so that no other array gets the id of one that was dropped
        self._allocated: set[int] = set()
        offsets, made.block = self.program.layout_of(given[3])
        arrays = [id(x) for x in self.leaves if self.machine.is_own(x)]
        made.again = len(set(arrays)) < len(arrays)  # which one is read cannot be told
        made.fixed = not made.again
        for k, b in enumerate(plan.buffers):
            array, key = self.buffers[k], ("", 0, 0)
            if b.role == "argument":
                source = self.program.plan.ptrs[b.position]
                if isinstance(source, host.DataOf) and self.machine.is_own(
                    self.leaves[source.leaf]
                ):
                    key = "leaf", source.leaf, 0
            elif b.role == "constant":
                key = "constant", 0, 0
            elif k in offsets:
                key = "block", 0, offsets[k]
            elif b.role == "result" and array is not None:
                key = "result", k, 0
            if key[0]:
                self._words[id(array)] = key
        self.address = self._address
        self.panel = self._panel
        self.copy = self._copy
        self.fill = self._fill

    def _address(self, array: Any) -> int:
        value = int(self.machine.address(array))
        kind, which, offset = self._words.get(id(array), ("", 0, 0))
        if kind == "constant":
            return value
        if not kind:
            self.made.fixed = False
            return value
        return _named(self.made, value, kind, which, offset)

    def launch(self, kernel: str, grid: Sizes, *given: Any) -> None:
        super().launch(kernel, grid, *given)
        if 0 not in grid:
            block, shared, cooperative, wide, slots = given
            module: Any = self.machine.module(self.program.source, bool(wide))
            first = len(self.made.slots)
            step = module.step(kernel, grid, block, shared, cooperative, first, len(slots) // 2)
            self.made.steps.append(step)
            self.made.slots += slots
            self.made.fixed &= len(self.made.steps) <= _MOST_STEPS

    def error_word(self) -> int:
        made = self.made
        if made.word is None:
            made.word = _more(made, _WORD_BYTES)
            _filled(made, _named(made, 0, "block", 0, made.word), 0, _WORD_BYTES)
        return _named(made, super().error_word(), "block", 0, made.word)

    def arena(self, size: int) -> int:
        return _named(self.made, super().arena(size), "block", 0, _more(self.made, max(size, 1)))

    def counters(self, count: int) -> int:
        self.made.counters = max(self.made.counters, count)
        return _named(self.made, super().counters(count), "counters", 0, 0)

    def value(self, position: int, dtype: np.dtype[Any]) -> tuple[int, int]:
        low, high = super().value(position, dtype)
        key = position, dtype
        if key not in self.made.values:
            self.made.values.append(key)
        k = self.made.values.index(key)
        return (
            _named(self.made, low, "value", 2 * k, 0),
            _named(self.made, high, "value", 2 * k + 1, 0),
        )

    def allocate(self, k: int, shape: Shape, zero: bool) -> Any:
        before, b = self.buffers[k], self.program.device_plan.buffers[k]
        array = super().allocate(k, shape, zero)
        if array is before:  # its zeros went through `_fill`
            return array
        if k in self._allocated:  # in a loop: what it was before may still be read
            self.made.fixed = False
        self._allocated.add(k)
        key = "result", k, 0
        if b.role != "result":
            key = "block", 0, _more(self.made, max(array.nbytes, 1))
        self._words[id(array)] = key
        self._held.append(array)
        if zero and array.nbytes:
            _filled(self.made, self._address(array), 0, array.nbytes)
        return array

    def _fill(self, array: Any, byte: int) -> None:
        self.machine.fill(array, byte)
        if array.size:
            _filled(self.made, self._address(array), byte, array.nbytes)

    def _panel(
        self,
        array: Any,
        dtype: np.dtype[Any],
        offset: int,
        shape: Sequence[int],
        strides: Sequence[int],
    ) -> Any:
        view = self.machine.window(array, dtype, offset, shape, strides)
        kind, which, start = self._words.get(id(array), ("", 0, 0))
        if kind:
            self._words[id(view)] = kind, which, start + offset * dtype.itemsize
        self._held.append(view)
        return view

    def _copy(self, target: Any, source: Any) -> None:
        self.made.fixed = False
        self.machine.assign(target, source)

    def fetch(self, buffer: Any) -> Any:
        self.made.fixed = False
        return super().fetch(buffer)

    def library(
        self, name: str, outputs: Sequence[Any], inputs: Sequence[Any], **attrs: Any
    ) -> None:
        super().library(name, outputs, inputs, **attrs)
        call = libraries.product_of(name, outputs[0], inputs, **attrs)
        blas = None if call is None else cublas.library()
        if call is None or blas is None:
            self.made.fixed = False
            return
        made, machine = self.made, self.machine
        left, right = (inputs[-1], inputs[0]) if call.swapped else (inputs[0], inputs[-1])
        room: Any = machine
        workspace = int(machine.address(room.workspace()))
        first = len(made.slots)
        made.slots += (self._address(left), self._address(right), self._address(outputs[0]))
        made.slots.append(_named(made, workspace, "workspace", 0, 0))
        made.slots += _words_of(call.alpha) + _words_of(call.beta)
        made.slots += (call.sizes[7], cublas.WORKSPACE)
        routine = cublas.entry(call.routine)
        function = address_of(getattr(blas, routine))
        made.steps.append(Step(routine, function, call.sizes[:7], PRODUCT, first, 5))
        made.products = True

    def callback(self, *given: Any) -> None:
        self.made.fixed = False
        super().callback(*given)


def _more(made: Recording, size: int) -> int:
    """Room at the end of the block."""
    start = -(-made.block // ALIGNMENT) * ALIGNMENT
    made.block = start + size
    return start


def _words_of(data: bytes) -> tuple[int, int]:
    low, high = struct.unpack("<qq", data.ljust(16, b"\0"))
    return low, high


def _filled(made: Recording, at: int, byte: int, size: int) -> None:
    first = len(made.slots)
    made.slots += (at, 0)
    made.steps.append(Step("memory", 0, (byte, size, 0, 0, 0, 0, 0), KERNEL, first, 0))


def _named(made: Recording, value: int, kind: str, which: int, offset: int) -> Place:
    named = Place(value)
    named.source, named.more = (kind, which), offset
    if kind == "leaf" and which not in made.leaves:
        made.leaves.append(which)
    if kind == "result" and which not in made.results:
        made.results.append(which)
    return named


def patches_of(made: Recording) -> list[Patch]:
    """Where the words of a call go: leaves, results, block, counters, workspace, values."""
    first = {"leaf": 0, "result": len(made.leaves)}
    first["block"] = first["result"] + len(made.results)
    first["counters"], first["workspace"] = first["block"] + 1, first["block"] + 2
    first["value"] = first["block"] + 3
    order = {"leaf": made.leaves, "result": made.results}
    out: list[Patch] = []
    for slot, value in enumerate(made.slots):
        if isinstance(value, Place):
            kind, which = value.source
            within = order[kind].index(which) if kind in order else which
            out.append((slot, first[kind] + within, value.more))
    return out
