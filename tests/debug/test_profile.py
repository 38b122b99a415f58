"""`f.profile`: times, counts, and each tip where it is due."""

import os
import subprocess
import sys

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
    assert len(p.seconds) == len(p.nests) and all(s > 0 for s in p.seconds)
    assert sum(p.seconds) < 3 * p.call + 1e-4
    assert p.passes and "passes:" in str(p) and "GB/s" in str(p)
    assert p.tips == ()
    np.testing.assert_array_equal(a, kept)


def two_nests(a, n):
    b = np.empty_like(a)
    for i in range(n):
        b[i] = a[i] * 2.0
    s = 0.0
    for i in range(n // 100):
        s += b[i]
    return b, s


def test_nests_are_timed_one_by_one():
    """A hundredth of the steps takes much less time, in whatever order they stand."""
    a = np.linspace(0, 1, 200_000)
    p = ag.compile(two_nests).profile(a, len(a))
    assert len(p.nests) == 2 and p.seconds[0] > 2 * p.seconds[1]
    assert p.memory.results >= 8 * len(a) and p.memory.steps == tuple(sorted(p.memory.steps))


def test_a_page_can_be_written(tmp_path):
    a = np.linspace(0, 1, 1000)
    ag.compile(smooth).profile(a, a).html(str(tmp_path / "profile.html"))
    assert "a call (median of" in (tmp_path / "profile.html").read_text()


def test_functions_keep_their_times_over_all_calls():
    f = ag.compile(two_nests, profile=True)
    a = np.linspace(0, 1, 1000)
    for _ in range(5):
        np.testing.assert_array_equal(f(a, 1000)[0], a * 2.0)
    f(np.linspace(0, 1, 500), 500)  # the same specialisation
    (found,) = [p for p in ag.profiles() if p.name == "two_nests"]
    assert found.calls == 6
    assert 0 < sum(found.nests.values()) <= found.seconds
    assert len(found.nests) == 2 and all("for i in range" in line for line in found.nests)
    assert "6 calls" in str(found) and "compiled in" in str(found)


def test_profiles_are_printed_at_the_end(tmp_path):
    script = tmp_path / "script.py"
    script.write_text(
        "import numpy as np\nimport arignote as ag\n\n@ag.compile\ndef twice(a):\n"
        "    return a * 2.0\n\ntwice(np.ones(9))\n"
    )
    flags = {**os.environ, "ARIGNOTE_FLAGS": "profile=True"}
    done = subprocess.run(
        [sys.executable, str(script)], capture_output=True, text=True, env=flags, check=True
    )
    assert "twice: 1 calls" in done.stderr and "a * 2.0" in done.stderr


def test_scratch_is_counted():
    a = np.linspace(0, 1, 300 * 300).reshape(300, 300)
    p = ag.compile(lambda a: np.sort(a, axis=0) @ a).profile(a)
    assert p.memory.scratch >= a.nbytes and p.memory.peak >= 2 * a.nbytes


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


def test_large_temporaries_between_nests():
    a = np.linspace(0, 1, 400 * 400).reshape(400, 400)
    found = tips(lambda a: np.exp(a) @ a, a)
    assert "a temporary of 1.28 MB stands between" in found and "np.exp(a)" in found
    assert "gemm is a library routine" in found
    found = tips(lambda a: np.cumsum(a[0]) + a[0].sum(), a)
    assert "temporary" not in found  # too small to matter


def test_products_without_blas():
    k = np.arange(12).reshape(3, 4)
    assert "a product of int64 arrays is made by loops" in tips(lambda a: a @ a.T, k)
    assert "product" not in tips(lambda a: a @ a.T, k + 0.5)


def test_calls_that_do_little():
    assert "a call does 1 operations" in tips(lambda a, b: a + b, 1.0, 2.0)
    assert "calling takes longer" not in tips(lambda a, b: a + b, np.ones(99), np.ones(99))


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


def reversed_in_place(a):
    a[:] = a[::-1] * 2.0


def squared(a, n):
    for i in range(n):
        a = a @ a
    return a


def test_copies_made_because_memory_is_shared():
    found = tips(reversed_in_place, np.ones(9))
    assert "a temporary for the right side: it reads what it overwrites" in found
    found = tips(squared, np.eye(3), 3)
    assert "copies an array that the loop changes, because its old value is used too" in found


def many_small(a, n):
    s = 0.0
    for i in range(n):
        s += np.linalg.det(a[i])
    return s


def test_steps_of_loops_that_do_little():
    found = tips(many_small, np.ones((9, 2, 2)) + np.eye(2), 9)
    assert "each step of a loop calls" in found and "np.linalg.det(a[i])" in found
    assert "each step" not in tips(many_small, np.ones((9, 20, 20)) + np.eye(20), 9)


def test_arrays_that_each_call_copies_to_a_device():
    f = ag.compile(reversed_in_place, device="emulate")
    found = "\n".join(f.profile(np.ones(250_000)).tips)
    assert "each call copies 2 MB of arguments to the device, and 2 MB that it writes" in found
    assert "device" not in tips(reversed_in_place, np.ones(9))
