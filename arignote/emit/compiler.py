"""Finds the C compiler: which command and options, and whether OpenMP is there.

A candidate counts only after it built and linked a small library, because the usual faults (no libc
headers, no omp.h, a wrapper of a deleted environment) show nowhere else.  Kernels do without
Python.h; only what Cython has to translate needs it.  That probe costs 0.05 s and more, so its
outcome is kept on disk under the identity of the compiler's file.
"""

import functools
import hashlib
import importlib.util
import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from arignote.config import config
from arignote.emit.cache import default_cache
from arignote.errors import BuildError, CompilerMissingError, warn_once

# -ffp-contract=off: gcc fuses multiply and add by default, which are not NumPy's bits.
# -fwrapv: NumPy's integers wrap.  -fno-math-errno: lets sqrt and friends be instructions.
_MEANING = (
    "-O3", "-fno-math-errno", "-fno-trapping-math", "-fwrapv", "-ffp-contract=off",
    "-fno-strict-aliasing", "-fvisibility=hidden", "-fPIC", "-w",
)  # fmt: skip
# -O1: builds take half as long, and inlining hides no frame of a finding.
_SANITIZE = ("-fsanitize=address,undefined", "-fno-omit-frame-pointer", "-g1", "-O1")

REMEDY = (
    "Install one (Debian, Ubuntu: apt install gcc python3-dev; Fedora: dnf install gcc "
    "python3-devel; macOS: xcode-select --install; anywhere: pip install ziglang) and run "
    "'arignote doctor'."
)

_PROBE = """
#include <math.h>
#ifdef _OPENMP
#include <omp.h>
int threads(void) { return omp_get_max_threads(); }
#endif
double probe(double x) { return tanh(x); }
"""


@dataclass(frozen=True)
class Compiler:
    """A compiler that was seen to work.  `options` go before the sources, `libraries` after."""

    command: tuple[str, ...]
    version: str
    options: tuple[str, ...]
    libraries: tuple[str, ...]
    openmp: bool
    identity: str

    def run(self, source: Path, target: Path) -> subprocess.CompletedProcess[str]:
        """Compile and link one C file into one shared library."""
        command = [*self.command, *self.options, str(source), "-o", str(target), *self.libraries]
        return _run(command, cwd=target.parent)


def find_compiler() -> Compiler:
    """The compiler the flags ask for, or the first that works; else CompilerMissingError."""
    return _find(config.cc, config.cflags, config.openmp, config.sanitize, _search_path())


def compiler_here() -> Compiler | None:
    """Like `find_compiler`, but None where there is none."""
    try:
        return find_compiler()
    except CompilerMissingError:
        return None


def warn_interpreted(error: CompilerMissingError) -> None:
    """Say once that functions run in the NumPy interpreter, why, and what would change it."""
    warn_once("native code", f"functions run in the NumPy interpreter, which is slow: {error}")


@functools.cache
def cpu_identity() -> str:
    """What `-march=native` depends on: machine, model and instruction sets of the first core."""
    facts = [platform.machine(), *(_cpu_facts() or [platform.processor(), platform.platform()])]
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()[:16]


@functools.cache
def _cpu_facts() -> tuple[str, ...]:
    """Lines of /proc/cpuinfo that tell processors apart; none where there is no such file."""
    try:
        with open("/proc/cpuinfo") as file:
            first = file.read(8192).split("\n\n")[0]
    except OSError:
        return ()
    wanted = ("model name", "flags", "Features", "CPU part", "isa")
    return tuple(line for line in first.splitlines() if line.startswith(wanted))


def _wide_vectors() -> tuple[tuple[str, ...], ...]:
    """Compilers tuned for Intel's processors use half of AVX-512's width unless told otherwise:
    functions of the preambles then took 1.2 to 1.5 times as long."""
    if any(" avx512f" in line for line in _cpu_facts()):
        return (("-march=native", "-mprefer-vector-width=512"),)
    return ()


def candidates(cc: str) -> Iterator[tuple[str, ...]]:
    """Commands to try, in order: the one asked for alone, else those found on this machine."""
    if cc:
        yield tuple(shlex.split(cc))
        return
    for name in (os.environ.get("CC", ""), "gcc", "clang", "cc"):
        words = shlex.split(name)
        if words and shutil.which(words[0]):
            yield tuple(words)
    if importlib.util.find_spec("ziglang"):
        yield (sys.executable, "-m", "ziglang", "cc")


