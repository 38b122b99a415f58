"""Forms of arguments that NumPy takes: what `out=`, `dtype=`, `initial=` and `axis=` decide.

Each was answered otherwise once; `python -m tests.fuzz --kind calls` found them.
"""

import numpy as np
import pytest

import arignote as ag

A = np.array([[1.5, -2.0, 0.25], [3.0, np.nan, -0.5]])
I = np.array([[1, 5, 2], [7, 0, 3]])
U = np.array([3, 200, 7], np.uint8)
H = np.array([0.1, 0.7, 0.3, 1.25], np.float16)
M = np.array([True, False, True])


def plain_and_compiled(f, *args):
    """Both answers, or both errors, with what the arguments hold afterwards."""
    said = []
    for g in (f, ag.compile(f, mode="FAST_COMPILE")):
        given = [a.copy(order="K") for a in args]
        with np.errstate(all="ignore"):
            try:
                said.append((g(*given), None, given))
            except Exception as error:
                said.append((None, error, given))
    return said


CASES = [
    # out= takes part in the choice of the dtype, has exactly the result's shape, and any dtype
    (lambda h, o: np.sum(h, out=o), H, np.zeros(())),
    (lambda h, o: np.mean(h, out=o), H, np.zeros(())),
    (lambda i, o: np.sum(i, out=o), I, np.zeros((), np.int8)),
    (lambda a, o: np.max(a * 1j, axis=0, out=o), A, np.zeros(3, np.int32)),
    (lambda a, o: np.sum(a, axis=0, out=o), A, np.zeros((2, 3))),
    (lambda a, o: np.sum(a, axis=0, keepdims=True, out=o), A, np.zeros((2, 3))),
    (lambda a, o: np.all(a, out=o), A, np.zeros((), np.complex64)),
    (lambda i, o: np.argmax(i, axis=0, out=o), I, np.zeros(3, np.int16)),
    (lambda i, o: np.argmax(i, axis=0, out=o), I, np.zeros(3)),
    (lambda i, o: np.take(i, [0, 2], axis=1, out=o), I, np.zeros((2, 2))),
    (lambda i, o: np.take(i, [0, 2], axis=1, out=o), I, np.zeros((2, 2), np.complex128)),
    (lambda i, o: np.take(i, [0, 2], axis=1, out=o), I, np.zeros((2, 3))),
    (lambda i, o: np.cumsum(i, axis=0, out=o), I, np.zeros((2, 3), np.int8)),
    # dtype=
    (lambda i: np.mean(i, dtype=np.int8), I),
    (lambda i: np.std(i, dtype=np.complex128), I),
    (lambda i: np.logical_or.reduce(i, dtype=np.float64), I),
    (lambda i: np.bitwise_or.reduce(i, dtype=bool), I),
    (lambda u, m: np.add.outer(u, m, dtype=bool), U, M),
    (lambda i, u: np.maximum.outer(i, u, dtype=np.float32), I, U),
    (lambda u: np.fmax(u, 0.5, dtype=int), U),
    (lambda u: np.fmod(np.inf, u, dtype=np.float32, casting="equiv"), U),
    (lambda a, i: np.logical_and(a, i, casting="no"), A, I),
    # initial= and where=
    (lambda u: np.sum(u, initial=1.5), U),
    (lambda u: np.max(u, initial=np.inf), U),
    (lambda u: np.max(u, initial=300), U),
    (lambda i: np.fmin.reduce(i, axis=None, initial=2, where=i > 1), I),
    (lambda i: np.fmax.reduce(i, where=i > 1), I),
    (lambda i: np.sum(i[:0], initial=None), I),
    # axes of numbers, and of accumulate and reduceat
    (lambda a: np.sum(a, axis=-1), np.array(2.5)),
    (lambda a: np.any(a, axis=0, keepdims=True), np.array(2.5)),
    (lambda a: np.sum(a, axis=1), np.array(2.5)),
    (lambda u: np.add.accumulate(u, axis=None), U),
    (lambda i: np.add.accumulate(i, axis=None), I),
    (lambda a: np.multiply.reduceat(a, [0]), np.array(2.5)),
    # Python numbers that the dtype does not hold
    (lambda u, m: np.where(m, u, -2), U, M),
    (lambda u, m: np.where(m, 300, u), U, M),
    (lambda u, m: np.where(m, -2, 3), U, M),
    (lambda u: np.clip(u, -1, 300), U),
    (lambda u: u.clip(min=300), U),
    (lambda u: np.pad(u, 1, constant_values=-1), U),
    (lambda i: (i.__setitem__(0, np.nan), i)[1], I),
    (lambda u, v: np.isclose(u, v, rtol=0.1, atol=0.5), U, U[::-1] + np.uint8(1)),
    (lambda u, i: u[:2] ** i[0, :2], U.astype(np.uint64), -I),
    (lambda m: m**2, M),
    # where memory goes
    (lambda a: a.flatten(order="A"), np.asfortranarray(A)),
    (lambda a: a.T.ravel(order="K"), A),
    (lambda a: np.ravel(a, order="A"), np.asfortranarray(A)),
    # what is not an error, and what is
    (lambda u, a: np.putmask(u, u > 5, a[0]), U, A),
    (lambda u, a: np.place(u, u > 5, a[0]), U, A),
    (lambda u: np.put(u, [0], 300), U),
    (lambda u, m: np.lexsort((u, m[:1])), U, M),
    (lambda a: np.nanpercentile(a[:, :0], 50, axis=1), A),
    (lambda a: np.nanmedian(a[:, :0], axis=1), A),
    (lambda a, o: np.nanmedian(a, axis=1, out=o), A, np.zeros(2, np.int32)),
    (lambda a: np.unwrap(a[0, :0]), A),
    (lambda a: np.linalg.norm(a[:, :0], ord=np.inf, axis=1), A),
    (lambda a: np.insert(a, -1, 9.0), A),
    (lambda a: np.insert(a, [-1][0], 9.0, axis=1), A),
    (lambda a: np.unstack(a[0]), A),
    (lambda a: np.gradient(a, axis=1), A.astype(np.float32)),
    (lambda a: np.histogram(a, 4, range=(0, 2)), A.astype(np.float32)),
    (lambda a: np.linalg.slogdet(a[:, :2]), A),
    (lambda u: np.array_equiv(u, u[:2]), U),
    (lambda a: np.ascontiguousarray(a), np.array(2.5)),
    (lambda u: np.divmod(u, u, out=u), U),
]


