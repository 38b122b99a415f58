"""`python -m benchmarks`: measures, prints ratios, writes RESULTS.md and results.png."""

from __future__ import annotations

import argparse
import importlib.util
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from rich.console import Console

from . import machine, overheads, plot, report
from .drive import Measurement, Side, measure
from .gradients import page as gradients
from .programs import PROGRAMS, Program

PEERS = ("numexpr", "numba", "jax", "torch", "pythran")


def main() -> int:
    """Runs what the command line asks for; returns the exit status."""
    given = _arguments()
    if given.realtime:
        os.environ["BENCHMARK_REALTIME"] = "1"
    console = Console(highlight=False, soft_wrap=True)
    sides = _sides(given.peer, given.without)
    programs = [p for p in PROGRAMS if _wanted(p.name, p.group, given.names)]
    bandwidths = {t: machine.copy_bandwidth(t) for t in given.threads}
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        environment = {"ARIGNOTE_FLAGS": f"cache_dir={folder}"}
        numbers = _overheads(given, environment, console)
        rows: list[Measurement] = []
        for threads in given.threads:
            for m in measure(
                programs, sides, threads, given.rounds, _sizes(given), _dtypes(given),
                environment,
            ):  # fmt: skip
                rows.append(m)
                if m.side == sides[-1].name:
                    _tell(report.cases(rows[-len(sides) :])[0], console)
    given.out.mkdir(parents=True, exist_ok=True)
    drawn = plot.draw(rows, given.out / "results.png")
    page = report.write(
        rows, numbers, bandwidths, _versions(sides), given.rounds, "results.png" if drawn else ""
    )
    gradients.put(given.out / "RESULTS.md", gradients.of(given.out / "RESULTS.md"), page)
    console.print(f"written: {given.out / 'RESULTS.md'}", soft_wrap=True)
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    names = sorted({*overheads.MEASURES, *(p.group for p in PROGRAMS)})
    parser.add_argument(
        "names",
        nargs="*",
        metavar="NAME",
        help=f"programs or groups ({', '.join(names)}); all by default",
    )
    parser.add_argument("--quick", action="store_true", help="fewer sizes, float64 only")
    parser.add_argument(
        "--peer",
        action="append",
        default=[],
        metavar="NAME=PYTHON",
        help=f"a Python that has one of {', '.join(PEERS)}; may be repeated",
    )
    parser.add_argument(
        "--without",
        action="append",
        default=[],
        metavar="NAME",
        help="leave a peer out that is installed here",
    )
    parser.add_argument("--threads", type=int, nargs="+", default=[1, min(2, os.cpu_count() or 1)])
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument(
        "--realtime",
        action="store_true",
        help="what is timed, some milliseconds at once, goes before other processes: for a busy "
        "machine; Linux, as root",
    )
    parser.add_argument("--out", type=Path, default=Path(__file__).parent)
    given = parser.parse_args()
    given.threads = sorted(set(given.threads))
    return given


def _wanted(name: str, group: str, names: Sequence[str]) -> bool:
    return not names or name in names or group in names


def _sides(peers: Sequence[str], without: Sequence[str]) -> list[Side]:
    """NumPy first, with which the others must agree; peers given, then those installed here."""
    given = dict(peer.split("=", 1) for peer in peers)
    for name in given:
        if name not in PEERS:
            raise SystemExit(f"no peer is called {name!r}; there are {', '.join(PEERS)}")
    sides = [Side("numpy", sys.executable), Side("arignote", sys.executable)]
    for name in PEERS:
        python = given.get(name) or (sys.executable if importlib.util.find_spec(name) else "")
        if python and name not in without:
            sides.append(Side(name, python))
    return sides


def _sizes(given: argparse.Namespace):  # type: ignore[no-untyped-def]
    def sizes(program: Program) -> Sequence[int]:
        quick = [n for n in program.sizes if n in (10**3, 10**5, 10**6)] or program.sizes
        return quick if given.quick else program.sizes

    return sizes


def _dtypes(given: argparse.Namespace):  # type: ignore[no-untyped-def]
    return lambda program: program.dtypes[:1] if given.quick else program.dtypes


def _overheads(
    given: argparse.Namespace, environment: Mapping[str, str], console: Console
) -> list[overheads.Number]:
    numbers = []
    for name, take in overheads.MEASURES.items():
        if given.names and name not in given.names:
            continue
        try:
            found = take(given.rounds, given.quick, environment)
        except RuntimeError as error:
            console.print(f"{name}: {error}")
            continue
        for n in found:
            console.print(f"{n.what}: {n.value:.3g} {n.unit}" + (f" ({n.goal})" if n.goal else ""))
        numbers += found
    return numbers


def _tell(case: report.Case, console: Console) -> None:
    name, ratio = case.best_peer
    peer = f"   {ratio:.2f} x {name}" if name else ""
    what = f"{case.program} {case.dtype} {case.n:,} on {case.threads}"
    console.print(f"{what:<42} {case.over_numpy:6.2f} x numpy{peer}")
    for m in case.by_side.values():
        if m.error and m.side == report.OURS:
            console.print(f"  [red]{m.error}[/]")


def _versions(sides: Sequence[Side]) -> dict[str, str]:
    out = {}
    for side in sides:
        script = f"import importlib.metadata as m; print(m.version({side.name!r}))"
        done = subprocess.run(
            [side.python, "-c", script], capture_output=True, text=True, check=False
        )
        out[side.name] = done.stdout.strip()
    return out


if __name__ == "__main__":
    sys.exit(main())
