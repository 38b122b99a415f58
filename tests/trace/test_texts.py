"""Strings of which several are possible at run time."""

import numpy as np
import pytest

import arignote as ag
from arignote.errors import ArignoteError


def check(f, *args, mode="FAST_COMPILE"):
    want, got = f(*args), ag.compile(f, mode=mode)(*args)
    np.testing.assert_equal(got, want)
    return want


def phases(x):
    kind = "rest"
    for t in x:
        if t > 0 and kind == "rest":
            kind = "rise"
        elif t < 0 and kind == "rise":
            kind = "fall"
    return kind, {"rest": 1, "rise": 2, "fall": 3}[kind], kind in ("rise", "fall"), kind != "rest"


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_a_flag_that_a_loop_sets(mode):
    seen = {check(phases, np.array(x), mode=mode)[0] for x in ([-1.0], [1.0], [1.0, -1.0])}
    assert seen == {"rest", "rise", "fall"}


def test_a_flag_that_no_step_sets_is_what_it_was():
    def f(x):
        kind = "a"
        for t in x:
            if t > 0:
                kind = "b"
        if kind != "a":
            return 1.0
        return 2.0

    assert check(f, -np.ones(2)) == 2.0
    assert check(f, np.ones(2)) == 1.0


def test_flags_in_containers_and_match():
    def f(x):
        state = {"mode": "up", "n": 0}
        for t in x:
            match state["mode"]:
                case "up":
                    if t > 1:
                        state["mode"] = "down"
                case "down":
                    state["n"] += 1
                    if t < 0:
                        state["mode"] = "up"
        return state

    check(f, np.array([0.0, 2.0, 3.0, -1.0, 4.0, 4.0]))


def test_a_dict_without_the_string():
    def f(x):
        kind = "a" if x[0] > 0 else "b"
        return {"a": 1.0, "c": x[0]}[kind], {"a": 5.0}.get(kind, x[0]), isinstance(kind, str)

    check(f, np.ones(1))
    with pytest.raises(KeyError):
        ag.compile(f, mode="FAST_COMPILE")(-np.ones(1))


def test_what_needs_the_characters_is_refused():
    def f(x):
        kind = "a" if x[0] > 0 else "b"
        return kind + "!"

    with pytest.raises(ArignoteError, match="a string that depends on a condition"):
        ag.compile(f, mode="FAST_COMPILE")(np.ones(1))


def test_a_string_that_no_step_changes_stays_known():
    def f(x, method="plain"):
        for i in range(len(x)):
            if method == "plain":
                x[i] = x[i] + getattr(np, "sqrt")(4.0)
        return x

    check(f, np.arange(3.0))


def test_values_of_unlike_types_are_no_equals():
    def f(x):
        held = (1.0, 2.0) if x[0] > 0 else "none"
        return 1 if held == "none" else 2

    with pytest.raises(ArignoteError, match="one of"):
        ag.compile(f, mode="FAST_COMPILE")(np.ones(1))
