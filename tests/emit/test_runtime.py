"""The compiled runtime and its Python twin: every test runs on both."""

import signal
import sys
import threading
import traceback
from collections import namedtuple

import numpy as np
import pytest
from runtime_specs import Arr, Known, Num, Obj, kernel_text

from arignote.emit import runtime_py
from arignote.emit.cython.build import build
from arignote.emit.plan import (
    Argument,
    ArrayOperand,
    Callback,
    CallbackResult,
    Constant,
    DataOf,
    ErrorSite,
    IntOf,
    LeafOperand,
    NewArray,
    Plan,
    Result,
    Scalar,
    SizeOf,
    Static,
    StrideOf,
    ValueOf,
    ViewOf,
)
from arignote.errors import VerifyError
from arignote.trace.pytree import flatten

try:
    from arignote.emit import runtime as compiled
except ImportError:
    compiled = None

F8, I8, B1 = np.dtype("f8"), np.dtype("i8"), np.dtype("?")
MISS = "miss"


@pytest.fixture(params=["compiled", "twin"])
def rt(request):
    if request.param == "compiled" and compiled is None:
        pytest.skip("the compiled runtime was not built on this machine")
    return compiled if request.param == "compiled" else runtime_py


def dispatcher(rt, plan, body, shapes="pass", **kwargs):
    built = build(kernel_text(body, shapes), "test")
    d = rt.Dispatcher(lambda args, kw: MISS, **kwargs)
    d.add(rt.Kernel(plan, built.entry, built.shapes, keep=built))
    return d


ADD = """
cdef double *a = <double *>ptrs[0]
cdef double *b = <double *>ptrs[1]
cdef double *r = <double *>results[0]
cdef int64_t i
for i in range(ints[0]):
    r[i] = a[i] + b[i]
"""
ADD_PLAN = Plan(
    leaves=(Arr("f8", (-1,)), Arr("f8", (-1,))),
    ints=(SizeOf(0, 0),),
    ptrs=(DataOf(0), DataOf(1)),
    results=(Result(F8, 1),),
    outputs=(NewArray(0),),
)

INCREMENT = """
cdef double *a = <double *>ptrs[0]
cdef int64_t i
for i in range(ints[0]):
    a[i * ints[1]] += 1
"""


def increment_plan(layout="C", extra=()):
    return Plan(
        leaves=(Arr("f8", (-1,), layout), *extra),
        ints=(SizeOf(0, 0), StrideOf(0, 0)),
        ptrs=(DataOf(0),),
        outputs=(Argument(0),),
        written=(0,),
    )


# ---- matching ------------------------------------------------------------------------------------
def matching(rt, spec):
    d = rt.Dispatcher(lambda args, kw: MISS)
    plan = Plan(leaves=spec, outputs=(Static(None),))
    d.add(rt.Kernel(plan, function=lambda *args: "hit"))
    return lambda *args: d(*args) == "hit"


def test_equal_sizes_share_a_symbol_and_distinct_symbols_differ(rt):
    hit = matching(rt, (Arr("f8", (-1, -2)), Arr("f8", (-2,))))
    assert hit(np.ones((3, 4)), np.ones(4))
    assert not hit(np.ones((3, 4)), np.ones(5))
    assert not hit(np.ones((4, 4)), np.ones(4))


def test_sizes_0_and_1_are_no_symbols(rt):
    hit = matching(rt, (Arr("f8", (-1,)),))
    assert hit(np.ones(2)) and not hit(np.ones(1)) and not hit(np.ones(0))
    assert matching(rt, (Arr("f8", (0, 1)),))(np.ones((0, 1)))
    assert not matching(rt, (Arr("f8", (0, 1)),))(np.ones((0, 2)))


