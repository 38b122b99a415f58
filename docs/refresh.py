"""Runs the code blocks of the documentation, and rewrites the outputs that pages show.

    python docs/refresh.py            rewrites docs/*.md and README.md where an output has changed
    python docs/refresh.py --check    says which pages would change; status 1 if any

In a page, blocks marked ```python run from top to bottom in one namespace.  A comment
`<!-- file: smooth.py -->` before a block names the file it is run as.  A comment
`<!-- shows: EXPRESSION -->` stands before a block whose text is the value of the expression, whose
namespace has `tail(text)` and the other functions at the end of this file, too.
"""

from __future__ import annotations

import contextlib
import io
import linecache
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from arignote.optimize.loopnest.lower import lower
from arignote.trace.convert import converted_text

ROOT = Path(__file__).resolve().parent.parent
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md")))
_BLOCK = re.compile(
    r"(?:<!-- (?P<what>file|shows): (?P<value>.*?) -->\n)?```(?P<kind>\w*)\n(?P<body>.*?)```\n",
    re.DOTALL,
)


def main(arguments: list[str]) -> int:
    """Rewrites or checks every page; the exit status."""
    stale = []
    for page in PAGES:
        text = page.read_text()
        new = refreshed(text)
        if new != text:
            stale.append(page.name)
            if "--check" not in arguments:
                page.write_text(new)
    print(f"changed: {', '.join(stale)}" if stale else "every page shows what the code does")
    return 1 if stale and "--check" in arguments else 0


def refreshed(text: str) -> str:
    """The page with its code run and its outputs as they are now.  Raises what the code raises."""
    names: dict[str, Any] = {"stage": stage, "converted": converted, "tail": tail, "nests": nests}
    count = 0

    def block(match: re.Match[str]) -> str:
        nonlocal count
        if match["kind"] == "python" and match["what"] != "shows":
            count += 1
            file = match["value"] if match["what"] == "file" else f"example{count}.py"
            Path(file).write_text(match["body"])
            linecache.cache.pop(file, None)  # another page may have had a file of this name
            exec(compile(match["body"], file, "exec"), names)
            return match[0]
        if match["what"] != "shows":
            return match[0]
        shown = str(eval(match["value"], names)).rstrip()
        lines = "\n".join(line.rstrip() for line in shown.splitlines())
        return f"<!-- shows: {match['value']} -->\n```{match['kind']}\n{lines}\n```\n"

    names["__name__"] = "__page__"
    with (
        tempfile.TemporaryDirectory(prefix="pages-") as folder,
        contextlib.chdir(folder),
        contextlib.redirect_stdout(io.StringIO()),
    ):
        return _BLOCK.sub(block, text)


# ---- what the pages show -------------------------------------------------------------------------
def converted(compiled: Any) -> str:
    """The function as it is traced, its control flow made into calls."""
    return converted_text(compiled.__wrapped__)


def stage(compiled: Any, name: str, *args: Any) -> str:
    """A stage of a compilation: "graph" after rewriting, "lowered" before any pass on loops."""
    made = compiled.compiled_for(*args)
    if name == "lowered":
        return str(lower(made.meeting.graph, made.meeting.interface))
    return str(getattr(made, name))


def nests(source: str) -> str:
    """The text of a kernel without its header, and without the entry that unpacks arguments."""
    return source.split("\n\n\n", 1)[1].split("\n\n\ncdef api")[0]


def tail(text: Any, count: int) -> str:
    """All but the last lines."""
    return "\n".join(str(text).splitlines()[:-count])


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
