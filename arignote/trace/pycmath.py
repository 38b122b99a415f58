"""`cmath` on traced values: elementwise ops in complex128, with Python's errors."""

from __future__ import annotations

import cmath
from typing import Any

from ..fxgraph.node import OPS, Node
from ..fxgraph.ops.checks import required
from ..fxgraph.ops.family import cast_to
from ..fxgraph.types import C128, F64
from .proxy import wrap
from .pybuiltins import BUILTINS, answers, single


def _complex(x: Any) -> Node:
    return cast_to(single(x), C128, True)


def _finite(z: Node) -> Node:
    return OPS["isfinite"](z)


def _declare(name: str, op: str, zero_fails: bool = False) -> None:
    """cmath.<name>: a finite argument gives a finite result, or an error."""

    def f(z: Any) -> Any:
        n = _complex(z)
        if zero_fails:
            required(OPS["not_equal"](n, 0), "ValueError", "math domain error")
        out = OPS[op](n, weak=True)
        fine = OPS["logical_or"](_finite(out), OPS["logical_not"](_finite(n)))
        required(fine, "OverflowError", "math range error")
        return wrap(out)

    BUILTINS[getattr(cmath, name)] = f


for _name, _op in (
    ("exp", "exp"), ("sqrt", "sqrt"), ("sin", "sin"), ("cos", "cos"), ("tan", "tan"),
    ("sinh", "sinh"), ("cosh", "cosh"), ("tanh", "tanh"), ("asin", "arcsin"), ("acos", "arccos"),
    ("atan", "arctan"), ("asinh", "arcsinh"), ("acosh", "arccosh"), ("atanh", "arctanh"),
):  # fmt: skip
    _declare(_name, _op)
_declare("log10", "log10", zero_fails=True)


@answers(cmath.log)
def log(z: Any, base: Any = None) -> Any:
    n = _complex(z)
    required(OPS["not_equal"](n, 0), "ValueError", "math domain error")
    out = OPS["log"](n, weak=True)
    return wrap(out) if base is None else wrap(out) / log(base)


@answers(cmath.phase)
def phase(z: Any) -> Any:
    n = _complex(z)
    return wrap(OPS["arctan2"](OPS["imag"](n), OPS["real"](n), weak=True))


@answers(cmath.polar)
def polar(z: Any) -> Any:
    return abs(wrap(_complex(z))), phase(z)


@answers(cmath.rect)
def rect(r: Any, phi: Any) -> Any:
    radius, angle = (cast_to(single(x), F64, True) for x in (r, phi))
    unit = wrap(OPS["cos"](angle, weak=True)) + wrap(OPS["sin"](angle, weak=True)) * 1j
    return wrap(radius) * unit


def _asked(name: str) -> None:
    def f(z: Any) -> Any:
        return wrap(OPS[name](_complex(z), weak=True))

    BUILTINS[getattr(cmath, name)] = f


for _name in ("isnan", "isfinite", "isinf"):
    _asked(_name)
