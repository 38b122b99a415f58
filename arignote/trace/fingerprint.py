"""A text that is the same in two processes only where tracing a function does the same in both.

It covers all that tracing reads: byte code and source, defaults, closures, globals, the functions
called, the classes of objects and their state, the bytes of arrays.  It is made before the function
runs, and anything whose meaning or effect is not fully known (a file, a clock, a module as a value,
an object with code of its own for attributes) has no fingerprint: such a function is traced anew in
every process.  A wrong match would be a wrong answer; a needless trace costs milliseconds.
"""

from __future__ import annotations

import builtins
import dataclasses
import functools
import hashlib
import linecache
import sys
from types import (
    BuiltinFunctionType,
    CodeType,
    EllipsisType,
    FunctionType,
    MethodType,
    ModuleType,
    NoneType,
    NotImplementedType,
)
from typing import Any

import numpy as np

from .library_names import is_library, pure_name
from .names_read import Unsettled, names_read

#: Bytes of arrays beyond which hashing costs more than tracing.
_MOST_BYTES = 1 << 26
_MOST_VALUES = 20_000
_DEEPEST = 100

_PLAIN = (NoneType, bool, int, float, complex, str, bytes, EllipsisType, NotImplementedType, range)
_FUNCTION_TYPES = (FunctionType, BuiltinFunctionType, np.ufunc, type(np.sum))
_CONTAINERS = (tuple, list)
#: Entries of a class that every class has, or that say nothing about what its instances do.
_UNTOLD = frozenset(
    {"__dict__", "__weakref__", "__doc__", "__module__", "__qualname__", "__annotations__",
     "__static_attributes__", "__firstlineno__", "__annotate__", "__annotate_func__",
     "__annotations_cache__", "__classdictcell__", "__dataclass_params__", "__orig_bases__",
     "__parameters__"}
)  # fmt: skip
_HOOKS = ("__getattr__", "__getattribute__", "__setattr__", "__del__")


def fingerprint(*values: Any) -> str | None:
    """The fingerprint of functions and other values together, or None where there is none."""
    walk = _Walk()
    try:
        for value in values:
            walk.value(value)
    except Unsettled:
        return None
    return walk.digest.hexdigest()


