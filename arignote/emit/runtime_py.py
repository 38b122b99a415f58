"""The runtime in plain Python: what `runtime.pyx` does, through ctypes, for machines without it.

Same names, same behaviour, same tests; some 30 µs a call where the compiled one takes 0.2.  Read
this one to understand the other.
"""

import contextlib
import ctypes
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from arignote.emit import arguments, callbacks, raising
from arignote.emit.matching import matches
from arignote.emit.plan import (
    Argument,
    Constant,
    DataOf,
    NewArray,
    Output,
    Plan,
    Result,
    Scalar,
    ScalarLeaf,
    SizeOf,
    StrideOf,
    ValueOf,
    ViewOf,
)
from arignote.errors import UnsupportedError, VerifyError


class _Error(ctypes.Structure):
    _fields_ = (
        ("site", ctypes.c_int32), ("pad", ctypes.c_int32), ("values", ctypes.c_int64 * 6),
    )  # fmt: skip


_Pointers = ctypes.POINTER(ctypes.c_void_p)
_Ints = ctypes.POINTER(ctypes.c_int64)
_OnCallback = ctypes.CFUNCTYPE(ctypes.c_int32, ctypes.c_void_p, ctypes.c_int32, _Pointers, _Ints)
_OnResult = ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_int32, _Ints)
_OnInterrupted = ctypes.CFUNCTYPE(ctypes.c_int32)


class _Context(ctypes.Structure):
    _fields_ = (
        ("owner", ctypes.c_void_p), ("threads", ctypes.c_int32), ("flags", ctypes.c_int32),
        ("callback", _OnCallback), ("result", _OnResult), ("interrupted", _OnInterrupted),
        ("borrow", ctypes.c_void_p), ("give_back", ctypes.c_void_p),  # NULL: malloc and free
        ("error", _Error),
    )  # fmt: skip


_Entry = ctypes.CFUNCTYPE(
    ctypes.c_int32, ctypes.POINTER(_Context), _Pointers, _Ints, _Pointers
)
_Shapes = ctypes.CFUNCTYPE(None, _Ints, _Ints)

NO_MATCH = object()  # answer of a kernel that is not the one for these arguments

_FAILED = -(2**63)  # the first size where a guard has failed

_STRUCTURES: dict[str, Callable[[tuple[Any, ...]], Any]] = {
    "leaf": lambda parts: parts[0],
    "tuple": lambda parts: parts,
    "list": list,
    "none": lambda parts: None,
}

_state = 0
_threads = 1
_ask: Callable[[], tuple[int, int]] | None = None


def set_state(
    state: int, threads: int, ask: Callable[[], tuple[int, int]] | None = None
) -> None:
    """Make `state` the current one; with `ask`, calls `ask() -> (state, threads)` at each call."""
    global _state, _threads, _ask
    _state, _threads, _ask = state, threads, ask


def team_address() -> int:
    """Loops are shared by the compiled runtime's threads: here there are none."""
    return 0


def set_spin(us: float) -> None:
    """No thread waits here."""


def set_scratch_bound(bound: int) -> None:
    """Nothing: this runtime keeps no scratch memory."""


class Kernel:
    """One specialisation: what it matches and how its entry is called (see `runtime.pyx`)."""

    def __init__(
        self, plan: Plan, entry: int = 0, shapes: int = 0, *,
        function: Callable[..., Any] | None = None, structure: Any = None, keep: Any = None,
    ) -> None:  # fmt: skip
        if entry == 0 and function is None:
            raise VerifyError("a kernel needs an entry or a function")
        self.plan, self.function, self.structure, self.keep = plan, function, structure, keep
        self.state = 0
        self._entry = _Entry(entry) if entry else None
        self._shapes = _Shapes(shapes) if shapes else None
        self._constants = {
            j: np.require(source.array, requirements=["C", "A"])
            for j, source in enumerate(plan.ptrs)
            if isinstance(source, Constant)
        }


