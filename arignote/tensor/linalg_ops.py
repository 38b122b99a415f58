"""Theano's op classes of linear algebra, for programs that make an op and call it:
`Solve(lower=True)(a, b)`, `Cholesky(on_error="nan")(a)`.

A call gives the expression that the function in `linalg` gives; only `on_error="nan"` has an op of
its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import linalg
from .creation import eye, tril
from .elementwise import FUNCTIONS, switch
from .graph import Apply
from .products import diag, diagonal, dot
from .reductions import all as all_of
from .types import TensorType
from .user_ops import Op
from .variables import as_tensor_variable


class _Applied:
    """An op that is equal to others of its class with the same parameters."""

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and vars(self) == vars(other)

    def __hash__(self) -> int:
        return hash((type(self), tuple(sorted(vars(self).items()))))


def _plain(name: str, function: Callable[..., Any], doc: str) -> Any:
    """The class of an op without parameters."""
    call = lambda self, *args: function(*args)
    return type(name, (_Applied,), {"__call__": call, "__doc__": doc, "__module__": __name__})


Det = _plain("Det", linalg.det, "The determinant.")
MatrixInverse = _plain("MatrixInverse", linalg.matrix_inverse, "The inverse.")
MatrixPinv = _plain("MatrixPinv", linalg.pinv, "The pseudo-inverse.")
Eig = _plain("Eig", linalg.eig, "(eigenvalues, eigenvectors)")
Expm = _plain("Expm", linalg.expm, "The matrix exponential.")
Kron = _plain("Kron", linalg.kron, "The Kronecker product.")


class Cholesky(_Applied):
    """The Cholesky factor, the lower one or the upper one.

    on_error: "raise" LinAlgError for a matrix that is not positive definite, or give "nan".
    """

    def __init__(self, lower: bool = True, on_error: str = "raise") -> None:
        if on_error not in ("raise", "nan"):
            raise ValueError(f"Cholesky: on_error cannot be {on_error!r}: raise or nan")
        self.lower, self.on_error = bool(lower), on_error

    def __call__(self, x: Any) -> Any:
        x = as_tensor_variable(x)
        found = linalg.cholesky(x) if self.on_error == "raise" else _with_nan(x)
        return found if self.lower else found.T


class _CholeskyOrNan(Op):
    """The lower factor, full of nan where there is none."""

    __props__ = ()

    def make_node(self, x: Any) -> Any:
        x = as_tensor_variable(x)
        kind = x.dtype if np.dtype(x.dtype).kind == "f" else "float64"
        return Apply(self, [x], [TensorType(kind, (False, False))()], {})

    def perform(self, node: Any, inputs: Sequence[Any], output_storage: Any) -> None:
        (x,) = inputs
        try:
            found = np.linalg.cholesky(x)
        except np.linalg.LinAlgError:
            found = np.full(x.shape, np.nan)
        output_storage[0][0] = found.astype(node.outputs[0].dtype)

    def infer_shape(self, node: Any, shapes: Sequence[Any]) -> Sequence[Any]:
        return [shapes[0]]

    def L_op(self, inputs: Sequence[Any], outputs: Sequence[Any], gradients: Sequence[Any]) -> Any:
        """I. Murray, Differentiation of the Cholesky decomposition, arXiv:1602.07527, section 3."""
        (factor,), (g,) = outputs, gradients
        defined = all_of(FUNCTIONS["eq"](factor, factor))
        factor = switch(defined, factor, eye(factor.shape[0], dtype=factor.dtype))
        inner = tril(dot(factor.T, g))
        inner = inner - diag(diagonal(inner)) / 2.0
        inner = inner + inner.T
        half = linalg.solve_upper_triangular(factor.T, inner)
        whole = linalg.solve_upper_triangular(factor.T, half.T)
        return [switch(defined, whole / 2.0, np.nan)]


_with_nan = _CholeskyOrNan()


class Solve(_Applied):
    """x with a x = b; A_structure says what a is: "general", "symmetric", "lower_triangular" or
    "upper_triangular"."""

    def __init__(
        self,
        A_structure: str = "general",
        lower: bool = False,
        overwrite_A: bool = False,
        overwrite_b: bool = False,
    ) -> None:
        if A_structure not in ("general", "symmetric", "lower_triangular", "upper_triangular"):
            raise ValueError(f"Solve: A_structure cannot be {A_structure!r}")
        self.A_structure, self.lower = A_structure, bool(lower)

    def __call__(self, a: Any, b: Any) -> Any:
        if self.A_structure == "lower_triangular":
            return linalg.solve_lower_triangular(a, b)
        if self.A_structure == "upper_triangular":
            return linalg.solve_upper_triangular(a, b)
        return linalg.solve(a, b)


class Eigh(_Applied):
    """(eigenvalues, eigenvectors) of a symmetric matrix, of which one triangle is read."""

    def __init__(self, UPLO: str = "L") -> None:
        if UPLO not in ("L", "U"):
            raise ValueError(f"Eigh: UPLO cannot be {UPLO!r}: L or U")
        self.UPLO = UPLO

    def __call__(self, x: Any) -> Any:
        return linalg.eigh(x, self.UPLO)


class Eigvalsh(_Applied):
    """The eigenvalues of a symmetric matrix, or of the pencil (a, b)."""

    def __init__(self, lower: bool = True) -> None:
        self.lower = bool(lower)

    def __call__(self, a: Any, b: Any = None) -> Any:
        return linalg.eigvalsh(a, b, self.lower)


class SVD(_Applied):
    """(u, singular values, v)"""

    def __init__(self, full_matrices: bool = True, compute_uv: bool = True) -> None:
        self.full_matrices, self.compute_uv = bool(full_matrices), bool(compute_uv)

    def __call__(self, x: Any) -> Any:
        return linalg.svd(x, self.full_matrices, self.compute_uv)


class QRFull(_Applied):
    """(q, r) in the given mode."""

    def __init__(self, mode: str) -> None:
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        return linalg.qr(x, self.mode)


class QRIncomplete(QRFull):
    """r alone, with the mode "r"."""


class ExtractDiag(_Applied):
    """A diagonal."""

    def __init__(
        self, offset: int = 0, axis1: int = 0, axis2: int = 1, view: bool = False
    ) -> None:
        self.offset, self.axis1, self.axis2 = offset, axis1, axis2

    def __call__(self, x: Any) -> Any:
        return diagonal(as_tensor_variable(x), self.offset, self.axis1, self.axis2)


class AllocDiag(_Applied):
    """A matrix with the vector on a diagonal."""

    def __init__(self, offset: int = 0) -> None:
        self.offset = offset

    def __call__(self, x: Any) -> Any:
        return diag(as_tensor_variable(x), self.offset)
