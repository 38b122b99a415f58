"""The kernels of one function: found for a call, recalled from earlier processes, or made.

A call that an earlier process has compiled needs neither the tracer nor the compiler, so they are
imported only when there is something to trace (`maker`).
"""

from __future__ import annotations

import contextlib
import importlib
import os
import sys
import threading
import weakref
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from .config import config
from .emit import warm
from .emit.dispatch import NO_MATCH, Dispatcher, Kernel
from .errors import UnsupportedError, VerifyError, warn_once
from .trace.overlap import placements
from .trace.pytree import LEAF, Tree, flatten
from .trace.signature import Signature, signature_of

if TYPE_CHECKING:
    from .emit.cuda.runtime.gpu_calls import GpuCalls
    from .specialise import Sharing
    from .trace.plan import Trace

_NO_KEYWORDS = Tree("dict", ())
_NUMBERS = (float, int)
_GPU_MEMORY = (2, 13)  # DLPack's numbers for memory of a CUDA device, and managed memory

_alive: weakref.WeakSet[Specialised] = weakref.WeakSet()


def _after_fork() -> None:
    """A lock that another thread held in the parent would be held for ever in the child."""
    for function in list(_alive):
        function._lock = threading.RLock()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


class Specialised(Dispatcher):
    """A dispatcher that traces, compiles and keeps what it has no kernel for."""

    def __init__(self, function: Callable[..., Any], options: dict[str, Any]) -> None:
        super().__init__(self._miss, _flattened, self._overlapping)
        self._function = function
        self._options = options
        self._lock = threading.RLock()
        _alive.add(self)
        self._table: dict[Signature, list[tuple[Trace | None, Kernel]]] = {}
        self._variants: dict[str, int] = {}  # how many entries of the disk cache have been seen
        self._sharing: list[tuple[Any, Sharing]] = []
        self._gpu: GpuCalls | None = None
        self._refilling: list[tuple[Trace, Kernel, frozenset[int]]] = []

    def _slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Called by the dispatcher where no kernel matches the bare arguments."""
        if self._gpu is not None and not kwargs:
            answer = self._gpu.again(args, flags())
            if answer is not NO_MATCH:
                return answer
        return super()._slowly(args, kwargs)

    def _miss(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Called by the dispatcher where no kernel matches: find or make one, keep it, call it."""
        leaves, tree = flatten((args, kwargs))
        if self._refilling and not any(map(is_foreign, leaves)):
            answer = self._refilled(args, kwargs, tree, leaves)
            if answer is not NO_MATCH:
                return answer
        if "arignote.specialise" in sys.modules and maker().is_traced(leaves):
            return maker().converting.converted(self._function)(*args, **kwargs)
        if any(map(is_foreign, leaves)):
            return self._on_gpu(args, tree, leaves)
        before = self.kernels
        while True:
            with self._lock:
                try:
                    made = None if self.kernels != before else self._added(tree, leaves)
                except maker().NeedTree as needed:
                    if not maker().become_tree(needed, leaves):
                        raise UnsupportedError(needed.message) from None
                    return self._miss(args, kwargs)
                except Exception as error:
                    maker().play_out(error, leaves, self._mode())
                    raise
                before = self.kernels
            if made is None:  # another thread has added one meanwhile
                return self(*args, **kwargs)
            kernel, is_new = made
            if self._refilling and kernel is self._refilling[0][1]:
                return self._refilled(args, kwargs, tree, leaves)
            answer = self.call(kernel, tuple(leaves))
            if answer is not NO_MATCH:
                return answer
            if is_new:
                raise VerifyError(
                    f"{self._name}: a new specialisation refuses the call it was made for"
                )

    def _added(self, tree: Tree, leaves: list[Any]) -> tuple[Kernel, bool]:
        """A kernel for the call, and whether it is new: one from an earlier process may turn out to
        hold for other sizes only."""
        structure = None if _is_flat(tree) else tree
        first = signature_of(tree, leaves)[0]
        key = self._start_key(first)
        found = self._recalled(tree, leaves, structure, first, key)
        if found is not None:
            self._keep(*found, None)
            return found[1], False
        with self._with_rules():
            return self._made(maker(), tree, leaves, structure, first, key), True

    def _made(
        self,
        maker: Any,
        tree: Tree,
        leaves: list[Any],
        structure: Tree | None,
        first: Signature,
        key: str | None,
    ) -> Kernel:
        """A new kernel, kept in this process, and on the disk where there is a key."""
        trace, static = maker.traced(self._function, tree, leaves)
        if trace.refills is not None:
            key = None

        def save(ready: warm.Ready) -> None:
            if key is None or key != self._start_key(first):
                return  # tracing has changed what it read
            if not static:
                self._remember(key, ready)
                return
            last = self._start_key(trace.signature)
            if last is not None:
                self._remember(key, warm.Wanted(static))
                self._remember(last, ready)

        kernel: Kernel = maker.kernel_for(
            trace, self._mode(), structure, self._overlapping, save, self._function, self._device(),
            profile=self._is_profiled(), monitor=self._options.get("monitor"),
        )  # fmt: skip
        if trace.refills is None:
            self._keep(trace.signature, kernel, trace)
        else:
            self._refilling.insert(0, (trace, kernel, static))
        return kernel

    def _refilled(
        self, args: tuple[Any, ...], kwargs: dict[str, Any], tree: Tree, leaves: list[Any]
    ) -> Any:
        """The answer of a function that changes containers among its arguments; NO_MATCH where no
        kernel is at hand.  Its kernels are chosen here, the dispatcher does not know them."""
        for trace, kernel, static in self._refilling:
            if signature_of(tree, leaves, static)[0] != trace.signature:
                continue
            answer = self.call(kernel, tuple(leaves))
            if answer is not NO_MATCH:
                return maker().refilled(trace, answer, (args, kwargs))
        return NO_MATCH

    def _with_rules(self) -> Any:
        """The rewrites that were given for this function are in force inside."""
        rules = self._options.get("rules")
        return maker().using([r.name for r in rules]) if rules else contextlib.nullcontext()

    def _recalled(
        self,
        tree: Tree,
        leaves: list[Any],
        structure: Tree | None,
        signature: Signature,
        key: str | None,
    ) -> tuple[Signature, Kernel] | None:
        """A kernel that an earlier process made for such a call."""
        static: frozenset[int] = frozenset()
        while True:
            variant = self._variants.get(key, 0) if key is not None else warm.VARIANTS
            if key is None or variant >= warm.VARIANTS:
                return None
            entry = warm.recall(key, variant)
            if isinstance(entry, warm.Wanted) and not entry.static <= static:
                static |= entry.static
                signature = signature_of(tree, leaves, static)[0]
                key = self._start_key(signature)
                continue
            if not isinstance(entry, warm.Ready):
                return None
            self._variants[key] = variant + 1
            kernel = warm.kernel_of(entry, signature.leaves, structure)
            return None if kernel is None else (signature, kernel)

    def _remember(self, key: str, entry: warm.Ready | warm.Wanted) -> None:
        variant = self._variants.get(key, 0)
        if variant < warm.VARIANTS:
            warm.remember(key, variant, entry)
            if isinstance(entry, warm.Ready):
                self._variants[key] = variant + 1

    def _keep(self, signature: Signature, kernel: Kernel, trace: Trace | None) -> None:
        self._table.setdefault(signature, []).insert(0, (trace, kernel))
        self.add(kernel)
        if len(self.kernels) == config.warn_retrace:
            warn_once(
                f"retrace {id(self)}",
                f"{self._name} has been traced {len(self.kernels)} times, for other dtypes, "
                f"layouts, static values or relations between sizes: pass arrays and numbers, and "
                f"keep their kinds the same from call to call",
            )

    def _overlapping(self, kernel: Kernel, leaves: Sequence[Any]) -> Any:
        """A call that writes an array which shares memory with another one."""
        known = [(s.tree, k) for s, rows in self._table.items() for _, k in rows]
        known += [(trace.signature.tree, k) for trace, k, _ in self._refilling]
        tree = next(t for t, k in known if k is kernel)
        given, shared = placements(leaves)
        state = (self._mode(), config.key())
        for made_in, runner in self._sharing:
            signature = runner.trace.signature
            if made_in == state and signature.tree == tree and signature.shared == shared:
                answer = runner(given)
                if answer is not NO_MATCH:
                    return answer
        with self._lock, self._with_rules():
            trace, _ = maker().traced(self._function, tree, given, shared)
            runner = maker().Sharing(trace, self._mode())
            self._sharing = [(state, runner), *self._sharing]
        return runner(given)

    def _mode(self) -> str:
        given = "MonitorMode" if "monitor" in self._options else config.mode
        mode: str = self._options.get("mode") or given
        return mode

    def _is_profiled(self) -> bool:
        return bool(self._options.get("profile", config.profile))

    def _on_gpu(self, args: tuple[Any, ...], tree: Tree, leaves: list[Any]) -> Any:
        """A call with arrays that live on a GPU."""
        if self._mode() in ("DEBUG_MODE", "MonitorMode"):
            raise UnsupportedError(
                f"{self._name}: {self._mode()} looks at arrays in host memory: pass NumPy arrays "
                f"and device='cuda'"
            )
        with self._lock:
            self._gpu = maker().gpu_calls(self._function, self._mode(), self._gpu)
            answer = self._gpu(tree, leaves, flags())
            if _is_flat(tree):
                self._gpu.learned(args, tree, leaves, flags())
            return answer

    def _device(self) -> str:
        device: str = self._options.get("device") or config.device
        return device

    def _start_key(self, signature: Signature) -> str | None:
        """Of a warm start; there are none on devices, whose machine code is kept by its text."""
        if self._device() != "cpu" or self._is_profiled() or self._options.get("rules"):
            return None
        return warm.start_key(self._function, self._mode(), signature)

    @property
    def _name(self) -> str:
        return str(getattr(self._function, "__qualname__", self._function))


