"""Checks while a function runs: `Assert`, `Raise`; and `Print`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..fxgraph.ops.checks import ERRORS, required
from ..trace.proxy import is_proxy, node_of
from ..trace.session import is_tracing
from .deferred import apply_op
from .evaluate import call, strong
from .graph import Apply, Op
from .variables import as_tensor_variable


def _assert_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    """While tracing a condition is tested by the traced function, though it be known: it may stand
    in a branch that is not taken."""
    message, error = node.attrs["message"], node.attrs.get("error", "AssertionError")
    for v in values[1:]:
        v = strong(v)
        fine = call(all_true, v)
        if is_proxy(fine) or (is_tracing() and not fine):
            required(node_of(fine), error, message)
        elif not fine:
            raise ERRORS[error](message)
    return (values[0],)


def all_true(v: Any) -> Any:
    """Is every element true?"""
    return (v != 0).all()


_assert = Op("Assert", _assert_run)


class Assert:
    """`Assert(message)(x, *conditions)`: x; AssertionError where a condition does not hold."""

    def __init__(self, msg: str = "Assert failed") -> None:
        self.msg = msg

    def __call__(self, value: Any, *conditions: Any) -> Any:
        x = as_tensor_variable(value)
        tests = [as_tensor_variable(c) for c in conditions]
        attrs = {"message": self.msg, "silent": frozenset(range(1, 1 + len(tests)))}
        return apply_op(_assert, [x, *tests], (x.type,), attrs)[0]


assert_ = assert_op = Assert()


class Raise:
    """`Raise(message)(x)`: raises when it runs."""

    def __init__(self, msg: str = "", exc: Any = NotImplementedError) -> None:
        if exc.__name__ not in ERRORS:
            raise ValueError(f"Raise: {exc.__name__} is none of {', '.join(ERRORS)}")
        self.msg, self.exc = msg, exc

    def __call__(self, x: Any) -> Any:
        x, never = as_tensor_variable(x), as_tensor_variable(0)
        attrs = {
            "message": self.msg, "silent": frozenset({1}), "error": self.exc.__name__,
        }  # fmt: skip
        return apply_op(_assert, [x, never], (x.type,), attrs)[0]


def _print_run(node: Apply, values: Sequence[Any]) -> Sequence[Any]:
    x = strong(values[0])
    call(_printed, node.attrs["message"], node.attrs["attrs"], x)
    return (values[0],)


def _printed(message: str, attrs: tuple[str, ...], x: Any) -> None:
    for name in attrs:
        if name == "__str__":
            print(message, name, "=", x)
        else:
            found = getattr(x, name)
            print(message, name, "=", found() if callable(found) else found)


_printed.__arignote_converted__ = True  # type: ignore[attr-defined]
_print = Op("Print", _print_run)


class Print:
    """`Print(message, attrs)(x)`: x; prints it when the function runs."""

    def __init__(self, message: str = "", attrs: Sequence[str] = ("__str__",), **_: Any) -> None:
        self.message, self.attrs = message, tuple(attrs)

    def __call__(self, x: Any) -> Any:
        x = as_tensor_variable(x)
        attrs = {"message": self.message, "attrs": self.attrs}
        return apply_op(_print, (x,), (x.type,), attrs)[0]
