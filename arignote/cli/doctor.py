"""`arignote doctor`: what this machine has, what it lacks, and the command that mends it.

Nothing is believed from version numbers alone: the compiler builds a module, which is loaded, run,
and compared with NumPy.  The exit status is 1 when a finding is a fault, else 0.
"""

import argparse
import ctypes
import importlib
import importlib.metadata
import importlib.util
import os
import platform
import sys
import sysconfig
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import scipy
from rich.console import Console
from rich.table import Table

from arignote.cli.cache import in_words
from arignote.config import config
from arignote.emit import dispatch
from arignote.emit.cache import default_cache, temporary_cache
from arignote.emit.compiler import Compiler, find_compiler
from arignote.emit.cuda import compile as nvrtc
from arignote.emit.cuda.emulate import EmulatedModule
from arignote.emit.cuda.emulate import build as build_emulated
from arignote.emit.cython.build import build
from arignote.emit.cython.load import Built
from arignote.errors import ArignoteError, BuildError

_OLD_CORES = ("prescott", "katmai", "coppermine", "northwood", "core2", "generic", "armv8")


@dataclass(frozen=True)
class Finding:
    """One row: `state` is good, note (works, could be better) or fault."""

    subject: str
    state: str
    text: str
    remedy: str = ""


def main(arguments: list[str]) -> int:
    """Prints the table; 1 when something is broken."""
    parser = argparse.ArgumentParser(prog="arignote doctor", description=__doc__)
    parser.parse_args(arguments)
    findings = list(examine())
    table = Table("", "what", "found", "to mend it", show_lines=False, box=None, padding=(0, 1))
    signs = {"good": "[green]ok[/]", "note": "[yellow]note[/]", "fault": "[red]fault[/]"}
    for finding in findings:
        table.add_row(signs[finding.state], finding.subject, finding.text, finding.remedy)
    Console(highlight=False).print(table)
    return 1 if any(finding.state == "fault" for finding in findings) else 0


def examine() -> Iterator[Finding]:
    """All findings, in the order in which one depends on the other."""
    yield _versions()
    yield _runtime()
    yield _cache()
    yield _headers()
    try:
        compiler = find_compiler()
    except ArignoteError as error:
        yield Finding("C compiler", "fault", str(error).splitlines()[0], _compiler_remedy(error))
    else:
        yield from _tool_chain(compiler)
    yield _blas()
    yield _driver()
    yield _cupy()
    yield _nvrtc()
    yield _emulation()


def _versions() -> Finding:
    names = ("numpy", "scipy", "cython", "networkx", "islpy")
    found = ", ".join(f"{name} {importlib.metadata.version(name)}" for name in names)
    own = importlib.metadata.version("arignote")
    python = platform.python_version()
    return Finding("versions", "good", f"arignote {own}, Python {python}, {found}")


def _runtime() -> Finding:
    if dispatch.compiled():
        return Finding("runtime", "good", "compiled")
    return Finding(
        "runtime",
        "note",
        "the Python twin is in use; a call costs some 30 µs more",
        "once the C compiler works: pip install --force-reinstall --no-deps arignote",
    )


def _cache() -> Finding:
    cache = default_cache()
    if not config.cache:
        return Finding("cache", "note", "switched off", "unset the flag cache")
    if cache is temporary_cache():
        place = config.cache_dir or "the user's cache folder"
        return Finding(
            "cache",
            "fault",
            f"{place} cannot be used",
            "mend its owner, mode or disk, or set ARIGNOTE_FLAGS=cache_dir=FOLDER",
        )
    rows = cache.entries()
    used = f"{in_words(sum(r.bytes for r in rows))} of {in_words(config.cache_size)}"
    return Finding("cache", "good", f"{cache.root}: {len(rows)} entries, {used}")


def _headers() -> Finding:
    place = Path(sysconfig.get_path("include"))
    if (place / "Python.h").exists():
        return Finding("Python.h", "good", str(place))
    version = f"{sys.version_info.major}.{sys.version_info.minor}"
    return Finding(
        "Python.h",
        "fault",
        f"not in {place}",
        f"apt install python{version}-dev (Debian), dnf install python{version}-devel",
    )


def _compiler_remedy(error: ArignoteError) -> str:
    if config.cc:
        return "unset the flag cc, or name a compiler that works"
    if isinstance(error, BuildError) and importlib.util.find_spec("ziglang"):
        return "apt install gcc python3-dev, or dnf install gcc python3-devel"
    return f"{Path(sys.executable).name} -m pip install ziglang, or apt install gcc python3-dev"