class _Walk:
    """Everything reachable, hashed in the order it is met; an object met again is a number."""

    def __init__(self) -> None:
        self.digest = hashlib.sha256()
        self.known: dict[int, int] = {}
        self.alive: list[Any] = []  # so that no id is used twice
        self.arrays: list[np.ndarray[Any, Any]] = []
        self.depth = self.bytes = 0

    def put(self, *texts: str | bytes) -> None:
        for text in texts:
            data = text.encode("utf-8", "surrogatepass") if isinstance(text, str) else text
            self.digest.update(b"%d:" % len(data))
            self.digest.update(data)

    def value(self, x: Any) -> None:
        """Any value that a function may read."""
        cls = type(x)
        if cls in _PLAIN:
            self.put(cls.__name__, repr(x))
            return
        if isinstance(x, np.generic) and cls.__module__ == "numpy":
            self.put("scalar", x.dtype.str, x.tobytes())
            return
        if cls is not tuple:  # constants of code: which are one object differs between processes
            number = self.known.get(id(x))
            if number is not None:
                self.put("again", str(number))
                return
            self.known[id(x)] = len(self.known)
        self.alive.append(x)
        self.depth += 1
        if self.depth > _DEEPEST or len(self.alive) > _MOST_VALUES:
            raise Unsettled("too much is read")
        self._object(x, cls)
        self.depth -= 1

    def _object(self, x: Any, cls: type) -> None:
        if cls is np.ndarray:
            self._array(x)
        elif isinstance(x, np.dtype):
            self.put("dtype", repr(x))
        elif cls in _CONTAINERS or cls is slice:
            parts = (x.start, x.stop, x.step) if cls is slice else x
            self._several(cls.__name__, parts)
        elif cls is dict:
            self._several("dict", [part for item in x.items() for part in item])
        elif isinstance(x, CodeType):
            self._code(x)
        elif isinstance(x, _FUNCTION_TYPES):
            self._function(x)
        elif cls is MethodType:
            self._several("method", (x.__func__, x.__self__))
        elif cls is functools.partial:
            self._several("partial", (x.func, x.args, x.keywords))
        elif cls is functools._lru_cache_wrapper or hasattr(cls, "__arignote_inlined__"):
            self._several("wrapped", (x.__wrapped__,))
        elif isinstance(x, type):
            self._class(x)
        elif cls is staticmethod or cls is classmethod:
            self._several(cls.__name__, (x.__func__,))
        elif cls is property:
            self._several("property", (x.fget, x.fset, x.fdel))
        elif hasattr(cls, "__arignote_meaning__"):
            text = x.__arignote_meaning__()  # all that its calls depend on, as text
            if text is None:
                raise Unsettled(f"a {cls.__name__} that has no text")
            self.put(cls.__name__, text)
        else:
            self._instance(x, cls)

    def _several(self, kind: str, parts: Any) -> None:
        self.put(kind, str(len(parts)))
        for part in parts:
            self.value(part)

    def _array(self, x: np.ndarray[Any, Any]) -> None:
        self.bytes += x.nbytes
        if x.dtype.kind not in "?biufc" or self.bytes > _MOST_BYTES:
            raise Unsettled("an array of another kind, or too large")
        if any(np.may_share_memory(x, other) for other in self.arrays):
            raise Unsettled("arrays that share memory")
        self.arrays.append(x)
        layout = (x.shape, x.strides, x.flags.writeable, x.flags.aligned)
        self.put("array", x.dtype.str, repr(layout), x.tobytes())

    # ---- functions
    def _function(self, f: Any) -> None:
        name = pure_name(f)
        if name is not None:
            self.put("library", name)
            return
        if not isinstance(f, FunctionType) or is_library(f.__module__):
            raise Unsettled(f"{f!r} may depend on more than its arguments")
        self.put("function", f.__module__ or "", f.__qualname__)
        self._code(f.__code__)
        self.value(f.__defaults__)
        self.value(f.__kwdefaults__)
        attributes = {k: v for k, v in f.__dict__.items() if k != "__wrapped__"}
        self.value(attributes)
        self._reads(f)

    def _code(self, c: CodeType) -> None:
        numbers = (c.co_argcount, c.co_posonlyargcount, c.co_kwonlyargcount, c.co_flags)
        names = (c.co_names, c.co_varnames, c.co_freevars, c.co_cellvars, c.co_qualname)
        self.put("code", repr(numbers), repr(names), c.co_filename, str(c.co_firstlineno))
        self.put(c.co_code, c.co_linetable, c.co_exceptiontable)
        last = c.co_firstlineno
        for k in c.co_consts:
            if isinstance(k, CodeType):
                self._code(k)
            elif isinstance(k, frozenset):  # of literals, for `in`
                self.put("frozenset", repr(sorted(map(repr, k))))
            else:
                self.value(k)
        for line in c.co_lines():
            last = max(last, line[2] or 0)
        self.put(*linecache.getlines(c.co_filename)[c.co_firstlineno - 1 : last])

    def _reads(self, f: FunctionType) -> None:
        cells = dict(zip(f.__code__.co_freevars, f.__closure__ or (), strict=True))
        for name, is_cell, attributes in names_read(f.__code__):
            self.put("read", name, *attributes)
            if is_cell:
                try:
                    self._chain(cells[name].cell_contents, attributes)
                except ValueError:
                    self.put("empty")
            elif name in f.__globals__:
                self._chain(f.__globals__[name], attributes)
            elif hasattr(builtins, name):
                self.value(getattr(builtins, name))
            else:
                self.put("nothing")

    def _chain(self, value: Any, attributes: tuple[str, ...]) -> None:
        """What a name and the attributes after it lead to, through modules."""
        for attribute in attributes:
            if not isinstance(value, ModuleType):
                break
            try:
                value = getattr(value, attribute)
            except AttributeError:
                self.put("nothing")
                return
        self.value(value)

    # ---- classes and objects
    def _class(self, cls: type) -> None:
        name = pure_name(cls)
        if name is not None:
            self.put("library", name)
            return
        if type(cls) is not type or is_library(cls.__module__):
            raise Unsettled(f"{cls!r} is a class of a kind of its own")
        self.put("class", cls.__module__, cls.__qualname__)
        self._several("bases", cls.__bases__)
        generated = dataclasses.is_dataclass(cls) or issubclass(cls, tuple)
        for key, entry in vars(cls).items():
            if key in _UNTOLD:
                continue
            if key in _HOOKS and not generated:
                raise Unsettled(f"{cls!r} has {key}")
            self.put(key)
            self._entry(entry, generated)

    def _entry(self, entry: Any, generated: bool) -> None:
        """One attribute of a class; what the standard library wrote follows from the rest."""
        inner = entry.__func__ if isinstance(entry, staticmethod | classmethod) else entry
        if generated and isinstance(inner, FunctionType) and _is_written_for(inner):
            return
        kind = type(entry).__name__
        if kind in ("member_descriptor", "_tuplegetter"):
            self.put(kind)
        elif generated and isinstance(entry, dict) and _all_fields(entry):
            for name, field in entry.items():
                self.put(name, repr(field.init), repr(field.kw_only))
                self._default(field.default)
                self._default(field.default_factory)
        else:
            self.value(entry)

    def _default(self, x: Any) -> None:
        if x is dataclasses.MISSING:
            self.put("missing")
        else:
            self.value(x)

    def _instance(self, x: Any, cls: type) -> None:
        """An object of a user's class: the class and its attributes."""
        if is_library(cls.__module__) or isinstance(x, type | ModuleType):
            raise Unsettled(f"{cls!r} is not known")
        self.put("instance")
        self.value(cls)
        if isinstance(x, tuple):
            self._several("tuple", tuple(x))
            return
        layouts = [c for c in cls.__mro__ if c is not object]
        if any("__slots__" in vars(c) for c in layouts) or not hasattr(x, "__dict__"):
            raise Unsettled(f"{cls!r} has slots")
        if any(c.__module__ == "builtins" for c in layouts):
            raise Unsettled(f"{cls!r} is derived from a builtin class")
        self.value(vars(x))


def _is_written_for(f: FunctionType) -> bool:
    """Was this method made by `dataclass` or `namedtuple`?"""
    file = f.__code__.co_filename
    stdlib = [sys.modules[m].__file__ for m in ("dataclasses", "functools", "reprlib")]
    made = file == "<string>" or file in stdlib or file.startswith("<frozen")
    return made or (f.__module__ or "").partition(".")[0] in ("collections", "reprlib")


def _all_fields(entry: dict[Any, Any]) -> bool:
    return bool(entry) and all(isinstance(v, dataclasses.Field) for v in entry.values())
