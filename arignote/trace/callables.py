"""Calls: every call of converted code comes here.

Builtins of traced values get their meaning from `pybuiltins`, NumPy's functions from the registry
or NumPy's own protocols, the user's functions are converted and traced into; what has no traced
argument and is nobody's business is called plainly.
"""

from __future__ import annotations

import collections
import functools
import inspect
import sys
import sysconfig
from collections.abc import Container
from sys import getrefcount
from types import FunctionType, MethodDescriptorType, MethodType
from typing import Any

import numpy as np

from ..errors import TraceError, UnsupportedError
from . import hidden, journal, lists
from .convert import converted, is_straight
from .convert.site import Site
from .dispatch import array_function
from .distinct import Distinct, taken
from .generators import LISTED, Generator
from .growing import Growing, growing
from .iteration import Counter, Lazy, Nested, SymbolicRange, listed
from .library_names import is_library
from .listing import lists_of
from .marks import Marked, all_plain, marked
from .methods import tolist
from .optional import Maybe, used
from .plainly import is_unfollowed, unfollowed
from .produced import Produced, gone_through
from .proxy import Array, Proxy, Scalar, fresh, node_of
from .pybuiltins import ALWAYS, BUILTINS, scalar_type
from .queues import Deque
from .regions import at_site, depth
from .registry import implementation
from .session import is_tracing, record, session
from .texts import Text
from .ufuncs import apply
from .vectorizing import vectorized

#: Set by `operators`: what converted functions call.
OPERATORS: list[Any] = []
#: Set by `distinct_of`: set(x).
DISTINCT: list[Any] = []
#: Calls of the user's functions inside each other; beyond it the recursion is taken for endless.
DEEPEST = 200
#: These make arrays of sizes that may be large: never done while tracing.
_CREATION = (
    np.zeros,
    np.ones,
    np.empty,
    np.full,
    np.eye,
    np.identity,
    np.arange,
    np.linspace,
    np.tri,
)
_PLAIN_PACKAGES = ("numpy", "scipy", "arignote", "networkx", "builtins")
_STDLIB = sysconfig.get_paths()["stdlib"]


def call(site: Site, function: Any, /, *args: Any, **kwargs: Any) -> Any:
    """`function(*args, **kwargs)` in converted code"""
    with at_site(site):
        return _call(site, function, args, kwargs)


