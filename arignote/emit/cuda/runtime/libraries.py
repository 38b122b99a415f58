"""BLAS routines of a plan by a machine's matrix product: C = alpha A B + beta C and its relatives.

On CuPy a product is one call of cuBLAS (cublas.py) or CuPy's; in emulation it is NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from .cublas import Product
from .cublas import product_of as _product_of
from .machine import Machine

Routine = Callable[..., None]


def _combined(machine: Machine, out: Any, product: Any, alpha: Any, beta: Any) -> None:
    if alpha != 1:
        product = product * out.dtype.type(alpha)
    if beta == 1:
        product = out + product
    elif beta != 0:
        product = out.dtype.type(beta) * out + product
    machine.assign(out, product)


def gemm(
    machine: Machine, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = 0, **_: Any
) -> None:
    """C = alpha A B + beta C; also gemv, where B and C are vectors, and dot, where A is one too."""
    if not machine.gemm(*_matrices(out, *inputs), alpha, beta):
        _combined(machine, out, machine.matmul(inputs[0], inputs[1]), alpha, beta)


def ger(
    machine: Machine, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = 1, **_: Any
) -> None:
    """A += alpha x y'."""
    x, y = inputs
    if machine.gemm(out, x[:, None], y[None, :], alpha, beta):
        return
    _combined(machine, out, x[:, None] * y[None, :], alpha, beta)


def syrk(
    machine: Machine, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = 0, **_: Any
) -> None:
    """C = alpha A A'."""
    a = inputs[0]
    if not machine.gemm(out, a, a.T, alpha, beta):
        _combined(machine, out, machine.matmul(a, a.T), alpha, beta)


def product_of(
    name: str, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = None, **_: Any
) -> Product | None:
    """The one call of cuBLAS that a routine is, on CuPy's arrays; None where it is none."""
    if beta is None:
        beta = 1 if name == "ger" else 0
    if name == "syrk":
        inputs = (inputs[0], inputs[0].T)
    elif name == "ger":
        inputs = (inputs[0][:, None], inputs[1][None, :])
    return _product_of(*_matrices(out, *inputs), alpha, beta)


def _matrices(out: Any, a: Any, b: Any) -> tuple[Any, Any, Any]:
    """A product with a vector as one with a matrix of one column (or row)."""
    if out.ndim == 1 and (a.ndim, b.ndim) == (2, 1):
        return out[:, None], a, b[:, None]
    if out.ndim == 1 and (a.ndim, b.ndim) == (1, 2):
        return out[None, :], a[None, :], b
    return out, a, b


ROUTINES: dict[str, Routine] = {
    "gemm": gemm, "gemv": gemm, "dot": gemm, "ger": ger, "syrk": syrk,
}  # fmt: skip
