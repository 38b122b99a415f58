"""`theano.config`: Theano's flags over those of Arignote.

Flags that mean the same are those of `ag.config`; others are kept so that programs can set and read
them, and do nothing.  At import, `~/.theanorc` (or the files in THEANORC) and then THEANO_FLAGS are
read.
"""

from __future__ import annotations

import configparser
import contextlib
import os
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from ..config import FLAGS
from ..config import config as flags
from ..errors import ConfigError
from ..tensor import rewriting, rule_names

#: Theano's name -> ours, where the meaning is the same
SAME = {
    "floatX": "floatX", "mode": "mode", "device": "device", "cxx": "cc", "gcc.cxxflags": "cflags",
    "compute_test_value": "compute_test_value", "exception_verbosity": "exception_verbosity",
    "traceback.limit": "traceback_limit", "on_unused_input": "on_unused_input",
    "warn_float64": "warn_float64", "profile": "profile", "optimizer_excluding": "excluding",
    "optimizer_including": "including", "optimizer_requiring": "requiring",
    "DebugMode.patience": "debug_patience", "base_compiledir": "cache_dir",
    "compiledir": "cache_dir",
}  # fmt: skip
#: Theano's other flags and their defaults: they can be set, and change nothing
INERT: dict[str, Any] = {
    "cast_policy": "custom", "int_division": "int", "deterministic": "default",
    "linker": "cvm", "optimizer": "fast_run", "optimizer_verbose": False,
    "on_opt_error": "warn", "optdb.position_cutoff": float("inf"), "optdb.max_use_ratio": 8.0,
    "cycle_detection": "regular", "gpu.local_elemwise_fusion": True, "dnn.bin_path": "",
    "magma.include_path": "", "magma.library_path": "", "ctc.root": "",
    "metaopt.optimizer_including": "", "metaopt.optimizer_excluding": "",
    "experimental.local_alloc_elemwise_assert": True, "blas.check_openmp": True,
    "cmodule.age_thresh_use": 60 * 60 * 24 * 24, "cmodule.debug": False,
    "DebugMode.check_preallocated_output_ndim": 4, "profiling.output_line_width": 512,
    "profiling.min_peak_memory": False, "profiling.debugprint": False,
    "profiling.ignore_first_call": False, "check_input": True, "allow_gc": True, "vm.lazy": None,
    "cache_optimizations": False, "reoptimize_unpickled_function": False,
    "unpickle_function": True, "openmp": False, "openmp_elemwise_minsize": 200000,
    "blas.ldflags": "", "lib.amdlibm": False, "nocleanup": False, "compile.wait": 5,
    "compile.timeout": 120, "compiledir_format": "", "on_shape_error": "warn",
    "compute_test_value_opt": "off", "print_test_value": False, "pickle_test_value": True,
    "check_stack_trace": "off", "traceback.compile_limit": 0, "profile_optimizer": False,
    "profile_memory": False, "print_global_stats": False, "unittests.rseed": "666",
    "force_device": False, "init_gpu_device": "", "contexts": "", "print_active_device": True,
    "assert_no_cpu_op": "ignore", "gpuarray.preallocate": 0.0, "gpuarray.sched": "default",
    "gpuarray.single_stream": True, "gpuarray.cache_path": "", "gpuelemwise.sync": True,
    "cuda.root": "", "cuda.include_path": "", "dnn.enabled": "auto", "dnn.base_path": "",
    "dnn.include_path": "", "dnn.library_path": "", "dnn.conv.algo_fwd": "small",
    "dnn.conv.algo_bwd_data": "none", "dnn.conv.algo_bwd_filter": "none",
    "dnn.conv.precision": "as_input_f32", "magma.enabled": False, "conv.assert_shape": False,
    "scan.allow_gc": False, "scan.allow_output_prealloc": True, "scan.debug": False,
    "warn.ignore_bug_before": "0.9", "warn.round": False, "tensor.cmp_sloppy": 0,
    "tensor.local_elemwise_fusion": True, "tensor.insert_inplace_optimizer_validate_nb": -1,
    "numpy.seterr_all": "ignore", "numpy.seterr_divide": "None", "numpy.seterr_over": "None",
    "numpy.seterr_under": "None", "numpy.seterr_invalid": "None", "DebugMode.check_c": True,
    "DebugMode.check_py": True, "DebugMode.check_finite": True, "DebugMode.check_strides": 0,
    "DebugMode.warn_input_not_reused": True, "DebugMode.check_preallocated_output": "",
    "NanGuardMode.nan_is_error": True, "NanGuardMode.inf_is_error": True,
    "NanGuardMode.big_is_error": True, "NanGuardMode.action": "raise",
    "profiling.time_thunks": True, "profiling.n_apply": 20, "profiling.n_ops": 20,
    "profiling.min_memory_size": 1024, "profiling.destination": "stderr",
    "experimental.unpickle_gpu_on_cpu": False, "experimental.local_alloc_elemwise": False,
    "metaopt.verbose": 0, "cmodule.warn_no_version": False, "cmodule.remove_gxx_opt": False,
    "cmodule.compilation_warning": False, "cmodule.preload_cache": False,
}  # fmt: skip
#: values that Theano spelled otherwise
_VALUES = {
    "DebugMode": "DEBUG_MODE", "Mode": "FAST_RUN", "cuda": "cuda", "cuda0": "cuda",
    "gpu": "cuda", "gpu0": "cuda", "None": None,
}  # fmt: skip


