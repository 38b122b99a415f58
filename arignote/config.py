"""Every flag of Arignote, in one table, and where their values come from.

A value is looked up in this order, later wins: the default in the table; the rc file
(`~/.arignoterc` or the path in ARIGNOTERC); the environment variable ARIGNOTE_FLAGS; assignments
from Python (`ag.config.x = v`); `with ag.config(x=v):`, for the current thread or task only.

The rc file has sections: an option of `[global]` is a flag, an option `size` of `[cache]` is the
flag `cache_size`.  ARIGNOTE_FLAGS is a list `floatX=float32,excluding=fusion:blas,cache.size=1GB`;
a value that contains a comma is quoted.
"""

import configparser
import contextlib
import contextvars
import difflib
import os
import shlex
import threading
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

from arignote.errors import ConfigError, UnknownFlagError

_T = TypeVar("_T")


@dataclass(frozen=True)
class Flag:
    """One row of the table.  `fixed`: cannot change after import; `keyed`: part of cache keys."""

    name: str
    kind: str  # bool, int, float, str, choice, names, bytes, path
    default: Any
    help: str
    choices: tuple[str, ...] = ()
    low: float | None = None
    high: float | None = None
    fixed: bool = False
    keyed: bool = False


_TABLE = (
    Flag("mode", "choice", "FAST_RUN", "how compiled functions run",
         ("FAST_RUN", "FAST_COMPILE", "DEBUG_MODE", "NanGuardMode", "MonitorMode"), keyed=True),
    Flag("device", "choice", "cpu", "where compiled functions run; emulate runs CUDA source here",
         ("cpu", "cuda", "emulate"), fixed=True, keyed=True),
    Flag("force_device", "bool", True, "device=cuda without a usable GPU is an error; False: the "
         "CPU takes over, with a warning"),
    Flag("cuda_graphs", "bool", True, "start several launches of a call that comes again as one "
         "CUDA graph"),
    Flag("floatX", "choice", "float64", "dtype of symbolic variables made without one",
         ("float16", "float32", "float64"), keyed=True),
    Flag("excluding", "names", (), "rewrites, by name or tag, that are not applied", keyed=True),
    Flag("including", "names", (), "rewrites, by name or tag, applied too", keyed=True),
    Flag("requiring", "names", (), "tags of which a rewrite must have one to apply", keyed=True),
    Flag("threads", "int", 0, "threads of a parallel loop nest; 0: one for each core", low=0),
    Flag("parallel_min_us", "float", 10.0, "work in µs below which a nest stays on one thread; "
         "four times as much where it writes again what was written before", low=0, keyed=True),
    Flag("spin_us", "float", 200.0, "µs an idle thread waits for the next loop before it sleeps",
         low=0),
    Flag("boundscheck", "bool", True, "check every index that is not proved to be in range; "
         "False: a wrong one reads or writes other memory", keyed=True),
    Flag("cc", "str", "", "C compiler; empty: the first of gcc, clang, cc, ziglang that works"),
    Flag("cflags", "str", "", "options appended to the C compiler's"),
    Flag("openmp", "choice", "auto", "use OpenMP for parallel nests", ("auto", "yes", "no")),
    Flag("compile_threads", "int", 0, "C compilers run at once; 0: one for each core", low=0),
    Flag("sanitize", "bool", False, "build with AddressSanitizer and UndefinedBehaviorSanitizer"),
    Flag("scratch", "bytes", 1024**3, "bytes of scratch and result memory kept between calls",
         low=0),
    Flag("cache", "bool", True, "keep built modules and rewritten graphs on disk"),
    Flag("cache_dir", "path", "", "folder of the cache; empty: the user's cache folder"),
    Flag("cache_size", "bytes", 2 * 1000**3, "bytes above which the least used entries go", low=0),
    Flag("debug", "int", 0, "prints: 1 compilations and times, 2 graphs after passes, 3 sources, "
         "4 compares kernels with NumPy", low=0, high=4),
    Flag("verify", "bool", False, "verify the graph after every pass"),
    Flag("keep", "path", "", "folder that receives every text of each compilation"),
    Flag("warn_float64", "choice", "ignore", "what happens where float64 appears",
         ("ignore", "warn", "raise"), keyed=True),
    Flag("warn_retrace", "int", 16, "specialisations of one function after which a warning comes",
         low=1),
    Flag("nan_guard", "names", ("nan", "inf", "big"), "what NanGuardMode looks for", keyed=True),
    Flag("nan_guard_big", "float", 1e10, "size that NanGuardMode calls big", low=0, keyed=True),
    Flag("debug_patience", "int", 3, "times DEBUG_MODE repeats the rewriting to compare", low=1),
    Flag("debug_reduce", "float", 5.0, "seconds that a validation may take to find a "
         "smaller program which shows the difference", low=0),
    Flag("debug_float_ulp", "int", 64, "distance in ulp that DEBUG_MODE tolerates where a rewrite "
         "keeps reals, not bits", low=0),
    Flag("traceback_limit", "int", 8, "lines of the user's stack kept with each node", low=0),
    Flag("exception_verbosity", "choice", "low", "how much of the graph errors print",
         ("low", "high")),
    Flag("compute_test_value", "choice", "off", "run expressions on test values when built",
         ("off", "ignore", "warn", "raise")),
    Flag("on_unused_input", "choice", "raise", "what `function` does about an input that "
         "nothing needs", ("raise", "warn", "ignore")),
    Flag("profile", "bool", False, "time every loop nest", keyed=True),
    Flag("tape_memory", "bytes", 0, "bytes a backward pass may store before it recomputes; 0: "
         "no bound", low=0, keyed=True),
)  # fmt: skip

