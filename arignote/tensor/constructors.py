"""Constructors of symbolic variables: scalar ... tensor7, with a letter for the dtype or in the
plural."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .types import TensorType

#: name without letter -> broadcastable flags
SHAPES: dict[str, tuple[bool, ...]] = {
    "scalar": (),
    "vector": (False,),
    "row": (True, False),
    "col": (False, True),
    "matrix": (False, False),
    **{f"tensor{n}": (False,) * n for n in range(3, 8)},
}
#: letter -> dtype; no letter: `config.floatX`
LETTERS = {
    "b": "int8", "w": "int16", "i": "int32", "l": "int64", "f": "float32", "d": "float64",
    "c": "complex64", "z": "complex128",
}  # fmt: skip
_PLURALS = {"matrix": "matrices"}


def _unlettered(shape: str, flags: tuple[bool, ...]) -> Callable[..., Any]:
    def make(name: str | None = None, dtype: Any = None) -> Any:
        return TensorType("floatX" if dtype is None else dtype, flags)(name)

    make.__name__ = make.__qualname__ = shape
    make.__doc__ = f"A symbolic {shape} of `dtype`, by default `config.floatX`."
    return make


def _several(single: Callable[..., Any], name: str) -> Callable[..., Any]:
    def make(*names: Any) -> Any:
        if len(names) == 1 and isinstance(names[0], int):
            names = (None,) * names[0]
        elif len(names) == 1 and isinstance(names[0], str | list | tuple):
            names = tuple(names[0])
        made = [single(n) for n in names]
        return made[0] if len(made) == 1 else made

    make.__name__ = make.__qualname__ = name
    make.__doc__ = "Several symbolic variables, one a name or letter; or a number of them."
    return make


#: every constructor by name; those with a letter are types, which make variables when called
CONSTRUCTORS: dict[str, Any] = {}
for _shape, _flags in SHAPES.items():
    for _letter in ("", *LETTERS):
        _one = TensorType(LETTERS[_letter], _flags) if _letter else _unlettered(_shape, _flags)
        CONSTRUCTORS[_letter + _shape] = _one
        _plural = _letter + _PLURALS.get(_shape, _shape + "s")
        CONSTRUCTORS[_plural] = _several(_one, _plural)
