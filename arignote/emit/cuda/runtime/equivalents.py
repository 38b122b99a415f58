"""What CuPy's libraries do of the ops that have no kernels: cuSOLVER, cuFFT, sorting.

A call gets arrays of the device and the op's attributes, and gives an array or a tuple of them.
Where it raises, whatever it raises, the host runs the op by its NumPy meaning: so errors are
NumPy's, and a library that is not installed costs time, not the answer.  The signs of singular
vectors and of eigenvectors are cuSOLVER's choice, as they are LAPACK's on the host.
"""

from __future__ import annotations

import functools
import importlib
from collections.abc import Callable
from typing import Any

Route = Callable[..., Any]


def equivalent(cupy: Any, op: str) -> Route | None:
    """The call for an op, or None where only the host has it."""
    made = ROUTES.get(op)
    return None if made is None else functools.partial(_strictly, made, cupy)


def _strictly(route: Route, cupy: Any, *operands: Any, **attrs: Any) -> Any:
    """A singular matrix is an error, as with NumPy; CuPy looks for it only when told."""
    with importlib.import_module("cupyx").errstate(linalg="raise"):
        return route(cupy, *operands, **attrs)


def _triangular(cupy: Any, a: Any, b: Any, *, lower: bool, adjoint: bool) -> Any:
    solver = importlib.import_module("cupyx.scipy.linalg").solve_triangular
    if a.ndim != 2:
        raise NotImplementedError("batches of triangular systems")
    if not bool((cupy.diagonal(a) != 0).all()):
        raise ZeroDivisionError("a singular matrix")  # of which the host tells
    trans = 0 if not adjoint else 2 if a.dtype.kind == "c" else 1
    return solver(a, b, trans=trans, lower=lower)


def _lexsort(cupy: Any, keys: Any, *, axis: int) -> Any:
    if keys.ndim != 2:
        raise NotImplementedError("keys of more than one axis")
    return cupy.lexsort(keys)


def _pinv(cupy: Any, a: Any, rcond: Any, *, hermitian: bool) -> Any:
    if hermitian or rcond.ndim:
        raise NotImplementedError("a Hermitian matrix, or a bound for each")
    return cupy.linalg.pinv(a, float(rcond))


def _lstsq(cupy: Any, a: Any, b: Any, rcond: Any, k: Any) -> Any:
    bound = float(rcond)
    if not 0 < bound < 1:
        raise NotImplementedError("a bound that CuPy takes otherwise")
    x, residuals, rank, s = cupy.linalg.lstsq(a, b, bound)
    many = residuals.shape[0]
    return x, _filled_up(cupy, residuals, b.shape[1]), _number(cupy, many), rank, s


def _unique_values(cupy: Any, x: Any, *, equal_nan: bool, counts: bool) -> Any:
    if counts:
        values, many = cupy.unique(x, return_counts=True, equal_nan=equal_nan)
    else:
        values = many = cupy.unique(x, equal_nan=equal_nan)
    n = x.shape[0]
    filled = _filled_up(cupy, values, n), _filled_up(cupy, many.astype("i8"), n)
    return *filled, _number(cupy, values.shape[0])


def _filled_up(cupy: Any, x: Any, n: int) -> Any:
    """The vector, with zeros up to the length n."""
    out = cupy.zeros((n,), x.dtype)
    out[: x.shape[0]] = x
    return out


def _number(cupy: Any, value: int) -> Any:
    return cupy.full((), value, "i8")


def _side(upper: bool) -> str:
    return "U" if upper else "L"


#: Op -> the call: (cupy, *operands, **attributes).  Operands that only give a size (min(m, n)) are
#: not looked at: that would wait for the device.
ROUTES: dict[str, Route] = {
    "solve": lambda cupy, a, b: cupy.linalg.solve(a, b),
    "inv": lambda cupy, a: cupy.linalg.inv(a),
    "det": lambda cupy, a: cupy.linalg.det(a),
    "slogdet": lambda cupy, a: tuple(cupy.linalg.slogdet(a)),
    "pinv": _pinv,
    "lstsq": _lstsq,
    "cholesky": lambda cupy, a: cupy.linalg.cholesky(a),
    "solve_triangular": _triangular,
    "qr": lambda cupy, a, k, *, complete: tuple(
        cupy.linalg.qr(a, mode="complete" if complete else "reduced")
    ),
    "svd": lambda cupy, a, k, *, full: tuple(cupy.linalg.svd(a, full_matrices=full)),
    "svdvals": lambda cupy, a, k: cupy.linalg.svd(a, compute_uv=False),
    "eigh": lambda cupy, a, *, upper: tuple(cupy.linalg.eigh(a, UPLO=_side(upper))),
    "eigvalsh": lambda cupy, a, *, upper: cupy.linalg.eigvalsh(a, UPLO=_side(upper)),
    "fft": lambda cupy, x, *, axis: cupy.fft.fft(x, axis=axis),
    "ifft": lambda cupy, x, *, axis: cupy.fft.ifft(x, axis=axis),
    "rfft": lambda cupy, x, *, axis: cupy.fft.rfft(x, axis=axis),
    "irfft": lambda cupy, x, n, *, axis: cupy.fft.irfft(x, n=int(n), axis=axis),
    "convolve": lambda cupy, a, v: cupy.convolve(a, v),
    "unique_values": _unique_values,
    "sort": lambda cupy, x, *, axis, kind: cupy.sort(x, axis=axis),  # always stable
    "argsort": lambda cupy, x, *, axis, kind: cupy.argsort(x, axis=axis),
    "partition": lambda cupy, x, *, axis, kth: cupy.partition(x, kth, axis=axis),
    "argpartition": lambda cupy, x, *, axis, kth: cupy.argpartition(x, kth, axis=axis),
    "lexsort": _lexsort,
    "order_statistics": lambda cupy, x, k: cupy.sort(x, axis=-1)[..., k],
}