@functools.lru_cache(maxsize=16)
def _find(cc: str, cflags: str, openmp: str, sanitize: bool, search_path: str) -> Compiler:
    failures = []
    for command in candidates(cc):
        identity = _identity(command, cflags, openmp, sanitize)
        known = _recall(identity)
        if known is not None:
            return known
        found = _probe(command, cflags, openmp, sanitize, identity)
        if isinstance(found, Compiler):
            _remember(found)
            return found
        failures.append(f"  {shlex.join(command)}: {found}")
    tried = "\n".join(failures) if failures else "  no gcc, clang, cc or ziglang was found"
    asked = f" (the flag cc asks for {cc!r})" if cc else ""
    raise CompilerMissingError(
        f"no C compiler can build extensions of this Python{asked}:\n{tried}\n{REMEDY}"
    )


def _probe(
    command: tuple[str, ...], cflags: str, openmp: str, sanitize: bool, identity: str
) -> Compiler | str:
    """A Compiler of `command` and the best options it takes, or why there is none."""
    version = _version(command)
    if version is None:
        return "does not run"
    reason = ""
    for native in (*_wide_vectors(), ("-march=native",), ("-mcpu=native",), ()):
        for parallel in _openmp_options(openmp):
            options = (
                *_MEANING, *native, *parallel, *_linking(command), *(_SANITIZE if sanitize else ()),
                *_includes(), *shlex.split(cflags),
            )  # fmt: skip
            result = Compiler(
                command, version, options, ("-lm",), parallel == ("-fopenmp",), identity
            )
            failure = _try(result)
            if failure is None:
                return result
            reason = reason or failure
    return reason


def _try(compiler: Compiler) -> str | None:
    """Build the probe; None when it worked, else the first line that says why not."""
    try:
        probing = tempfile.TemporaryDirectory(prefix="arignote-probe-")
    except OSError as error:
        raise BuildError(
            f"there is no room for built functions: free some space or set TMPDIR ({error})"
        ) from None
    with probing as folder:
        source, target = Path(folder, "probe.c"), Path(folder, "probe.so")
        try:
            source.write_text(_PROBE)
            done = compiler.run(source, target)
        except OSError as error:
            return str(error)
        if done.returncode == 0 and target.exists():
            return None
        return first_errors(done.stderr, 1) or f"exit status {done.returncode} without a message"


def first_errors(output: str, count: int = 5) -> str:
    """The first lines of a compiler's output that say what is wrong."""
    lines = [line for line in output.splitlines() if line.strip()]
    telling = [line for line in lines if "error" in line.lower()] or lines
    return "\n".join(telling[:count])


def _version(command: tuple[str, ...]) -> str | None:
    try:
        done = _run([*command, "--version"])
    except OSError:
        return None
    return done.stdout.splitlines()[0] if done.returncode == 0 and done.stdout else None


def _openmp_options(openmp: str) -> tuple[tuple[str, ...], ...]:
    both = (("-fopenmp",), ("-fopenmp-simd",), ())
    return {"auto": both, "yes": both[:1], "no": both[1:]}[openmp]


def _linking(command: tuple[str, ...]) -> tuple[str, ...]:
    # zig's driver turns its undefined-behaviour traps on unless told not to
    extra = ("-fno-sanitize=undefined",) if "ziglang" in command else ()
    if sys.platform == "darwin":
        return ("-bundle", "-undefined", "dynamic_lookup", *extra)
    return ("-shared", *extra)


def _includes() -> tuple[str, ...]:
    paths = dict.fromkeys([sysconfig.get_path("include"), sysconfig.get_path("platinclude")])
    return tuple(f"-I{path}" for path in paths)


def _identity(command: tuple[str, ...], cflags: str, openmp: str, sanitize: bool) -> str:
    """Changes when the compiler's file, the options wanted, the CPU or this Python changes."""
    where = shutil.which(command[0]) or command[0]
    try:
        real = os.path.realpath(where)
        stat = os.stat(real)
        file = f"{real} {stat.st_size} {stat.st_mtime_ns}"
    except OSError:
        file = where
    facts = (command, file, cflags, openmp, sanitize, cpu_identity(), sys.version, _includes(),
             _MEANING, _wide_vectors(), _PROBE)  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _recall(identity: str) -> Compiler | None:
    known = default_cache().get_object(f"compiler-{identity}")
    return Compiler(**known) if isinstance(known, dict) else None


def _remember(compiler: Compiler) -> None:
    known: dict[str, Any] = asdict(compiler)
    default_cache().put_object(f"compiler-{compiler.identity}", known)


def _search_path() -> str:
    return "\0".join((os.environ.get("PATH", ""), os.environ.get("CC", "")))


def _run(command: list[str], cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C"}
    if "san.so" in environment.get("LD_PRELOAD", ""):
        del environment["LD_PRELOAD"]  # a sanitizer is for this process, not for the compiler
    return subprocess.run(
        command, capture_output=True, text=True, errors="replace", check=False, cwd=cwd,
        env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip
