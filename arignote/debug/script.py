"""A script that shows a difference again with nothing but arignote and NumPy."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Sequence
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..trace.convert.source import source_of
from ..trace.derived import derivations
from ..trace.pytree import Tree
from .report import Finding

#: Arrays with more elements are written as the call that fills them.
WRITTEN = 64
#: The name of a function that has none.
NAMELESS = "f"
_MODULES = {"np": np}


def script(
    function: Callable[..., Any] | None, tree: Tree, leaves: Sequence[Any], finding: Finding
) -> str:
    """Python text that validates the same call; an import where the source is not at hand."""
    lines = ["import numpy as np", "import arignote as ag", "from numpy import array, nan, inf"]
    base, derived = derivations(function)
    lines += definitions(base)
    compiled = _name(base)
    for step in derived:
        compiled = step.text(compiled)
    device = ", device='emulate'" if finding.stage == "emulation" else ""
    if device or not derived:
        compiled = f"ag.compile({compiled}{device})"
    args, kwargs = tree.unflatten(iter([_Text(_written(x)) for x in leaves]))
    given = [repr(a) for a in args] + [f"{k}={v!r}" for k, v in kwargs.items()]
    given += ["gradients=True"] if finding.stage == "gradient" and not derived else []
    lines += ["", f"report = {compiled}.validate({', '.join(given)})"]
    lines += [f"# {finding.stage} {finding.blame}", "print(report)", "assert report.ok"]
    return "\n".join(lines)


class _Text(str):
    """Printed as it is."""

    def __repr__(self) -> str:
        return str(self)


def definitions(function: Any) -> list[str]:
    """What makes a function: imports, numbers, arrays and functions that it reads from outside,
    each before what reads it, and its own text."""
    imports: dict[str, str] = {}
    values: dict[str, str] = {}
    texts: dict[str, str] = {}
    waiting, seen = [(_name(function), function)], set()
    while waiting:
        name, f = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        text = _text(f, name)
        if text is None:
            imports[name] = f"from {getattr(f, '__module__', '?')} import {name}"
            continue
        texts[name] = text
        found = inspect.getclosurevars(f)
        for k, v in {**found.globals, **found.nonlocals}.items():
            if isinstance(v, ModuleType):
                if _MODULES.get(k) is not v:
                    imports[k] = f"import {v.__name__}" + (f" as {k}" if k != v.__name__ else "")
            elif isinstance(inner := _user_function(v), FunctionType):
                waiting.append((k, inner))
            elif (plain := _plain(v)) is not None:
                values[k] = f"{k} = {plain}"
            elif isinstance(v, type) or callable(v):
                imports[k] = f"from {v.__module__} import {getattr(v, '__name__', k)} as {k}"
    out = [*imports.values(), *([""] if values else []), *values.values()]
    for text in reversed(texts.values()):
        out += ["", text.rstrip()]
    return out


def _user_function(value: Any) -> Any:
    """What a compiled function was made from; others as they are."""
    return value._function if hasattr(value, "validate") else value


def _name(function: Any) -> str:
    name = str(getattr(function, "__name__", NAMELESS))
    return name if name.isidentifier() else NAMELESS


def _text(function: Any, name: str) -> str | None:
    """The function's text without its decorators, under this name."""
    if not isinstance(function, FunctionType):
        return None
    try:
        found = source_of(function)
    except UnsupportedError:
        return None
    if function.__name__ != name or not function.__name__.isidentifier():
        found.node.name = name
        found.node.decorator_list = []
        return ast.unparse(ast.fix_missing_locations(found.node))
    lines = found.lines[found.node.lineno - 1 : found.node.end_lineno]
    return textwrap.dedent("".join(lines))


def _plain(value: Any) -> str | None:
    """Numbers, text, arrays and what is made of them, as Python text."""
    if isinstance(value, np.ndarray | np.number) and value.dtype.kind in "biufc":
        return _written(np.asarray(value)) + ("" if isinstance(value, np.ndarray) else "[()]")
    text = repr(value)
    try:
        ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return None
    return text


def _written(x: Any) -> str:
    """An argument as Python text; large arrays as a generated stand-in of the same kind."""
    if not isinstance(x, np.ndarray):
        return repr(x)
    flip = [s < 0 for s in x.strides]
    if any(flip):
        turn = ", ".join("::-1" if f else ":" for f in flip)
        return f"{_written(x[tuple(slice(None, None, -1 if f else 1) for f in flip)])}[{turn}]"
    if x.size <= WRITTEN:
        text = f"np.array({x.tolist()!r}, {x.dtype.str!r})"
        if x.size == 0:
            text = f"np.zeros({x.shape}, {x.dtype.str!r})"
    else:
        kind = x.dtype.kind
        draw = f"np.random.default_rng(0).standard_normal({x.shape})"
        if kind in "iub":
            low, high = int(x.min()), int(x.max()) + 1
            draw = f"np.random.default_rng(0).integers({low}, {high}, {x.shape})"
        text = f"{draw}.astype({x.dtype.str!r})"
    if x.ndim > 1 and x.flags.f_contiguous and not x.flags.c_contiguous:
        return f"np.asfortranarray({text})"
    return text
