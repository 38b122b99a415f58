"""Raises what a kernel reported: the exception the plan's table names, at the user's line.

The traceback ends in a frame of the user's file, made by compiling a `raise` at the reported line,
so that what a debugger or a test runner shows is where the fault is, not how it was run.
"""

import struct
from typing import NoReturn

from arignote.emit.plan import ErrorSite, Plan

OK, GUARD, ERROR, RAISED, NO_MEMORY = range(5)  # what an entry returns


def raise_site(plan: Plan, site: int, values: tuple[int, ...]) -> NoReturn:
    """Raise the error of one site with the values the kernel stored."""
    where = plan.errors[site]
    shown = [_decoded(kind, value) for kind, value in zip(where.kinds, values, strict=False)]
    error = where.error(where.message.format(*shown))
    if where.expression:
        error.add_note(f"in {where.expression}  ({where.file}, line {where.line})")
    if where.line:
        _raise_at(where, error)
    raise error


def _raise_at(where: ErrorSite, error: Exception) -> None:
    code = compile("\n" * (where.line - 1) + "raise error", where.file or "<unknown>", "exec")
    name = where.function or plain_name(where.file)
    exec(code.replace(co_name=name, co_qualname=name), {"error": error})


def plain_name(file: str) -> str:
    """What a frame is called whose function is not known."""
    return "<module>" if file else "<kernel>"


def _decoded(kind: str, value: int) -> int | float | bool:
    if kind == "d":
        return float(struct.unpack("d", struct.pack("q", value))[0])
    return bool(value) if kind == "b" else value
