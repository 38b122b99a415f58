"""The sides of the GPU benchmark, each a process of its own: `python -m benchmarks.cuda_sides SIDE
FILE` appends a line of JSON a case to FILE, so that what was measured stays if time runs out.

A time is that of several calls and one wait at their end, over the number of calls; the first call,
which compiles, is apart.  Three sets of data in turn keep small ones out of the cache.
"""

from __future__ import annotations

import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from .cuda_cases import CASES, Arrays, Case, arguments

Call = Callable[..., Any]
GPU_IS_LOST = 3
_BATCH_S = 0.02
_ROUNDS = 10
_SETS = 3
#: JAX and PyTorch run their loops step by step: no more steps than this, times scaled.
_MOST_STEPS = 4096


def main(side: str, file: str, tiny: bool) -> None:
    """Measure every case that the side has and that the file has no line of.

    A line is written before a case, too, so that a crash or a hang is that case's.  Exits with
    status 3 where the GPU does not answer any more.
    """
    if side == "calibration":
        _write(file, calibration())
        return
    begun = _begun(file)
    prepare, put, wait = _SIDES[side]()
    for case in CASES:
        if case.name in begun:
            continue
        row: dict[str, Any] = {"side": side, "case": case.name}
        _write(file, {**row, "begun": True})
        try:
            call, scale = prepare(case)
            row |= _measured(call, case, put, wait, tiny, scale)
            if scale == 1:
                row["wrong"] = _difference(call, case, put)
        except Exception as error:  # whatever a library raises: the other cases go on
            said = str(error).splitlines() or [""]
            row["error"] = f"{type(error).__name__}: {said[0][:300]}"
        _write(file, row)
        if "error" in row and not _alive(wait):
            sys.exit(GPU_IS_LOST)


def _begun(file: str) -> set[str]:
    """The cases of the file's lines; half a line is what a process that was killed has left."""
    out = set()
    for line in Path(file).read_text().splitlines() if os.path.exists(file) else ():
        try:
            out.add(json.loads(line)["case"])
        except ValueError:
            continue
    return out


def _write(file: str, row: dict[str, Any]) -> None:
    with open(file, "a") as out:
        out.write(json.dumps(row) + "\n")


def _alive(wait: Call) -> bool:
    try:
        wait()
    except Exception:
        return False
    return True


def _difference(call: Call, case: Case, put: Call) -> float:
    """How far the answer for the small size is from NumPy's in float64, beside the largest value.

    The gradients of a side are compared with ours on the CPU.
    """
    import arignote as ag
    from arignote.config import config

    given = arguments(case, True, 7)
    wide = [a.astype("f8") if a.dtype == np.float32 else a for a in given]
    plain = case.program(np)
    if case.gradient:
        plain = ag.value_and_grad(plain, argnums=case.gradient)
    with config(mode="FAST_COMPILE"):
        want = plain(*wide)
    worst = 0.0
    for got, expected in zip(_leaves(call(*[put(a) for a in given])), _leaves(want), strict=True):
        a, b = np.asarray(_host(got), "f8"), np.asarray(expected, "f8")
        scale = max(float(np.abs(b).max()), 1e-30)
        worst = max(worst, float(np.abs(a - b).max()) / scale)
    return worst


def _leaves(x: Any) -> list[Any]:
    return [y for part in x for y in _leaves(part)] if isinstance(x, tuple | list) else [x]


def _host(x: Any) -> Any:
    if hasattr(x, "detach"):  # PyTorch's
        return x.detach().cpu().numpy()
    return x.get() if type(x).__module__ == "cupy" and hasattr(x, "get") else x


