"""Function objects: from one to its converted twin, which shares its cells, globals and defaults.

The converted definition is compiled inside a function whose parameters are the free variables;
only its code object is taken from there, so cells are the original's own and late binding works.
Converted code is kept by code object, so closures made in a loop convert once; a twin is kept as
long as somebody holds it.
"""

import threading
import weakref
from types import CellType, CodeType, FunctionType, MethodType
from typing import Any

from ...forks import renew_in_children
from .code import Converted, converted_code, is_converted
from .interface import Operators
from .sourceless import Globals
from .syntax import OPERATORS, SITES

Twins = weakref.WeakValueDictionary[int, FunctionType]

_lock = threading.RLock()
renew_in_children(globals(), "_lock", threading.RLock)

_by_code: dict[int, tuple[weakref.ref[CodeType], Converted]] = {}
_twins: weakref.WeakKeyDictionary[FunctionType, Twins] = weakref.WeakKeyDictionary()


def converted(function: Any, operators: Operators) -> Any:
    """The twin of a Python function (or bound method) that calls `operators`.

    The same object comes back as long as it is alive.  Functions nested in a converted one are
    converted already and come back themselves.  The twin has the attributes `converted` (False
    where the source is not available and nothing had to change) and `__arignote_sites__`.

    Raises TypeError for anything but a Python function, UnsupportedError where the source is not
    available or has a construct that cannot be converted.
    """
    if isinstance(function, MethodType):
        return MethodType(converted(function.__func__, operators), function.__self__)
    if not isinstance(function, FunctionType):
        raise TypeError(
            f"only Python functions can be converted, not {type(function).__name__} {function!r}"
        )
    if is_converted(function.__code__):
        return function
    with _lock:
        twins = _twins.get(function)
        if twins is None:
            twins = _twins[function] = weakref.WeakValueDictionary()
        twin = twins.get(id(operators))
        if twin is None or not _up_to_date(twin, function):
            twin = twins[id(operators)] = _twin(function, _code_of(function), operators)
    return twin


def _code_of(function: FunctionType) -> Converted:
    code = function.__code__
    key = id(code)
    found = _by_code.get(key)
    if found is None:
        made = converted_code(function)
        _by_code[key] = weakref.ref(code, lambda _: _by_code.pop(key, None)), made
        return made
    return found[1]


def _twin(function: FunctionType, made: Converted, operators: Operators) -> FunctionType:
    own = dict(zip(function.__code__.co_freevars, function.__closure__ or (), strict=True))
    own |= {OPERATORS: CellType(operators), SITES: CellType(made.sites)}
    closure = tuple(own[name] for name in made.code.co_freevars)
    name = function.__name__
    names = function.__globals__
    if not made.changed:
        names = Globals(names, function.__code__, operators)
    twin = FunctionType(made.code, names, name, function.__defaults__, closure)
    twin.__kwdefaults__ = function.__kwdefaults__
    twin.__qualname__ = function.__qualname__
    twin.__module__ = function.__module__
    twin.__doc__ = function.__doc__
    twin.__dict__ |= {
        "converted": made.changed,
        "__arignote_sites__": made.sites,
        "__arignote_original__": function.__code__,
    }
    return twin


def _up_to_date(twin: FunctionType, function: FunctionType) -> bool:
    """Whether nobody has given the function other code or defaults since."""
    return (
        twin.__dict__["__arignote_original__"] is function.__code__
        and twin.__defaults__ is function.__defaults__
        and twin.__kwdefaults__ is function.__kwdefaults__
    )