FLAGS: dict[str, Flag] = {flag.name: flag for flag in _TABLE}


class _Lent(dict[str, Any]):
    """Values of a `with` block.  known: what was made of all values as of so many changes."""

    known: tuple[int, Any] | None = None


class Config:
    """The flags as attributes: `config.x`, `config.x = v`, `with config(x=v):`."""

    def __init__(
        self, environ: Mapping[str, str] | None = None, rc_file: str | Path | None = None
    ) -> None:
        environ = os.environ if environ is None else environ
        set_ = object.__setattr__  # plain assignment is for flags
        set_(self, "_values", {flag.name: flag.default for flag in _TABLE})
        set_(self, "_sources", {flag.name: "default" for flag in _TABLE})
        set_(self, "_lent", contextvars.ContextVar("arignote_config", default=None))
        set_(self, "_watchers", [])
        set_(self, "_lenders", 0)
        set_(self, "_changes", 0)
        set_(self, "_base", _Lent())
        set_(self, "_lock", threading.RLock())
        rc = Path(rc_file or environ.get("ARIGNOTERC") or Path("~/.arignoterc").expanduser())
        for name, text, source in (*_from_rc(rc), *_from_environment(environ)):
            flag = find_flag(name, source)
            self._values[flag.name] = parse(flag, text, source)
            self._sources[flag.name] = source

    _values: dict[str, Any]
    _sources: dict[str, str]
    _lent: contextvars.ContextVar[_Lent | None]
    _watchers: list[Callable[[], None]]
    _lenders: int
    _changes: int
    _base: _Lent
    _lock: threading.RLock

    def __getattr__(self, name: str) -> Any:
        lent = self._lent.get()
        if lent is not None and name in lent:
            return lent[name]
        try:
            return self._values[name]
        except KeyError:
            if name.startswith("__"):
                raise AttributeError(name) from None
            find_flag(name, "Python")
            raise

    def __setattr__(self, name: str, value: Any) -> None:
        flag = find_flag(name, "Python")
        value = _changeable(flag, value)
        with self._lock:
            self._values[name] = value
            self._sources[name] = "Python"
            object.__setattr__(self, "_changes", self._changes + 1)
        self._tell()

    @contextlib.contextmanager
    def __call__(self, **flags: Any) -> Iterator["Config"]:
        """Give flags other values inside a `with` block, for this thread or task only."""
        new = {name: _changeable(find_flag(name, "Python"), v) for name, v in flags.items()}
        token = self._lent.set(_Lent({**(self._lent.get() or {}), **new}))
        self._count_lender(1)
        try:
            yield self
        finally:
            self._lent.reset(token)
            self._count_lender(-1)

    def __dir__(self) -> list[str]:
        return sorted([*FLAGS, "key", "lends", "remembered", "watch"])

    def __str__(self) -> str:
        width = max(map(len, FLAGS))
        lines = []
        for flag in _TABLE:
            lent: dict[str, Any] = self._lent.get() or {}
            source = "with block" if flag.name in lent else self._sources[flag.name]
            lines.append(f"{flag.name:<{width}} = {getattr(self, flag.name)!r:<12}  ({source})")
            lines.append(f"{'':<{width}}   {flag.help}{_allowed_note(flag)}")
        return "\n".join(lines)

    def __repr__(self) -> str:
        changed = {n: getattr(self, n) for n in FLAGS if getattr(self, n) != FLAGS[n].default}
        return f"Config({', '.join(f'{n}={v!r}' for n, v in changed.items())})"

    def key(self) -> tuple[tuple[str, Any], ...]:
        """Names and values of the flags on which compiled results depend, in table order."""
        return tuple((flag.name, getattr(self, flag.name)) for flag in _TABLE if flag.keyed)

    def remembered(self, make: Callable[[], _T]) -> _T:
        """make(), which depends on the flags alone, once for all calls with the same values.

        For one function only: what it made is kept with the values.
        """
        values = self._lent.get()
        values = self._base if values is None else values
        changes, known = self._changes, values.known
        if known is None or known[0] != changes:
            known = values.known = changes, make()
        made: _T = known[1]
        return made

    def lends(self) -> bool:
        """True while any thread is inside a `with config(...)` block."""
        return self._lenders > 0

    def watch(self, changed: Callable[[], None]) -> None:
        """Call `changed()` after every change, and when the first `with` opens or last closes."""
        self._watchers.append(changed)

    def _count_lender(self, step: int) -> None:
        with self._lock:
            object.__setattr__(self, "_lenders", self._lenders + step)
        self._tell()

    def _tell(self) -> None:
        for changed in self._watchers:
            changed()


