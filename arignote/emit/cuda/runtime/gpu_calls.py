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
from .call import DeviceProgram, Run
from .cupy_machine import CupyMachine
from .devices import number_of, on_gpu
from .machine import Machine
from .recorded import Recorded
from .recorder import Recorder
from .specialised import device_compilation

_KINDS = 512  # kinds of calls remembered


@dataclass
class Known:
    """What answers the calls of a kind: a program; from the third call on what the second has
    recorded, where it could."""

    program: DeviceProgram
    recorded: Recorded | None = None
    tried: bool = False

    def __call__(self, args: Sequence[Any]) -> Any:
        if self.recorded is not None:
            try:
                return self.recorded.call(args, args)
            except MemoryError:
                return self.program(args, args)  # which tells what it is for
        if self.tried:
            return self.program(args, args)
        self.tried = True
        runs: list[Recorder] = []

        def run(*given: Any) -> Recorder:
            runs.append(Recorder(*given))
            return runs[0]

        answer = self.program(args, args, run)
        if runs and runs[0].made.fixed:
            self.recorded = Recorded(self.program, runs[0])
        elif runs and runs[0].made.again:
            self.tried = False
        return answer


@dataclass
class GpuCalls:
    """The GPUs' specialisations of one function.  trace: (tree, host leaves) -> the trace.
    machine: of the GPU with a number, or of the current one.  run: makes the Run of each call,
    where it is watched; nothing is recorded then."""

    trace: Callable[[Tree, Sequence[Any]], Trace]
    machine: Callable[[int | None], CupyMachine]
    run: Callable[..., Run] | None = None
    programs: list[tuple[Any, DeviceProgram]] = field(default_factory=list)
    plain: dict[Any, Known] = field(default_factory=dict)
    known: dict[Any, DeviceProgram] = field(default_factory=dict)

    def __call__(self, tree: Tree, leaves: Sequence[Any], state: Any) -> Any:
        """The answer.  state: of the flags; programs made under other values do not hold.

        Raises UnsupportedError for what has no form on a GPU.
        """
        machine = self.machine(number_of(leaves))
        with machine.here():
            return self._on(machine, tree, leaves, (state, machine.number))

    def _on(self, machine: CupyMachine, tree: Tree, leaves: Sequence[Any], state: Any) -> Any:
        foreign = [on_gpu(x) and not machine.is_own(x) for x in leaves]
        own = [machine.adopt(x) if on_gpu(x) else x for x in leaves]
        kind = _kind(tree, own, state)
        program = self.known.get(kind) if kind is not None else None
        answer = NO_MATCH
        if program is not None:
            answer = self._called(program, own, leaves)
        if answer is NO_MATCH:
            answer = self._searched(machine, tree, own, leaves, state, kind, program)
        if any(foreign):
            machine.keep([x for x, is_foreign in zip(own, foreign) if is_foreign])
        return answer

    def _searched(
        self, machine: CupyMachine, tree: Tree, own: Sequence[Any], leaves: Sequence[Any],
        state: Any, kind: Any, tried: DeviceProgram | None,
    ) -> Any:  # fmt: skip
        stand = [stand_in(x) if machine.is_own(x) else x for x in own]
        for made_in, candidate in self.programs:
            if made_in == (tree, state) and candidate is not tried:
                if matches(candidate.plan, stand):
                    answer = self._called(candidate, own, leaves)
                    if answer is not NO_MATCH:
                        return self._remembered(kind, candidate, answer)
        made = device_compilation(self.trace(tree, stand), machine.info)
        fresh = DeviceProgram(made.module, made.plan, machine)
        self.programs.insert(0, ((tree, state), fresh))
        answer = self._called(fresh, own, leaves)
        if answer is NO_MATCH:
            raise VerifyError(f"{made.plan.name}: a new program refuses the call it was made for")
        return self._remembered(kind, fresh, answer)

    def again(self, args: tuple[Any, ...], state: Any) -> Any:
        """The answer to arguments of one GPU's arrays and numbers whose kind has been seen, else
        NO_MATCH.  Nothing is flattened for these."""
        kind = _plain_kind(args, state)
        known = self.plain.get(kind) if kind is not None else None
        if known is None:
            return NO_MATCH
        program = known.program
        if program.plan.written:
            _require_apart(program, args, program.machine)
        if program.machine.is_current():
            return known(args)
        with program.machine.here():
            return known(args)

    def _remembered(self, kind: Any, program: DeviceProgram, answer: Any) -> Any:
        if kind is not None:
            if len(self.known) >= _KINDS:
                self.known.clear()
            self.known[kind] = program
        return answer

    def learned(self, args: tuple[Any, ...], tree: Tree, leaves: Sequence[Any], state: Any) -> None:
        """Note for `again` what answers arguments that are leaves themselves."""
        kind = _plain_kind(args, state)
        if kind is None or self.run is not None:
            return
        program = self.known.get(_kind(tree, leaves, (state, self.machine(number_of(args)).number)))
        if program is not None:
            if len(self.plain) >= _KINDS:
                self.plain.clear()
            self.plain[kind] = Known(program)

    def _called(self, program: DeviceProgram, own: Sequence[Any], given: Sequence[Any]) -> Any:
        for k in program.plan.written:
            if _is_immutable(given[k]):
                raise UnsupportedError(
                    f"{program.plan.name}: it writes into argument {k}, an array of JAX, which "
                    f"nothing may change: pass a copy, cupy.array(x)"
                )
        if program.plan.written:
            _require_apart(program, own, program.machine)
        return program(own, given, self.run)


def _is_immutable(x: Any) -> bool:
    return type(x).__module__.partition(".")[0] in ("jax", "jaxlib")


def _plain_kind(args: tuple[Any, ...], state: Any) -> Any:
    """What decides which program runs, or None for anything but CuPy's arrays and numbers."""
    parts: list[Any] = [state]
    for x in args:
        kind = type(x)
        if kind.__module__ == "cupy":
            parts.append((x.dtype, x.shape, x.strides, x.data.device_id))
        elif kind is float or kind is complex or issubclass(kind, np.inexact):
            parts.append(kind)
        elif kind is int or kind is bool or issubclass(kind, np.integer | np.bool_):
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
