"""What the host does for one call of a CUDA program: the contract of printer and executor.

A `CudaPlan` is data: buffers, and a tree of records that is executed in order.  It imports no
CUDA and no CuPy, pickles, and the same plan drives the emulation and a GPU.

Sizes and other numbers of the host are `Expr`: Python expressions as text over the names of
`CudaPlan.integers`, of host variables (`For.name`, `Set.name`, `Fetch.name`) and of `NAMES`.
`compiled(expr)` is its code object, `eval(code, namespace)` its value, always an int or a bool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from types import CodeType
from typing import Any, Literal, TypeAlias

import numpy as np

Expr: TypeAlias = str
DType: TypeAlias = "np.dtype[Any]"


def cdiv(a: int, b: int) -> int:
    """The quotient, rounded up."""
    return -(-a // b)


#: What an expression may call beside its variables.
NAMES: dict[str, Callable[..., Any]] = {
    "cdiv": cdiv, "min": min, "max": max, "abs": abs, "int": int, "bool": bool,
    "where": lambda c, a, b: a if c else b,
    "floordiv": lambda a, b: a // b if b else 0,
    "mod": lambda a, b: a % b if b else 0,
}  # fmt: skip


@lru_cache(4096)
def compiled(expr: Expr) -> CodeType:
    """The code object of a host expression."""
    return compile(expr, "<host expression>", "eval")


@dataclass(frozen=True)
class BufferInfo:
    """Memory that kernels and calls name.

    shape: dims by expression; the memory is contiguous in C order with prod(shape) elements, except
    that an argument's strides are the caller's (kernels were printed for its layout).
    role: "argument" (pointer `position` of the call), "constant" (pointer `position`, whose data
    belongs to the program), "result" (result `position`), "scratch", "alias" (a name that `Point`
    lets stand for other buffers).
    static: exists from the start of the call (its shape follows from the integers); others begin to
    exist at their `Allocate` record.
    """

    name: str
    dtype: DType
    shape: tuple[Expr, ...]
    role: Literal["argument", "constant", "result", "scratch", "alias"]
    position: int = -1
    written: bool = True
    static: bool = True


@dataclass(frozen=True)
class Panel:
    """A strided window of a buffer; offset and strides in elements."""

    buffer: str
    dtype: DType
    offset: Expr
    shape: tuple[Expr, ...]
    strides: tuple[Expr, ...]


# ---- arguments of kernels ------------------------------------------------------------------------
@dataclass(frozen=True)
class Pointer:
    """The address of a buffer's first element."""

    buffer: str


@dataclass(frozen=True)
class Int:
    """An int64, by value."""

    value: Expr


@dataclass(frozen=True)
class Value:
    """Pointer `position` of the call is a scalar in the host's memory, handed over by value."""

    position: int
    dtype: DType


@dataclass(frozen=True)
class ErrorWord:
    """The address of the call's error record: eight int64.

    [0] is 0, or 1 + the site of the first check that failed; [1:7] are its values, to be read as
    `Site.kinds` says.  The executor zeroes it before a call and looks after it (in emulation after
    each launch).
    """


@dataclass(frozen=True)
class Arena:
    """The address of scratch of the kernel's own: `bytes` of it, not initialised, 256-byte
    aligned, free again when the kernel has ended."""

    bytes: Expr


@dataclass(frozen=True)
class Counters:
    """The address of `count` uint32 that are 0 when the kernel starts (the kernel leaves them 0,
    unless it was aborted): grid barriers and tickets of last blocks."""

    count: int


KernelArgument: TypeAlias = "Pointer | Int | Value | ErrorWord | Arena | Counters"


