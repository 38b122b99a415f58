"""The C of a printed text, without Cython.

What `printer` makes is a small part of Cython: C functions over C types, one statement a line.
Cython needs 0.4 s for its import and first run, and 0.03 s and more for each text; this takes
some milliseconds.  The text stays Cython, means what Cython says it means, and whatever is not of
the small part (code of a user's, say) is Cython's to translate: `c_of` answers None.

Identifiers of the text get the prefix `v_`, so that none is a name of C's library.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from .bare import table
from .short import MARK

#: The first line of a text that the printer made; a division there is of real numbers.
PRINTED = re.compile(r"# .*: printed from its loop program\n")

_INCLUDES = """\
#include <limits.h>
#include <math.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
"""
_THREAD = """\
#ifdef _OPENMP
#include <omp.h>
#define threadid omp_get_thread_num
#else
#define threadid() 0
#endif
"""
_C = re.compile(r'cdef extern from \*:\n    """\n(.*?)\n    """\n', re.DOTALL)
_HEAD = re.compile(r"cdef (api |inline |)([\w ]+\**) (\w+)\((.*)\) noexcept nogil:")
_DECLARATION = re.compile(r"cdef ([\w ]+?)(\**) (\w.*)")
_PARAMETER = re.compile(r"((?:const )?\w+\**) (\w+)")
_FOR = re.compile(r"for (\w+) in range\((.*)\):")
_SHARED = re.compile(r"for (\w+) in prange\((\w+), num_threads=(.*), schedule='(\w+)'\):")
_IF = re.compile(r"(if|elif) (not )?(.*):")
_TOKEN = re.compile(r"<(\w+\**)>(?=[\w(&<])|\d[\w.]*|\.?[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)*")
_FOREIGN = re.compile(r"[^\w\s.,()\[\]+\-*/<>=!&|]|\*\*|//")
_WORDS = {"and": "&&", "or": "||"}
_OTHERS = frozenset(
    "False None True as assert async await class cdef cimport def del elif else except finally for "
    "from global if import in is lambda nonlocal not raise try while with yield print".split()
)
_INTEGER = re.compile(r"-?\d+")


class _Foreign(Exception):
    """A line that is not of the small part."""


@dataclass
class _Function:
    """One function while it is translated.  pointers: the variables before whose `.` C has `->`."""

    functions: frozenset[str]
    names: set[str] = field(default_factory=set)
    pointers: set[str] = field(default_factory=set)
    lines: list[str] = field(default_factory=list)
    ends: list[str] = field(default_factory=list)
    bounds: int = 0


def c_of(text: str) -> str | None:
    """The C of a text that the printer made; None for what only Cython can translate."""
    found = _C.search(text)
    if found is None or not PRINTED.match(text):
        return None
    rest = text[found.end() :]
    start = re.search(r"^cdef ", rest, re.MULTILINE)
    blocks = re.split(r"\n+(?=cdef )", rest[start.start() :]) if start is not None else []
    try:
        functions = [_split(block) for block in blocks]
        known = frozenset(name for _, _, name, _, _ in functions)
        made = [_function(*parts, known) for parts in functions]
    except _Foreign:
        return None
    own = "\n".join(line[4:] for line in found[1].replace("\\\\", "\\").split("\n"))
    exported = {name: f"v_{name}" for kind, _, name, _, _ in functions if kind == "api "}
    heads = "".join(f"{head};\n" for head, _ in made)
    bodies = "\n".join(f"{head} {{\n{body}\n}}" for head, body in made)
    includes = _INCLUDES + (_THREAD if "threadid()" in rest else "")
    return f"{includes}{own}\n{heads}{bodies}\n{table(exported)}"


def _split(block: str) -> tuple[str, str, str, str, list[str]]:
    """kind, type, name, parameters and lines of a function."""
    head, *lines = block.rstrip().split("\n")
    found = _HEAD.fullmatch(head)
    if found is None:
        raise _Foreign(head)
    return found[1], found[2], found[3], found[4], lines


def _function(
    kind: str, result: str, name: str, parameters: str, lines: list[str], known: frozenset[str]
) -> tuple[str, str]:
    """The head and the body in C."""
    f = _Function(known)
    given = []
    for parameter in parameters.split(", ") if parameters else ():
        found = _PARAMETER.fullmatch(parameter)
        if found is None:
            raise _Foreign(parameter)
        f.names.add(found[2])
        if found[1].endswith("*"):
            f.pointers.add(found[2])
        given.append(f"{found[1]} v_{found[2]}")
    for line in lines:
        _line(f, line)
    _close(f, 0)
    how = "static inline" if kind == "inline " else "static"
    return f"{how} {result} v_{name}({', '.join(given) or 'void'})", "\n".join(f.lines)


def _line(f: _Function, line: str) -> None:
    text = line.lstrip(" ")
    if not text or text[0] == "#":
        return
    depth = (len(line) - len(text)) // 4 - 1
    if text.startswith("cdef "):
        _declare(f, text)
        return
    _close(f, depth)
    marked = text.endswith(MARK)
    text = text.removesuffix(MARK)
    if text[-1] == ":":
        opened, end = _opened(f, text)
        if marked:  # right before the loop, behind what holds its end
            opened = re.sub(r"^for \(", "#pragma omp simd\nfor (", opened, flags=re.M)
        f.lines.append(opened)
        f.ends.append(end)
    elif text != "pass":
        f.lines.append(f"{_expression(f, text)};")


def _close(f: _Function, depth: int) -> None:
    """Ends the blocks deeper than this."""
    if len(f.ends) < depth:
        raise _Foreign("indentation")
    while len(f.ends) > depth:
        f.lines.append(f.ends.pop())


def _declare(f: _Function, text: str) -> None:
    found = _DECLARATION.fullmatch(text)
    if found is None:
        raise _Foreign(text)
    names = re.findall(r"\w+(?=\[|,|$)(?!\])", re.sub(r"\[\d+\]", "", found[3]))
    f.names.update(names)
    if found[2]:
        f.pointers.update(names)
    f.lines.append(f"{found[1]}{found[2]} {_expression(f, found[3])};")


def _opened(f: _Function, text: str) -> tuple[str, str]:
    """The line that opens a block, and the one that ends it."""
    if text == "else:":
        return "else {", "}"
    if text == "while True:":
        return "for (;;) {", "}"
    if text.startswith("while "):
        return f"while ({_expression(f, text[6:-1])}) {{", "}"
    if (found := _IF.fullmatch(text)) is not None:
        condition = _expression(f, found[3])
        if found[2]:
            if "&&" in condition or "||" in condition:
                raise _Foreign(text)
            condition = f"!({condition})"
        return f"{'if' if found[1] == 'if' else 'else if'} ({condition}) {{", "}"
    if (found := _SHARED.fullmatch(text)) is not None:
        k, count, threads = (_expression(f, part) for part in found.groups()[:3])
        how = f"#pragma omp parallel for num_threads({threads}) schedule({found[4]})"
        return f"{how}\nfor ({k} = 0; {k} < {count}; {k}++) {{", "}"
    if (found := _FOR.fullmatch(text)) is not None:
        return _counted(f, found[1], arguments(found[2]))
    raise _Foreign(text)


def _counted(f: _Function, counter: str, span: list[str]) -> tuple[str, str]:
    """A loop over a range; its end is computed once, as Python does."""
    lo, hi = ("0", span[0]) if len(span) == 1 else span[:2]
    step = span[2] if len(span) == 3 else "1"
    if _INTEGER.fullmatch(step) is None or step == "0" or len(span) > 3:
        raise _Foreign(step)
    k, first, last = (_expression(f, part) for part in (counter, lo, hi))
    before, end = "", "}"
    if _INTEGER.fullmatch(last) is None:
        f.bounds += 1
        before, last, end = f"{{ const int64_t end_{f.bounds} = {last};\n", f"end_{f.bounds}", "}}"
    test = "<" if step[0] != "-" else ">"
    return f"{before}for ({k} = {first}; {k} {test} {last}; {k} += {step}) {{", end


def arguments(text: str) -> list[str]:
    """The arguments of a call, apart."""
    out, depth, start = [], 0, 0
    for at, c in enumerate(text):
        depth += (c in "([") - (c in ")]")
        if c == "," and depth == 0:
            out.append(text[start:at])
            start = at + 1
    return [part.strip() for part in (*out, text[start:])]


def _expression(f: _Function, text: str) -> str:
    """Expressions, assignments and jumps are spelled alike, but for casts and a few words."""
    if _FOREIGN.search(text):
        raise _Foreign(text)

    def spelled(found: re.Match[str]) -> str:
        if found[1] is not None:
            return f"({found[1]})"
        word, dot, member = found[0].partition(".")
        if word in f.names or word in f.functions:
            return f"v_{word}{'->' if dot and word in f.pointers else dot}{member}"
        if word in _OTHERS:
            raise _Foreign(text)
        return _WORDS.get(found[0], found[0])

    return _TOKEN.sub(spelled, text)
