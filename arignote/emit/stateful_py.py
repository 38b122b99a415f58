"""Functions with state, in plain Python: the twin of native/stateful.pxi.

A `Container` is a cell that holds a value from call to call.  A `Caller` calls a compiled function
of its arguments and the values of cells, stores what is new, and packs the other results.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np


class Container:
    """What holds the value of a shared variable."""

    __slots__ = ("value",)

    def __init__(self, value: Any) -> None:
        self.value = value


class Caller:
    """A callable with state; subclasses say in `_slowly(args, kwargs)` what answers a call whose
    arguments are not all arrays of the expected types, and every call before `bind`."""

    #: whether arguments are not looked at
    trust_input = False
    _program: Any = None

    def bind(
        self,
        program: Any,
        kinds: Sequence[tuple[Any, Sequence[bool]]],
        cells: Sequence[Container],
        targets: Sequence[Container | None],
        pack: str | list[str],
        nouts: int,
    ) -> None:
        """From now on calls are `program(*arguments, *values of cells)`.

        It gives a tuple: `nouts` results, then the values of `targets` (None: not stored).  kinds:
        (dtype, flags of the axes that have length 1) of each argument; dtype None: `_slowly`
        answers.  pack: "one", "list", "none", or the names of a dict.
        """
        self._program, self._expected = program, list(kinds)
        self._cells, self._stores = tuple(cells), tuple(targets)
        self._pack, self._nouts = pack, nouts

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        if self._program is None or kwargs or len(args) != len(self._expected):
            return self._slowly(args, kwargs)
        if not (self.trust_input or all(map(_fits, args, self._expected))):
            return self._slowly(args, kwargs)
        results = self._program(*args, *[c.value for c in self._cells])
        for cell, new in zip(self._stores, results[self._nouts :], strict=True):
            if cell is not None:
                cell.value = new
        if self._pack == "one":
            return results[0]
        if self._pack == "none":
            return None
        outs = list(results[: self._nouts])
        return outs if self._pack == "list" else dict(zip(self._pack, outs, strict=True))

    def _slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        raise NotImplementedError


def _fits(x: Any, kind: tuple[Any, Sequence[bool]]) -> bool:
    dtype, flags = kind
    if dtype is None or type(x) is not np.ndarray or x.dtype != dtype or x.ndim != len(flags):
        return False
    return all(d == 1 for d, flag in zip(x.shape, flags, strict=True) if flag)
