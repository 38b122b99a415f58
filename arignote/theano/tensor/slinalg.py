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

__all__ = [
    "cholesky", "eigvalsh", "expm", "kron", "solve", "solve_lower_triangular", "solve_symmetric",
    "solve_upper_triangular",
]  # fmt: skip
