"""The smallest program that still differs at the same stage: lines are left out, or moved out of
the statement around them, one after the other (delta debugging after Zeller and Hildebrandt).
"""

from __future__ import annotations

import time
from collections.abc import Iterator

from .kinds import KINDS
from .stages import verdict


def reduced(kind: str, seed: int, seconds: float) -> str:
    """The text, and what is said of it; the whole program where no stage differs."""
    k = KINDS[kind]
    text = k.text(seed)
    args = k.arguments(text, seed)
    end = time.monotonic() + seconds
    wanted = _sort(verdict(k, text, args))
    lines = text.splitlines()
    found = bool(wanted)
    while found and time.monotonic() < end:
        found = False
        for fewer in _smaller(lines):
            if _compiles(fewer) and _sort(verdict(k, "\n".join(fewer) + "\n", args)) == wanted:
                lines, found = fewer, True
                break
    text = "\n".join(lines) + "\n"
    return f"{text}\n# {verdict(k, text, args)}"


def _sort(said: str) -> tuple[str, ...]:
    """What must stay as it is: the stage, and whether a number, a type or an error is wrong."""
    if not said or said.startswith("refused") or "NameError" in said or "UnboundLocal" in said:
        return ()
    stage, _, rest = said.partition(":")
    return stage, " ".join(w for w in rest.split()[:4] if not any(c.isdigit() for c in w))


def _compiles(lines: list[str]) -> bool:
    try:
        compile("\n".join(lines) + "\n", "smaller", "exec")
    except SyntaxError:
        return False
    return True


def _smaller(lines: list[str]) -> Iterator[list[str]]:
    for k in range(len(lines) - 1, -1, -1):
        line = lines[k]
        if not line.strip() or not line.startswith("    "):
            continue
        end = k + 1
        while end < len(lines) and _depth(lines[end]) > _depth(line):
            end += 1
        if line.strip().startswith("return "):
            parts = line.strip()[7:].split(", ")
            for q in range(len(parts) if len(parts) > 1 else 0):
                rest = ", ".join(parts[:q] + parts[q + 1 :]) + ","
                yield [
                    *lines[:k],
                    line[: _depth(line)] + f"return {rest}".replace(",,", ","),
                    *lines[end:],
                ]
            continue
        yield lines[:k] + lines[end:]
        if end > k + 1:
            yield lines[:k] + [x[4:] for x in lines[k + 1 : end]] + lines[end:]


def _depth(line: str) -> int:
    return len(line) - len(line.lstrip())
