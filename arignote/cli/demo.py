"""`arignote demo`: programs on real data, each as plain NumPy and compiled, then a picture.

Ends with status 1 when a compiled program gives another result than NumPy, or fails.
"""

from __future__ import annotations

import argparse
import importlib.util
import time
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from arignote.api import compile
from arignote.cli.demo_picture import draw
from arignote.cli.demo_programs import Case, cases
from arignote.emit.compiler import find_compiler
from arignote.errors import ArignoteError, ArignoteWarning

PICTURE = "arignote-demo.png"
_SECONDS = 3.0  # after which a program is not repeated


@dataclass(frozen=True)
class Row:
    """What came of one program; times are the best of a few, `first` is tracing and building.

    difference: the largest one over results and written arguments, relative to the largest value.
    """

    case: Case
    first: float = 0.0
    plain: float = 0.0
    compiled: float = 0.0
    difference: float = float("inf")
    answer: Any = None
    error: str = ""

    @property
    def agrees(self) -> bool:
        return not self.error and self.difference <= self.case.tolerance

    @property
    def ratio(self) -> float:
        return self.plain / self.compiled


def main(arguments: list[str]) -> int:
    """Runs the programs, prints the table, draws; 1 when a result differs, 2 without the data."""
    parser = argparse.ArgumentParser(prog="arignote demo", description=__doc__)
    parser.add_argument("--out", default=".", help="folder of the picture (default: this one)")
    parser.add_argument("--quick", action="store_true", help="small sizes: a few seconds in all")
    given = parser.parse_args(arguments)
    console = Console(highlight=False)
    if importlib.util.find_spec("sklearn") is None:
        console.print("The demo's data come with scikit-learn: pip install 'arignote\\[demo]'")
        return 2
    quick = given.quick
    try:
        find_compiler()
    except ArignoteError as error:
        quick = True
        console.print(
            f"[yellow]No kernels can be built, so the functions are interpreted, at small sizes "
            f"and slowly:[/] {str(error).splitlines()[0]}\n[yellow]arignote doctor[/] says more."
        )
    rows = _run(cases(quick), console)
    console.print(_table(rows))
    for row in rows:
        if row.error:
            console.print(f"{row.case.name}: {row.error}", markup=False, soft_wrap=True)
    _draw(rows, Path(given.out), console)
    wrong = [row.case.name for row in rows if not row.agrees]
    if wrong:
        console.print(f"[red]Not as NumPy:[/] {', '.join(wrong)}")
        return 1
    console.print("Every result agrees with NumPy.")
    return 0


def _run(cases: Sequence[Case], console: Console) -> list[Row]:
    rows = []
    columns = (SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn())
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=len(cases))
        for case in cases:
            progress.update(task, description=f"{case.name}: {case.what}")
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", ArignoteWarning)  # said above, in the demo's words
                rows.append(measure(case))
            progress.advance(task)
    return rows


def measure(case: Case) -> Row:
    """One program both ways, in turns, so that a busy machine is busy for both."""
    compiled = compile(case.other or case.function)
    try:
        first, ours = _timed(compiled, case)
        started = time.perf_counter()
        best, theirs = _timed(case.function, case)
        again, _ = _timed(compiled, case)
        for _ in range(5):
            if time.perf_counter() - started > _SECONDS:
                break
            again = min(again, _timed(compiled, case)[0], _timed(compiled, case)[0])
            best = min(best, _timed(case.function, case)[0])
    except Exception as error:  # the table says what happened, and the other programs still run
        return Row(case, error=f"{type(error).__name__}: {str(error).splitlines()[0]}")
    return Row(case, first, best, again, difference(ours, theirs), ours[0])


def _timed(function: Callable[..., Any], case: Case) -> tuple[float, tuple[Any, ...]]:
    """Seconds, and what there is after the call: answer and arguments."""
    arguments = case.arguments()
    start = time.perf_counter()
    answer = function(*arguments)
    return time.perf_counter() - start, (answer, *arguments)


def difference(ours: Any, theirs: Any) -> float:
    """The largest difference, relative to the largest value; inf where shapes or kinds differ."""
    if isinstance(theirs, tuple):
        if not isinstance(ours, tuple) or len(ours) != len(theirs):
            return float("inf")
        return max(map(difference, ours, theirs), default=0.0)
    x, y = np.asarray(ours), np.asarray(theirs)
    if x.shape != y.shape or x.dtype != y.dtype:
        return float("inf")
    largest = float(np.max(np.abs(y), initial=0.0))
    found = float(np.max(np.abs(x - y), initial=0.0))
    if np.isnan(found):
        return 0.0 if np.array_equal(x, y, equal_nan=True) else float("inf")
    return found / largest if largest else found


def _table(rows: Sequence[Row]) -> Table:
    table = Table(box=None, padding=(0, 1))
    table.add_column("program", no_wrap=True)
    table.add_column("")
    for name in ("NumPy", "compiled", "faster", "first call", "differs by"):
        table.add_column(name, justify="right", no_wrap=True)
    for row in rows:
        if row.error:
            table.add_row(row.case.name, "[red]failed[/]")
            continue
        color = "green" if row.agrees else "red"
        table.add_row(
            row.case.name, row.case.what, in_seconds(row.plain), in_seconds(row.compiled),
            f"[bold]{row.ratio:.1f}[/]", in_seconds(row.first),
            f"[{color}]{row.difference:.1g}[/]",
        )  # fmt: skip
    return table


def in_seconds(seconds: float) -> str:
    """A time as a person reads it."""
    for unit, scale in (("s", 1.0), ("ms", 1e3), ("µs", 1e6)):
        if seconds * scale >= 1 or unit == "µs":
            return f"{seconds * scale:.3g} {unit}"
    raise AssertionError


def _draw(rows: Sequence[Row], folder: Path, console: Console) -> None:
    if importlib.util.find_spec("matplotlib") is None:
        console.print("No picture without matplotlib: pip install 'arignote\\[demo]'")
        return
    try:
        folder.mkdir(parents=True, exist_ok=True)
        path = draw(rows, folder / PICTURE)
    except OSError as error:
        console.print(f"[yellow]No picture:[/] {error}. Choose a folder with --out.")
    else:
        console.print(f"Picture: {path}", soft_wrap=True)
