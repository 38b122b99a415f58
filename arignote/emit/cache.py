"""The disk cache: content-addressed entries, each a folder that appears whole or not at all.

An entry is written under a temporary name, flushed, and renamed, so there is no lock to hang on:
of two processes that build the same thing, the second finds the first's entry in its place.  Every
file is checked against its checksum when it is read; a damaged entry is removed and counts as
absent.  The folder is private to its user (mode 0700, owner checked), because what is read from it
is executed.  Where the folder cannot be used, a private temporary one takes its place.
"""

import atexit
import contextlib
import dataclasses
import errno
import functools
import hashlib
import io
import json
import os
import pickle
import shutil
import stat
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import platformdirs

from arignote.config import config
from arignote.errors import CacheError, warn_once

_MANIFEST = "checksums.json"
_STAGING = "tmp-"
_STALE_S = 3600.0  # a staging folder older than this belongs to a process that died
_PUTS_PER_PRUNE = 64


@dataclass(frozen=True)
class Entry:
    """One row of `Cache.entries`."""

    folder: Path
    bytes: int
    used: float


class Cache:
    """A folder of entries.  Nothing here raises for a bad disk, except opening the folder."""

    def __init__(self, root: Path, limit: int | None = None) -> None:
        """Opens or makes the folder; raises CacheError when it cannot be private and writable."""
        self.root = root
        self.limit = limit
        self._puts = 0
        _open_private(root)

    def get(self, key: str) -> Path | None:
        """The folder of an entry whose files are all intact, or None."""
        folder = self._folder(key)
        try:
            _only_own(folder.parent, folder, folder / _MANIFEST)
            sums: dict[str, str] = json.loads((folder / _MANIFEST).read_bytes())
            _only_own(*[folder / name for name in sums])
            intact = all(_checksum(folder / name) == sums[name] for name in sums)
        except FileNotFoundError:
            if not folder.is_dir():
                return None
            intact = False  # entries appear whole: something was removed
        except (OSError, ValueError, TypeError, AttributeError):
            intact = False
        if not intact:
            self.remove(key)
            return None
        with contextlib.suppress(OSError):
            os.utime(folder / _MANIFEST)  # the least used entries are pruned first
        return folder

    def put(self, key: str, files: Mapping[str, bytes]) -> Path | None:
        """Store an entry; returns its folder, or None when the disk does not take it."""
        folder = self._folder(key)
        try:
            _open_private(self.root)  # it may have vanished since
            folder.parent.mkdir(mode=0o700, exist_ok=True)
            staged = Path(tempfile.mkdtemp(prefix=_STAGING, dir=self.root))
        except (OSError, CacheError) as error:
            _warn_unusable(self.root, error)
            return None
        try:
            sums = {name: hashlib.sha256(data).hexdigest() for name, data in files.items()}
            manifest = json.dumps(sums, sort_keys=True).encode()
            for name, data in (*files.items(), (_MANIFEST, manifest)):
                _write_flushed(staged / name, data)
            self._publish(staged, folder, key)
        except OSError as error:
            _warn_unusable(self.root, error)
            return None
        finally:
            shutil.rmtree(staged, ignore_errors=True)
        self._puts += 1
        if self.limit is not None and self._puts % _PUTS_PER_PRUNE == 1:
            self.prune(self.limit)
        return folder

    def get_object(self, key: str) -> Any:
        """The Python object stored under `key`, or None."""
        folder = self.get(key)
        if folder is None:
            return None
        try:
            return own_data((folder / "object.pickle").read_bytes())
        except Exception:  # hostile, or of another version: pickles raise anything
            self.remove(key)
            return None

    def put_object(self, key: str, value: Any) -> None:
        """Store a Python object; what cannot be pickled is not stored."""
        try:
            data = pickle.dumps(value, protocol=pickle.HIGHEST_PROTOCOL)
        except (pickle.PickleError, TypeError, AttributeError):
            return
        self.put(key, {"object.pickle": data})

    def remove(self, key: str) -> None:
        """Forget an entry; one that a running process has loaded stays usable to it."""
        shutil.rmtree(self._folder(key), ignore_errors=True)

    def entries(self) -> list[Entry]:
        """All entries, the least recently used first."""
        rows = []
        for folder in self._folders():
            with contextlib.suppress(OSError):
                used = (folder / _MANIFEST).stat().st_mtime
                size = sum(file.stat().st_size for file in folder.iterdir())
                rows.append(Entry(folder, size, used))
        return sorted(rows, key=lambda entry: (entry.used, entry.folder))

    def prune(self, limit: int) -> int:
        """Remove the least used entries until `limit` bytes are left; returns bytes freed."""
        self._sweep_staging()
        rows = self.entries()
        total, freed = sum(entry.bytes for entry in rows), 0
        for entry in rows:
            if total - freed <= limit:
                break
            shutil.rmtree(entry.folder, ignore_errors=True)
            freed += entry.bytes
        return freed

    def clear(self) -> int:
        """Remove every entry; returns bytes freed."""
        freed = sum(entry.bytes for entry in self.entries())
        for folder in list(self._folders()):
            shutil.rmtree(folder, ignore_errors=True)
        self._sweep_staging(age=0.0)
        return freed

    def _folder(self, key: str) -> Path:
        digest = hashlib.sha256(key.encode()).hexdigest()
        return self.root / digest[:2] / digest[2:40]

    def _folders(self) -> Iterator[Path]:
        with contextlib.suppress(OSError):
            for shelf in sorted(self.root.iterdir()):
                if len(shelf.name) == 2 and shelf.is_dir():
                    yield from sorted(shelf.iterdir())

    def _publish(self, staged: Path, folder: Path, key: str) -> None:
        for _ in range(3):
            try:
                os.rename(staged, folder)
                return
            except OSError as error:
                if error.errno not in (errno.ENOTEMPTY, errno.EEXIST):
                    raise
            if self.get(key) is not None:  # another process was first; a damaged entry is gone now
                return

    def _sweep_staging(self, age: float = _STALE_S) -> None:
        with contextlib.suppress(OSError):
            for folder in self.root.glob(_STAGING + "*"):
                if time.time() - folder.stat().st_mtime >= age:
                    shutil.rmtree(folder, ignore_errors=True)


