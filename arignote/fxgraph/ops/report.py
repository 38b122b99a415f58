"""Effects that speak: errors and prints whose text contains values computed at run time.

A text has marks `\\x02k:spec\\x03`, each to be replaced by the k-th operand: as format() does with
`spec`, or by `spec % value` where it begins with `%`, or by its repr for `!r`, and for `!i` by that
of the Python number.
"""

from __future__ import annotations

import io
import linecache
import re
import sys
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stdout
from typing import Any

import numpy as np

from ..node import Op
from ..types import BOOL, TensorType
from .checks import ERRORS

#: Where a value belongs in a text.
MARK = re.compile("\x02(\\d+):([^\x03]*)\x03")
_DONE = TensorType(BOOL, (), True)


def filled_in(text: str, values: Sequence[Any] | Mapping[int, Any]) -> str:
    """The text with its marks replaced."""
    return MARK.sub(lambda m: _shown(values[int(m[1])], m[2]), text)


def _shown(value: Any, spec: str) -> str:
    if spec.startswith("%"):
        return spec % (value,)
    if spec == "!i":
        return repr(value.item() if isinstance(value, np.generic) else value)
    return repr(value) if spec == "!r" else format(value, spec)


def _raised(ok: Any, *values: Any, error: str, message: str) -> bool:
    if not ok:
        raise ERRORS[error](filled_in(message, values))
    return True


_silence = threading.local()
_STAND = "<ag.breakpoint>"
_LINES = "breakpointhook()\n...  # what ag.breakpoint was given are variables here\n"
_STANDING = compile(_LINES, _STAND, "exec")


@contextmanager
def silent() -> Iterator[None]:
    """No text is printed and no debugger started by what this thread runs meanwhile."""
    before, _silence.held = getattr(_silence, "held", False), True
    try:
        with redirect_stdout(io.StringIO()):
            yield
    finally:
        _silence.held = before


def _printed(*values: Any, text: str, uid: int) -> bool:
    sys.stdout.write(filled_in(text, values))
    return True


def _stopped(wanted: Any, *values: Any, names: tuple[str, ...], uid: int) -> bool:
    if wanted:
        stop(dict(zip(names, values, strict=False)))
    return True


def stop(values: dict[str, Any]) -> None:
    """The debugger stands where `values`, those that ag.breakpoint was given, are variables."""
    if not getattr(_silence, "held", False):
        linecache.cache[_STAND] = (len(_LINES), None, _LINES.splitlines(True), _STAND)
        exec(_STANDING, {"breakpointhook": sys.breakpointhook}, dict(values))


#: (ok, values..., token): True, or the named error with the values in its message
raise_op = Op(
    "require_text",
    infer=lambda ok, *_, error, message: _DONE,
    reference=_raised,
    traits=frozenset({"partial"}),
)
#: (values..., token): writes the text to standard output
print_op = Op(
    "print",
    infer=lambda *_, text, uid: _DONE,
    reference=_printed,
    traits=frozenset({"partial", "effect"}),
)
#: (wanted, values..., token): starts the debugger where `wanted` holds
breakpoint_op = Op(
    "breakpoint",
    infer=lambda *_, names, uid: _DONE,
    reference=_stopped,
    traits=frozenset({"partial", "effect"}),
)
