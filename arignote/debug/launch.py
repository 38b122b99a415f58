"""Calls a kernel's entry with memory of our own: results and scratch between guard zones and
poisoned, a given number of threads.

What the runtime does (`emit/runtime_py.py`), with these differences; so undeclared reads and writes
show.
"""

from __future__ import annotations

import contextlib
import ctypes
import threading
from collections.abc import Iterator, Sequence
from typing import Any

from ..emit import arguments, raising, runtime_py
from ..emit.cython.load import Built
from ..emit.dispatch import NO_MATCH
from ..emit.matching import matches
from ..emit.plan import Plan, Result
from .inputs import NDArray, Zones

#: mallopt's number for filling memory when it is handed out and given back (glibc).
_PERTURB = -6


def launch(
    plan: Plan, built: Built, leaves: Sequence[Any], zones: Zones, *, threads: int = 1
) -> Any:
    """The answer of the kernel, or NO_MATCH; `leaves` are written as it writes them.

    zones: gets the results' memory.  Raises what the kernel raises.
    """
    given = tuple(leaves)
    used = arguments.regular(given) or given
    if not matches(plan, used):
        return NO_MATCH
    arguments.require_writeable(given, plan.written)
    try:
        return _run(plan, built, used, given, zones, threads)
    finally:
        arguments.write_back(given, used, plan.written)


def _run(
    plan: Plan,
    built: Built,
    leaves: Sequence[Any],
    given: tuple[Any, ...],
    zones: Zones,
    threads: int,
) -> Any:
    twin = runtime_py.Kernel(plan, built.entry, built.shapes, keep=built)
    ints = (ctypes.c_int64 * (len(plan.ints) or 1))(
        *[runtime_py._int(s, leaves) for s in plan.ints]
    )
    inputs = [runtime_py._input(twin, j, leaves) for j in range(len(plan.ptrs))]
    ptrs = (ctypes.c_void_p * (len(inputs) or 1))(*[a.ctypes.data for a in inputs])
    results = _results(plan, twin, ints, leaves, zones)
    addresses = [None if r is None else r.ctypes.data for r in results]
    targets = (ctypes.c_void_p * (len(results) or 1))(*addresses)
    errors: list[BaseException] = []
    context = _context(plan, given, results, errors, zones)
    context.threads = threads
    scratch = _Scratch(zones)
    scratch.lend(context)
    assert twin._entry is not None
    with poisoned_scratch():
        code = twin._entry(ctypes.byref(context), ptrs, ints, targets)
    if code == raising.GUARD:
        return NO_MATCH
    if code == raising.ERROR:
        raising.raise_site(plan, context.error.site, tuple(context.error.values))
    if code == raising.RAISED:
        raise errors[0]
    if code != raising.OK:
        raise MemoryError(f"{plan.name}: the kernel returned {code}")
    parts = runtime_py.parts_of(plan, leaves, given, results)
    if isinstance(plan.structure, str):
        return runtime_py._STRUCTURES[plan.structure](parts)
    return plan.structure.unflatten(parts)


def _results(
    plan: Plan, twin: Any, ints: Any, leaves: Sequence[Any], zones: Zones
) -> list[NDArray | None]:
    early = [r for r in plan.results if r.static_shape]
    dims = (ctypes.c_int64 * (sum(r.ndim for r in early) or 1))()
    if twin._shapes is not None:
        twin._shapes(ints, dims)
    left = iter(dims)
    out: list[NDArray | None] = []
    for k, r in enumerate(plan.results):
        if not r.static_shape:
            out.append(None)
        elif r.ndim == 0:  # the kernel may write 16 bytes
            room = zones.array(f"result {k}", (16,), "u1")
            out.append(room[: r.dtype.itemsize].view(r.dtype).reshape(()))
        else:
            shape: Sequence[int] = [next(left) for _ in range(r.ndim)]
            shape = shape if r.like is None else leaves[r.like].shape
            out.append(_room(k, r, shape, zones))
    return out


def _room(k: int, r: Result, shape: Sequence[int], zones: Zones) -> NDArray:
    if r.order == "F":
        return zones.array(f"result {k}", tuple(shape)[::-1], r.dtype).T
    return zones.array(f"result {k}", shape, r.dtype)


def _context(
    plan: Plan,
    given: tuple[Any, ...],
    results: list[Any],
    errors: list[BaseException],
    zones: Zones,
) -> Any:
    context: Any = runtime_py._context(plan, given, results, errors, [])

    def on_result(owner: int, k: int, dims: Any) -> int | None:
        r = plan.results[k]
        results[k] = _room(k, r, [int(d) for d in dims[: r.ndim]], zones)
        return int(results[k].ctypes.data)

    context.result = runtime_py._OnResult(on_result)
    return context


#: What the printed `an_take` asks for besides the bytes: it begins at the next multiple of it.
_LINE = 64
#: The flag of a call that borrows all of its scratch: the printed AN_LENT.
_LENT = 1
_Borrow = ctypes.CFUNCTYPE(
    ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.POINTER(ctypes.c_size_t)
)
_GiveBack = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_size_t)


class _Scratch:
    """Lends a kernel its scratch, any of its threads at a time."""

    def __init__(self, zones: Zones) -> None:
        self.zones, self.lock = zones, threading.Lock()
        self.borrow, self.give_back = _Borrow(self._borrow), _GiveBack(self._give_back)

    def lend(self, context: Any) -> None:
        context.flags |= _LENT
        context.borrow = ctypes.cast(self.borrow, ctypes.c_void_p)
        context.give_back = ctypes.cast(self.give_back, ctypes.c_void_p)

    def _borrow(self, need: int, zero: int, got: Any) -> int | None:
        """Memory whose first line is of the guard zone: what is used begins behind it."""
        size = need - _LINE
        with self.lock:
            try:
                fill = 0 if zero else 0x5A
                name = f"scratch of {size} bytes"
                data = self.zones.array(name, (size,), "u1", fill=fill, shift=0)
            except MemoryError:
                return None
        got[0] = need
        return int(data.ctypes.data) - _LINE

    def _give_back(self, address: int, size: int) -> None:
        with self.lock:
            self.zones.release(address + _LINE)


@contextlib.contextmanager
def poisoned_scratch() -> Iterator[None]:
    """Memory that is allocated inside is full of a pattern, where the C library can do so."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(_PERTURB, 0x5A)
    try:
        yield
    finally:
        if mallopt is not None:
            mallopt(_PERTURB, 0)
