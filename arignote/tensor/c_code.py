"""C of an op's `c_code`, compiled with Python's and NumPy's headers, as Theano did.

The text is C++ where a C++ compiler stands beside the C compiler, else C.  Inputs and outputs are
`PyArrayObject *`; outputs start as NULL.  An op's `perform` stays its meaning: the debug mode
compares the two.
"""

from __future__ import annotations

import ctypes
import functools
import hashlib
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..emit.cache import default_cache, temporary_cache
from ..emit.compiler import find_compiler, first_errors
from ..errors import BuildError, CompilerMissingError, warn_once
from .graph import Apply

_PLUS = {"gcc": "g++", "clang": "clang++", "cc": "c++"}


class MethodNotDefined(Exception):
    """Raised by methods that a subclass leaves out."""


def c_function(op: Any, node: Apply) -> Callable[..., list[Any]] | None:
    """f(values) -> results by the op's C code; None where it has none for these types, or where
    there is no compiler (said once).

    Raises BuildError, with what the compiler said.
    """
    if not hasattr(op, "c_code"):
        return None
    inputs = [f"V{k}" for k in range(len(node.inputs))]
    outputs = [f"V{k + len(inputs)}" for k in range(len(node.outputs))]
    try:
        text = _text(op, node, inputs, outputs)
    except (MethodNotDefined, NotImplementedError):
        return None
    try:
        library = _library(text, str(op), tuple(_extra_options(op)))
    except CompilerMissingError as error:
        warn_once(f"c_code {op}", f"{op}: its C code is not used: {error}")
        return None
    return functools.partial(_run, library.an_run, str(op))


def _run(entry: Any, name: str, values: Sequence[Any]) -> list[Any]:
    try:
        return list(entry(tuple(np.asarray(v) for v in values)))
    except Exception as error:
        error.add_note(f"in the C code of {name}")
        raise


# ---- the text ------------------------------------------------------------------------------------
def _said(op: Any, method: str, *args: Any) -> str:
    """What a method of Theano's says, "" where the op has none."""
    found = getattr(op, method, None)
    if found is None:
        return ""
    try:
        return str(found(*args))
    except (MethodNotDefined, NotImplementedError):
        return ""


def _listed(op: Any, method: str) -> list[str]:
    found = getattr(op, method, None)
    if found is None:
        return []
    try:
        rows = found()
        return [rows] if isinstance(rows, str) else list(rows)
    except (MethodNotDefined, NotImplementedError):
        return []


def _text(op: Any, node: Apply, inputs: list[str], outputs: list[str]) -> str:
    name = "an_op"
    sub = {"fail": "{ goto an_fail; }", "params": "an_params", "struct_id": "0", "id": "0"}
    code = op.c_code(node, name, inputs, outputs, sub)
    kinds = zip([*inputs, *outputs], [v.type for v in (*node.inputs, *node.outputs)], strict=True)
    types = "\n".join(f"typedef npy_{t.dtype} dtype_{v};" for v, t in kinds)
    includes = "\n".join(f"#include {_bracketed(h)}" for h in _listed(op, "c_headers"))
    declared = "\n".join(f"    PyArrayObject *{v} = NULL;" for v in (*inputs, *outputs))
    taken = "\n".join(
        f"    {v} = (PyArrayObject *)PyTuple_GET_ITEM(given, {k});" for k, v in enumerate(inputs)
    )
    dropped = "\n".join(f"    Py_XDECREF({v});" for v in outputs)
    given_out = "\n".join(
        f"    PyTuple_SET_ITEM(answer, {k}, (PyObject *){v});" for k, v in enumerate(outputs)
    )
    missing = " || ".join(f"{v} == NULL" for v in outputs)
    return f"""
#include <Python.h>
#include <numpy/arrayobject.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
{includes}
#ifdef __cplusplus
#define AN_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define AN_EXPORT __attribute__((visibility("default")))
#endif
{_parameters(op)}
{types}
{_said(op, "c_support_code")}
{_said(op, "c_support_code_apply", node, name)}
{_said(op, "c_support_code_struct", node, name)}

AN_EXPORT int an_init(void) {{
    if (_import_array() < 0) return -1;
    {" ".join(_listed(op, "c_init_code"))}
    {_said(op, "c_init_code_apply", node, name)}
    {{
    {_said(op, "c_init_code_struct", node, name, {**sub, "fail": "return -1;"})}
    }}
    return 0;
}}

AN_EXPORT PyObject *an_run(PyObject *given) {{
{declared}
    PyObject *answer = NULL;
{taken}
    {{
{code}
    }}
    {{
{_said(op, "c_code_cleanup", node, name, inputs, outputs, sub)}
    }}
    if ({missing}) {{
        PyErr_SetString(PyExc_ValueError, "the C code has left an output NULL");
        goto an_fail;
    }}
    answer = PyTuple_New({len(outputs)});
    if (answer == NULL) goto an_fail;
{given_out}
    return answer;
an_fail:
{dropped}
    if (!PyErr_Occurred()) PyErr_SetString(PyExc_RuntimeError, "the C code failed");
    return NULL;
}}
"""


