"""Cython text -> C text, by Cython's compiler in this process.

Cython keeps global state, so one thread translates at a time.  Importing this module imports
Cython's compiler (0.1 s, and 0.3 s more in its first run), which is why `build` does it only when
something must be built.
"""

import threading
from pathlib import Path

from Cython.Compiler import Lexicon, Options
from Cython.Compiler.Main import CompilationOptions, compile

from arignote.errors import BuildError
from arignote.forks import renew_in_children
from arignote.trace.convert.room import with_room

_DIRECTIVES = {
    "language_level": 3,
    "boundscheck": False,
    "wraparound": False,
    "cdivision": True,
    "initializedcheck": False,
    "auto_pickle": False,
    "binding": False,
    "embedsignature": False,
}
_one_at_a_time = threading.Lock()

#: Identifiers may have the letters of European languages, and no others: our texts have only ASCII,
#: and Cython's tables for all of Unicode took half of the time of its first run.
_LETTERS_BELOW = 0x530


def _fewer_letters() -> None:
    """Cut Cython's lists of letters and of ranges of letters, unless its scanner is there already,
    or this Cython keeps them elsewhere."""
    for kind in ("start", "continuation"):
        for form, step in (("any", 1), ("range", 2)):
            name = f"unicode_{kind}_ch_{form}"
            given = getattr(Lexicon, name, "")
            parts = [given[k : k + step] for k in range(0, len(given), step)]
            if parts:
                setattr(Lexicon, name, "".join(p for p in parts if ord(p[0]) < _LETTERS_BELOW))


_fewer_letters()

renew_in_children(globals(), "_one_at_a_time", threading.Lock)


def translate(pyx: Path) -> Path:
    """Writes the C text beside `pyx`, returns its path; BuildError has what Cython says."""
    try:
        return _translated(pyx)
    except RecursionError:  # Cython recurses over expressions; the caller may be deep in calls
        return with_room(lambda: _translated(pyx))


def _translated(pyx: Path) -> Path:
    target = pyx.with_suffix(".c")
    listing = pyx.with_suffix(".lis")
    with _one_at_a_time:
        docstrings, Options.docstrings = Options.docstrings, False
        try:
            options = CompilationOptions(
                output_file=str(target),
                compiler_directives=_DIRECTIVES,
                use_listing_file=True,
                errors_to_stderr=False,
            )
            errors = compile(str(pyx), options, full_module_name=pyx.stem).num_errors
        finally:
            Options.docstrings = docstrings
    if errors:
        said = listing.read_text() if listing.exists() else f"{errors} errors"
        raise BuildError(said.strip())
    return target
