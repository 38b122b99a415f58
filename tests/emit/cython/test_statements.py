"""Statements: loops, branches, checks, scratch memory, results, aliases, callbacks, threads."""

import ctypes
import struct

import numpy as np
import pytest
from programs import (
    argument,
    counter,
    here,
    local,
    op,
    output,
    program,
    scalar_output,
    softmax_program,
    stencil_program,
)
from running import run_program

from arignote.fxgraph.affine import minus, plus, size_node
from arignote.fxgraph.constants import const, lit, new_handle, new_index, new_input, new_size
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.ops.reduce import reduce_sum
from arignote.optimize.loopnest.program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Note,
    Panel,
    Point,
    Store,
    While,
    load,
)


def temporary(name, dtype, shape, **more):
    return Buffer(name, np.dtype(dtype), tuple(shape), "temporary", **more)


def fill(b, value, dtype="f8"):
    i = counter(b.shape[0])
    return Loop(
        i, (Store(b, (i,), value if not isinstance(value, float) else const(value, dtype)),)
    )


def integer(name):
    return new_input(name, np.dtype("i8"), (), True)


# ---- loops and branches --------------------------------------------------------------------------
def test_row_softmax_alone_and_in_threads():
    x = np.random.default_rng(0).normal(size=(37, 50))
    e = np.exp(x - x.max(1, keepdims=True))
    for threads in (1, 2, 5, 64):
        answer = run_program(softmax_program(), [x], x.shape, threads=threads, parallel_min_us=0)
        np.testing.assert_allclose(answer.value, e / e.sum(1, keepdims=True), 1e-13)


def test_results_do_not_depend_on_the_number_of_threads():
    x = np.random.default_rng(0).normal(size=(301, 333))
    one = run_program(softmax_program(), [x], x.shape, parallel_min_us=0).value
    for threads in (2, 3):
        more = run_program(
            softmax_program(), [x], x.shape, threads=threads, parallel_min_us=0
        ).value
        assert more.tobytes() == one.tobytes()


def test_a_stencil_in_place():
    a = np.random.default_rng(0).normal(size=100)
    want = a.copy()
    for i in range(1, 99):
        want[i] = (want[i - 1] + want[i] + want[i + 1]) / 3.0
    run_program(stencil_program(), [a], [100])
    np.testing.assert_array_equal(a, want)


def test_loops_run_backwards_and_in_steps():
    n = integer("n")
    out, r = output("out", "i8", [n])
    t = local("t", "i8", True)
    down = new_index(plus(n, lit(-1)), lit(-1), -2, "k")
    body = [
        fill(out, const(0, "i8")), Assign(t, lit(0)),
        Loop(down, (Assign(t, plus(t, lit(1))), Store(out, (down,), t))),
    ]  # fmt: skip
    p = program("f", [], [n], body, [r])
    for size in (0, 1, 6, 7):
        want = np.zeros(size, "i8")
        for count, k in enumerate(range(size - 1, -1, -2)):
            want[k] = count + 1
        np.testing.assert_array_equal(run_program(p, [], [size]).value, want)


def test_while_break_and_branches():
    """Collatz steps of x, at most `most`, as one while loop with a break."""
    x, most = integer("x"), integer("most")
    v, k = local("v", "i8", True), local("k", "i8", True)
    odd = op("equal", op("remainder", v, lit(2), weak=True), lit(1))
    step = If(
        odd,
        (Assign(v, plus(op("multiply", v, lit(3), weak=True), lit(1))),),
        (Assign(v, op("floor_divide", v, lit(2), weak=True)),),
    )
    loop = While(
        (),
        op("not_equal", v, lit(1)),
        (If(op("equal", k, most), (Break(),)), step, Assign(k, plus(k, lit(1)))),
        here(7, "while x != 1:"),
    )
    p = program(
        "collatz",
        [],
        [x, most],
        [Assign(v, x), Assign(k, lit(0)), loop],
        [scalar_output(k), scalar_output(v)],
    )
    assert [int(r) for r in run_program(p, [], [27, 1000]).results] == [111, 1]
    assert int(run_program(p, [], [27, 5]).results[0]) == 5
    assert "# example.py:7: while x != 1:" in run_program(p, [], [1, 1]).text


def test_an_endless_loop_looks_for_interrupts():
    v = local("v", "i8", True)
    p = program(
        "f",
        [],
        [],
        [Assign(v, lit(0)), While((), op("less", lit(-1), v), (Assign(v, plus(v, lit(1))),))],
        [scalar_output(v)],
    )
    assert run_program(p, interrupt=3).code == 3