# ---- what the compiler can do --------------------------------------------------------------------
def _tool_chain(compiler: Compiler) -> Iterator[Finding]:
    started = time.perf_counter()
    try:
        with config(cache=False):  # builds even if an earlier run has left the module
            built = build(_MODULE, "arignote doctor")
        right = _run(built, "entry", np.arange(1000.0)) == 499500.0
    except (ArignoteError, OSError) as error:
        yield Finding(
            "C compiler",
            "fault",
            f"{compiler.version}: {str(error).splitlines()[0]}",
            "reinstall it, or name another with ARIGNOTE_FLAGS=cc=COMMAND",
        )
        return
    seconds = time.perf_counter() - started
    yield Finding(
        "C compiler",
        "good" if right else "fault",
        f"{' '.join(compiler.command)} ({compiler.version}); built and ran a module in "
        f"{seconds:.2f} s" + ("" if right else ", which gave a wrong sum"),
        "" if right else "name another compiler with ARIGNOTE_FLAGS=cc=COMMAND",
    )
    yield _openmp(compiler)
    yield _vector_math(compiler, built)


def _openmp(compiler: Compiler) -> Finding:
    if not compiler.openmp:
        return Finding(
            "OpenMP",
            "note",
            "the compiler has none: loops run on one thread",
            "apt install gcc (has it), or libomp-dev for clang",
        )
    _, wanted = dispatch.current_state()
    if "clang" not in compiler.version and not dispatch.team_address():
        return Finding(
            "OpenMP",
            "note",
            "the compiled runtime, whose threads share loops, is missing: they run on one thread",
            "pip install --force-reinstall arignote, where Python's headers are",
        )
    return Finding("OpenMP", "good", f"kernels use {wanted} threads")


def _vector_math(compiler: Compiler, built: Built) -> Finding:
    x = np.concatenate([np.linspace(-700, 700, 999), [np.inf]])
    ours, real = x.copy(), np.exp(x)
    _run(built, "exponentials", ours)
    finite = np.isfinite(real)
    ulp = np.max(np.abs(ours[finite] - real[finite]) / np.spacing(real[finite]))
    if ulp > 4 or ours[-1] != np.inf:
        return Finding(
            "vector math",
            "fault",
            f"exp is off by {ulp:.0f} ulp",
            "name another compiler with ARIGNOTE_FLAGS=cc=COMMAND",
        )
    if b"_ZGV" in built.path.read_bytes():
        return Finding("vector math", "good", f"exp vectorises (libmvec), within {ulp:.1f} ulp")
    return Finding(
        "vector math",
        "note",
        "exp does not vectorise: transcendental loops are slower",
        "use gcc with glibc 2.22 or newer (apt install gcc)",
    )


_MODULE = '''
from libc.stdint cimport int32_t, int64_t
cdef extern from *:
    """
    #if defined(__GNUC__) && !defined(__clang__) && defined(__x86_64__)
    __attribute__((simd("notinbranch"))) double exp(double);
    #else
    double exp(double);
    #endif
    """
    double exp(double) nogil

cdef api double entry(double *x, int64_t n) noexcept nogil:
    cdef double s = 0
    cdef int64_t i
    for i in range(n):
        s += x[i]
    return s

cdef api double exponentials(double *x, int64_t n) noexcept nogil:
    cdef int64_t i
    for i in range(n):
        x[i] = exp(x[i])
    return 0
'''


def _run(built: Built, name: str, x: np.ndarray[tuple[int], np.dtype[np.float64]]) -> float:
    function = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_void_p, ctypes.c_int64)
    return float(function(built.functions[name])(x.ctypes.data, x.size))


# ---- libraries and devices -----------------------------------------------------------------------
def _blas() -> Finding:
    name, core = _openblas_core()
    forced = os.environ.get("OPENBLAS_CORETYPE")
    if forced:
        return Finding(
            "BLAS",
            "note",
            f"{name}, core forced to {core or forced}",
            "unset OPENBLAS_CORETYPE: a wrong core makes products much slower",
        )
    if core and core.lower() in _OLD_CORES:
        return Finding(
            "BLAS", "note", f"{name} took this CPU for {core}", "pip install --upgrade scipy numpy"
        )
    return Finding("BLAS", "good", f"{name}, core {core}" if core else name)


