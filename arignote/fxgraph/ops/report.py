"""Effects that speak: errors and prints whose text contains values computed at run time.

A text has marks `\\x02k:spec\\x03`, each to be replaced by the k-th operand, formatted by `spec`.
"""

from __future__ import annotations

import re
import sys
from typing import Any

from ..node import Op
from ..types import BOOL, TensorType
from .checks import ERRORS

#: Where a value belongs in a text.
MARK = re.compile("\x02(\\d+):([^\x03]*)\x03")
_DONE = TensorType(BOOL, (), True)


def filled_in(text: str, values: tuple[Any, ...]) -> str:
    """The text with its marks replaced."""
    return MARK.sub(lambda m: format(values[int(m[1])], m[2]), text)


def _raised(ok: Any, *values: Any, error: str, message: str) -> bool:
    if not ok:
        raise ERRORS[error](filled_in(message, values))
    return True


def _printed(*values: Any, text: str, uid: int) -> bool:
    sys.stdout.write(filled_in(text, values))
    return True


def _stopped(wanted: Any, *values: Any, names: tuple[str, ...], uid: int) -> bool:
    if wanted:
        stop(dict(zip(names, values, strict=False)))
    return True


def stop(values: dict[str, Any]) -> None:
    """The debugger stands here; `values` are those that ag.breakpoint was given."""
    sys.breakpointhook()


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
