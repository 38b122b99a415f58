"""Which outside names code reads: globals and closure variables, with the chain of attributes that
follows each (`np.linalg.solve`).

Told from the byte code alone.  Code that gives names values outside itself, or imports, has no
answer: what it reads is not settled before it runs.
"""

from __future__ import annotations

import dis
from collections.abc import Iterator
from types import CodeType
from typing import NamedTuple

_GLOBAL = frozenset({"LOAD_GLOBAL", "LOAD_NAME"})
_CELL = frozenset({"LOAD_DEREF", "LOAD_CLASSDEREF"})
_ATTRIBUTE = frozenset({"LOAD_ATTR", "LOAD_METHOD"})
#: Between a name and its attribute: they change nothing.
_BETWEEN = frozenset({"PUSH_NULL", "CACHE", "PRECALL", "NOP", "EXTENDED_ARG"})
_WRITES_CELL = frozenset({"STORE_DEREF", "DELETE_DEREF"})
_REFUSED = frozenset({"IMPORT_NAME", "IMPORT_STAR", "LOAD_BUILD_CLASS"})


class Read(NamedTuple):
    """One name read, and the attributes read from it at once, in order."""

    name: str
    cell: bool
    attributes: tuple[str, ...]


class Unsettled(Exception):
    """What the code reads is not settled before it runs."""


def names_read(code: CodeType) -> list[Read]:
    """The names read by code and the functions in it, each once, in order; raises Unsettled."""
    found: dict[Read, None] = {}
    for part in with_nested(code):
        for read in _reads(part, frozenset(code.co_freevars)):
            found[read] = None
    return list(found)


def with_nested(code: CodeType) -> Iterator[CodeType]:
    """Code and the code of every function defined in it."""
    waiting = [code]
    while waiting:
        c = waiting.pop()
        yield c
        waiting.extend(k for k in c.co_consts if isinstance(k, CodeType))


def _reads(code: CodeType, outside: frozenset[str]) -> Iterator[Read]:
    name, cell, attributes = "", False, list[str]()
    for i in dis.get_instructions(code):
        if i.opname in _BETWEEN:
            continue
        if name and i.opname in _ATTRIBUTE:
            attributes.append(i.argval)
            continue
        if name:
            yield Read(name, cell, tuple(attributes))
        name, attributes = "", []
        if i.opname in _GLOBAL:
            name, cell = i.argval, False
        elif i.opname in _CELL:
            if i.argval in outside:
                name, cell = i.argval, True
        elif i.opname in _WRITES_CELL:
            if i.argval in outside:
                raise Unsettled(f"gives {i.argval} another value")
        elif i.opname in _REFUSED or "GLOBAL" in i.opname or i.opname.endswith("_NAME"):
            raise Unsettled(f"has the instruction {i.opname}")
    if name:
        yield Read(name, cell, tuple(attributes))
