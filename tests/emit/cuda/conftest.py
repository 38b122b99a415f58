"""The emulation needs a C++ compiler; its tests are skipped without one.  `cupy` is a stand-in for
CuPy and the driver (fake_cupy.py)."""

import pytest

from arignote.emit.cuda.emulate.build import compiler
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

    return fake_cupy.install(monkeypatch)
