"""What two paths left that cannot be one value."""

from __future__ import annotations

from typing import Any

from ..errors import TraceError
from .convert.site import Site


class Conflict:
    """What a name holds when two paths gave it unlike values; an error where it is used."""

    def __init__(self, why: str, site: Site | None = None) -> None:
        self.why = why
        self.site = site

    def __repr__(self) -> str:
        return self.why + (f" ({self.site})" if self.site is not None else "")

    def _use(self, *_: Any, **__: Any) -> Any:
        raise TraceError(repr(self))

    __eq__ = __ne__ = _use
    __hash__ = _use
    __getattr__ = __getitem__ = __call__ = __iter__ = __len__ = __bool__ = __float__ = _use
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = _use
    __rtruediv__ = __lt__ = __le__ = __gt__ = __ge__ = __neg__ = __setitem__ = _use


class Unmergeable(Exception):
    """Two values cannot be one; says why."""
