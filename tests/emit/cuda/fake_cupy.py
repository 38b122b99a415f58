"""As much of CuPy as the runtime uses, on host memory, and a driver whose launches the emulation
answers: the path of a GPU, run without one.  Signatures as in CuPy 14."""

import contextlib
import ctypes
import functools
import importlib.machinery
import re
import subprocess
import sys
import tempfile
import time
import types
from pathlib import Path

import numpy as np

from arignote.emit.cuda.compile import Cubin
from arignote.emit.cuda.emulate import build
from arignote.emit.cuda.emulate.build import compiler
from arignote.emit.cuda.runtime import cublas, cupy_machine, devices, launches
from arignote.emit.cuda.runtime.driver import prototyped


class Memory:
    def __init__(self, owner, ptr, device_id):
        self.owner, self.ptr, self.device_id = owner, ptr, device_id

    def __add__(self, n):
        return Memory(self.owner, self.ptr + n, self.device_id)

    def memset_async(self, value, size, stream):
        assert isinstance(stream, Stream)
        ctypes.memset(self.ptr, value, size)


class ndarray:
    """Not NumPy's, so that nothing takes it for a host array."""

    __module__ = "cupy"

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        dtype = np.dtype(dtype)
        if memptr is None:
            size = int(np.prod(shape, dtype=np.int64)) * dtype.itemsize
            room = np.empty(size + 512, "u1")  # a GPU's memory begins at multiples of 512
            own = np.ndarray(shape, dtype, room, -room.ctypes.data % 512, order=order)
        else:
            span = sum(abs(s) * max(n - 1, 0) for n, s in zip(shape, strides)) + dtype.itemsize
            start = memptr.ptr + sum(s * (n - 1) for n, s in zip(shape, strides) if s < 0)
            raw = (ctypes.c_char * span).from_address(start)
            own = np.ndarray(shape, dtype, raw, memptr.ptr - start, strides)
        self._host, self._memory = own, memptr.owner if memptr is not None else own
        self._device = memptr.device_id if memptr is not None else Device.current[-1]

    __hash__ = object.__hash__

    @classmethod
    def of(cls, array, device=None):
        made = cls.__new__(cls)
        made._host = made._memory = array
        made._device = Device.current[-1] if device is None else device
        return made

    @property
    def data(self):
        return Memory(self._memory, self._host.ctypes.data, self._device)

    def __getattr__(self, name):
        if name in ("shape", "dtype", "strides", "ndim", "size", "nbytes", "itemsize", "flags"):
            return getattr(self._host, name)
        raise AttributeError(name)

    def __ne__(self, other):
        return self._both(other, np.not_equal)

    def astype(self, dtype):
        return _of(self._host.astype(dtype))

    def all(self):
        return self._host.all()

    def get(self):
        return asnumpy(self)

    def copy(self):
        return ndarray.of(np.array(self._host, order="C"), self._device)

    def __float__(self):
        return float(self._host)

    def __int__(self):
        return int(self._host)

    @property
    def T(self):
        return ndarray.of(self._host.T)

    def transpose(self, *axes):
        return ndarray.of(self._host.transpose(*axes))

    def __getitem__(self, key):
        parts = key if isinstance(key, tuple) else (key,)
        return ndarray.of(self._host[tuple(getattr(k, "_host", k) for k in parts)])

    def __setitem__(self, key, value):
        assert not isinstance(value, np.ndarray), "CuPy takes no host array here"
        self._host[key] = value._host if isinstance(value, ndarray) else value

    def sum(self):
        return self._host.sum()

    def _both(self, other, op):
        return ndarray.of(op(self._host, other._host if isinstance(other, ndarray) else other))

    def __mul__(self, other):
        return self._both(other, np.multiply)

    __rmul__ = __mul__

    def __add__(self, other):
        return self._both(other, np.add)

    def __dlpack_device__(self):
        return 2, 0

    def __array__(self, *_):
        raise TypeError("Implicit conversion to a NumPy array is not allowed.")


class _Function(ctypes.Structure):
    _fields_ = [
        ("kernel", ctypes.c_void_p), ("launch", ctypes.c_void_p), ("together", ctypes.c_void_p),
        ("params", ctypes.c_int),
    ]  # fmt: skip


class Module:
    def load(self, code):
        path, self.source = code.decode().split("\n", 1)
        self.library = ctypes.CDLL(path)

    def get_function(self, name):
        get = getattr(self.library, f"sim_kernel_{name}")
        get.restype = ctypes.c_void_p
        params = re.search(rf"\b{name}\(([^)]*)\) {{", self.source)[1]
        made = _Function(
            get(), launches.address_of(self.library.sim_launch),
            launches.address_of(self.library.sim_launch_cooperative),
            params.count(",") + 1 if params.strip() else 0,
        )  # fmt: skip
        return types.SimpleNamespace(ptr=ctypes.addressof(made), keep=made)


