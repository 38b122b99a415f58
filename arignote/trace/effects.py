"""`assert`, `raise`, `print`: what a program does beside computing values.

Under a traced condition they happen when the compiled function runs, in program order with the
checks.  Texts may contain traced values: each stands in the text as a mark until it is known.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from ..errors import TraceError
from ..fxgraph.node import Node, make
from ..fxgraph.ops.checks import ERRORS, partial, required
from ..fxgraph.ops.report import MARK, breakpoint_op, print_op, raise_op
from ..fxgraph.prove import region
from .convert.site import Site
from .marks import Marked, text_of
from .proxy import Proxy, node_of
from .regions import Ended, at_site, depth
from .session import record
from .truthiness import truth


def assert_(pred: Any, message: Callable[[], Any] | None, site: Site) -> None:
    """`assert pred, message()`"""
    with at_site(site):
        t = truth(pred)
        if not isinstance(t, Proxy):
            if not t:
                raise_(lambda: AssertionError(*(() if message is None else (message(),))), site)
            return
        _raise_unless(t.node, AssertionError, "" if message is None else str(message()))


def raise_(
    exception: Callable[[], Any], site: Site, cause: Callable[[], Any] | None = None
) -> None:
    """`raise exception() from cause()`: at once where it is certain, else when the region runs."""
    if not depth():
        error = exception()
        if isinstance(error, BaseException) and with_values(message_of(error))[1]:
            with at_site(site):  # its message is known when the compiled function runs
                _raise_unless(node_of(False), type(error), message_of(error))
        if cause is not None:
            raise error from cause()
        raise error
    with at_site(site):
        error = exception()
        if isinstance(error, type):
            error = error()
        _raise_unless(node_of(False), type(error), message_of(error))
    raise Ended


def message_of(error: BaseException) -> str:
    """What the exception was made with (str() of a KeyError has quotes)."""
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)


def _raise_unless(ok: Node, kind: type[BaseException], text: str) -> None:
    name = error_name(kind)
    text, values = with_values(text)
    if not values:
        required(ok, name, text)
        return
    at = (("error", name), ("message", text))
    partial(make(raise_op, (ok, *values, *region()), at))


def error_name(kind: type[BaseException]) -> str:
    """The name under which an exception class is found when a kernel raises it."""
    if ERRORS.get(kind.__name__) is kind:
        return kind.__name__
    name = (
        kind.__name__ if kind.__name__ not in ERRORS else f"{kind.__module__}.{kind.__qualname__}"
    )
    ERRORS.setdefault(name, kind)  # type: ignore[arg-type]
    return name


# ---- text with traced values in it ---------------------------------------------------------------
def with_values(text: str) -> tuple[str, list[Node]]:
    """The text with its marks numbered from 0, and the nodes they stand for."""
    nodes: list[Node] = []

    def renumbered(m: re.Match[str]) -> str:
        nodes.append(record(Marked)[int(m[1])])
        return f"\x02{len(nodes) - 1}:{m[2]}\x03"

    return MARK.sub(renumbered, text), nodes


def print_(
    *args: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False
) -> None:
    """print() when the compiled function runs, in program order"""
    if file not in (None, sys.stdout):
        raise TraceError("print(..., file=...) in compiled code: print to standard output")
    words = (text_of(a) if isinstance(a, Proxy) else str(a) for a in args)
    text = (" " if sep is None else sep).join(words) + ("\n" if end is None else end)
    text, values = with_values(text)
    partial(make(print_op, (*values, *region()), (("text", text), ("uid", _order()))))


def breakpoint_(wanted: Any, values: dict[str, Any]) -> None:
    """The debugger, when the compiled function runs and `wanted` holds there."""
    given = [node_of(v) for v in values.values()]
    at = (("names", tuple(values)), ("uid", _order()))
    partial(make(breakpoint_op, (node_of(wanted), *given, *region()), at))


def _order() -> int:
    """Two prints of one text are two prints."""
    printed = record(_Printed)
    printed.append(None)
    return len(printed)


class _Printed(list[None]):
    """One for each text and stop so far."""
