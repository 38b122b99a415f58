"""CUDA text -> cubin, by NVRTC, which needs neither a GPU nor a driver.

A cubin of a newer toolkit of the same major version loads on an older driver; PTX does not, so PTX
is never made, shipped or cached.  NVRTC is called through ctypes: the same few lines serve the
pip packages, a toolkit on the machine and what CuPy brings.  A kernel takes some 40 ms (measured,
NVRTC 13.0, sm_90); headers of CUDA would add 500 ms and more, so the texts include none.
"""

from __future__ import annotations

import ctypes
import ctypes.util
import functools
import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from ...errors import BuildError, DeviceError
from ..cache import default_cache

REMEDY = (
    "pip install 'arignote[cuda13]' brings it (cuda12 for a driver of CUDA 12), as does pip "
    "install nvidia-cuda-nvrtc"
)
_MAJORS = (13, 12)
_ENTRY = re.compile(r"Compiling entry function '(\w+)' for")
_USED = re.compile(r"Used (\d+) registers(?:, used (\d+) barriers)?(?:.*?(\d+) bytes smem)?")
_FRAME = re.compile(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads")


@dataclass(frozen=True)
class Figures:
    """What ptxas says of a kernel; bytes of its stack frame, spills and static shared memory."""

    kernel: str
    registers: int
    stack: int
    spill_stores: int
    spill_loads: int
    shared: int
    barriers: int


@dataclass(frozen=True)
class Cubin:
    """Machine code for one architecture."""

    code: bytes
    arch: str
    figures: tuple[Figures, ...]


def compile_cubin(
    source: str, arch: str = "sm_90", defines: Sequence[str] = (), options: Sequence[str] = ()
) -> Cubin:
    """The machine code of a CUDA text, from the disk cache or NVRTC.

    arch: such as "sm_90".  Raises DeviceError without NVRTC, BuildError where it refuses the text.
    """
    words = (
        f"--gpu-architecture={arch}", "--std=c++17", "--ptxas-options=-v", "--device-int128",
        *(f"-D{d}" for d in defines), *_headers(source), *options,
    )  # fmt: skip
    facts = (source, words, version())
    key = f"cubin {hashlib.sha256(repr(facts).encode()).hexdigest()}"
    cache = default_cache()
    kept = cache.get_object(key)
    if isinstance(kept, Cubin):
        return kept
    code, log = _compiled(source, words)
    made = Cubin(code, arch, figures_of(log))
    cache.put_object(key, made)
    return made


def version() -> tuple[int, int]:
    """NVRTC's.  Raises DeviceError without one."""
    major, minor = ctypes.c_int(), ctypes.c_int()
    _require(library().nvrtcVersion(ctypes.byref(major), ctypes.byref(minor)))
    return major.value, minor.value


@functools.cache
def architectures() -> tuple[int, ...]:
    """Those that NVRTC makes machine code for, such as 90.  Raises DeviceError without one."""
    count = ctypes.c_int()
    _require(library().nvrtcGetNumSupportedArchs(ctypes.byref(count)))
    room = (ctypes.c_int * max(count.value, 1))()
    _require(library().nvrtcGetSupportedArchs(room))
    return tuple(sorted(room[: count.value]))


@functools.cache
def nearest(arch: str) -> str:
    """The architecture to compile for where a GPU is of `arch`: itself, or an older one of the same
    generation, whose machine code it runs too.  Raises DeviceError where NVRTC has neither."""
    wanted, known = int(arch.removeprefix("sm_")), architectures()
    fit = [a for a in known if a // 10 == wanted // 10 and a <= wanted]
    if not fit:
        raise DeviceError(
            f"the GPU is of architecture {arch}; NVRTC {'.'.join(map(str, version()))} makes code "
            f"for {', '.join(f'sm_{a}' for a in known)}: another version of it is needed. {REMEDY}"
        )
    return f"sm_{fit[-1]}"


def available() -> bool:
    """Can CUDA text be compiled here?"""
    try:
        version()
    except DeviceError:
        return False
    return True


def figures_of(log: str) -> tuple[Figures, ...]:
    """The kernels in a report of `ptxas -v`."""
    out = []
    pieces = _ENTRY.split(log)
    for kernel, text in zip(pieces[1::2], pieces[2::2]):
        used, frame = _USED.search(text), _FRAME.search(text)
        if used is not None:
            stack, stores, loads = (int(n) for n in frame.groups()) if frame else (0, 0, 0)
            registers, barriers, shared = (int(n or 0) for n in used.groups())
            out.append(Figures(kernel, registers, stack, stores, loads, shared, barriers))
    return tuple(out)


def disassembly(cubin: Cubin) -> dict[str, list[str]]:
    """Kernel -> its instructions (SASS), one a line.  Raises DeviceError without nvdisasm."""
    tool = _disassembler()
    if tool is None:
        raise DeviceError("there is no nvdisasm: pip install nvidia-cuda-nvdisasm")
    with tempfile.TemporaryDirectory(prefix="arignote-cubin-") as folder:
        file = Path(folder, "kernel.cubin")
        file.write_bytes(cubin.code)
        done = subprocess.run([tool, "-c", str(file)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise DeviceError(f"nvdisasm: {done.stderr.strip()}")
    out: dict[str, list[str]] = {}
    kernel = ""
    for line in done.stdout.splitlines():
        text = line.strip()
        if text.startswith(".section") and ".text." in text:
            kernel = text.split(".text.")[1].split(",")[0].strip('"')
            out[kernel] = []
        elif kernel and text.startswith("/*") and "*/" in text:
            out[kernel].append(text.split("*/", 1)[1].strip().rstrip(";").strip())
    return out


# ---- NVRTC ---------------------------------------------------------------------------------------
def _compiled(source: str, words: Sequence[str]) -> tuple[bytes, str]:
    nvrtc = library()
    program = ctypes.c_void_p()
    text = source.encode()
    _require(nvrtc.nvrtcCreateProgram(ctypes.byref(program), text, b"kernel.cu", 0, None, None))
    try:
        options = (ctypes.c_char_p * len(words))(*[w.encode() for w in words])
        code = nvrtc.nvrtcCompileProgram(program, len(words), options)
        log = _bytes(nvrtc, "ProgramLog", program).rstrip(b"\0").decode(errors="replace")
        if code:
            raise BuildError(_complaint(source, words, log))
        return _bytes(nvrtc, "CUBIN", program), log
    finally:
        nvrtc.nvrtcDestroyProgram(ctypes.byref(program))


def _bytes(nvrtc: ctypes.CDLL, what: str, program: ctypes.c_void_p) -> bytes:
    size = ctypes.c_size_t()
    _require(getattr(nvrtc, f"nvrtcGet{what}Size")(program, ctypes.byref(size)))
    room = ctypes.create_string_buffer(size.value)
    _require(getattr(nvrtc, f"nvrtcGet{what}")(program, room))
    return room.raw


def _require(code: int) -> None:
    if code:
        get = library().nvrtcGetErrorString
        get.restype = ctypes.c_char_p
        raise DeviceError(f"NVRTC: {get(code).decode()}")


def _complaint(source: str, words: Sequence[str], log: str) -> str:
    folder = Path(tempfile.mkdtemp(prefix="arignote-failed-"))
    (folder / "kernel.cu").write_text(source)
    told = [line for line in log.splitlines() if "error" in line] or log.splitlines()
    said = "\n".join(told[:5])
    return (
        f"NVRTC does not compile the emitted CUDA source.\n  options: {' '.join(words)}\n{said}\n"
        f"  the text is kept in {folder}"
    )


def library() -> ctypes.CDLL:
    """NVRTC, of the driver's major version where there is a driver.  Raises DeviceError."""
    found = _library(driver_version()[0])
    if found is None:
        raise DeviceError(f"CUDA source cannot be compiled: there is no NVRTC.\n{REMEDY}")
    return found


@functools.cache
def _library(wanted: int) -> ctypes.CDLL | None:
    majors = sorted(_MAJORS, key=lambda m: (m != wanted, -m)) if wanted else list(_MAJORS)
    for major in majors:
        if wanted and major > wanted:
            continue  # its cubins would not load
        for path in _places(major):
            try:
                for beside in sorted(Path(path).parent.glob(f"libnvrtc-builtins.so.{major}*")):
                    ctypes.CDLL(str(beside))  # NVRTC looks for it by name only
                return ctypes.CDLL(path)
            except OSError:
                continue
    return None


def _places(major: int) -> Iterator[str]:
    name = f"libnvrtc.so.{major}"
    for folder in _wheels():
        for inner in (f"cu{major}", "cuda_nvrtc"):
            path = folder / inner / "lib" / name
            if path.exists():
                yield str(path)
    for home in (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda"):
        path = Path(home or "/", "lib64", name)
        if home and path.exists():
            yield str(path)
    yield name


def _wheels() -> list[Path]:
    """Where pip puts NVIDIA's packages."""
    found = importlib.util.find_spec("nvidia")
    return [Path(p) for p in found.submodule_search_locations or ()] if found else []


def _headers(source: str) -> tuple[str, ...]:
    """Where CUDA's headers are, for the few texts that include one (16-bit floats)."""
    if "#include <cuda" not in source:
        return ()
    homes = (os.environ.get("CUDA_HOME"), os.environ.get("CUDA_PATH"), "/usr/local/cuda")
    places = [folder / f"cu{version()[0]}" / "include" for folder in _wheels()]
    places += [folder / "cuda_runtime" / "include" for folder in _wheels()]
    places += [Path(home, "include") for home in homes if home]
    return tuple(f"--include-path={p}" for p in places if (p / "cuda_fp16.h").exists())[:1]


@functools.cache
def driver_version() -> tuple[int, int]:
    """The version of CUDA that the driver speaks, (0, 0) without a driver."""
    number = ctypes.c_int()
    try:
        driver = ctypes.CDLL("libcuda.so.1")
        if driver.cuDriverGetVersion(ctypes.byref(number)):
            return 0, 0
    except (OSError, AttributeError):
        return 0, 0
    return number.value // 1000, number.value % 1000 // 10


@functools.cache
def _disassembler() -> str | None:
    for folder in _wheels():
        for path in sorted(folder.glob("*/bin/nvdisasm"), reverse=True):
            return str(path)
    return shutil.which("nvdisasm")