@functools.cache
def driver():
    """The stand-in for libcuda, compiled from standin_driver.cpp."""
    folder = tempfile.mkdtemp(prefix="standin-")
    file = Path(__file__).with_name("standin_driver.cpp")
    path = f"{folder}/libcuda.so"
    words = [*compiler(), "-std=c++17", "-O1", "-fPIC", "-shared", str(file), "-o", path]
    subprocess.run(words, check=True)
    made = cublas.prototyped(prototyped(ctypes.CDLL(path)))
    made.standin_blas.restype = ctypes.c_void_p
    return made


def compile_cubin(source, arch="sm_90", defines=()):
    assert arch == "sm_90"
    path = build(source, "plain", tuple(defines))
    return Cubin(f"{path}\n{source}".encode(), arch, ())


class Device:
    """Two of them; threads begin with the first."""

    current = [0]

    def __init__(self, number=None):
        self.id = self.current[-1] if number is None else number

    def __enter__(self):
        self.current.append(self.id)
        return self

    def __exit__(self, *_):
        self.current.pop()

    def use(self):
        self.current[-1] = self.id

    def synchronize(self):
        pass

    compute_capability = "90"
    attributes = {"MultiProcessorCount": 4}


class Stream:
    made = 0

    def __init__(self, ptr=None, non_blocking=False):
        Stream.made += ptr is None
        self.ptr = 1024 + 64 * Stream.made if ptr is None else ptr

    def __enter__(self):
        sys.modules["cupy"].streams.append(self)
        return self

    def __exit__(self, *_):
        sys.modules["cupy"].streams.pop()

    def synchronize(self):
        pass


class Event:
    done = True

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        self.timing = not disable_timing

    def record(self, stream=None):
        assert isinstance(stream, Stream)
        self.at = time.perf_counter()

    def synchronize(self):
        pass


def get_elapsed_time(start_event, end_event):
    assert start_event.timing and end_event.timing
    return 1e3 * (end_event.at - start_event.at)


TRANSFERS = {"to the GPU": 0, "back": 0}


def asnumpy(array):
    if not isinstance(array, ndarray):
        return np.asarray(array)
    TRANSFERS["back"] += 1
    return np.array(array._host, order="C")


def asarray(array):
    if isinstance(array, ndarray):
        return array
    TRANSFERS["to the GPU"] += 1
    return ndarray.of(np.array(array))


def matmul(a, b):
    return ndarray.of(np.matmul(a._host, b._host))


# ---- libraries: signatures as in CuPy 14 (test_libraries.py compares), answers by NumPy ----------
def _of(answer):
    if isinstance(answer, tuple):
        return tuple(_of(x) for x in answer)
    return ndarray.of(np.array(answer, order="C"))


def diagonal(a, offset=0, axis1=0, axis2=1):
    return ndarray.of(np.diagonal(a._host, offset, axis1, axis2))


def sort(a, axis=-1, kind=None):
    assert kind in (None, "stable")
    return _of(np.sort(a._host, axis, "stable"))


def argsort(a, axis=-1, kind=None):
    assert kind in (None, "stable")
    return _of(np.argsort(a._host, axis, "stable"))


def partition(a, kth, axis=-1):
    return _of(np.partition(a._host, kth, axis))


def argpartition(a, kth, axis=-1):
    return _of(np.argpartition(a._host, kth, axis))


def lexsort(keys):
    return _of(np.lexsort(keys._host))


def convolve(a, v, mode="full"):
    return _of(np.convolve(a._host, v._host, mode))


def unique(
    ar, return_index=False, return_inverse=False, return_counts=False, axis=None, *, equal_nan=True
):
    assert not return_index and not return_inverse and axis is None
    return _of(np.unique(ar._host, return_counts=return_counts, equal_nan=equal_nan))


def zeros(shape, dtype=float, order="C"):
    return _of(np.zeros(shape, dtype, order))


def full(shape, fill_value, dtype=None, order="C"):
    return _of(np.full(shape, fill_value, dtype, order))


class linalg:
    strict = [False]

    @staticmethod
    def solve(a, b):
        if not linalg.strict[0]:
            raise AssertionError("a singular matrix would go unseen")
        return _of(np.linalg.solve(a._host, b._host))

    @staticmethod
    def inv(a):
        return _of(np.linalg.inv(a._host))

    @staticmethod
    def det(a):
        return _of(np.linalg.det(a._host))

    @staticmethod
    def slogdet(a):
        return _of(tuple(np.linalg.slogdet(a._host)))

    @staticmethod
    def pinv(a, rcond=1e-15):
        assert isinstance(rcond, float)
        return _of(np.linalg.pinv(a._host, rcond))

    @staticmethod
    def lstsq(a, b, rcond=None):
        x, residuals, rank, s = np.linalg.lstsq(a._host, b._host, rcond)
        return _of((x, residuals, np.int32(rank), s))

    @staticmethod
    def cholesky(a):
        return _of(np.linalg.cholesky(a._host))

    @staticmethod
    def qr(a, mode="reduced"):
        return _of(tuple(np.linalg.qr(a._host, mode)))

    @staticmethod
    def svd(a, full_matrices=True, compute_uv=True):
        answer = np.linalg.svd(a._host, full_matrices, compute_uv)
        return _of(tuple(answer) if compute_uv else answer)

    @staticmethod
    def eigh(a, UPLO="L"):
        return _of(tuple(np.linalg.eigh(a._host, UPLO)))

    @staticmethod
    def eigvalsh(a, UPLO="L"):
        return _of(np.linalg.eigvalsh(a._host, UPLO))


