"""`f.profile`: times, counts, and each tip where it is due."""

import numpy as np
import pytest

import arignote as ag


def smooth(a, w):
    return (a * w + a * a).sum()


def test_a_profile_has_times_and_counts():
    f = ag.compile(smooth)
    a, w = np.linspace(0, 1, 1000), np.linspace(1, 2, 1000)
    kept = a.copy()
    p = f.profile(a, w)
    assert p.call > 0 and p.calls >= 3
    assert {"trace", "rewrite", "lower", "print", "build"} <= set(p.stages)
    assert p.flops >= 3000 and p.bytes >= 16000 and p.bandwidth > 0
    assert sum(p.share(n) for n in p.nests) == pytest.approx(1)
    assert "µs a call" in str(p) and "100.0%" in str(p)
    assert p.tips == ()
    np.testing.assert_array_equal(a, kept)


def tips(function, *args, calls=()):
    f = ag.compile(function)
    for c in calls:
        f(*c)
    return "\n".join(f.profile(*args).tips)


def test_float64_where_float32_was_given():
    found = tips(lambda a, b: a + b, np.ones(5, "f4"), np.ones(5))
    assert "float32 becomes float64" in found and "a + b" in found


def test_inputs_that_are_not_contiguous():
    assert "argument 0 is not contiguous" in tips(lambda a: a * 2.0, np.ones(10)[::2])


def test_inputs_that_are_copied_at_each_call():
    assert "argument 0 is misaligned" in tips(lambda a: a * 2.0, np.ones(5, ">f8"))


def test_operations_that_run_in_python():
    assert "sort runs in Python" in tips(lambda a: np.sort(a), np.linspace(1, 0, 5))


def gathered(a, k):
    s = 0.0
    for i in range(k.shape[0]):
        s += a[k[i]]
    return s


def test_checks_that_stay_in_loops():
    found = tips(gathered, np.ones(5), np.array([0, 2]))
    assert "check_index is tested in each step" in found and "a[k[i]]" in found


def test_many_specialisations():
    calls = [(np.ones(3, t),) for t in ("f4", "f8", "i4", "i8")]
    f = ag.compile(lambda a: a + a, mode="FAST_COMPILE")
    for c in calls:
        f(*c)
    assert "4 specialisations" in "\n".join(f.profile(*calls[1]).tips)
