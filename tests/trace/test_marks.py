"""Texts of traced values: whole for print, assert and raise; characters are the value's own."""

from __future__ import annotations

import logging
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.errors import TraceError


def _digits(n: int) -> Any:
    return len(str(n)), sum(int(d) for d in str(n)), str(n)[::-1], f"{n}" == "12"


def _looked_up(n: int) -> Any:
    table = {"12": 5, f"{n}!": 1}
    return table.get(str(n), 0), f"{n}!" in table, {str(n): n}, ",".join([str(n), "a"])


def _formatted(n: int) -> Any:
    return str([n, (n,)]) == f"[{n}, ({n},)]", "%d|%5.1f|%s" % (n, n, "x"), "{:04d}".format(n)  # noqa: UP031, UP032


def _asked(n: int) -> Any:
    return str(n).startswith("1"), "2" in str(n), str(n) in "a12b", ord(str(n)[0]), float(str(n))


def _sets(n: int) -> Any:
    return {n, 13}, frozenset([n]), {n: 1}, len({n, 12})


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
@pytest.mark.parametrize("function", [_digits, _looked_up, _formatted, _asked, _sets])
def test_the_characters_are_those_of_the_value(function: Any, mode: str) -> None:
    compiled = ag.compile(function, mode=mode)
    for n in (12, 5, 12345, 12):
        assert compiled(n) == function(n)


def test_print_shows_values_inside_containers_and_percent_formats(
    capsys: pytest.CaptureFixture[str],
) -> None:
    def report(a: Any) -> Any:
        for k in range(len(a)):
            print("%d: %5.2f" % (k, a[k] / 3), [a[k], k], {"k": (k, f"{a[k]:.1e}")})  # noqa: UP031
        print("%s and 100%%" % a, list(range(2)))  # noqa: UP031
        return a.sum()

    a = np.arange(3.0)
    report(a)
    expected = capsys.readouterr().out
    ag.compile(report)(a)
    assert capsys.readouterr().out == expected


def test_an_error_raised_for_certain_names_the_values() -> None:
    @ag.compile
    def refuse(x: float) -> None:
        y = x * 2
        raise ValueError(f"too large: {y} {[y]}")

    for x in (1.5, 2.5):
        with pytest.raises(ValueError, match=rf"too large: {2 * x} \[{2 * x}\]"):
            refuse(x)


def test_characters_of_a_computed_value_are_refused_at_their_line() -> None:
    @ag.compile(mode="FAST_COMPILE")
    def digits(a: Any) -> Any:
        total = 0
        for k in range(len(a)):
            total += len(str(a[k]))
        return total

    with pytest.raises(TraceError, match=r"len\(str\(a\[k\]\)\).*n // 10"):
        digits(np.arange(3))


def test_libraries_get_texts_with_values(caplog: pytest.LogCaptureFixture) -> None:
    @ag.compile(mode="FAST_COMPILE")
    def logged(n: int) -> int:
        logging.getLogger("trial").warning(f"n is {n}")  # noqa: G004
        return n

    logged(12)
    assert caplog.messages == ["n is 12"]


def test_a_set_among_the_answers_is_made_anew_and_one_among_the_arguments_is_changed() -> None:
    @ag.compile(mode="FAST_COMPILE")
    def made() -> set[int]:
        return {1, 2}

    made().add(7)
    assert made() == {1, 2}

    @ag.compile(mode="FAST_COMPILE")
    def changed(s: set[int], n: int) -> int:
        s.add(n)
        return n

    mine = {1}
    changed(mine, 3)
    assert mine == {1, 3}


def test_messages_about_traced_values_have_no_marks() -> None:
    @ag.compile(mode="FAST_COMPILE")
    def wrong(x: float) -> Any:
        return {}[f"{[x * 2]}" + 1]  # type: ignore[operator]

    with pytest.raises(TypeError) as caught:
        wrong(1.0)
    assert "\x02" not in str(caught.value)


def test_a_set_of_values_known_at_run_time_is_refused() -> None:
    def squares(n: int) -> Any:
        found: set[int] = set()
        found.update(k**2 for k in range(n))
        return found

    with pytest.raises(TraceError, match=r"np\.unique"):
        ag.compile(squares, mode="FAST_COMPILE")(40)


@pytest.mark.parametrize("mode", ["FAST_COMPILE", "FAST_RUN"])
def test_texts_of_computed_values_are_returned(mode: str) -> None:
    def f(a: Any, n: int) -> Any:
        parts = list(map(str, a))
        return (
            f"mean {a.mean():.3f} of {a}",
            {"x": [f"{a[0]!r}", str(n * 2)], "n": f"{a[1]:5.2f}|{n + 1}"},
            "-".join(parts),
            "large" if n > 3 else f"small {n // 2}",
        )

    g = ag.compile(f, mode=mode)
    for a, n in ((np.arange(3.0) / 7, 2), (np.ones(4), 5), (np.arange(3.0), 1)):
        assert g(a, n) == f(a, n)


def test_texts_that_builtins_make_are_told_apart() -> None:
    def f(a: Any) -> Any:
        found = list(map(str, a))
        return found[0] == "1", len(found[1]), sorted(found), list(map("{:03d}".format, a))

    assert ag.compile(f, mode="FAST_COMPILE")([1, 20, 3]) == f([1, 20, 3])


def test_a_text_of_one_step_is_not_that_of_another() -> None:
    def f(n: int) -> str:
        s = "none"
        for i in range(n):
            s = f"step {i}"
        return s

    assert ag.compile(f, mode="FAST_COMPILE")(5) == "step 4"
    with pytest.raises(TraceError):
        ag.compile(f, mode="FAST_COMPILE")(600)
