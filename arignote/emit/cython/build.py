"""Cython text -> loaded module: from this process, from the disk cache, or built.

One text is one compiled function.  `direct` makes C of it; where it cannot, Cython does (0.03 s,
and 0.4 s at the first), and `bare` takes what is needed of that.  gcc 12 needs 0.1 s for the
functions of a short kernel, 0.02 s of it for linking; it was 0.25 s with Python.h and the module.
A sum in 32 lanes (`AN_FOLD_...`) costs gcc another 0.05 to 0.1 s.
Tried without gain: -pipe, gold, -Os, -fno-semantic-interposition, Cython without code comments.
What does cost seconds are typed memoryviews (30,000 lines).
"""

import ctypes
import errno
import functools
import hashlib
import importlib
import importlib.util
import os
import re
import shlex
import sys
import tempfile
import threading
import time
from pathlib import Path

import numpy as np

import arignote
from arignote.config import config
from arignote.emit.cache import default_cache, temporary_cache
from arignote.emit.compiler import Compiler, cpu_identity, find_compiler, first_errors
from arignote.emit.cython.bare import bare
from arignote.emit.cython.direct import c_of
from arignote.emit.cython.load import Built, load, module_name
from arignote.emit.dispatch import warn_if_slow
from arignote.errors import BuildError

_SO = "module.so"
_PYX = "source.pyx"
_LAYOUT = 3  # of what is in a library; other numbers are of earlier versions
_COMMENT = re.compile(r"^ *#.*\n", re.MULTILINE)


def build(text: str, label: str = "kernel", externs: tuple[str, ...] = ()) -> Built:
    """The loaded module of one Cython text; `label` names it in messages and kept files.

    Raises CompilerMissingError without a working compiler, BuildError when Cython or the compiler
    refuses the text.
    """
    compiler = find_compiler()
    if config.sanitize:
        _require_sanitizer(compiler)
    warn_if_slow()
    key = build_key(text, compiler, externs)
    with _lock_of(key):  # threads that want the same text wait for one build
        built = _loaded.get(key) or _from_cache(key, label, externs)
        if built is None:
            built = _make(text, label, key, compiler, externs)
        return _loaded.setdefault(key, built)


def find(key: str, label: str = "kernel", externs: tuple[str, ...] = ()) -> Built | None:
    """The module that an earlier `build` called `key` (`Built.key`), without its text: from this
    process or the disk cache.  What a rewritten graph on disk needs to do without building."""
    with _lock_of(key):
        built = _loaded.get(key) or _from_cache(key, label, externs)
        return built and _loaded.setdefault(key, built)


def build_key(text: str, compiler: Compiler, externs: tuple[str, ...] = ()) -> str:
    """What a built module depends on: text, compiler and options, CPU, versions, Python's ABI.

    Comments, which name the user's lines, do not count: a function that moves is not built again.
    """
    facts = (
        _without_comments(text), compiler.identity, compiler.version, compiler.options,
        compiler.libraries, externs, cpu_identity(), versions(), _LAYOUT,
    )  # fmt: skip
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _without_comments(text: str) -> str:
    """The text without lines that are comments; what stands in triple quotes is C."""
    parts = text.split('"""')
    return '"""'.join([_COMMENT.sub("", p) if k % 2 == 0 else p for k, p in enumerate(parts)])


@functools.cache
def versions() -> tuple[str, ...]:
    """Versions on which built modules and rewritten graphs depend.

    Of packages that need not be imported, the file that has the version stands for it.
    """
    files = [_file_facts("Cython", "Shadow.py"), _file_facts("scipy", "version.py")]
    python = sys.implementation.cache_tag or "", sys.version
    return (arignote.__version__, *files, f"numpy {np.__version__}", *python)


