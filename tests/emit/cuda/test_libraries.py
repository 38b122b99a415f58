"""Solvers, transforms, sorting and products by libraries of the device instead of the host."""

import importlib
import importlib.util
import inspect
import warnings

import fake_cupy
import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda.runtime import cublas, cupy_machine, equivalents
from arignote.emit.cuda.runtime.cublas import leading

RNG = np.random.default_rng(0)
A = RNG.standard_normal((6, 6)) + 6 * np.eye(6)
S = A @ A.T
B = RNG.standard_normal((6, 3))
X = RNG.standard_normal((4, 6))

CASES = {
    "solve": (np.linalg.solve, A, B),
    "inv": (np.linalg.inv, np.stack([A, S])),
    "det": (np.linalg.det, A),
    "slogdet": (lambda a: tuple(np.linalg.slogdet(a)), S),
    "cholesky": (np.linalg.cholesky, S),
    "qr": (lambda a: tuple(np.linalg.qr(a)), B),
    "svd": (lambda a: tuple(np.linalg.svd(a, full_matrices=False)), B),
    "svdvals": (lambda a: np.linalg.svd(a, compute_uv=False), B),
    "eigh": (lambda a: tuple(np.linalg.eigh(a)), S),
    "eigvalsh": (lambda a: np.linalg.eigvalsh(a), S),
    "pinv": (lambda a: np.linalg.pinv(a), B),
    "fft": (lambda x: np.fft.fft(x), X),
    "ifft": (lambda x: np.fft.ifft(x, axis=0), X),
    "rfft": (lambda x: np.fft.rfft(x), X),
    "irfft": (lambda x: np.fft.irfft(x), X + 1j),
    "sort": (lambda x: np.sort(x, axis=0), X),
    "argsort": (lambda x: np.argsort(x, axis=1), X),
    "partition": (lambda x: np.partition(x, 2, axis=1)[:, 2], X),
    "order_statistics": (np.median, X),
    "lstsq": (lambda a, b: np.linalg.lstsq(a, b)[0], B, X[0]),
    "convolve": (lambda a, v: np.convolve(a, v, "same"), X[0], B[:, 0]),
    "unique_values": (lambda x: tuple(np.unique(x, return_counts=True)), X[0].round()),
    "lexsort": (lambda x: np.lexsort(x), X.round()),
}


@pytest.fixture
def asked(monkeypatch):
    """The ops that a library has answered."""
    seen = []

    def noted(name, route):
        def call(*given, **attrs):
            answer = route(*given, **attrs)
            seen.append(name)
            return answer

        return call

    monkeypatch.setattr(
        equivalents, "ROUTES", {k: noted(k, r) for k, r in equivalents.ROUTES.items()}
    )
    return seen


@pytest.mark.parametrize("name", CASES)
def test_the_device_answers(cupy, asked, name):
    function, *given = CASES[name]
    got = ag.compile(function)(*[cupy.asarray(x) for x in given])
    want = function(*given)
    assert name in asked
    pairs = zip(got, want) if isinstance(want, tuple) else [(got, want)]
    for a, b in pairs:
        a = cupy.asnumpy(a) if isinstance(a, cupy.ndarray) else a
        np.testing.assert_allclose(a, b, rtol=1e-9, atol=1e-12)


def test_a_singular_matrix_is_numpys_error(cupy):
    for function in (np.linalg.solve, lambda a, b: np.linalg.inv(a) @ b):
        with pytest.raises(np.linalg.LinAlgError, match="Singular matrix"):
            ag.compile(function)(cupy.asarray(np.zeros((6, 6))), cupy.asarray(B))


def test_gradients_of_solves_stay_on_the_device(cupy, asked):
    def loss(a, b):
        return (np.linalg.solve(a, b) ** 2).sum()

    got = ag.compile(ag.grad(loss))(cupy.asarray(A), cupy.asarray(B))
    np.testing.assert_allclose(cupy.asnumpy(got), ag.grad(loss)(A, B), rtol=1e-9)
    assert asked.count("solve") == 2


def test_without_the_library_the_host_answers_and_says_so(cupy, monkeypatch):
    def missing(a):
        raise ImportError("libcusolver.so.12: cannot open shared object file")

    monkeypatch.setattr(fake_cupy.linalg, "cholesky", missing)
    with warnings.catch_warnings(record=True) as seen:
        warnings.simplefilter("always")
        got = ag.compile(np.linalg.cholesky)(cupy.asarray(S))
    np.testing.assert_allclose(cupy.asnumpy(got), np.linalg.cholesky(S))
    assert any("runs on the host" in str(w.message) for w in seen)


def test_products_are_one_call_where_cublas_has_it(cupy, monkeypatch):
    calls = []

    def gemm(library, out, a, b, alpha, beta):
        calls.append((alpha, beta))
        out._host[...] = alpha * (a._host @ b._host) + (beta * out._host if beta else 0)
        return True

    monkeypatch.setattr(cupy_machine.cublas, "gemm", gemm)

    def f(a, b, c):
        c -= a @ b
        return a @ b

    a, b, c = (RNG.standard_normal(s) for s in ((40, 30), (30, 20), (40, 20)))
    own = cupy.asarray(c)
    got = ag.compile(f)(cupy.asarray(a), cupy.asarray(b), own)
    np.testing.assert_allclose(cupy.asnumpy(got), a @ b, rtol=1e-12)
    np.testing.assert_allclose(cupy.asnumpy(own), c - a @ b, rtol=1e-12)
    assert calls


