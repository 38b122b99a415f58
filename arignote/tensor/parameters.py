"""Inputs and outputs of functions: `In`, `Out`, and what a call's arguments become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from ..emit.dispatch import Container
from .graph import Variable
from .sharing import SharedVariable
from .types import TensorType
from .variables import TensorConstant


@dataclass
class In:
    """An input of a function.

    name: its keyword (default: the variable's name).  value: its default; with `update`, an
    expression, the default's next value.  mutable: the function may write the argument.
    strict: no conversion; allow_downcast: any cast.
    """

    variable: Any
    name: str | None = None
    value: Any = None
    update: Any = None
    mutable: bool = False
    strict: bool = False
    allow_downcast: bool | None = None
    autoname: bool = True
    implicit: bool | None = None
    borrow: bool | None = None
    shared: bool = False
    container: Container | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.name is None and self.autoname:
            self.name = self.variable.name
        if isinstance(self.variable, TensorConstant):
            raise TypeError(f"a constant, {self.variable}, cannot be an input")
        if isinstance(self.variable, SharedVariable):
            raise TypeError(
                f"the shared variable {self.variable} cannot be an input: give it another value "
                f"with givens={{{self.variable}: x}}"
            )
        if not isinstance(self.variable, Variable):
            raise TypeError(f"inputs are variables or In, not {self.variable!r:.60}")
        if isinstance(self.value, SharedVariable):
            self.container, self.value = self.value.container, None
        elif self.value is not None:
            self.container = Container(self.variable.type.filter(self.value, False, None))


@dataclass
class Out:
    """An output of a function.  borrow: it may share memory with what the function keeps."""

    variable: Any
    borrow: bool = False


def inputs_of(params: Any, downcast: bool | None) -> list[In]:
    """The inputs as `In`; `(variable, default)` pairs and lists of variables are allowed."""
    if not isinstance(params, list | tuple):
        raise TypeError(
            f"the inputs of a function are a list or tuple of variables, not {params!r:.60}"
        )
    out = []
    for p in params:
        if isinstance(p, In):
            made = p
        elif isinstance(p, list | tuple) and len(p) == 2 and isinstance(p[0], Variable):
            made = In(p[0], value=p[1])
        else:
            made = In(p)
        if made.allow_downcast is None:
            made.allow_downcast = downcast
        out.append(made)
    seen: set[Variable] = set()
    for i in out:
        if i.variable in seen:
            raise ValueError(f"the input {i.variable} is given twice")
        seen.add(i.variable)
    return out


def arguments(
    name: str, inputs: Sequence[In], args: Sequence[Any], kwargs: dict[str, Any]
) -> list[Any]:
    """One value an input, in its type.  Raises TypeError for missing, surplus and bad ones."""
    if len(args) > len(inputs):
        raise TypeError(f"{name} takes {len(inputs)} arguments, {len(args)} were given")
    values: list[Any] = []
    for k, i in enumerate(inputs):
        if k < len(args):
            value = args[k]
            if i.name is not None and i.name in kwargs:
                raise TypeError(f"{name}: the argument {i.name!r} is given twice")
        elif i.name is not None and i.name in kwargs:
            value = kwargs.pop(i.name)
        elif i.container is not None:
            values.append(i.container.value)
            continue
        else:
            raise TypeError(f"{name}: the argument {i.name or k} is missing")
        try:
            values.append(i.variable.type.filter(value, i.strict, i.allow_downcast))
        except TypeError as error:
            where = f"{i.name!r} (argument {k})" if i.name else f"number {k}"
            raise TypeError(f"Bad input argument {where} of {name}: {error}") from None
    if kwargs:
        raise TypeError(f"{name} has no argument {next(iter(kwargs))!r}")
    return values


def fits(value: Any, kind: Any) -> bool:
    """Can an update of this type replace a value of type `kind`?"""
    if not isinstance(kind, TensorType) or not isinstance(value, TensorType):
        return True
    return value.dtype == kind.dtype and value.ndim == kind.ndim
