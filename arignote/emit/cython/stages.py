"""Loops over whole registers as C functions, cut into stages that go over a strip one by one.

    for k: out[k] = tanh(a[k]) * log1p(exp(b[k]))     ->     for strips: for k: t[k] = tanh(a[k])
                                                                         for k: e[k] = exp(b[k])
                                                                         for k: out[k] = ...

The constants, and the tables, of one transcendental function fit into the registers, those of two
do not: in a loop of both the compiler reads them again for each register of elements, which takes
longer than keeping what a stage hands on in a strip of memory near the processor (log1p(exp(x)) of
doubles: 26 cycles a register instead of 33).  The steps of these loops are independent, so a stage
may run ahead of the next one.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

#: Registers of a strip, and how many values may be handed on in memory.
STRIP, MOST_KEPT = 64, 6


@dataclass(frozen=True)
class Line:
    """A line of C.  name: what it defines, of C type `kind`, if anything.  work: is it the call of
    a function with constants or tables?  loads: does it read memory, and do nothing else?"""

    text: str
    name: str = ""
    kind: str = ""
    work: bool = False
    loads: bool = False


@dataclass
class _Stage:
    """Lines that share a loop.  gets, keeps: what it reads from the strip, and what it leaves."""

    lines: list[Line] = field(default_factory=list)
    gets: list[Line] = field(default_factory=list)
    keeps: list[Line] = field(default_factory=list)


def in_stages(
    name: str,
    t: str,
    lines: Sequence[Line],
    parameters: Sequence[tuple[str, str]],
    *,
    short: bool,
    long: bool,
) -> str:
    """The C function `name(k, last, parameters...)` of these lines, for elements of type code t.

    short: the loop has a few steps only, which do not pay for a strip.  long: there are so many
    lines that they are to be compiled once, not for whole registers and for what is left.
    """
    stages = [_Stage(list(lines))] if short or long else _cut(lines)
    if sum(len(s.keeps) for s in stages) > MOST_KEPT:
        stages = [_Stage(list(lines))]
    typed = "".join(f", {kind} {x}" for kind, x in parameters)
    plain = "".join(f", {x}" for _, x in parameters)
    if len(stages) == 1:
        body = _function(f"{name}_at", t, stages[0], typed, long)
        loops = _loops(f"{name}_at", t, "last", plain)
        return f"{body}\nstatic void {name}(int64_t k, int64_t last{typed}) {{\n{loops}\n}}"
    bodies = "\n".join(_function(f"{name}_at{j}", t, s, typed) for j, s in enumerate(stages))
    kept = "\n".join(
        f"    {x.kind} {_strip(x)}[{STRIP}];" for s in stages for x in s.keeps
    )
    parts = "\n".join(
        f"        k = from; r = 0;\n{_loops(f'{name}_at{j}', t, 'stop', plain, s)}"
        for j, s in enumerate(stages)
    )
    strip = f"{STRIP} * AN_LANES_{t}"
    return f"""\
{bodies}
static void {name}(int64_t k, int64_t last{typed}) {{
{kept}
    for (int64_t from = k, r; from < last; from += {strip}) {{
        const int64_t stop = last - from < {strip} ? last : from + {strip};
{parts}
    }}
}}"""


def in_turns(
    name: str, t: str, lines: Sequence[Line], parameters: Sequence[tuple[str, str]]
) -> str:
    """The same in one stage of two registers a step, whose lines are told apart by `turn`."""
    typed = "".join(f", {kind} {x}" for kind, x in parameters)
    plain = "".join(f", {x}" for _, x in parameters)
    body = _function(f"{name}_at", t, _Stage(list(lines)), f", int turn{typed}")
    lanes = f"AN_LANES_{t}"
    return f"""\
{body}
static void {name}(int64_t k, int64_t last{typed}) {{
    for (; k + 2 * {lanes} <= last; k += 2 * {lanes}) {{
        {name}_at(k, 1, 0, 0{plain});
        {name}_at(k + {lanes}, 1, 0, 1{plain});
    }}
{_loops(f"{name}_at", t, "last", f", 0{plain}")}
}}"""


def _function(name: str, t: str, stage: _Stage, typed: str, long: bool = False) -> str:
    """The lines of a stage for one register, of which lanes may be masked off."""
    strips = "".join(f", {x.kind} *{_strip(x)}" for x in (*stage.gets, *stage.keeps))
    gets = [f"const {x.kind} {x.name} = *{_strip(x)};" for x in stage.gets]
    keeps = [f"*{_strip(x)} = {x.name};" for x in stage.keeps]
    lines = "\n".join(f"    {x}" for x in (*gets, *(x.text for x in stage.lines), *keeps))
    how = "__attribute__((noinline))" if long else "inline __attribute__((always_inline))"
    return f"""\
static {how} void {name}(
        int64_t k, int whole, an_mask_{t} m{typed}{strips}) {{
{lines}
}}"""


def _loops(name: str, t: str, last: str, plain: str, stage: _Stage | None = None) -> str:
    """A stage for each whole register up to `last`, then for what is left."""
    lanes = f"AN_LANES_{t}"
    strips = "".join(f", {_strip(x)} + r" for x in (*stage.gets, *stage.keeps)) if stage else ""
    step, indent = (f"k += {lanes}, r++", " " * 8) if stage else (f"k += {lanes}", " " * 4)
    return f"""\
{indent}for (; k + {lanes} <= {last}; {step}) {name}(k, 1, 0{plain}{strips});
{indent}if (k < {last}) {name}(k, 0, an_first_{t}({last} - k){plain}{strips});"""


def _strip(x: Line) -> str:
    return f"{x.name}_strip"


# ---- where the cuts are --------------------------------------------------------------------------
def _cut(lines: Sequence[Line]) -> list[_Stage]:
    """Stages with one call each.  Lines without a call wait until they are wanted, or until
    something is written, which may be what they read."""
    stages, waiting = [_Stage()], list[Line]()
    busy = False
    for line in lines:
        if line.name and not line.work:
            waiting.append(line)
            continue
        if line.work:
            if busy:
                stages.append(_Stage())
            busy = True
        wanted = _wanted(line, waiting) if line.name else list(waiting)
        stages[-1].lines += [x for x in waiting if x in wanted] + [line]
        waiting = [x for x in waiting if x not in wanted]
    stages[-1].lines += waiting
    _hand_on(stages)
    return stages


def _wanted(line: Line, waiting: Sequence[Line]) -> list[Line]:
    """Those that a line needs, directly or through others."""
    names, out = _words(line), list[Line]()
    for x in reversed(waiting):
        if x.name in names:
            out.append(x)
            names |= _words(x)
    return out


def _hand_on(stages: Sequence[_Stage]) -> None:
    """What later stages want of earlier ones: read from memory again, or kept in a strip."""
    home = {x.name: (s, x) for s in stages for x in s.lines if x.name}
    written = False
    for s in stages:
        words = {w for x in s.lines for w in _words(x)}
        again = []
        for name in sorted(words & home.keys()):
            source, line = home[name]
            if source is s:
                continue
            if line.loads and not written:
                again.append(line)
                continue
            s.gets.append(line)
            if line not in source.keeps:
                source.keeps.append(line)
        s.lines[:0] = again
        written = written or any(not x.name for x in s.lines)


def _words(line: Line) -> set[str]:
    return set(re.findall(r"[A-Za-z_]\w*", line.text))
