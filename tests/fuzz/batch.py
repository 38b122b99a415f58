"""Kernels of many random programs: built as one module without optimization, run in a child.

A build of one program costs a hundred times its share of a build of many, and a child that a
sanitizer ends, or that crashes, names the program it was at.  The parent traces and prints; the
child only loads, runs, and compares with the plain functions.
"""

from __future__ import annotations

import contextlib
import ctypes
import io
import os
import pickle
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from arignote.config import config
from arignote.emit.compiler import find_compiler
from arignote.emit.cython.bare import ADDRESSES, NAMES
from arignote.emit.cython.load import extern_address
from arignote.emit.cython.team import join
from arignote.emit.dispatch import NO_MATCH, Dispatcher, Kernel
from arignote.emit.kernel import compilation
from arignote.emit.library_table import externs
from arignote.emit.plan import Plan
from arignote.errors import TraceError, UnsupportedError
from arignote.specialise import traced
from arignote.trace.pytree import flatten
from tests.corpus.cases import copied, outcome

from .joined import joined
from .kinds import KINDS, alike, differs, function_of

ROOT = Path(__file__).parents[2]
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g0")


@dataclass(frozen=True)
class Job:
    """One program of a batch.  at: its place among the texts."""

    at: int
    seed: int
    plan: Plan
    externs: tuple[str, ...]
    threads: int


def verdicts(
    kind: str, seeds: Sequence[int], *, sanitize: bool = False
) -> Iterator[tuple[int, str]]:
    """Of each seed's kernel: "" where it agrees, "refused: ...", or how it differs."""
    jobs, texts = [], []
    for seed in seeds:
        try:
            job, text = _prepared(kind, seed, len(texts))
        except _Said as said:
            yield seed, str(said)
            continue
        jobs.append(job)
        texts.append(text)
    if not jobs:
        return
    with tempfile.TemporaryDirectory(prefix="fuzz-") as folder:
        library = _built(texts, Path(folder), sanitize)
        yield from _run(kind, jobs, library, sanitize)


class _Said(Exception):
    pass


def _prepared(kind: str, seed: int, at: int) -> tuple[Job, str]:
    """A program up to its text.  Every fourth is cut into parts for two threads."""
    k = KINDS[kind]
    text = k.text(seed)
    function, args = function_of(text, f"{kind} {seed}"), k.arguments(text, seed)
    leaves, tree = flatten((copied(args), {}))
    threads = 2 if seed % 4 == 0 else 1
    off = () if threads > 1 else ("parallel",)
    try:
        with config(parallel_min_us=0.0, excluding=off):
            trace, _ = traced(function, tree, leaves)
            made = compilation(trace)
    except (TraceError, UnsupportedError) as error:
        raise _Said(f"refused: {str(error).splitlines()[-1]}") from None
    except Exception as error:
        comes_later = hasattr(error, "__arignote_trace__")  # than what the kernel may raise
        if comes_later or alike(outcome(function, copied(args)).error, error):
            raise _Said("refused: the error is found while tracing") from None
        raise _Said(f"compiling: {type(error).__name__}: {error}"[:300]) from None
    return Job(at, seed, made.plan, externs(made.program), threads), made.source


def _built(texts: Sequence[str], folder: Path, sanitize: bool) -> Path:
    with contextlib.redirect_stderr(io.StringIO()):  # Cython's warnings
        sources = joined(texts, folder)
    compiler = find_compiler()
    kept = [o for o in compiler.options if o != "-O3"]
    library = folder / "batch.so"
    level = ["-O0", *_SANITIZE] if sanitize else ["-O2"]
    subprocess.run(
        [*compiler.command, *kept, *level, *sources, "-o", library, *compiler.libraries],
        check=True,
    )
    return library


def _run(kind: str, jobs: list[Job], library: Path, sanitize: bool) -> Iterator[tuple[int, str]]:
    """Run the jobs in children: after one that dies, another goes on behind the program."""
    first = 0
    while first < len(jobs):
        plan = library.with_name("jobs")
        plan.write_bytes(pickle.dumps((kind, str(library), jobs[first:])))
        environment = dict(os.environ)
        if sanitize:
            from .sanitized import environment as sanitized

            environment = sanitized(config.cache_dir)
        try:
            child = subprocess.run(
                [sys.executable, "-m", "tests.fuzz.batch", str(plan)], env=environment, cwd=ROOT,
                capture_output=True, check=False, timeout=60 + 2 * len(jobs),
            )  # fmt: skip
            code, error = child.returncode, child.stderr
            out = child.stdout
        except subprocess.TimeoutExpired as late:
            code, error, out = -1, b"it does not end", late.stdout or b""
        lines = out.decode().split("\0")[:-1]
        for line in lines:
            yield jobs[first].seed, line
            first += 1
        if first < len(jobs):
            yield jobs[first].seed, f"exit status {code}: {error.decode()[-3000:]}"
            first += 1


def _inside(file: str) -> None:
    kind, library, jobs = pickle.loads(Path(file).read_bytes())
    code = ctypes.CDLL(library)
    join(code)
    for job in jobs:
        sys.stdout.write(_compared(kind, job, _functions(code, job.at)) + "\0")
        sys.stdout.flush()


def _functions(code: ctypes.CDLL, k: int) -> dict[str, int]:
    """The addresses of what the text at k exports."""
    names = ctypes.c_char.in_dll(code, f"{NAMES}_{k}")
    listed = ctypes.string_at(ctypes.addressof(names)).decode().split()
    addresses = (ctypes.c_void_p * len(listed)).in_dll(code, f"{ADDRESSES}_{k}")
    return {name: int(at or 0) for name, at in zip(listed, addresses, strict=True)}


def _compared(kind: str, job: Job, functions: dict[str, int]) -> str:
    if job.externs:
        addresses = (ctypes.c_void_p * len(job.externs))(*map(extern_address, job.externs))
        bind = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(functions["bind"])
        bind(addresses)
    text = KINDS[kind].text(job.seed)
    function = function_of(text, f"{kind} {job.seed}")
    args = KINDS[kind].arguments(text, job.seed)
    _, tree = flatten((args, {}))
    kernel = Kernel(job.plan, functions["entry"], functions.get("shapes", 0), structure=tree)
    dispatcher = Dispatcher(_unexpected)

    def run(*given: Any) -> Any:
        answer = dispatcher.call(kernel, tuple(flatten((given, {}))[0]))
        if answer is NO_MATCH:
            raise AssertionError("the kernel is not for the arguments it was made for")
        return answer

    with config(threads=job.threads):
        return differs(KINDS[kind], function, args, run)


def _unexpected(*_: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")


if __name__ == "__main__":
    _inside(sys.argv[1])
