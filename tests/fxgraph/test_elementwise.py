"""Elementwise ops, from their declarations: dtype rules, meaning, folding, derivatives."""

import itertools
import subprocess
import sys

import numpy as np
import pytest
import scipy.special

from arignote.errors import ArignoteError, DTypeError
from arignote.fxgraph.constants import is_const, new_input, value_of
from arignote.fxgraph.graph import Graph
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import OPS, Op
from arignote.fxgraph.ops import elementwise as e
from arignote.fxgraph.ops.family import cast
from arignote.fxgraph.ops.special import polygamma
from arignote.fxgraph.verify import verify

DTYPES = [np.dtype(t) for t in "? i1 i2 i4 i8 u1 u2 u4 u8 f2 f4 f8 c8 c16".split()]
PYTHON = [True, 3, 2.5, 1j]
ALL = [
    op
    for _, op in sorted(OPS.items())
    if "elementwise" in op.traits and op is not cast and "barrier" not in op.traits
]  # barriers are identities that change derivatives: tests/transforms
UFUNCS = [op for op in ALL if op.numpy and getattr(op.numpy[0], "nin", 3) <= 2]


def name(v):
    return v.name if isinstance(v, Op) else str(v)


# ---- dtypes ---------------------------------------------------------------------------------
def outcome(f, *args):
    """The dtype of a result, or "error"."""
    try:
        with np.errstate(all="ignore"):
            return f(*args).dtype
    except (TypeError, ArignoteError):
        return "error"


@pytest.mark.parametrize("op", UFUNCS, ids=name)
def test_result_dtypes_are_numpys(op):
    ufunc = op.numpy[0]
    kinds = [np.ones(2, d) for d in DTYPES]
    nodes = [new_input("x", d, (2,)) for d in DTYPES]
    if ufunc.nin == 1:
        cases = [((n,), (k,)) for n, k in zip(nodes, kinds)]
    else:
        cases = list(zip(itertools.product(nodes, nodes), itertools.product(kinds, kinds)))
        cases += [((n, p), (k, p)) for n, k in zip(nodes, kinds) for p in PYTHON]
        cases += [((p, n), (p, k)) for n, k in zip(nodes, kinds) for p in PYTHON]
    for ours, theirs in cases:
        assert outcome(op, *ours) == outcome(ufunc, *theirs), list(map(str, ours))


@pytest.mark.parametrize("op", [e.where, e.clip, e.py_max], ids=name)
def test_result_dtypes_of_choices(op):
    f = {"where": np.where, "clip": np.clip, "py_max": lambda x, y: np.where(True, x, y)}[op.name]
    for a, b in itertools.product(DTYPES, DTYPES):
        x, y = np.ones(2, a), np.ones(2, b)
        p, q = new_input("x", a, (2,)), new_input("y", b, (2,))
        if op is e.py_max and "c" in (a.kind, b.kind):
            with pytest.raises(DTypeError, match="no order"):
                op(p, q)
            continue
        first = () if op is e.py_max else (np.ones(2, bool),) if op is e.where else (x,)
        ours = () if op is e.py_max else (new_input("c", "?", (2,)),) if op is e.where else (p,)
        assert op(*ours, p, q).dtype == f(*first, x, y).dtype


@pytest.mark.parametrize("op", [o for o in ALL if str(o.numpy[:1]).startswith("('scipy")], ids=name)
def test_result_dtypes_are_scipys(op):
    f = getattr(scipy.special, op.numpy[0].split(".")[-1])
    for a in [d for d in DTYPES if d.kind != "c"]:
        args = [np.ones(2, a)] * op.extra["arity"]
        nodes = [new_input("x", a, (2,))] * op.extra["arity"]
        assert op(*nodes).dtype == f(*args).dtype
    if op.extra["arity"] == 2:
        for a, b in itertools.product([d for d in DTYPES if d.kind != "c"], repeat=2):
            got = op(new_input("x", a, (2,)), new_input("y", b, (2,))).dtype
            assert got == f(np.ones(2, a), np.ones(2, b)).dtype, (a, b)
    with pytest.raises(DTypeError):
        op(*[new_input("z", "c16", (2,))] * op.extra["arity"])


