"""Modes: how a function is compiled, by name or as `Mode(linker, optimizer)`, rules switched."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from ..api import Compiled
from ..config import config
from ..errors import ConfigError
from .rewriting import registered
from .rule_names import translated

_NAMES = {
    "fast_run": "FAST_RUN", "fast_compile": "FAST_COMPILE", "debug_mode": "DEBUG_MODE",
    "debugmode": "DEBUG_MODE", "nanguardmode": "NanGuardMode", "monitormode": "MonitorMode",
    "mode": "FAST_RUN",
    "fast_run_nogc": "FAST_RUN", "jax": "FAST_RUN", "numba": "FAST_RUN", "cvm": "FAST_RUN",
}  # fmt: skip
#: optimizers of Theano -> the mode that is nearest
_OPTIMIZERS = {
    "fast_run": "FAST_RUN", "o4": "FAST_RUN", "o3": "FAST_RUN", "o2": "FAST_RUN",
    "fast_compile": "FAST_COMPILE", "o1": "FAST_COMPILE", "none": "FAST_COMPILE",
    "merge": "FAST_COMPILE", "fast_run_stable": "FAST_RUN", "stabilize": "FAST_RUN",
    "unsafe": "FAST_RUN",
}  # fmt: skip
_LINKERS = "py c c|py c|py_nogc vm cvm vm_nogc cvm_nogc auto".split()


@dataclass(frozen=True)
class Mode:
    """linker: "py" and "vm" interpret, the others build kernels.  optimizer: "fast_run",
    "fast_compile", or one of Theano's other names.  Rules are switched by `including`,
    `excluding` and `requiring`, with names or tags that `ag.rules()` lists.
    """

    linker: Any = None
    optimizer: Any = "default"
    name: str = ""
    included: tuple[str, ...] = ()
    excluded: tuple[str, ...] = ()
    required: tuple[str, ...] = ()
    #: rewrites of expressions for this mode only: (position, rewrite)
    extra: tuple[tuple[float, Any], ...] = ()
    #: whether what users registered acts
    rewrites: bool = True

    def __post_init__(self) -> None:
        if self.linker is not None and self.linker not in _LINKERS:
            raise ValueError(f"there is no linker {self.linker!r}; there are {', '.join(_LINKERS)}")
        known = self.optimizer in (None, "default") or str(self.optimizer).lower() in _OPTIMIZERS
        if not known:
            raise ValueError(
                f"there is no optimizer {self.optimizer!r}; there are {', '.join(_OPTIMIZERS)}"
            )

    @property
    def kind(self) -> str:
        """The mode that `compile` knows it by."""
        if self.name:
            return self.name
        if self.linker in ("py", "vm", "vm_nogc") or self.optimizer is None:
            return "FAST_COMPILE"
        if self.optimizer == "default":
            return str(config.mode)
        return _OPTIMIZERS[str(self.optimizer).lower()]

    def including(self, *tags: str) -> Mode:
        """The mode with more rules."""
        return self._changed(included=(*self.included, *tags))

    def excluding(self, *tags: str) -> Mode:
        """The mode without these rules."""
        return self._changed(excluded=(*self.excluded, *tags))

    def requiring(self, *tags: str) -> Mode:
        """The mode with only the rules that have one of these tags."""
        return self._changed(required=(*self.required, *tags))

    def register(self, *optimizations: tuple[Any, float]) -> Mode:
        """The mode with rewrites of expressions, as pairs (rewrite, position)."""
        found = tuple((float(at), what) for what, at in optimizations)
        return self._changed(extra=(*self.extra, *found))

    def clone(self, **changes: Any) -> Mode:
        """The mode with other fields."""
        return self._changed(**changes)

    def _changed(self, **changes: Any) -> Mode:
        return replace(self, **changes)

    def compiled(self, function: Any) -> Any:
        """What runs `function` in this mode."""
        compiled = Compiled(function, mode=self.kind)
        flags = self.flags()
        return Flagged(compiled, flags) if flags else compiled

    def plain(self) -> Mode:
        """The mode without the users' rewrites of expressions."""
        return replace(self, rewrites=False)

    def flags(self) -> dict[str, Any]:
        """The flags under which its functions run."""
        flags = {"including": self.included, "excluding": self.excluded, "requiring": self.required}
        mine = registered()
        return {k: (*getattr(config, k), *translated(v, mine)) for k, v in flags.items() if v}


class Flagged:
    """A compiled function that always runs under some flags."""

    def __init__(self, compiled: Compiled, flags: dict[str, Any]) -> None:
        self.compiled, self.flags = compiled, flags

    def __call__(self, *args: Any) -> Any:
        with config(**self.flags):
            return self.compiled(*args)

    def __getattr__(self, name: str) -> Any:
        return getattr(self.compiled, name)


def mode_of(mode: Any) -> Mode:
    """A Mode for a name, a Mode or None.  Raises ConfigError for unknown names."""
    if isinstance(mode, Mode):
        return mode
    if mode is None:
        return Mode(name="")
    if str(mode) in _REGISTERED:
        return _REGISTERED[str(mode)]
    known = _NAMES.get(str(mode).lower())
    if known is None:
        raise ConfigError(
            f"there is no mode {mode!r}; there are FAST_RUN, FAST_COMPILE, DEBUG_MODE, "
            f"NanGuardMode, MonitorMode"
        )
    return Mode(name=known)


#: modes by the names that users gave them
_REGISTERED: dict[str, Mode] = {}


def register_mode(name: str, mode: Mode) -> None:
    """Let `mode=name` mean this mode.  Raises ValueError for a name that is taken."""
    if name in _REGISTERED or name.lower() in _NAMES:
        raise ValueError(f"there is a mode {name!r} already")
    _REGISTERED[name] = mode


def get_mode(mode: Any = None) -> Mode:
    """Theano's name of `mode_of`."""
    return mode_of(mode)


def get_default_mode() -> Mode:
    """The mode of functions that name none: `config.mode`."""
    return mode_of(None)


class NanGuardMode(Mode):
    """The mode that stops at nan, inf and big values."""

    def __init__(self, nan_is_error: Any = None, inf_is_error: Any = None, big_is_error: Any = None,
                 **_: Any) -> None:  # fmt: skip
        chosen = {"nan": nan_is_error, "inf": inf_is_error, "big": big_is_error}
        guard = tuple(k for k, v in chosen.items() if v is None or v)
        Mode.__init__(self, name="NanGuardMode")
        object.__setattr__(self, "guard", guard)

    def compiled(self, function: Any) -> Any:
        guard: Any = self.guard  # type: ignore[attr-defined]
        compiled = Compiled(function, mode="NanGuardMode")
        return Flagged(compiled, {"nan_guard": guard, **self.flags()})

    def _changed(self, **changes: Any) -> Mode:
        made = NanGuardMode()
        for key in ("guard", "included", "excluded", "required", "extra"):
            object.__setattr__(made, key, changes.get(key, getattr(self, key)))
        return made


class DebugMode(Mode):
    """The mode that compares every kernel with NumPy.  Theano's options for what to check change
    nothing: everything is."""

    def __init__(self, *_: Any, **__: Any) -> None:
        Mode.__init__(self, name="DEBUG_MODE")

    def _changed(self, **changes: Any) -> Mode:
        return replace(Mode(name="DEBUG_MODE"), **changes)
