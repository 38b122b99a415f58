"""The C of every elementwise op, for every dtype, against NumPy: one C file, compiled once.

Loops over arrays are what is tested, because vector variants of libm's functions differ from the
scalar ones, also in what they make of nan, infinities and -0.0.
"""

import ctypes
import itertools
import platform
import subprocess
import warnings

import numpy as np
import pytest
import scipy.special

from arignote.emit.compiler import compiler_here
from arignote.emit.scalar_code import code, infix, library, scalar_function
from arignote.errors import DTypeError
from arignote.fxgraph.node import OPS, Op
from arignote.fxgraph.ops.family import cast

DTYPES = [np.dtype(t) for t in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()]
ELEMENTWISE = [
    op
    for _, op in sorted(OPS.items())
    if "elementwise" in op.traits
    and op is not cast
    and not op.traits & {"barrier", "library"}
]
#: max(-0.0, 0.0) is either zero, in NumPy too (it depends on the position in the array).
#: Where the result cancels to nearly nothing, units are those of 1.
CANCELS = {
    "gammaln", "digamma", "logaddexp", "logaddexp2", "log1p", "betaln", "kl_div", "j0", "j1", "y0",
    "y1", "erfcinv", "ndtri", "gammainc_shape", "gammainc_curve",
}  # fmt: skip
#: Functions of two numbers that SciPy itself computes well in the middle only; their edges are in
#: test_edges_of_functions_of_two_numbers.
MIDDLE = {
    "beta", "betaln", "gammainc", "gammaincc", "gammainc_shape", "gammainc_curve", "pseudo_huber",
}  # fmt: skip
#: Where SciPy itself is wrong: near its poles, beyond an early overflow, at subnormals.
SOUND = {
    "digamma": lambda x: x > -0.9,
    "gammaln": lambda x: np.abs(x) > 1e-300,
    "i0": lambda x: ~(np.abs(x) > 709.7) | np.isinf(x),
    "i1": lambda x: ~(np.abs(x) > 709.7) | np.isinf(x),
    "erfc": lambda x: ~(x > 26),
    "expit": lambda x: ~(x < (-87 if x.dtype.itemsize < 8 else -708)) | np.isinf(x),
}
SOUND |= {n: lambda x: ~(np.abs(x) > 600) | np.isinf(x) for n in ("j0", "j1", "y0", "y1")}
EITHER_ZERO = {"maximum", "minimum", "fmax", "fmin", "clip", "erfinv", "modf_fraction", "nextafter"}


def signatures(op: Op) -> list[tuple[np.dtype, ...]]:
    """The loops of an op: operand dtypes, then the result's."""
    found = {}
    kinds = [(d,) * op.extra["arity"] for d in DTYPES]
    if op.name == "polygamma":
        kinds = [(np.dtype(d), np.dtype("i8")) for d in ("f4", "f8")]
    elif op.name == "ldexp":
        kinds = [(d, np.dtype(i)) for d in DTYPES for i in ("i4", "i8")]
    elif op.name == "where":
        kinds = [(DTYPES[0], d, d) for d in DTYPES]
    elif op.extra["arity"] == 2:
        kinds += [(np.dtype("i8"), np.dtype("u8")), (np.dtype("u8"), np.dtype("i8"))]
    for k in kinds:
        try:
            found[tuple(op.extra["resolve"](*k))] = None
        except DTypeError:
            continue
    return list(found)


CASES = [(op, s) for op in ELEMENTWISE for s in signatures(op)]
CASTS = [(cast, pair) for pair in itertools.product(DTYPES, DTYPES) if pair[0] != pair[1]]


def case_name(op: Op, s: tuple[np.dtype, ...]) -> str:
    return "_".join(["loop", op.name, *map(code, s)])


@pytest.fixture(scope="session")
def loops(tmp_path_factory):
    compiler = compiler_here()
    if compiler is None:
        pytest.skip("no C compiler")
    folder = tmp_path_factory.mktemp("scalar")
    chunks: list[list[str]] = [[], []]
    for k, (op, s) in enumerate(CASES + CASTS):
        chunks[k % 2].append(loop_text(op, s))
    running = []
    for k, texts in enumerate(chunks):
        functions = [scalar_function(op, s[:-1], s[-1]) for op, s in (CASES + CASTS)[k::2]]
        source = folder / f"loops{k}.c"
        types = " ".join(f"an_{code(d)}" for d in DTYPES)
        source.write_text("\n".join([library(functions, types), *texts]))
        flags = [o for o in compiler.options if o not in ("-fvisibility=hidden", "-w")]
        running.append(
            subprocess.Popen(
                [*compiler.command, *flags, "-Wall", "-Wno-unused-function", "-Wno-unused-variable",
                 str(source), "-o", str(folder / f"loops{k}.so"), *compiler.libraries],
                stderr=subprocess.PIPE, text=True,
            )
        )
    for job in running:
        _, err = job.communicate()
        assert job.returncode == 0, err[:4000]
        assert "warning" not in err, err[:4000]
    return [ctypes.CDLL(str(folder / f"loops{k}.so")) for k in range(2)]


