"""The functions over whole AVX-512 registers: their accuracy over the whole range, their edges, and
that an element's value does not depend on where it stands."""

import ctypes
import subprocess

import numpy as np
import pytest
from test_vector_math import EDGES, F4, F8, FUNCTIONS, MOST, WORST, numbers, wide, within

from arignote.emit.compiler import compiler_here
from arignote.emit.cython.vectors import COST, GUARD
from arignote.emit.scalar_code import code, library, wide_library

REFERENCES = {
    **FUNCTIONS,
    "log1p_up": (np.log1p, (0, 1.7e308), (0, 3e38)),
    "sin": (np.sin, (0, 0), (-2e5, 2e5)),
    "cos": (np.cos, (0, 0), (-2e5, 2e5)),
}
CASES = [(name, d) for d in (F8, F4) for name in COST[code(d)]]
AT_EDGES = {
    **EDGES,
    "log1p_up": [(0, 0), (np.inf, np.inf)],
    "sin": [(0, 0), (-0.0, -0.0), (np.inf, np.nan)],
    "cos": [(0, 1), (-0.0, 1), (-np.inf, np.nan)],
}


def each(cases):
    return pytest.mark.parametrize(
        ("name", "d"), cases, ids=lambda v: v if isinstance(v, str) else code(v)
    )


@pytest.fixture(scope="module")
def loops(tmp_path_factory):
    compiler = compiler_here()
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("wide")
    text = ""
    for name, d in CASES:
        t = code(d)
        text += f"""
void loop_{name}_{t}(const an_{t} *x, an_{t} *out, an_i8 n) {{
    an_i8 k = 0;
    for (; k + AN_LANES_{t} <= n; k += AN_LANES_{t})
        an_put_{t}(out + k, an_wide_{name}_{t}(an_get_{t}(x + k, 1, 0)), 1, 0);
    const an_mask_{t} m = an_first_{t}(n - k);
    if (k < n) an_put_{t}(out + k, an_wide_{name}_{t}(an_get_{t}(x + k, 0, m)), 0, m);
}}"""
    types = library([], "an_i8 an_u8 an_u4 an_f8 an_f4")
    parts = [types, f"#if {GUARD}", wide_library(text), text, "#endif"]
    (folder / "loops.c").write_text("\n".join(parts))
    flags = [o for o in compiler.options if o != "-fvisibility=hidden"]
    command = [*compiler.command, *flags, "loops.c", "-o", "loops.so", *compiler.libraries]
    subprocess.run(command, cwd=folder, check=True)
    found = ctypes.CDLL(str(folder / "loops.so"))
    if not hasattr(found, "loop_exp_f8"):
        pytest.skip("no AVX-512 here, or another compiler than gcc")
    return found


def computed(loops, name, x):
    out = np.full_like(x, 77)
    arguments = [ctypes.c_void_p(v.ctypes.data) for v in (x, out)]
    getattr(loops, f"loop_{name}_{code(x.dtype)}")(*arguments, ctypes.c_int64(x.size))
    return out


@each(CASES)
def test_errors_in_units_of_the_last_place(loops, name, d):
    reference, *ranges = REFERENCES[name]
    x = numbers(d, *ranges[d == F4])
    most = MOST.get(name.removesuffix("_up"), WORST)
    within(name, most, x, computed(loops, name, x), reference)


@each(CASES)
def test_edges_are_exact(loops, name, d):
    x, want = np.array([*AT_EDGES[name], (np.nan, np.nan)], d).T
    found = computed(loops, name, np.ascontiguousarray(x))
    np.testing.assert_array_equal(found, want)
    signed = ~np.isnan(want)
    np.testing.assert_array_equal(np.signbit(found)[signed], np.signbit(want)[signed])


@each([c for c in CASES if c[0] in ("exp", "expit", "softplus")])
def test_small_results_are_subnormal_not_zero(loops, name, d):
    x = np.linspace(*((-744, -709) if d == F8 else (-103, -88)), 2001).astype(d)
    found = computed(loops, name, x)
    assert (found > 0).all() and (np.diff(found) >= 0).all()


@each([c for c in CASES if c[0] in ("log", "log1p", "log1p_up")])
def test_logarithms_of_the_largest_and_the_smallest(loops, name, d):
    limits = np.finfo(d)
    x = np.array([limits.max, limits.max / 2, limits.tiny, limits.smallest_subnormal * 3], d)
    want = REFERENCES[name][0](x.astype(wide(d))).astype(d)
    np.testing.assert_allclose(computed(loops, name, x), want, rtol=2 * limits.eps)


@each(CASES)
def test_a_value_does_not_depend_on_its_place(loops, name, d):
    x = np.random.default_rng(3).uniform(0.01, 3, 101).astype(d)
    whole = computed(loops, name, x)
    for first, last in ((0, 1), (3, 10), (5, 36), (1, 101)):
        np.testing.assert_array_equal(
            computed(loops, name, x[first:last].copy()), whole[first:last]
        )


@each([c for c in CASES if c[0] == "expit"])
def test_logistic_functions_to_the_ends_of_the_range(loops, name, d):
    """Both tails, whose results are subnormal and one, and the nearest ones to 0.5."""
    most = 760 if d == F8 else 110
    near, all_over = np.linspace(-1e-3, 1e-3, 2_001), np.linspace(-most, most, 20_001)
    x = np.concatenate([all_over, near]).astype(d)
    found, wanted = computed(loops, name, x), REFERENCES[name][0](x.astype(wide(d)))
    units = np.spacing(np.abs(wanted.astype(d))).astype(wide(d))
    assert (np.abs(found - wanted) <= MOST[name] * units).all()
    assert found[0] == 0 and (found[x > 50] == 1).all()
