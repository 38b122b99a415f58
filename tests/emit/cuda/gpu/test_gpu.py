"""What the emulation is tested with, on a GPU: values, arrays of other libraries, barriers.

`python -m pytest tests/emit/cuda/gpu` runs for some minutes; without a CUDA device it is skipped.
"""

import importlib
import shutil
import subprocess
import sys

import handwritten
import numpy as np
import pytest

import arignote as ag
from arignote.emit.cuda.runtime.devices import what_is_missing
from tests.corpus.cases import check_same

pytestmark = [
    pytest.mark.gpu,
    pytest.mark.skipif(bool(what_is_missing()), reason=f"no CUDA device: {what_is_missing()}"),
]
CORPUS = (
    "straight straight_calls straight_dtypes straight_functions straight_indexing straight_views "
    "loops_discrete loops_numeric loops_state loops_traps"
).split()


@pytest.mark.parametrize("module", CORPUS)
def test_the_corpus_on_the_gpu_is_numpys(module):
    wrong = []
    for case in importlib.import_module(f"tests.corpus.{module}").CASES:
        try:
            check_same(case, ag.compile(case.function, device="cuda"))
        except AssertionError as error:
            wrong.append(f"{case.name}: {str(error).strip().splitlines()[:2]}")
    assert not wrong, "\n".join(wrong)


def test_arrays_of_cupy_stay_on_the_gpu():
    import cupy

    x = cupy.random.standard_normal((300, 400))
    y = cupy.asfortranarray(x)
    f = ag.compile(lambda x: (np.exp(x) - x.sum(axis=1, keepdims=True)).max(axis=0))
    for given in (x, y, x[::-1, ::2]):
        got = f(given)
        assert isinstance(got, cupy.ndarray)
        want = (cupy.exp(given) - given.sum(axis=1, keepdims=True)).max(axis=0)
        cupy.testing.assert_allclose(got, want, rtol=1e-10)


def test_arrays_of_pytorch():
    torch = pytest.importorskip("torch")
    x = torch.randn(1000, device="cuda", dtype=torch.float64)
    got = torch.from_dlpack(ag.compile(lambda x: np.tanh(x) + 1)(x))
    torch.testing.assert_close(got, torch.tanh(x) + 1)


def test_arrays_of_jax():
    jax = pytest.importorskip("jax")
    x = jax.numpy.arange(1000, dtype="float32")
    got = ag.compile(lambda x: x * 2 + 1)(x)
    np.testing.assert_array_equal(got.get(), np.arange(1000, dtype="f4") * 2 + 1)


def test_handwritten_kernels():
    """As the emulation runs them: right kernels must be right here, too."""
    from arignote.emit.cuda.runtime.devices import cuda

    machine = cuda()
    module = machine.module(handwritten.ALL, False)
    for name, (_, make) in handwritten.KERNELS.items():
        arrays, call, want = make()
        own = {k: machine.put(a) for k, a in arrays.items()}
        slots = []
        for a in call.arguments:
            slots += [machine.address(own[a]) if isinstance(a, str) else a[1], 0]
        grid, block = ((*s, 1, 1)[:3] for s in (call.grid, call.block))
        module.start(call.kernel, grid, block, call.shared, call.cooperative, slots)
        assert handwritten.right({k: machine.get(a) for k, a in own.items()}, want), name


def test_a_million_barriers_of_the_grid():
    """Each block writes, all wait, each reads its neighbour's: 10^6 times."""
    from arignote.emit.cuda.runtime.devices import cuda

    text = handwritten.RECURRENCE.split('extern "C"')[0] + BARRIERS
    machine = cuda()
    blocks, rounds = machine.info.sms, 500_000
    seen = machine.zeros((blocks,), np.dtype("u4"))
    words, wrong = machine.zeros((2,), np.dtype("u4")), machine.zeros((1,), np.dtype("u4"))
    slots = []
    for a in (seen, words, wrong):
        slots += [machine.address(a), 0]
    module = machine.module(text, False)
    module.start("barriers", (blocks, 1, 1), (64, 1, 1), 0, True, [*slots, rounds, 0])
    assert machine.get(wrong)[0] == 0 and (machine.get(seen) == rounds).all()


BARRIERS = r"""
extern "C" __global__ void barriers(unsigned* seen, unsigned* words, unsigned* wrong, int rounds) {
    for (int k = 1; k <= rounds; k++) {
        if (threadIdx.x == 0) seen[blockIdx.x] = k;
        grid_sync(words, words + 1);
        if (threadIdx.x == 0 && __ldcg(seen + (blockIdx.x + 1) % gridDim.x) != k) *wrong = 1;
        grid_sync(words, words + 1);
    }
}
"""

CHECKED = """
import cupy, numpy as np, arignote as ag
def softmax(x):
    e = np.exp(x - x.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True), x.sum(), x.sum(axis=0)
def scan(x):
    v = np.zeros(x.shape[1])
    for t in range(x.shape[0]):
        v = np.tanh(0.9 * v + x[t])
    return v
def scatter(at, v):
    out = np.zeros(50)
    np.add.at(out, at, v)
    return out
x = cupy.asarray(np.random.default_rng(0).standard_normal((40, 50)))
ag.compile(softmax)(x), ag.compile(scan)(x), ag.compile(scatter)(abs(x[0]).astype(int), x[1])
"""


@pytest.mark.skipif(shutil.which("compute-sanitizer") is None, reason="no compute-sanitizer here")
@pytest.mark.parametrize("tool", ["memcheck", "racecheck", "synccheck"])
def test_kernels_are_clean_under_compute_sanitizer(tool):
    words = ["compute-sanitizer", "--tool", tool, "--error-exitcode", "9", sys.executable]
    done = subprocess.run([*words, "-c", CHECKED], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:]

