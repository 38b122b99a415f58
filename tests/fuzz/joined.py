"""The C of many emitted texts as one: one compiler and one link do for all.

The names of every text get its number, so that nothing is shared but what shares loops between
threads: `arignote_names_3` is the table of the fourth text.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from textwrap import indent

from arignote.emit.cython.bare import ADDRESSES, NAMES, bare
from arignote.emit.cython.direct import c_of
from arignote.emit.cython.team import C as TEAM
from arignote.emit.cython.translate import translate

_OWN = re.compile(rf"\b((?!AN_TEAM\b)(?:an_|AN_|v_|__pyx_f_)\w+|vectors\w*|{NAMES}|{ADDRESSES})\b")


def joined(texts: Sequence[str], folder: Path) -> list[Path]:
    """C files with the functions of all of them: one of what needs no Cython, and the others."""
    one: list[str] = []
    others = []
    for k, text in enumerate(texts):
        c = c_of(text)
        if c is not None:
            one.append(_numbered(_alone(c), k))
            continue
        pyx = folder / f"other{k}.pyx"
        pyx.write_text(text)
        made = translate(pyx)
        made.write_text(_numbered(_alone(bare(made.read_text(), text, pyx.stem)), k))
        others.append(made)
    source = folder / "batch.c"
    source.write_text(f"{_team(texts)}\n" + "\n".join(one))
    return [source, *others]


def _alone(c: str) -> str:
    """Without what shares loops, which Cython's text has indented."""
    return c.replace(TEAM, "").replace(indent(TEAM, "    "), "")


def _numbered(c: str, k: int) -> str:
    return _OWN.sub(rf"\1_{k}", c)


def _team(texts: Iterable[str]) -> str:
    """What shares loops, once."""
    return TEAM if any("arignote_team" in text for text in texts) else ""