def _call(site: Site, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    if any(isinstance(a, Growing) for a in args):
        raise TraceError(
            f"{site}\na list whose length is known at run time only is unpacked into arguments, "
            "f(*x): give the list itself, or its elements by index"
        )
    if any(type(a) is Generator for a in (*args, *kwargs.values())) and not _is_users(f):
        args = tuple(_gone_through(a, f) for a in args)
        kwargs = {k: _gone_through(v, f) for k, v in kwargs.items()}
    if any(type(a) is Produced for a in args):
        done, args = gone_through(site, f, args)
        if done:
            return args
    if record(Marked) and not _keeps_marks(f):
        args = tuple(map(all_plain, args))
        kwargs = {k: all_plain(v) for k, v in kwargs.items()}
    if isinstance(f, functools.partial):
        return _call(site, f.func, (*f.args, *args), {**f.keywords, **kwargs})
    f = used(f)
    if any(type(a) is Maybe for a in (*args, *kwargs.values())) and not _keeps_maybes(f):
        args = tuple(map(used, args))
        kwargs = {k: used(v) for k, v in kwargs.items()}
    if any(type(a) is Distinct for a in args):
        args = taken(f, args, _is_users(f))
    if (f is set or f is frozenset) and _is_counted_later(args):
        return DISTINCT[0](*args)
    known = lists.answer(f, args, kwargs)
    if known is not lists.NO_ANSWER:
        return known
    if f is print and is_tracing():
        return BUILTINS[print](*args, **kwargs)
    traced = has_traced((args, kwargs))
    if (traced and _in(f, BUILTINS)) or (is_tracing() and _in(f, ALWAYS)):
        given = [_callable(site, a, f in (map, filter)) for a in args]
        return BUILTINS[f](*given, **_callables(site, kwargs))
    if traced and isinstance(f, np.vectorize) and not kwargs:
        return vectorized(f, args, site, _callable(site, f.pyfunc))
    if isinstance(f, MethodType) and f.__func__ is tolist:
        return lists_of(f.__self__, site)  # type: ignore[arg-type]
    if isinstance(f, MethodDescriptorType) and args and isinstance(args[0], Scalar):
        return getattr(args[0], f.__name__)(*args[1:], **kwargs)  # complex.conjugate(z)
    if traced and isinstance(f, type) and issubclass(f, np.generic):
        return scalar_type(f, *args, **kwargs)
    if isinstance(f, np.ufunc):
        return _ufunc(f, args, kwargs) if traced else f(*args, **kwargs)
    if is_tracing() and implementation(f) is not None and (traced or f in _CREATION):
        return array_function(None, f, (), args, kwargs)
    inner = _inlined(f)
    if inner is not f:
        return _call(site, inner, args, kwargs)
    if is_tracing():
        drawing = hidden.method_of(f, site)
        if drawing is not None:
            return _call(site, drawing, args, kwargs)
        if any(f is maker for maker in hidden.MAKERS):
            return hidden.made(f, args, kwargs, site)
    if isinstance(f, FunctionType | MethodType):
        return _function(site, f, args, kwargs, traced)
    if isinstance(f, type):
        return _constructed(site, f, args, kwargs)
    called = _method_of(f, "__call__")
    if called is not None:
        return _call(site, MethodType(called, f), args, kwargs)
    return _plain(site, f, args, kwargs, traced)


def _is_counted_later(args: tuple[Any, ...]) -> bool:
    """Is it numbers of which it takes running the function to tell how many differ?"""
    if len(args) != 1:
        return False
    g = growing(args[0])
    if g is not None:
        return len(g.buffers) == 1 and g.kind.structure is None and not g.kind.nested
    return isinstance(args[0], Array) and len(args[0].sizes) == 1


def _keeps_marks(f: Any) -> bool:
    """Does it take a text as a whole, or is it the user's?"""
    inner = f.__func__ if isinstance(f, MethodType) else f
    if isinstance(inner, FunctionType):
        return not _is_library(inner)
    if any(f is g for g in (print, str, repr, format, list, tuple)):
        return True
    if isinstance(f, type):
        return issubclass(f, BaseException) or not is_library(f.__module__)
    owner = getattr(f, "__self__", None)
    if isinstance(owner, str):
        return getattr(f, "__name__", "") in ("join", "format")
    return isinstance(owner, list | dict | Deque)


def _gone_through(x: Any, f: Any) -> Any:
    """The values of a generator that a function gets, as a list."""
    if type(x) is Generator and f in (enumerate, filter, iter, map, next, reversed, zip):
        raise x.refused(f"is given to {f.__name__}")
    return LISTED[0](x) if type(x) is Generator else x


def _is_users(f: Any) -> bool:
    """Is it a function, or a class, of the user?"""
    inner = f.__func__ if isinstance(f, MethodType) else f
    if isinstance(inner, FunctionType):
        return not _is_library(inner)
    return isinstance(f, type) and not is_library(f.__module__)


def _keeps_maybes(f: Any) -> bool:
    """Does it take None as well as values?"""
    if any(f is g for g in (print, str, repr, format, bool, isinstance, type, list, tuple)):
        return True
    return _is_users(f) or isinstance(getattr(f, "__self__", None), list | dict | Deque)


def _method_of(x: Any, name: str) -> FunctionType | None:
    """A method that x's class defines in Python."""
    found = getattr(type(x), name, None)
    return found if isinstance(found, FunctionType) else None


def _in(f: Any, table: Container[Any]) -> bool:
    try:
        return f in table
    except TypeError:  # unhashable callables
        return False


_TRACED = (Proxy, SymbolicRange, Lazy, Counter, Nested, Growing, Text, Deque, Maybe)


def has_traced(x: Any, depth: int = 4) -> bool:
    """Is there a traced value in x, or in containers in it?"""
    if isinstance(x, _TRACED):
        return True
    if depth and isinstance(x, tuple | list):
        return any(has_traced(v, depth - 1) for v in x)
    if depth and isinstance(x, dict):
        return any(has_traced(v, depth - 1) for v in x.values())
    return False


def _ufunc(f: np.ufunc, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """A ufunc of traced values; arguments beyond its operands are where the results go."""
    if len(args) > f.nin:
        kwargs = {**kwargs, "out": args[f.nin :]}
    return apply(f, args[: f.nin], **kwargs)


def _callable(site: Site, x: Any, called: bool = False) -> Any:
    """A function handed to a builtin, so that it is converted when the builtin calls it."""
    of_text = isinstance(getattr(x, "__self__", None), str) or x is str or x is repr
    if (called and (of_text or _in(x, BUILTINS))) or isinstance(x, FunctionType | MethodType):
        return lambda *args, **kwargs: _call(site, x, args, kwargs)
    return x


def _callables(site: Site, kwargs: dict[str, Any]) -> dict[str, Any]:
    return {k: _callable(site, v, k == "key") for k, v in kwargs.items()}


def _inlined(f: Any) -> Any:
    """The function inside another compiled function, or inside a cache."""
    if hasattr(type(f), "__arignote_inlined__"):
        return f.__wrapped__
    if isinstance(f, functools._lru_cache_wrapper):
        return f.__wrapped__
    return f


# ---- functions of the user -----------------------------------------------------------------------
def _function(
    site: Site, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], traced: bool
) -> Any:
    inner = f.__func__ if isinstance(f, MethodType) else f
    if not isinstance(inner, FunctionType):
        if _inlined(inner) is not inner:
            return _call(site, inner, (f.__self__, *args), kwargs)
        return _plain(site, f, args, kwargs, traced)
    if _is_library(inner):
        return _plain(site, f, args, kwargs, traced)
    if _is_generator(inner) and is_tracing():
        run = lambda: _entered(site, f, inner, args, kwargs)
        return Generator(inner.__name__, run)
    return _entered(site, f, inner, args, kwargs)


def _is_generator(f: FunctionType) -> bool:
    own = hasattr(f, "__arignote_generator__")
    return own or bool(f.__code__.co_flags & inspect.CO_GENERATOR)


def _entered(
    site: Site, f: Any, inner: FunctionType, args: tuple[Any, ...], kwargs: dict[str, Any]
) -> Any:
    calls = session().calls
    if len(calls) >= DEEPEST:
        raise TraceError(
            f"{site}\n{inner.__qualname__} calls itself more than {DEEPEST} deep while it is "
            "traced. "
            f"Recursion must end by values known while tracing; write a loop instead."
        )
    calls.append(inner.__code__)
    try:
        return converted(f, OPERATORS[0])(*args, **kwargs)
    except RecursionError:
        if len(calls) > 1:
            raise  # to where there is room for the message
        raise TraceError(
            f"{site}\n{inner.__qualname__} calls itself too deep while it is traced. "
            "Recursion must end by values known while tracing; write a loop instead."
        ) from None
    finally:
        calls.pop()


def _is_library(f: FunctionType) -> bool:
    if f.__module__ == Deque.__module__:
        return False
    if getattr(f, "__arignote_converted__", False):
        return False
    module = (f.__module__ or "").partition(".")[0]
    file = f.__code__.co_filename
    if module in _PLAIN_PACKAGES or file.startswith(("<frozen", "<__array_function__")):
        return True
    if file.startswith("<string>"):  # what dataclasses and the like make; a helper of `python -c`
        made = module != "__main__" or f.__name__.startswith("__")
        return made or not is_straight(f.__code__)
    return module in sys.stdlib_module_names and file.startswith(_STDLIB)


def _constructed(site: Site, cls: type, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
    """An object of the user's class, its `__init__` converted."""
    init: Any = getattr(cls, "__init__", None)
    if type(cls) is not type or not isinstance(init, FunctionType) or _is_library(init):
        return _plain(site, cls, args, kwargs, has_traced((args, kwargs)))
    new: Any = cls.__new__
    made = new(cls) if new is object.__new__ else new(cls, *args, **kwargs)
    journal.made(made)
    if isinstance(made, cls):
        _call(site, MethodType(init, made), args, kwargs)
    return made


# ---- everything else -----------------------------------------------------------------------------
def _plain(site: Site, f: Any, args: tuple[Any, ...], kwargs: dict[str, Any], traced: bool) -> Any:
    _refuse_hidden_state(site, f)
    _refuse_long_lists(site, f, args)
    try:
        if f is next and args and isinstance(args[0], _COUNTED):
            raise TraceError("next() of zip, map, enumerate or a range: loop over it, or index it")
        if traced and not isinstance(f, FunctionType | MethodType):
            args = tuple(list(listed(a)) if isinstance(a, _COUNTED) else a for a in args)
        out = f(*args, **kwargs)
    except (TraceError, UnsupportedError) as error:
        raise _located(error, site) from None
    if type(out) is str:
        return marked(out)
    if type(out) in (list, dict) and getrefcount(out) <= 2:
        journal.made(out)
    if isinstance(out, np.ndarray) and is_tracing() and _made_here(f, out, args):
        return fresh(node_of(out))
    return out


#: What is gone through by builtins and by itertools, item by item, while tracing.
_COUNTED = (SymbolicRange, Lazy)


def _made_here(f: Any, out: np.ndarray[Any, Any], args: tuple[Any, ...]) -> bool:
    """Is it an array of its own, that the function may go on to write?"""
    if out.dtype.kind not in "biufc" or (isinstance(f, FunctionType) and not _is_library(f)):
        return False
    owner = getattr(f, "__self__", None)
    return not any(
        out is a or np.may_share_memory(out, a) for a in (*args, owner) if isinstance(a, np.ndarray)
    )


def _refuse_long_lists(site: Site, f: Any, args: tuple[Any, ...]) -> None:
    """A builtin would take the one stand-in in a list of run-time length for its only element."""
    owner = getattr(f, "__self__", None)
    if isinstance(owner, list | dict | set | frozenset) and f.__name__ not in _READING:
        return
    if not isinstance(f, FunctionType | MethodType) and any(growing(a) is not None for a in args):
        name = getattr(f, "__qualname__", type(f).__name__)
        raise TraceError(
            f"{site}\n{name}(...) of a list whose length is known at run time only: make it an "
            "array, np.array(x); np.unique(x) has the distinct values"
        )


#: Methods of containers that read a list which they are given.
_READING = {
    "difference", "difference_update", "extend", "fromkeys", "intersection",
    "intersection_update", "isdisjoint", "issubset", "issuperset", "symmetric_difference",
    "symmetric_difference_update", "union", "update",
}  # fmt: skip


#: Methods that change no container.
_ONLY_READING = frozenset({
    "copy", "count", "elements", "empty", "full", "index", "items", "keys",
    "most_common", "qsize", "tolist", "total", "values",
})  # fmt: skip


def _refuse_hidden_state(site: Site, f: Any) -> None:
    """Containers from outside that are changed would be changed once, while tracing."""
    owner = getattr(f, "__self__", None)
    if depth() and is_unfollowed(owner):
        name = getattr(f, "__name__", "")
        if name not in _ONLY_READING and not (name == "get" and isinstance(owner, dict)):
            raise unfollowed(owner)
    if isinstance(owner, collections.deque):
        raise UnsupportedError(
            f"{site}\na deque from outside the compiled function: make it in the function"
        )


def _located(error: Exception, site: Site) -> Exception:
    text = str(error)
    if f"line {site.line}" in text or f":{site.line}" in text:
        return error
    return type(error)(f"{site}\n{text}")
