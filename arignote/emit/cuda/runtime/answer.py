"""What a call gives back, from its results on the device: arrays, numbers, views, arguments."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ... import plan as host
from ...arguments import through
from ...runtime_py import _STRUCTURES as STRUCTURES
from .machine import Machine


def answer_of(
    plan: host.Plan,
    machine: Machine,
    results: Sequence[Any],
    leaves: Sequence[Any],
    given: Sequence[Any],
) -> Any:
    """The answer.  leaves: arrays as kernels have had them; given: the caller's.

    Results stay on the device where an argument came from there.
    """
    made = _Answer(plan, machine, results, leaves, given)
    parts = tuple(made.output(o) for o in plan.outputs)
    if isinstance(plan.structure, str):
        return STRUCTURES[plan.structure](parts)
    return plan.structure.unflatten(parts)


class _Answer:
    """The parts that have been made, so that one result given twice is one array."""

    def __init__(
        self,
        plan: host.Plan,
        machine: Machine,
        results: Sequence[Any],
        leaves: Sequence[Any],
        given: Sequence[Any],
    ) -> None:
        self.machine, self.results = machine, results
        self.leaves, self.given = leaves, given
        self._stays = any(machine.is_own(x) for x in leaves if hasattr(x, "shape"))
        self._made: dict[int, Any] = {}

    def output(self, output: host.Output) -> Any:
        if isinstance(output, host.NewArray):
            k = output.result
            if k not in self._made:
                array = self.results[k] if self._stays else self.machine.get(self.results[k])
                self._made[k] = array if output.axes is None else array.transpose(output.axes)
            return self._made[k]
        if isinstance(output, host.Argument):
            return self.given[output.leaf]
        if isinstance(output, host.Scalar):
            value = self.machine.get(self.results[output.result]).reshape(-1)[0]
            return value.item() if output.weak else value
        if isinstance(output, host.ViewOf):
            return self._view(output)
        return output.value

    def _view(self, output: host.ViewOf) -> Any:
        base = self.output(output.base)
        numbers = self.machine.get(self.results[output.window]).tolist()
        rank = (len(numbers) - 1) // 2
        offset, shape, strides = numbers[0], numbers[1 : 1 + rank], numbers[1 + rank :]
        if isinstance(output.base, host.Argument) and isinstance(base, np.ndarray):
            used = self.leaves[output.base.leaf]
            if used is not base and isinstance(used, np.ndarray):
                made = through(base, used, numbers, output.dtype)
                if not output.writeable:
                    made.flags.writeable = False
                return made
        dtype = output.dtype or base.dtype
        return view_of(base, dtype, offset, shape, strides, output.writeable)


def view_of(
    base: Any,
    dtype: np.dtype[Any],
    offset: int,
    shape: Sequence[int],
    strides: Sequence[int],
    writeable: bool,
) -> Any:
    """A view of a host array; offset and strides in elements of the view."""
    steps = tuple(s * dtype.itemsize for s in strides)
    if not isinstance(base, np.ndarray):
        return base.__class__(
            tuple(shape), dtype, memptr=base.data + offset * dtype.itemsize, strides=steps
        )
    interface = {
        "version": 3, "typestr": dtype.str, "shape": tuple(shape), "strides": steps,
        "data": (base.ctypes.data + offset * dtype.itemsize, not base.flags.writeable),
    }  # fmt: skip
    made = np.asarray(_Window(interface, base))
    if not writeable:
        made.flags.writeable = False
    return made


class _Window:
    """Carries a view's place, and keeps what it is a view of."""

    def __init__(self, interface: dict[str, Any], base: Any) -> None:
        self.__array_interface__ = interface
        self.base = base


def integer_of(source: Any, leaves: Sequence[Any]) -> int:
    """One of the integers that a call reads from its leaves."""
    leaf = leaves[source.leaf]
    if isinstance(source, host.SizeOf):
        return int(leaf.shape[source.axis])
    if isinstance(source, host.StrideOf):
        return int(leaf.strides[source.axis] // leaf.itemsize)
    return int(leaf)
