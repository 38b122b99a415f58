"""Expressions as text and pictures: `debugprint`, `pydotprint`."""

from __future__ import annotations

import io
import shutil
import subprocess
import sys
from collections.abc import Sequence
from typing import Any

from .fgraph import FunctionGraph
from .functions import Function
from .graph import Apply, Variable, apply_order
from .monitoring import Step
from .stepping import Inner


def debugprint(
    obj: Any,
    depth: int = -1,
    print_type: bool = False,
    file: Any = None,
    ids: str = "CHAR",
    stop_on_name: bool = False,
    done: Any = None,
    print_storage: bool = False,
    print_clients: bool = False,
    used_ids: Any = None,
) -> Any:
    """The expression as a tree, one application a line, with [id A] labels.

    obj: a variable, a list of them, an application or a function.  depth: levels (-1: all).
    print_type: the type of each.  stop_on_name: do not go below named variables.  ids: "CHAR",
    "int" or "".  file: where to print (default sys.stdout), "str" to get the text.  Inner graphs of
    scans come at the end.
    """
    if isinstance(obj, Step):
        text = f"{obj}\n"
        if file == "str":
            return text
        (sys.stdout if file is None else file).write(text)
        return None
    tree = _Tree(depth, print_type, stop_on_name, ids)
    for v in _roots(obj):
        tree.add(v, "", "", depth)
    tree.inner_graphs()
    text = tree.out.getvalue()
    if file == "str":
        return text
    (sys.stdout if file is None else file).write(text)
    return None


def _roots(obj: Any) -> list[Variable]:
    if isinstance(obj, Function):
        return list(obj.maker.fgraph.outputs)
    if isinstance(obj, FunctionGraph):
        return list(obj.outputs)
    if isinstance(obj, Apply):
        return list(obj.outputs)
    if isinstance(obj, list | tuple):
        return [v for x in obj for v in _roots(x)]
    return [obj]


class _Tree:
    def __init__(self, depth: int, types: bool, stop_on_name: bool, ids: str) -> None:
        self.types, self.stop_on_name, self.ids = types, stop_on_name, ids
        self.out = io.StringIO()
        self.labels: dict[Any, str] = {}
        self.shown: set[Any] = set()
        self.scans: list[Apply] = []

    def label(self, x: Any) -> str:
        known = self.labels.get(x)
        if known is None:
            known = self.labels[x] = letters(len(self.labels)) if self.ids == "CHAR" else str(
                len(self.labels)
            )  # fmt: skip
        return f" [id {known}]" if self.ids else ""

    def add(self, root: Variable, first: str, rest: str, depth: int) -> None:
        stack = [(root, first, rest, depth)]
        while stack:
            v, lead, follow, left = stack.pop()
            if left == 0:
                continue
            node = v.owner
            kind = f" <{v.type}>" if self.types else ""
            if node is None:
                self.out.write(f"{lead}{v}{kind}{self.label(v)}\n")
                continue
            again = node in self.shown
            number = f".{v.index}" if len(node.outputs) > 1 else ""
            named = f" '{v.name}'" if v.name else " ''"
            self.out.write(f"{lead}{node.op.name}{number}{kind}{self.label(node)}{named}\n")
            if again or (self.stop_on_name and v.name):
                continue
            self.shown.add(node)
            if node.op.kind == "scan":
                self.scans.append(node)
            for k in reversed(range(len(node.inputs))):
                last = k == len(node.inputs) - 1
                stack.append(
                    (node.inputs[k], f"{follow} |", f"{follow}{'  ' if last else ' |'}", left - 1)
                )

    def inner_graphs(self) -> None:
        done = 0
        if self.scans:
            self.out.write("\nInner graphs:\n")
        while done < len(self.scans):
            node = self.scans[done]
            done += 1
            inner: Inner = node.attrs["inner"]
            self.out.write(f"\nScan{self.label(node)}\n")
            for v in (*inner.outputs, *[e for _, e in inner.shared if e is not None]):
                self.add(v, " >", "  ", -1)


def letters(k: int) -> str:
    """A, B, ... Z, AA, ..."""
    text = ""
    k += 1
    while k:
        k, digit = divmod(k - 1, 26)
        text = chr(65 + digit) + text
    return text


# ---- pictures ------------------------------------------------------------------------------------
def dot_text(obj: Any, types: bool = True) -> str:
    """The expression in Graphviz's language."""
    roots = _roots(obj)
    lines = ["digraph expression {", "  node [shape=box, fontname=sans];"]
    names: dict[Any, str] = {}

    def named(x: Any) -> str:
        return names.setdefault(x, f"n{len(names)}")

    for node in apply_order(roots):
        lines.append(f'  {named(node)} [label="{_quoted(node.op.name)}", shape=ellipse];')
        for k, x in enumerate(node.inputs):
            if x.owner is None and x not in names:
                kind = f"\\n{x.type}" if types else ""
                lines.append(f'  {named(x)} [label="{_quoted(str(x))}{_quoted(kind)}"];')
            start = named(x.owner if x.owner is not None else x)
            lines.append(
                f'  {start} -> {named(node)} [label="{k if len(node.inputs) > 1 else ""}"];'
            )
    for k, v in enumerate(roots):
        label = v.name or f"output {k}"
        lines.append(f'  out{k} [label="{_quoted(label)}\\n{_quoted(str(v.type))}", color=blue];')
        lines.append(f"  {named(v.owner if v.owner is not None else v)} -> out{k};")
    return "\n".join([*lines, "}"]) + "\n"


def _quoted(text: str) -> str:
    return text.replace('"', "'")


def pydotprint(
    fct: Any, outfile: str = "expression.png", compact: bool = True, format: str = "png",
    with_ids: bool = False, high_contrast: bool = True, cond_highlight: Any = None,
    colorCodes: Any = None, max_label_size: int = 70, scan_graphs: bool = False,
    var_with_name_simple: bool = False, print_output_file: bool = True,
    return_image: bool = False,
) -> Any:  # fmt: skip
    """A picture of an expression or function, drawn by Graphviz's `dot`.

    format: png, svg, pdf, ... or "dot" for its text.  Raises RuntimeError without Graphviz.
    """
    text = dot_text(fct)
    if format == "dot":
        data = text.encode()
    else:
        data = _drawn(text, format)
    if return_image:
        return data
    with open(outfile, "wb") as f:
        f.write(data)
    if print_output_file:
        print(f"The output file is available at {outfile}")
    return None


def _drawn(text: str, kind: str) -> bytes:
    program = shutil.which("dot")
    if program is None:
        raise RuntimeError(
            "pydotprint needs Graphviz: install it (apt-get install graphviz), or say format='dot'"
        )
    done = subprocess.run(
        [program, f"-T{kind}"], input=text.encode(), capture_output=True, check=False
    )
    if done.returncode:
        raise RuntimeError(f"dot failed: {done.stderr.decode(errors='replace')[:500]}")
    return done.stdout


def listed(variables: Sequence[Variable]) -> str:
    """The variables with their types, for messages."""
    return ", ".join(f"{v} ({v.type})" for v in variables)
