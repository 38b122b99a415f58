"""Masks: what they choose is reduced where it stands, in one pass over the data."""

import numpy as np
import pytest

from arignote.api import compile
from arignote.optimize.loopnest.program import Alloc, Loop, walk

from .scheduling import check, scheduled

rng = np.random.default_rng(23)


def means_of_bins(x, w, n):
    out = np.empty(n)
    for i in range(n):
        out[i] = w[(i / n <= x) & (x < (i + 1) / n)].mean()
    return out


def range_of_positive(x):
    y = x[x > 0]
    return y.min(), y.max(), (y * y).sum(), y.size


def listed_and_summed(x):
    keep = x > 0.5
    return x[keep], x[keep].sum()


def whole_numbers(k):
    return k[k % 3 == 0].sum(), k[k > 1000].prod()


def of_another_size(x, m):
    return x[m].sum()


@pytest.mark.parametrize(
    ("f", "arguments"),
    [
        (means_of_bins, (rng.random(500), rng.random(500), 7)),
        (range_of_positive, (rng.normal(size=300),)),
        (listed_and_summed, (rng.random(100),)),
        (whole_numbers, (rng.integers(-9, 9, 50, dtype=np.int32),)),
    ],
)
def test_reductions_of_what_a_mask_chooses(f, arguments):
    results, wanted = compile(f)(*arguments), f(*arguments)
    for a, b in zip(results, wanted, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-13)


def test_a_mean_over_a_mask_is_one_pass_without_memory():
    f = compile(means_of_bins)
    program = f.compiled_for(rng.random(500), rng.random(500), 7).program
    nodes = list(walk(program.statements))
    assert not [s for s in nodes if isinstance(s, Alloc) and s.buffer.role == "temporary"]
    assert sum(isinstance(s, Loop) for s in nodes) == 2


def test_nothing_chosen():
    x = np.array([np.nan, -1.0, -np.inf])
    f = compile(lambda x: (x[x > 0].sum(), x[x > 0].prod()))
    assert f(x) == (0.0, 1.0)
    with pytest.raises(ValueError, match="zero-size"):
        compile(lambda x: x[x > 0].max())(x)
    with pytest.raises((IndexError, ValueError)):
        compile(of_another_size)(np.ones(4), np.ones(5, bool))


def two_sums(a, b, c):
    return a.sum(), (a * b).sum(), a.max(), c.sum()


def test_folds_of_the_same_data_are_one_loop():
    arrays = {"a": rng.random(1000), "b": rng.random(1000), "c": rng.random(999)}
    made = check("fusion", two_sums, arrays, rtol=1e-13)
    assert made.text.count("for ") == 2


def masked_sum(a, b):
    keep = a < b
    return np.where(keep, a, 0.0).sum(), np.where(keep, b, 1.0).max()


def test_quick_masks_are_tested_again_rather_than_kept():
    made = check("forwarding", masked_sum, {"a": rng.random(99), "b": rng.random(99)}, rtol=1e-13)
    assert "bool" not in made.text


def softened(x):
    e = np.exp(x - np.max(x, axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)


def test_scratch_of_an_inner_loop_is_private_to_the_steps_of_the_outermost():
    x = rng.random((3, 4, 5, 6))
    made = check("parallel", softened, {"x": x}, rtol=1e-13)
    assert made.text.lstrip().split("\n")[2].lstrip().startswith("parallel for")


def halves(k):
    return k // 4, k % 4, k // 1, k % 1, k // 64, k % 64


@pytest.mark.parametrize("dtype", ["i1", "i4", "i8", "u1", "u8"])
def test_integers_by_powers_of_two(dtype):
    info = np.iinfo(dtype)
    k = np.array([info.min, info.min + 1, info.max, 0, 1, 4, 5, info.max // 2], dtype)
    for j in (k, k.astype("i8"), k.astype("i4")):
        for a, b in zip(compile(halves)(j), halves(j), strict=True):
            assert a.dtype == b.dtype
            np.testing.assert_array_equal(a, b)


def clipped(x, y, n):
    x[x < 0.0] = 0.0
    y[y > 0.5] = np.sqrt(y[y > 0.5]) + x[y > 0.5]
    for k in range(n):
        x[x > k] += 0.25 * k
    return x


@pytest.mark.parametrize("shape", [(40,), (6, 7), (0,), (1, 5), (2, 3, 4)])
def test_writes_where_a_mask_is_true(shape):
    x, y = rng.normal(size=shape), rng.normal(size=shape)
    mine, theirs = (x.copy(), y.copy()), (x.copy(), y.copy())
    np.testing.assert_array_equal(compile(clipped)(*mine, 3), clipped(*theirs, 3))
    for a, b in zip(mine, theirs, strict=True):
        np.testing.assert_array_equal(a, b)


def test_such_writes_list_no_positions():
    f = compile(clipped)
    program = f.compiled_for(rng.random((6, 7)), rng.random((6, 7)), 3).program
    made = [s.buffer for s in walk(program.statements) if isinstance(s, Alloc)]
    assert not [b for b in made if b.dtype.kind == "i"]


def other_mask(x, m):
    x[m] = x[::-1][m]
    x[~m] = x[m][0]
    return x


def test_values_chosen_by_another_order_or_of_another_size():
    x, m = rng.random(9), rng.random(9) > 0.4
    np.testing.assert_array_equal(compile(other_mask)(x.copy(), m), other_mask(x.copy(), m))


# ---- what is chosen of matrices and computed there only ------------------------------------------
def escape(z, c, n):
    for _ in range(n):
        inside = np.abs(z) < 2.0
        z[inside] = z[inside] ** 2 + c[inside]
    return z


def of_another(z, c, n):
    z[c.real < n] = c[c.real < n] * z.T[c.real < n]
    return z


@pytest.mark.parametrize("f", [escape, of_another])
@pytest.mark.parametrize("order", ["C", "F", "strided"])
@pytest.mark.parametrize("shape", [(5, 5), (1, 1), (0, 0)])
def test_choices_of_matrices(f, order, shape):
    def made(x):
        return x.repeat(2, axis=1)[:, ::2] if order == "strided" else np.array(x, order=order)

    z, c = (rng.normal(size=shape) + 1j * rng.normal(size=shape) for _ in range(2))
    mine, theirs = made(z), made(z)
    np.testing.assert_array_equal(compile(f)(mine, made(c), 3), f(theirs, made(c), 3))
    np.testing.assert_array_equal(mine, theirs)


def test_choices_of_matrices_are_at_places_in_memory():
    z = np.ones((4, 6), complex)
    text = scheduled("propagation", escape, z=z, c=z, n=3).text
    assert "remainder" not in text and "floor_divide" not in text