def loop_text(op: Op, s: tuple[np.dtype, ...]) -> str:
    operands, to = [code(d) for d in s[:-1]], code(s[-1])
    f = scalar_function(op, s[:-1], s[-1])
    args = ", ".join(f"const an_{c} *restrict {v}" for v, c in zip("xyz", operands))
    call = ", ".join(f"{v}[i]" for v, _ in zip("xyz", operands))
    return (
        f"void {case_name(op, s)}({args}, an_{to} *restrict out, int64_t n) "
        f"{{ for (int64_t i = 0; i < n; i++) out[i] = {f.name}({call}); }}"
    )


def run(loops, op, s, values):
    out = np.empty(values[0].shape, s[-1])
    f = next(getattr(lib, case_name(op, s)) for lib in loops if hasattr(lib, case_name(op, s)))
    f(*(ctypes.c_void_p(v.ctypes.data) for v in (*values, out)), ctypes.c_int64(out.size))
    return out


# ---- values ---------------------------------------------------------------------------------
def specials(d: np.dtype) -> np.ndarray:
    if d.kind == "b":
        return np.array([False, True])
    if d.kind in "iu":
        i = np.iinfo(d)
        near = [i.min, i.min + 1, i.max, i.max - 1, i.max // 2, i.min // 2]
        small = [v for v in range(-9, 70) if i.min <= v <= i.max]
        return np.array(near + small, d)
    if d.kind == "f":
        f = np.finfo(d)
        v = [0.0, 0.5, 1, 1.5, 2, 2.5, 3, 7, 10, 100, 1000, 1e4, 0.1, 1 / 3, np.pi, np.pi / 2]
        v += [np.inf, f.tiny, f.smallest_subnormal, f.tiny / 3, f.max, f.max / 2, f.eps, 1 + f.eps]
        v += [1 - f.eps / 2, 20, 28, 88.7, 89, 103.9, 709.7, 709.8, 745.1, 1e5, 1e15]
        with np.errstate(all="ignore"):
            v = np.array(v, np.float64).astype(d)
        return np.concatenate([v, -v, np.array([np.nan], d)])
    part = specials(np.dtype(f"f{d.itemsize // 2}"))[::3]
    part = np.concatenate([part, np.array([0, -0.0, 1, np.nan, np.inf, -np.inf], part.dtype)])
    a, b = np.meshgrid(part, part)
    out = np.empty(a.size, d)
    out.real, out.imag = a.ravel(), b.ravel()
    return out


def random_values(d: np.dtype, rng, n: int, domain) -> np.ndarray:
    if d.kind == "b":
        return rng.random(n) < 0.5
    if d.kind in "iu":
        i = np.iinfo(d)
        wide = rng.integers(i.min, i.max, n, dtype=d, endpoint=True)
        return np.where(rng.random(n) < 0.5, wide, wide % 17).astype(d)
    if d.kind == "c":
        out = np.empty(n, d)
        out.real, out.imag = rng.normal(size=n), rng.normal(size=n)
        return out
    low, high = domain
    near, far = rng.uniform(low, high, n), rng.normal(size=n) * 50
    return np.where(rng.random(n) < 0.7, near, far).astype(d)


def operands(op: Op, s: tuple[np.dtype, ...]) -> list[np.ndarray]:
    if op.name == "polygamma":  # orders that people ask for, where SciPy is sound
        x = np.random.default_rng(9).uniform(-0.9, 40, 600).astype(s[0])
        return [x, np.arange(600) % 9]
    rng = np.random.default_rng(len(op.name))
    n = 600
    lists = [specials(d) for d in s[:-1]]
    if op.name in MIDDLE:
        return [np.exp(rng.uniform(-5, 4, 4000)).astype(d) for d in s[:-1]]
    if len(lists) == 1:
        x = np.concatenate([lists[0], random_values(s[0], rng, n, op.extra["domain"])])
        return [x[SOUND[op.name](x)] if op.name in SOUND else x]
    if len(lists) == 2 and max(map(len, lists)) < 120:
        grid = [g.ravel() for g in np.meshgrid(*lists)]
    else:
        grid = [rng.choice(v, 4000) for v in lists]
    return [
        np.ascontiguousarray(np.concatenate([g, random_values(d, rng, n, op.extra["domain"])]))
        for g, d in zip(grid, s[:-1])
    ]


# ---- comparison -----------------------------------------------------------------------------
def distance(a: np.ndarray, b: np.ndarray, least: float) -> np.ndarray:
    """In units in the last place of b; 0 for equal values and two nans, inf if one is special."""
    if a.dtype.kind != "f":
        return np.where(a == b, 0.0, np.inf)
    with np.errstate(all="ignore"):
        gap = np.abs(a.astype(np.longdouble) - b.astype(np.longdouble))
        unit = np.spacing(np.maximum(np.abs(b), b.dtype.type(least)))
        ulps = (gap / unit.astype(np.longdouble)).astype(np.float64)
    same = (a == b) | (np.isnan(a) & np.isnan(b))
    ulps = np.where(np.isfinite(ulps), ulps, np.inf)
    return np.where(same, 0.0, ulps)


def complex_distance(a: np.ndarray, b: np.ndarray, least: float) -> np.ndarray:
    """Finite numbers by their distance in the plane; special ones have the same special parts."""
    with np.errstate(all="ignore"):
        unit = np.spacing(np.maximum(np.maximum(np.abs(b.real), np.abs(b.imag)), least))
        finite = np.isfinite(a) & np.isfinite(b)
        parts = np.maximum(np.abs(a.real - b.real), np.abs(a.imag - b.imag)) / unit
    same = np.where(finite, parts, 0.0)
    special = (np.isnan(a) & np.isnan(b)) | (np.isinf(a) & np.isinf(b))
    return np.where(finite | special, same, np.inf)


def reference(op: Op, s: tuple[np.dtype, ...], values: list[np.ndarray]) -> np.ndarray:
    with np.errstate(all="ignore"), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        if op is cast:
            return values[0].astype(s[-1])
        return np.asarray(op.reference(*values)).astype(s[-1])


def name(v) -> str:
    return v.name if isinstance(v, Op) else "-".join(map(code, v))


@pytest.mark.parametrize(("op", "s"), [c for c in CASES if c[0].name != "multiply_add"], ids=name)
def test_c_against_numpy(loops, op, s):
    values = operands(op, s)
    got, want = run(loops, op, s, values), reference(op, s, values)
    # NumPy's complex expm1 differs by a unit between its versions
    ulp = op.extra["ulp"] + (2 if op.name == "expm1" and s[-1].kind == "c" else 0)
    least = 1.0 if op.name in CANCELS else 0.0
    far = (complex_distance if s[-1].kind == "c" else distance)(got, want, least)
    bad = ~(far <= ulp)
    if s[-1].kind == "f" and op.name not in EITHER_ZERO | CANCELS:
        bad |= (np.signbit(got) != np.signbit(want)) & ~np.isnan(want)
    at = np.flatnonzero(bad)
    shown = [(*(v[i] for v in values), "->", got[i], "not", want[i], far[i]) for i in at[:8]]
    assert at.size == 0, f"{at.size} of {bad.size} values: {shown}"


@pytest.mark.parametrize("d", [np.dtype(t) for t in ("f2", "f4", "f8")], ids=code)
def test_a_product_in_a_sum_is_rounded_once_or_twice(loops, d):
    op, s = OPS["multiply_add"], (d,) * 4
    values = operands(op, s)
    got, twice = run(loops, op, s, values), reference(op, s, values)
    with np.errstate(all="ignore"):
        x, y, z = (v.astype(np.longdouble) for v in values)
        once = (x * y + z).astype(d)
    bad = np.flatnonzero((distance(got, once, 0.0) > 1) & (distance(got, twice, 0.0) > 0))
    assert bad.size == 0, [(*(v[i] for v in values), got[i], once[i]) for i in bad[:8]]


def test_edges_of_functions_of_two_numbers(loops):
    nan, inf = np.nan, np.inf
    x = [0.0, 0.0, 1.0, 2.0, -1.0, 1.0, 3.0, inf, inf, nan, 1e-10, 5000.0, 1e5]
    y = [0.0, 1.0, 0.0, inf, 1.0, -1.0, nan, 1.0, inf, 1.0, 0.5, 5000.0, 1e5 + 300]
    for name in ("gammainc", "gammaincc"):
        got = run(loops, OPS[name], (F8, F8, F8), [np.array(x), np.array(y)])
        np.testing.assert_allclose(got, getattr(scipy.special, name)(x, y), rtol=1e-12)
    x, y = np.array([0.0, 0.0, 1.0, 2.0]), np.array([0.0, 3.0, 0.0, 1e-300])
    for name in ("rel_entr", "kl_div"):
        got = run(loops, OPS[name], (F8, F8, F8), [x, y])
        np.testing.assert_allclose(got, getattr(scipy.special, name)(x, y), rtol=1e-14)
    x, y = np.array([1e8, 200.0, 0.5, 1e-3]), np.array([3.5, 300.0, 1e10, 40.0])
    got = run(loops, OPS["betaln"], (F8, F8, F8), [x, y])
    np.testing.assert_allclose(got, scipy.special.betaln(x, y), rtol=1e-13)


@pytest.mark.parametrize("s", [s for _, s in CASTS], ids=name)
def test_conversions_against_numpy(loops, s):
    drawn = random_values(s[0], np.random.default_rng(0), 500, (-300, 300))
    values = [np.concatenate([specials(s[0]), drawn])]
    got, want = run(loops, cast, s, values), reference(cast, s, values)
    same = (got == want) | ((got != got) & (want != want))
    at = np.flatnonzero(~same)
    assert at.size == 0, [(values[0][i], got[i], want[i]) for i in at[:8]]


# ---- text --------------------------------------------------------------------------------------
F8, F4, F2, I4, I1 = (np.dtype(t) for t in "f8 f4 f2 i4 i1".split())


def test_infix_only_where_the_c_operator_is_numpys():
    add, divide, less = (OPS[n] for n in ("add", "divide", "less"))
    assert infix(add, (F8, F8)) == "+" and infix(add, (I4, I4)) == "+"
    assert infix(less, (F4, F4)) == "<"
    assert infix(divide, (F8, F8)) == "/"
    assert infix(add, (I1, I1)) is None  # computed in int, not cut
    assert infix(add, (F2, F2)) is None
    assert infix(OPS["floor_divide"], (I4, I4)) is None
    assert infix(less, (np.dtype("i8"), np.dtype("u8"))) is None


def test_a_text_contains_only_what_it_uses_and_that_once():
    twice = [scalar_function(OPS["floor_divide"], (d, d), d) for d in (I1, I4, np.dtype("i2"))]
    text = library(twice)
    assert text.count("an_i4 an_floor_divide_i4(") == 1
    assert "an_i1 an_floor_divide_i1(an_i1 x, an_i1 y)" in text
    assert "complex" not in text and "an_f4" not in text and "lgamma" not in text
    assert text == library(twice)
    assert "typedef double an_f8;" in library([], "an_f8")


def test_a_kind_without_code_is_refused():
    with pytest.raises(DTypeError, match="bitwise_count has no scalar code for f8"):
        scalar_function(OPS["bitwise_count"], (F8,), np.dtype("u1"))


VECTOR = """add multiply divide exp log sin tanh erf power where maximum clip logaddexp expit
softplus less isnan absolute rint hypot arctan2 deg2rad""".split()


@pytest.mark.skipif(platform.machine() != "x86_64", reason="libmvec is declared for x86-64 only")
@pytest.mark.unsanitized
def test_loops_vectorise(tmp_path):
    compiler = compiler_here()
    if compiler is None or "gcc" not in compiler.command[0] or platform.libc_ver()[0] != "glibc":
        pytest.skip("vector variants are those of glibc, by gcc")
    cases = [(op, s) for op, s in CASES if op.name in VECTOR and s[-2] in (F4, F8)]
    head = library([scalar_function(op, s[:-1], s[-1]) for op, s in cases])
    source = tmp_path / "loops.c"
    source.write_text("\n".join([head, *(loop_text(op, s) for op, s in cases)]))
    flags = [*compiler.options, "-fopt-info-vec", "-fno-ipa-icf"]
    done = subprocess.run(
        [*compiler.command, *flags, str(source), "-o", str(tmp_path / "loops.so")],
        capture_output=True, text=True, check=True,
    )
    first = head.count("\n") + 2
    seen = {int(line.split(":")[1]) for line in done.stderr.splitlines() if "vectorized" in line}
    missing = [case_name(op, s) for k, (op, s) in enumerate(cases) if first + k not in seen]
    assert missing == []
