"""Every program of the corpus that has a CUDA form compiles for a GPU; what ptxas says of it."""

import importlib

import pytest

import arignote as ag
from arignote.config import config
from arignote.emit.cuda import H100
from arignote.emit.cuda import compile as nvrtc
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.errors import ArignoteError, UnsupportedError

pytestmark = pytest.mark.skipif(
    not nvrtc.available(), reason="NVRTC is not installed (pip install nvidia-cuda-nvrtc)"
)
MODULES = (
    "straight straight_calls straight_dtypes straight_functions straight_indexing straight_views "
    "loops_discrete loops_numeric loops_state loops_traps"
).split()
#: Few programs of each module are compiled for the older and the newer architecture too.
ALSO, EACH = ("sm_80", "sm_100"), 25
#: Bytes.  What is spilled is saved around the call that reports a failed check, or a few values of
#: kernels of one block that is bound to 1024 threads; loads in inner loops would be more.
MOST_SPILLS = 512


def texts(module):
    """(name, CUDA text) of the programs that launch kernels."""
    for case in importlib.import_module(f"tests.corpus.{module}").CASES:
        try:
            trace = ag.compile(case.function).trace_of(*case.fresh())
        except Exception:
            continue  # the program raises in any case
        try:
            made = device_compilation(trace, H100).module
        except UnsupportedError:
            continue
        headers = "#include <cuda" not in made.source or nvrtc._headers(made.source)
        if made.source and headers:
            yield case.name, made.source


@pytest.mark.parametrize("module", MODULES)
def test_the_corpus_compiles_for_gpus(module):
    wrong, spilling = [], []
    with config(verify=False):
        for k, (name, text) in enumerate(texts(module)):
            for arch in ("sm_90", *(ALSO if k % EACH == 0 else ())):
                try:
                    made = nvrtc.compile_cubin(text, arch)
                except ArignoteError as error:
                    wrong.append(f"{name} {arch}: {str(error).splitlines()[2:4]}")
                    continue
                for f in made.figures:
                    if f.spill_loads + f.spill_stores > MOST_SPILLS:
                        spilling.append(f"{name} {arch}: {f}")
    assert not wrong, "\n".join(wrong)
    assert not spilling, "\n".join(spilling)
