"""Random programs: converted against plain, values, logs, kinds of error and their lines."""

import contextlib
import linecache
import traceback

import pytest
from plain_operators import PLAIN, STRICT
from random_programs import program

from arignote.trace.convert import converted

PROGRAMS = 300
ARGUMENTS = [(1, 2), (0, -1), (5, 3), (-2, 0)]


def defined(text, file):
    """The function `f` of a program, with its text where tracebacks look for it."""
    linecache.cache[file] = len(text), None, text.splitlines(keepends=True), file
    names = {"nullcontext": contextlib.nullcontext, "suppress": contextlib.suppress}
    exec(compile(text, file, "exec"), names)
    return names["f"]


def outcome(function, file, a, b):
    log = []
    try:
        result = "value", printed(function(a, b, log))
    except Exception as error:
        frames = [f for f in traceback.extract_tb(error.__traceback__) if f.filename == file]
        if isinstance(error, NameError):
            # Unassigned: of a function around, the error has another class; and CPython 3.11 names
            # the line before, once it has fused "store" and "load" into one instruction.
            result = "error", NameError
        else:
            result = "error", type(error), frames[-1].lineno
    return result, [printed(x) for x in log]


def printed(value):
    """Functions and errors may be values; their text has addresses."""
    return repr(value).split(" at 0x")[0] if not isinstance(value, Exception) else type(value)


@pytest.mark.parametrize("seeds", range(0, PROGRAMS, 20))
def test_random_programs(seeds):
    for seed in range(seeds, seeds + 20):
        file = f"<random program {seed}>"
        text = program(seed)
        plain = defined(text, file)
        for operators in (PLAIN, STRICT):
            twin = converted(plain, operators)
            for a, b in ARGUMENTS:
                wanted, got = outcome(plain, file, a, b), outcome(twin, file, a, b)
                assert got == wanted, f"seed {seed}, f({a}, {b}, []):\n{text}"
