"""Modules that are imported when something of theirs is first asked for.

A first call in a new process waits for every import, so what few calls need (checking, CUDA,
graphs of networkx) comes in this way.  Importers name the real module under TYPE_CHECKING, which
is also what the test of who may import whom reads.
"""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any


class _Later(ModuleType):
    """Stands for a module until then; what is asked of it is asked of the module."""

    def __getattr__(self, name: str) -> Any:
        return getattr(importlib.import_module(self.__name__), name)

    def __setattr__(self, name: str, value: Any) -> None:
        setattr(importlib.import_module(self.__name__), name, value)


def lazily(name: str) -> ModuleType:
    """The module of this absolute name, imported at its first use."""
    return _Later(name)
