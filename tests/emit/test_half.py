"""float16 in emitted code: bits in memory, single precision in registers, vector loops."""

import subprocess

import numpy as np
import pytest

import arignote as ag
from arignote.emit.compiler import compiler_here
from arignote.emit.scalar_code import library, scalar_function
from arignote.fxgraph.ops import elementwise as ew
from arignote.fxgraph.ops.family import cast

HALF, SINGLE, DOUBLE = (np.dtype(t) for t in ("f2", "f4", "f8"))


def every_half():
    return np.arange(2**16, dtype=np.uint16).view(np.float16)


def test_every_half_goes_up_and_down():
    up = ag.compile(lambda x: (x.astype(np.float32), x.astype(np.float64)))
    down = ag.compile(lambda x: x.astype(np.float16))
    x = every_half()
    single, double = up(x)
    np.testing.assert_array_equal(single, x.astype(np.float32))
    np.testing.assert_array_equal(double, x.astype(np.float64))
    np.testing.assert_array_equal(down(single), x)
    np.testing.assert_array_equal(down(double), x)


@pytest.mark.parametrize("wide", ["f4", "f8"])
def test_rounding_to_half_is_numpys(wide):
    rng = np.random.default_rng(0)
    x = np.sort(every_half()[np.isfinite(every_half())].astype(wide))
    middle = (x[1:] + x[:-1]) / 2
    near = [np.nextafter(middle, np.array(s * np.inf, wide)) for s in (1, -1)]
    large = [65519.0, 65519.99, 65520.0, 65536.0, 1e30, -65520.0, np.inf, -np.inf, np.nan, 1e-30]
    values = np.concatenate([x, middle, *near, rng.normal(size=5000), large]).astype(wide)
    with np.errstate(all="ignore"):
        want = values.astype(np.float16)
    got = ag.compile(lambda x: x.astype(np.float16))(values)
    np.testing.assert_array_equal(got, want)
    np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


def mixture(x, y):
    z = np.where(x > y, x * np.float16(1.5), 2.0 - y)
    z[::3] = 7.0
    return z, np.max(z), np.min(x), z.sum(), np.mean(y), (x > 0.5).sum(), z.cumsum()[-1], -x


def test_programs_of_halves():
    rng = np.random.default_rng(1)
    x, y = (rng.uniform(0, 1, 200).astype(np.float16) for _ in range(2))
    for got, want in zip(ag.compile(mixture)(x, y), mixture(x, y)):
        assert got.dtype == want.dtype
        np.testing.assert_allclose(got, want, rtol=4e-3)


def test_a_running_maximum_in_a_loop():
    def f(x):
        best, at = np.float16(-np.inf), 0
        for i in range(len(x)):
            if x[i] > best:
                best = x[i]
                at = i
        return best, at

    x = np.random.default_rng(2).normal(size=100).astype(np.float16)
    got, want = ag.compile(f)(x), f(x)
    assert got == want and got[0].dtype == np.float16


@pytest.mark.unsanitized
def test_loops_of_halves_are_vectorised(tmp_path):
    compiler = compiler_here()
    if compiler is None or "gcc" not in compiler.command[0]:
        pytest.skip("asks gcc what it vectorised")
    functions = [
        scalar_function(ew.exp, (HALF,), HALF), scalar_function(ew.add, (HALF, HALF), HALF),
        scalar_function(cast, (DOUBLE,), HALF),
    ]  # fmt: skip
    loop = "void f{}(an_f2 *restrict o, {} *restrict x) {{ for (int i = 0; i < 512; i++) {} }}"
    lines = [
        loop.format(0, "an_f2", f"o[i] = {functions[0].name}(x[i]);"),
        loop.format(1, "an_f2", f"o[i] = {functions[1].name}(x[i], x[i]);"),
        loop.format(2, "an_f8", f"o[i] = {functions[2].name}(x[i]);"),
    ]
    head = library(functions, "an_f2 an_f8")
    (tmp_path / "f.c").write_text("\n".join([head, *lines]))
    done = subprocess.run(
        [*compiler.command, *compiler.options, "-fopt-info-vec", "-c", "f.c", "-o", "f.o"],
        capture_output=True, text=True, check=True, cwd=tmp_path,
    )  # fmt: skip
    first = head.count("\n") + 2
    seen = {int(line.split(":")[1]) for line in done.stderr.splitlines() if "vectorized" in line}
    assert {first, first + 1, first + 2} <= seen