@pytest.mark.parametrize(
    "layout, make",
    [
        ("C", lambda: np.ones((4, 6))),
        ("F", lambda: np.ones((4, 6), order="F")),
        ("rows", lambda: np.ones((4, 9))[:, :6]),
        ("rows", lambda: np.ones((8, 6))[::2]),
        ("strided", lambda: np.ones((4, 12))[:, ::2]),
        ("strided", lambda: np.ones((4, 6))[::-1]),
        ("strided", lambda: np.broadcast_to(np.ones(6), (4, 6))),
    ],
)
def test_an_array_has_exactly_one_layout(rt, layout, make):
    for other in ("C", "F", "rows", "strided"):
        assert matching(rt, (Arr("f8", (-1, -2), other),))(make()) == (other == layout)


def test_dtypes_ranks_and_classes(rt):
    hit = matching(rt, (Arr("f4", (-1,)),))
    assert hit(np.ones(3, "f4"))
    assert not hit(np.ones(3)) and not hit(np.ones((3, 3), "f4")) and not hit(np.float32(1))
    assert not hit(np.ma.masked_array(np.ones(3, "f4"))) and not hit([1.0, 2.0]) and not hit(None)
    assert not hit(np.array(["a", "b"])) and not hit(np.array([None, 1]))


def test_numbers_match_by_exact_type(rt):
    values = [True, 3, 2.5, 1j, np.float64(2), np.int64(3), np.bool_(True), "a", None]
    specs = [
        Num("python", "?"), Num("python", "i8", 0), Num("python", "f8"), Num("python", "c16"),
        Num("numpy", "f8"), Num("numpy", "i8"), Num("numpy", "?"), Known("a"), Known(None),
    ]  # fmt: skip
    for j, spec in enumerate(specs):
        hit = matching(rt, (spec,))
        assert [hit(v) for v in values] == [k == j for k in range(len(values))]


def test_a_python_int_shares_its_symbol_with_an_equal_size(rt):
    shared = matching(rt, (Arr("f8", (-1,)), Num("python", "i8", 0)))
    apart = matching(rt, (Arr("f8", (-1,)), Num("python", "i8", 1)))
    x = np.ones(5)
    assert shared(x, 5) and not shared(x, 4)
    assert apart(x, 4) and apart(x, 0) and apart(x, -7) and not apart(x, 5)
    assert not apart(x, 2**63) and not apart(x, -(2**64))


def test_static_values_compare_by_type_and_value(rt):
    assert matching(rt, (Known(1),))(1) and not matching(rt, (Known(1),))(True)
    assert not matching(rt, (Known(slice(1, 2)),))(slice(1.0, 2))
    assert matching(rt, (Known(slice(None, 2)),))(slice(None, 2))
    generator = np.random.default_rng(0)
    assert matching(rt, (Obj(np.random.Generator),))(generator)


def test_a_static_value_whose_comparison_fails_tells_so(rt):
    class Odd:
        def __eq__(self, other):
            raise RuntimeError("no")

        __hash__ = None

    with pytest.raises(RuntimeError, match="no"):
        matching(rt, (Known(Odd()),))(Odd())


def test_newest_specialisation_first_and_number_of_arguments(rt):
    d = rt.Dispatcher(lambda args, kw: MISS)
    for answer in ("old", "new"):
        plan = Plan(leaves=(Num("python", "f8"),), outputs=(Static(None),))
        d.add(rt.Kernel(plan, function=lambda x, answer=answer: answer))
    assert d(1.0) == "new" and d() == MISS and d(1.0, 2.0) == MISS
    assert len(d.kernels) == 2
    d.clear()
    assert d(1.0) == MISS


def test_many_symbols(rt):
    count = 200
    hit = matching(rt, tuple(Arr("f8", (-1 - j,)) for j in range(count)))
    assert hit(*[np.ones(j + 2) for j in range(count)])
    assert not hit(*[np.ones(2) for j in range(count)])


