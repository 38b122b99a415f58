"""The benchmarks measure, agree with NumPy, and write their page; nobody looks at times here."""

import math
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))
from benchmarks import drive, overheads, programs, report  # noqa: E402

SIDES = [drive.Side("numpy", sys.executable), drive.Side("arignote", sys.executable)]


@pytest.fixture(scope="module")
def rows(tmp_path_factory):
    """Every program once, small, on both sides."""
    cache = tmp_path_factory.mktemp("cache")
    return list(
        drive.measure(
            programs.PROGRAMS, SIDES, 1, 1, lambda p: (100,), lambda p: p.dtypes[:1],
            {"ARIGNOTE_FLAGS": f"cache_dir={cache}"},
        )
    )  # fmt: skip


def test_every_program_is_measured_and_agrees_with_numpy(rows):
    assert [m.error for m in rows if m.error] == []
    assert {m.program for m in rows} == set(programs.BY_NAME)
    assert all(len(m.seconds) == 1 and m.median > 0 for m in rows)


def test_the_page_has_a_table_for_every_group(rows):
    numbers = [overheads.Number("import arignote", 0.01, "s", "0.15 s")]
    page = report.write(rows, numbers, {1: 1e10}, {"numpy": "2", "arignote": "0"}, 1, "x.png")
    for title in ("Overheads", "Fused elementwise", "Reductions", "Broadcasting", "Bandwidth"):
        assert f"## {title}" in page
    assert "| gated | float64 |" in page
    assert "times NumPy" in page


def test_ratios_are_of_medians():
    def side(name, *seconds):
        return drive.Measurement("add", "call", 8, "float64", 1, name, list(seconds))

    (case,) = report.cases(
        [side("numpy", 4.0, 4.0, 9.0), side("arignote", 1.0, 2.0, 3.0), side("jax", 1.0),
         side("numba")]
    )  # fmt: skip
    assert case.over_numpy == 2.0
    assert case.best_peer == ("jax", 0.5)
    assert math.isnan(report.cases([side("numpy", 1.0)])[0].over_numpy)


def test_a_side_that_gives_other_numbers_is_not_measured():
    assert drive._agree([1.0, 2.0], [1.0, 2.0 + 1e-12], 1e-9)
    assert not drive._agree([1.0, 2.1], [1.0, 2.0], 1e-9)
    assert not drive._agree([1.0], [1.0, 2.0], 1e-9)


def test_the_command_writes_its_page(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "add", "--rounds", "1", "--threads", "1", "--out",
         str(tmp_path), *(f"--without={name}" for name in ("numba", "jax", "numexpr", "torch"))],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert "x numpy" in done.stdout
    assert "## A call on 8 elements" in (tmp_path / "RESULTS.md").read_text()