def find_flag(name: str, source: str) -> Flag:
    """The flag called `name`; raises UnknownFlagError with the nearest name."""
    if name in FLAGS:
        return FLAGS[name]
    lower = {known.lower(): known for known in FLAGS}
    near = difflib.get_close_matches(name.lower(), lower, n=1, cutoff=0.5)
    hint = f"did you mean {lower[near[0]]!r}?" if near else "print(ag.config) lists all flags."
    where = "" if source == "Python" else f" (from {source})"
    raise UnknownFlagError(f"there is no flag {name!r}{where}; {hint}")


def parse(flag: Flag, value: Any, source: str) -> Any:
    """`value` (text, or a Python value) as what the flag holds, or ConfigError."""
    try:
        result = _READERS[flag.kind](value)
    except (TypeError, ValueError):
        result = None
    if result is not None and flag.choices:
        matches = [choice for choice in flag.choices if choice.lower() == str(result).lower()]
        result = matches[0] if matches else None
    if result is not None and flag.low is not None and result < flag.low:
        result = None
    if result is not None and flag.high is not None and result > flag.high:
        result = None
    if result is None:
        raise ConfigError(
            f"flag {flag.name!r} cannot be {value!r} (from {source}): allowed is {allowed(flag)}."
        )
    return result


def allowed(flag: Flag) -> str:
    """What the flag may be, in words."""
    if flag.choices:
        return " or ".join(flag.choices)
    words = {
        "bool": "True or False",
        "int": "an integer",
        "float": "a number",
        "str": "text",
        "names": "names separated by ':'",
        "bytes": "a number of bytes such as 500MB or 2GB",
        "path": "the path of a folder",
    }[flag.kind]
    if flag.high is not None:
        return f"{words} from {flag.low:g} to {flag.high:g}"
    return words if not flag.low else f"{words}, at least {flag.low:g}"


