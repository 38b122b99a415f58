"""The host's part of a CUDA program as a Python function: its text, and what that is compiled to.

A plan's records are printed once, as straight-line Python whose expressions are the plan's own, so
that a call interprets nothing.  `_b` are the buffers by position; `_run` does what touches a
device.
"""

from __future__ import annotations

import linecache
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..plan import (
    NAMES,
    Allocate,
    Arena,
    Bind,
    Break,
    Copy,
    Counters,
    CudaPlan,
    ErrorWord,
    Fail,
    Fetch,
    For,
    HostCallback,
    If,
    Int,
    KernelArgument,
    Launch,
    Lib,
    Memset,
    Panel,
    Pointer,
    Record,
    Set,
    Value,
    While,
)

Shape = tuple[int, ...]


@dataclass(frozen=True)
class HostProgram:
    """guards(*integers): does the kernel apply?  shapes(*integers): of static results and scratch,
    None for other buffers.  run(run, *integers): everything else."""

    text: str
    guards: Callable[..., bool]
    shapes: Callable[..., tuple[Shape | None, ...]]
    run: Callable[..., None]


def host_program(plan: CudaPlan) -> HostProgram:
    """The functions of a plan."""
    text, constants = host_text(plan)
    names: dict[str, Any] = {**NAMES, "_c": constants}
    file = f"<host program of {plan.name}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # for tracebacks
    exec(compile(text, file, "exec"), names)
    return HostProgram(text, names["_guards"], names["_shapes"], names["_program"])


def host_text(plan: CudaPlan) -> tuple[str, tuple[Any, ...]]:
    """The text, and the constants that it calls _c[k]."""
    places = {b.name: k for k, b in enumerate(plan.buffers)}
    w = _Writer(places, {b.name: _tuple(b.shape) for b in plan.buffers})
    arguments = "".join(f", {name}" for name in plan.integers)
    tests = " and ".join(f"({g}) >= 0" for g in plan.guards) or "True"
    w.lines += [f"def _guards({arguments[2:]}):", f"    return bool({tests})", ""]
    own = ("result", "scratch")
    shapes = [_tuple(b.shape) if b.static and b.role in own else "None" for b in plan.buffers]
    w.lines += [f"def _shapes({arguments[2:]}):", f"    return {_tuple(shapes)}", ""]
    w.lines += [f"def _program(_run{arguments}):", "    _b = _run.buffers"]
    w.block(plan.records, "    ")
    return "\n".join(w.lines) + "\n", tuple(w.constants)


def _tuple(parts: Sequence[str]) -> str:
    return f"({', '.join(parts)}{',' if len(parts) == 1 else ''})"


def _three(parts: Sequence[str]) -> str:
    return _tuple((*parts, "1", "1")[:3])


