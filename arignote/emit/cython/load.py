"""A built library -> the C function pointers in it.

What the printer makes has no Python functions: it exports C functions (`cdef api`) in a table,
which is what keeps its build short.  A library stays loaded as long as its process lives.
"""

import ctypes
import functools
import importlib
import importlib.machinery
import importlib.util
import sys
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from arignote.emit.cython.bare import ADDRESSES, NAMES
from arignote.emit.cython.blas_threads import PREFIX as THREADS
from arignote.emit.cython.blas_threads import address as threads_address
from arignote.emit.cython.team import join
from arignote.emit.numpy_loops import PREFIX as LOOP
from arignote.emit.numpy_loops import address as loop_address
from arignote.errors import BuildError


@dataclass(frozen=True)
class Built:
    """A loaded library: the addresses of its exported functions by name.  `key` finds it again."""

    key: str
    path: Path
    functions: dict[str, int]
    library: ctypes.CDLL

    @property
    def entry(self) -> int:
        """Address of the kernel's entry."""
        return self.functions["entry"]

    @property
    def shapes(self) -> int:
        """Address of the function that computes the results' dims; 0 where there is none."""
        return self.functions.get("shapes", 0)


def module_name(key: str) -> str:
    """The name of the module with this build key; it is part of the C text."""
    return f"arignote_{key[:24]}"


def load(path: Path, key: str, externs: tuple[str, ...] = ()) -> Built:
    """Load the library at `path`.

    `externs` are C functions that other packages export, such as
    "scipy.linalg.cython_blas:dgemm"; their addresses are handed, in this order, to the function
    `bind(void **functions)` of the library.  Raises ImportError when the file does not load.
    """
    try:
        library = ctypes.CDLL(str(path))
        names = ctypes.string_at(ctypes.addressof(ctypes.c_char.in_dll(library, NAMES))).decode()
        listed = names.split()
        addresses = (ctypes.c_void_p * len(listed)).in_dll(library, ADDRESSES)
    except (OSError, ValueError) as error:
        raise ImportError(str(error)) from None
    join(library)
    functions = {name: int(at or 0) for name, at in zip(listed, addresses, strict=True)}
    if externs:
        wanted = (ctypes.c_void_p * len(externs))(*[extern_address(e) for e in externs])
        ctypes.CFUNCTYPE(None, ctypes.c_void_p)(functions["bind"])(wanted)
    return Built(key, path, functions, library)


def extern_address(extern: str) -> int:
    """The address of "package.module:function" that the module exports as a capsule."""
    module_name, _, function = extern.partition(":")
    if module_name == LOOP:
        return loop_address(function)
    if module_name == THREADS:
        return threads_address(function, _extension(module_name.split()[-1]))
    capsules = _capsules(module_name)
    if function not in capsules:
        raise BuildError(
            f"{module_name} exports no C function {function!r}; its version is too old or too new "
            f"for this Arignote: pip install --upgrade {module_name.split('.')[0]} arignote"
        )
    return address_in(capsules[function])


def _capsules(module_name: str) -> dict[str, object]:
    """What an extension module exports."""
    return getattr(_extension(module_name), "__pyx_capi__", {})


@functools.cache
def _extension(module_name: str) -> ModuleType:
    """An extension module.  The packages around it are not imported where it loads without: SciPy's
    cost 0.15 s."""
    try:
        module = sys.modules.get(module_name) or _alone(module_name)
    except (ImportError, OSError):
        module = None
    if module is None:
        module = importlib.import_module(module_name)
    return module


def _alone(module_name: str) -> ModuleType | None:
    """An extension module by its file, entered nowhere; None where there is no such file."""
    top, *folders, last = module_name.split(".")
    package = importlib.util.find_spec(top)
    for root in (package.submodule_search_locations or ()) if package is not None else ():
        for suffix in importlib.machinery.EXTENSION_SUFFIXES:
            path = Path(root, *folders, last + suffix)
            if path.exists():
                return _module(module_name, path)
    return None


def _module(name: str, path: Path) -> ModuleType | None:
    loader = importlib.machinery.ExtensionFileLoader(name, str(path))
    spec = importlib.util.spec_from_file_location(name, path, loader=loader)
    if spec is None:
        return None
    module = importlib.util.module_from_spec(spec)
    loader.exec_module(module)
    return module


def address_in(capsule: object) -> int:
    """The pointer inside a PyCapsule."""
    return int(_get_pointer(capsule, _get_name(capsule)) or 0)


_get_name = ctypes.PYFUNCTYPE(ctypes.c_char_p, ctypes.py_object)(
    ("PyCapsule_GetName", ctypes.pythonapi)
)
_get_pointer = ctypes.PYFUNCTYPE(ctypes.c_void_p, ctypes.py_object, ctypes.c_char_p)(
    ("PyCapsule_GetPointer", ctypes.pythonapi)
)
