"""Names of user ops: from module and function, so that a pickle finds them in another process.

Defining an op again (in a notebook, say) replaces the one before; the package's own stay.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from ..fxgraph.node import OPS

_MINE: set[str] = set()


def claimed(function: Callable[..., Any], name: str | None) -> str:
    """The name that a new op may take; it is an identifier of C, too."""
    own = name or f"{function.__module__}_{function.__qualname__}".replace("<locals>.", "")
    own = re.sub(r"\W+", "_", own).strip("_")
    if own in OPS and own not in _MINE:
        own = f"user_{own}"
    for known in [n for n in OPS if n == own or n == f"{own}_sizes"]:
        del OPS[known]
    _MINE.add(own)
    return own


__all__ = ["claimed"]