def _openblas_core() -> tuple[str, str]:
    """Name and version of SciPy's BLAS, and the core it chose ("" where it does not say)."""
    blas = scipy.show_config(mode="dicts").get("Build Dependencies", {}).get("blas", {})
    name = f"{blas.get('name', 'BLAS')} {blas.get('version', '')}".strip()
    folder = Path(scipy.__file__).parent.parent / "scipy.libs"
    importlib.import_module("scipy.linalg.cython_blas")  # loads the library
    for path in sorted(folder.glob("*openblas*")):
        try:
            library = ctypes.CDLL(str(path))
        except OSError:
            continue
        for symbol in ("scipy_openblas_get_corename", "openblas_get_corename"):
            if hasattr(library, symbol):
                get = getattr(library, symbol)
                get.restype = ctypes.c_char_p
                return name, (get() or b"").decode()
    return name, ""


def _driver() -> Finding:
    try:
        driver = ctypes.CDLL("nvcuda.dll" if sys.platform == "win32" else "libcuda.so.1")
        version, count = ctypes.c_int(), ctypes.c_int()
        status = driver.cuInit(0) or driver.cuDriverGetVersion(ctypes.byref(version))
        status = status or driver.cuDeviceGetCount(ctypes.byref(count))
    except (OSError, AttributeError):
        return Finding("CUDA driver", "good", "none: functions run on the CPU")
    if status:
        return Finding(
            "CUDA driver",
            "note",
            f"is there, but starts with error {status}",
            "nvidia-smi shows whether the device and its driver go together",
        )
    text = f"CUDA {version.value // 1000}.{version.value % 1000 // 10}, {count.value} devices"
    return Finding("CUDA driver", "good", text)


def _cupy() -> Finding:
    driver = _driver().text
    if not driver.startswith("CUDA"):
        return Finding("CuPy", "good", "not needed without a driver")
    extra = "cuda13" if driver.startswith("CUDA 13") else "cuda12"
    remedy = f"{Path(sys.executable).name} -m pip install 'arignote[{extra}]'"
    if importlib.util.find_spec("cupy") is None:
        return Finding("CuPy", "note", "not installed, so device='cuda' cannot be used", remedy)
    try:
        cupy = importlib.import_module("cupy")
        total = float(cupy.arange(10.0).sum())
    except Exception as error:  # whatever a broken CUDA installation raises
        return Finding("CuPy", "fault", f"does not run: {str(error).splitlines()[0]}", remedy)
    state = "good" if total == 45.0 else "fault"
    return Finding("CuPy", state, f"{cupy.__version__}, sum of a device array {total:g}")


_KERNEL = """extern "C" __global__ void doctor(int* o) {
    int v = threadIdx.x;
    for (int d = 16; d; d >>= 1) v += __shfl_down_sync(0xffffffffu, v, d);
    if (threadIdx.x == 0) o[blockIdx.x] = v;
}
"""


def _nvrtc() -> Finding:
    wanted = nvrtc.driver_version() != (0, 0)
    try:
        major, minor = nvrtc.version()
        started = time.perf_counter()
        with config(cache=False):
            nvrtc.compile_cubin(_KERNEL, "sm_90")
    except ArignoteError as error:
        text = f"CUDA source cannot be compiled: {str(error).splitlines()[0]}"
        if not wanted:
            return Finding("NVRTC", "good", "not needed without a driver")
        extra = "cuda13" if nvrtc.driver_version() >= (13, 0) else "cuda12"
        remedy = f"{Path(sys.executable).name} -m pip install 'arignote[{extra}]'"
        return Finding("NVRTC", "fault", text, remedy)
    seconds = time.perf_counter() - started
    return Finding("NVRTC", "good", f"{major}.{minor}, compiled a kernel in {seconds:.2f} s")


def _emulation() -> Finding:
    out = np.zeros(3, np.int32)
    try:
        module = EmulatedModule(build_emulated(_KERNEL), _KERNEL)
        module.launch("doctor", (3,), (32,), [out])
    except ArignoteError as error:
        text = f"device='emulate' does not work: {str(error).splitlines()[0]}"
        return Finding("CUDA emulation", "note", text, "apt install g++, or dnf install gcc-c++")
    if out.tolist() != [496, 496, 496]:
        return Finding("CUDA emulation", "fault", "a kernel gave a wrong sum", "report this")
    return Finding("CUDA emulation", "good", "device='emulate' built and ran a kernel")