def maker() -> Any:
    """The module that traces and compiles, imported when first needed."""
    random = sys.modules.get("random")
    if random is None or "arignote.specialise" in sys.modules:
        return importlib.import_module("arignote.specialise")
    drawn = random.getstate()  # libraries draw from the user's generator while they are imported
    try:
        return importlib.import_module("arignote.specialise")
    finally:
        random.setstate(drawn)


def _flattened(args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Sequence[Any], Tree | None]:
    """The leaves of a call and its structure, None where the leaves are the arguments."""
    if not kwargs and all(type(a).__module__ == "cupy" or type(a) in _NUMBERS for a in args):
        return args, None
    leaves, tree = flatten((args, kwargs))
    return leaves, None if _is_flat(tree) else tree


def _is_flat(tree: Tree) -> bool:
    args, kwargs = tree.children
    return kwargs == _NO_KEYWORDS and all(c is LEAF for c in args.children)


_flags_now: list[Any] = []


def flags() -> Any:
    """The flags on which programs depend."""
    if config.lends():
        return config.key()
    if not _flags_now:
        _flags_now.append(config.key())
    return _flags_now[0]


config.watch(_flags_now.clear)


def is_foreign(leaf: Any) -> bool:
    """Is this an array of another library, in the memory of a GPU?"""
    if type(leaf).__module__ in ("numpy", "builtins"):
        return False
    if type(leaf).__module__ == "cupy":  # which would ask the driver
        return True
    place = getattr(leaf, "__dlpack_device__", None)
    if place is None:
        return hasattr(leaf, "__cuda_array_interface__")
    return int(place()[0]) in _GPU_MEMORY
