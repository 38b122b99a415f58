"""`theano.tensor.nlinalg`"""

from ...tensor.linalg import (
    alloc_diag,
    det,
    eig,
    eigh,
    extract_diag,
    lstsq,
    matrix_dot,
    matrix_inverse,
    matrix_power,
    norm,
    pinv,
    qr,
    svd,
    tensorinv,
    tensorsolve,
    trace,
)  # fmt: skip
from ...tensor.products import diag

__all__ = [
    "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "lstsq", "matrix_dot",
    "matrix_inverse", "matrix_power", "norm", "pinv", "qr", "svd", "tensorinv", "tensorsolve",
    "trace",
]  # fmt: skip
