"""Functions and classes of libraries by name, where a name says all: the same name in the same
version gives the same results for the same arguments and leaves no trace elsewhere.
"""

from __future__ import annotations

import builtins
import sys
from typing import Any

import numpy as np

#: Modules whose functions are pure, with all below them; the exceptions follow.
_PURE = ("numpy", "scipy.special", "scipy.linalg", "scipy.fft", "arignote", "math", "cmath",
         "operator", "_operator", "itertools", "functools", "_functools", "collections",
         "dataclasses", "typing", "abc")  # fmt: skip
_IMPURE_MODULES = ("numpy.random", "numpy.ctypeslib", "numpy.f2py", "numpy.testing",
                   "arignote.debug", "arignote.config", "arignote.cli")  # fmt: skip
_IMPURE_NAMES = frozenset(
    "load save savez savez_compressed loadtxt savetxt genfromtxt fromfile fromregex memmap "
    "seterr seterrcall setbufsize geterr getbufsize geterrcall errstate set_printoptions "
    "get_printoptions printoptions get_include show_config show_runtime info vectorize nditer "
    "set_workers set_backend set_global_backend register_backend "
    "lru_cache cache cached_property singledispatch count cycle tee".split()
)
_BUILTINS = frozenset(
    "abs all any bool bytes callable chr complex dict divmod enumerate filter float format "
    "frozenset getattr hasattr int isinstance issubclass iter len list map max min next object "
    "ord pow range repr reversed round slice sorted str sum super tuple type zip property "
    "staticmethod classmethod".split()
)
_LIBRARIES = ("numpy", "scipy", "arignote", "builtins")


def is_library(module: str | None) -> bool:
    """Does this module belong to what is known by name or not at all?"""
    top = (module or "").partition(".")[0]
    return top in _LIBRARIES or top in sys.stdlib_module_names


def pure_name(x: Any) -> str | None:
    """The name of a pure function or class of a library that stands under that name, or None."""
    name = getattr(x, "__qualname__", None) or getattr(x, "__name__", None)
    if not isinstance(name, str):
        return None
    if isinstance(x, np.ufunc):
        return _ufunc_name(x, x.__name__)
    module = getattr(x, "__module__", None)
    if module == "builtins" or getattr(builtins, name, None) is x:
        return f"builtins.{name}" if _is_pure_builtin(x, name) else None
    if not isinstance(module, str) or not _is_pure(module) or name in _IMPURE_NAMES:
        return None
    return f"{module}.{name}" if _found(module, name) is x else None


def _ufunc_name(x: Any, name: str) -> str | None:
    for module in ("numpy", "scipy.special"):
        if _found(module, name) is x:
            return f"{module}.{name}"
    return None


def _is_pure_builtin(x: Any, name: str) -> bool:
    if getattr(builtins, name, None) is not x:
        return False
    return name in _BUILTINS or (isinstance(x, type) and issubclass(x, BaseException))


def _is_pure(module: str) -> bool:
    def under(names: tuple[str, ...]) -> bool:
        return any(module == n or module.startswith(n + ".") for n in names)

    return under(_PURE) and not under(_IMPURE_MODULES)


def _found(module: str, name: str) -> Any:
    value: Any = sys.modules.get(module)
    for part in name.split("."):
        value = getattr(value, part, None)
    return value