# ---- records -------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Launch:
    """Start kernel `kernel` of the module.

    grid, block: one to three sizes.  shared_bytes: dynamic shared memory.  cooperative: all blocks
    must be resident at once (grid barriers); fewer blocks than asked for are right, too, as kernels
    read gridDim.  wide: index arithmetic needs 64 bits where this is true: launch the kernel from
    the module compiled with -DAN_WIDE=1.  line: the user's line.
    """

    kernel: str
    grid: tuple[Expr, ...]
    block: tuple[Expr, ...]
    args: tuple[KernelArgument, ...]
    shared_bytes: Expr = "0"
    cooperative: bool = False
    wide: Expr = "False"
    line: str = ""


@dataclass(frozen=True)
class Lib:
    """A BLAS routine (gemm, gemv, ger, dot, syrk), as in emit/cython/libraries.py:
    C = alpha A B + beta C; alpha and beta are in attrs (1 and 0 where absent), as numbers or, for
    alpha, as the name of a host variable."""

    name: str
    outputs: tuple[Panel, ...]
    inputs: tuple[Panel, ...]
    attrs: tuple[tuple[str, Any], ...] = ()
    line: str = ""


@dataclass(frozen=True)
class HostCallback:
    """Run an op by its NumPy meaning (call site `site`; the plan of the call has its Callback): on
    the host with copies, or by an equivalent of CuPy where `op` has one."""

    op: str
    site: int
    outputs: tuple[Panel, ...]
    inputs: tuple[Panel, ...]
    line: str = ""


@dataclass(frozen=True)
class Allocate:
    """The buffer exists from here on (anew at each execution); zero: its bytes are 0.

    A result that is not static is the caller's memory, of this shape.
    """

    buffer: str
    zero: bool = False


@dataclass(frozen=True)
class Copy:
    """target[...] = source, element by element, of equal shapes and dtypes."""

    target: Panel
    source: Panel


@dataclass(frozen=True)
class Memset:
    """All bytes of a buffer become `byte`."""

    buffer: str
    byte: int = 0


@dataclass(frozen=True)
class Bind:
    """The aliases take the places of the buffers, all at once."""

    aliases: tuple[str, ...]
    buffers: tuple[str, ...]


@dataclass(frozen=True)
class Fetch:
    """name = the value of a rank-0 buffer, read back to the host: a synchronisation."""

    name: str
    buffer: str
    dtype: DType


@dataclass(frozen=True)
class Set:
    """name = value"""

    name: str
    value: Expr


@dataclass(frozen=True)
class For:
    """for name in range(lo, hi, step): body"""

    name: str
    lo: Expr
    hi: Expr
    step: int
    body: tuple[Record, ...]


@dataclass(frozen=True)
class While:
    """while True: setup; if not cond: break; body"""

    setup: tuple[Record, ...]
    cond: Expr
    body: tuple[Record, ...]


@dataclass(frozen=True)
class If:
    cond: Expr
    then: tuple[Record, ...]
    other: tuple[Record, ...] = ()


@dataclass(frozen=True)
class Break:
    """Leave the innermost For or While."""


@dataclass(frozen=True)
class Fail:
    """Check `site` failed with these values: raise its error."""

    site: int
    values: tuple[Expr, ...]


Record: TypeAlias = (
    "Launch | Lib | HostCallback | Allocate | Copy | Memset | Bind | Fetch | Set | For | While | If"
    " | Break | Fail"
)


@dataclass(frozen=True)
class CudaPlan:
    """Everything the executor needs beside the module's source.

    integers: names of the call's integers, in the order of emit/plan.py's `ints`.
    guards: each must be >= 0, else the kernel does not apply (retrace); tested before all else.
    results: the buffer of each result, in order; rank-0 results are rank-0 buffers.
    notes: what does not pay on a GPU, and why.
    """

    name: str
    integers: tuple[str, ...]
    guards: tuple[Expr, ...]
    buffers: tuple[BufferInfo, ...]
    records: tuple[Record, ...]
    results: tuple[str, ...]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class CudaModule:
    """One .cu text (empty where the plan launches nothing) and the plan that uses it."""

    source: str
    plan: CudaPlan
