"""Constants and leaves: numbers and arrays keyed by their bits, inputs, params, indices, tokens.

1, 1.0, True, -0.0 and nan are five different constants: they are keyed by dtype, shape and bytes.
"""

from __future__ import annotations

import itertools
import secrets
from dataclasses import dataclass
from typing import Any

import numpy as np

from .node import Node, Op, make
from .types import BOOL, C128, F64, I64, OPAQUE, DType, Shape, TensorType


@dataclass(frozen=True, slots=True)
class Bits:
    """The bytes of a constant array, C order."""

    dtype: str
    shape: tuple[int, ...]
    data: bytes

    def array(self) -> np.ndarray[Any, Any]:
        a = np.frombuffer(self.data, self.dtype).reshape(self.shape)
        return a

    def __str__(self) -> str:
        a = self.array()
        if a.size == 1:
            return repr(a.reshape(-1)[0].item())
        return f"<{a.dtype}{list(a.shape)}>"


constant = Op(
    "constant",
    infer=lambda *, bits, weak: TensorType(np.dtype(bits.dtype), bits.shape, weak),
    reference=lambda *, bits, weak: bits.array()[()],
)


def const(value: Any, dtype: Any = None, weak: bool = False) -> Node:
    """A constant node.  `weak` makes it a Python number."""
    a = np.asarray(value, dtype)
    bits = Bits(a.dtype.str, a.shape, a.tobytes())
    return make(constant, (), (("bits", bits), ("weak", weak)))


def lit(value: int) -> Node:
    """A Python integer."""
    return const(value, I64, True)


def number(value: Any) -> Node:
    """A Python bool, int, float or complex as a weak constant; a NumPy scalar as a strong one.

    Raises OverflowError for integers beyond 64 bits.
    """
    if isinstance(value, np.generic | np.ndarray):
        return const(value)
    if isinstance(value, bool):
        return const(value, BOOL, True)
    if isinstance(value, int):
        if value > 2**63 - 1 and value < 2**64:
            return const(value, np.uint64, True)
        if not -(2**63) <= value < 2**63:
            raise OverflowError(f"a Python integer of {value.bit_length()} bits: compiled "
                                "functions have 64; float(...) of it may do")  # fmt: skip
        return const(value, I64, True)
    if isinstance(value, float):
        return const(value, F64, True)
    if isinstance(value, complex):
        return const(value, C128, True)
    raise TypeError(f"not a number: {type(value).__name__} {value!r}")


def is_const(n: Node) -> bool:
    return n.op is constant


def array_of(n: Node) -> np.ndarray[Any, Any]:
    """The array of a constant node."""
    bits: Bits = n.attr("bits")
    return bits.array()


def value_of(n: Node) -> Any:
    """The NumPy scalar (or array) of a constant node."""
    return array_of(n)[()]


def is_value(n: Node, value: Any) -> bool:
    """Is n a constant all of whose elements equal `value`?  (-0.0 is not 0.)"""
    if n.op is not constant:
        return False
    a = array_of(n)
    if a.dtype.kind in "fc" and value == 0 and np.signbit(a.real).any():
        return False
    return bool(np.all(a == value)) and a.size > 0


# ---- leaves -------------------------------------------------------------------------------------
#: Starts anywhere, so that leaves unpickled from another process never meet ours.
_uid = itertools.count(secrets.randbits(60))


def fresh_uid() -> int:
    """A number no other leaf of this process has."""
    return next(_uid)


#: A function's argument, a size of one, or (dtype object) an opaque handle.  `lower`: known least
#: value.
input_op = Op("input", infer=lambda *, uid, name, type, lower: type, traits=frozenset({"leaf"}))
#: A value carried by a body.
param = Op("param", infer=lambda *, uid, name, type: type, traits=frozenset({"leaf", "binder"}))
#: The counter of a loop: runs from lo (included) to hi (excluded) by the literal `step`.
index = Op(
    "index",
    infer=lambda *, uid, lo, hi, step, name: TensorType(I64, (), True),
    traits=frozenset({"leaf", "binder"}),
)
#: Stands for "this body (or branch) runs"; every partial operation takes the token of its region.
token = Op(
    "token", infer=lambda *, uid: TensorType(I64, (), True), traits=frozenset({"leaf", "binder"})
)
#: The k-th value of a node with several.
proj = Op("proj", infer=lambda n, *, k: n.type[k], reference=lambda value, *, k: value[k])


def new_input(
    name: str, dtype: DType, shape: Shape = (), weak: bool = False, lower: int | None = None
) -> Node:
    t = TensorType(np.dtype(dtype), tuple(shape), weak)
    return make(input_op, (), (("lower", lower), ("name", name), ("type", t), ("uid", fresh_uid())))


def new_size(name: str) -> Node:
    """A symbolic size: an int64 scalar known to be at least 2."""
    return new_input(name, I64, (), True, lower=2)


def new_handle(name: str) -> Node:
    return new_input(name, OPAQUE)


def new_param(name: str, type: TensorType) -> Node:
    return make(param, (), (("name", name), ("type", type), ("uid", fresh_uid())))


def new_index(lo: Node, hi: Node, step: int = 1, name: str = "i") -> Node:
    at = (("hi", hi), ("lo", lo), ("name", name), ("step", step), ("uid", fresh_uid()))
    return make(index, (), at)


def new_token() -> Node:
    return make(token, (), (("uid", fresh_uid()),))


def project(n: Node, k: int) -> Node:
    return make(proj, (n,), (("k", k),))


def projections(n: Node) -> tuple[Node, ...]:
    """All values of a node with several."""
    return tuple(project(n, k) for k in range(len(n.type)))
