"""Many emitted texts as one module: Python's headers, Cython's own code and the link are paid once.

The names of every text get its number, so that nothing is shared: `entry_3`, `shapes_3` and
`bind_3` are those of the fourth text.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_FUNCTION = re.compile(r"^cdef (?:api |inline )?\w+\*? (\w+)\(", re.MULTILINE)
_EXPORTED = ("bind", "entry", "shapes")


def joined(texts: Sequence[str]) -> str:
    """One Cython text with the functions of all of them."""
    return "\n\n".join(_numbered(text, k) for k, text in enumerate(texts))


def _numbered(text: str, k: int) -> str:
    names = "|".join(sorted({*_FUNCTION.findall(text), *_EXPORTED}))
    return re.sub(rf"\b((?:an|AN)_\w+|{names})\b", lambda m: f"{m[1]}_{k}", text)