def calibration() -> dict[str, Any]:
    """The GPU's name, its copy bandwidth in byte/s, and the rate of a float32 product in FLOP/s."""
    import cupy
    from cupyx.profiler import benchmark

    def seconds(function: Any) -> float:
        return float(benchmark(function, (), n_repeat=5, n_warmup=2).gpu_times.min())

    a, b = cupy.empty(2**28, "f4"), cupy.empty(2**28, "f4")
    a[...] = cupy.random.standard_normal(2**28, dtype="f4")
    copy = 2 * a.nbytes / seconds(lambda: cupy.copyto(b, a))
    m = a[: 8192 * 8192].reshape(8192, 8192)
    product = 2 * 8192**3 / seconds(lambda: m @ m)
    name = cupy.cuda.runtime.getDeviceProperties(0)["name"].decode()
    driver = cupy.cuda.runtime.driverGetVersion()
    return {
        "gpu": name, "copy": copy, "product": product, "cupy": cupy.__version__, "driver": driver,
        "runtime": cupy.cuda.runtime.runtimeGetVersion(),
    }  # fmt: skip


def _measured(
    call: Call, case: Case, put: Call, wait: Call, tiny: bool, scale: float
) -> dict[str, Any]:
    sets = [_shortened(arguments(case, tiny, k), scale) for k in range(1 if tiny else _SETS)]
    given = [tuple(put(a) for a in s) for s in sets]
    wait()
    started = time.perf_counter()
    call(*given[0])
    wait()
    first = time.perf_counter() - started
    started = time.perf_counter()
    call(*given[0])
    wait()
    once = max(time.perf_counter() - started, 1e-7)
    calls = 1 if tiny else max(len(given), min(1000, int(_BATCH_S / once)))
    times, hosts = [], []
    for _ in range(1 if tiny else _ROUNDS):
        started = time.perf_counter()
        for k in range(calls):
            call(*given[k % len(given)])
        hosts.append((time.perf_counter() - started) / calls)
        wait()
        times.append((time.perf_counter() - started) / calls)
    return {
        "seconds": statistics.median(times) * scale, "host": statistics.median(hosts) * scale,
        "latency": once, "first": first, "scaled": scale,
    }  # fmt: skip


def _shortened(given: Arrays, scale: float) -> Arrays:
    """The scan's inputs with a part of their steps."""
    if scale == 1:
        return given
    return tuple(a[: int(len(a) / scale)] if a.ndim and len(a) > _MOST_STEPS else a for a in given)


# ---- ours and CuPy -----------------------------------------------------------------------------
def _arignote() -> tuple[Call, Call, Call]:
    import cupy

    import arignote as ag

    def prepare(case: Case) -> tuple[Call, float]:
        function = case.program(np)
        if case.gradient:
            function = ag.value_and_grad(function, argnums=case.gradient)
        return ag.compile(function), 1.0

    return prepare, cupy.asarray, cupy.cuda.Device().synchronize


def _cupy() -> tuple[Call, Call, Call]:
    import cupy

    def prepare(case: Case) -> tuple[Call, float]:
        if case.gradient:
            raise NotImplementedError("CuPy has no gradients")
        return case.program(cupy), 1.0

    return prepare, cupy.asarray, cupy.cuda.Device().synchronize


def _cupy_fuse() -> tuple[Call, Call, Call]:
    import cupy

    def prepare(case: Case) -> tuple[Call, float]:
        if case.gradient or not case.name.startswith(("1 ", "2 ", "3 ", "8 ")):
            raise NotImplementedError("cupy.fuse takes elementwise functions")
        return cupy.fuse(case.program(cupy)), 1.0

    return prepare, cupy.asarray, cupy.cuda.Device().synchronize


# ---- JAX -----------------------------------------------------------------------------------------
def _jax() -> tuple[Call, Call, Call]:
    import jax
    import jax.numpy as jnp

    jax.config.update("jax_enable_x64", True)
    last: list[Any] = []

    def prepare(case: Case) -> tuple[Call, float]:
        number = case.name.split(" ")[0]
        function = case.program(jnp) if case.functional else _JAX_LOOPS[number](jax, jnp)
        if case.gradient:
            function = jax.value_and_grad(function, argnums=case.gradient)
        made = jax.jit(function)

        def call(*given: Any) -> Any:
            last[:] = [made(*given)]
            return last[0]

        return call, max(1.0, case.sizes[0] / _MOST_STEPS) if number == "10" else 1.0

    return prepare, jnp.asarray, lambda: jax.block_until_ready(last)