def test_empty_blocks_print():
    n = integer("n")
    i = counter(n)
    p = program(
        "f", [], [n], [Loop(i, ()), If(op("less", n, lit(3)), (), (Note(here(1, "pass")),))], []
    )
    assert run_program(p, [], [4]).code == 0


def test_accumulating_stores():
    n = new_size("n")
    at, x = argument("at", "i8", [n], written=False), argument("x", "f8", [n], written=False)
    out, r = output("out", "f8", [5])
    i = counter(n)
    body = [fill(out, 0.0), Loop(i, (Store(out, (load(at, [i]),), load(x, [i]), accumulate=True),))]
    where, values = (
        np.random.default_rng(0).integers(0, 5, 100),
        np.random.default_rng(1).random(100),
    )
    want = np.zeros(5)
    np.add.at(want, where, values)
    got = run_program(program("f", [at, x], [n], body, [r]), [where, values], [100]).value
    np.testing.assert_array_equal(got, want)


# ---- guards and checks ---------------------------------------------------------------------------
def test_guards_come_before_any_write():
    n = integer("n")
    a = argument("a", "f8", [1])
    p = program(
        "f",
        [a],
        [n],
        [Store(a, (lit(0),), const(1.0, "f8"))],
        [],
        guards=[plus(n, lit(-3)), minus(lit(9), n)],
    )
    for value, code in ((2, 1), (3, 0), (9, 0), (10, 1)):
        data = np.zeros(1)
        assert run_program(p, [data], [value]).code == code and data[0] == (code == 0)


def test_index_checks_wrap_and_report():
    k, n = integer("k"), new_size("n")
    a = argument("a", "f8", [n], written=False)
    i, v = local("i", "i8", True), local("v")
    p = program(
        "f",
        [a],
        [k, n],
        [Check("check_index", (k, n), i, 4), Assign(v, load(a, [i]))],
        [scalar_output(v)],
    )
    data = np.arange(5.0)
    for index in range(-5, 5):
        assert run_program(p, [data], [index, 5]).value == data[index]
    for index in (-6, 5, 2**62):
        answer = run_program(p, [data], [index, 5])
        assert (answer.code, answer.site, answer.values[:2]) == (2, 4, (index, 5))


def test_other_checks():
    a, b = integer("a"), integer("b")
    x = local("x")
    d, e = local("d", "i8", True), local("e")
    checks = [
        Check("same_size", (a, b), None, 0), Check("nonzero_check", (b,), d, 1),
        Check("nonzero_check", (x,), e, 2),
        Check("require", (op("less", x, const(9.0, "f8")), x, a), None, 3),
    ]  # fmt: skip
    p = program("f", [x], [a, b], checks, [scalar_output(d), scalar_output(e)])
    assert [float(r) for r in run_program(p, [np.float64(2.5)], [3, 3]).results] == [3, 2.5]
    for value, ints, site in (
        (1.0, (3, 4), 0),
        (1.0, (0, 0), 1),
        (0.0, (3, 3), 2),
        (9.5, (7, 7), 3),
    ):
        answer = run_program(p, [np.float64(value)], ints)
        assert (answer.code, answer.site) == (2, site)
    assert answer.values[:2] == (struct.unpack("q", struct.pack("d", 9.5))[0], 7)


