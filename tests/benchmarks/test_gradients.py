"""The gradient benchmarks: plain and functional forms agree, and the page keeps its section."""

import sys
from pathlib import Path

import numpy as np
import pytest

import arignote as ag

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks.gradients import __main__ as run  # noqa: E402
from benchmarks.gradients import functional, page, plain, plot, problems  # noqa: E402

SMALL = {"mixture": 20, "bundle": 30, "lstm": 4, "chain": 6, "bodies": 7, "heat": 9, "hidden": 9,
         "kalman": 5, "hunters": 1}  # fmt: skip


class Eager:
    """NumPy as a library without writes."""

    array = staticmethod(np.array)
    solve, slogdet = staticmethod(np.linalg.solve), staticmethod(np.linalg.slogdet)

    def __getattr__(self, name):
        return getattr(np, name)

    def scan(self, step, state, rows):
        for k in range(len(rows[0])):
            state = step(state, [r[k] for r in rows])
        return state

    def repeat(self, step, state, times):
        for _ in range(times):
            state = step(state)
        return state

    def until(self, holds, step, state, bound):
        for _ in range(bound):
            state = step(state) if holds(state) else state
        return state


@pytest.mark.parametrize("problem", problems.PROBLEMS, ids=lambda p: p.name)
def test_both_forms_give_one_value_and_its_gradient(problem):
    arguments = problem.arguments(np.random.default_rng(0), SMALL[problem.name])
    f = getattr(plain, problem.name)
    fresh = [np.copy(x) if isinstance(x, np.ndarray) else x for x in arguments]
    value = f(*fresh)
    assert np.isclose(getattr(functional, problem.name)(Eager(), *arguments), value, rtol=1e-10)
    got, slopes = ag.value_and_grad(f, argnums=tuple(range(problem.wrt)))(*arguments)
    assert np.isclose(got, value, rtol=1e-10)
    random = np.random.default_rng(1)
    steps = [random.normal(size=x.shape) for x in arguments[: problem.wrt]]

    def along(t):
        moved = [x + t * d for x, d in zip(arguments, steps)] + [*arguments[problem.wrt :]]
        return f(*(np.copy(x) if isinstance(x, np.ndarray) else x for x in moved))

    h = 1e-5
    want = (along(h) - along(-h)) / (2 * h)
    assert np.isclose(sum(np.sum(g * d) for g, d in zip(slopes, steps)), want, rtol=1e-5)


def test_a_run_writes_its_section_and_keeps_the_rest(tmp_path):
    results = tmp_path / "RESULTS.md"
    results.write_text("# Results\n\n## Calls\n\nfast\n")
    for _ in range(2):  # the second replaces the first
        run.main(["chain", "--size", "5", "--rounds", "1", "--out", str(tmp_path)])
    text = results.read_text()
    assert "## Calls" in text and text.count(page.TITLE) == 1
    assert "| chain | 5 bones |" in text
    page.put(results, page.of(results), "# Results\n\n## Calls\n\nfaster\n")
    assert "faster" in results.read_text() and "| chain | 5 bones |" in results.read_text()


def test_the_picture_needs_two_sizes(tmp_path):
    rows = [run.Row("chain", n, "arignote", 1.0, [0.1], 1e6) for n in (5, 10)]
    assert not plot.draw(rows[:1], tmp_path / "x.png")
    assert plot.draw(rows, tmp_path / "x.png") and (tmp_path / "x.png").exists()


def test_a_side_that_differs_is_not_measured():
    good = {"value": 1.0, "slopes": [1.0], "sizes": [1.0]}
    assert run._difference(good, good) == ""
    assert "slope 0" in run._difference({**good, "slopes": [1.1]}, good)
    assert "value" in run._difference({**good, "value": 2.0}, good)