def default_cache() -> Cache:
    """The cache the flags ask for, or a private temporary one (with a warning if not asked for)."""
    if not config.cache:
        return _temporary()
    return _opened(config.cache_dir or platformdirs.user_cache_dir("arignote"), config.cache_size)


def temporary_cache() -> Cache:
    """The private cache of this process, which goes away with it."""
    return _temporary()


@functools.lru_cache(maxsize=8)
def _opened(root: str, limit: int) -> Cache:
    try:
        return Cache(Path(root), limit)
    except CacheError as error:
        _warn_unusable(Path(root), error)
        return _temporary()


@functools.cache
def _temporary() -> Cache:
    try:
        root = Path(tempfile.mkdtemp(prefix="arignote-"))
    except OSError as error:
        raise CacheError(
            errno.ENOSPC,
            f"there is no room for built functions: free some space or set TMPDIR ({error})",
        ) from None
    atexit.register(_remove_own, root, os.getpid())
    return Cache(root)


def _remove_own(root: Path, owner: int) -> None:
    if os.getpid() == owner:  # a forked child must not remove what its parent still uses
        shutil.rmtree(root, ignore_errors=True)


def _open_private(root: Path) -> None:
    """Make the folder if need be; raises CacheError unless it is ours, private and writable."""
    try:
        root.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = root.stat()
        if hasattr(os, "geteuid") and status.st_uid != os.geteuid():
            raise CacheError(errno.EPERM, "belongs to another user", str(root))
        if status.st_mode & 0o077:
            root.chmod(0o700)
        if not os.access(root, os.W_OK | os.X_OK):
            raise CacheError(errno.EACCES, "is not writable", str(root))
    except CacheError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise CacheError(error.errno or errno.EIO, reason, str(root)) from None


def _warn_unusable(root: Path, error: OSError) -> None:
    warn_once(
        f"cache {root}",
        f"the cache folder {root} cannot be used ({error.strerror or error}); built functions are "
        f"kept for this process only. Free or mend it, or choose another with "
        f"ARIGNOTE_FLAGS=cache_dir=FOLDER.",
    )


def own_data(packed: bytes) -> Any:
    """What a pickle holds.  Raises UnpicklingError where it names anything but Arignote's classes
    and plain values: a planted one must not call what it likes while it is read."""
    return _OwnData(io.BytesIO(packed)).load()


class _OwnData(pickle.Unpickler):
    """Imports nothing but Arignote and NumPy."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) in _PLAIN or module in ("numpy", "numpy.dtypes"):
            found = super().find_class(module, name)
            if (module, name) in _PLAIN or _is_kind(found, np.generic, np.ndarray, np.dtype):
                return found
        elif module.startswith("arignote.") and not module.endswith("__main__"):
            found = super().find_class(module, name)
            if isinstance(found, type) and found.__module__.startswith("arignote."):
                return found
        else:  # what the user's functions raise and give back
            found = sys.modules.get(module)
            for word in name.split("."):
                found = getattr(found, word, None)
            if _is_kind(found, BaseException, tuple, dict) or dataclasses.is_dataclass(found):
                return found
        raise pickle.UnpicklingError(f"{module}.{name} is no class that Arignote stores")


#: What plain values and arrays name in their pickles, under the names of both NumPy 1 and 2.
_PLAIN = {
    ("_codecs", "encode"),
    ("arignote.emit.references", "nothing"),
    *(("builtins", name) for name in (
        "Ellipsis", "NotImplemented", "bool", "bytearray", "bytes", "complex", "dict", "float",
        "frozenset", "int", "list", "range", "set", "slice", "str", "tuple",
    )),
    *((f"numpy.{core}.multiarray", name)
      for core in ("core", "_core") for name in ("scalar", "_reconstruct")),
    *((f"numpy.{core}.numeric", "_frombuffer") for core in ("core", "_core")),
}  # fmt: skip


def _is_kind(found: object, *kinds: type) -> bool:
    return isinstance(found, type) and issubclass(found, kinds)


def _only_own(*paths: Path) -> None:
    """Raises PermissionError for what another user has put there, when the folder was open."""
    for path in paths if hasattr(os, "geteuid") else ():
        status = path.lstat()
        if status.st_uid != os.geteuid() or stat.S_ISLNK(status.st_mode):
            raise PermissionError(errno.EPERM, "belongs to another user or is a link", str(path))


def _checksum(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _write_flushed(path: Path, data: bytes) -> None:
    with open(path, "xb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


@functools.cache
def package_fingerprint() -> str:
    """Changes when a source file of the installed package does: part of the keys of rewritten
    graphs, which depend on what the rules are and not only on the version."""
    root = Path(__file__).parent.parent
    facts = []
    for folder, subfolders, names in os.walk(root):
        subfolders.sort()
        for name in sorted(names):
            if name.endswith((".py", ".pyx", ".pxi", ".h")):
                status = os.stat(os.path.join(folder, name))
                facts.append(f"{folder}/{name} {status.st_size} {status.st_mtime_ns}")
    return hashlib.sha256("\n".join(facts).encode()).hexdigest()