class Dispatcher:
    """A callable: the newest specialisation that matches runs (see `runtime.pyx`)."""

    def __init__(
        self,
        miss: Callable[[tuple[Any, ...], dict[str, Any]], Any],
        flatten: Callable[[tuple[Any, ...], dict[str, Any]], tuple[Sequence[Any], Any]]
        | None = None,
        overlap: Callable[[Kernel, tuple[Any, ...]], Any] | None = None,
    ) -> None:
        self.miss, self.flatten, self.overlap = miss, flatten, overlap
        self._kernels: tuple[Kernel, ...] = ()

    @property
    def kernels(self) -> tuple[Kernel, ...]:
        """All specialisations, newest first among those of one kind of call."""
        flat = tuple(k for k in self._kernels if k.structure is None)
        return flat + tuple(k for k in self._kernels if k.structure is not None)

    def add(self, kernel: Kernel) -> None:
        """Add a specialisation, which holds while the flags are as they are now."""
        _refresh()
        kernel.state = _state
        self._kernels = (kernel, *self._kernels)

    def clear(self) -> None:
        """Forget every specialisation."""
        self._kernels = ()

    def call(self, kernel: Kernel, leaves: tuple[Any, ...]) -> Any:
        """The answer of this one kernel, or NO_MATCH."""
        _refresh()
        return _attempt(kernel, arguments.regular(leaves) or leaves, leaves, self.overlap)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        _refresh()
        return self._slowly(args, kwargs)

    def _slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        if self.flatten is None:
            if kwargs:
                return self.miss(args, kwargs)
            leaves, structure = args, None
        else:
            found, structure = self.flatten(args, kwargs)
            leaves = tuple(found)
        used = arguments.regular(leaves) or leaves
        for kernel in self._kernels:
            if kernel.state != _state or (kernel.structure is None) != (structure is None):
                continue
            if structure is None or kernel.structure == structure:
                answered = _attempt(kernel, used, leaves, self.overlap)
                if answered is not NO_MATCH:
                    return answered
        return self.miss(args, kwargs)


def _refresh() -> None:
    global _state, _threads
    if _ask is not None:
        _state, _threads = _ask()


# ---- calling -------------------------------------------------------------------------------------
def _attempt(
    kernel: Kernel, leaves: Sequence[Any], given: tuple[Any, ...], overlap: Any
) -> Any:
    """The kernel's answer to these leaves, or NO_MATCH; `given` is what the caller gave."""
    plan = kernel.plan
    if not matches(plan, leaves):
        return NO_MATCH
    if kernel.function is not None:
        return kernel.function(*given)
    if plan.written:
        arguments.require_writeable(given, plan.written)
        if arguments.overlapping(given, plan.written):
            if overlap is None:
                raise UnsupportedError(
                    f"{plan.name}: an array that the function changes shares memory with "
                    f"another argument; pass a copy of one of them."
                )
            return overlap(kernel, given)
    try:
        return _run(kernel, leaves, given)
    finally:
        arguments.write_back(given, leaves, plan.written)


def _run(kernel: Kernel, leaves: Sequence[Any], given: tuple[Any, ...]) -> Any:
    plan = kernel.plan
    ints = (ctypes.c_int64 * (len(plan.ints) or 1))(*[_int(s, leaves) for s in plan.ints])
    inputs = [_input(kernel, j, leaves) for j in range(len(plan.ptrs))]
    ptrs = (ctypes.c_void_p * (len(inputs) or 1))(*[array.ctypes.data for array in inputs])
    results = _allocated(kernel, ints, leaves)
    if results is None:
        return NO_MATCH
    pointers = [None if r is None else r.ctypes.data for r in results]
    targets = (ctypes.c_void_p * (len(results) or 1))(*pointers)
    errors: list[BaseException] = []
    assert kernel._entry is not None
    with _interrupts() as interrupts:
        context = _context(plan, given, results, errors, interrupts)
        code = kernel._entry(ctypes.byref(context), ptrs, ints, targets)
    if code == raising.GUARD:
        return NO_MATCH
    if code == raising.ERROR:
        raising.raise_site(plan, context.error.site, tuple(context.error.values))
    if code == raising.RAISED:
        raise errors[0] if errors else KeyboardInterrupt()
    if code == raising.NO_MEMORY:
        raise MemoryError(f"{plan.name}: no memory for a temporary array")
    if code != raising.OK:
        raise VerifyError(f"{plan.name}: the kernel returned {code}")
    parts = parts_of(plan, leaves, given, results)
    if isinstance(plan.structure, str):
        return _STRUCTURES[plan.structure](parts)
    return plan.structure.unflatten(parts)


