"""As much of CuPy as the runtime uses, on host memory, and a driver whose launches the emulation
answers: the path of a GPU, run without one.  Signatures as in CuPy 14."""

import ctypes
import types

import numpy as np

from arignote.emit.cuda.compile import Cubin
from arignote.emit.cuda.emulate import build


class Memory:
    device_id = 0

    def __init__(self, owner, ptr):
        self.owner, self.ptr = owner, ptr

    def __add__(self, n):
        return Memory(self.owner, self.ptr + n)

    def memset_async(self, value, size, stream):
        assert stream.ptr == 0
        ctypes.memset(self.ptr, value, size)


class ndarray:
    """Not NumPy's, so that nothing takes it for a host array."""

    __module__ = "cupy"

    def __init__(self, shape, dtype=float, memptr=None, strides=None, order="C"):
        dtype = np.dtype(dtype)
        if memptr is None:
            own = np.empty(shape, dtype, order)
        else:
            span = sum(abs(s) * max(n - 1, 0) for n, s in zip(shape, strides)) + dtype.itemsize
            start = memptr.ptr + sum(s * (n - 1) for n, s in zip(shape, strides) if s < 0)
            raw = (ctypes.c_char * span).from_address(start)
            own = np.ndarray(shape, dtype, raw, memptr.ptr - start, strides)
        self._host, self._memory = own, memptr.owner if memptr is not None else own

    @classmethod
    def of(cls, array):
        made = cls.__new__(cls)
        made._host = made._memory = array
        return made

    @property
    def data(self):
        return Memory(self._memory, self._host.ctypes.data)

    def __getattr__(self, name):
        if name in ("shape", "dtype", "strides", "ndim", "size", "nbytes", "itemsize", "flags"):
            return getattr(self._host, name)
        raise AttributeError(name)

    @property
    def T(self):
        return ndarray.of(self._host.T)

    def transpose(self, *axes):
        return ndarray.of(self._host.transpose(*axes))

    def __getitem__(self, key):
        return ndarray.of(self._host[key])

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


class Module:
    def load(self, code):
        self.library = ctypes.CDLL(code.decode())

    def get_function(self, name):
        get = getattr(self.library, f"sim_kernel_{name}")
        get.restype = ctypes.c_void_p
        return types.SimpleNamespace(ptr=get(), library=self.library)


class Driver:
    """Launches go where the function's pointer leads; all modules share one emulation here."""

    library = None

    def cuLaunchKernel(self, *given):
        return Driver.library.sim_launch(*given)

    def cuLaunchCooperativeKernel(self, *given):
        return Driver.library.sim_launch_cooperative(*given)

    def cuFuncSetAttribute(self, *given):
        return 0


def compile_cubin(source, arch="sm_90", defines=()):
    assert arch == "sm_90"
    path = build(source, "plain", tuple(defines))
    Driver.library = ctypes.CDLL(str(path))
    return Cubin(str(path).encode(), arch, ())


class Device:
    def synchronize(self):
        pass

    id, compute_capability = 0, "90"
    attributes = {"MultiProcessorCount": 4}


def asnumpy(array):
    return np.array(array._host, order="C") if isinstance(array, ndarray) else np.asarray(array)


def asarray(array):
    return array if isinstance(array, ndarray) else ndarray.of(np.array(array))


def matmul(a, b):
    return ndarray.of(np.matmul(a._host, b._host))


def module():
    made = types.ModuleType("cupy")
    made.__version__ = "14.2.0"
    made.ndarray, made.asnumpy, made.asarray, made.matmul = ndarray, asnumpy, asarray, matmul
    made.empty = lambda shape, dtype=float: ndarray(shape, dtype)
    made.arange = lambda n: ndarray.of(np.arange(n))
    made.from_dlpack = lambda x: ndarray.of(x.host)
    properties = {"name": b"a GPU that is not there"}
    made.cuda = types.SimpleNamespace(
        Device=Device, is_available=lambda: True,
        runtime=types.SimpleNamespace(getDeviceProperties=lambda k: properties),
        memory=types.SimpleNamespace(OutOfMemoryError=MemoryError),
        function=types.SimpleNamespace(Module=Module),
        get_current_stream=lambda: types.SimpleNamespace(ptr=0),
    )
    return made