def _file_facts(package: str, name: str) -> str:
    """Which file it is: its path, size and time of change."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        return f"{package}: none"
    path = Path(spec.origin).with_name(name)
    status = path.stat() if path.exists() else os.stat(spec.origin)
    return f"{path} {status.st_size} {status.st_mtime_ns}"


def keep(name: str, text: str) -> None:
    """Write one text of a compilation into the folder of the flag `keep`, if it is set."""
    if config.keep:
        os.makedirs(config.keep, exist_ok=True)
        Path(config.keep, name).write_text(text)


def _require_sanitizer(compiler: Compiler) -> None:
    """Loading a sanitized module into a process without the sanitizer ends the process."""
    if hasattr(ctypes.CDLL(None), "__asan_init"):
        return
    libraries = " ".join(
        f"$({shlex.join(compiler.command)} -print-file-name={name})"
        for name in ("libasan.so", "libubsan.so")
    )
    raise BuildError(
        f"the flag sanitize needs a Python that was started with the sanitizers loaded: "
        f'LD_PRELOAD="{libraries}" ASAN_OPTIONS=detect_leaks=0 python ...'
    )


_loaded: dict[str, Built] = {}
_locks: dict[str, threading.Lock] = {}
_locks_lock = threading.Lock()


def _lock_of(key: str) -> threading.Lock:
    with _locks_lock:
        return _locks.setdefault(key, threading.Lock())


def _after_fork() -> None:
    """A lock that another thread held in the parent would be held for ever in the child."""
    global _locks_lock, _compiling
    _locks_lock = threading.Lock()
    _locks.clear()
    _compiling = _Slots()


class _Slots:
    """Bounds how many C compilers run at once, to what the flag says now."""

    def __init__(self) -> None:
        self.free = threading.Condition()
        self.taken = 0

    def __enter__(self) -> None:
        with self.free:
            while self.taken >= (config.compile_threads or os.cpu_count() or 1):
                self.free.wait()
            self.taken += 1

    def __exit__(self, *_: object) -> None:
        with self.free:
            self.taken -= 1
            self.free.notify()


_compiling = _Slots()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)


def _from_cache(key: str, label: str, externs: tuple[str, ...]) -> Built | None:
    folder = default_cache().get(key) or temporary_cache().get(key)
    if folder is None:
        return None
    try:
        built = load(folder / _SO, key, externs)
    except ImportError:  # pruned meanwhile, or made on a machine with other libraries
        default_cache().remove(key)
        return None
    if config.debug >= 1:
        print(f"arignote: {label}: module found in the cache ({folder})", file=sys.stderr)
    return built


def _make(text: str, label: str, key: str, compiler: Compiler, externs: tuple[str, ...]) -> Built:
    started = time.perf_counter()
    try:
        files = _files(text, label, key, compiler)
    except OSError as error:
        if error.errno not in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            raise
        raise _no_room(label, error) from None
    folder = default_cache().put(key, files) or temporary_cache().put(key, files)
    if folder is None:
        raise _no_room(label)
    if config.debug >= 1:
        seconds = time.perf_counter() - started
        print(f"arignote: {label}: built in {seconds:.2f} s ({folder})", file=sys.stderr)
    try:
        return load(folder / _SO, key, externs)
    except ImportError:  # removed again by another process
        folder = temporary_cache().put(key, files)
        if folder is None:
            raise
    try:
        return load(folder / _SO, key, externs)
    except ImportError as error:
        raise BuildError(
            f"{label}: the built module does not load: {error}. A process can hold a bounded "
            f"number of compiled functions: on Linux each takes five of the memory maps that "
            f"vm.max_map_count (65,530 by default) allows"
        ) from None


def _files(text: str, label: str, key: str, compiler: Compiler) -> dict[str, bytes]:
    """The module and its text.  Raises BuildError, and OSError where there is no room."""
    with tempfile.TemporaryDirectory(prefix="arignote-build-") as place:
        pyx = Path(place, f"{module_name(key)}.pyx")
        pyx.write_text(text)
        library = _compile(pyx, text, label, compiler)
        files = {_SO: library.read_bytes(), _PYX: text.encode()}
        if config.keep:
            keep(f"{_file_label(label)}-{key[:8]}.pyx", text)
            keep(f"{_file_label(label)}-{key[:8]}.c", pyx.with_suffix(".c").read_text())
        return files


def _no_room(label: str, error: OSError | None = None) -> BuildError:
    why = f" ({error})" if error is not None else ""
    return BuildError(
        f"{label}: there is no room for the built module{why}, neither in {default_cache().root} "
        f"nor in {tempfile.gettempdir()}; free some space or set TMPDIR."
    )


def _compile(pyx: Path, text: str, label: str, compiler: Compiler) -> Path:
    library = pyx.with_suffix(".so")
    source = pyx.with_suffix(".c")
    source.write_text(c_of(text) or _by_cython(pyx, text, label))
    with _compiling:
        done = compiler.run(source, library)
    if done.returncode != 0 or not library.exists():
        command = shlex.join([*compiler.command, *compiler.options])
        said = first_errors(done.stderr) or _silent_end(done.returncode)
        raise BuildError(_complaint(label, command, said, text, source.read_text()))
    return library


def _by_cython(pyx: Path, text: str, label: str) -> str:
    try:
        source = importlib.import_module("arignote.emit.cython.translate").translate(pyx)
    except BuildError as error:
        raise BuildError(_complaint(label, "Cython", str(error), text)) from None
    return bare(source.read_text(), text, pyx.stem)


def _silent_end(status: int) -> str:
    if status < 0:
        return f"it was ended by signal {-status}, as happens where memory runs out"
    return f"exit status {status} without a message"


def _complaint(label: str, command: str, said: str, pyx: str, c: str | None = None) -> str:
    """The message of a failed build; the texts are kept where it says."""
    place = Path(tempfile.mkdtemp(prefix="arignote-failed-"))
    (place / f"{_file_label(label)}.pyx").write_text(pyx)
    if c is not None:
        (place / f"{_file_label(label)}.c").write_text(c)
    return (
        f"{label}: the emitted code does not build.\n  command: {command}\n{said}\n"
        f"  the text is kept in {place}\n'arignote doctor' tells whether the tool chain works; "
        f"if it does, this is a bug in Arignote."
    )


def _file_label(label: str) -> str:
    return re.sub(r"\W+", "_", label).strip("_") or "kernel"
