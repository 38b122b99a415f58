"""`a.tolist()`: lists of Python numbers, one inside the other for each axis."""

from __future__ import annotations

from typing import Any

from .comprehensions import comprehension
from .convert.site import Site
from .methods import as_python
from .proxy import Array


def lists_of(a: Array, site: Site) -> Any:
    if not a.sizes:
        return as_python(a.node)
    return comprehension("list", a, lambda part: _part(part, site), None, site)


def _part(part: Any, site: Site) -> Any:
    return lists_of(part, site) if isinstance(part, Array) else as_python(part.node)