# ---- keywords, containers, flags -----------------------------------------------------------------
def test_flatten_serves_keywords_and_containers(rt):
    def flatten(args, kwargs):
        bound = (*args, *kwargs.values())
        if all(isinstance(a, np.ndarray) for a in bound):
            return bound, None
        return tuple(bound[0].values()), tuple(bound[0])

    built = build(kernel_text(ADD, "dims[0] = ints[0]"), "test")
    d = rt.Dispatcher(lambda args, kw: (MISS, args, kw), flatten)
    d.add(rt.Kernel(ADD_PLAN, built.entry, built.shapes))
    d.add(rt.Kernel(ADD_PLAN, built.entry, built.shapes, structure=("p", "q")))
    x = np.arange(3.0)
    assert d(x, y=x).tolist() == [0, 2, 4]
    assert d({"p": x, "q": x}).tolist() == [0, 2, 4]
    assert d({"p": x, "r": x})[0] == MISS
    assert d(x, y=x[:2])[2].keys() == {"y"}


def test_specialisations_hold_while_the_flags_do(rt):
    d = rt.Dispatcher(lambda args, kw: MISS)
    plan = Plan(leaves=(Num("python", "f8"),), outputs=(Static(None),))
    try:
        rt.set_state(7, 1)
        d.add(rt.Kernel(plan, function=lambda x: "seven"))
        assert d(1.0) == "seven"
        rt.set_state(8, 1)
        assert d(1.0) == MISS
        rt.set_state(8, 1, lambda: (7, 1))
        assert d(1.0) == "seven"
    finally:
        rt.set_state(0, 1)


def test_subclass_is_callable_and_may_have_its_own_call(rt):
    class Named(rt.Dispatcher):
        pass

    class Counted(rt.Dispatcher):
        calls = 0

        def __call__(self, *args, **kwargs):
            self.calls += 1
            return super().__call__(*args, **kwargs)

    named, counted = Named(lambda a, k: (MISS, a, k)), Counted(lambda a, k: (MISS, a, k))
    named.name = "f"
    assert named(1, k=2) == counted(1, k=2) == (MISS, (1,), {"k": 2})
    assert counted.calls == 1 and named.name == "f"


# ---- calls and answers ---------------------------------------------------------------------------
def test_add(rt):
    d = dispatcher(rt, ADD_PLAN, ADD, "dims[0] = ints[0]")
    x = np.arange(10.0)
    y = d(x, x)
    assert y.tolist() == (x + x).tolist() and y.dtype == F8 and y.flags.owndata
    assert d(x, x[:5]) == MISS


def test_result_like_an_argument_needs_no_shapes(rt):
    plan = Plan(
        leaves=ADD_PLAN.leaves, ints=ADD_PLAN.ints, ptrs=ADD_PLAN.ptrs,
        results=(Result(F8, 1, like=0),), outputs=(NewArray(0),),
    )  # fmt: skip
    assert dispatcher(rt, plan, ADD)(np.ones(4), np.ones(4)).tolist() == [2, 2, 2, 2]


def test_results_leave_with_their_axes_in_another_order(rt):
    turned = NewArray(0, (1, 0))
    plan = Plan(
        leaves=ADD_PLAN.leaves, ints=ADD_PLAN.ints, ptrs=ADD_PLAN.ptrs,
        results=(Result(F8, 2),), outputs=(turned, turned), structure="tuple",
    )  # fmt: skip
    d = dispatcher(rt, plan, ADD, "dims[0] = 2\ndims[1] = ints[0] // 2")
    x = np.arange(6.0)
    for _ in range(2):
        y, same = d(x, x)
        assert y is same and y.flags.owndata and y.flags.writeable
        assert y.tolist() == (x + x).reshape(2, 3).T.tolist()
        assert y.strides == (8, 24) and y.flags.f_contiguous and not y.flags.c_contiguous


