"""Expressions: values, exact constants, locals where they must be, names."""

import numpy as np
import pytest
from programs import (
    argument,
    counter,
    elementwise_program,
    local,
    op,
    output,
    program,
    scalar_output,
)
from running import run_program

from arignote.emit.cython.names import Names, legal
from arignote.emit.cython.printer import print_program
from arignote.fxgraph.affine import minus, plus, times
from arignote.fxgraph.constants import const, lit, new_input, new_size
from arignote.fxgraph.ops.family import cast_to
from arignote.optimize.loopnest.program import Assign, Buffer, Loop, Store, load

DTYPES = ("b1", "i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8", "f2", "f4", "f8", "c8", "c16")


def body(text):
    """The lines of the functions of a text, without the C in its head."""
    return text.split('"""', 2)[2].split("\n\n\n", 1)[1]


def many(dtypes, f):
    """One program that computes f(x, y) for each dtype into results of their own."""
    n = new_size("n")
    pointers, nests, results = [], [], []
    for t in dtypes:
        x, y = argument("x", t, [n], written=False), argument("y", t, [n], written=False)
        i = counter(n)
        value = f(load(x, [i]), load(y, [i]))
        out, r = output("out", value.dtype, [n])
        pointers += [x, y]
        nests.append(Loop(i, (Store(out, (i,), value),)))
        results.append(r)
    return program("many", pointers, [n], nests, results)


def sample(t, n=67, seed=0):
    rng = np.random.default_rng(seed)
    t = np.dtype(t)
    if t.kind == "b":
        return rng.random(n) < 0.5
    if t.kind in "iu":
        info = np.iinfo(t)
        return rng.integers(info.min, info.max, n, dtype=t, endpoint=True)
    x = rng.normal(size=n) * 3
    return (x + 1j * rng.normal(size=n)).astype(t) if t.kind == "c" else x.astype(t)


@pytest.mark.parametrize("name", ["add", "multiply", "maximum", "less", "not_equal"])
def test_binary_ops_have_numpy_values_in_every_dtype(name):
    ufunc = getattr(np, name)
    p = many(DTYPES, lambda x, y: op(name, x, y))
    data = [sample(t, seed=k) for t in DTYPES for k in (1, 2)]
    answer = run_program(p, data, [67])
    for k, t in enumerate(DTYPES):
        with np.errstate(all="ignore"):
            want = ufunc(data[2 * k], data[2 * k + 1])
        if t in ("c8", "c16"):  # NumPy fuses multiply and add in its vector loops
            np.testing.assert_allclose(answer.results[k], want, 1e-6)
        else:
            np.testing.assert_array_equal(answer.results[k], want, t)


def test_casts_between_every_pair_of_dtypes():
    data = {t: sample(t) for t in DTYPES}
    data.update({t: np.abs(data[t]) for t in ("f2", "f4", "f8")})
    n = new_size("n")
    buffers = {t: argument("x", t, [n], written=False) for t in DTYPES}
    nests, results, pairs = [], [], []
    for a in DTYPES:
        for b in DTYPES:
            i = counter(n)
            out, r = output("out", b, [n])
            nests.append(Loop(i, (Store(out, (i,), cast_to(load(buffers[a], [i]), b)),)))
            results.append(r)
            pairs.append((a, b))
    p = program("casts", buffers.values(), [n], nests, results)
    answer = run_program(p, data.values(), [67])
    for (a, b), got in zip(pairs, answer.results):
        with np.errstate(all="ignore"):
            want = data[a].astype(b)
        np.testing.assert_array_equal(got, want, f"{a} -> {b}")


SPECIAL = [
    0.0, -0.0, 1.5, -2.25, 0.1, 1e-320, 1.7976931348623157e308, np.inf, -np.inf, np.nan,
    1 / 3, -1e-7,
]  # fmt: skip