def _bracketed(header: str) -> str:
    return header if header[0] in '<"' else f"<{header}>"


def _parameters(op: Any) -> str:
    """The op's attributes that `params_type` names, as a struct of C."""
    kind = getattr(op, "params_type", None)
    if kind is None:
        return ""
    rows = [(name, t.dtype, getattr(op, name)) for name, t in kind.fields]
    fields = " ".join(f"npy_{dtype} {name};" for name, dtype, _ in rows)
    values = ", ".join(repr(np.dtype(dtype).type(v).item()) for _, dtype, v in rows)
    return (
        f"struct an_params_type {{ {fields} }};\n#define PARAMS_TYPE struct an_params_type\n"
        f"static PARAMS_TYPE an_params_values = {{ {values} }};\n"
        f"static PARAMS_TYPE *an_params = &an_params_values;"
    )


# ---- building ------------------------------------------------------------------------------------
def _extra_options(op: Any) -> list[str]:
    return [
        *_listed(op, "c_compile_args"),
        *(f"-I{d}" for d in _listed(op, "c_header_dirs")),
        *(f"-L{d}" for d in _listed(op, "c_lib_dirs")),
        *(f"-l{name}" for name in _listed(op, "c_libraries")),
    ]


@functools.cache
def _library(text: str, label: str, extra: tuple[str, ...]) -> Any:
    compiler = find_compiler()
    command = [*compiler.command]
    plus = _plus(command)
    suffix = ".cpp" if plus is not None else ".c"
    options = [*compiler.options, f"-I{np.get_include()}", *extra]
    facts = repr((text, plus or command, compiler.version, options, np.__version__))
    key = hashlib.sha256(facts.encode()).hexdigest()
    folder = default_cache().get(key)
    if folder is None:
        files = _built(text, label, plus or command, suffix, options)
        folder = default_cache().put(key, files) or temporary_cache().put(key, files)
        if folder is None:
            raise BuildError(f"{label}: there is no place for what was built of its C code")
    library = ctypes.PyDLL(str(folder / "op.so"))
    library.an_run.restype, library.an_run.argtypes = ctypes.py_object, [ctypes.py_object]
    library.an_init.restype = ctypes.c_int
    if library.an_init() < 0:
        raise BuildError(f"{label}: its c_init_code failed")
    return library


def _plus(command: list[str]) -> list[str] | None:
    """The C++ compiler beside a C compiler."""
    if command[-2:] == ["ziglang", "cc"]:
        return [*command[:-1], "c++"]
    name = Path(command[0]).name
    other = _PLUS.get(name)
    if other is None:
        return None
    found = shutil.which(str(Path(command[0]).with_name(other)) if "/" in command[0] else other)
    return [found, *command[1:]] if found is not None else None


def _built(
    text: str, label: str, command: list[str], suffix: str, options: list[str]
) -> dict[str, bytes]:
    with tempfile.TemporaryDirectory(prefix="arignote-c-code-") as place:
        source, target = Path(place, f"op{suffix}"), Path(place, "op.so")
        source.write_text(text)
        libraries = [o for o in options if o.startswith("-l")]
        before = [o for o in options if not o.startswith("-l")]
        done = subprocess.run(
            [*command, *before, str(source), "-o", str(target), *libraries, "-lm"],
            capture_output=True, text=True, errors="replace", check=False, cwd=place,
        )  # fmt: skip
        if done.returncode:
            raise BuildError(f"{label}: its C code does not compile:\n{first_errors(done.stderr)}")
        return {f"op{suffix}": text.encode(), "op.so": target.read_bytes()}
