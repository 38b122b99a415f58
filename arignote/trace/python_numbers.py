"""Arithmetic of Python numbers (weak scalars): Python's rules, not NumPy's.

`/` of ints is a float, dividing by zero raises ZeroDivisionError, bools count as ints, and ints do
not wrap: a result that is not proved to fit 64 bits gets an overflow check.  Ints stay affine, so
that what is computed from sizes and indices stays provable.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from ..errors import TraceError
from ..fxgraph.affine import linear, minus, plus, times
from ..fxgraph.constants import const, is_const, lit, value_of
from ..fxgraph.graph import bodies
from ..fxgraph.node import OPS, Node, make
from ..fxgraph.ops.checks import divisor, fits64, partial, required
from ..fxgraph.ops.elementwise import floor_divide, multiply, remainder
from ..fxgraph.ops.family import cast_to
from ..fxgraph.ops.scalar import quotient, scaled
from ..fxgraph.prove import equal, ge0, region, sure
from ..fxgraph.types import C128, F64, I64
from .session import session

#: Sizes, positions and counts stay below this; sums and small multiples of them fit 64 bits.
SIZE_LIMIT = 2**48
_ORDER = "bifc"


def common(a: Node, b: Node) -> tuple[Node, Node, str]:
    """Both as the wider of their kinds; bools count as ints."""
    kind = max(_kind(a), _kind(b), "i", key=_ORDER.index)
    return as_kind(a, kind), as_kind(b, kind), kind


def _kind(n: Node) -> str:
    kind: str = n.type.dtype.kind
    return "i" if kind == "u" else kind


def as_kind(n: Node, kind: str) -> Node:
    """A Python number as int, float or complex."""
    return cast_to(n, {"i": I64, "f": F64, "c": C128}[kind], weak=True)


def add(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    return fitting(plus(a, b)) if kind == "i" else OPS["add"](a, b, weak=True)


def subtract(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    return fitting(minus(a, b)) if kind == "i" else OPS["subtract"](a, b, weak=True)


def times_(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    if kind != "i":
        return OPS["multiply"](a, b, weak=True)
    return fitting_product(a, b, scaled(a, b))


def divide(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    b = divisor(b)
    if kind == "i":
        a, b = as_kind(a, "f"), as_kind(b, "f")
    return OPS["divide"](a, b, weak=True)


def floordiv(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    _no_complex(kind, "//")
    b = divisor(b)
    if kind == "i":
        if is_const(b) and value_of(b) > 0:
            return quotient(a, int(value_of(b)))
        return _folded(a, b, lambda x, y: x // y) or floor_divide(a, b, weak=True)
    return floor_divide(a, b, weak=True)


def mod(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    _no_complex(kind, "%")
    b = divisor(b)
    if kind == "i" and ge0(a) and ge0(minus(minus(b, lit(1)), a)):
        return a
    if kind == "i" and is_const(b) and _divides(a, int(value_of(b))):
        return lit(0)
    return remainder(a, b, weak=True)


def _divides(a: Node, k: int) -> bool:
    coefs, rest = linear(a)
    return rest % k == 0 and all(c % k == 0 for c in coefs.values())


def _no_complex(kind: str, symbol: str) -> None:
    if kind == "c":
        raise TypeError(f"unsupported operand type(s) for {symbol}: 'complex' and 'complex'")


def _folded(a: Node, b: Node, f: Callable[[int, int], int]) -> Node | None:
    return lit(f(int(value_of(a)), int(value_of(b)))) if is_const(a) and is_const(b) else None


def power(a: Node, b: Node) -> Node:
    a, b, kind = common(a, b)
    if kind == "i":
        return _int_power(a, b)
    if kind == "f":
        b_value = float(value_of(b)) if is_const(b) else None
        if b_value is None or b_value < 0:
            negative = OPS["less"](b, 0.0, weak=True)
            zero = OPS["equal"](a, 0.0, weak=True)
            bad = OPS["logical_and"](negative, zero)
            required(OPS["logical_not"](bad), "ZeroDivisionError", "zero to a negative power")
        if b_value is None or not b_value.is_integer():
            whole = OPS["equal"](OPS["floor"](b), b) if b_value is None else const(False)
            ok = OPS["logical_or"](OPS["greater_equal"](a, 0.0), whole)
            required(ok, "ValueError", "a negative Python number to a fractional power is complex: "
                     "write complex(x) ** y")  # fmt: skip
    return OPS["power"](a, b, weak=True)


def _int_power(a: Node, b: Node) -> Node:
    if is_const(b):
        k = int(value_of(b))
        if k < 0:
            return power(as_kind(a, "f"), as_kind(b, "f"))
        if k <= 8:
            out = lit(1)
            for _ in range(k):
                out = times_(out, a)
            return out
    elif not sure(b):
        raise TraceError(
            "int ** int is an int or a float, depending on the sign of the exponent: "
            "write float(x) ** y, or abs(y) where it is never negative"
        )
    value = OPS["power"](as_kind(a, "f"), as_kind(b, "f"))
    required(OPS["less"](OPS["absolute"](value), 2.0**63), "OverflowError",
             "a Python integer power does not fit in 64 bits")  # fmt: skip
    return OPS["power"](a, b, weak=True)


def left_shift(a: Node, b: Node) -> Node:
    a, b = _ints(a, b, "<<")
    if is_const(b) and 0 <= value_of(b) < 62:
        return times_(a, lit(1 << int(value_of(b))))
    _shift_count(b)
    required(
        OPS["less"](b, 63), "OverflowError", "a shifted Python integer does not fit in 64 bits"
    )
    out = OPS["left_shift"](a, b, weak=True)
    back = OPS["equal"](OPS["right_shift"](out, b, weak=True), a)
    required(back, "OverflowError", "a shifted Python integer does not fit in 64 bits")
    return out


def right_shift(a: Node, b: Node) -> Node:
    a, b = _ints(a, b, ">>")
    if is_const(b) and 0 <= value_of(b) < 62:
        return quotient(a, 1 << int(value_of(b)))
    _shift_count(b)
    return OPS["right_shift"](a, b, weak=True)


def _shift_count(b: Node) -> None:
    if not ge0(b):
        required(OPS["greater_equal"](b, 0), "ValueError", "negative shift count")


def _ints(a: Node, b: Node, symbol: str) -> tuple[Node, Node]:
    a, b, kind = common(a, b)
    if kind != "i":
        name = {"f": "float", "c": "complex"}[kind]
        raise TypeError(f"unsupported operand type(s) for {symbol}: '{name}' and '{name}'")
    return a, b


def _bitwise(name: str, symbol: str) -> Callable[[Node, Node], Node]:
    def f(a: Node, b: Node) -> Node:
        if a.type.dtype.kind == b.type.dtype.kind == "b":
            return OPS[name](a, b, weak=True)
        a, b = _ints(a, b, symbol)
        return OPS[name](a, b, weak=True)

    return f


def negative(a: Node) -> Node:
    a, _, kind = common(a, a)
    return fitting(times(a, -1)) if kind == "i" else OPS["negative"](a, weak=True)


def positive(a: Node) -> Node:
    return common(a, a)[0]


def absolute(a: Node) -> Node:
    a, _, kind = common(a, a)
    if kind == "i":
        if ge0(a):
            return a
        if ge0(times(a, -1)):
            return times(a, -1)
    return OPS["absolute"](a, weak=True)


def invert(a: Node) -> Node:
    a, _ = _ints(a, a, "~")
    return minus(lit(-1), a)


#: operator -> function on nodes of Python numbers
BINARY: dict[str, Callable[[Node, Node], Node]] = {
    "add": add,
    "subtract": subtract,
    "multiply": times_,
    "divide": divide,
    "floor_divide": floordiv,
    "remainder": mod,
    "power": power,
    "left_shift": left_shift,
    "right_shift": right_shift,
    "bitwise_and": _bitwise("bitwise_and", "&"),
    "bitwise_or": _bitwise("bitwise_or", "|"),
    "bitwise_xor": _bitwise("bitwise_xor", "^"),
}
UNARY: dict[str, Callable[[Node], Node]] = {
    "negative": negative,
    "positive": positive,
    "absolute": absolute,
    "invert": invert,
}


# ---- comparison ----------------------------------------------------------------------------------
def compare(name: str, a: Node, b: Node) -> Node:
    """A comparison of Python numbers, decided where it can be proved."""
    a, b, kind = common(a, b)
    if kind == "i":
        decided = decide(name, a, b)
        if decided is not None:
            return const(decided, bool, True)
    return OPS[name](a, b, weak=True)


def decide(name: str, a: Node, b: Node) -> bool | None:
    """The outcome of comparing two Python integers, if it is provable."""
    d = minus(b, a)
    if name in ("equal", "not_equal"):
        if equal(a, b):
            return name == "equal"
        if ge0(minus(d, lit(1))) or ge0(minus(lit(-1), d)):
            return name == "not_equal"
        return None
    if name in ("greater", "greater_equal"):
        d = times(d, -1)
    strict = name in ("less", "greater")
    if ge0(minus(d, lit(1)) if strict else d):
        return True
    if ge0(times(d, -1) if strict else minus(lit(-1), d)):
        return False
    return None


# ---- 64 bits -------------------------------------------------------------------------------------
def fitting(n: Node) -> Node:
    """A Python integer that must fit 64 bits: an overflow check unless it is proved small."""
    lo, hi = interval(n)
    if lo >= -(2**63) and hi < 2**63:
        return n
    coefs, _ = linear(n)
    if len(coefs) == 1 and n in coefs:  # an atom: nothing was computed
        return n
    partial(make(fits64, (n, *region())))
    return n


def fitting_product(a: Node, b: Node, n: Node) -> Node:
    """a * b as n, with an overflow check unless it is proved small."""
    if is_const(a) or is_const(b):
        return fitting(n)
    (al, ah), (bl, bh) = interval(a), interval(b)
    corners = (al * bl, al * bh, ah * bl, ah * bh)
    if min(corners) >= -(2**63) and max(corners) < 2**63:
        return n
    size = OPS["absolute"](multiply(as_kind(a, "f"), as_kind(b, "f"), weak=True))
    required(OPS["less"](size, 2.0**63), "OverflowError",
             "a product of Python integers does not fit in 64 bits")  # fmt: skip
    return n


def interval(n: Node, depth: int = 6) -> tuple[int, int]:
    """Bounds of an integer scalar: sizes and positions are below SIZE_LIMIT, by hint if need be."""
    coefs, lo = linear(n)
    hi = lo
    for atom, k in coefs.items():
        a, b = _atom_interval(atom, depth)
        lo += min(a * k, b * k)
        hi += max(a * k, b * k)
    return lo, hi


_ANY = (-(2**63), 2**63 - 1)


def _of_branches(n: Node, depth: int) -> tuple[int, int]:
    """What both branches of a cond give, where n is its result."""
    (node,), k = n.inputs, n.attr("k")
    if node.op.name != "cond":
        return _ANY
    parts = [interval(body.results[k], depth) for body in bodies(node)]
    return min(low for low, _ in parts), max(high for _, high in parts)


def _atom_interval(n: Node, depth: int) -> tuple[int, int]:
    known = session().bounds.get(n)
    if known is not None:
        return known
    name = n.op.name
    if name in ("index", "check_index", "same_size", "count_true", "stacked_steps"):
        return -SIZE_LIMIT, SIZE_LIMIT
    if name == "input":
        if n.attr("lower") is not None:
            return n.attr("lower"), SIZE_LIMIT
        if sure(plus(n, lit(SIZE_LIMIT))) and sure(minus(lit(SIZE_LIMIT), n)):
            return -SIZE_LIMIT, SIZE_LIMIT
        return _ANY
    if name == "cast" and n.inputs[0].type.dtype.kind in "biu":
        d = n.inputs[0].type.dtype
        return (0, 1) if d.kind == "b" else (int(np.iinfo(d).min), int(np.iinfo(d).max))
    if depth == 0 or not n.type.weak:
        return _ANY
    if name == "proj":
        return _of_branches(n, depth - 1)
    parts = [interval(x, depth - 1) for x in n.inputs if x.type.dtype.kind == "i"]
    if name == "minimum" and len(parts) == 2:
        return min(parts[0][0], parts[1][0]), min(parts[0][1], parts[1][1])
    if name == "maximum" and len(parts) == 2:
        return max(parts[0][0], parts[1][0]), max(parts[0][1], parts[1][1])
    if name == "multiply" and len(parts) == 2:
        corners = [x * y for x in parts[0] for y in parts[1]]
        return min(corners), max(corners)
    if name == "floor_divide" and is_const(n.inputs[1]) and value_of(n.inputs[1]) > 0:
        k = int(value_of(n.inputs[1]))
        return parts[0][0] // k, parts[0][1] // k
    if name == "remainder" and is_const(n.inputs[1]):
        k = int(value_of(n.inputs[1]))
        return min(k, 0), max(k, 0)
    return _ANY
