"""Partial operations: each tests its operands and leaves the kernel with an error record."""

from __future__ import annotations

import numpy as np

from ...fxgraph.constants import array_of, const, constant, lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise
from ...fxgraph.ops.family import cast
from ...fxgraph.types import BOOL
from ...optimize.loopnest.program import Check, Loop
from ..scalar_code import code, scalar_function
from .expressions import ATOM, PRODUCT, Text
from .scope import Scope


def print_check(scope: Scope, s: Check) -> None:
    """The test of one check; its result gets the checked value."""
    operands = [x for x in s.operands if x.op.name != "token"]
    _KINDS[s.kind](scope, s, operands)


def print_places(scope: Scope, loop: Loop, bounds: tuple[str, str]) -> bool:
    """Print the head `if a place is out of range:` of a loop that does nothing but test places.

    All are tested at once in vector code, four times as fast; the loop then finds which was wrong.
    """
    checks = [s for s in loop.body if isinstance(s, Check)]
    if len(checks) < len(loop.body) or loop.index.attr("step") != 1:
        return False
    if any(s.kind != "check_index" or s.result is not None for s in checks):
        return False
    places = [[x for x in s.operands if x.op.name != "token"] for s in checks]
    if any(place.dtype.kind != "i" for place, _ in places):
        return False
    outside = scope.variable("outside", "int64_t")
    scope.put(f"{outside} = 0")
    index = scope.open_index(loop.index)
    scope.put(f"for {index} in range({', '.join(bounds)}):")
    scope.depth += 1
    for place, n in places:
        at, size = (t.within(PRODUCT) for t in scope.texts(place, n))
        scope.put(f"{outside} = {outside} | ({at} < -{size}) | ({at} >= {size})")
    scope.depth -= 1
    scope.close_index(loop.index)
    scope.put(f"if {outside} != 0:")
    return True


def fail(scope: Scope, site: int, operands: list[tuple[Node, str]]) -> str:
    """The statement that leaves the kernel with an error and up to six values."""
    scope.module.parts["fail"] = None
    scope.fails = True
    values = [_bits(scope, n, text) for n, text in operands[:6]]
    values += ["0"] * (6 - len(values))
    return f"return an_fail({scope.context()}, {site}, {', '.join(values)})"


def _bits(scope: Scope, n: Node, text: str) -> str:
    if code(n.dtype) == "f2":
        text = f"{scope.call(scalar_function(cast, (n.dtype,), np.dtype(np.float64)))}({text})"
    if n.dtype.kind == "f":
        return f"an_bits({text})"
    if n.dtype.kind == "c":
        return "0"
    return text if code(n.dtype) == "i8" else f"<int64_t>({text})"


def _held(scope: Scope, s: Check, n: Node, text: str) -> str:
    """The check's operand in its result variable (or a scratch one)."""
    if s.result is not None:
        name = scope.assigned(s.result)
    else:
        name = scope.variable("t", scope.module.type_of(code(n.dtype)))
    scope.put(f"{name} = {text}")
    return name


def _index(scope: Scope, s: Check, operands: list[Node]) -> None:
    i, n = operands
    index, size = (t.within(PRODUCT) for t in scope.texts(i, n))
    name = _held(scope, s, i, index)
    scope.put(f"if {name} < 0:")
    scope.put(f"    {name} = {name} + {size}")
    scope.put(f"if ({name} < 0) | ({name} >= {size}):")
    scope.put("    " + fail(scope, s.site, [(i, index), (n, size)]))


def _same(scope: Scope, s: Check, operands: list[Node]) -> None:
    a, b = operands
    x, y = (t.within(PRODUCT) for t in scope.texts(a, b))
    scope.put(f"if {x} != {y}:")
    scope.put("    " + fail(scope, s.site, [(a, x), (b, y)]))
    if s.result is not None:
        _held(scope, s, a, x)


def _nonzero(scope: Scope, s: Check, operands: list[Node]) -> None:
    (x,) = operands
    name = _held(scope, s, x, scope.text(x))
    zero = f"{name} == 0"
    if x.dtype.kind == "c":
        equal = scope.call(scalar_function(elementwise.equal, (x.dtype, x.dtype), BOOL))
        zero = f"{equal}({name}, {scope.text(const(0, x.dtype))})"
    scope.put(f"if {zero}:")
    scope.put("    " + fail(scope, s.site, [(x, name)]))


def _require(scope: Scope, s: Check, operands: list[Node]) -> None:
    ok, *values = operands
    text, *texts = scope.texts(ok, *values)
    word = text.text if text.level == ATOM else f"({text.text})"
    shown = [(v, t.text) for v, t in zip(values, texts, strict=True)]
    if s.result is not None:
        word = _held(scope, s, ok, text.text)
    scope.put(f"if not {word}:")
    scope.put("    " + fail(scope, s.site, shown))


def _fits(scope: Scope, s: Check, operands: list[Node]) -> None:
    """The exact value in 128 bits; the operand's own operations are repeated there."""
    (x,) = operands
    scope.module.parts["wide"] = None
    exact = scope.variable("exact", "an_wide")
    scope.put(f"{exact} = {_wide(scope, x)}")
    scope.put(f"if not an_fits64({exact}):")
    scope.put("    " + fail(scope, s.site, [(lit(0), f"<int64_t>{exact}")]))
    if s.result is not None:
        scope.put(f"{scope.assigned(s.result)} = <int64_t>{exact}")


#: Integer ops whose exact value fits 128 bits when their operands fit 64.
_EXACT = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0}*{1}", "negative": "-{0}",
    "absolute": "an_wide_abs({0})", "floor_divide": "an_wide_floordiv({0}, {1})",
    "power": "an_wide_power({0}, {1})", "left_shift": "an_wide_shift({0}, {1})",
}  # fmt: skip


def _wide(scope: Scope, x: Node) -> str:
    """x's last operation in 128 bits over operands of 64."""
    if x.op is constant:
        return str(int(array_of(x)))
    if x.op.name == "cast" and x.inputs[0].dtype.kind == "f":
        return f"an_wide_real({scope.text(x.inputs[0])})"
    if x.op.name == "cast" and x.inputs[0].dtype.kind == "u":
        return f"<an_wide>{scope.text(x.inputs[0], ATOM)}"
    if scope.module.held.get(x) is not None or x.op.name not in (*_EXACT, "affine"):
        return scope.text(x)
    operands = [f"<an_wide>{t.within(ATOM)}" for t in scope.texts(*x.inputs)]
    if x.op.name == "affine":
        terms = [f"{k}*{t}" for k, t in zip(x.attr("coefs"), operands, strict=True)]
        return " + ".join([*terms, str(x.attr("const"))]).replace("+ -", "- ")
    return _EXACT[x.op.name].format(*operands)


_KINDS = {
    "check_index": _index,
    "same_size": _same,
    "nonzero_check": _nonzero,
    "fits64": _fits,
    "require": _require,
}

__all__ = ["Text", "fail", "print_check"]
