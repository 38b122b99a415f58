"""What is tried on a GPU, in groups: each job is a function that raises where something is wrong.

`cupy` may be the stand-in of fake_cupy.py, so that all of this can be run through without a GPU.
"""

import importlib
import threading

import handwritten
import numpy as np
import test_libraries

import arignote as ag
from arignote.emit.cuda import TINY
from arignote.emit.cuda.runtime import DeviceProgram, EmulatedMachine
from arignote.emit.cuda.runtime.specialised import device_compilation
from arignote.errors import EmulationError, UnsupportedError
from arignote.trace.pytree import flatten
from tests.corpus.cases import check_same

CORPUS = (
    "straight straight_calls straight_dtypes straight_functions straight_indexing straight_views "
    "loops_discrete loops_numeric loops_state loops_traps"
).split()
JOBS = {}


class NotHere(Exception):
    """What the job is about is not installed."""


def job(function):
    JOBS[function.__name__.replace("_", " ")] = function
    return function


def groups():
    return ["device", "libraries", *CORPUS]


def jobs(group):
    """(name, function) of a group, in order."""
    if group == "device":
        return list(JOBS.items())
    if group == "libraries":
        return [(name, lambda c=case, n=name: library(n, c)) for name, case in
                test_libraries.CASES.items()]  # fmt: skip
    cases = importlib.import_module(f"tests.corpus.{group}").CASES
    return [(c.name, lambda c=c: check_same(c, ag.compile(c.function, device="cuda")))
            for c in cases]  # fmt: skip


def sanitized(group, flavour):
    """(name, function) of a group of the corpus, in the emulation: this process has a sanitizer."""
    machine = EmulatedMachine(TINY, flavour)

    def run(case):
        leaves, _ = flatten((case.fresh(), {}))
        try:
            trace = ag.compile(case.function).trace_of(*case.fresh())
            made = device_compilation(trace, TINY)
        except (UnsupportedError, TypeError) as error:
            raise NotHere(str(error)) from error
        except Exception as error:  # the program raises in any case
            raise NotHere(f"while it is traced: {error}") from error
        DeviceProgram(made.module, made.plan, machine, apart=True)(leaves, leaves)

    def kept(case):
        try:
            run(case)
        except (EmulationError, NotHere):
            raise
        except Exception:
            pass  # the program's own; what a sanitizer sees ends the process

    cases = importlib.import_module(f"tests.corpus.{group}").CASES
    return [(c.name, lambda c=c: kept(c)) for c in cases]


def host(x):
    import cupy

    return cupy.asnumpy(x) if isinstance(x, cupy.ndarray) else np.asarray(x)


def same(got, want, rtol=1e-10, atol=1e-12):
    pairs = zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]
    for a, b in pairs:
        np.testing.assert_allclose(host(a), b, rtol=rtol, atol=atol)


def again(function, *given, times=6, rtol=1e-10):
    """Six calls with arrays on the GPU: the first compiles, the second records."""
    import cupy

    f = ag.compile(function)
    for k in range(times):
        own = [x + k if isinstance(x, np.ndarray) else x for x in given]
        got = f(*[cupy.asarray(x) if isinstance(x, np.ndarray) else x for x in own])
        same(got, function(*own), rtol)
    return f


def library(name, case):
    """Vectors up to their sign, which is the library's choice."""
    import cupy

    function, *given = case
    got = ag.compile(function)(*[cupy.asarray(x) for x in given])
    want = function(*given)
    pairs = zip(got, want, strict=True) if isinstance(want, tuple) else [(got, want)]
    for a, b in pairs:
        a, b = (abs(host(x)) if name in ("qr", "svd", "eigh") else host(x) for x in (a, b))
        np.testing.assert_allclose(a, b, rtol=1e-8, atol=1e-10)


def uniform(*shape):
    return np.random.default_rng(0).random(shape)


# ---- calls ---------------------------------------------------------------------------------------
@job
def elementwise():
    again(lambda x, y, s: np.exp(x) * y + s, uniform(300, 400), uniform(400), 0.5)


@job
def arrays_stay_on_the_gpu():
    import cupy

    x = uniform(300, 400)
    f = ag.compile(lambda x: (np.exp(x) - x.sum(axis=1, keepdims=True)).max(axis=0))
    for given in (x, np.asfortranarray(x), x[::-1, ::2]):
        got = f(cupy.asarray(given))
        assert isinstance(got, cupy.ndarray)
        same(got, (np.exp(given) - given.sum(axis=1, keepdims=True)).max(axis=0))
    base = cupy.asarray(x)
    same(f(base[::-1]), (np.exp(x[::-1]) - x[::-1].sum(axis=1, keepdims=True)).max(axis=0))


