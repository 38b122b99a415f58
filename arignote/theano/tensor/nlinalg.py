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
from ...tensor.linalg_ops import (
    SVD,
    AllocDiag,
    Det,
    Eig,
    Eigh,
    ExtractDiag,
    MatrixInverse,
    MatrixPinv,
    QRFull,
    QRIncomplete,
)
from ...tensor.products import diag

__all__ = [
    "SVD", "AllocDiag", "Det", "Eig", "Eigh", "ExtractDiag", "MatrixInverse", "MatrixPinv",
    "QRFull", "QRIncomplete", "alloc_diag", "det", "diag", "eig", "eigh", "extract_diag", "lstsq",
    "matrix_dot", "matrix_inverse", "matrix_power", "norm", "pinv", "qr", "svd", "tensorinv",
    "tensorsolve", "trace",
]  # fmt: skip
