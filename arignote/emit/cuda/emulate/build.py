"""CUDA text -> shared library of an ordinary C++ compiler.

The text stays as it is, line for line, except its __shared__ declarations: they become references
to memory of the block that `runtime.cpp` owns.  That holds because the text is ours: it declares
shared arrays one a line, with literal sizes.  A flavour's runtime and precompiled header are made
once and kept in the disk cache; after that a small kernel takes about 0.1 s.
"""

from __future__ import annotations

import functools
import hashlib
import importlib.util
import os
import platform
import re
import shlex
import shutil
import subprocess
import sys
import tempfile
import threading
from dataclasses import dataclass
from pathlib import Path

from ....config import config
from ....errors import BuildError, CompilerMissingError
from ....forks import renew_in_children
from ...cache import default_cache, temporary_cache
from ...compiler import first_errors


@dataclass(frozen=True)
class Flavour:
    """options: of the kernels.  runtime: of the scheduler, which no sanitizer may instrument.
    library: what a process must preload (`child.py`)."""

    options: tuple[str, ...]
    runtime: tuple[str, ...] = ()
    library: str = ""


#: plain; with AddressSanitizer and parts of UndefinedBehaviorSanitizer; with ThreadSanitizer.
FLAVOURS = {
    "plain": Flavour(("-O1",)),
    "address": Flavour(
        (
            "-O1", "-g", "-fno-omit-frame-pointer", "-fno-sanitize-recover=all",
            "-fsanitize=address,alignment,signed-integer-overflow,shift,integer-divide-by-zero",
        ),
        ("-DSIM_ADDRESS",), "libasan.so",
    ),
    "thread": Flavour(("-O1", "-g", "-fsanitize=thread"), ("-DSIM_THREAD",), "libtsan.so"),
}  # fmt: skip

_MEANING = (
    "-std=c++20", "-w", "-fPIC", "-fno-strict-aliasing", "-ffp-contract=off", "-fno-math-errno",
    "-fno-trapping-math", "-fvisibility=hidden",
)  # fmt: skip
_HERE = Path(__file__).parent
_SOURCES = ("cudasim.h", "intrinsics.h", "fibers.h", "runtime.cpp")
_TYPE = r"(?:const\s+)?(?:(?:unsigned|signed|long)\s+)*\w+"
_DYNAMIC = re.compile(
    rf"extern\s+__shared__\s+(?:__align__\(\d+\)\s+)?({_TYPE})\s+(\w+)\s*\[\s*\]\s*;"
)
_STATIC = re.compile(
    rf"__shared__\s+(?:__align__\(\d+\)\s+)?({_TYPE})\s+(\w+)\s*((?:\[[^\]]+\])*)\s*;"
)
_KERNEL = re.compile(r"__global__\s+void\s+(?:__launch_bounds__\([^)]*\)\s+)?(\w+)\s*\(")
_lock = threading.Lock()
renew_in_children(globals(), "_lock", threading.Lock)


def build(source: str, flavour: str = "plain", defines: tuple[str, ...] = ()) -> Path:
    """The shared library of a CUDA text; `defines` are macros such as "AN_WIDE=1".

    Raises CompilerMissingError without a C++ compiler, BuildError where it refuses the text.
    """
    command = compiler()
    text = host_text(source)
    options = (*FLAVOURS[flavour].options, *(f"-D{d}" for d in defines))
    facts = (text, options, _MEANING, _own_text(), _identity(command))
    key = f"emulated {hashlib.sha256(repr(facts).encode()).hexdigest()}"
    with _lock:
        cache = default_cache()
        kept = cache.get(key)
        if kept is None:
            kept = cache.put(key, _compiled(text, flavour, options, command))
        if kept is None:  # the disk does not take it
            kept = temporary_cache().put(key, _compiled(text, flavour, options, command))
    if kept is None:
        raise BuildError("no folder takes the built kernel: free some disk space")
    return kept / "module.so"


def host_text(source: str) -> str:
    """The text for the C++ compiler: same lines, and one more for each kernel at the end."""
    count = 0

    def array(m: re.Match[str]) -> str:
        nonlocal count
        kind, name, dims = m.groups()
        count += 1
        own = f"sim_shared{count}"
        memory = f"*({own}*)sim_shared({count},sizeof({own}))"
        return f"typedef {kind} {own}{dims}; {own}& {name}={memory};"

    text = _DYNAMIC.sub(r"\1* \2=(\1*)sim_dynamic_shared();", source)
    text = _STATIC.sub(array, text)
    return "\n".join([text, *(f"SIM_KERNEL({name})" for name in kernels(source)), ""])


