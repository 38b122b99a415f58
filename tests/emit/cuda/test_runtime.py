"""Programs on the emulated device through the public interface: values, errors, memory, choice."""

import os
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

import arignote as ag
from arignote.config import config
from arignote.emit.cuda import plan as p
from arignote.emit.cuda.runtime import specialised
from arignote.emit.cuda.runtime.arena import layout, lives
from arignote.emit.cuda.runtime.devices import what_is_missing
from arignote.emit.cuda.runtime.program import host_text
from arignote.errors import ConfigError, DebugError, DeviceError, UnsupportedError

RNG = np.random.default_rng(0)


def emulated(function):
    return ag.compile(function, device="emulate")


def test_maps_and_reductions_in_the_emulation_are_numpys():
    def f(x, y):
        return np.exp(x) * y + x.sum(), x.sum(axis=1), x.max(axis=0)

    x, y = RNG.standard_normal((30, 41)), RNG.standard_normal(41)
    for got, want in zip(emulated(f)(x, y), f(x, y)):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=1e-12)


@pytest.mark.parametrize("dtype", ["f4", "f8"])
def test_softmax(dtype):
    def softmax(x):
        e = np.exp(x - x.max(axis=1, keepdims=True))
        return e / e.sum(axis=1, keepdims=True)

    x = RNG.standard_normal((17, 33)).astype(dtype)
    got = emulated(softmax)(x)
    assert got.dtype == dtype
    np.testing.assert_allclose(got, softmax(x), rtol=1e-5)


def test_a_scan_over_time():
    def neurons(x):
        v = np.zeros(x.shape[1])
        spikes = np.zeros_like(x)
        for t in range(x.shape[0]):
            v = 0.9 * v + x[t]
            spikes[t] = v > 1
            v = np.where(v > 1, 0.0, v)
        return spikes, v

    x = RNG.standard_normal((20, 70))
    for got, want in zip(emulated(neurons)(x), neurons(x)):
        np.testing.assert_array_equal(got, want)


def test_arguments_are_written_in_place():
    def update(x, i):
        x[i] += 1
        x[1:] *= 2

    x, y = np.arange(5.0), np.arange(5.0)
    emulated(update)(x, 2)
    update(y, 2)
    np.testing.assert_array_equal(x, y)


def test_arguments_in_every_memory_order():
    def f(x):
        return (x * 2).sum(axis=0), x + x[0]

    g = emulated(f)
    base = RNG.standard_normal((12, 14))
    for x in (base, np.asfortranarray(base), base[::-1], base[::2, ::3], base[:, 3:7]):
        for got, want in zip(g(x), f(x)):
            np.testing.assert_allclose(got, want, rtol=1e-12)


def test_an_index_out_of_bounds_raises_at_the_users_line():
    def pick(x, i):
        return x[i] * 2

    with pytest.raises(IndexError, match="index 9 is out of bounds for axis 0 with size 5"):
        emulated(pick)(np.arange(5.0), np.array([1, 9, 2]))


def test_matrix_products_and_callbacks():
    def f(a, b):
        return np.tanh(a @ b) + 1, np.sort(b, axis=0)

    a, b = RNG.standard_normal((9, 8)), RNG.standard_normal((8, 7))
    for got, want in zip(emulated(f)(a, b), f(a, b)):
        np.testing.assert_allclose(got, want, rtol=1e-12)


def test_gradients_run_on_the_device():
    def loss(w, x):
        return np.sum(np.tanh(x @ w) ** 2)

    w, x = RNG.standard_normal(6), RNG.standard_normal((5, 6))
    got = ag.compile(ag.grad(loss), device="emulate")(w, x)
    np.testing.assert_allclose(got, ag.grad(loss)(w, x), rtol=1e-10)


def test_new_sizes_need_no_new_kernel_and_new_kinds_do():
    def f(x):
        return x * 2

    g = emulated(f)
    for n in (3, 50, 1000):
        np.testing.assert_array_equal(g(np.arange(n)), np.arange(n) * 2)
    assert len(g.kernels) == 1
    g(np.arange(3.0))
    assert len(g.kernels) == 2


def test_the_cuda_text_can_be_read():
    def f(x):
        return x + 1

    text = emulated(f).source(np.arange(3.0))
    assert "__global__" in text and text == ag.compile(f).source(np.arange(3.0), backend="cuda")
    with pytest.raises(UnsupportedError, match="opencl"):
        ag.compile(f).source(np.arange(3.0), backend="opencl")


def test_explain_tells_what_is_started_on_the_device():
    def f(x):
        return np.sort(x @ x, axis=0) + x.sum(axis=1)

    page = str(emulated(f).explain(RNG.standard_normal((40, 40))))
    assert "on a GPU" in page and "kernel f_" in page and "blocks of" in page
    assert "library gemm" in page and "sort on the host" in page
    assert "on a GPU" not in str(ag.compile(f).explain(RNG.standard_normal((40, 40))))


