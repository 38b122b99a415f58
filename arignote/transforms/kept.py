"""Compiled parts of `vjp`, `jvp` and `linearize` calls that stand outside compiled functions.

Such a call makes its functions anew each time.  They are found again by what tracing would read of
the user's function (code, closures, globals, arrays: `trace.fingerprint`), so a function that has
changed, or reads other values, is traced again.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from ..api import Compiled
from ..trace.fingerprint import fingerprint

#: Functions that are kept; those not used for longest go first.
MOST = 128

_lock = threading.Lock()
_kept: OrderedDict[tuple[str, str], Compiled] = OrderedDict()


def kept(kind: str, function: Callable[..., Any], make: Callable[[], Compiled]) -> Compiled:
    """What `make` gives, or gave before for a function that means the same.

    kind: which of several things made from a function it is.
    """
    inner = function._function if isinstance(function, Compiled) else function
    meaning = fingerprint(inner)
    if meaning is None:
        return make()
    with _lock:
        found = _kept.get((kind, meaning))
        if found is None:
            found = _kept[kind, meaning] = make()
        _kept.move_to_end((kind, meaning))
        while len(_kept) > MOST:
            _kept.popitem(last=False)
    return found