def test_python_integers_compare_by_value():
    x = new_input("x", "u1", (3,))
    n = new_input("n", "i8", (), True)
    value = np.array([0, 44, 255], "u1")
    for k in (300, -1, 44, 255):
        (got,) = interpret(Graph((x,), (e.equal(x, k),)), {x: value})
        np.testing.assert_array_equal(got, value == k)
        for op, f in ((e.less, np.less), (e.greater_equal, np.greater_equal)):
            (got,) = interpret(Graph((x, n), (op(x, n),)), {x: value, n: k})
            np.testing.assert_array_equal(got, f(value, k))


def test_constants_fold_and_overflow_as_numpy():
    assert is_const(e.add(1, 2)) and value_of(e.add(1, 2)) == 3
    assert value_of(e.divide(1.0, 0)) == np.inf
    with pytest.raises(OverflowError):
        e.add(new_input("x", "i1", (2,)), 300)


def test_operators_without_a_loop_say_so():
    with pytest.raises(DTypeError, match="subtract"):
        e.subtract(new_input("x", "?", (2,)), new_input("y", "?", (2,)))


# ---- meaning of what NumPy has not, or otherwise --------------------------------------------
def run(node, feeds):
    graph = Graph(tuple(feeds), (node,))
    verify(graph, "the test")
    return interpret(graph, feeds)[0]


def test_integer_powers_are_total():
    x, y = new_input("x", "i4", (5,)), new_input("y", "i4", (5,))
    base, exponent = np.array([2, 1, -1, -1, 0], "i4"), np.array([-1, -2, -3, -4, -1], "i4")
    got = run(e.power(x, y), {x: base, y: exponent})
    np.testing.assert_array_equal(got, [0, 1, -1, 1, 0])


def test_python_max_keeps_the_first():
    x, y = new_input("x", "f8", (4,)), new_input("y", "f8", (4,))
    a, b = np.array([np.nan, 1.0, 0.0, 2.0]), np.array([1.0, np.nan, -0.0, 3.0])
    for op, f in ((e.py_max, max), (e.py_min, min)):
        got = run(op(x, y), {x: a, y: b})
        want = np.array([f(p, q) for p, q in zip(a.tolist(), b.tolist())])
        np.testing.assert_array_equal(got, want)
        np.testing.assert_array_equal(np.signbit(got), np.signbit(want))


@pytest.mark.parametrize("decimals", [-2, -1, 0, 1, 3])
@pytest.mark.parametrize("dtype", ["i4", "u1", "f2", "f4", "f8", "c16"])
def test_round(decimals, dtype):
    value = (np.random.default_rng(0).normal(size=50) * 100).astype(dtype)
    x = new_input("x", dtype, (50,))
    got = run(e.round_(x, decimals), {x: value})
    want = np.round(value, decimals)
    assert got.dtype == want.dtype
    np.testing.assert_array_equal(got, want)


def test_functions_made_of_ops():
    z, x = new_input("z", "c16", (4,)), new_input("x", "f8", (5,))
    zs = np.array([1 + 2j, -1.0, 0, -2 - 1j])
    xs = np.array([0.0, 0.3, np.nan, np.inf, -np.inf])
    np.testing.assert_array_equal(run(e.angle(z), {z: zs}), np.angle(zs))
    np.testing.assert_array_equal(run(e.nan_to_num(x), {x: xs}), np.nan_to_num(xs))
    want = np.nan_to_num(xs, nan=1, posinf=2, neginf=3)
    np.testing.assert_array_equal(run(e.nan_to_num(x, 1, 2, 3), {x: xs}), want)
    np.testing.assert_allclose(run(e.sinc(x), {x: xs[:5]}), np.sinc(xs))
    got = run(e.select([e.less(x, 0.2), e.less(x, 1)], [x, 10.0], -1.0), {x: xs})
    np.testing.assert_array_equal(got, np.select([xs < 0.2, xs < 1], [xs, 10.0], -1.0))
    for f, pair in ((np.frexp, e.frexp(x)), (np.modf, e.modf(x)), (np.divmod, e.divmod_(x, 0.7))):
        with np.errstate(all="ignore"):
            want = f(xs, 0.7) if f is np.divmod else f(xs)
        for ours, theirs in zip(pair, want):
            np.testing.assert_array_equal(run(ours, {x: xs}), theirs)


# ---- derivatives ----------------------------------------------------------------------------


