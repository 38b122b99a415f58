"""Kernels of many random programs: built as one module without optimization, run in a child.

A build of one program costs a hundred times its share of a build of many, and a child that a
sanitizer ends, or that crashes, names the program it was at.  The parent traces and prints; the
child only loads, runs, and compares with the plain functions.
"""

from __future__ import annotations

import contextlib
import gc
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
from arignote.emit.cython.load import _module, address_in, extern_address  # noqa: PLC2701
from arignote.emit.cython.translate import translate
from arignote.emit.dispatch import NO_MATCH, Dispatcher, Kernel
from arignote.emit.kernel import compilation
from arignote.emit.library_table import externs
from arignote.emit.plan import Plan
from arignote.errors import TraceError, UnsupportedError
from arignote.specialise import traced
from arignote.trace.pytree import flatten
from tests.corpus.cases import copied, outcome

from .joined import joined
from .kinds import KINDS, differs, function_of

ROOT = Path(__file__).parents[2]
_SANITIZE = ("-fsanitize=address,undefined", "-fno-sanitize-recover=undefined", "-g0")


@dataclass(frozen=True)
class Job:
    """One program of a batch."""

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
            job, text = _prepared(kind, seed)
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


def _prepared(kind: str, seed: int) -> tuple[Job, str]:
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
        if type(outcome(function, copied(args)).error) is type(error):
            raise _Said("refused: the error is found while tracing") from None
        raise _Said(f"compiling: {type(error).__name__}: {error}"[:300]) from None
    return Job(seed, made.plan, externs(made.program), threads), made.source


def _built(texts: Sequence[str], folder: Path, sanitize: bool) -> Path:
    source = folder / "batch.pyx"
    source.write_text(joined(texts))
    gc.disable()  # Cython's trees are large
    try:
        with contextlib.redirect_stderr(io.StringIO()):  # its warnings
            c = translate(source)
    finally:
        gc.enable()
    compiler = find_compiler()
    kept = [o for o in compiler.options if o != "-O3"]
    library = folder / "batch.so"
    level = ["-O0", *_SANITIZE] if sanitize else ["-O2"]
    subprocess.run(
        [*compiler.command, *kept, *level, str(c), "-o", str(library), *compiler.libraries],
        check=True,
    )
    return library


def _run(kind: str, jobs: list[Job], library: Path, sanitize: bool) -> Iterator[tuple[int, str]]:
    """Run the jobs in children: after one that dies, another goes on behind the program."""
    first = 0
    while first < len(jobs):
        plan = library.with_name("jobs")
        plan.write_bytes(pickle.dumps((kind, str(library), first, jobs[first:])))
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
    kind, library, first, jobs = pickle.loads(Path(file).read_bytes())
    module: Any = _module("batch", Path(library))
    functions = {name: address_in(c) for name, c in module.__pyx_capi__.items()}
    for k, job in enumerate(jobs, first):
        sys.stdout.write(_compared(kind, job, functions, k) + "\0")
        sys.stdout.flush()


def _compared(kind: str, job: Job, functions: dict[str, int], k: int) -> str:
    import ctypes

    if job.externs:
        addresses = (ctypes.c_void_p * len(job.externs))(*map(extern_address, job.externs))
        bind = ctypes.CFUNCTYPE(None, ctypes.c_void_p)(functions[f"bind_{k}"])
        bind(addresses)
    text = KINDS[kind].text(job.seed)
    function = function_of(text, f"{kind} {job.seed}")
    args = KINDS[kind].arguments(text, job.seed)
    _, tree = flatten((args, {}))
    kernel = Kernel(
        job.plan, functions[f"entry_{k}"], functions.get(f"shapes_{k}", 0), structure=tree
    )
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
