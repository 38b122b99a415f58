"""Programs as text a person can read."""

from __future__ import annotations

from ...fxgraph.constants import is_const, value_of
from ...fxgraph.node import Node
from .program import (
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Panel,
    Point,
    Program,
    Result,
    Statement,
    Store,
    While,
)

_INFIX = {
    "add": "+",
    "subtract": "-",
    "multiply": "*",
    "divide": "/",
    "less": "<",
    "less_equal": "<=",
    "greater": ">",
}


def program_text(program: Program) -> str:
    """The program as an indented listing."""
    return "\n".join(_listing(program).lines)


def buffer_names(program: Program) -> dict[Buffer, str]:
    """What the listing calls each buffer."""
    return {b: name for b, name in _listing(program).names.items() if isinstance(b, Buffer)}


def _listing(program: Program) -> _Printer:
    p = _Printer()
    args = [p.buffer(b) if isinstance(b, Buffer) else p.name(b) for b in program.pointers]
    p.put(f"program {program.name}({', '.join([*args, *map(p.name, program.integers)])}):")
    p.depth += 1
    for g in program.guards:
        p.put(f"guard {p.text(g)} >= 0")
    p.block(program.statements)
    p.put(f"return {', '.join(p.result(r) for r in program.results)}")
    return p


class _Printer:
    def __init__(self) -> None:
        self.lines: list[str] = []
        self.names: dict[object, str] = {}
        self.taken: set[str] = set()
        self.depth = 0

    def put(self, text: str) -> None:
        self.lines.append("    " * self.depth + text)

    def unique(self, key: object, base: str) -> str:
        if key not in self.names:
            name, k = base, 1
            while name in self.taken:
                k += 1
                name = f"{base}{k}"
            self.taken.add(name)
            self.names[key] = name
        return self.names[key]

    def name_of(self, b: Buffer) -> str:
        root = b.base if b.base is not None else b
        return self.unique(root, root.name)

    def result(self, r: Result) -> str:
        if r.buffer is not None:
            return self.name_of(r.buffer)
        assert r.value is not None
        return self.text(r.value)

    def buffer(self, b: Buffer) -> str:
        sizes = ", ".join(self.text(d) if isinstance(d, Node) else str(d) for d in b.shape)
        return f"{self.name_of(b)}: {b.dtype}[{sizes}]"

    def name(self, n: Node) -> str:
        return self.unique(n, str(dict(n.attrs).get("name", n.op.name)))

    def text(self, n: Node, depth: int = 0) -> str:
        if is_const(n):
            return str(value_of(n))
        if n.op.name in ("local", "index", "input", "param"):
            return self.name(n)
        if depth > 30:
            return "..."
        args = [self.text(x, depth + 1) for x in n.inputs]
        if n.op.name == "load":
            return f"{self.name_of(n.attr('buffer'))}[{', '.join(args)}]"
        if n.op.name == "affine":
            parts = [
                a if k == 1 else f"{k}*{a}" for a, k in zip(args, n.attr("coefs"), strict=True)
            ]
            const = n.attr("const")
            return f"({' + '.join([*parts, *([str(const)] if const else [])])})".replace(
                "+ -", "- "
            )
        if n.op.name in _INFIX:
            return f"({args[0]} {_INFIX[n.op.name]} {args[1]})"
        return f"{n.op.name if n.op.name != 'cast' else n.dtype}({', '.join(args)})"

    def block(self, block: tuple[Statement, ...]) -> None:
        for s in block:
            self.statement(s)

    def statement(self, s: Statement) -> None:
        if isinstance(s, Assign):
            self.put(f"{self.name(s.local)} = {self.text(s.value)}")
        elif isinstance(s, Fold):
            self.put(
                f"{self.name(s.local)} = "
                f"{s.op.extra['join']}({self.name(s.local)}, {self.text(s.value)})"
            )
        elif isinstance(s, Store):
            at = ", ".join(map(self.text, s.index))
            self.put(
                f"{self.name_of(s.buffer)}[{at}] "
                f"{'+=' if s.accumulate else '='} {self.text(s.value)}"
            )
        elif isinstance(s, Loop):
            self.loop(s)
        elif isinstance(s, While):
            self.put("while:")
            self.inside(s.setup)
            self.put(f"test {self.text(s.cond)}:")
            self.inside(s.body)
        elif isinstance(s, If):
            self.put(f"if {self.text(s.pred)}:")
            self.inside(s.then)
            if s.other:
                self.put("else:")
                self.inside(s.other)
        else:
            self.other(s)

    def loop(self, s: Loop) -> None:
        lo, hi, step = (s.index.attr(k) for k in ("lo", "hi", "step"))
        word = "parallel " if s.parallel else ""
        where = f"    # {s.origin}: {s.origin.expression}" if s.origin else ""
        self.put(
            f"{word}for {self.name(s.index)} in "
            f"[{self.text(lo)}, {self.text(hi)}) by {step}:{where}"
        )
        self.inside(s.body)

    def inside(self, block: tuple[Statement, ...]) -> None:
        self.depth += 1
        self.block(block)
        self.depth -= 1

    def other(self, s: Statement) -> None:
        if isinstance(s, Break):
            self.put("break")
        elif isinstance(s, Check):
            result = f"{self.name(s.result)} = " if s.result is not None else ""
            self.put(f"{result}{s.kind}({', '.join(map(self.text, s.operands))})")
        elif isinstance(s, Alloc):
            self.put(f"alloc {self.buffer(s.buffer)} ({s.buffer.role}){' zero' if s.zero else ''}")
        elif isinstance(s, Point):
            to = ", ".join(map(self.name_of, s.aliases))
            self.put(f"{to} -> {', '.join(map(self.name_of, s.buffers))}")
        elif isinstance(s, Library):
            outs = ", ".join(map(self.panel, s.outputs))
            ins = ", ".join(
                self.panel(p) if isinstance(p, Panel) else self.text(p) for p in s.inputs
            )
            at = "".join(f", {k}={v}" for k, v in s.attrs)
            self.put(f"{outs} = {s.name}({ins}{at})")

    def panel(self, p: Panel) -> str:
        sizes = ", ".join(str(d) if isinstance(d, int) else self.text(d) for d in p.shape)
        steps = ", ".join(str(d) if isinstance(d, int) else self.text(d) for d in p.strides)
        return f"{self.name_of(p.buffer)}+{self.text(p.offset)}[{sizes}; {steps}]"