@job
def sums_of_all_kinds():
    x = uniform(700, 900)
    again(lambda x: (x.sum(), x.max(), x.sum(axis=0), x.mean(axis=1), np.argmax(x)), x)


@job
def softmax_and_its_gradient():
    def loss(x, g):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return np.sum(e / e.sum(axis=1, keepdims=True) * g)

    import cupy

    x, g = uniform(200, 3000), uniform(200, 3000)
    got = ag.compile(ag.grad(loss))(cupy.asarray(x), cupy.asarray(g))
    same(got, ag.compile(ag.grad(loss))(x, g), 1e-8)


@job
def scan_a_thread_a_lane():
    def f(x):
        v, out = np.zeros(x.shape[1]), np.zeros_like(x)
        for t in range(x.shape[0]):
            v = 0.9 * v + x[t]
            out[t] = v > 1
            v = np.where(v > 1, 0.0, v)
        return out, v

    again(f, uniform(100, 5000))


def recurrence(w, x):
    h = np.zeros(x.shape[1:])
    for t in range(x.shape[0]):
        h = np.tanh(h @ w + x[t])
    return h


@job
def scan_of_the_whole_grid():
    again(recurrence, uniform(512, 512) / 512, uniform(50, 512))


@job
def scan_of_a_batch():
    again(recurrence, uniform(64, 64) / 64, uniform(50, 100, 64))


@job
def gather_and_scatter():
    def f(v, at, table):
        out = np.zeros_like(table)
        np.add.at(out, at, v * table[at])
        return out

    import cupy

    at = np.random.default_rng(0).integers(0, 1000, 100_000)
    v, table = uniform(100_000), uniform(1000)
    got = ag.compile(f)(cupy.asarray(v), cupy.asarray(at), cupy.asarray(table))
    same(got, f(v, at, table), 1e-9)


@job
def dtypes():
    import cupy

    for dtype in ("f4", "f2", "c8", "c16", "i4", "u1", "?"):
        x = (uniform(33, 65) * 5).astype(dtype)
        got = ag.compile(lambda x: (x + x, x.T.copy()))(cupy.asarray(x))
        same(got, (x + x, x.T.copy()), 1e-3 if dtype == "f2" else 1e-6)


@job
def products_of_all_layouts():
    import cupy

    for dtype in ("f8", "f4", "c16", "i8"):
        for left in (lambda a: a, np.asfortranarray, lambda a: a[1:, 2:]):
            a, b = (left((uniform(*s) * 9).astype(dtype)) for s in ((70, 50), (49, 30)))
            if a.shape[1] != b.shape[0]:
                b = np.asarray(b)[: a.shape[1]]
                a = a[:, : b.shape[0]]
            got = ag.compile(lambda a, b: (a @ b, b.T @ a.T, a @ b[:, 0]))(
                cupy.asarray(a), cupy.asarray(b)
            )
            same(got, (a @ b, b.T @ a.T, a @ b[:, 0]), 1e-4 if dtype == "f4" else 1e-10, 1e-3)


@job
def a_product_is_added():
    import cupy

    def f(c, a, b):
        c -= a @ b

    a, b, c = uniform(70, 50), uniform(50, 30), uniform(70, 30)
    own = cupy.asarray(c)
    ag.compile(f)(own, cupy.asarray(a), cupy.asarray(b))
    same(own, c - a @ b)


@job
def an_array_longer_than_32_bits():
    import cupy

    n = 2**31 + 2**26
    try:
        x = cupy.ones(n, "u1")
    except (MemoryError, AttributeError) as error:
        raise NotHere(f"no memory for {n} bytes") from error
    y = ag.compile(lambda x: x + np.uint8(2))(x)
    assert int(y[-1]) == 3 and int(y.min()) == 3 and int(y.max()) == 3
    assert int(ag.compile(lambda x: x.sum())(x)) == n


