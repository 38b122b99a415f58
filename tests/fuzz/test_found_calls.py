"""Single calls that were wrong once, beside NumPy: values, dtypes, and which error is raised."""

import numpy as np
import pytest

from arignote.api import compile

from .kinds import KINDS, differs, function_of

x = np.arange(6.0).reshape(2, 3)
small = np.array([1, 5, 2], np.int8)
CALLS = [
    # out= of another shape or dtype, and what NumPy asks first
    ("np.fmax.reduce(x, keepdims=True, out=o)", x, np.zeros((1, 1))),
    ("np.all(x, axis=(0, 1), keepdims=True, out=o)", np.ones((2, 3, 4)), np.zeros((1, 1, 1))),
    ("np.concatenate((x, x), out=o)", x, np.zeros((2, 3))),
    ("np.concatenate((x, x), out=o)", x, np.zeros((2, 3), int)),
    ("np.take(x, [0, 1, 2], out=o)", x, np.zeros(2)),
    ("np.take(x, [0, 1, 2], out=o, mode='clip')", x, np.zeros((2, 3), int)),
    ("np.argmax(x, axis=0, out=o)", x, np.zeros((2, 3))),
    ("np.fmin(x, x.T, out=o)", x, np.zeros((2, 3), int)),
    ("np.power(x.astype(int), -x.astype(int), out=o)", x, np.zeros((2, 3), bool)),
    ("np.matmul(x, x, out=o)", x, np.zeros((2, 3), int)),
    ("np.matmul(x, x[0], out=o)", x, np.zeros((2, 3))),
    ("np.matmul(x, x[0], out=o)", x, np.zeros((4, 2))),
    ("np.dot(x, x[0], out=o)", x, np.zeros(2, int)),
    ("np.dot(x, x, out=o)", np.ones((3, 3)), np.zeros((3, 3)).T),
    ("np.dot(x, x, out=o)", np.ones((3, 3)), np.zeros((3, 6))[:, ::2]),
    ("np.dot(x, x, out=o)", np.ones((3, 3)), np.zeros((2, 3, 3))[1]),
    ("np.nanmean(x, out=o)", x, np.zeros((), int)),
    ("np.bitwise_or.accumulate(x, axis=2, out=o)", x, x),
    ("np.cumsum(x, out=o)", x, np.zeros((2, 3))),
    ("np.matmul(x, x.T, dtype=np.uint8)", x),
    ("np.matmul(x, x.T, dtype=float)", x.astype(np.int8) + 100),
    ("np.clip(x, 1, 3, dtype=bool)", x),
    ("np.clip(x, 1, 3, dtype=np.complex64)", x.astype(np.float32)),
    # errors
    ("np.nanquantile(x, 1.5)", x),
    ("np.nanpercentile(x, 101)", x),
    ("np.cov(x, ddof=0.5)", x),
    ("np.insert(x, 1, 1j)", x),
    ("np.interp(1j, x[0], x[0])", x),
    ("np.round(x > 1, 1)", x),
    ("float(x[:1, 0])", x),
    ("int(x[:1, 0])", x),
    ("round(x[0, ...][:, None][0, ...], 1)", x),
    ("np.putmask(small, small > 1, x)", np.asarray(2.5), small),
    ("x ** -1", np.zeros(0, np.uint64)),
    ("np.nanargmin(x, axis=(0, 1))", x * np.nan),
    ("np.fmin.accumulate(x, axis=(0,))", np.asarray(1.0)),
    ("np.vecdot(x, x, axis=None)", np.asarray(1.0)),
    ("np.arange(-1, 0, 0.5, dtype=np.int8)",),
    ("np.concatenate((x, small), axis=0, out=o)", np.zeros(0, np.uint64), np.zeros(3, int)),
    ("np.concatenate((x, small), out=o)", np.array([2**62 + 1], np.uint64), np.zeros(4, int)),
    ("np.put(x, small, small, 'clip')", np.zeros((0, 3), int)),
    ("np.take(x, small, axis=0, mode='wrap')", np.zeros((0, 3), int)),
    ("np.arange(0.5, 6, 1.5, dtype=int)",),
    ("np.arange(5, 0, -0.7, dtype=np.uint8)",),
    ("np.diff(x, axis=0, n=3)", np.ones((2, 3))),
    ("x.item(0)", np.uint64(4)),
    ("x.item(1)", np.uint64(4)),
    ("np.reshape(x, (-1,), order='A')", np.asfortranarray(x)),
    ("np.reshape(x, (-1,), order='A')", x),
    ("np.reshape(x, (3, 2), order='A')", np.ones((2, 3, 4)).T[0]),
    ("np.unwrap(x, axis=None)", np.asarray(1.5)),
    ("np.fft.rfft(x)", np.zeros(0, np.complex64)),
    ("x.std()", np.array([[-0.67, 2.98, 4.59], [65504, -1.93, 0]], np.float16)),
    ("x.var(axis=1)", np.linspace(0, 3, 30, dtype=np.float16).reshape(3, 10)),
    ("np.full((-1, 3), -1, dtype=np.uint8)",),
    ("np.arange(3, np.inf)",),
    ("np.arange(300, np.float32(2), 0)",),
    ("np.arange(1, 5, np.nan)",),
    *((f"small.fill({v})", small) for v in ("300.5", "1e30", "-1.5", "1j")),
    *((f"small.__setitem__(0, {v})", small.astype(np.uint64)) for v in ("-1.5", "1e30", "2.5")),
    ("x.__iadd__(x.T)", np.ones((2, 3), np.int8)),
    ("np.multiply(x, x.T, dtype=complex, out=o)", x, np.zeros((2, 3), bool)),
    ("np.maximum(-1, x, casting='no', out=o)", np.ones(3, np.uint16), np.zeros(3)),
    ("np.power(True, x, casting='equiv')", np.ones(3, np.uint16)),
    ("np.take(x, [0, 2], out=o)", np.ones(1), np.ones(1)),
    ("x.__setitem__(0, o)", np.zeros(3), np.ones(2)),
    ("x.__setitem__(0, o)", np.zeros(3), np.ones(1)),
    ("x.__setitem__(0, o)", np.zeros(3, complex), np.ones(1)),
    ("(x.__setitem__((0, ...), o), x)[1]", np.zeros(3, complex), np.ones(1)),
    ("np.full_like(small, 300), np.full(2, -2, np.uint8)", small),
    ("np.full(2, 300.5, np.uint8)",),
    *((f"np.insert(small, 1, {v})", small) for v in ("300.5", "1e30", "np.nan", "np.int64(300)")),
    ("np.fill_diagonal(x, np.nan)", np.zeros((0, 2), int)),
    ("np.nanmedian(x, out=o)", np.zeros(0), np.zeros((), int)),
    ("np.divmod(300, small, dtype=np.int8, casting='equiv')", small),
    ("np.lexsort((x, x), axis=None)", np.asarray(1)),
    ("np.fft.fftshift(x)", np.asarray(1)),
    ("np.append(x, x, axis=(0,))", np.asarray(1)),
    ("np.concatenate((x, x), axis=(0,))", np.asarray(1)),
    ("np.cumulative_prod(x, axis=(0, 1), include_initial=True)", np.ones((2, 2))),
    ("np.pad(x, 2, mode='linear_ramp')", np.zeros((0, 3))),
    ("np.pad(x, ((0, 0), (1, 1)), mode='maximum')", np.ones((0, 3))),
    ("np.pad(x, 2, mode='empty').shape", np.zeros((0, 3))),
    ("np.average(x, axis=-1)", np.zeros((0, 3))),
    # results
    ("np.repeat(x, 2, axis=-1)", np.asarray(1)),
    ("np.polyval(small.astype(np.float32), x > 1), np.polyval(small, 0.5)", np.asarray(2), small),
    ("np.polyval(small.astype(np.float32), 2.0)", small),
    ("np.power(x, o, out=x, where=o > 0)", np.array([2, 3]), np.array([-1, 2])),
    ("x ** -2", np.zeros((0, 3), int)),
    ("np.power(x, o)", np.zeros((0, 3), np.uint32), np.array([1, -2, 3], np.int8)),
    ("x[x > 1] ** np.int64(-1 + x.sum() * 0)", np.zeros(3, int)),
    ("np.repeat(x, -1), np.repeat(x, -1, axis=0)", np.zeros((0, 3))),
    ("np.repeat(x, -1, axis=1)", np.zeros((0, 3))),
    ("np.unique(x, return_inverse=True)", np.asarray(3)),
    ("np.arange(True, True, -1.5)",),
    ("np.arange(True, 3, np.inf), np.arange(3, 1, np.inf)",),
    ("np.nanmean(x, axis=0), np.nanargmax(x, axis=0), np.nanstd(x, axis=-1)", np.asarray(2.0)),
    ("np.var(x, axis=0, where=x > 1), np.std(x, axis=0, where=x > 1)", np.asarray(2.0)),
    ("np.tri(-1), np.tri(2, -1)",),
    ("max(x), min(x), sorted(x)", np.array([[2.0], [3.0], [1.0]])),
    ("np.linspace(0, x, 3, axis=(1,))", x[0]),
    ("np.linspace(0, 1, 0, retstep=True)",),
    ("np.linspace(1j, np.float32(2), 1)",),
    ("np.arange(np.int8(3)), np.arange(True, np.int8(3), np.uint8(7)), np.arange(np.uint64(2))",),
    ("np.select([x > 1], [x], 300), np.select([x > 1], [x], -0.0)", small),
    ("np.select([x > 1], [x], -0.0)", small.astype(np.float32)),
    ("np.std(x, dtype=np.int8), np.std(x, axis=0)", x),
    ("np.std(x, axis=0, dtype=np.int8)", x),
    ("np.sinc(x)", np.zeros(2, np.float16)),
    ("np.i0(x), np.median(x, keepdims=True), np.quantile(x, 0.5, keepdims=True)", np.asarray(2.0)),
    ("np.sort(np.partition(x, 1))", np.zeros(0)),
    ("np.fft.irfft(x)", np.arange(5, dtype=np.float16)),
    ("np.unique(x, axis=1), np.unique(x, True, True, True, axis=0)", np.ones((2, 3, 4))),
    ("(np.add.at(small, [0, 1], 300), np.subtract.at(small, [0, 0], -2), small)[2]", small),
    ("(np.maximum.at(small, [0, 1], 300), small)[1]", small),
    ("(np.floor_divide.at(small, [0, 1], 300), small)[1]", small),
    ("(np.floor_divide.at(small, [0, 1], x), small)[1]", np.array([300, -1]), small),
]


