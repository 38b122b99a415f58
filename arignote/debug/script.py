"""A script that shows a difference again with nothing but arignote and NumPy."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from types import FunctionType, ModuleType
from typing import Any

import numpy as np

from ..errors import UnsupportedError
from ..optimize.rule import ASKED, RULES, Rule
from ..trace.convert.source import source_of
from ..trace.derived import derivations
from ..trace.pytree import Tree
from .report import Finding

#: Arrays with more elements are written as the call that fills them.
WRITTEN = 64
#: The name of a function that has none.
NAMELESS = "f"
_MODULES = {"np": "numpy", "ag": "arignote"}


def script(
    function: Callable[..., Any] | None, tree: Tree, leaves: Sequence[Any], finding: Finding
) -> str:
    """Python text that validates the same call; an import where the source is not at hand."""
    lines = ["import numpy as np", "import arignote as ag", "from numpy import array, nan, inf"]
    users = _rule_of(finding)
    names = {} if users is None else {users.name: users}
    base, derived = derivations(function)
    lines += definitions(base, names)
    compiled = _name(base)
    for step in derived:
        compiled = step.text(compiled)
    options = ", device='emulate'" if finding.stage == "emulation" else ""
    if users is not None and ASKED in users.tags:
        options += f", rules=[{users.name}]"
    if options or not derived:
        compiled = f"ag.compile({compiled}{options})"
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


def _rule_of(finding: Finding) -> Rule | None:
    """The user's rule that is to blame."""
    rule = RULES.get(finding.blame) if finding.stage == "rule" else None
    return rule if rule is not None and "user" in rule.tags else None


def definitions(function: Any, others: Mapping[str, Any] | None = None) -> list[str]:
    """What makes a function, and others: imports, numbers, arrays, functions and ops that it reads
    from outside, each before what reads it, and its own text."""
    imports: dict[str, str] = {}
    values: dict[str, str] = {}
    texts: dict[str, str] = {}
    waiting, seen = [*(others or {}).items(), (_name(function), function)], set()
    while waiting:
        name, v = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        code, decorated = _code_of(v)
        text = _text(code, name, decorated)
        if isinstance(v, ModuleType):
            if _MODULES.get(name) != v.__name__:
                alias = f" as {name}" if name != v.__name__ else ""
                imports[name] = f"import {v.__name__}{alias}"
        elif text is not None:
            texts[name] = text
            waiting += _read(code, decorated).items()
        elif (plain := _plain(v)) is not None:
            values[name] = f"{name} = {plain}"
        elif isinstance(v, type) or callable(v):
            given = getattr(v, "__name__", name)
            alias = f" as {name}" if given != name else ""
            imports[name] = f"from {getattr(v, '__module__', '?')} import {given}{alias}"
    out = [*imports.values(), *([""] if values else []), *values.values()]
    for text in reversed(texts.values()):
        out += ["", text.rstrip()]
    return out


def _code_of(value: Any) -> tuple[Any, bool]:
    """The Python function of what is written as one, and whether its decorators are part of it."""
    if isinstance(value, Rule):
        return vars(value.build).get("written"), True
    if hasattr(value, "reference") and hasattr(value, "op"):
        return value.reference, True
    return (value._function if hasattr(value, "validate") else value), False


def _read(function: FunctionType, decorated: bool) -> dict[str, Any]:
    """What a function, or its decorators, read from outside."""
    found = inspect.getclosurevars(function)
    out = {**found.globals, **found.nonlocals}
    for decorator in source_of(function).node.decorator_list if decorated else ():
        for n in ast.walk(decorator):
            if isinstance(n, ast.Name) and n.id in function.__globals__:
                out.setdefault(n.id, function.__globals__[n.id])
    return out


def _name(function: Any) -> str:
    name = str(getattr(function, "__name__", NAMELESS))
    return name if name.isidentifier() else NAMELESS


def _text(function: Any, name: str, decorated: bool) -> str | None:
    """The function's text under this name."""
    if not isinstance(function, FunctionType):
        return None
    try:
        found = source_of(function)
    except UnsupportedError:
        return None
    node = found.node
    if function.__name__ != name or not function.__name__.isidentifier():
        node.name = name
        node.decorator_list = node.decorator_list if decorated else []
        return ast.unparse(ast.fix_missing_locations(node))
    above = [d.lineno for d in node.decorator_list] if decorated else []
    lines = found.lines[min([node.lineno, *above]) - 1 : node.end_lineno]
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
