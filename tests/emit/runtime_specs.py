"""Leaf specifications for tests of the runtime, with the fields that plans ask for."""

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True)
class Arr:
    dtype: Any
    sizes: tuple
    layout: str = "C"

    def __post_init__(self):
        object.__setattr__(self, "dtype", np.dtype(self.dtype))


@dataclass(frozen=True)
class Num:
    kind: str
    dtype: Any
    slot: int | None = None

    def __post_init__(self):
        object.__setattr__(self, "dtype", np.dtype(self.dtype))


@dataclass(frozen=True)
class Known:
    value: Any


@dataclass(frozen=True)
class Obj:
    type: Any


HEADER = '''
from libc.stdint cimport int32_t, int64_t
from libc.math cimport sqrt
cdef extern from *:
    """
    #include <stdint.h>
    typedef struct { int32_t site; int32_t pad; int64_t values[6]; } an_error;
    typedef struct an_context {
        void *owner; int32_t threads; int32_t flags;
        int32_t (*callback)(void *, int32_t, void **, const int64_t *);
        void *(*result)(void *, int32_t, const int64_t *);
        int32_t (*interrupted)(void);
        void *(*borrow)(size_t, int, size_t *);
        void (*give_back)(void *, size_t);
        an_error error;
    } an_context;
    """
    ctypedef struct an_error:
        int32_t site
        int64_t values[6]
    ctypedef struct an_context:
        void *owner
        int32_t threads
        int32_t (*callback)(void *, int32_t, void **, const int64_t *) noexcept nogil
        void *(*result)(void *, int32_t, const int64_t *) noexcept nogil
        int32_t (*interrupted)() noexcept nogil
        an_error error

'''


def kernel_text(body: str, shapes: str = "pass") -> str:
    """Cython text of a module whose entry has this body (and `shapes` that)."""
    indent = "\n    "
    return (
        HEADER
        + "cdef api int32_t entry(an_context *ctx, void **ptrs, const int64_t *ints,"
        + " void **results) noexcept nogil:\n    "
        + indent.join(body.strip("\n").split("\n"))
        + "\n    return 0\n\n"
        + "cdef api void shapes(const int64_t *ints, int64_t *dims) noexcept nogil:\n    "
        + indent.join(shapes.strip("\n").split("\n"))
        + "\n"
    )
