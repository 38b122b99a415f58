"""As much of CuPy as the runtime uses, on host memory, and a driver whose launches the emulation
answers: the path of a GPU, run without one.  Signatures as in CuPy 14."""

import ctypes
import functools
import re
import subprocess
import tempfile
import types
from pathlib import Path

import numpy as np

from arignote.emit.cuda.compile import Cubin
from arignote.emit.cuda.emulate import build
from arignote.emit.cuda.emulate.build import compiler
from arignote.emit.cuda.runtime import launches
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
            own = np.empty(shape, dtype, order)
        else:
            span = sum(abs(s) * max(n - 1, 0) for n, s in zip(shape, strides)) + dtype.itemsize
            start = memptr.ptr + sum(s * (n - 1) for n, s in zip(shape, strides) if s < 0)
            raw = (ctypes.c_char * span).from_address(start)
            own = np.ndarray(shape, dtype, raw, memptr.ptr - start, strides)
        self._host, self._memory = own, memptr.owner if memptr is not None else own
        self._device = memptr.device_id if memptr is not None else Device.current[-1]

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
    return prototyped(ctypes.CDLL(path))


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
    def __init__(self, ptr):
        self.ptr = ptr

    def synchronize(self):
        pass


class Event:
    done = True

    def __init__(self, block=False, disable_timing=False, interprocess=False):
        assert disable_timing

    def record(self, stream=None):
        assert isinstance(stream, Stream)


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
    made.sort = lambda a, axis=-1, kind=None: ndarray.of(np.sort(a._host, axis, "stable"))
    properties = {"name": b"a GPU that is not there"}
    made.streams = [Stream(0)]
    made.cuda = types.SimpleNamespace(
        Device=Device, Event=Event, is_available=lambda: True,
        device=types.SimpleNamespace(get_device_id=lambda: Device.current[-1]),
        runtime=types.SimpleNamespace(getDeviceProperties=lambda k: properties),
        memory=types.SimpleNamespace(OutOfMemoryError=MemoryError),
        function=types.SimpleNamespace(Module=Module),
        get_current_stream=lambda: made.streams[-1],
    )
    return made
