"""Equal parts of a text become one function.

A network of 100 layers has the same nests 100 times, over other arrays; the C compiler takes as
long for each as for the first.  Two functions are equal when their texts are, but for the names of
their variables and the user's lines; so are two statements of the kernel, which may also name other
scratch slots, checks and calls of Python.  Statements that occur once or twice stay where they are:
that reads best.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from .direct import arguments
from .scope import Scope, function_text

#: Equal statements become a function from this number on, if they have this many lines.
OFTEN, LONG = 3, 3

_HEAD = re.compile(r"cdef (?:inline )?[\w ]+\** (\w+)\((.*)\) noexcept nogil:")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")
_OWN_NUMBER = re.compile(
    r"(an_(?:reserve(?:_zero)?|grow)\(ws, |an_fail\(ctx, |ctx\.callback\(ctx\.owner, )(\d+)"
)
_SET = re.compile(r"\s*(\w+) = ")
_COUNTER = re.compile(r"\s*(?:for |AN_\w+\()(\w+)")
_ADDRESS = re.compile(r"&(\w+)(?![\w\[])")
_MACRO = re.compile(r"\s*AN_\w+\(")


def share(scope: Scope, starts: Sequence[int]) -> None:
    """Share what is equal in a kernel and its functions; `starts`: where its statements begin."""
    module = scope.module
    module.functions, renamed = share_functions(module.functions)
    scope.lines = [rename(line, renamed) for line in scope.lines]
    share_statements(scope, starts)


def share_functions(functions: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """The functions without those that equal an earlier one, and what those are now called."""
    kept: list[str] = []
    first: dict[str, str] = {}
    renamed: dict[str, str] = {}
    for text in functions:
        text = rename(text, renamed)
        found = _HEAD.match(text)
        if found is None:
            kept.append(text)
            continue
        name = found[1]
        key = _shape(text, name)
        if first.setdefault(key, name) != name:
            renamed[name] = first[key]
        else:
            kept.append(text)
    return kept, renamed


def rename(text: str, names: dict[str, str]) -> str:
    return _NAME.sub(lambda m: names.get(m[0], m[0]), text) if names else text


def _shape(text: str, name: str) -> str:
    """A function's text without comments, its own names numbered."""
    lines = [line for line in text.split("\n") if line.lstrip()[:1] != "#"]
    declared = [line for line in lines[1:] if line.startswith("    cdef ")]
    head = _HEAD.fullmatch(lines[0])
    own = {p.rsplit(" ", 1)[-1] for p in head[2].split(", ")} if head is not None else set()
    for line in declared:
        own.update(re.findall(r"(\w+)(?:\[\d+\])?(?:,|$)", line))
    return _numbered("\n".join(lines).replace(f" {name}(", " ("), own)[0]


def _numbered(text: str, own: Iterable[str]) -> tuple[str, list[str]]:
    """The text with these names replaced by numbers, and the names in that order."""
    wanted = set(own)
    order: dict[str, str] = {}

    def numbered(found: re.Match[str]) -> str:
        word = found[0]
        return order.setdefault(word, f"#{len(order)}") if word in wanted else word

    return _NAME.sub(numbered, text), list(order)


@dataclass(frozen=True)
class _Part:
    """Lines of the kernel that one statement made.  given: variables that a function of them is
    handed, own: those it declares, both in order of appearance; numbers: of its scratch slots, its
    checks and its calls of Python.
    """

    start: int
    stop: int
    given: tuple[str, ...]
    own: tuple[str, ...]
    numbers: tuple[str, ...]
    shape: str


def share_statements(scope: Scope, starts: Sequence[int]) -> None:
    """Equal statements of a kernel become functions of its module; `starts`: where each begins."""
    groups: dict[str, list[_Part]] = {}
    for part in _parts(scope, starts):
        groups.setdefault(part.shape, []).append(part)
    replaced: dict[int, tuple[int, list[str]]] = {}
    for group in groups.values():
        if len(group) >= OFTEN:
            name, fails = _function(scope, group[0])
            for part in group:
                replaced[part.start] = part.stop, _call(scope, part, name, fails)
    lines: list[str] = []
    at = 0
    while at < len(scope.lines):
        at, made = replaced.get(at, (at + 1, scope.lines[at : at + 1]))
        lines += made
    scope.lines = lines
    used = {word for line in lines for word in _NAME.findall(line)}
    scope.declared = {k: v for k, v in scope.declared.items() if k in used}


