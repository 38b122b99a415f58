"""`match` on values that are known at run time only."""

import numpy as np

import arignote as ag


def check(f, *args):
    want = f(*args)
    got = ag.compile(f, mode="FAST_COMPILE")(*args)
    np.testing.assert_equal(got, want)
    return want


def test_values_alternatives_and_the_rest():
    def score(x):
        n = 0
        for t in x:
            match int(t):
                case 0:
                    n += 1
                case 1 | -1:
                    n += 10
                case _:
                    n += 100
        return n

    assert check(score, np.array([0.5, 1.5, -1.2, 3.0, 0.1])) == 122


def test_names_and_guards():
    def signs(x, limit):
        out = np.zeros(len(x))
        for i in range(len(x)):
            match x[i]:
                case t if t > limit:
                    out[i] = t
                case t if t < -limit:
                    out[i] = -t
                case 0.0:
                    out[i] = -5.0
            out[i] += t
        return out

    check(signs, np.array([0.5, 2.5, -3.0, 0.0, 1.0]), 1.5)


def test_sequences_of_values():
    def quadrants(x, y):
        n = np.zeros(4, dtype=int)
        for a, b in zip(x, y):
            match (float(a) > 0, float(b) > 0):
                case (True, True):
                    n[0] += 1
                case (False, True):
                    n[1] += 1
                case (_, False as lower):
                    n[2 + lower] += 1
        return n

    rng = np.random.default_rng(0)
    assert check(quadrants, rng.normal(size=30), rng.normal(size=30)).sum() == 30


def test_a_pattern_of_a_class_is_decided_while_tracing():
    def size(x):
        match x:
            case tuple():
                return 2.0 * x[0]
            case {"a": a}:
                return a
        return x

    assert check(size, (np.float64(3.0),)) == 6.0
    assert check(size, {"a": np.float64(4.0)}) == 4.0


def test_a_list_and_another_condition():
    def first_run(x):
        run = []
        for t in x:
            if t > 0:
                run.append(t)
            elif run and len(run) > 1:
                break
            else:
                run.clear()
        return len(run), (1 if run and run[0] > 1 else 2)

    check(first_run, np.array([-1.0, 2.0, -1.0, 3.0, 4.0, 5.0, -2.0, 1.0]))


def test_classes_of_numbers():
    def kind(n):
        match n:
            case int(m) if m == 1:
                return 5
            case int(m) if m > 1:
                return m * 2
            case float():
                return 1.5
            case _:
                return -1

    assert [check(kind, n) for n in (1, 0, 2, 3.5)] == [5, -1, 4, 1.5]
