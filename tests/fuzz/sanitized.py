"""The loop corpora and random programs under AddressSanitizer and UndefinedBehaviorSanitizer:
`python -m tests.fuzz.sanitized --cases 20 --seeds 50` runs that many of each in a child process.

The sanitizers must be in the process before Python is, so the child is started with LD_PRELOAD; it
prints what it runs, and a finding ends it, so the last name printed is the program to look at.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from pathlib import Path

from arignote.api import compile
from arignote.emit.compiler import find_compiler
from tests.corpus import loops_discrete, loops_numeric, loops_state, loops_traps
from tests.corpus.cases import Case, check_same

from .running import verdict

ROOT = Path(__file__).parents[2]
CORPORA = (loops_traps.CASES, loops_discrete.CASES, loops_numeric.CASES, loops_state.CASES)


def environment(cache: Path | str) -> dict[str, str]:
    """For a child whose emitted code is built with the sanitizers and which has them loaded."""
    command = find_compiler().command
    libraries = [
        subprocess.run(
            [*command, f"-print-file-name={name}"], capture_output=True, text=True, check=True
        ).stdout.strip()
        for name in ("libasan.so", "libubsan.so")
    ]
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(libraries),
        # Python leaves objects to the end of the process
        "ASAN_OPTIONS": "detect_leaks=0:verify_asan_link_order=0",
        "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1",
        "PYTHONMALLOC": "malloc",
        "OPENBLAS_NUM_THREADS": "1",
        "ARIGNOTE_FLAGS": f"cache_dir={cache},sanitize=True",
    }


def here() -> bool:
    """Does the compiler have the sanitizers' libraries?"""
    libraries = environment("")["LD_PRELOAD"].split()
    return bool(libraries) and all(Path(x).is_absolute() and Path(x).exists() for x in libraries)


def run(cache: Path | str, *arguments: str, limit: float | None = None) -> tuple[int, str]:
    """Run this module in such a child: its exit status, and the end of what it printed."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.fuzz.sanitized", "--inside", *arguments],
        env=environment(cache), cwd=ROOT, capture_output=True, text=True, timeout=limit,
        check=False,
    )  # fmt: skip
    return done.returncode, (done.stdout + done.stderr)[-6000:]


def cases(count: int, wanted: str) -> list[Case]:
    """The first few of each corpus, or those with these names."""
    names = wanted.split(",") if wanted else []
    if names:
        return [c for corpus in CORPORA for c in corpus if c.function.__name__ in names]
    return [c for corpus in CORPORA for c in corpus[:count]]


def _inside(chosen: list[Case], first: int, seeds: int) -> int:
    wrong = 0
    for case in chosen:
        print(case.name, flush=True)
        try:
            check_same(case, compile(case.function, mode="FAST_RUN"))
        except AssertionError as difference:
            wrong += 1
            print(f"  differs: {difference}", flush=True)
    for seed in range(first, first + seeds):
        print(f"seed {seed}", flush=True)
        said = verdict(seed, "FAST_RUN")
        if said and not said.startswith("refused"):
            wrong += 1
            print(f"  differs: {said}", flush=True)
    return wrong


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--cases", type=int, default=1000, help="how many of each corpus")
    parser.add_argument("--names", default="", help="programs of the corpora, by name")
    parser.add_argument("--first", type=int, default=0, help="the first seed")
    parser.add_argument("--seeds", type=int, default=0, help="how many random programs")
    parser.add_argument("--cache", default="", help="folder for what is built")
    parser.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.inside:
        return _inside(cases(given.cases, given.names), given.first, given.seeds)
    options = [f"--cases={given.cases}", f"--names={given.names}"]
    status, text = run(given.cache, *options, f"--first={given.first}", f"--seeds={given.seeds}")
    print(text)
    return status


if __name__ == "__main__":
    sys.exit(main())
