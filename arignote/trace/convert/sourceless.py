"""Functions whose text is not to be had: their calls are caught by the names that they read.

Nothing is rewritten in them, and NumPy's protocols find most of what they call; but a function that
knows no protocol (`np.array`, SciPy's, `len`) would be handed a traced value.  So the twin of such
a function reads its globals through a mapping that puts a call of the operator `call` in place of
functions, in modules too.  Classes stay as they are: they stand in `isinstance` and for dtypes.
"""

from __future__ import annotations

from types import BuiltinFunctionType, CodeType, FunctionType, ModuleType
from typing import Any

from .interface import Operators
from .site import Site


class Globals(dict[str, Any]):
    """The globals of a function, read when it reads them."""

    _own: dict[str, Any]

    def __init__(self, own: dict[str, Any], code: CodeType, operators: Operators) -> None:
        if isinstance(own, Globals):  # of a function inside such a function
            own = own._own
        super().__init__({k: own[k] for k in ("__builtins__", "__name__") if k in own})
        line = code.co_firstlineno
        self._own, self._operators = own, operators
        self._site = Site(code.co_filename, line, line, 0, "", code.co_name)

    def __getitem__(self, name: str) -> Any:
        if name in self._own:
            return self._caught(self._own[name])
        builtins = self._own["__builtins__"]
        names = builtins if isinstance(builtins, dict) else vars(builtins)
        return self._caught(names[name])

    def __setitem__(self, name: str, value: Any) -> None:
        self._own[name] = value

    def _caught(self, value: Any) -> Any:
        if isinstance(value, ModuleType):
            return _Names(value, self)
        if not isinstance(value, FunctionType | BuiltinFunctionType):
            return value
        call, site = self._operators.call, self._site
        return lambda *args, **kwargs: call(site, value, *args, **kwargs)


class _Names:
    """A module whose functions are caught."""

    def __init__(self, module: ModuleType, names: Globals) -> None:
        self._module, self._names = module, names

    def __getattr__(self, name: str) -> Any:
        return self._names._caught(getattr(self._module, name))
