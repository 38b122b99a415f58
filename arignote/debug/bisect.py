"""Which rewrites are to blame, found by switching them off by halves.

    python -m arignote.debug.bisect script.py [arguments]

runs the script again and again with rewrites excluded, until it ends without an error, and prints
the smallest set that must be excluded.  The script says what is wrong by failing (an assertion, any
exit status but 0).
"""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Sequence

from ..optimize.loopnest.schedule import PASSES
from ..optimize.pipeline import PARTS
from ..optimize.rule import RULES
from .rewriting import Feeds, Rewritten, graph_difference


def smallest(names: Sequence[str], good: Callable[[Sequence[str]], bool]) -> tuple[str, ...]:
    """A smallest set (no name of it can be left out) of `names` with good(set), given good(names).

    Delta debugging (Zeller and Hildebrandt 2002), ddmin over the names that are excluded.
    """
    left = list(names)
    parts = 2
    while len(left) > 1:
        size = -(-len(left) // parts)
        chunks = [left[k : k + size] for k in range(0, len(left), size)]
        for chunk in chunks:
            rest = [n for n in left if n not in chunk]
            if parts == 2 and good(chunk):
                left, parts = chunk, 2
                break
            if rest and good(rest):
                left, parts = rest, max(parts - 1, 2)
                break
        else:
            if parts >= len(left):
                break
            parts = min(2 * parts, len(left))
    return tuple(left)


def guilty_rules(made: Rewritten, feeds: Feeds) -> tuple[str, ...]:
    """The rules without which the rewritten graph is right; () where there is no such set."""

    def good(excluded: Sequence[str]) -> bool:
        again = Rewritten(made.graph, excluded)
        rounding = not again.keeps_bits
        return graph_difference(made.graph, again.final, feeds, rounding=rounding) is None

    fired = sorted(made.report.fired)
    return smallest(fired, good) if fired and good(fired) else ()


def every_name() -> tuple[str, ...]:
    """All rules and passes that can be excluded."""
    return (*sorted(RULES), *sorted(PARTS), *(p.name for p in PASSES))


def main(arguments: Sequence[str]) -> int:
    """Run the script with names excluded by halves; 0 when a culprit was found."""
    if not arguments:
        print(__doc__)
        return 2

    def good(excluded: Sequence[str]) -> bool:
        done = subprocess.run([sys.executable, *arguments], env=_environment(excluded), check=False,
                              capture_output=True)  # fmt: skip
        return done.returncode == 0

    if good(()):
        print("the script ends well with every rewrite in use: there is nothing to look for")
        return 1
    if not good(every_name()):
        print("the script fails with every rewrite switched off: no rewrite is to blame")
        return 1
    found = smallest(every_name(), good)
    print(f"it is right without {' and '.join(found)}:")
    print(f"  ARIGNOTE_FLAGS=excluding={':'.join(found)}")
    for name in found:
        if name in RULES:
            print(f"  {name}: {RULES[name].doc}")
    return 0


def _environment(excluded: Sequence[str]) -> dict[str, str]:
    flags = [f for f in os.environ.get("ARIGNOTE_FLAGS", "").split(",") if f]
    if excluded:
        flags.append(f"excluding={':'.join(excluded)}")
    return {**os.environ, "ARIGNOTE_FLAGS": ",".join(flags)}


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
