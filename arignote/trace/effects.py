"""`assert`, `raise`, `print`: what a program does beside computing values.

Under a traced condition they happen when the compiled function runs, in program order with the
checks.  Texts may contain traced values: each stands in the text as a mark until it is known.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from ..errors import TraceError
from ..fxgraph.node import Node, make
from ..fxgraph.ops.checks import ERRORS, partial, required
from ..fxgraph.ops.report import print_op, raise_op
from ..fxgraph.prove import region
from .branches import truth
from .convert.site import Site
from .proxy import Proxy, node_of
from .regions import Ended, at_site, depth
from .session import session

_local = threading.local()


def assert_(pred: Any, message: Callable[[], Any] | None, site: Site) -> None:
    """`assert pred, message()`"""
    with at_site(site):
        t = truth(pred)
        if not isinstance(t, Proxy):
            if not t:
                raise_(lambda: AssertionError(*(() if message is None else (message(),))), site)
            return
        with captured_text() as values:
            text = "" if message is None else str(message())
        _raise_unless(t.node, AssertionError, text, values)


def raise_(exception: Callable[[], Any], site: Site, cause: Callable[[], Any] | None = None) -> None:
    """`raise exception() from cause()`: at once where it is certain, else when the region runs."""
    if not depth():
        error = exception()
        if cause is not None:
            raise error from cause()
        raise error
    with at_site(site), captured_text() as values:
        error = exception()
        if isinstance(error, type):
            error = error()
        text = message_of(error)
        _raise_unless(node_of(False), type(error), text, values)
    raise Ended


def message_of(error: BaseException) -> str:
    """What the exception was made with (str() of a KeyError has quotes)."""
    return error.args[0] if len(error.args) == 1 and isinstance(error.args[0], str) else str(error)


def _raise_unless(ok: Node, kind: type[BaseException], text: str, values: list[Node]) -> None:
    name = error_name(kind)
    if not values:
        required(ok, name, text)
        return
    at = (("error", name), ("message", text))
    partial(make(raise_op, (ok, *values, *region()), at))


def error_name(kind: type[BaseException]) -> str:
    """The name under which an exception class is found when a kernel raises it."""
    if ERRORS.get(kind.__name__) is kind:
        return kind.__name__
    name = kind.__name__ if kind.__name__ not in ERRORS else f"{kind.__module__}.{kind.__qualname__}"
    ERRORS.setdefault(name, kind)  # type: ignore[arg-type]
    return name


# ---- text with traced values in it ---------------------------------------------------------------------
@contextmanager
def captured_text() -> Iterator[list[Node]]:
    """Inside, formatting a traced value gives a mark; the list has their nodes."""
    outer = getattr(_local, "values", None)
    _local.values = values = []
    try:
        yield values
    finally:
        _local.values = outer


def text_of(x: Proxy, spec: str = "") -> str:
    """The text of a traced value: a mark inside `captured_text`, else an error that says what to do."""
    values: list[Node] | None = getattr(_local, "values", None)
    if values is None:
        raise TraceError(
            "a traced value is formatted as text: only print(), assert and raise can do that when the "
            "compiled function runs"
        )
    values.append(x.node)
    return f"\x02{len(values) - 1}:{spec}\x03"


def print_(*args: Any, sep: str | None = " ", end: str | None = "\n", file: Any = None, flush: bool = False) -> None:
    """print() when the compiled function runs, in program order"""
    if file not in (None, sys.stdout):
        raise TraceError("print(..., file=...) in compiled code: print to standard output")
    with captured_text() as values:
        text = (" " if sep is None else sep).join(
            text_of(a) if isinstance(a, Proxy) else str(a) for a in args
        )
    text += "\n" if end is None else end
    partial(make(print_op, (*values, *region()), (("text", text), ("uid", _order()))))


def _order() -> int:
    """Two prints of one text are two prints."""
    session().printed += 1
    return session().printed


Proxy.__format__ = text_of  # type: ignore[method-assign, assignment]
Proxy.__str__ = text_of  # type: ignore[method-assign, assignment]