def _allowed_note(flag: Flag) -> str:
    note = f" [{allowed(flag)}]" if flag.choices or flag.high is not None else ""
    return note + (" (fixed once arignote is imported)" if flag.fixed else "")


def _changeable(flag: Flag, value: Any) -> Any:
    if flag.fixed:
        raise ConfigError(
            f"flag {flag.name!r} is fixed once arignote is imported: set it before, with "
            f"ARIGNOTE_FLAGS={flag.name}={value} or in the rc file."
        )
    return parse(flag, value, "Python")


def _read_bool(value: Any) -> bool:
    words = {
        "true": True, "1": True, "yes": True, "on": True,
        "false": False, "0": False, "no": False, "off": False,
    }  # fmt: skip
    if str(value).lower() not in words:
        raise ValueError
    return words[str(value).lower()]


def _read_int(value: Any) -> int:
    if isinstance(value, float) and not value.is_integer():
        raise ValueError
    return int(value)


def _read_str(value: Any) -> str:
    if not isinstance(value, str | os.PathLike):
        raise TypeError
    return os.fspath(value)


def _read_path(value: Any) -> str:
    text = _read_str(value)
    return os.path.abspath(os.path.expanduser(text)) if text else ""


def _read_names(value: Any) -> tuple[str, ...]:
    parts = value.replace(",", ":").split(":") if isinstance(value, str) else list(value)
    if not all(isinstance(part, str) for part in parts):
        raise TypeError
    return tuple(part.strip() for part in parts if part.strip())


def read_bytes(value: Any) -> int:
    """A number of bytes, or a text such as "64MB"."""
    if not isinstance(value, str):
        return _read_int(value)
    text = value.strip().upper().removesuffix("B")
    scale = {"K": 1000, "M": 1000**2, "G": 1000**3, "T": 1000**4}.get(text[-1:], 1)
    return int(float(text.rstrip("KMGT")) * scale)


_READERS: dict[str, Callable[[Any], Any]] = {
    "bool": _read_bool, "int": _read_int, "float": float, "str": _read_str, "choice": _read_str,
    "names": _read_names, "bytes": read_bytes, "path": _read_path,
}  # fmt: skip


def _from_environment(environ: Mapping[str, str]) -> Iterator[tuple[str, str, str]]:
    words = shlex.shlex(environ.get("ARIGNOTE_FLAGS", ""), posix=True)
    words.whitespace, words.whitespace_split, words.commenters = ",", True, ""
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ConfigError(
                f"ARIGNOTE_FLAGS has {word!r}: write name=value pairs separated by commas, "
                f"such as {word.strip()}=True; names in one value are separated by ':'."
            )
        yield name.strip().replace(".", "_"), text.strip(), "ARIGNOTE_FLAGS"


def _from_rc(path: Path) -> Iterator[tuple[str, str, str]]:
    reader = configparser.ConfigParser(interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]  # floatX keeps its capital
    try:
        reader.read_string(path.read_text(), str(path))
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError, PermissionError):
        return
    except (configparser.Error, UnicodeDecodeError) as error:
        raise ConfigError(
            f"cannot read {path}: {error}. It wants sections, such as a line [global] "
            f"followed by lines floatX = float32."
        ) from None
    for section in reader.sections():
        prefix = "" if section == "global" else f"{section}_"
        for name, text in reader.items(section):
            yield f"{prefix}{name}".replace(".", "_"), text, f"{path}, section [{section}]"


config = Config()
