"""The machine code of one program of each kind for three architectures: registers, spills, loads of
16 bytes, atomics without an answer, no 64-bit divisions, what a grid's barrier needs."""

import re

import numpy as np
import pytest

import arignote as ag
import arignote.nn
from arignote.emit.cuda import H100
from arignote.emit.cuda import compile as nvrtc
from arignote.emit.cuda.runtime.specialised import device_compilation

pytestmark = pytest.mark.skipif(
    not nvrtc.available(), reason="NVRTC is not installed (pip install nvidia-cuda-nvrtc)"
)
F4 = np.float32


def chain(x):
    for _ in range(5):
        x = (x * F4(0.9) + F4(0.1)) * (x - F4(0.5)) + x
    return x


def fused_sum(x):
    return np.sum(x * x + np.sin(x))


def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def columns(x):
    return x.sum(axis=0)


def turned(a, b):
    return np.exp(a.T) * b


def lanes(x):
    v = np.zeros(x.shape[1], F4)
    for t in range(x.shape[0]):
        v = np.tanh(F4(0.9) * v + x[t])
    return v


def recurrence(w, x):
    h = np.zeros(w.shape[0], F4)
    for t in range(x.shape[0]):
        h = np.tanh(h @ w + x[t])
    return h


def scatter(v, at, table):
    out = np.zeros_like(table)
    np.add.at(out, at, v * table[at])
    return out


def stores(out, at, v):
    out[at] = v


def convolution(x, w):
    return ag.nn.conv2d(x, w)


def kept(x):
    return x[x > 0]


def normalised(x):
    x = x - x.mean(axis=1, keepdims=True)
    return x / np.sqrt((x * x).mean(axis=1, keepdims=True) + F4(1e-5))


def greatest(x):
    best = -np.inf
    for i in range(x.shape[0]):
        if x[i] > best:
            best = x[i]
    return best


def f4(*shape):
    return np.ones(shape, F4)


#: Program, arguments, the most registers of a kernel, words of the machine code for sm_90: pattern
#: -> at least so many of them in some kernel.
PROGRAMS = [
    (chain, (f4(4096),), 40, {r"LDG\.E\.128": 1, r"STG\.E\.128": 1}),
    (fused_sum, (np.ones(4096),), 64, {r"LDG\.E\.128": 1, r"SHFL": 2}),
    (softmax, (f4(64, 512),), 64, {r"SHFL": 4, r"MUFU\.EX2": 1}),
    (columns, (f4(512, 512),), 64, {r"LDG\.E": 4}),
    (turned, (f4(64, 96), f4(96, 64)), 64, {r"STS": 1, r"LDS": 1, r"BAR\.SYNC": 1}),
    (lanes, (f4(50, 512),), 64, {r"LDG\.E": 1}),
    (
        recurrence, (f4(128, 128), f4(10, 128)), 128,
        {r"STRONG\.GPU": 2, r"MEMBAR": 1, r"CCTL\.IVALL": 1},
    ),
    (stores, (f4(64), np.zeros(512, "i8"), f4(512)), 64, {r"RED\w*\.E\.MAX|ATOM\w*\.E\.MAX": 1}),
    (convolution, (f4(4, 8, 30, 32), f4(16, 8, 3, 3)), 40, {r"FFMA": 1}),
    (kept, (f4(4096),), 64, {}),
    (normalised, (f4(64, 512),), 64, {r"SHFL": 10}),
    (greatest, (f4(4096),), 64, {r"LDG\.E\.128": 1, r"SHFL": 5}),
    (scatter, (f4(512), np.zeros(512, "i4"), f4(64)), 64, {r"RED\w*\.E\.ADD\.F32": 1}),
]  # fmt: skip


def text_of(function, args):
    return device_compilation(ag.compile(function).trace_of(*args), H100).module.source


@pytest.mark.parametrize("arch", ["sm_80", "sm_90", "sm_100"])
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p[0].__name__)
def test_registers_and_spills(program, arch):
    function, args, most, _ = program
    made = nvrtc.compile_cubin(text_of(function, args), arch)
    for f in made.figures:
        assert f.spill_stores == f.spill_loads == 0, f
        assert f.registers <= most, f


@pytest.mark.skipif(nvrtc._disassembler() is None, reason="nvdisasm is not installed")
@pytest.mark.parametrize("program", PROGRAMS, ids=lambda p: p[0].__name__)
def test_instructions(program):
    function, args, _, words = program
    kernels = nvrtc.disassembly(nvrtc.compile_cubin(text_of(function, args)))
    for pattern, least in words.items():
        found = {k: sum(bool(re.search(pattern, line)) for line in v) for k, v in kernels.items()}
        assert max(found.values()) >= least, (pattern, found)
    for name, lines in kernels.items():
        assert not any("CALL" in line and "div_s64" in line for line in lines), name
