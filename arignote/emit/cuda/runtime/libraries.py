"""BLAS routines of a plan by a machine's matrix product: C = alpha A B + beta C and its relatives.

On CuPy a product is one call of cuBLAS (cublas.py) or CuPy's; in emulation it is NumPy's.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

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
    if not machine.gemm(out, inputs[0], inputs[1], alpha, beta):
        _combined(machine, out, machine.matmul(inputs[0], inputs[1]), alpha, beta)


def ger(
    machine: Machine, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = 1, **_: Any
) -> None:
    """A += alpha x y'."""
    x, y = inputs
    _combined(machine, out, x[:, None] * y[None, :], alpha, beta)


def syrk(
    machine: Machine, out: Any, inputs: Sequence[Any], *, alpha: Any = 1, beta: Any = 0, **_: Any
) -> None:
    """C = alpha A A'."""
    a = inputs[0]
    if not machine.gemm(out, a, a.T, alpha, beta):
        _combined(machine, out, machine.matmul(a, a.T), alpha, beta)


ROUTINES: dict[str, Routine] = {
    "gemm": gemm, "gemv": gemm, "dot": gemm, "ger": ger, "syrk": syrk,
}  # fmt: skip
