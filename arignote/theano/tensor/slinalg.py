"""`theano.tensor.slinalg`"""

from ...tensor.linalg import (
    cholesky,
    eigvalsh,
    expm,
    kron,
    solve,
    solve_lower_triangular,
    solve_symmetric,
    solve_upper_triangular,
)  # fmt: skip
from ...tensor.linalg_ops import Cholesky, Eigvalsh, Expm, Kron, Solve

__all__ = [
    "Cholesky", "Eigvalsh", "Expm", "Kron", "Solve", "cholesky", "eigvalsh", "expm", "kron",
    "solve", "solve_lower_triangular", "solve_symmetric", "solve_upper_triangular",
]  # fmt: skip
