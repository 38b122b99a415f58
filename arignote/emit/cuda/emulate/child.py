"""Runs a function in a process of its own under AddressSanitizer or ThreadSanitizer.

A sanitizer must be there before anything else is loaded, so it cannot be switched on in a process
that runs.  NumPy's buffers come from malloc: under AddressSanitizer they have red zones.
ThreadSanitizer knows 8128 threads at most: keep its launches to some 1000 CUDA threads.
"""

from __future__ import annotations

import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ....errors import DeviceError, EmulationError
from .build import build, preload
from .launch import EmulatedModule

OPTIONS = {
    "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1",
    "UBSAN_OPTIONS": "print_stacktrace=1",
    "TSAN_OPTIONS": "exitcode=0:report_signal_unsafe=0:history_size=4",
    "OPENBLAS_NUM_THREADS": "1",
    "OMP_NUM_THREADS": "1",
}
_TELLING = re.compile(
    r"^(?:==\d+==ERROR: AddressSanitizer: .*|.*runtime error: .*|WARNING: ThreadSanitizer: .*"
    r"|FATAL: ThreadSanitizer.*|ThreadSanitizer:.*| *#\d+ .*kernel\.cu:\d+.*|\S+ of size \d+ .*"
    r"|.* (?:[Rr]ead|[Ww]rite) of size \d+ .*)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class Seen:
    """value: what the function gave, None where it did not end.  report: what the sanitizer said,
    its telling lines first; empty where it had nothing to say."""

    value: Any
    report: str


@dataclass(frozen=True)
class Call:
    """A launch.  arguments: names of arrays, and (ctypes type, value) pairs."""

    kernel: str
    grid: tuple[int, ...]
    block: tuple[int, ...]
    arguments: tuple[Any, ...]
    shared: int = 0
    cooperative: bool = False


def watched(
    function: Callable[..., Any], arguments: Sequence[Any], flavour: str, seconds: float = 300.0
) -> Seen:
    """Call a function of a module of Arignote's, by reference, in a child under a sanitizer.

    Raises DeviceError where the child ends without an answer or a report.
    """
    with tempfile.TemporaryDirectory(prefix="arignote-child-") as folder:
        job, answer = Path(folder, "job"), Path(folder, "answer")
        job.write_bytes(pickle.dumps((function, tuple(arguments))))
        environment = {**os.environ, **OPTIONS, "LD_PRELOAD": preload(flavour)}
        words = [sys.executable, "-m", __name__, str(job), str(answer)]
        done = subprocess.run(
            words, capture_output=True, text=True, errors="replace", check=False,
            env=environment, timeout=seconds, stdin=subprocess.DEVNULL,
        )  # fmt: skip
        value = pickle.loads(answer.read_bytes()) if answer.exists() else None
    if isinstance(value, EmulationError):
        raise value
    report = telling(done.stderr)
    if not report and value is None:
        raise DeviceError(f"the child process ended ({done.returncode}):\n{done.stderr[-3000:]}")
    return Seen(value, report)


def telling(said: str) -> str:
    """The lines of a sanitizer's report that say what happened and where in the kernel."""
    return "\n".join(line.strip() for line in _TELLING.findall(said))


def kernels_job(
    source: str, flavour: str, arrays: dict[str, Any], calls: Sequence[Call], schedule: int
) -> dict[str, Any]:
    """Run launches one after the other; the arrays as they are afterwards."""
    module = EmulatedModule(build(source, flavour), source)
    for call in calls:
        arguments = [arrays[a] if isinstance(a, str) else a[0](a[1]) for a in call.arguments]
        module.launch(
            call.kernel, call.grid, call.block, arguments,
            shared=call.shared, cooperative=call.cooperative, schedule=schedule,
        )  # fmt: skip
    return arrays


def _main(job: str, answer: str) -> None:
    function, arguments = pickle.loads(Path(job).read_bytes())
    try:
        value = function(*arguments)
    except EmulationError as error:
        value = error
    Path(answer).write_bytes(pickle.dumps(value))


if __name__ == "__main__":
    _main(sys.argv[1], sys.argv[2])