@dataclass
class _Writer:
    """places, shapes: of buffers by name, the shapes as text."""

    places: dict[str, int]
    shapes: dict[str, str]
    lines: list[str] = field(default_factory=list)
    constants: list[Any] = field(default_factory=list)

    def block(self, records: Sequence[Record], indent: str) -> None:
        if not records:
            self.lines.append(f"{indent}pass")
        for r in records:
            self.record(r, indent)

    def record(self, r: Record, indent: str) -> None:
        inner = indent + "    "
        if isinstance(r, For):
            self.lines.append(f"{indent}for {r.name} in range({r.lo}, {r.hi}, {r.step}):")
            self.block(r.body, inner)
        elif isinstance(r, While):
            self.lines.append(f"{indent}while True:")
            self.block(r.setup, inner)
            self.lines += [f"{inner}if not ({r.cond}):", f"{inner}    break"]
            self.block(r.body, inner)
        elif isinstance(r, If):
            self.lines.append(f"{indent}if {r.cond}:")
            self.block(r.then, inner)
            if r.other:
                self.lines.append(f"{indent}else:")
                self.block(r.other, inner)
        elif isinstance(r, Break):
            self.lines.append(f"{indent}break")
        else:
            where = _comment(getattr(r, "line", ""))
            self.lines.append(f"{indent}{_PRINT[type(r)](self, r)}{where}")

    def buffer(self, name: str) -> str:
        return f"_b[{self.places[name]}]"

    def constant(self, value: Any) -> str:
        for k, known in enumerate(self.constants):
            if type(known) is type(value) and known == value:
                return f"_c[{k}]"
        self.constants.append(value)
        return f"_c[{len(self.constants) - 1}]"

    def panel(self, p: Panel) -> str:
        place = f"{p.offset}, {_tuple(p.shape)}, {_tuple(p.strides)}"
        return f"_run.panel({self.buffer(p.buffer)}, {self.constant(p.dtype)}, {place})"

    def panels(self, panels: Sequence[Panel]) -> str:
        return _tuple([self.panel(p) for p in panels])

    def argument(self, a: KernelArgument) -> str:
        """Two integers: 16 bytes hold any argument."""
        if isinstance(a, Pointer):
            return f"_run.address({self.buffer(a.buffer)}), 0"
        if isinstance(a, Int):
            return f"{a.value}, 0"
        if isinstance(a, Value):
            return f"*_run.value({a.position}, {self.constant(a.dtype)})"
        if isinstance(a, ErrorWord):
            return "_run.error_word(), 0"
        if isinstance(a, Arena):
            return f"_run.arena({a.bytes}), 0"
        assert isinstance(a, Counters)
        return f"_run.counters({a.count}), 0"

    def launch(self, r: Launch) -> str:
        slots = _tuple([self.argument(a) for a in r.args])
        sizes = f"{_three(r.grid)}, {_three(r.block)}, {r.shared_bytes}"
        return f"_run.launch({r.kernel!r}, {sizes}, {r.cooperative}, {r.wide}, {slots})"

    def library(self, r: Lib) -> str:
        attrs = []
        for name, value in r.attrs:
            host = name in ("alpha", "beta") and isinstance(value, str)
            attrs.append(f", {name}={value if host else self.constant(value)}")
        operands = f"{self.panels(r.outputs)}, {self.panels(r.inputs)}"
        return f"_run.library({r.name!r}, {operands}{''.join(attrs)})"

    def callback(self, r: HostCallback) -> str:
        operands = f"{self.panels(r.outputs)}, {self.panels(r.inputs)}"
        return f"_run.callback({r.op!r}, {r.site}, {operands})"

    def allocate(self, r: Allocate) -> str:
        k = self.places[r.buffer]
        return f"_b[{k}] = _run.allocate({k}, {self.shapes[r.buffer]}, {r.zero})"

    def bind(self, r: Bind) -> str:
        left = ", ".join(self.buffer(a) for a in r.aliases)
        return f"{left} = {', '.join(self.buffer(b) for b in r.buffers)}"

    def copy(self, r: Copy) -> str:
        return f"_run.copy({self.panel(r.target)}, {self.panel(r.source)})"

    def memset(self, r: Memset) -> str:
        return f"_run.fill({self.buffer(r.buffer)}, {r.byte})"

    def fetch(self, r: Fetch) -> str:
        return f"{r.name} = _run.fetch({self.buffer(r.buffer)})"

    def set(self, r: Set) -> str:
        return f"{r.name} = {r.value}"

    def fail(self, r: Fail) -> str:
        return f"_run.fail({r.site}, {_tuple(r.values)})"


_PRINT: dict[type, Callable[[_Writer, Any], str]] = {
    Launch: _Writer.launch, Lib: _Writer.library, HostCallback: _Writer.callback,
    Allocate: _Writer.allocate, Bind: _Writer.bind, Copy: _Writer.copy, Memset: _Writer.memset,
    Fetch: _Writer.fetch, Set: _Writer.set, Fail: _Writer.fail,
}  # fmt: skip


def _comment(line: str) -> str:
    text = re.sub(r"\s+", " ", line)
    return f"  # {text}" if text else ""
