"""What the small prover knows of quotients: windows with a step need no check."""

import numpy as np

import arignote as ag


def pooled(x):
    out = np.empty((x.shape[0] // 3, x.shape[1] // 2))
    for i in range(x.shape[0] // 3):
        for j in range(x.shape[1] // 2):
            out[i, j] = np.max(x[3 * i : 3 * i + 3, 2 * j : 2 * j + 2])
    return out


def ends(x):
    total = 0.0
    for i in range(x.shape[0] // 4):
        total += x[4 * i] - x[4 * i + 3]
    return total


def test_no_check_is_left_for_windows_inside():
    x = np.arange(70.0).reshape(10, 7) % 13
    made = ag.compile(pooled)
    np.testing.assert_array_equal(made(x), pooled(x))
    assert "an_fail" not in made.source(x)
    line = np.arange(30.0) % 7
    made = ag.compile(ends)
    assert made(line) == ends(line)
    assert "an_fail" not in made.source(line)


def test_one_past_the_end_is_still_found():
    def past(x):
        total = 0.0
        for i in range(x.shape[0] // 4 + 1):
            total += x[4 * i]
        return total

    assert ag.compile(past)(np.arange(9.0)) == past(np.arange(9.0))
    try:
        ag.compile(past)(np.arange(8.0))
    except IndexError:
        return
    raise AssertionError("no IndexError")
