"""What a kernel takes and gives: the data by which the runtime calls it.

A plan is made once per specialisation, pickles, and says for every number the kernel's entry reads
(`ints`), every pointer it gets (`ptrs`), every result and every leaf of the answer where it comes
from.  The runtime and its Python twin are two readers of this one description. The C side of the
contract, the entry, is what `emit/cython/printer.py` prints.

Leaves are the arguments of a call, flattened.  Their specifications are whatever has the fields of
the four protocols below; `arignote.trace.signature` makes them.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
import numpy.typing as npt


@runtime_checkable
class ArrayLeaf(Protocol):
    """An array of one dtype, rank and layout; a size is 0, 1 or ~slot of a size symbol."""

    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def sizes(self) -> tuple[int, ...]: ...
    @property
    def layout(self) -> str: ...  # C, F, rows, strided


@runtime_checkable
class ScalarLeaf(Protocol):
    """A Python number (kind "python") or NumPy scalar (kind "numpy")."""

    @property
    def kind(self) -> str: ...
    @property
    def dtype(self) -> np.dtype[Any]: ...
    @property
    def slot(self) -> int | None: ...  # of a Python int


@runtime_checkable
class StaticLeaf(Protocol):
    """A value that tracing had to know: compared by type and ==."""

    @property
    def value(self) -> Any: ...


@runtime_checkable
class ObjectLeaf(Protocol):
    """Something opaque of exactly this type, handed on to callbacks."""

    @property
    def type(self) -> type: ...


LeafSpec = ArrayLeaf | ScalarLeaf | StaticLeaf | ObjectLeaf


# ---- where the kernel's integers come from -------------------------------------------------------
@dataclass(frozen=True)
class SizeOf:
    """The length of one axis of an array leaf."""

    leaf: int
    axis: int


@dataclass(frozen=True)
class StrideOf:
    """The stride, in elements, of one axis of an array leaf."""

    leaf: int
    axis: int


@dataclass(frozen=True)
class IntOf:
    """The value of a Python int."""

    leaf: int


# ---- where the kernel's pointers come from -------------------------------------------------------
@dataclass(frozen=True)
class DataOf:
    """The first element of an array leaf."""

    leaf: int


@dataclass(frozen=True)
class ValueOf:
    """16 bytes that hold the value of a scalar leaf in its dtype."""

    leaf: int


@dataclass(frozen=True, eq=False)
class Constant:
    """The data of a contiguous array that belongs to the plan."""

    array: npt.NDArray[Any]


# ---- what comes out ------------------------------------------------------------------------------
@dataclass(frozen=True)
class Result:
    """One value that the kernel writes.

    With `static_shape` its dims follow from the ints, and the runtime allocates it before the call
    (rank 0: 16 bytes); else the kernel asks for the memory when it knows the dims.  `like` is an
    array leaf that has the same dims, which saves asking the kernel.
    """

    dtype: np.dtype[Any]
    ndim: int
    static_shape: bool = True
    like: int | None = None
    order: str = "C"


@dataclass(frozen=True)
class NewArray:
    """Result k as an array of its own, rank 0 included; with `axes` its axes in this order."""

    result: int
    axes: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Scalar:
    """Result k, of rank 0, as a NumPy scalar, or with `weak` as a Python number."""

    result: int
    weak: bool = False


@dataclass(frozen=True)
class Argument:
    """The very object that was given as leaf j."""

    leaf: int


@dataclass(frozen=True)
class ViewOf:
    """A view of a leaf or result; int64 result `window` holds offset, shape, strides (elements).

    dtype: of the view's elements, where it is not the base's (the real part of complex numbers)."""

    base: "Argument | NewArray"
    window: int
    dtype: np.dtype[Any] | None = None
    writeable: bool = True


@dataclass(frozen=True)
class Static:
    """A value known when the function was traced."""

    value: Any


Output = NewArray | Scalar | Argument | ViewOf | Static


# ---- what happens on the way ---------------------------------------------------------------------
@dataclass(frozen=True)
class ErrorSite:
    """What return code 2 with this site means.  `message` has {0}..{5} for the values; `kinds`
    says of each value whether it is an int64 ("i"), a double's bits ("d") or a bool ("b")."""

    error: type[Exception]
    message: str
    kinds: str = "iiiiii"
    file: str = ""
    line: int = 0
    expression: str = ""
    function: str = ""


@dataclass(frozen=True)
class ArrayOperand:
    """An operand of a callback that the kernel passes: one pointer; dims, then strides, in ints."""

    dtype: np.dtype[Any]
    ndim: int


@dataclass(frozen=True)
class LeafOperand:
    """An operand of a callback that is a leaf of the call itself, such as a Generator."""

    leaf: int


class Source(Protocol):
    """What gives an object that is no leaf: a random generator that the function knows or makes."""

    def made(self, leaves: Sequence[Any], /) -> Any: ...


@dataclass(frozen=True)
class HiddenOperand:
    """An operand of a callback that is no leaf; made once a call."""

    source: Source


@dataclass(frozen=True)
class CallbackResult:
    """What a callback gives.  The kernel passes one pointer, and the dims in ints, to be written
    into; or with `late` two pointers, to receive the data's address and to `ndim` int64 for dims,
    and no ints; that memory lives until the call ends."""

    dtype: np.dtype[Any]
    ndim: int
    late: bool = False


@dataclass(frozen=True)
class Callback:
    """A Python function that the kernel calls: pointers and ints stand in operand order, then
    in result order.  The function gets arrays and leaves, and returns one array or a tuple."""

    function: Callable[..., Any]
    operands: tuple[ArrayOperand | LeafOperand | HiddenOperand, ...]
    results: tuple[CallbackResult, ...]


class Structure(Protocol):
    """How the leaves of an answer are put together."""

    def unflatten(self, leaves: Sequence[Any], /) -> Any: ...


@dataclass(frozen=True)
class Plan:
    """One specialisation.  `structure`: "leaf" (one output, bare), "tuple", "list", "none", or an
    object with `unflatten(leaves)`.  `written`: array leaves whose elements the kernel changes."""

    leaves: tuple[LeafSpec, ...]
    ints: tuple[SizeOf | StrideOf | IntOf, ...] = ()
    ptrs: tuple[DataOf | ValueOf | Constant, ...] = ()
    results: tuple[Result, ...] = ()
    outputs: tuple[Output, ...] = ()
    structure: str | Structure = "leaf"
    written: tuple[int, ...] = ()
    errors: tuple[ErrorSite, ...] = ()
    callbacks: tuple[Callback, ...] = ()
    name: str = "kernel"
