"""The functions of our own in the preambles: their accuracy over the whole range, in vector loops.

References are NumPy's in long double (for float64) and in float64 (for float32).
"""

import ctypes
import subprocess

import numpy as np
import pytest

from arignote.emit.compiler import compiler_here
from arignote.emit.scalar_code import code, library, scalar_function
from arignote.fxgraph.ops import exponential, special, trigonometric

OPS = {
    op.name: op
    for op in (
        exponential.exp, exponential.expm1, exponential.log, exponential.log1p, exponential.expit,
        trigonometric.tanh, special.softplus,
    )
}  # fmt: skip
F4, F8 = np.dtype("f4"), np.dtype("f8")
LONG = np.longdouble
#: Most ulp allowed: of the functions whose last step rounds once, and of the others.
MOST = {"exp": 2.2, "log": 1.5, "log1p": 2.0, "expm1": 2.5, "expit": 2.7}
WORST = 4.0
COUNT = 60_000


def softplus(x):
    return np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))


def expit(x):
    small = np.exp(-np.abs(x))
    return np.where(x < 0, small, 1) / (1 + small)


#: name: reference, and the range where the result is neither constant nor out of bounds
FUNCTIONS = {
    "exp": (np.exp, (-746, 710), (-105, 89)),
    "expm1": (np.expm1, (-50, 710), (-30, 89)),
    "log": (np.log, (0, 1e308), (0, 3e38)),
    "log1p": (np.log1p, (-1, 1e308), (-1, 3e38)),
    "tanh": (np.tanh, (-23, 23), (-12, 12)),
    "expit": (expit, (-746, 40), (-105, 20)),
    "softplus": (softplus, (-746, 800), (-105, 200)),
}
CASES = [(name, d) for name in FUNCTIONS for d in (F8, F4)]


def loop_name(name: str, d: np.dtype) -> str:
    return f"loop_{name}_{code(d)}"


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    compiler = compiler_here()
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("vector")
    functions = {(n, d): scalar_function(OPS[n], (d,), d) for n, d in CASES}
    text = [library(functions.values(), "an_i8")]
    for (name, d), f in functions.items():
        kind = f"an_{code(d)}"
        text.append(
            f"void {loop_name(name, d)}(const {kind} *restrict x, {kind} *restrict out, an_i8 n) "
            f"{{ for (an_i8 i = 0; i < n; i++) out[i] = {f.name}(x[i]); }}"
        )
    (folder / "loops.c").write_text("\n".join(text))
    flags = [o for o in compiler.options if o != "-fvisibility=hidden"]
    command = [*compiler.command, *flags, "loops.c", "-o", "loops.so", *compiler.libraries]
    subprocess.run(command, cwd=folder, check=True)
    return ctypes.CDLL(str(folder / "loops.so"))


def computed(loops, name: str, x: np.ndarray) -> np.ndarray:
    out = np.empty_like(x)
    arguments = [ctypes.c_void_p(v.ctypes.data) for v in (x, out)]
    getattr(loops, loop_name(name, x.dtype))(*arguments, ctypes.c_int64(x.size))
    return out


def numbers(d: np.dtype, low: float, high: float) -> np.ndarray:
    """Even in value over the range, and even in magnitude from subnormal numbers on."""
    rng, limits = np.random.default_rng(7), np.finfo(d)
    even, near = rng.uniform(low, high, COUNT), rng.uniform(max(low, -4), min(high, 4), COUNT)
    sizes = rng.uniform(np.log2(limits.smallest_subnormal), np.log2(high), COUNT)
    with np.errstate(all="ignore"):
        scaled = (np.exp2(sizes) * rng.choice([-1.0, 1.0], COUNT)).astype(d)
    x = np.concatenate([even.astype(d), near.astype(d), scaled])
    return x[(x > low) & (x < high)]


def wide(d: np.dtype) -> np.dtype:
    """A dtype with enough bits more than d to measure its errors in."""
    if d == F8 and np.finfo(LONG).nmant < 60:
        pytest.skip("long double is no wider than double here")
    return np.dtype(LONG) if d == F8 else F8


@pytest.mark.parametrize(("name", "d"), CASES, ids=lambda v: v if isinstance(v, str) else code(v))
def test_errors_in_units_of_the_last_place(loops, name, d):
    reference, *ranges = FUNCTIONS[name]
    x = numbers(d, *ranges[d == F4])
    within(name, MOST.get(name, WORST), x, computed(loops, name, x), reference)


def within(name, most, x, found, reference):
    """Are computed values at most so many units of the last place from the exact ones?"""
    d = x.dtype
    exact = reference(x.astype(wide(d)))
    with np.errstate(all="ignore"):
        units = np.spacing(np.abs(exact.astype(d))).astype(exact.dtype)
        far = np.abs(found.astype(exact.dtype) - exact) / units
        assert np.isfinite(found[np.isfinite(exact.astype(d))]).all()
    at = int(np.nanargmax(far))
    assert far[at] <= most, f"{name}({x[at]!r}) = {found[at]!r}, not {exact[at]!r}: {far[at]} ulp"


EDGES = {
    "exp": [(-np.inf, 0), (np.inf, np.inf), (0, 1), (-0.0, 1), (1e30, np.inf), (-1e30, 0)],
    "expm1": [(-np.inf, -1), (np.inf, np.inf), (-0.0, -0.0), (1e30, np.inf), (-1e30, -1)],
    "log": [(0, -np.inf), (-0.0, -np.inf), (np.inf, np.inf), (-1, np.nan), (1, 0)],
    "log1p": [(-1, -np.inf), (-0.0, -0.0), (np.inf, np.inf), (-1.5, np.nan), (-np.inf, np.nan)],
    "tanh": [(-np.inf, -1), (np.inf, 1), (-0.0, -0.0), (1e30, 1), (-1e30, -1)],
    "expit": [(-np.inf, 0), (np.inf, 1), (0, 0.5), (1e30, 1), (-1e30, 0)],
    "softplus": [(-np.inf, 0), (np.inf, np.inf), (1e30, 1e30), (-1e30, 0)],
}


@pytest.mark.parametrize(("name", "d"), CASES, ids=lambda v: v if isinstance(v, str) else code(v))
def test_edges_are_exact(loops, name, d):
    x, want = np.array([*EDGES[name], (np.nan, np.nan)], d).T
    found = computed(loops, name, np.ascontiguousarray(x))
    np.testing.assert_array_equal(found, want)
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(found)[signed], np.signbit(want)[signed])


@pytest.mark.parametrize("d", [F8, F4], ids=code)
def test_small_results_are_subnormal_not_zero(loops, d):
    low, count = (-745, 40) if d == F8 else (-103, 15)
    x = np.linspace(low, low + count, 200, dtype=d)
    exact = np.exp(x.astype(wide(d)))
    units = np.maximum(np.spacing(exact.astype(d)), np.finfo(d).smallest_subnormal)
    for name in ("exp", "expit", "softplus"):
        found = computed(loops, name, x)
        assert (found[1:] > 0).all() or name == "softplus"
        assert (np.abs(found - exact) <= 3 * units).all()


@pytest.mark.parametrize("name", FUNCTIONS)
def test_one_number_is_as_a_loop_of_them(loops, name):
    """What is left over at the end of a loop has the bits of its middle."""
    x = np.linspace(0.01, 3, 67)
    together = computed(loops, name, x)
    alone = np.concatenate([computed(loops, name, x[k : k + 1]) for k in range(x.size)])
    np.testing.assert_array_equal(together, alone)