class fft:
    @staticmethod
    def fft(a, n=None, axis=-1, norm=None):
        return _of(np.fft.fft(a._host, n, axis, norm))

    @staticmethod
    def ifft(a, n=None, axis=-1, norm=None):
        return _of(np.fft.ifft(a._host, n, axis, norm))

    @staticmethod
    def rfft(a, n=None, axis=-1, norm=None):
        return _of(np.fft.rfft(a._host, n, axis, norm))

    @staticmethod
    def irfft(a, n=None, axis=-1, norm=None):
        return _of(np.fft.irfft(a._host, n, axis, norm))


def solve_triangular(
    a, b, trans=0, lower=False, unit_diagonal=False, overwrite_b=False, check_finite=False
):
    import scipy.linalg

    return _of(scipy.linalg.solve_triangular(a._host, b._host, trans, lower, unit_diagonal))


@contextlib.contextmanager
def errstate(*, divide=None, over=None, under=None, invalid=None, linalg=None):
    globals()["linalg"].strict.append(linalg == "raise")
    globals()["linalg"].strict.reverse()
    yield
    globals()["linalg"].strict.reverse()
    globals()["linalg"].strict.pop()


def _gemm(dtype):
    """cuBLAS's product, in columns."""
    item = np.dtype(dtype).itemsize

    def matrix(at, rows, cols, lead):
        assert lead >= max(rows, 1)
        raw = (ctypes.c_char * (item * (lead * (cols - 1) + rows))).from_address(at)
        return np.ndarray((rows, cols), dtype, raw, 0, (item, item * lead))

    def gemm(handle, ta, tb, m, n, k, alpha, a, lda, b, ldb, beta, c, ldc):
        x = matrix(a, *((k, m) if ta else (m, k)), lda)
        y = matrix(b, *((n, k) if tb else (k, n)), ldb)
        scale, keep = (matrix(p, 1, 1, 1)[0, 0] for p in (alpha, beta))
        out = matrix(c, m, n, ldc)
        product = scale * ((x.T if ta else x) @ (y.T if tb else y))
        out[...] = product + (keep * out if keep else 0)

    return gemm


LIBRARY = (
    diagonal, sort, argsort, partition, argpartition, lexsort, convolve, unique, zeros, full,
)  # fmt: skip


def extras():
    """cupyx, and what is imported of it."""
    cupyx, linear = types.ModuleType("cupyx"), types.ModuleType("cupyx.scipy.linalg")
    cupyx.errstate, linear.solve_triangular = errstate, solve_triangular
    blas = types.ModuleType("cupy_backends.cuda.libs.cublas")
    blas.CUBLAS_OP_N, blas.CUBLAS_OP_T = 0, 1
    blas.sgemm, blas.dgemm, blas.cgemm, blas.zgemm = map(_gemm, ("f4", "f8", "c8", "c16"))
    return {m.__name__: m for m in (cupyx, linear, blas)}


def module():
    made = types.ModuleType("cupy")
    made.__spec__ = importlib.machinery.ModuleSpec("cupy", None)
    made.__version__ = "14.2.0"
    made.ndarray, made.asnumpy, made.asarray, made.matmul = ndarray, asnumpy, asarray, matmul
    made.empty = lambda shape, dtype=float: ndarray(shape, dtype)
    made.arange = lambda n: ndarray.of(np.arange(n))
    made.from_dlpack = lambda x: ndarray.of(x.host)
    made.linalg, made.fft = linalg, fft
    for function in LIBRARY:
        setattr(made, function.__name__, function)
    properties = {"name": b"a GPU that is not there"}
    made.streams = [Stream(0)]
    made.cuda = types.SimpleNamespace(
        get_elapsed_time=get_elapsed_time, Device=Device, Event=Event, Stream=Stream,
        is_available=lambda: True,
        device=types.SimpleNamespace(
            get_device_id=lambda: Device.current[-1],
            get_cublas_handle=lambda: driver().standin_blas(),
        ),
        runtime=types.SimpleNamespace(getDeviceProperties=lambda k: properties),
        memory=types.SimpleNamespace(OutOfMemoryError=MemoryError),
        function=types.SimpleNamespace(Module=Module),
        get_current_stream=lambda: made.streams[-1],
    )
    return made


def install(patch):
    """Put the stand-ins where the real things are looked for; patch: a MonkeyPatch.  The module."""
    made = module()
    for name, own in {"cupy": made, **extras()}.items():
        patch.setitem(sys.modules, name, own)
    patch.setattr(cupy_machine, "compile_cubin", compile_cubin)
    patch.setattr(cupy_machine, "nearest", lambda arch: arch)
    patch.setattr(cupy_machine, "driver", driver)
    patch.setattr(cublas, "library", driver)
    patch.setattr(devices, "what_is_missing", lambda: "")
    patch.setattr(devices, "_machines", {})
    driver().standin_reset(1)
    return made