@pytest.mark.parametrize(
    ("build", "exact"),
    [
        (lambda a, b: plus(a, b), lambda a, b: a + b),
        (lambda a, b: op("multiply", a, b, weak=True), lambda a, b: a * b),
        (lambda a, b: op("subtract", a, b, weak=True), lambda a, b: a - b),
        (lambda a, b: op("power", a, b, weak=True), lambda a, b: a ** min(max(b, 0), 200)),
        (lambda a, b: op("left_shift", a, b, weak=True), lambda a, b: a << min(max(b, 0), 200)),
        (lambda a, b: op("floor_divide", a, b, weak=True), lambda a, b: a // b if b else 0),
        (lambda a, b: op("negative", a, weak=True), lambda a, b: -a),
    ],
)
def test_python_integers_overflow_exactly(build, exact):
    a, b = integer("a"), integer("b")
    v = local("v", "i8", True)
    p = program("f", [], [a, b], [Check("fits64", (build(a, b),), v, 0)], [scalar_output(v)])
    least, most = -(2**63), 2**63 - 1
    pairs = [
        (2, 3), (most, 1), (least, -1), (most, 0), (least, 1), (3037000500, 3037000500), (-2, 63),
        (1, 63), (2, 62), (2, 63),
        (3037000499, 3037000499), (most, most), (7, 22), (7, 23), (-1, 62), (3, 39), (3, 40),
    ]  # fmt: skip
    for x, y in pairs:
        if y < 0 and build(a, b).op.name in ("power", "left_shift"):
            continue
        want = exact(x, y)
        answer = run_program(p, [], [x, y])
        fits = least <= want <= most
        assert answer.code == (0 if fits else 2), (x, y)
        assert not fits or int(answer.value) == want


def test_reals_beyond_64_bits_are_no_integers():
    x, v = local("x"), local("v", "i8", True)
    p = program(
        "f", [x], [], [Check("fits64", (cast_to(x, "i8", weak=True),), v, 0)], [scalar_output(v)]
    )
    for value, code in (
        (-3.7, 0),
        (2.0**62, 0),
        (2.0**63, 2),
        (-(2.0**63), 0),
        (-1e300, 2),
        (np.nan, 2),
    ):
        answer = run_program(p, [np.float64(value)])
        assert answer.code == code and (code or int(answer.value) == int(value))


# ---- memory ------------------------------------------------------------------------------------
def test_scratch_on_the_heap_and_on_the_stack_cleared_or_not():
    n = new_size("n")
    x = argument("x", "f8", [n], written=False)
    out, r = output("out", "f8", [n])
    heap, stack = temporary("heap", "f8", [n]), temporary("stack", "f8", [16])
    i, k, t = counter(n), counter(n, "k"), counter(lit(3), "t")
    add = Store(heap, (i,), load(x, [i]), True), Store(stack, (lit(3),), load(x, [i]), True)
    body = [
        fill(out, 0.0),
        Loop(t, (
            Alloc(heap, zero=True), Alloc(stack, zero=True),
            Loop(i, add),
            Loop(k, (Store(out, (k,), op("add", load(heap, [k]), load(stack, [lit(3)])), True),)),
        )),
    ]  # fmt: skip
    p = program("f", [x], [n], body, [r])
    data = np.arange(7.0)
    answer = run_program(p, [data], [7])
    np.testing.assert_allclose(answer.value, 3 * (data + data.sum()))
    assert "stack[16]" in answer.text and "an_close(ws, 1)" in answer.text


def test_scratch_inside_threads_is_each_parts_own():
    n, m = new_size("n"), new_size("m")
    out, r = output("out", "f8", [n])
    row = temporary("row", "f8", [m])
    i, j, k = counter(n), counter(m, "j"), counter(m, "k")
    s = local("s")
    value = op("multiply", cast(i), cast(j))
    body = (
        Alloc(row), Loop(j, (Store(row, (j,), value),)), Assign(s, const(0.0, "f8")),
        Loop(k, (Fold(s, reduce_sum, load(row, [k])),)), Store(out, (i,), s),
    )  # fmt: skip
    p = program("f", [], [n, m], [Loop(i, body, parallel=True, work=size_node(m))], [r])
    for threads in (1, 4):
        got = run_program(p, [], [500, 1000], threads=threads, parallel_min_us=0).value
        np.testing.assert_array_equal(got, np.arange(500) * 499500.0)


def cast(n):
    return cast_to(n, "f8")


def test_a_loop_whose_variable_is_read_behind_it_stays_whole():
    n, last = integer("n"), local("last", "i8", True)
    i = counter(n)
    loop = Loop(i, (Assign(last, i),), parallel=True, work=lit(10))
    p = program("f", [], [n], [Assign(last, lit(-7)), loop], [scalar_output(last)])
    for steps, want in ((0, -7), (1000, 999)):
        assert run_program(p, [], [steps], threads=4, parallel_min_us=0).value == want


def test_complex_numbers_may_be_tested_for_zero():
    x, v = local("x", "c16"), local("v", "c16")
    p = program("f", [x], [], [Check("nonzero_check", (x,), v, 1)], [scalar_output(v)])
    assert run_program(p, [np.complex128(2j)]).value == 2j
    assert run_program(p, [np.complex128(0)]).code == 2


def test_errors_in_threads_report_the_first_in_order():
    n = new_size("n")
    x = argument("x", "i8", [n], written=False)
    out, r = output("out", "i8", [n])
    i, v = counter(n), local("v", "i8", True)
    body = (Check("check_index", (load(x, [i]), n), v, 5), Store(out, (i,), v))
    p = program("f", [x], [n], [Loop(i, body, parallel=True, work=lit(100))], [r])
    data = np.arange(1000)
    assert run_program(p, [data], [1000], threads=4, parallel_min_us=0).code == 0
    data[[300, 600, 999]] = [2000, 3000, 4000]
    for threads in (1, 2, 4):
        answer = run_program(p, [data], [1000], threads=threads, parallel_min_us=0)
        assert (answer.code, answer.site, answer.values[0]) == (2, 5, 2000)


def test_a_result_of_a_size_known_late():
    n = new_size("n")
    x = argument("x", "f8", [n], written=False)
    count, at = local("count", "i8", True), local("at", "i8", True)
    out, r = output("out", "f8", [count], static=False)
    i, j = counter(n), counter(n, "j")
    keep = Store(out, (at,), load(x, [j])), Assign(at, plus(at, lit(1)))
    positive = [op("less", const(0.0, "f8"), load(x, [k])) for k in (i, j)]
    body = [
        Assign(count, lit(0)), Loop(i, (If(positive[0], (Assign(count, plus(count, lit(1))),)),)),
        Alloc(out), Assign(at, lit(0)),
        Loop(j, (If(positive[1], keep),)),
    ]  # fmt: skip
    p = program("keep", [x], [n], body, [r])
    for data in (np.random.default_rng(0).normal(size=50), -np.ones(5)):
        np.testing.assert_array_equal(run_program(p, [data], [data.size]).value, data[data > 0])


def test_a_result_of_rank_0_and_a_weak_scalar():
    out, r = output("out", "f4", [])
    s = local("s", "?", True)
    p = program(
        "f",
        [],
        [],
        [Store(out, (), const(1.5, "f4")), Assign(s, const(True, "?"))],
        [r, scalar_output(s)],
    )
    assert [x.item() for x in run_program(p).results] == [1.5, True]


def test_pointers_change_places():
    """u, v = v, u + v, n times, by two pointers."""
    n, m = new_size("n"), integer("m")
    x, y = argument("x", "f8", [n]), argument("y", "f8", [n])
    u, v = (Buffer(w, np.dtype("f8"), (n,), "alias", restrict=False) for w in "uv")
    out, r = output("out", "f8", [n])
    t, i, k = counter(m, "t"), counter(n), counter(n, "k")
    body = [
        Point((u, v), (x, y)),
        Loop(t, (Loop(i, (Store(u, (i,), load(v, [i]), True),)), Point((u, v), (v, u)))),
        Loop(k, (Store(out, (k,), load(u, [k])),)),
    ]  # fmt: skip
    p = program("f", [x, y], [n, m], body, [r])
    for steps, want in ((0, 0.0), (1, 1.0), (2, 1.0), (7, 13.0)):
        assert run_program(p, [np.zeros(4), np.ones(4)], [4, steps]).value[2] == want


# ---- Python operations ---------------------------------------------------------------------------
def test_python_operations_get_pointers_and_sizes():
    n = new_size("n")
    x = argument("x", "f8", [n, 3], written=False)
    out, r = output("out", "f8", [n])
    scale = local("scale", "f4")
    s = Library(
        "python",
        (Panel(out, lit(0), (n,), (1,)),),
        (Panel(x, lit(1), (n,), (3,)), scale, new_handle("g")),
        (),
        site=9,
    )
    p = program("f", [x, scale], [n], [s], [r])
    data = np.arange(12.0).reshape(4, 3)
    seen = []

    def callback(owner, site, pointers, numbers):
        count, stride, late = numbers[0], numbers[1], numbers[2]
        seen.append((site, count, stride, late))
        column = np.lib.stride_tricks.as_strided(
            np.ctypeslib.as_array(ctypes.cast(pointers[0], ctypes.POINTER(ctypes.c_double)), (12,)),
            (count,),
            (8 * stride,),
        )
        factor = ctypes.cast(pointers[1], ctypes.POINTER(ctypes.c_float))[0]
        np.ctypeslib.as_array(ctypes.cast(pointers[2], ctypes.POINTER(ctypes.c_double)), (late,))[
            :
        ] = column * factor
        return 0

    got = run_program(p, [data, np.float32(0.5)], [4], callback=callback).value
    np.testing.assert_array_equal(got, data[:, 1] / 2)
    assert seen == [(9, 4, 3, 4)]
    assert run_program(p, [data, np.float32(0.5)], [4], callback=lambda *_: 1).code == 3