@pytest.mark.parametrize("case", CASES, ids=[str(k) for k in range(len(CASES))])
def test_forms_of_arguments(case):
    f, *args = case
    (want, failed, before), (got, error, after) = plain_and_compiled(f, *args)
    if failed is not None:
        public = next(c for c in type(failed).__mro__ if c.__module__ in ("builtins",))
        assert isinstance(error, public), f"{failed!r} became {error!r}"
    else:
        assert error is None, error
        same(want, got)
    for x, y in zip(before, after, strict=True):
        same(x, y)


def same(want, got):
    assert type(want) is type(got)
    if isinstance(want, tuple):
        for x, y in zip(want, got, strict=True):
            same(x, y)
        return
    if want is not None and not isinstance(want, bool):
        assert (want.dtype, want.shape) == (got.dtype, got.shape)
        np.testing.assert_allclose(got, want, rtol=2e-3 if want.dtype == np.float16 else 1e-6)


def test_what_views_are_views():
    def f(a, k):
        np.einsum("ij->ji", a)[1, 0] = 5.0
        np.trim_zeros(a[0])[1] = 7.0
        np.linalg.matrix_power(a[:, :2], 1)[1, 1] = 9.0
        np.ix_(k, k)[0][0, 0] = 2
        return a.sum()

    want, got = (A.copy(), np.arange(3)), (A.copy(), np.arange(3))
    np.testing.assert_array_equal(ag.compile(f)(*got), f(*want))
    for x, y in zip(want, got, strict=True):
        np.testing.assert_array_equal(x, y)


@pytest.mark.parametrize("order", ["C", "F"])
def test_asarray_copies_what_lies_otherwise(order):
    def f(a):
        b = np.asarray(a, order=order)
        b[0, 0] = 9.0
        return a + 0

    for a in (A, np.asfortranarray(A), A[::-1]):
        np.testing.assert_array_equal(
            ag.compile(f, mode="FAST_COMPILE")(a.copy(order="K")), f(a.copy(order="K"))
        )


def test_kernels_of_reductions_into_an_array():
    """The same through emitted code."""

    @ag.compile
    def several(h, i, o, p):
        np.sum(h, out=o)
        np.max(i * 1j, axis=1, out=p)
        return np.fmax.reduce(h, initial=0.5, where=h > 0.2), h.flatten(order="A")

    def run(f):
        o, p = np.zeros(()), np.zeros(2, np.int32)
        return (*f(H, I, o, p), o, p)

    with np.errstate(all="ignore"):
        for x, y in zip(run(several.__wrapped__), run(several), strict=True):
            same(x, y)