def layouts(m, n):
    """A matrix as rows, columns, and windows of both."""
    big = RNG.standard_normal((m + 3, n + 2))
    yield big[:m, :n].copy()
    yield np.asfortranarray(big[:m, :n])
    yield big[1 : m + 1, 2 : n + 2]
    yield np.asfortranarray(big)[2 : m + 2, :n]


def test_products_of_every_layout_lie_as_cublas_wants_them(cupy):
    for m, k, n in ((3, 4, 5), (1, 4, 5), (3, 1, 5), (3, 4, 1), (1, 1, 1), (1, 6, 1)):
        for a in layouts(m, k):
            for b in layouts(k, n):
                for c in layouts(m, n):
                    want = 2.0 * (a @ b) - 0.5 * c
                    made = [fake_cupy.ndarray.of(x) for x in (c, a, b)]
                    assert cublas.gemm(cupy, *made, 2.0, -0.5)
                    np.testing.assert_allclose(c, want, rtol=1e-12, atol=1e-12)


def test_matrices_without_a_leading_dimension_are_left_to_others():
    assert leading((3, 4), (32, 8), 8) == (False, 4)
    assert leading((3, 4), (8, 24), 8) == (True, 3)
    assert leading((3, 4), (64, 16), 8) is None
    assert leading((3, 4), (-32, 8), 8) is None
    assert leading((3, 4), (0, 8), 8) is None


needs_cupy = pytest.mark.skipif(
    importlib.util.find_spec("cupy") is None, reason="CuPy is not installed"
)


@needs_cupy
def test_the_stand_in_has_the_signatures_of_cupy():
    import cupy
    import cupyx

    pairs = [(f, getattr(cupy, f.__name__)) for f in fake_cupy.LIBRARY]
    for own, real in ((fake_cupy.linalg, cupy.linalg), (fake_cupy.fft, cupy.fft)):
        names = [n for n, v in vars(own).items() if isinstance(v, staticmethod)]
        pairs += [(getattr(own, n), getattr(real, n)) for n in names]
    pairs.append((fake_cupy.errstate, cupyx.errstate))
    try:
        linear = importlib.import_module("cupyx.scipy.linalg")
        pairs.append((fake_cupy.solve_triangular, linear.solve_triangular))
    except ImportError:
        pass  # it wants cuBLAS, which may not be installed
    for own, real in pairs:
        want = [(p.name, p.kind, p.default) for p in inspect.signature(real).parameters.values()]
        got = [(p.name, p.kind, p.default) for p in inspect.signature(own).parameters.values()]
        assert got == want, real


@needs_cupy
def test_what_is_used_of_cupy_is_there():
    """Names that need no device to be looked up."""
    import cupy

    for path in (
        "ndarray asarray asnumpy empty matmul from_dlpack arange cuda.Device cuda.Event "
        "cuda.Stream cuda.is_available cuda.runtime.getDeviceProperties cuda.get_current_stream "
        "cuda.memory.OutOfMemoryError cuda.function.Module cuda.device.get_device_id "
        "cuda.device.get_cublas_handle cuda.function.Module.load "
        "cuda.function.Module.get_function cuda.memory.MemoryPointer.memset_async"
    ).split():
        found = cupy
        for name in path.split("."):
            found = getattr(found, name)
    assert cupy.ndarray.__module__ == "cupy"


@needs_cupy
def test_arrays_of_cupy_over_host_memory():
    """Windows, views and addresses of real CuPy arrays, whose memory nobody touches."""
    import cupy
    from cupy.cuda import memory

    room = np.zeros(4096, "u1")
    at = room.ctypes.data
    place = memory.MemoryPointer(memory.UnownedMemory(at, 4096, room, 0), 0)
    base = cupy.ndarray((512,), np.dtype("f8"), memptr=place)
    machine = object.__new__(cupy_machine.CupyMachine)
    machine._cupy, machine.number = cupy, 0
    part = machine.window(base, np.dtype("f4"), 6, (3, 5), (10, 2))
    assert (part.shape, part.strides, part.dtype) == ((3, 5), (40, 8), np.float32)
    assert machine.address(part) == at + 24 and machine.is_own(part)
    assert machine.adopt(part) is part and part.data.device_id == 0
    empty = machine.window(base, np.dtype("f8"), 0, (0, 5), (5, 1))
    assert empty.size == 0 and empty.nbytes == 0
    from arignote.emit.cuda.runtime.answer import view_of

    view = view_of(base, np.dtype("f8"), 3, (2, 2), (4, -1), True)
    assert machine.address(view) == at + 24 and view.strides == (32, -8)
    assert base.transpose((0,)).flags.c_contiguous and base[1:].data.ptr == at + 8