def test_fortran_results_and_constants_and_strides(rt):
    plan = Plan(
        leaves=(Arr("f8", (-1, -2), "strided"),),
        ints=(SizeOf(0, 0), SizeOf(0, 1), StrideOf(0, 0), StrideOf(0, 1)),
        ptrs=(DataOf(0), Constant(np.array([10.0, 20.0])[::-1])),
        results=(Result(F8, 2, order="F"),),
        outputs=(NewArray(0),),
    )
    body = """
cdef double *a = <double *>ptrs[0]
cdef double *r = <double *>results[0]
cdef int64_t i, j
for i in range(ints[0]):
    for j in range(ints[1]):
        r[i + j * ints[0]] = a[i * ints[2] + j * ints[3]] + (<double *>ptrs[1])[0]
"""
    d = dispatcher(rt, plan, body, "dims[0] = ints[0]\ndims[1] = ints[1]")
    x = np.arange(24.0).reshape(4, 6)[::-1, ::2]
    assert d(x).tolist() == (x + 20).tolist() and d(x).flags.f_contiguous


def test_scalars_in_and_out(rt):
    plan = Plan(
        leaves=(Num("python", "f8"), Num("numpy", "f4"), Num("python", "i8", 0),
                Num("python", "c16"), Num("python", "?")),
        ints=(IntOf(2),),
        ptrs=(ValueOf(0), ValueOf(1), ValueOf(3), ValueOf(4), ValueOf(2)),
        results=(Result(F8, 0), Result(np.dtype("f4"), 0), Result(I8, 0),
                 Result(np.dtype("c16"), 0), Result(B1, 0), Result(F8, 0)),
        outputs=(Scalar(0, weak=True), Scalar(1), Scalar(2, weak=True), Scalar(3, weak=True),
                 Scalar(4, weak=True), NewArray(5), Scalar(0), Static("s")),
        structure="tuple",
    )  # fmt: skip
    body = """
(<double *>results[0])[0] = (<double *>ptrs[0])[0] * 2
(<float *>results[1])[0] = (<float *>ptrs[1])[0] * 2
(<int64_t *>results[2])[0] = ints[0] + (<int64_t *>ptrs[4])[0]
(<double *>results[3])[0] = (<double *>ptrs[2])[1]
(<double *>results[3])[1] = (<double *>ptrs[2])[0]
(<char *>results[4])[0] = not (<char *>ptrs[3])[0]
(<double *>results[5])[0] = 7
"""
    answer = dispatcher(rt, plan, body)(1.5, np.float32(2.5), -(2**62), 3 + 4j, False)
    assert answer[:5] == (3.0, 5.0, -(2**63), 4 + 3j, True)
    assert [type(a) for a in answer] == [
        float, np.float32, int, complex, bool, np.ndarray, np.float64, str,
    ]  # fmt: skip
    assert answer[5].shape == () and answer[5] == 7


def test_structures_of_answers(rt):
    class Pair:
        def unflatten(self, leaves):
            return {"a": leaves[0], "b": leaves[1]}

    def answer(structure, outputs=(Argument(0), Static(2))):
        plan = Plan(
            leaves=(Num("python", "f8"),), ptrs=(), outputs=outputs, structure=structure
        )
        return dispatcher(rt, plan, "pass")(0.5)

    assert answer("tuple") == (0.5, 2) and answer("list") == [0.5, 2]
    assert answer("none", ()) is None and answer("tuple", ()) == ()
    assert answer(Pair()) == {"a": 0.5, "b": 2}


def test_answers_in_containers_in_each_other(rt):
    """As `unflatten` puts them together: of every kind, empty ones, and deeper than C code goes."""
    deep = [0.5, 2]
    for _ in range(40):
        deep = [deep]
    point = namedtuple("point", "x y")
    for value in (
        (0.5, (2,)), [(0.5,), [], 2], {"b": 0.5, "a": {"c": (2, None)}}, ((), (0.5, [2]), {}),
        (point(0.5, 2),), deep,
    ):  # fmt: skip
        leaves, tree = flatten(value)
        assert leaves == [0.5, 2]
        plan = Plan(
            leaves=(Num("python", "f8"),), ptrs=(), outputs=(Argument(0), Static(2)), structure=tree
        )
        for _ in range(3):
            made = dispatcher(rt, plan, "pass")(0.5)
            assert made == value and repr(made) == repr(value)


