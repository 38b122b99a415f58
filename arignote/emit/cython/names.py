"""Legal, unique identifiers from the names a user wrote.

Everything of ours in an emitted text starts with `an_` or `AN_`, so a user's name never does.
"""

from __future__ import annotations

import keyword
import re
import unicodedata

#: Words that mean something in Cython beyond Python's keywords, or in the texts we print.
_CYTHON = """
    api bint by bool cdef char cimport complex const cpdef ctypedef cppclass double enum except
    extern float fused gil inline int int8_t int16_t int32_t int64_t uint8_t uint16_t uint32_t
    uint64_t include long module_name namespace new noexcept nogil nullptr object operator
    packed prange print public range readonly restrict short signed sizeof size_t struct typedef
    typeid union unsigned void volatile DEF IF ELIF ELSE NULL True False None bind ctx entry
    ints ptrs results shapes dims ws threads threadid place
"""
RESERVED = frozenset((*keyword.kwlist, *keyword.softkwlist, *_CYTHON.split()))


def legal(name: str) -> str:
    """An identifier close to `name`: accents dropped, other characters replaced by `_`."""
    plain = unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode()
    plain = re.sub(r"\W", "_", plain)
    if not plain or plain.strip("_") == "":
        plain = "v"
    if plain[0].isdigit() or plain.lower().startswith(("an_", "__")) or plain in RESERVED:
        plain = f"v_{plain.lstrip('_')}"
    return plain


class Names:
    """The identifiers taken in one text; counters of loops that have ended are used again."""

    def __init__(self) -> None:
        self.taken: set[str] = set()
        self._idle: dict[str, list[str]] = {}
        self._next: dict[str, int] = {}

    def fresh(self, name: str) -> str:
        """An identifier that nothing else has: the name itself, or with a number."""
        base = legal(name)
        found = base
        while found in self.taken:
            k = self._next.get(base, 1) + 1
            self._next[base] = k
            found = f"{base}_{k}"
        self.taken.add(found)
        return found

    def counter(self, name: str) -> str:
        """An identifier for a loop counter."""
        idle = self._idle.get(name)
        return idle.pop() if idle else self.fresh(name)

    def release(self, name: str, found: str) -> None:
        """The counter `found`, made for `name`, is out of scope."""
        self._idle.setdefault(name, []).append(found)
