"""Partial operations in kernels: a failed check leaves its site and values in the error record, and
the step that failed is left; the host raises when it looks at the record."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ...fxgraph.constants import array_of, const, constant, lit
from ...fxgraph.node import Node
from ...fxgraph.ops import elementwise
from ...fxgraph.types import BOOL
from ...optimize.loopnest.program import Check
from ..cython.expressions import ATOM, PRODUCT
from ..scalar_code import code, scalar_function

if TYPE_CHECKING:
    from .team import Printer, Team


def print_check(printer: Printer, s: Check, team: Team) -> None:
    """The test of one check; its result gets the checked value."""
    operands = [x for x in s.operands if x.op.name != "token"]
    _KINDS[s.kind](printer, s, operands, team)


def _fail(
    printer: Printer, s: Check, test: str, operands: list[tuple[Node, str]], team: Team
) -> None:
    scope = printer.scope
    values = [_bits(n, text) for n, text in operands[:6]]
    values += ["0"] * (6 - len(values))
    act = "" if team.level == "thread" else f"if ({team.first}) "
    scope.put(f"if ({test}) {{")
    scope.put(f"    {act}an_fail({scope.error()}, {s.site}, {', '.join(values)});")
    scope.put(f"    goto {printer.leave[-1]};" if printer.leave else "    goto an_end;")
    scope.put("}")


def _bits(n: Node, text: str) -> str:
    if n.dtype.kind == "f":
        return f"an_bits({text})" if code(n.dtype) != "f2" else f"an_bits(an_f4_of_f2({text}))"
    if n.dtype.kind == "c":
        return "0"
    return f"(an_i8)({text})"


def _held(printer: Printer, s: Check, n: Node, text: str) -> str:
    """The check's operand in its result variable (or a scratch one)."""
    if s.result is not None:
        name = printer.scope.assigned(s.result)
    else:
        name = printer.scope.variable("t", f"an_{code(n.dtype)}")
    printer.scope.put(f"{name} = {text};")
    return name


def _index(printer: Printer, s: Check, operands: list[Node], team: Team) -> None:
    i, n = operands
    index, size = (t.within(PRODUCT) for t in printer.scope.texts(i, n))
    name = _held(printer, s, i, index)
    printer.scope.put(f"if ({name} < 0) {name} = {name} + {size};")
    _fail(printer, s, f"{name} < 0 || {name} >= {size}", [(i, index), (n, size)], team)


def _same(printer: Printer, s: Check, operands: list[Node], team: Team) -> None:
    a, b = operands
    x, y = (t.within(PRODUCT) for t in printer.scope.texts(a, b))
    _fail(printer, s, f"{x} != {y}", [(a, x), (b, y)], team)
    if s.result is not None:
        _held(printer, s, a, x)


def _nonzero(printer: Printer, s: Check, operands: list[Node], team: Team) -> None:
    (x,) = operands
    scope = printer.scope
    name = _held(printer, s, x, scope.text(x))
    zero = f"{name} == 0"
    if x.dtype.kind == "c" or code(x.dtype) == "f2":
        equal = scope.call(scalar_function(elementwise.equal, (x.dtype, x.dtype), BOOL))
        zero = f"{equal}({name}, {scope.text(const(0, x.dtype))})"
    _fail(printer, s, zero, [(x, name)], team)


def _require(printer: Printer, s: Check, operands: list[Node], team: Team) -> None:
    ok, *values = operands
    text, *texts = printer.scope.texts(ok, *values)
    word = text.within(ATOM)
    if s.result is not None:
        word = _held(printer, s, ok, text.text)
    shown = [(v, t.text) for v, t in zip(values, texts, strict=True)]
    _fail(printer, s, f"!{word}", shown, team)


#: Integer ops whose exact value fits 128 bits when their operands fit 64.
_EXACT = {
    "add": "{0} + {1}", "subtract": "{0} - {1}", "multiply": "{0} * {1}", "negative": "-{0}",
    "absolute": "an_wide_abs({0})", "floor_divide": "an_wide_floordiv({0}, {1})",
    "power": "an_wide_power({0}, {1})", "left_shift": "an_wide_shift({0}, {1})",
}  # fmt: skip


def _fits(printer: Printer, s: Check, operands: list[Node], team: Team) -> None:
    """The exact value in 128 bits; the operand's last operation is repeated there."""
    (x,) = operands
    scope = printer.scope
    exact = scope.variable("an_exact", "an_wide")
    scope.put(f"{exact} = {_wide(printer, x)};")
    test = f"!an_fits64({exact})"
    _fail(printer, s, test, [(lit(0), f"(an_i8){exact}")], team)
    if s.result is not None:
        scope.put(f"{scope.assigned(s.result)} = (an_i8){exact};")


def _wide(printer: Printer, x: Node) -> str:
    scope = printer.scope
    if x.op is constant:
        return f"{int(array_of(x))}LL"
    if x.op.name == "cast" and x.inputs[0].dtype.kind == "f":
        return f"an_wide_real({scope.text(x.inputs[0])})"
    known = scope.held.get(x) is not None or x in scope.counters
    if known or x.op.name not in (*_EXACT, "affine"):
        return scope.text(x)
    operands = [f"(an_wide){t.within(ATOM)}" for t in scope.texts(*x.inputs)]
    if x.op.name == "affine":
        terms = [f"{k}LL * {t}" for k, t in zip(x.attr("coefs"), operands, strict=True)]
        return " + ".join([*terms, f"{x.attr('const')}LL"]).replace("+ -", "- ")
    return _EXACT[x.op.name].format(*operands)


_KINDS = {
    "check_index": _index,
    "same_size": _same,
    "nonzero_check": _nonzero,
    "fits64": _fits,
    "require": _require,
}