def test_written_argument_is_the_answer(rt):
    d = dispatcher(rt, increment_plan(), INCREMENT)
    x = np.zeros(4)
    assert d(x) is x and x.tolist() == [1, 1, 1, 1]


def test_views_of_arguments_and_results(rt):
    plan = Plan(
        leaves=(Arr("f8", (-1,)),),
        ints=(SizeOf(0, 0),),
        ptrs=(DataOf(0),),
        results=(Result(I8, 1), Result(F8, 1, like=0)),
        outputs=(ViewOf(Argument(0), 0), ViewOf(NewArray(1), 0)),
        structure="tuple",
    )
    body = """
cdef int64_t *w = <int64_t *>results[0]
cdef int64_t i
w[0] = ints[0] - 1
w[1] = ints[0] // 2
w[2] = 1
w[3] = -2
w[4] = 0
for i in range(ints[0]):
    (<double *>results[1])[i] = -i
"""
    d = dispatcher(rt, plan, body, "dims[0] = 5\ndims[1] = ints[0]")
    x = np.arange(6.0)
    view, other = d(x)
    assert view.tolist() == x[::-2][:, None].tolist() and np.shares_memory(view, x)
    assert other.tolist() == (-x)[::-2][:, None].tolist()
    view[0, 0] = 50
    assert x[5] == 50
    x.flags.writeable = False
    assert not d(x)[0].flags.writeable


def test_results_whose_size_the_kernel_finds(rt):
    plan = Plan(
        leaves=(Arr("f8", (-1,)),),
        ints=(SizeOf(0, 0),),
        ptrs=(DataOf(0),),
        results=(Result(F8, 1, static_shape=False), Result(F8, 0)),
        outputs=(NewArray(0), Scalar(1)),
        structure="tuple",
    )
    body = """
cdef double *a = <double *>ptrs[0]
cdef double *r
cdef int64_t i, n = 0
cdef int64_t dims[1]
for i in range(ints[0]):
    n += a[i] > 0
dims[0] = n if n < 4 else -1
r = <double *>ctx.result(ctx.owner, 0, dims)
if r == NULL:
    return 3
n = 0
for i in range(ints[0]):
    if a[i] > 0:
        r[n] = a[i]
        n += 1
(<double *>results[1])[0] = n
"""
    d = dispatcher(rt, plan, body)
    found, n = d(np.array([1.0, -1, 2, 0]))
    assert found.tolist() == [1, 2] and n == 2
    assert d(-np.ones(3))[0].shape == (0,)
    with pytest.raises(ValueError, match="negative dimensions"):
        d(np.ones(5))


def test_a_call_with_more_words_than_the_stack_has(rt):
    count = 150
    plan = Plan(
        leaves=tuple(Num("python", "f8") for _ in range(count)),
        ptrs=tuple(ValueOf(j) for j in range(count)),
        results=(Result(F8, 0),),
        outputs=(Scalar(0, weak=True),),
    )
    body = f"""
cdef int i
for i in range({count}):
    (<double *>results[0])[0] += (<double *>ptrs[i])[0]
"""
    assert dispatcher(rt, plan, body)(*map(float, range(count))) == sum(range(count))


# ---- memory --------------------------------------------------------------------------------------
def test_odd_arrays_are_copied_in_and_back(rt):
    d = dispatcher(rt, increment_plan(), INCREMENT)
    swapped = np.arange(4, dtype=">f8")
    assert d(swapped) is swapped and swapped.tolist() == [1, 2, 3, 4]
    misaligned = np.zeros(33, np.uint8)[1:].view("f8")
    assert d(misaligned) is misaligned and misaligned.tolist() == [1, 1, 1, 1]
    field = np.zeros(4, [("a", "i4"), ("b", "f8")])["b"]
    assert d(field) is field and field.tolist() == [1, 1, 1, 1]
    other_name = np.zeros(3, np.longlong)
    plan = Plan(leaves=(Arr("i8", (-1,)),), outputs=(Argument(0),))
    assert dispatcher(rt, plan, "pass")(other_name) is other_name