def float_case(op: Op):
    """Operand dtypes of a float64 (else complex128) loop; None when the op has none."""
    kinds = [np.dtype("f8")] * op.extra["arity"]
    if op is e.ldexp:
        kinds[1] = np.dtype("i4")
    if op is polygamma:
        kinds[1] = np.dtype("i8")
    if op is e.where:
        kinds[0] = np.dtype("?")
    try:
        *want, out = op.extra["resolve"](*kinds)
    except DTypeError:
        return None
    return want if out.kind in "fc" else None


DIFFERENTIABLE = [op for op in ALL if op.vjp is not None and float_case(op)]


def sample(d, rng, domain, n=40):
    if d.kind == "b":
        return rng.random(n) < 0.5
    if d.kind == "i":
        return rng.integers(-3, 4, n).astype(d)
    low, high = domain
    return rng.uniform(low, high, n)


@pytest.mark.parametrize("op", DIFFERENTIABLE, ids=name)
def test_derivatives_by_differences(op):
    dtypes = float_case(op)
    rng = np.random.default_rng(1)
    values = [sample(d, rng, op.extra["domain"]) for d in dtypes]
    if op is e.clip:
        values[1], values[2] = np.full(40, -1.0), np.full(40, 1.0)
    if op is polygamma:
        values[1] = rng.integers(0, 5, 40)
    inputs = [new_input("xyz"[i], d, (40,)) for i, d in enumerate(dtypes)]
    out = op(*inputs)
    feeds = dict(zip(inputs, values))
    g = new_input("g", out.dtype, (40,))
    weight = rng.normal(size=40)
    if out.dtype.kind == "c":
        weight = weight + 1j * rng.normal(size=40)
    parts = op.vjp(g, out, *inputs, **out.kwargs)
    assert len(parts) == len(inputs)
    for i, d in enumerate(dtypes):
        if d.kind != "f":
            assert parts[i] is None
            continue
        h = 1e-6
        moved = [v.copy() for v in values]
        moved[i] = values[i] + h
        up = run(out, dict(zip(inputs, moved)))
        moved[i] = values[i] - h
        slope = (up - run(out, dict(zip(inputs, moved)))) / (2 * h)
        if parts[i] is None:
            np.testing.assert_allclose(slope, 0, atol=1e-8)
        else:
            assert parts[i].dtype == d and parts[i].shape == out.shape
            got = run(parts[i], {**feeds, g: weight})
            # the cotangent of a real operand is the real part of the transpose
            want = np.real(slope * weight) if op is not e.make_complex else (
                weight.real if i == 0 else -weight.imag
            )
            np.testing.assert_allclose(got, want, rtol=2e-6, atol=2e-8)
        tangents = [None] * len(inputs)
        tangents[i] = t = new_input("t", d, (40,))
        forward = op.jvp(tuple(tangents), out, *inputs, **out.kwargs)
        direction = rng.normal(size=40)
        if forward is None:
            np.testing.assert_allclose(slope, 0, atol=1e-8)
        else:
            assert forward.dtype == out.dtype and forward.shape == out.shape
            got = run(forward, {**feeds, t: direction})
            np.testing.assert_allclose(got, slope * direction, rtol=2e-6, atol=2e-8)


HOLOMORPHIC = [
    op
    for op in DIFFERENTIABLE
    if op.name
    in """add subtract multiply divide negative positive square reciprocal exp exp2 expm1 log log2
    log10 log1p sqrt power float_power sin cos tan arcsin arccos arctan sinh cosh tanh arcsinh
    arccosh arctanh""".split()
]


