"""Runs tests under sanitizers, emitted code and runtime built with them.

    python -m tests.sanitize [address | thread] [arguments of pytest]

Without tests named it runs them all.  A sanitizer must be in the process before Python is, so the
tests run in a child.  Whatever a sanitizer finds, in any process that a test starts, is printed at
the end, and makes the exit status 1.  thread: ThreadSanitizer, with every nest that may be parallel
on four threads.  Where PYTHONMALLOC=pymalloc is set, Python's small objects are not watched, which
takes half the time of Python away; the data of arrays is watched all the same.

Emitted code is built with -O0, at a third of the compiler's time of -O1: the suite builds
thousands of kernels and runs each for next to nothing.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from arignote.emit.compiler import find_compiler

_OF_PYTHON = re.compile(r" (Python|Objects|Include|Modules)/")
ROOT = Path(__file__).parents[2]


@dataclass(frozen=True)
class Flavour:
    """libraries: what the process starts with.  options: of the runtime's build.  flags: under
    which the tests run."""

    libraries: tuple[str, ...]
    options: str
    flags: str


FLAVOURS = {
    "address": Flavour(
        ("libasan.so", "libubsan.so"),
        "-fsanitize=address,undefined -fno-omit-frame-pointer -g -O1",
        "sanitize=True,cflags=-O0",
    ),
    "thread": Flavour(
        ("libtsan.so",),
        "-fsanitize=thread -g -O1",
        "cflags=-fsanitize=thread -g1 -O0,threads=4,parallel_min_us=0",
    ),
}


def runtime(options: str, place: Path) -> Path:
    """Arignote's runtime, built with these options into the folder if it is not there."""
    environment = {**os.environ, "CFLAGS": options, "LDFLAGS": options}
    subprocess.run(
        [sys.executable, "setup.py", "-q", "build_ext", f"--build-lib={place}",
         f"--build-temp={place / 'objects'}"],
        cwd=ROOT, env=environment, check=True,
    )  # fmt: skip
    (built,) = place.glob("arignote/emit/runtime*.so")
    return built


def libraries(names: tuple[str, ...]) -> list[str]:
    """The compiler's libraries of these names.  Raises SystemExit where there are none."""
    found = []
    for name in names:
        command = [*find_compiler().command, f"-print-file-name={name}"]
        path = subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()
        if not Path(path).is_absolute():
            raise SystemExit(f"the compiler {command[0]} comes without {name}")
        found.append(path)
    return found


def environment(name: str, findings: Path) -> dict[str, str]:
    """For a process in which all that Arignote builds is sanitized, and its runtime; findings are
    written to files that begin with this path."""
    flavour = FLAVOURS[name]
    built = runtime(flavour.options, ROOT / "build" / f"sanitized-{name}")
    site = str(Path(__file__).with_name("site"))
    return {
        **os.environ,
        "LD_PRELOAD": " ".join(libraries(flavour.libraries)),
        "ARIGNOTE_RUNTIME": str(built),
        "ARIGNOTE_FLAGS": flavour.flags,
        "PYTHONPATH": os.pathsep.join(filter(None, (site, os.environ.get("PYTHONPATH")))),
        # leaks: Python leaves objects to the end of the process
        "ASAN_OPTIONS": f"detect_leaks=0:verify_asan_link_order=0:allocator_may_return_null=1:"
        f"log_path={findings}",
        "UBSAN_OPTIONS": f"halt_on_error=1:print_stacktrace=1:log_path={findings}",
        "TSAN_OPTIONS": "exitcode=0:report_signal_unsafe=0:history_size=4:die_after_fork=0:"
        f"log_path={findings}",
        "PYTHONMALLOC": os.environ.get("PYTHONMALLOC", "malloc"),
        "OPENBLAS_NUM_THREADS": "1",
    }


def main(arguments: list[str]) -> int:
    flavour = arguments.pop(0) if arguments and arguments[0] in FLAVOURS else "address"
    with tempfile.TemporaryDirectory(prefix="arignote-sanitize-") as folder:
        findings = Path(folder, "finding")
        command = [sys.executable, "-m", "pytest", "-q", *arguments]
        done = subprocess.run(command, cwd=ROOT, env=environment(flavour, findings), check=False)
        texts = [p.read_text(errors="replace") for p in sorted(Path(folder).glob("finding*"))]
    for text in texts:
        lines = [x for x in text.splitlines() if not _OF_PYTHON.search(x)]
        print("\n".join(lines[:60]))
    print(f"{len(texts)} findings")
    return 1 if texts else done.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