def test_odd_arrays_keep_what_was_written_before_an_error(rt):
    plan = Plan(
        leaves=(Arr("f8", (-1,)),), ptrs=(DataOf(0),), outputs=(Argument(0),), written=(0,),
        errors=(ErrorSite(ValueError, "stop"),),
    )  # fmt: skip
    body = """
(<double *>ptrs[0])[0] = 9
ctx.error.site = 0
return 2
"""
    swapped = np.zeros(2, ">f8")
    with pytest.raises(ValueError, match="stop"):
        dispatcher(rt, plan, body)(swapped)
    assert swapped[0] == 9


def test_read_only_arguments_are_not_written(rt):
    d = dispatcher(rt, increment_plan(), INCREMENT)
    for x in (np.zeros(4), np.zeros(4, ">f8")):
        x.flags.writeable = False
        with pytest.raises(ValueError, match="assignment destination is read-only"):
            d(x)
        assert x.sum() == 0


def test_a_read_only_odd_argument_may_be_read(rt):
    plan = Plan(
        leaves=(Arr("f8", (-1,)),), ptrs=(DataOf(0),), results=(Result(F8, 0),),
        outputs=(Scalar(0),),
    )  # fmt: skip
    x = np.arange(1, 3, dtype=">f8")
    x.flags.writeable = False
    d = dispatcher(rt, plan, "(<double *>results[0])[0] = (<double *>ptrs[0])[1]")
    assert d(x) == 2


def test_overlapping_arguments_go_to_their_hook(rt):
    seen = []
    plan = increment_plan(extra=(Arr("f8", (-1,)),))
    d = dispatcher(
        rt, plan, INCREMENT, overlap=lambda kernel, leaves: seen.append(leaves) or "overlap"
    )
    x = np.zeros(8)
    assert d(x[:4], x[2:6]) == "overlap" and d(x[:4], x[:4]) == "overlap"
    assert d(x[:4], x[4:])[0] == 1
    assert [leaf.shape for leaf in seen[0]] == [(4,), (4,)]


def test_interleaved_arguments_do_not_overlap(rt):
    d = dispatcher(rt, increment_plan("strided", (Arr("f8", (-1,), "strided"),)), INCREMENT)
    x = np.zeros(8)
    d(x[::2], x[1::2])
    assert x.tolist() == [1, 0] * 4


def test_overlap_without_a_hook_is_an_error(rt):
    d = dispatcher(rt, increment_plan(extra=(Arr("f8", (-1,)),)), INCREMENT)
    x = np.zeros(4)
    with pytest.raises(NotImplementedError, match="shares memory"):
        d(x, x)


def test_empty_arrays(rt):
    plan = Plan(leaves=(Arr("f8", (0, -1)),), results=(Result(F8, 2),), outputs=(NewArray(0),))
    d = dispatcher(rt, plan, "pass", "dims[0] = 0\ndims[1] = 3")
    assert d(np.ones((0, 3))).shape == (0, 3)


# ---- what kernels report -------------------------------------------------------------------------
def test_errors_are_raised_at_the_users_line(rt, tmp_path):
    user = tmp_path / "user.py"
    user.write_text("\n\nA[i] = B[k]\n")
    site = ErrorSite(
        IndexError, "index {0} is out of bounds for axis 0 with size {1} ({2})", "iid",
        str(user), 3, "B[k]", "f",
    )  # fmt: skip
    plan = Plan(leaves=(Num("python", "f8"),), ptrs=(ValueOf(0),), errors=(site,), structure="none")
    body = """
ctx.error.site = 0
ctx.error.values[0] = 7
ctx.error.values[1] = 5
ctx.error.values[2] = (<int64_t *>ptrs[0])[0]
return 2
"""
    with pytest.raises(IndexError) as caught:
        dispatcher(rt, plan, body)(2.5)
    assert str(caught.value) == "index 7 is out of bounds for axis 0 with size 5 (2.5)"
    last = traceback.extract_tb(caught.value.__traceback__)[-1]
    assert (last.filename, last.lineno, last.name, last.line) == (str(user), 3, "f", "A[i] = B[k]")
    assert "B[k]" in caught.value.__notes__[0]


