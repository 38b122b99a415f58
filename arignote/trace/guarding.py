"""`try`, `with` and the like: decided while tracing, refused where that would be wrong."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..errors import TraceError, UnsupportedError, VerifyError
from ..fxgraph.node import Node
from ..fxgraph.ops.checks import recording
from .convert.site import Site
from .iteration import Nested
from .leaves import Unstable
from .regions import Ended
from .session import Retrace, is_tracing

#: What a user's `except` must not catch.
tracing_errors = (TraceError, UnsupportedError, VerifyError, Ended, Retrace, Unstable)


@contextmanager
def guarded(site: Site) -> Iterator[None]:
    """Around the body of a `try` with handlers: nothing in it may be decided at run time."""
    if not is_tracing():
        yield
        return
    with recording() as effects:
        try:
            yield
        except tracing_errors:
            raise
        except Exception as error:  # what may fail before it is for a handler, too
            _refuse(effects, site, error)
            raise
    _refuse(effects, site, None)


def _refuse(effects: list[Node], site: Site, error: Exception | None) -> None:
    if effects:
        raise UnsupportedError(
            f"{site}\n`try` around operations that may fail when the compiled function runs "
            f"({', '.join(sorted({n.op.name for n in effects}))}): which handler runs would "
            "have to be decided there. Test for the condition instead."
        ) from error


def with_(manager: Any, site: Site) -> Any:
    """A manager about to be entered: np.errstate of floating-point warnings has nothing to do."""
    if not is_tracing() or isinstance(manager, contextlib.nullcontext):
        return manager
    if isinstance(manager, Nested):  # np.nditer: what is written is in the array at once
        return contextlib.nullcontext(manager)
    if isinstance(manager, np.errstate):
        if "raise" in _settings(manager):
            raise UnsupportedError(
                f"{site}\nnp.errstate(...='raise') in compiled code: test for the condition "
                "instead, "
                f"for example with np.isfinite"
            )
        return contextlib.nullcontext()
    raise UnsupportedError(
        f"{site}\n`with {type(manager).__name__}` would be entered once, while tracing: move "
        "it around the "
        f"call of the compiled function"
    )


def _settings(manager: np.errstate) -> list[Any]:
    return [getattr(manager, f"_{k}", None) for k in ("all", "divide", "over", "under", "invalid")]


def refuse(site: Site, message: str) -> None:
    """Before something that cannot be captured."""
    if is_tracing():
        raise UnsupportedError(f"{site}\n{message}")
