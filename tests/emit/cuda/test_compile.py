"""Hand-written kernels through NVRTC: machine code, ptxas' figures, instructions, errors."""

import shutil
import subprocess

import handwritten as h
import pytest

from arignote.config import config
from arignote.emit.cuda import compile as nvrtc
from arignote.errors import BuildError

pytestmark = pytest.mark.skipif(
    not nvrtc.available(), reason="NVRTC is not installed (pip install nvidia-cuda-nvrtc)"
)
needs_nvdisasm = pytest.mark.skipif(
    nvrtc._disassembler() is None, reason="nvdisasm is not installed"
)


@pytest.mark.parametrize("arch", ["sm_80", "sm_90", "sm_100"])
def test_the_same_text_compiles_for_every_architecture(arch):
    made = nvrtc.compile_cubin(h.ALL, arch)
    assert made.code[:4] == b"\x7fELF" and made.arch == arch
    assert {f.kernel for f in made.figures} == set(h.KERNELS)


def test_figures_show_registers_spills_and_shared_memory():
    figures = {f.kernel: f for f in nvrtc.compile_cubin(h.ALL).figures}
    assert all(f.spill_loads == f.spill_stores == f.stack == 0 for f in figures.values())
    assert all(0 < f.registers <= 64 for f in figures.values())
    assert figures["softmax"].shared == 128 and figures["vectored"].shared == 0
    assert figures["softmax"].barriers == 1


def test_a_kernel_that_spills_is_seen():
    body = "".join(f"v[{k}] = a[{k}] * o[0];" for k in range(200))
    back = "".join(f"o[{k}] = v[{199 - k}] * t;" for k in range(200))
    text = f"""extern "C" __global__ void __launch_bounds__(1024) full(const float* a, float* o) {{
    float v[200]; {body} __syncthreads(); float t = o[1]; {back} }}"""
    (figures,) = nvrtc.compile_cubin(text).figures
    assert figures.stack > 0 and figures.registers <= 64


@needs_nvdisasm
def test_vector_accesses_are_16_bytes_wide():
    sass = nvrtc.disassembly(nvrtc.compile_cubin(h.VECTORED))["vectored"]
    assert sum("LDG.E.128" in line for line in sass) >= 2
    assert any("STG.E.128" in line for line in sass)


@needs_nvdisasm
def test_the_grid_barrier_orders_memory_for_the_device():
    sass = "\n".join(nvrtc.disassembly(nvrtc.compile_cubin(h.RECURRENCE))["recurrence"])
    assert "STRONG.GPU" in sass and "MEMBAR" in sass


def test_text_that_does_not_compile_says_where():
    with pytest.raises(BuildError, match=r"kernel\.cu\(2\): error: .*nowhere"):
        nvrtc.compile_cubin('extern "C" __global__ void bad(int* o) {\n  o[0] = nowhere; }')


def test_a_cubin_is_compiled_once(tmp_path, monkeypatch):
    with config(cache_dir=str(tmp_path)):
        made = nvrtc.compile_cubin(h.SCATTER)
        monkeypatch.setattr(nvrtc, "_compiled", None)
        assert nvrtc.compile_cubin(h.SCATTER) == made


@pytest.mark.unsanitized
@pytest.mark.skipif(shutil.which("nvcc") is None, reason="there is no nvcc")
def test_nvcc_takes_the_same_text(tmp_path):
    file = tmp_path / "all.cu"
    file.write_text(h.ALL)
    words = ["nvcc", "-arch=sm_90", "-cubin", "-o", str(tmp_path / "all.cubin"), str(file)]
    done = subprocess.run(words, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