def _jax_neurons(jax: Any, jnp: Any) -> Call:
    def step(v: Any, x: Any) -> Any:
        v = 0.9 * v + x
        return v * (v <= 1), (v > 1).astype(x.dtype)

    return lambda x: jax.lax.scan(step, jnp.zeros(x.shape[1], x.dtype), x)[1]


def _jax_long(jax: Any, jnp: Any) -> Call:
    def f(a: Any, x: Any) -> Any:
        start = jnp.zeros(x.shape[1], x.dtype)
        return jax.lax.scan(lambda h, xt: (jnp.tanh(a * h + xt), None), start, x)[0]

    return f


def _jax_recurrence(jax: Any, jnp: Any) -> Call:
    def f(w: Any, x: Any) -> Any:
        start = jnp.zeros(x.shape[1:], x.dtype)
        return jax.lax.scan(lambda h, xt: (jnp.tanh(h @ w + xt), None), start, x)[0]

    return f


def _jax_scatter(jax: Any, jnp: Any) -> Call:
    return lambda v, at, table: jnp.zeros_like(table).at[at].add(v * table[at])


_JAX_LOOPS = {"9": _jax_neurons, "10": _jax_long, "11": _jax_recurrence, "12": _jax_scatter}


# ---- PyTorch -------------------------------------------------------------------------------------
def _torch(mode: str) -> Callable[[], tuple[Call, Call, Call]]:
    def made() -> tuple[Call, Call, Call]:
        import torch

        def prepare(case: Case) -> tuple[Call, float]:
            number = case.name.split(" ")[0]
            if case.name not in _TORCH and number not in _TORCH:
                raise NotImplementedError("not written for PyTorch")
            function = _TORCH.get(case.name, _TORCH.get(number))(torch, case)
            if number in ("9", "10"):
                return function, max(1.0, case.sizes[0] / 256)  # unrolled while it compiles
            return torch.compile(function, mode=mode), 1.0

        return prepare, lambda a: torch.from_numpy(a).cuda(), torch.cuda.synchronize

    return made


def _torch_rnn(torch: Any, case: Case) -> Call:
    size = case.sizes[-1]
    cell = torch.nn.RNN(size, size, bias=False).cuda()

    def f(w: Any, x: Any) -> Any:
        with torch.no_grad():
            return cell(x)[0][-1]

    return f


_TORCH: dict[str, Any] = {
    "1": lambda torch, case: case.program(torch),
    "2": lambda torch, case: case.program(torch),
    "3": lambda torch, case: lambda x: torch.sum(x * x + torch.sin(x)),
    "4 logsumexp, axis 1": lambda torch, case: lambda x: torch.logsumexp(x, 1),
    "4 logsumexp, axis 0": lambda torch, case: lambda x: torch.logsumexp(x, 0),
    "5 softmax": lambda torch, case: lambda x: torch.softmax(x, 1),
    "8": lambda torch, case: case.program(torch),
    "11": _torch_rnn,
    "12": lambda torch, case: lambda v, at, table: torch.zeros_like(table).index_add_(
        0, at, v * table[at]
    ),
}

_SIDES: dict[str, Callable[[], tuple[Call, Call, Call]]] = {
    "arignote": _arignote, "cupy": _cupy, "cupy.fuse": _cupy_fuse, "jax": _jax,
    "torch": _torch("default"), "torch, graphs": _torch("reduce-overhead"),
}  # fmt: skip

if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], "--tiny" in sys.argv)
