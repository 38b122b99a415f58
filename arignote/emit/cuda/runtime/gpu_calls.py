"""Calls whose arguments live on a GPU: found by their exact kind, answered there without copies.

The dispatcher matches host arrays only; such calls come here as misses.  A kind (dtypes, shapes,
strides, values of numbers) that was seen before costs one dictionary look-up.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ....errors import UnsupportedError, VerifyError
from ....trace.plan import Trace
from ....trace.pytree import Tree
from ...dispatch import NO_MATCH
from ...matching import matches
from .call import DeviceProgram
from .devices import on_gpu
from .machine import Machine
from .specialised import device_compilation

_KINDS = 512  # kinds of calls remembered


@dataclass
class GpuCalls:
    """The GPU's specialisations of one function.  trace: (tree, host leaves) -> the trace."""

    trace: Callable[[Tree, Sequence[Any]], Trace]
    machine: Machine
    programs: list[tuple[Any, DeviceProgram]] = field(default_factory=list)
    plain: dict[Any, DeviceProgram] = field(default_factory=dict)
    known: dict[Any, DeviceProgram] = field(default_factory=dict)

    def __call__(self, tree: Tree, leaves: Sequence[Any], state: Any) -> Any:
        """The answer.  state: of the flags; programs made under other values do not hold.

        Raises UnsupportedError for what has no form on a GPU.
        """
        own = [self.machine.adopt(x) if on_gpu(x) else x for x in leaves]
        kind = _kind(tree, own, state)
        program = self.known.get(kind) if kind is not None else None
        if program is not None:
            answer = self._called(program, own, leaves)
            if answer is not NO_MATCH:
                return answer
        stand = [stand_in(x) if self.machine.is_own(x) else x for x in own]
        for made_in, candidate in self.programs:
            if made_in == (tree, state) and candidate is not program:
                if matches(candidate.plan, stand):
                    answer = self._called(candidate, own, leaves)
                    if answer is not NO_MATCH:
                        return self._remembered(kind, candidate, answer)
        made = device_compilation(self.trace(tree, stand), self.machine.info)
        fresh = DeviceProgram(made.module, made.plan, self.machine)
        self.programs.insert(0, ((tree, state), fresh))
        answer = self._called(fresh, own, leaves)
        if answer is NO_MATCH:
            raise VerifyError(f"{made.plan.name}: a new program refuses the call it was made for")
        return self._remembered(kind, fresh, answer)

    def again(self, args: tuple[Any, ...], state: Any) -> Any:
        """The answer to arguments of this machine's arrays and numbers whose kind has been seen,
        else NO_MATCH.  Nothing is flattened for these."""
        kind = _plain_kind(args, state)
        program = self.plain.get(kind) if kind is not None else None
        return NO_MATCH if program is None else self._called(program, args, args)

    def _remembered(self, kind: Any, program: DeviceProgram, answer: Any) -> Any:
        if kind is not None:
            if len(self.known) >= _KINDS:
                self.known.clear()
            self.known[kind] = program
        return answer

    def learned(self, args: tuple[Any, ...], tree: Tree, leaves: Sequence[Any], state: Any) -> None:
        """Note for `again` what answers arguments that are leaves themselves."""
        kind = _plain_kind(args, state)
        program = self.known.get(_kind(tree, leaves, state))
        if kind is not None and program is not None:
            if len(self.plain) >= _KINDS:
                self.plain.clear()
            self.plain[kind] = program

    def _called(self, program: DeviceProgram, own: Sequence[Any], given: Sequence[Any]) -> Any:
        if program.plan.written:
            _require_apart(program, own, self.machine)
        return program(own, given)


def _plain_kind(args: tuple[Any, ...], state: Any) -> Any:
    """What decides which program runs, or None for anything but CuPy's arrays and numbers."""
    parts: list[Any] = [state]
    for x in args:
        kind = type(x)
        if kind.__module__ == "cupy":
            parts.append((x.dtype, x.shape, x.strides, x.data.device_id))
        elif kind is float or kind is np.float64 or kind is np.float32:
            parts.append(kind)
        elif kind is int or kind is bool:
            parts.append((kind, x))
        else:
            return None
    return tuple(parts)


def stand_in(array: Any) -> Any:
    """A host array of the same dtype, shape and strides, whose elements nobody touches."""
    spans = [(n - 1) * s for n, s in zip(array.shape, array.strides) if n]
    before = -sum(s for s in spans if s < 0)
    size = before + sum(s for s in spans if s > 0) + array.itemsize
    memory = np.empty(size, np.uint8)  # untouched, it takes no memory
    return np.ndarray(array.shape, array.dtype, memory.data, before, array.strides)


def _kind(tree: Tree, leaves: Sequence[Any], state: Any) -> Any:
    """What decides which program runs, or None where a leaf does not tell."""
    parts: list[Any] = []
    for x in leaves:
        if hasattr(x, "strides"):
            parts.append((type(x), x.dtype.str, x.shape, x.strides))
        elif isinstance(x, float | complex | np.inexact):
            parts.append(type(x))
        else:
            parts.append((type(x), x))
    try:
        kind = tree, state, tuple(parts)
        hash(kind)
    except TypeError:
        return None
    return kind


def _require_apart(program: DeviceProgram, leaves: Sequence[Any], machine: Machine) -> None:
    """Raises UnsupportedError where a written array may share memory with another argument."""
    places = {}
    for k, x in enumerate(leaves):
        if machine.is_own(x) and x.size:
            spans = [(n - 1) * s for n, s in zip(x.shape, x.strides)]
            start = machine.address(x)
            low = start + sum(s for s in spans if s < 0)
            places[k] = low, start + sum(s for s in spans if s > 0) + x.itemsize
    for w in program.plan.written:
        for k, (low, high) in places.items():
            if w in places and k != w and low < places[w][1] and places[w][0] < high:
                raise UnsupportedError(
                    f"{program.plan.name}: argument {w}, which it changes, shares memory with "
                    f"argument {k} on the GPU: pass a copy of one of them"
                )
