"""What `+`, `*`, `@` and the like mean for sparse matrices."""

from __future__ import annotations

from typing import Any

from . import arithmetic, places
from .matrix import CSC, CSR


def _install(name: str, method: Any) -> None:
    for cls in (CSR, CSC):
        setattr(cls, name, method)


_install("__matmul__", arithmetic.dot)
_install("__rmatmul__", lambda self, other: arithmetic.dot(other, self))
_install("dot", arithmetic.dot)
for _name in ("__add__", "__radd__"):
    _install(_name, arithmetic.add)
_install("__sub__", arithmetic.sub)
_install("__rsub__", lambda self, other: arithmetic.sub(other, self))
for _name in ("__mul__", "__rmul__"):
    _install(_name, arithmetic.mul)
_install("__truediv__", lambda self, number: arithmetic.mul(self, 1.0 / number))
_install("__neg__", arithmetic.neg)
_install("sum", arithmetic.sp_sum)
_install("toarray", places.dense_from_sparse)
_install("tocsr", places.csr_from_csc)
_install("tocsc", places.csc_from_csr)
_install("diagonal", arithmetic.diag)