def test_constants_arrive_bit_by_bit():
    values = [const(v, t) for t in ("f8", "f4", "f2") for v in SPECIAL]
    values += [const(complex(v, w), t) for t in ("c16", "c8") for v, w in zip(SPECIAL, SPECIAL[1:])]
    for t in ("i1", "i2", "i4", "i8", "u1", "u2", "u4", "u8"):
        info = np.iinfo(t)
        values += [const(v, t) for v in (info.min, info.max, 1, info.max // 2 + 1)]
    values += [const(True, "?"), const(False, "?")]
    results, statements = [], []
    for v in values:
        s = local("s", v.dtype)
        statements.append(Assign(s, v))
        results.append(scalar_output(s))
    answer = run_program(program("constants", [], [], statements, results))
    for v, got in zip(values, answer.results):
        want = np.frombuffer(v.attr("bits").data, v.dtype)
        if not np.isnan(want).any():
            assert got.tobytes() == want.tobytes(), (v.dtype, want, got)
        else:
            np.testing.assert_array_equal(got, want[0])


def test_integers_keep_their_order_of_operations():
    n, m = new_input("n", np.dtype("i8"), (), True), new_input("m", np.dtype("i8"), (), True)
    values = [
        minus(n, plus(m, lit(1))), minus(times(n, -3), times(m, 2)), plus(times(n, 2**40), lit(-7)),
        op("multiply", minus(n, m), plus(n, m), weak=True),
        op("subtract", n, op("subtract", n, m, weak=True), weak=True),
        op("floor_divide", minus(n, lit(10)), lit(3), weak=True), times(n, -1),
        op("minimum", n, m, weak=True), plus(op("multiply", n, m, weak=True), lit(-(2**63))),
    ]  # fmt: skip
    results, statements = [], []
    for v in values:
        s = local("s", "i8", weak=True)
        statements.append(Assign(s, v))
        results.append(scalar_output(s))
    a, b = 5, -12
    got = run_program(program("integers", [], [n, m], statements, results), [], [a, b]).results
    want = [
        a - (b + 1),
        -3 * a - 2 * b,
        a * 2**40 - 7,
        (a - b) * (a + b),
        a - (a - b),
        (a - 10) // 3,
        -a,
    ]
    assert [int(g) for g in got] == [*want, min(a, b), a * b + 2**63]  # the last wraps


def test_float_operations_keep_their_order():
    x, y, z = (local(w, "f8") for w in "xyz")
    values = [
        op("subtract", x, op("subtract", y, z)), op("add", x, op("add", y, z)),
        op("divide", x, op("multiply", y, z)),
        op("multiply", op("add", x, y), op("negative", z)),
        op("negative", op("negative", op("subtract", x, y))),
        op("where", op("less", x, op("add", y, z)), x, op("divide", op("divide", x, y), z)),
    ]  # fmt: skip
    results, statements = [], []
    for v in values:
        s = local("s", "f8")
        statements.append(Assign(s, v))
        results.append(scalar_output(s))
    a, b, c = np.float64(1e16), np.float64(-1.0), np.float64(3.3)
    got = run_program(program("order", [x, y, z], [], statements, results), [a, b, c]).results
    want = [a - (b - c), a + (b + c), a / (b * c), (a + b) * -c, -(-(a - b)), (a / b) / c]
    assert [float(g) for g in got] == [float(w) for w in want]


def test_repeated_subexpressions_get_a_local_and_trivial_ones_do_not():
    def f(x, y):
        t = op("exp", op("add", x, y))
        return op("add", op("multiply", t, t), op("multiply", x, x))

    p = elementwise_program("f8", f)
    text = body(print_program(p))
    assert text.count("an_exp_f8(") == 1 and "x[i] * x[i]" in text
    x, y = np.random.default_rng(0).normal(size=(2, 40))
    np.testing.assert_allclose(
        run_program(p, [x, y], [40]).value, np.exp(x + y) ** 2 + x * x, 1e-14
    )


def test_a_deep_expression_prints_in_pieces_and_runs():
    def f(x, y):
        for k in range(5000):
            x = op("add" if k % 2 else "subtract", x, y)
        return x

    p = elementwise_program("f8", f)
    text = print_program(p)
    assert max(map(len, body(text).splitlines())) < 5000
    x, y = np.arange(9.0), np.ones(9)
    np.testing.assert_array_equal(run_program(p, [x, y], [9]).value, x)


def test_a_doubling_expression_stays_small():
    def f(x, y):
        for _ in range(60):
            x = op("add", x, x)
        return op("add", x, y)

    p = elementwise_program("f8", f)
    assert len(body(print_program(p))) < 8000
    np.testing.assert_array_equal(run_program(p, [np.ones(3), np.zeros(3)], [3]).value, 2.0**60)


def test_names_are_the_users_made_legal_and_unique():
    names = Names()
    assert [names.fresh("x") for _ in range(3)] == ["x", "x_2", "x_3"]
    assert names.fresh("lambda") == "v_lambda" and names.fresh("cdef") == "v_cdef"
    assert names.fresh("an_f8") == "v_an_f8" and names.fresh("é") == "e" and names.fresh("λ") == "v"
    assert legal("2a b") == "v_2a_b"


def test_loop_counters_are_used_again_but_not_by_others():
    names = Names()
    first = names.counter("i")
    names.release("i", first)
    assert (first, names.fresh("i"), names.counter("i"), names.counter("i")) == (
        "i",
        "i_2",
        "i",
        "i_3",
    )


def test_reserved_and_foreign_names_run():
    n = new_size("range")
    words = ["lambda", "double", "ctx", "λ", "x", "x", "an_exp_f8", "NULL", "prange", "results"]
    buffers = [argument(w, "f8", [n], written=False) for w in words]
    i = counter(n, "for")
    total = load(buffers[0], [i])
    for b in buffers[1:]:
        total = op("add", total, load(b, [i]))
    out, r = output("import", "f8", [n])
    p = program("class", buffers, [n], [Loop(i, (Store(out, (i,), total),))], [r])
    data = np.random.default_rng(1).integers(0, 9, (len(words), 5)).astype(float)
    np.testing.assert_array_equal(run_program(p, list(data), [5]).value, data.sum(0))


def test_strided_arguments_and_reshaped_buffers():
    n, m, s0, s1 = (new_size(w) for w in ("n", "m", "s0", "s1"))
    a = argument("a", "f8", [n, m], strides=(s0, s1), written=False)
    out, r = output("out", "f8", [n, m])
    flat = Buffer(out.name, out.dtype, (op("multiply", n, m, weak=True),), out.role, base=out)
    i, j = counter(n), counter(m, "j")
    k = counter(flat.shape[0], "k")
    nests = [
        Loop(i, (Loop(j, (Store(out, (i, j), load(a, [i, j])),)),)),
        Loop(k, (Store(flat, (k,), op("multiply", load(flat, [k]), const(2.0, "f8"))),)),
    ]
    p = program("f", [a], [n, m, s0, s1], nests, [r])
    data = np.arange(60.0).reshape(10, 6)[::-2, ::3]
    strides = [s // 8 for s in data.strides]
    base = np.lib.stride_tricks.as_strided(data, data.shape, data.strides)
    np.testing.assert_array_equal(run_program(p, [base], [*data.shape, *strides]).value, 2 * data)


def test_unused_arguments_are_not_passed_on():
    p = elementwise_program("f8", lambda x, y: x)
    assert "an_f8p y" not in body(print_program(p))