@pytest.mark.parametrize("op", HOLOMORPHIC, ids=name)
def test_holomorphic_cotangents_are_not_conjugated(op):
    rng = np.random.default_rng(2)
    n = op.extra["arity"]
    values = [rng.uniform(0.3, 1.5, 20) + 1j * rng.uniform(0.2, 0.9, 20) for _ in range(n)]
    inputs = [new_input("xyz"[i], "c16", (20,)) for i in range(n)]
    out = op(*inputs)
    g = new_input("g", "c16", (20,))
    weight = rng.normal(size=20) + 1j * rng.normal(size=20)
    parts = op.vjp(g, out, *inputs)
    for i in range(n):
        h = 1e-6 * (1 + 1j)
        moved = [v + h * (k == i) for k, v in enumerate(values)]
        back = [v - h * (k == i) for k, v in enumerate(values)]
        slope = (run(out, dict(zip(inputs, moved))) - run(out, dict(zip(inputs, back)))) / (2 * h)
        got = run(parts[i], {**dict(zip(inputs, values)), g: weight})
        np.testing.assert_allclose(got, slope * weight, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("op", [e.real, e.imag, e.conjugate, e.absolute, e.sign], ids=name)
def test_parts_of_complex_numbers(op):
    """Tangents by differences along a direction; cotangents as the transpose, JAX's convention:
    <ct, jvp(t)> = <vjp(ct), t> with <a, b> = real(sum(a * b))."""
    rng = np.random.default_rng(3)
    z = new_input("z", "c16", (20,))
    value = rng.normal(size=20) + 1j * rng.normal(size=20)
    direction = rng.normal(size=20) + 1j * rng.normal(size=20)
    out = op(z)
    t, g = new_input("t", "c16", (20,)), new_input("g", out.dtype, (20,))
    weight = rng.normal(size=20) + (1j * rng.normal(size=20) if out.dtype.kind == "c" else 0)
    forward = run(op.jvp((t,), out, z), {z: value, t: direction})
    h = 1e-6
    slope = (run(out, {z: value + h * direction}) - run(out, {z: value - h * direction})) / (2 * h)
    np.testing.assert_allclose(forward, slope, rtol=1e-6, atol=1e-8)
    (part,) = op.vjp(g, out, z)
    assert part.dtype == z.dtype
    back = run(part, {z: value, g: weight})
    np.testing.assert_allclose(
        np.real(np.sum(weight * forward)), np.real(np.sum(back * direction)), rtol=1e-10
    )


def test_gradients_at_hard_points():
    def slopes(op, *at):
        xs = [new_input("xyz"[i], "f8") for i in range(len(at))]
        out = op(*xs)
        g = new_input("g", "f8")
        feeds = {g: np.float64(1), **dict(zip(xs, map(np.float64, at)))}
        return [float(run(p, feeds)) for p in op.vjp(g, out, *xs)]

    assert slopes(e.absolute, 0.0) == [0.0]
    assert slopes(e.maximum, 2.0, 2.0) == [0.5, 0.5]
    assert slopes(e.minimum, 2.0, 3.0) == [1.0, 0.0]
    assert slopes(e.power, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(e.power, 0.0, 2.0) == [0.0, 0.0]
    assert slopes(e.power, 0.0, 1.0) == [1.0, 0.0]
    assert slopes(e.hypot, 0.0, 0.0) == [0.0, 0.0]
    assert slopes(e.clip, 1.0, 0.0, 1.0) == [0.5, 0.0, 0.5]
    assert slopes(e.expit, 800.0) == [0.0]
    assert slopes(e.softplus, -800.0) == [0.0]


def test_masks_keep_nan_of_the_other_branch_out():
    x = new_input("x", "f8", (3,))
    value = np.array([-1.0, 0.0, 2.0])
    positive = e.greater(x, 0)
    out = e.where(positive, e.log(x), 0.0)
    g = new_input("g", "f8", (3,))
    _, inner, _ = e.where.vjp(g, out, *out.inputs)
    (part,) = e.log.vjp(inner, e.log(x), x)
    np.testing.assert_array_equal(run(part, {x: value, g: np.ones(3)})[[0, 2]], [-0.0, 0.5])


def test_tangents_take_the_shape_of_the_result():
    x, y = new_input("x", "f8", (3,)), new_input("y", "f8", (2, 3))
    out, t = e.add(x, y), new_input("t", "f8", (3,))
    tangent = e.add.jvp((t, None), out, *out.inputs)
    assert tangent.shape == out.shape


def test_integer_operands_have_no_cotangent():
    x = new_input("x", "i4", (3,))
    assert e.add.vjp(x, e.add(x, x), x, x) == (None, None)


# ---- the registry ----------------------------------------------------------------------------
def test_every_ufunc_of_numbers_is_known():
    theirs = {f for f in vars(np).values() if isinstance(f, np.ufunc)}
    ours = {f for op in ALL for f in op.numpy if isinstance(f, np.ufunc)} | set(e.TWO_RESULTS)
    products = {np.matmul, np.vecdot, getattr(np, "matvec", None), getattr(np, "vecmat", None)}
    assert theirs - ours - products == {np.isnat}


def test_scipy_is_loaded_only_when_asked():
    script = (
        "import sys; from arignote.fxgraph.ops import elementwise as e; "
        "from arignote.fxgraph.constants import new_input; "
        "x = new_input('x', 'f8', (3,)); e.expit(x); e.erf(x); "
        "assert 'scipy.special' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", script], check=True)
