"""`COp`: ops whose C stands in a file of its own, in sections; `ParamsType`, `OpenMPOp`."""

from __future__ import annotations

import inspect
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from .c_code import MethodNotDefined
from .graph import Apply
from .types import TensorType
from .user_ops import Op

_SECTION = re.compile(r"^#section ([A-Za-z0-9_]+)[^\S\n]*$", re.MULTILINE)
_SECTIONS = (
    "init_code", "init_code_apply", "init_code_struct", "support_code", "support_code_apply",
    "support_code_struct", "code", "code_cleanup",
)  # fmt: skip


class OpenMPOp(Op):
    """An op whose C uses OpenMP where the compiler has it."""

    openmp: bool | None = None

    def c_compile_args(self) -> list[str]:
        """More options for the compiler."""
        return ["-fopenmp"] if self.openmp else []

    def c_headers(self) -> list[str]:
        """What is included."""
        return ["omp.h"] if self.openmp else []


class ParamsType:
    """Attributes of an op that its C reads: `params_type = ParamsType(n=theano.scalar.int64)`.

    In the C they are `PARAMS->n`, or fields of the variable sub["params"].
    """

    def __init__(self, **fields: Any) -> None:
        for name, kind in fields.items():
            if not isinstance(kind, TensorType) or kind.ndim:
                raise TypeError(f"ParamsType: {name} is {kind}; parameters are scalars")
        self.fields: tuple[tuple[str, TensorType], ...] = tuple(sorted(fields.items()))


class COp(Op):
    """An op from files of C with lines `#section code`, `#section support_code_apply`, ...

    func_files: one or a list, relative to the file of the class.  func_name: a function, usually
    `APPLY_SPECIFIC(name)`, called with the inputs, pointers to the outputs and, where there is a
    `params_type`, the parameters; it returns 0, or another number after setting an exception.

    Raises ValueError for files without sections, or with unknown ones.
    """

    def __init__(self, func_files: Any, func_name: str | None = None) -> None:
        listed = [func_files] if isinstance(func_files, str | Path) else list(func_files)
        self.func_files = [self.get_path(f) for f in listed]
        self.func_name = func_name
        self.code_sections: dict[str, str] = {}
        for path in self.func_files:
            for section, text in _sections(path):
                self.code_sections[section] = self.code_sections.get(section, "") + text
        if func_name is not None and "code" in self.code_sections:
            raise ValueError(f"{type(self).__name__}: give a section `code` or func_name, not both")

    @classmethod
    def get_path(cls, f: Any) -> str:
        """A file beside the one in which the class is defined."""
        path = Path(f)
        return str(path if path.is_absolute() else Path(inspect.getfile(cls)).parent / path)

    def c_support_code(self) -> str:
        """What comes first, whatever the types are."""
        return self.code_sections.get("support_code", "")

    def c_support_code_apply(self, node: Apply, name: str) -> str:
        """What comes first, for these types."""
        return self._with_macros("support_code_apply", node, name)

    def c_support_code_struct(self, node: Apply, name: str) -> str:
        """As `c_support_code_apply`."""
        return self._with_macros("support_code_struct", node, name)

    def c_init_code(self) -> list[str]:
        """What runs once."""
        return [self.code_sections.get("init_code", "")]

    def c_init_code_apply(self, node: Apply, name: str) -> str:
        """What runs once for these types."""
        return self._with_macros("init_code_apply", node, name)

    def c_init_code_struct(self, node: Apply, name: str, sub: dict[str, str]) -> str:
        """As `c_init_code_apply`."""
        return self._with_macros("init_code_struct", node, name, sub)

    def c_code(
        self, node: Apply, name: str, inputs: Sequence[str], outputs: Sequence[str],
        sub: dict[str, str],
    ) -> str:  # fmt: skip
        """A call of the function, or the section `code`."""
        if self.func_name is None:
            if "code" not in self.code_sections:
                raise MethodNotDefined(f"{self}: there is no section `code` and no func_name")
            return self._with_macros("code", node, name, sub, inputs, outputs)
        args = [*inputs, *(f"&{v}" for v in outputs)]
        if self.params_type is not None:
            args.append(sub["params"])
        opening, closing = _macros(node, name)
        call = f"if ({self.func_name}({', '.join(args)}) != 0) {sub['fail']}"
        return f"{opening}\n{call}\n{closing}"

    def c_code_cleanup(
        self, node: Apply, name: str, inputs: Sequence[str], outputs: Sequence[str],
        sub: dict[str, str],
    ) -> str:  # fmt: skip
        """What runs after the code."""
        return self._with_macros("code_cleanup", node, name, sub, inputs, outputs)

    def _with_macros(
        self, section: str, node: Apply, name: str, sub: dict[str, str] | None = None,
        inputs: Sequence[str] = (), outputs: Sequence[str] = (),
    ) -> str:  # fmt: skip
        if section not in self.code_sections:
            return ""
        more = {f"INPUT_{k}": v for k, v in enumerate(inputs)}
        more |= {f"OUTPUT_{k}": v for k, v in enumerate(outputs)}
        if sub is not None:
            more |= {"FAIL": sub["fail"], "PARAMS": sub["params"]}
        opening, closing = _macros(node, name, more)
        return f"{opening}\n{self.code_sections[section]}\n{closing}"


def _sections(path: str) -> list[tuple[str, str]]:
    """(section, text) of a file."""
    parts = _SECTION.split(Path(path).read_text())
    if len(parts) == 1:
        raise ValueError(f"{path} has no line `#section ...`")
    if parts[0].strip() and not re.fullmatch(r"(\s|//[^\n]*|/\*.*?\*/)*", parts[0], re.DOTALL):
        raise ValueError(f"{path}: there is C before the first #section")
    rows = list(zip(parts[1::2], parts[2::2], strict=True))
    for section, _ in rows:
        if section not in _SECTIONS:
            raise ValueError(f"{path}: there is no section {section!r}: {', '.join(_SECTIONS)}")
    return rows


def _macros(node: Apply, name: str, more: dict[str, str] | None = None) -> tuple[str, str]:
    """Theano's macros for an application, and their end."""
    rows: dict[str, str] = {}
    for word, variables in (("INPUT", node.inputs), ("OUTPUT", node.outputs)):
        for k, v in enumerate(variables):
            dtype = np.dtype(v.type.dtype)
            rows[f"DTYPE_{word}_{k}"] = f"npy_{dtype.name}"
            rows[f"TYPENUM_{word}_{k}"] = f"NPY_{dtype.name.upper()}"
            rows[f"ITEMSIZE_{word}_{k}"] = str(dtype.itemsize)
    rows |= more or {}
    lines = [f"#define APPLY_SPECIFIC(str) str##_{name}"]
    lines += [f"#define {macro} {text}" for macro, text in rows.items()]
    ends = [f"#undef {macro}" for macro in ("APPLY_SPECIFIC", *rows)]
    return "\n".join(lines), "\n".join(ends)
