"""`python -m benchmarks.theano_style --peer pytensor=PYTHON --peer jax=PYTHON`: the table.

Each problem runs on each side in a new process with empty caches, the sides in turns; a peer is the
Python of an environment that has it (this one, if it is importable).  Writes THEANO.md.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from .problems import PROBLEMS, Problem

HERE = Path(__file__).parent
ROOT = HERE.parent.parent
PAGE = HERE.parent / "THEANO.md"
SIDES = ("arignote", "pytensor", "jax")
_TITLES = {
    "compile": ("Compilation: expression, `function` and first call", "seconds"),
    "call": ("Calls on small inputs", "µs"),
    "scan": ("Scans", "ms"),
    "gradient": ("Scans, value and gradient", "ms"),
}
_UNITS = {"compile": 1.0, "call": 1e6, "scan": 1e3, "gradient": 1e3}
#: Least ratios that are aimed at: PyTensor's time over ours, and JAX's.
GOALS = {"compile": (5.0, None), "call": (10.0, None), "scan": (10.0, 1.0), "gradient": (10.0, 1.0)}

Row = dict[str, dict[str, Any]]


def main(argv: Sequence[str] | None = None) -> int:
    """Runs what the command line asks for; returns the exit status."""
    given = _arguments(argv)
    pythons = _pythons(given.peer)
    rows: list[tuple[Problem, int, Row]] = []
    for index, problem in enumerate(PROBLEMS):
        if given.names and problem.name not in given.names:
            continue
        size = given.size or (problem.quick if given.quick else problem.size)
        row: Row = {}
        for side, python in pythons.items():
            if side == "jax" and problem.kind not in ("scan", "gradient"):
                continue
            row[side] = _measured(python, side, index, size, given.patience)
            print(problem.name, problem.kind, size, side, _said(problem, row[side]), flush=True)
        rows.append((problem, size, row))
    kept = PAGE.read_text() if given.write and PAGE.exists() else ""
    text = page(rows, kept)
    if given.write:
        PAGE.write_text(text)
    print(text)
    return 0


def _arguments(argv: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks.theano_style", description=__doc__)
    parser.add_argument("names", nargs="*", help="problems; all, if none are named")
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON")
    parser.add_argument("--quick", action="store_true", help="small sizes")
    parser.add_argument("--size", type=int, help="one size for all")
    parser.add_argument("--patience", type=float, default=300.0, help="seconds a side may take")
    parser.add_argument("--write", action="store_true", help="write benchmarks/THEANO.md")
    return parser.parse_args(argv)


def _pythons(peers: Sequence[str]) -> dict[str, str]:
    """The Python of each side there is."""
    found = {side: sys.executable for side in SIDES if importlib.util.find_spec(side)}
    for peer in peers:
        side, _, python = peer.partition("=")
        if side not in SIDES or not python:
            raise SystemExit(f"--peer {peer}: NAME=PYTHON, where NAME is one of {SIDES[1:]}")
        found[side] = python
    return {side: found[side] for side in SIDES if side in found}


def _measured(python: str, side: str, index: int, size: int, patience: float) -> dict[str, Any]:
    """What the worker printed, or {"error": ...}."""
    with tempfile.TemporaryDirectory(prefix="theano-style-") as folder:
        environment = {**os.environ, "PYTHONPATH": str(ROOT)}
        environment["ARIGNOTE_FLAGS"] = f"cache_dir={folder}"
        environment["PYTENSOR_FLAGS"] = f"base_compiledir={folder}"
        environment["NUMBA_CACHE_DIR"] = folder
        command = [python, "-m", "benchmarks.theano_style.worker", side, str(index), str(size)]
        try:
            done = subprocess.run(
                command, cwd=ROOT, env=environment, capture_output=True, text=True,
                timeout=patience, check=False,
            )  # fmt: skip
        except subprocess.TimeoutExpired:
            return {"error": f"more than {patience:g} s", "least": patience}
    if done.returncode:
        return {"error": (done.stderr.strip().splitlines() or [f"exit {done.returncode}"])[-1]}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def _said(problem: Problem, found: dict[str, Any]) -> str:
    if "error" in found:
        return str(found["error"])
    return f"compile {found['compile']:.3g} s, call {found['call'] * 1e6:.4g} µs"


# ---- the page ------------------------------------------------------------------------------------
def page(rows: Sequence[tuple[Problem, int, Row]], kept: str = "") -> str:
    """The tables as Markdown; of kinds that were not measured, those of the page before."""
    parts = [
        "# Theano's style beside PyTensor and jax.lax.scan\n\n"
        "Written by `python -m benchmarks.theano_style --write`; the numbers of a table are of one "
        "run, each in a process of its own with empty caches. Compile times are from the first "
        "variable to the end of the first call. Others shared the machine, so compare within a "
        "row. All answers agreed to 1e-6. A side that takes too long is stopped; the whole page "
        "takes some ten minutes.\n"
    ]
    for kind, (title, unit) in _TITLES.items():
        chosen = [(p, n, row) for p, n, row in rows if p.kind == kind]
        if not chosen:
            parts += [f"\n## {t}" for t in kept.split("\n## ")[1:] if t.startswith(f"{title}\n")]
            continue
        lines = [f"\n## {title}\n", f"| | n | Arignote, {unit} | PyTensor | times | JAX | times |",
                 "|---|---|---|---|---|---|---|"]  # fmt: skip
        lines += [_line(p, n, row) for p, n, row in chosen]
        lines += [_aimed(kind), *[_rewriting(p, row) for p, _, row in chosen if kind == "compile"]]
        parts.append("\n".join(lines) + "\n")
    return "".join(parts)


def _line(problem: Problem, size: int, row: Row) -> str:
    key = "compile" if problem.kind == "compile" else "call"
    ours = row.get("arignote", {})
    cells = [problem.name, str(size), _cell(ours, key, problem.kind)]
    for side in SIDES[1:]:
        peer = row.get(side, {})
        agreed = _agree(ours, peer)
        times = f"{peer[key] / ours[key]:.1f}" if agreed else ""
        if problem.kind == "compile" and "least" in peer and "error" not in ours:
            times = f"> {peer['least'] / ours[key]:.0f}"
        cells += [_cell(peer, key, problem.kind), times]
    return f"| {' | '.join(cells)} |"


def _cell(found: dict[str, Any], key: str, kind: str) -> str:
    if "error" in found:
        return str(found["error"]).replace("|", "/")[:60]
    return f"{found[key] * _UNITS[kind]:.3g}" if found else ""


def _agree(ours: dict[str, Any], peer: dict[str, Any]) -> bool:
    """Did both sides answer, and alike?"""
    a, b = ours.get("values"), peer.get("values")
    if a is None or b is None:
        return False
    if len(a) != len(b) or any(abs(x - y) > 1e-6 * (1 + abs(y)) for x, y in zip(a, b, strict=True)):
        raise SystemExit(f"the sides do not agree: {a} and {b}")
    return True


def _aimed(kind: str) -> str:
    pytensor, jax = GOALS[kind]
    also = f" and ahead of JAX ({jax:g})" if jax is not None else ""
    return f"\nAimed at: {pytensor:g} times PyTensor{also}."


def _rewriting(problem: Problem, row: Row) -> str:
    found = row.get("arignote", {})
    if "nodes" not in found:
        return ""
    each = 1e6 * found["rewriting"] / found["nodes"]
    return f"\nRewriting {problem.name}: {found['nodes']} nodes, {each:.0f} µs of CPU a node (50)."


if __name__ == "__main__":
    raise SystemExit(main())