def _int(source: Any, leaves: Sequence[Any]) -> int:
    leaf = leaves[source.leaf]
    if isinstance(source, SizeOf):
        return int(leaf.shape[source.axis])
    if isinstance(source, StrideOf):
        return int(leaf.strides[source.axis] // leaf.itemsize)
    return int(leaf)


def _input(kernel: Kernel, j: int, leaves: Sequence[Any]) -> npt.NDArray[Any]:
    """The array whose data pointer j is."""
    source = kernel.plan.ptrs[j]
    if isinstance(source, Constant):
        return kernel._constants[j]
    if isinstance(source, DataOf):
        return np.asarray(leaves[source.leaf])
    assert isinstance(source, ValueOf)
    spec = kernel.plan.leaves[source.leaf]
    assert isinstance(spec, ScalarLeaf)
    slot = np.zeros(16, np.uint8)
    slot[: np.dtype(spec.dtype).itemsize].view(spec.dtype)[0] = leaves[source.leaf]
    return slot


def _allocated(
    kernel: Kernel, ints: Any, leaves: Sequence[Any]
) -> list[npt.NDArray[Any] | None] | None:
    """Memory for the results whose sizes are known; None where a guard has failed."""
    early = [result for result in kernel.plan.results if result.static_shape]
    dims = (ctypes.c_int64 * (sum(result.ndim for result in early) or 1))()
    if kernel._shapes is not None:
        kernel._shapes(ints, dims)
        if dims[0] == _FAILED:
            return None
    remaining = iter(dims)
    return [_memory(result, remaining, leaves) for result in kernel.plan.results]


def _memory(result: Result, dims: Any, leaves: Sequence[Any]) -> npt.NDArray[Any] | None:
    if not result.static_shape:
        return None
    if result.ndim == 0:  # the kernel may write 16 bytes
        return np.zeros(16, np.uint8)[: result.dtype.itemsize].view(result.dtype).reshape(())
    shape = [next(dims) for _ in range(result.ndim)]
    return _empty(result, shape if result.like is None else leaves[result.like].shape)


def _empty(result: Result, shape: Sequence[int]) -> npt.NDArray[Any]:
    return np.empty(shape, result.dtype, order="F" if result.order == "F" else "C")


def _context(
    plan: Plan, leaves: tuple[Any, ...], results: list[Any], errors: list[BaseException],
    interrupts: list[Any],
) -> _Context:  # fmt: skip
    kept: list[Any] = []

    def on_callback(owner: int, site: int, ptrs: Any, ints: Any) -> int:
        try:
            callback = plan.callbacks[site]
            pointers, numbers = callbacks.counts(callback)
            callbacks.run_callback(callback, leaves, ptrs[:pointers], ints[:numbers], kept)
            return 0
        except BaseException as error:
            errors.append(error)
            return 1

    def on_result(owner: int, k: int, dims: Any) -> int | None:
        try:
            result = plan.results[k]
            results[k] = _empty(result, dims[: result.ndim])
            return int(results[k].ctypes.data)
        except BaseException as error:
            errors.append(error)
            return None

    context: Any = _Context()
    context.threads = _threads
    context.callback = _OnCallback(on_callback)
    context.result = _OnResult(on_result)
    context.interrupted = _OnInterrupted(lambda: bool(interrupts))
    made: _Context = context
    return made


@contextlib.contextmanager
def _interrupts() -> Iterator[list[Any]]:
    """Collects Ctrl-C while a kernel runs, and hands it on afterwards: an exception that a signal
    handler raises inside a ctypes callback would be lost."""
    caught: list[Any] = []
    usual = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread() or not callable(usual):
        yield caught
        return
    signal.signal(signal.SIGINT, lambda *details: caught.append(details))
    try:
        yield caught
    finally:
        signal.signal(signal.SIGINT, usual)
        if caught:
            usual(*caught[0])


# ---- the answer ----------------------------------------------------------------------------------
def parts_of(
    plan: Plan, used: Sequence[Any], given: tuple[Any, ...], results: list[Any]
) -> tuple[Any, ...]:
    """The leaves of the answer.  used: what the kernel had in place of the leaves given."""
    for result, axes in {(o.result, o.axes) for o in plan.outputs if isinstance(o, NewArray)}:
        if axes is not None:  # copied, so that the array owns its memory, as NumPy's does
            results[result] = results[result].transpose(axes).copy(order="K")
    return tuple(_output(plan, output, used, given, results) for output in plan.outputs)


def _output(
    plan: Plan, output: Output, used: Sequence[Any], given: tuple[Any, ...], results: list[Any]
) -> Any:
    if isinstance(output, Argument):
        return given[output.leaf]
    if isinstance(output, NewArray):
        result = results[output.result]
        return result.copy() if result.ndim == 0 else result
    if isinstance(output, Scalar):
        value = results[output.result][()]
        return value.item() if output.weak else value
    if isinstance(output, ViewOf):
        base, window = output.base, results[output.window].tolist()
        if isinstance(base, Argument) and used[base.leaf] is not given[base.leaf]:
            return arguments.through(given[base.leaf], used[base.leaf], window)
        return _view(_output(plan, base, used, given, results), window)
    return output.value


def _view(base: npt.NDArray[Any], window: list[int]) -> npt.NDArray[Any]:
    offset, rank = window[0], (len(window) - 1) // 2
    interface = dict(base.__array_interface__)
    interface["data"] = (base.ctypes.data + offset * base.itemsize, not base.flags.writeable)
    interface["shape"] = tuple(window[1 : 1 + rank])
    interface["strides"] = tuple(stride * base.itemsize for stride in window[1 + rank :])
    return np.asarray(_Window(interface, base))


class _Window:
    """Carries a view's place, and keeps what it is a view of."""

    def __init__(self, interface: dict[str, Any], base: npt.NDArray[Any]) -> None:
        self.__array_interface__ = interface
        self.base = base