def test_guard_memory_and_nonsense(rt):
    plan = Plan(leaves=(Num("python", "i8", 0),), ints=(IntOf(0),), structure="none", name="f")
    d = dispatcher(rt, plan, "return <int32_t>ints[0]")
    assert d(0) is None and d(1) == MISS
    with pytest.raises(MemoryError):
        d(4)
    with pytest.raises(VerifyError, match="returned 9"):
        d(9)


def test_a_failed_guard_goes_on_to_older_specialisations(rt):
    plan = Plan(leaves=(Num("python", "i8", 0),), ints=(IntOf(0),), structure="none")
    d = rt.Dispatcher(lambda args, kw: MISS)
    d.add(rt.Kernel(plan, function=lambda n: "older"))
    built = build(kernel_text("return 1"), "test")
    d.add(rt.Kernel(plan, built.entry))
    assert d(3) == "older"
    assert d.call(d.kernels[0], (3,)) is rt.NO_MATCH and d.call(d.kernels[1], (3,)) == "older"


CALLBACK_BODY = """
cdef void *p[4]
cdef int64_t n[4]
cdef double *found = NULL
cdef int64_t count = 0
cdef int64_t i
p[0] = ptrs[0]
p[1] = results[0]
p[2] = &found
p[3] = &count
n[0] = ints[0]
n[1] = 1
n[2] = ints[0]
if ctx.callback(ctx.owner, 0, p, n):
    return 3
for i in range(count):
    (<double *>results[1])[0] += found[i]
"""


def test_callbacks_run_python_in_the_middle_of_a_kernel(rt):
    def both(x, generator):
        if x[0] < 0:
            raise ZeroDivisionError("from the callback")
        return np.sort(x), x[x > 1] + 0 * generator.random()

    callback = Callback(
        both,
        (ArrayOperand(F8, 1), LeafOperand(1)),
        (CallbackResult(F8, 1), CallbackResult(F8, 1, late=True)),
    )
    plan = Plan(
        leaves=(Arr("f8", (-1,)), Obj(np.random.Generator)),
        ints=(SizeOf(0, 0),),
        ptrs=(DataOf(0),),
        results=(Result(F8, 1, like=0), Result(F8, 0)),
        outputs=(NewArray(0), Scalar(1, weak=True)),
        structure="tuple",
        callbacks=(callback,),
    )
    d = dispatcher(rt, plan, CALLBACK_BODY)
    ordered, total = d(np.array([3.0, 1, 2]), np.random.default_rng(0))
    assert ordered.tolist() == [1, 2, 3] and total == 5.0
    with pytest.raises(ZeroDivisionError, match="from the callback"):
        d(-np.ones(3), np.random.default_rng(0))


ARRAYS_BODY = """
cdef void *p[4]
cdef int64_t n[5]
p[0] = ptrs[0]
p[1] = ptrs[1]
p[2] = results[0]
p[3] = results[1]
n[0] = ints[0]
n[1] = ints[1]
n[2] = ints[2]
n[3] = ints[3]
n[4] = ints[1]
if ctx.callback(ctx.owner, 0, p, n):
    return 3
"""