@pytest.mark.parametrize("call", CALLS, ids=[c[0] for c in CALLS])
@pytest.mark.filterwarnings("ignore")
def test_a_call_is_numpys(call):
    text, *args = call
    names = {1: ["x" if "x" in text else "small"], 2: ["x", "small" if "small" in text else "o"]}
    given = ", ".join(names.get(len(args), []))
    function = function_of(f"import numpy as np\n\n\ndef f({given}):\n    return {text}\n", text)
    run = compile(function, mode="FAST_COMPILE")
    assert differs(KINDS["calls"], function, tuple(args), run) == ""


@pytest.mark.parametrize(
    "ends", ["3, 0, -2", "7, 0, -3", "5, -300, -100", "250, 280, 10", "250, 256, 3", "300, 0, -50"]
)
def test_the_step_of_a_range_need_not_fit_its_dtype(ends):
    text = f"np.arange({ends}, dtype=np.uint8)"
    f = function_of(f"import numpy as np\n\n\ndef f(x):\n    return {text}\n", text)
    assert differs(KINDS["calls"], f, (x,), compile(f, mode="FAST_COMPILE")) == ""


@pytest.mark.parametrize("number", [1e30, -70000.0, 0.1])
@pytest.mark.parametrize("dtype", ["f2", "f4"])
def test_what_is_added_at_places_is_not_made_narrow_first(dtype, number):
    call = f"(np.add.at(x, [0, 1, 1], {number}), x)[1]"
    f = function_of(f"import numpy as np\n\n\ndef f(x):\n    return {call}\n", call)
    given = (np.array([-np.inf, np.inf, 2.0], dtype),)
    assert differs(KINDS["calls"], f, given, compile(f, mode="FAST_COMPILE")) == ""


def test_an_element_of_uint64_beyond_64_bits_is_no_wrapped_integer():
    @compile(mode="FAST_COMPILE")
    def f(x):
        return x.item(0), int(x[0])

    assert f(np.array([2**63 - 1], np.uint64)) == (2**63 - 1, 2**63 - 1)
    with pytest.raises(OverflowError):
        f(np.array([2**63], np.uint64))


@pytest.mark.parametrize("dtype", ["i4", "u4", "u8", "i1"])
@pytest.mark.parametrize("number", [-1, 2**40, 5])
@pytest.mark.parametrize("text", ["x + n", "n - x", "np.maximum(x, n)", "x[0] * n"])
def test_an_integer_of_python_that_an_array_cannot_hold_raises(dtype, number, text):
    f = function_of(f"import numpy as np\n\n\ndef f(x, n):\n    return {text}\n", text)
    run = compile(f, mode="FAST_COMPILE")
    assert differs(KINDS["calls"], f, (np.ones(3, dtype), number), run) == ""
