"""The emulation needs a C++ compiler; its tests are skipped without one.  `cupy` is a stand-in for
CuPy and the driver (fake_cupy.py)."""

import sys

import pytest

from arignote.emit.cuda.emulate.build import compiler
from arignote.emit.cuda.runtime import cupy_machine, devices
from arignote.errors import CompilerMissingError

WITHOUT = ("test_compile", "test_corpus_compiles", "test_gpu")


@pytest.fixture(autouse=True)
def _needs_a_compiler(request):
    if request.module.__name__.split(".")[-1] in WITHOUT:
        return
    try:
        compiler()
    except CompilerMissingError as error:
        pytest.skip(str(error))


@pytest.fixture
def cupy(monkeypatch):
    import fake_cupy

    made = fake_cupy.module()
    monkeypatch.setitem(sys.modules, "cupy", made)
    monkeypatch.setattr(cupy_machine, "compile_cubin", fake_cupy.compile_cubin)
    monkeypatch.setattr(cupy_machine, "nearest", lambda arch: arch)
    monkeypatch.setattr(cupy_machine, "driver", fake_cupy.driver)
    monkeypatch.setattr(devices, "what_is_missing", lambda: "")
    monkeypatch.setattr(devices, "_machines", {})
    fake_cupy.driver().standin_reset(1)
    yield made