@job
def errors_name_the_index_and_the_gpu_goes_on():
    import cupy

    f, x = ag.compile(lambda x, i: x[i] * 2), cupy.asarray(np.arange(4.0))
    good, bad = cupy.asarray(np.array([3, 0])), cupy.asarray(np.array([1, 9]))
    for _ in range(4):
        same(f(x, good), np.array([6.0, 0.0]))
        try:
            f(x, bad)
        except IndexError as error:
            assert "9" in str(error)
        else:
            raise AssertionError("no IndexError")


@job
def too_much_memory_is_an_error_that_says_for_what():
    import cupy

    if not hasattr(cupy, "get_default_memory_pool"):
        raise NotHere("the stand-in has no pool")
    try:
        ag.compile(lambda x: np.outer(x, x) + 1)(cupy.ones(2_000_000))
    except MemoryError as error:
        assert "wants memory for" in str(error), error
    else:
        raise AssertionError("no MemoryError")


# ---- streams, threads, graphs, GPUs --------------------------------------------------------------
@job
def several_streams():
    import cupy

    f = ag.compile(lambda x: (x.sum(), x * 2, x.max(axis=0)))
    x = uniform(500, 600)
    for _ in range(5):
        with cupy.cuda.Stream(non_blocking=True) as stream:
            own = cupy.asarray(x)
            got = f(own)
            stream.synchronize()
        same(got, (x.sum(), x * 2, x.max(axis=0)))


@job
def several_threads():
    import cupy

    f, x = ag.compile(lambda x, s: x.sum() + x * s), uniform(3000)
    own, wrong = cupy.asarray(x), []

    def work(s):
        try:
            for _ in range(20):
                same(f(own, s), x.sum() + x * s)
        except Exception as error:
            wrong.append(error)

    threads = [threading.Thread(target=work, args=(float(k),)) for k in range(4)]
    [t.start() for t in threads]
    [t.join() for t in threads]
    if wrong:
        raise wrong[0]


@job
def several_launches_as_a_graph():
    def f(x):
        high = x.max(axis=1)
        e = np.exp(x - high.max())
        return x.sum(axis=0), high, np.cumsum(e / e.sum(), axis=0)

    import cupy

    made, x = ag.compile(f), uniform(300, 400)
    own = cupy.asarray(x)
    for _ in range(12):
        same(made(own), f(x))
    records = [k.recorded for k in made._gpu.plain.values()]
    assert records and records[0] is not None, "the call was not recorded"
    if hasattr(cupy, "get_default_memory_pool") and len(records[0].steps) >= 4:
        assert records[0].graphs.made, "no graph was made of it"


@job
def functions_run_where_their_arrays_are():
    import cupy

    if not hasattr(cupy.cuda.runtime, "getDeviceCount") or cupy.cuda.runtime.getDeviceCount() < 2:
        raise NotHere("one GPU only")
    f = ag.compile(lambda x: x.sum(axis=0) + 1)
    for number in (0, 1, 1, 1, 0):
        with cupy.cuda.Device(number):
            x = cupy.asarray(np.ones((3, 4)))
        got = f(x)
        assert got.data.device_id == number
        same(got, np.full(4, 4.0))


# ---- other libraries, kernels by hand ------------------------------------------------------------
@job
def arrays_of_pytorch():
    torch = imported("torch")
    x = torch.randn(1000, device="cuda", dtype=torch.float64)
    f = ag.compile(lambda x: np.tanh(x) + 1)
    for _ in range(3):
        torch.testing.assert_close(torch.from_dlpack(f(x)), torch.tanh(x) + 1)


@job
def arrays_of_jax():
    jax = imported("jax")
    x = jax.numpy.arange(1000, dtype="float32")
    same(ag.compile(lambda x: x * 2 + 1)(x), np.arange(1000, dtype="f4") * 2 + 1)


@job
def arrays_of_numba():
    cuda = imported("numba.cuda")
    x = cuda.to_device(np.arange(1000.0))
    same(ag.compile(lambda x: x * 2 + 1)(x), np.arange(1000.0) * 2 + 1)


def imported(name):
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise NotHere(str(error)) from error


@job
def kernels_by_hand():
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


@job
def a_million_barriers_of_the_grid():
    """Each block writes, all wait, each reads its neighbour's: 10^6 times."""
    import cupy

    from arignote.emit.cuda.runtime.devices import cuda

    text = handwritten.RECURRENCE.split('extern "C"')[0] + BARRIERS
    machine = cuda()
    blocks = machine.info.sms
    rounds = 500_000 if hasattr(cupy, "get_default_memory_pool") else 20
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
