"""Random programs until the time is over: `python -m tests.fuzz --minutes 5`.

Each `--kind` of program is run each `--way`; with `--report FILE` the counts are kept there, and
the next run with the same file goes on behind the seeds that it has.  Prints what differs;
`--reduce SEED` prints the smallest program that still does.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from . import batch, derivatives, stages
from .kinds import KINDS, differs, function_of
from .reducing import reduced

Verdicts = Iterator[tuple[int, str]]


def _stages(kind: str, seeds: range) -> Verdicts:
    """Through the interpreter, and every pass alone, executed statement by statement."""
    for seed in seeds:
        text = KINDS[kind].text(seed)
        yield seed, stages.verdict(KINDS[kind], text, KINDS[kind].arguments(text, seed))


def _rules(kind: str, seeds: range) -> Verdicts:
    """The same without some of the rules and passes, drawn anew for each program."""
    for seed in seeds:
        text = KINDS[kind].text(seed)
        off = stages.some_names(seed)
        said = stages.verdict(KINDS[kind], text, KINDS[kind].arguments(text, seed), off)
        yield seed, f"{said} (excluding={off})" if said and said[:7] != "refused" else said


def _meaning(kind: str, seeds: range) -> Verdicts:
    """What users of FAST_COMPILE meet: the whole call, interpreted."""
    from arignote.api import compile
    from arignote.errors import TraceError, UnsupportedError

    for seed in seeds:
        k = KINDS[kind]
        text = k.text(seed)
        function = function_of(text, f"{kind} {seed}")
        args = k.arguments(text, seed)
        refused = []

        def run(
            *given: Any, f: Any = compile(function, mode="FAST_COMPILE"), no: Any = refused
        ) -> Any:
            try:
                return f(*given)
            except (TraceError, UnsupportedError) as error:
                no.append(f"refused: {str(error).splitlines()[-1]}")
                raise

        said = differs(k, function, args, run)
        yield seed, refused[0] if refused else said


def _kernels(kind: str, seeds: range) -> Verdicts:
    yield from batch.verdicts(kind, seeds)


def _sanitized(kind: str, seeds: range) -> Verdicts:
    yield from batch.verdicts(kind, seeds, sanitize=True)


def _gradients(kind: str, seeds: range) -> Verdicts:
    """Of programs whose result is one number: their gradients against difference quotients."""
    for seed in seeds:
        k = KINDS[kind]
        text = k.text(seed)
        yield seed, derivatives.verdict(function_of(text, "grad"), k.arguments(text, seed), seed)


WAYS: dict[str, Callable[[str, range], Verdicts]] = {
    "stages": _stages, "rules": _rules, "meaning": _meaning, "kernels": _kernels,
    "sanitized": _sanitized, "gradients": _gradients,
}  # fmt: skip

#: Programs in one build: the start of a child is shared by them, and what a crash costs grows.
#: Long programs take half a second each, with two cores of their own.
_TOGETHER = {"kernels": 192, "sanitized": 192}
_LONG, _TOGETHER_IF_LONG = ("loops", "smooth", "typed"), 48


def _fits(kind: str, way: str) -> bool:
    """Gradients are of programs whose result is one number."""
    return way != "gradients" or kind == "smooth"


class Ledger:
    """Counts by kind and way, kept in a file: agree, refused, seeds that differ, the next."""

    def __init__(self, path: str, first: int = 0) -> None:
        self.first = first
        self.path = Path(path) if path else None
        known = self.path is not None and self.path.exists()
        self.rows: dict[str, dict[str, Any]] = json.loads(self.path.read_text()) if known else {}  # type: ignore[union-attr]

    def row(self, kind: str, way: str) -> dict[str, Any]:
        empty = {"next": self.first, "agree": 0, "refused": 0, "differ": {}}
        return self.rows.setdefault(f"{kind} {way}", empty)

    def save(self) -> None:
        if self.path is not None:
            new = self.path.with_suffix(".new")
            new.write_text(json.dumps(self.rows, indent=1))
            new.replace(self.path)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=1.0)
    parser.add_argument("--kind", default="typed", choices=[*KINDS, "all"])
    parser.add_argument("--way", default="stages", choices=[*WAYS, "all"])
    parser.add_argument("--seeds", default="", help="A:B, else from where the report ends")
    parser.add_argument("--first", type=int, default=0, help="where seeds begin without a report")
    parser.add_argument("--report", default="", help="file that keeps the counts")
    parser.add_argument("--reduce", type=int, help="print the smallest program like this seed's")
    given = parser.parse_args()
    warnings.simplefilter("ignore")
    gc.freeze()
    gc.set_threshold(100_000, 20, 20)  # graphs are many objects, and most are free at once
    if given.reduce is not None:
        print(reduced(given.kind, given.reduce, 60 * given.minutes))
        return 0
    ledger = Ledger(given.report, given.first)
    kinds = list(KINDS) if given.kind == "all" else [given.kind]
    ways = list(WAYS) if given.way == "all" else [given.way]
    end = time.monotonic() + 60 * given.minutes
    wrong = 0
    pairs = [(k, w) for k in kinds for w in ways if _fits(k, w)]
    for done, (kind, way) in enumerate(pairs):
        now = time.monotonic()
        until = now + max(end - now, 0.0) / (len(pairs) - done)
        wrong += _campaign(ledger, kind, way, given.seeds, until)
    for name, row in ledger.rows.items():
        print(
            f"{name}: {row['agree']} agree, {row['refused']} refused, {len(row['differ'])} differ"
        )
    rows = ledger.rows.values()
    agree, refused = (sum(row[what] for row in rows) for what in ("agree", "refused"))
    print(f"all: {agree} agree, {refused} refused, {sum(len(r['differ']) for r in rows)} differ")
    return 1 if wrong else 0


def _campaign(ledger: Ledger, kind: str, way: str, seeds: str, until: float) -> int:
    row = ledger.row(kind, way)
    first, _, last = seeds.partition(":")
    span = range(int(first), int(last)) if seeds else range(row["next"], 10**9)
    wrong, saved = 0, time.monotonic()
    together = _TOGETHER.get(way, 1)
    together = min(together, _TOGETHER_IF_LONG) if kind in _LONG else together
    for start in range(span.start, span.stop, together):
        for seed, said in WAYS[way](kind, range(start, min(start + together, span.stop))):
            wrong += _noted(row, seed, said, f"{kind} {seed}, {way}")
        if time.monotonic() > saved + 5:
            ledger.save()
            saved = time.monotonic()
        if time.monotonic() > until:
            break
    ledger.save()
    return wrong


def _noted(row: dict[str, Any], seed: int, said: str, name: str) -> bool:
    """Count a verdict; is it a difference?"""
    row["next"] = max(row["next"], seed + 1)
    if not said or said.startswith("refused"):
        row["refused" if said else "agree"] += 1
        return False
    row["differ"][str(seed)] = said
    print(f"{name}: {said}", flush=True)
    return True


if __name__ == "__main__":
    sys.exit(main())