def _parts(scope: Scope, starts: Sequence[int]) -> Iterator[_Part]:
    """The statements that could be functions."""
    spans = list(pairwise([*starts, len(scope.lines)]))
    mentions = [_mentions(scope.lines[start:stop]) for start, stop in spans]
    count = Counter(word for words in mentions for word in words)
    count.update(_mentions(scope.lines[: starts[0]] if starts else ()))
    for (start, stop), words in zip(spans, mentions, strict=True):
        lines = [line for line in scope.lines[start:stop] if not _is_comment(line)]
        counters = {m[1] for line in lines if (m := _COUNTER.match(line)) is not None}
        known = {*scope.declared, *scope.free}
        own = {x for x in words if x in scope.declared and (count[x] == 1 or x in counters)}
        if len(lines) < LONG or (_changed(lines) & known) - own:
            continue
        text = "\n".join(lines)
        numbers = tuple(m[2] for m in _OWN_NUMBER.finditer(text))
        shape, names = _numbered(_OWN_NUMBER.sub(r"\1number", text), known)
        kinds = [
            scope.declared[x].replace(x, "") if x in own else f"given {scope.module.types[x]}"
            for x in names
        ]
        given = tuple(x for x in names if x not in own)
        mine = tuple(x for x in names if x in own)
        yield _Part(start, stop, given, mine, numbers, "\n".join([shape, *kinds]))


def _is_comment(line: str) -> bool:
    return line.lstrip()[:1] == "#"


def _mentions(lines: Iterable[str]) -> set[str]:
    return {word for line in lines if not _is_comment(line) for word in _NAME.findall(line)}


def _changed(lines: Iterable[str]) -> set[str]:
    """The variables that lines set, count with, or take the address of."""
    out: set[str] = set()
    for line in lines:
        out.update(m[1] for m in (_SET.match(line), _COUNTER.match(line)) if m is not None)
        out.update(_ADDRESS.findall(line))
        if _MACRO.match(line):  # AN_FOLD_...(counter, first, last, sum, term, sum, term, ...)
            out.update(arguments(line.strip()[line.strip().index("(") + 1 : -1])[3::2])
    return out


def _function(scope: Scope, part: _Part) -> tuple[str, bool]:
    """A function of a statement, and whether it may fail."""
    module = scope.module
    inner = Scope(module, scope)
    numbers = [inner.variable("number", "int32_t") for _ in part.numbers]
    each = iter(numbers)
    inner.declared = {x: scope.declared[x] for x in part.own}
    for line in scope.lines[part.start : part.stop]:
        inner.lines.append(_OWN_NUMBER.sub(lambda m: m[1] + next(each), line))
    fails = any(line.lstrip().startswith("return ") for line in inner.lines)
    if fails:
        inner.put("return 0")
    name = module.names.fresh("step")
    given = [f"{module.types[x]} {x}" for x in part.given] + [f"int32_t {x}" for x in numbers]
    kind = "int32_t" if fails else "void"
    head = f"cdef {kind} {name}({', '.join(given)}) noexcept nogil:"
    module.functions.append(function_text(head, inner))
    return name, fails


def _call(scope: Scope, part: _Part, name: str, fails: bool) -> list[str]:
    """The lines in the place of a statement: its comments up to the first line, and the call."""
    lines = scope.lines[part.start : part.stop]
    at = next(k for k, line in enumerate(lines) if not _is_comment(line))
    call = f"{name}({', '.join([*part.given, *part.numbers])})"
    if not fails:
        return [*lines[:at], f"    {call}"]
    if "failed" not in scope.declared:
        scope.declared["failed"] = "int32_t failed"
    return [*lines[:at], f"    failed = {call}", "    if failed != 0:", "        return failed"]
