"""An expression as one line of mathematics: plain (`pp`) or LaTeX."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .graph import Variable, apply_order

#: op -> (sign, precedence, LaTeX sign)
_INFIX = {
    "add": ("+", 1, "+"), "sub": ("-", 1, "-"), "mul": ("*", 2, r"\cdot"),
    "true_div": ("/", 2, "/"), "int_div": ("//", 2, "//"), "mod": ("%", 2, r"\bmod"),
    "pow": ("**", 4, "^"), "dot": (r"\dot", 2, r"\cdot"), "matmul": ("@", 2, r"\cdot"),
    "lt": ("<", 0, "<"), "gt": (">", 0, ">"), "le": ("<=", 0, r"\le"), "ge": (">=", 0, r"\ge"),
    "eq": ("eq", 0, "="), "neq": ("neq", 0, r"\ne"),
}  # fmt: skip
_LATEX = {
    "exp": r"\exp", "log": r"\log", "sin": r"\sin", "cos": r"\cos", "tan": r"\tan",
    "tanh": r"\tanh", "sigmoid": r"\sigma", "sum": r"\sum", "prod": r"\prod", "max": r"\max",
    "min": r"\min",
}  # fmt: skip
#: op -> what prints it, for the texts and precedences of its inputs: see `assign`
PRINTERS: dict[str, Callable[..., str]] = {}

Text = tuple[str, int]
_ATOM = 9


def pp(*variables: Any) -> str:
    """The expression as one line."""
    texts = [_written(v, latex=False) for v in variables]
    return texts[0] if len(texts) == 1 else ", ".join(texts)


def latex(v: Any) -> str:
    """The expression in LaTeX."""
    return _written(v, latex=True)


def assign(op: Any, printer: Callable[..., str]) -> None:
    """Print applications of `op` (its name) as printer(*texts of the inputs)."""
    PRINTERS[getattr(op, "name", str(op))] = printer


def _written(root: Variable, latex: bool) -> str:
    done: dict[Variable, Text] = {}
    for node in apply_order([root]):
        args = [done[x] if x in done else _leaf(x) for x in node.inputs]
        for out in node.outputs:
            done[out] = (out.name, _ATOM) if out.name and out is not root else _applied(
                node, args, latex
            )  # fmt: skip
    return (done[root] if root in done else _leaf(root))[0]


def _leaf(v: Variable) -> Text:
    text = str(v)
    return text, 3 if text.startswith("-") else _ATOM


def _applied(node: Any, args: list[Text], latex: bool) -> Text:
    name = node.op.name
    texts = [t for t, _ in args]
    if name in PRINTERS:
        return PRINTERS[name](*texts), _ATOM
    if name in _INFIX and len(args) == 2:
        sign, level, tex = _INFIX[name]
        if latex and name == "true_div":
            return rf"\frac{{{texts[0]}}}{{{texts[1]}}}", _ATOM
        if latex and name == "pow":
            return f"{_within(args[0], 5)}^{{{texts[1]}}}", 4
        left = _within(args[0], level)
        return f"({left} {tex if latex else sign} {_within(args[1], level + 1)})", _ATOM
    if name == "neg":
        return f"(-{_within(args[0], 3)})", _ATOM
    if name == "DimShuffle":
        pattern = node.attrs["tree"].unflatten(node.attrs["static"])[0][1]
        if pattern == tuple(range(node.inputs[0].ndim))[::-1]:
            return f"{_within(args[0], _ATOM)}{'^T' if latex else '.T'}", _ATOM
        shown = ",".join(map(str, pattern))
        return (texts[0], args[0][1]) if latex else (f"DimShuffle{{{shown}}}({texts[0]})", _ATOM)
    if latex and name == "sqrt":
        return rf"\sqrt{{{texts[0]}}}", _ATOM
    shown = _LATEX.get(name, rf"\mathrm{{{name}}}") if latex else name
    return f"{shown}({', '.join(texts)})", _ATOM


def _within(text: Text, level: int) -> str:
    return text[0] if text[1] >= level else f"({text[0]})"


def _in_notebook(self: Variable) -> str:
    return f"${latex(self)}$"


setattr(Variable, "_repr_latex_", _in_notebook)  # noqa: B010