def test_callbacks_get_arrays_and_numbers_of_the_kernels_memory(rt):
    """Strided operands, numbers as NumPy's scalars, results of several kinds."""
    answers = {"right": lambda x, s: (x.sum(axis=0) * s, bool(x[0, 0] > 0))}
    seen = []

    def function(x, s):
        seen.append((x.strides, type(s), x.flags.aligned, x.flags.writeable))
        return answers["right"](x, s)

    callback = Callback(
        function,
        (ArrayOperand(F8, 2), ArrayOperand(F8, 0)),
        (CallbackResult(F8, 1), CallbackResult(np.dtype(bool), 0)),
    )
    plan = Plan(
        leaves=(Arr("f8", (-1, -2), layout="strided"), Num("python", "f8")),
        ints=(SizeOf(0, 0), SizeOf(0, 1), StrideOf(0, 0), StrideOf(0, 1)),
        ptrs=(DataOf(0), ValueOf(1)),
        results=(Result(F8, 1), Result(np.dtype(bool), 0)),
        outputs=(NewArray(0), Scalar(1)),
        structure="tuple",
        callbacks=(callback,),
    )
    d = dispatcher(rt, plan, ARRAYS_BODY, "dims[0] = ints[1]")
    x = np.arange(24.0).reshape(4, 6)[::-2, ::2]
    total, positive = d(x, 2.0)
    np.testing.assert_array_equal(total, x.sum(axis=0) * 2)
    assert positive == (x[0, 0] > 0) and seen == [(x.strides, np.float64, True, True)]
    answers["right"] = lambda x, s: (x.sum(axis=0),)
    with pytest.raises(ValueError):
        d(x, 2.0)
    answers["right"] = lambda x, s: (np.zeros(7), True)
    with pytest.raises(ValueError, match="broadcast"):
        d(x, 2.0)


def test_ctrl_c_stops_a_kernel_that_polls(rt):
    plan = Plan(leaves=(Num("python", "i8", 0),), ints=(IntOf(0),), structure="none")
    body = """
cdef int64_t i = 0
while i < 5000000000LL:
    i += 1
    if i % 1000000 == 0 and ctx.interrupted():
        return 3
"""
    d = dispatcher(rt, plan, body)
    timer = threading.Timer(0.1, signal.raise_signal, (signal.SIGINT,))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        d(1)
    assert signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_threads_call_one_function_at_once(rt):
    d = dispatcher(rt, ADD_PLAN, ADD, "dims[0] = ints[0]")
    wrong = []

    def work(seed):
        x = np.random.default_rng(seed).random(50 + seed)
        for _ in range(200):
            if not np.array_equal(d(x, x), x + x):
                wrong.append(seed)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not wrong


def test_the_gil_is_released_while_a_kernel_runs(rt):
    plan = Plan(leaves=(Arr("i8", (-1,)),), ptrs=(DataOf(0),), structure="none", written=(0,))
    body = """
cdef int64_t tries = 0
cdef volatile_int64 *flag = <volatile_int64 *>ptrs[0]
flag[0] = 1
while flag[1] == 0 and tries < 2000000000:
    tries += 1
flag[0] = 2 if flag[1] else 3
"""
    text = kernel_text(body).replace(
        "cdef api int32_t entry",
        'cdef extern from *:\n    ctypedef int64_t volatile_int64 "volatile int64_t"\n\n'
        "cdef api int32_t entry",
    )
    built = build(text, "test")
    d = rt.Dispatcher(lambda args, kw: MISS)
    d.add(rt.Kernel(plan, built.entry))
    flags = np.zeros(2, np.int64)

    def answer():
        while flags[0] == 0:
            pass
        flags[1] = 1

    thread = threading.Thread(target=answer)
    thread.start()
    d(flags)
    thread.join()
    assert flags[0] == 2


def test_no_reference_is_lost(rt):
    d = dispatcher(rt, ADD_PLAN, ADD, "dims[0] = ints[0]")
    x = np.ones(16)
    before = sys.getrefcount(x), sys.getrefcount(x.dtype)
    for _ in range(1000):
        d(x, x)
    assert abs(sys.getrefcount(x) - before[0]) < 5
    assert abs(sys.getrefcount(x.dtype) - before[1]) < 50
    assert sys.getrefcount(d(x, x)) == sys.getrefcount(np.ones(2))
