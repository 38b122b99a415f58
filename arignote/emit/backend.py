"""What every back end is: a name, what it can do, and two functions.

Passes that depend on the target get `Capabilities`, a plain value, so that `optimize` imports no
back end; `api` picks the back end and hands its capabilities down.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Capabilities:
    """What a target offers to the passes that schedule for it."""

    parallel: bool  # loops may run on several threads
    vector_bytes: int  # width of a vector register; 0: the compiler decides
    cache_bytes: tuple[int, ...]  # data caches, nearest first, each core's share
    blas: bool  # matrix products by library
    lapack: bool  # factorizations and solves by library
    atomics: bool  # concurrent += to one address
    callbacks: bool  # operations without emitted code may run in Python during a kernel
    vector_math: frozenset[str] = frozenset()  # libm functions that vectorise
    dtypes: frozenset[str] = frozenset()  # dtype names that have emitted arithmetic


@dataclass(frozen=True)
class Backend:
    """One instance a folder.  `print` makes text of a program, `build` makes a kernel of text."""

    name: str
    capabilities: Capabilities
    print: Callable[..., str]
    build: Callable[..., Any]