def kernels(source: str) -> list[str]:
    """Names of the kernels of a CUDA text."""
    return _KERNEL.findall(source)


@functools.cache
def compiler() -> tuple[str, ...]:
    """The command of a C++ compiler.  Raises CompilerMissingError."""
    for words in (shlex.split(os.environ.get("CXX", "")), ["g++"], ["clang++"], ["c++"]):
        if words and shutil.which(words[0]):
            return tuple(words)
    if importlib.util.find_spec("ziglang"):
        return (sys.executable, "-m", "ziglang", "c++")
    raise CompilerMissingError(
        "device='emulate' compiles CUDA source with a C++ compiler, and there is none: install one "
        "(Debian, Ubuntu: apt install g++; Fedora: dnf install gcc-c++; anywhere: pip install "
        "ziglang)"
    )


def preload(flavour: str) -> str:
    """The sanitizer's library, to be preloaded by a process that loads such modules."""
    done = _run([*compiler(), f"-print-file-name={FLAVOURS[flavour].library}"])
    found = done.stdout.strip()
    if done.returncode or not os.path.isabs(found):
        raise CompilerMissingError(
            f"{compiler()[0]} has no {FLAVOURS[flavour].library}; g++ brings one (apt install g++)"
        )
    return found


def _compiled(
    text: str, flavour: str, options: tuple[str, ...], command: tuple[str, ...]
) -> dict[str, bytes]:
    tools = _tools(flavour, command, config.cache_dir, config.cache)
    with tempfile.TemporaryDirectory(prefix="arignote-emulate-") as folder:
        source, target = Path(folder, "kernel.cu"), Path(folder, "module.so")
        source.write_text(text)
        words = [*command, *_MEANING, *options, "-include", str(tools / "cudasim.h")]
        words += ["-x", "c++", str(source), "-x", "none", str(tools / "runtime.o")]
        words += ["-shared", "-o", str(target)]
        done = _run(words)
        if done.returncode:
            raise BuildError(_complaint(text, words, done.stderr))
        return {"module.so": target.read_bytes()}


@functools.cache
def _tools(flavour: str, command: tuple[str, ...], cache_dir: str, cache: bool) -> Path:
    """A folder with the header, precompiled for this flavour, and the scheduler."""
    made = FLAVOURS[flavour]
    facts = (_own_text(), made, _MEANING, _identity(command))
    key = f"emulator {hashlib.sha256(repr(facts).encode()).hexdigest()}"
    kept = default_cache().get(key)
    if kept is not None:
        return kept
    folder = Path(tempfile.mkdtemp(prefix="arignote-emulator-"))
    try:
        for name in _SOURCES:
            shutil.copy(_HERE / name, folder / name)
        header = [*_MEANING, *made.options, "-x", "c++-header", "cudasim.h", "-o", "cudasim.h.gch"]
        scheduler = [*_MEANING, "-O2", *made.runtime, "-c", "runtime.cpp", "-o", "runtime.o"]
        for words in ([*command, *scheduler], [*command, *header]):
            done = _run(words, folder)
            if done.returncode and "runtime.o" in words:
                raise BuildError(f"the CUDA emulation does not build:\n{done.stderr[:3000]}")
        files = {p.name: p.read_bytes() for p in sorted(folder.iterdir())}
        return default_cache().put(key, files) or folder
    finally:
        if default_cache().get(key) is not None:
            shutil.rmtree(folder, ignore_errors=True)


def _complaint(text: str, words: list[str], said: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="arignote-failed-"))
    (folder / "kernel.cu").write_text(text)
    return (
        f"the emitted CUDA source does not build for the emulation.\n  command: {words[0]}\n"
        f"{first_errors(said)}\n  the text is kept in {folder}"
    )


@functools.cache
def _own_text() -> str:
    return "".join((_HERE / name).read_text() for name in _SOURCES)


@functools.cache
def _identity(command: tuple[str, ...]) -> str:
    return f"{command} {_run([*command, '--version']).stdout} {platform.machine()}"


def _run(words: list[str], folder: Path | None = None) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "LC_ALL": "C"}
    environment.pop("LD_PRELOAD", None)  # a sanitizer's library is for us, not for the compiler
    return subprocess.run(
        words, capture_output=True, text=True, errors="replace", check=False, cwd=folder,
        env=environment, stdin=subprocess.DEVNULL,
    )  # fmt: skip