class Settings:
    """The flags as attributes, with dots in their names as further attributes."""

    def __init__(self, prefix: str = "", values: dict[str, Any] | None = None) -> None:
        object.__setattr__(self, "_prefix", prefix)
        object.__setattr__(self, "_set", {} if values is None else values)

    _prefix: str
    _set: dict[str, Any]

    def __getattr__(self, name: str) -> Any:
        full = self._prefix + name
        if full in SAME:
            value = getattr(flags, SAME[full])
            return ":".join(value) if isinstance(value, tuple) else value
        if full in INERT:
            return self._set.get(full, INERT[full])
        if any(known.startswith(full + ".") for known in (*SAME, *INERT)):
            return Settings(full + ".", self._set)
        raise AttributeError(f"theano.config has no flag {full!r}")

    def __setattr__(self, name: str, value: Any) -> None:
        full = self._prefix + name
        if full in SAME:
            _give(full, value)
        elif full in INERT:
            self._set[full] = value
        else:
            raise AttributeError(f"theano.config has no flag {full!r}")

    @contextlib.contextmanager
    def change_flags(self, **new: Any) -> Iterator[Settings]:
        """Give flags other values inside a `with` block, or while a decorated function runs."""
        names = {name.replace("__", "."): value for name, value in new.items()}
        for name in names:
            if name not in SAME and name not in INERT:
                raise AttributeError(f"theano.config has no flag {name!r}")
        ours = {SAME[n]: _ours(n, v) for n, v in names.items() if n in SAME}
        old, named = dict(self._set), dict(rewriting.NAMED)
        self._set.update({n: v for n, v in names.items() if n in INERT})
        try:
            with flags(**ours):
                yield self
        finally:
            self._set.clear()
            self._set.update(old)
            rewriting.NAMED.update(named)

    def __str__(self) -> str:
        rows = [f"{name} = {_deep(self, name)!r}" for name in (*SAME, *INERT)]
        return "\n".join(rows)


def _deep(settings: Any, name: str) -> Any:
    for part in name.split("."):
        settings = getattr(settings, part)
    return settings


def _give(name: str, value: Any) -> None:
    ours = SAME[name]
    value = _ours(name, value)
    if FLAGS[ours].fixed and value == getattr(flags, ours):
        return
    setattr(flags, ours, value)


def _ours(name: str, value: Any) -> Any:
    """The value as our flag takes it; rewrites by their names here."""
    if not name.startswith("optimizer_"):
        return _VALUES.get(str(value), value)
    words = value.replace(",", ":").split(":") if isinstance(value, str) else list(value)
    words = [w.strip() for w in words if w.strip()]
    rewriting.NAMED[SAME[name]] = tuple(words)
    return rule_names.translated(words, rewriting.registered())


# ---- what is read at import ----------------------------------------------------------------------
def read(environ: Mapping[str, str]) -> list[tuple[str, str]]:
    """(flag, text) from the rc files, then from THEANO_FLAGS."""
    out: list[tuple[str, str]] = []
    files = environ.get("THEANORC", "~/.theanorc").split(os.pathsep)
    reader = configparser.ConfigParser(interpolation=None)
    reader.optionxform = str  # type: ignore[assignment,method-assign]  # floatX keeps its capital
    reader.read([Path(f).expanduser() for f in files])
    for section in reader.sections():
        prefix = "" if section == "global" else section + "."
        out.extend((prefix + name, text) for name, text in reader.items(section))
    words = shlex.shlex(environ.get("THEANO_FLAGS", ""), posix=True)
    words.whitespace, words.whitespace_split, words.commenters = ",", True, ""
    for word in words:
        name, equals, text = word.partition("=")
        if not equals:
            raise ConfigError(f"THEANO_FLAGS has {word!r}: write name=value pairs, with commas")
        out.append((name.strip(), text.strip()))
    return out


def use(settings: Settings, rows: list[tuple[str, str]]) -> None:
    """Set flags from text; unknown ones are passed over, as Theano did in rc files."""
    for name, text in rows:
        if name in SAME:
            if SAME[name] == "device":
                continue  # fixed when arignote was imported: ARIGNOTE_FLAGS says it
            _give(name, text)
        elif name in INERT:
            settings._set[name] = text


config = Settings()
use(config, read(os.environ))
change_flags = config.change_flags


def asarray(a: Any, dtype: Any = None, order: Any = None) -> Any:
    """`np.asarray`, with "floatX" as a dtype."""
    return np.asarray(a, dtype=config.floatX if dtype == "floatX" else dtype, order=order)
