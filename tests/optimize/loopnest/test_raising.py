"""Loops raised to products of matrices: values, triangles, and what must stay a loop."""

import numpy as np

from .scheduling import check, scheduled

rng = np.random.default_rng(11)
CLOSE = {"rtol": 1e-10, "atol": 1e-12}


def triple(a, b, c, dtype="f8"):
    """Matrices of a x b, b x c and a x c."""
    return {"x": rng.random((a, b)).astype(dtype), "y": rng.random((b, c)).astype(dtype),
            "z": rng.random((a, c)).astype(dtype)}  # fmt: skip


def square(n, dtype="f8"):
    return {"x": (rng.random((n, n)) + n * np.eye(n)).astype(dtype), "z": rng.random(n)}


def vectors_in_steps(x, y, z):
    for i in range(x.shape[0]):
        z[i] = 2 * (y.T @ x[i])


def test_vectors_of_all_steps_are_gathered():
    made = check("raise_rows", vectors_in_steps, triple(70, 9, 8), triple(65, 40, 3), **CLOSE)
    assert made.changed and "by 64" in made.text and "gemm" in made.text


def lower_products(x, y, z):
    for i in range(x.shape[1]):
        z[i, i:] = x[:, i] @ x[:, i:]
        z[i:, i] = 3 * z[i, i:]


def test_a_triangle_of_products_is_gathered_by_blocks():
    samples = [{"x": rng.random((m, n)), "y": np.ones(2), "z": rng.random((n, n))}
               for m, n in ((30, 70), (20, 64), (9, 5))]  # fmt: skip
    made = check("raise_rows", lower_products, *samples, **CLOSE)
    assert made.changed


def changing_matrix(x, y, z):
    for i in range(x.shape[0]):
        z[i] = y.T @ x[i]
        y[0, 0] += z[i, 0] / 1000


def test_a_matrix_that_steps_change_is_not_gathered():
    made = check("raise_rows", changing_matrix, triple(66, 40, 12), **CLOSE)
    assert not made.changed


def dots(x, y, z):
    for i in range(x.shape[0]):
        for j in range(y.shape[1]):
            z[i, j] = 1 - z[i, j] * np.dot(x[i, :], y[:, j])


def below_diagonal(x, y, z):
    for i in range(x.shape[0]):
        for j in range(i + 1):
            z[i, j] += x[i, :] @ x[j, :]


def above_diagonal(x, y, z):
    for i in range(x.shape[0]):
        for j in range(i, y.shape[1]):
            z[i, j] -= x[i, :] @ y[:, j]


def test_dots_in_two_loops_are_a_product():
    for f in (dots, above_diagonal):
        made = check("raise_products", f, triple(70, 20, 90), triple(3, 4, 5), **CLOSE)
        assert "gemm" in made.text
    made = check("raise_products", below_diagonal, triple(70, 20, 90), triple(3, 4, 5), **CLOSE)
    assert "gemm" in made.text


def test_integers_stay_loops():
    assert not scheduled("raise_products", dots, **triple(70, 20, 90, "i8")).changed


def own_factor(x, y, z):
    for i in range(1, x.shape[0]):
        for j in range(x.shape[1]):
            x[i, j] = x[i - 1, :] @ y[:, j]


def test_factors_that_the_loop_makes_are_no_product():
    made = check("raise_products", own_factor, {**triple(70, 12, 12), "z": np.ones(3)}, **CLOSE)
    assert not made.changed


def forward_substitution(x, z):
    for i in range(x.shape[0]):
        z[i] = (z[i] - x[i, :i] @ z[:i]) / x[i, i]


def scaled_history(x, z):
    for i in range(2, z.shape[0]):
        z[i] = z[i] - 0.1 * np.dot(x[0, 1 : i - 1], z[1 : i - 1]) / i


def test_recurrences_take_their_far_part_from_a_product():
    made = check("raise_recurrences", forward_substitution, square(300), square(7), **CLOSE)
    assert "gemv" in made.text and made.changed


def test_a_sum_over_all_earlier_values_of_one_row_stays():
    check("raise_recurrences", scaled_history, square(80), **CLOSE)


def backwards(x, z):
    for i in range(x.shape[0]):
        z[i] = z[i] - 0.01 * (x[i, : i + 1] @ z[: i + 1])
        if i > 2:
            z[i - 3] += 1.0


def test_values_that_change_again_stay_in_order():
    made = check("raise_recurrences", backwards, square(270), **CLOSE)
    assert not made.changed


def rows_of_batches(x, y):
    return x @ y


def test_a_batch_of_products_is_one():
    sample = {"x": rng.random((5, 4, 30)), "y": rng.random((30, 20))}
    made = check("batch", rows_of_batches, sample, **CLOSE)
    assert made.changed and "for" in made.text