# ---- choice of the device ------------------------------------------------------------------------
def test_an_unknown_device_is_an_error():
    with pytest.raises(ConfigError, match="cpu or cuda or emulate"):
        ag.compile(lambda x: x, device="tpu")


@pytest.mark.skipif(not what_is_missing(), reason="there is a GPU")
def test_cuda_without_a_gpu_says_what_is_missing_or_uses_the_cpu():
    f = ag.compile(lambda x: x + 1, device="cuda")
    with pytest.raises(DeviceError, match="driver|CuPy"):
        f(np.arange(3.0))
    with config(force_device=False), pytest.warns(UserWarning, match="run on the CPU"):
        np.testing.assert_array_equal(f(np.arange(3.0)), [1, 2, 3])


def test_the_flag_chooses_the_device():
    code = (
        "import numpy as np, arignote as ag\n"
        "f = ag.compile(lambda x: x + 1)\n"
        "print(f(np.arange(3.0)), '__global__' in f.source(np.arange(3.0)))"
    )


    environment = {**os.environ, "ARIGNOTE_FLAGS": f"device=emulate,cache_dir={config.cache_dir}"}
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, env=environment
    )
    assert done.stdout.split("]")[-1].strip() == "True", done.stderr


# ---- the host's part -----------------------------------------------------------------------------
F8 = np.dtype("f8")


def scratch(name, *shape):
    return p.BufferInfo(name, F8, shape, "scratch")


def launch(*names):
    return p.Launch("k", ("1",), ("32",), tuple(p.Pointer(n) for n in names))


def plan(buffers, records):
    return p.CudaPlan("f", ("n",), ("n - 2",), tuple(buffers), tuple(records), ())


def test_scratch_that_never_lives_at_once_shares_its_place():
    made = plan(
        [scratch(x, "n") for x in "abc"], [launch("a"), launch("a", "b"), launch("b", "c")]
    )
    spans = lives(made)
    assert spans == {0: (0, 1), 1: (1, 2), 2: (2, 2)}
    offsets, size = layout(spans, {0: 800, 1: 800, 2: 800})
    assert offsets[0] == offsets[2] != offsets[1] and size == 1824


def test_what_a_loop_touches_lives_as_long_as_the_loop():
    loop = p.For("i", "0", "n", 1, (launch("a"), launch("b")))
    spans = lives(plan([scratch(x, "n") for x in "ab"], [loop, launch("b")]))
    assert spans == {0: (0, 0), 1: (0, 1)}


def test_buffers_that_an_alias_stands_for_live_together():
    alias = p.BufferInfo("x", F8, ("n",), "alias")
    binds = p.Bind(("x",), ("a",)), p.Bind(("x",), ("b",))
    records = [launch("a"), launch("b"), binds[0], launch("x"), binds[1]]
    spans = lives(plan([scratch("a", "n"), scratch("b", "n"), alias], records))
    assert spans == {0: (0, 4), 1: (0, 4)}


def test_the_hosts_part_is_python_that_can_be_read():
    records = [
        p.Set("m", "cdiv(n, 4)"),
        p.For("i", "0", "m", 2, (p.If("i > 2", (p.Break(),)), launch("a"))),
        p.While((p.Fetch("go", "a", F8),), "go", (p.Memset("a"),)),
        p.Fail(0, ("n",)),
    ]
    text, _ = host_text(plan([scratch("a", "n")], records))
    assert "return bool((n - 2) >= 0)" in text
    assert "for i in range(0, m, 2):" in text and "        if i > 2:\n            break" in text
    assert "while True:\n        go = _run.fetch(_b[0])\n        if not (go):\n" in text
    assert "_run.fail(0, (n,))" in text


# ---- validation ----------------------------------------------------------------------------------
def test_validation_executes_the_cuda_form_of_device_functions():
    def f(x):
        return (x - x.mean(axis=0)).sum(axis=1)

    report = emulated(f).validate(RNG.standard_normal((6, 7)))
    assert report.ok and "emulated CUDA" in str(report)
    assert "emulated CUDA" not in str(ag.compile(f).validate(RNG.standard_normal((6, 7))))


def test_debug_mode_finds_a_wrong_cuda_kernel(monkeypatch):
    real = specialised.emit

    def wrong(*given):
        module = real(*given)
        return replace(module, source=module.source.replace("* 3.0", "* 3.25"))

    monkeypatch.setattr(specialised, "emit", wrong)
    f = ag.compile(lambda x: x * 3.0, device="emulate", mode="DEBUG_MODE")
    with pytest.raises(DebugError, match="order 0 of the CUDA threads"):
        f(np.arange(1.0, 4.0))
