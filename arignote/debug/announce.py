"""What the flags `debug` and `keep` show of a compilation: every text, stage by stage.

    debug=2   the graph as traced and after each pass that changed it, the rules that fired
    debug=3   also the program after each of its passes, and the emitted source
    keep=DIR  all of them as files
"""

from __future__ import annotations

import sys
from collections.abc import Iterator

from ..config import config
from ..emit.cython.build import keep
from ..emit.kernel import Compilation
from ..fxgraph.text import graph_text
from ..optimize.loopnest.program_text import program_text
from .lowering import stages
from .rewriting import Rewritten


def announce(made: Compilation) -> None:
    """Print and keep what the flags ask for."""
    if config.debug < 2 and not config.keep:
        return
    name = made.trace.name
    for k, (level, title, text) in enumerate(_texts(made)):
        if config.debug >= level:
            print(f"---- {name}: {title}\n{text}", file=sys.stderr)
        keep(f"{_file_name(name)}-{k:02d}-{_file_name(title)}.txt", text + "\n")


def _texts(made: Compilation) -> Iterator[tuple[int, str, str]]:
    """(level of `debug`, title, text)"""
    rewritten = Rewritten(made.trace.graph)
    yield 2, "graph", graph_text(made.trace.graph)
    for name, _, after in rewritten.passes:
        yield 2, f"graph after {name}", graph_text(after)
    yield 2, "rewriting", str(made.report)
    for name, program in stages(made.meeting):
        yield 3, f"program after {name}", program_text(program)
    yield 3, "source", made.source


def _file_name(text: str) -> str:
    return "".join(c if c.isalnum() else "_" for c in text)
