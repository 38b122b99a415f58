"""Sums, products, quotients and remainders.

Integers wrap as NumPy's; division of an integer by zero gives 0, as NumPy's does.  What Python's
own numbers do otherwise (ZeroDivisionError, OverflowError) is a check made by the tracer.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from ...errors import DTypeError
from ..node import Node, Op
from ..types import DType
from .family import elementwise, resolve_ufunc, zero_gradient

add: Op = elementwise(
    "add",
    ufunc=np.add,
    c={"b": "{x} | {y}", "c": "an_add_{t}({x}, {y})", "*": "{x} + {y}"},
    vjp=lambda g, out, x, y: (g, g),
)
subtract: Op = elementwise(
    "subtract",
    ufunc=np.subtract,
    c={"c": "an_subtract_{t}({x}, {y})", "*": "{x} - {y}"},
    vjp=lambda g, out, x, y: (g, negative(g)),
)
multiply: Op = elementwise(
    "multiply",
    ufunc=np.multiply,
    c={"b": "{x} & {y}", "c": "an_multiply_{t}({x}, {y})", "*": "{x} * {y}"},
    ulp=2,  # NumPy's complex product fuses multiply and add on some machines
    vjp=lambda g, out, x, y: (multiply(g, y), multiply(g, x)),
)
divide: Op = elementwise(
    "divide",
    ufunc=np.true_divide,
    c={"c": "an_divide_{t}({x}, {y})", "*": "{x} / {y}"},
    ulp=2,
    domain=(0.3, 3.0),
    vjp=lambda g, out, x, y: (divide(g, y), negative(divide(multiply(g, out), y))),
)
negative: Op = elementwise(
    "negative",
    ufunc=np.negative,
    c={"c": "an_negative_{t}({x})", "*": "-{x}"},
    vjp=lambda g, out, x: (negative(g),),
)
positive: Op = elementwise("positive", ufunc=np.positive, c="{x}", vjp=lambda g, out, x: (g,))
square: Op = elementwise(
    "square",
    ufunc=np.square,
    c={"c": "an_square_{t}({x})", "*": "{x} * {x}"},
    ulp=2,
    vjp=lambda g, out, x: (multiply(g, add(x, x)),),
)


def complex_dtypes(ufunc: Any, *kinds: Any) -> tuple[DType, ...]:
    """The loop dtypes of a ufunc, for complex operands only."""
    dtypes = resolve_ufunc(ufunc, kinds)
    if dtypes[0].kind != "c":
        raise DTypeError(f"{ufunc.__name__} of complex numbers, not of {dtypes[0]}")
    return dtypes


# NumPy's products of complex *arrays* fuse the second product with the sum where the machine can;
# those of its scalars and of Python's numbers round twice.  An iteration that amplifies errors
# (z = z*z + c) shows which it was.  Lowering chooses (optimize/loopnest/element).
fused_multiply: Op = elementwise(
    "fused_multiply",
    c={"c": "an_fused_multiply_{t}({x}, {y})"},
    reference=np.multiply,
    dtypes=lambda x, y: complex_dtypes(np.multiply, x, y),
    arity=2,
    ulp=2,
    vjp=lambda g, out, x, y: (multiply(g, y), multiply(g, x)),
)
fused_square: Op = elementwise(
    "fused_square",
    c={"c": "an_fused_multiply_{t}({x}, {x})"},
    reference=np.square,
    dtypes=lambda x: complex_dtypes(np.square, x),
    arity=1,
    ulp=2,
    vjp=lambda g, out, x: (multiply(g, add(x, x)),),
)


def _real_dtypes(*kinds: Any) -> tuple[DType, ...]:
    """One floating type for three operands and their result."""
    dtype = resolve_ufunc(np.add, (resolve_ufunc(np.multiply, kinds[:2])[-1], kinds[2]))[-1]
    if dtype.kind != "f":
        raise DTypeError(f"multiply_add of real floating numbers, not of {dtype}")
    return (dtype,) * 4


#: x * y + z, rounded once where the machine can: for terms of products of matrices only, which
#: BLAS fuses too.  What a user writes as a product and a sum is rounded twice, as NumPy's.
multiply_add: Op = elementwise(
    "multiply_add",
    c={"f": "an_multiply_add_{t}({x}, {y}, {z})"},
    reference=lambda x, y, z: np.add(np.multiply(x, y), z),
    dtypes=_real_dtypes,
    arity=3,
    ulp=2,
    domain=(0.3, 3.0),
    vjp=lambda g, out, x, y, z: (multiply(g, y), multiply(g, x), g),
)
reciprocal: Op = elementwise(
    "reciprocal",
    ufunc=np.reciprocal,
    c={"f": "1 / {x}", "c": "an_reciprocal_{t}({x})", "*": "an_cast_f8_{u}(1.0 / {x})"},
    ulp=2,
    domain=(0.3, 3.0),
    vjp=lambda g, out, x: (negative(multiply(g, square(out))),),
)

# ---- quotients and remainders ---------------------------------------------------------------
floor_divide: Op = elementwise(
    "floor_divide",
    ufunc=np.floor_divide,
    c="an_floor_divide_{t}({x}, {y})",
    domain=(0.3, 3.0),
    vjp=zero_gradient,
)
remainder: Op = elementwise(
    "remainder",
    ufunc=np.remainder,
    c="an_remainder_{t}({x}, {y})",
    domain=(0.3, 3.0),
    vjp=lambda g, out, x, y: (g, negative(multiply(g, floor_divide(x, y)))),
)
fmod: Op = elementwise(
    "fmod",
    ufunc=np.fmod,
    c={"f": "fmod{f}({x}, {y})", "*": "an_fmod_{t}({x}, {y})"},
    domain=(0.3, 3.0),
    vjp=lambda g, out, x, y: (g, negative(divide(multiply(g, subtract(x, out)), y))),
)


def divmod_(x: Any, y: Any) -> tuple[Node, Node]:
    """np.divmod: the floored quotient and the remainder."""
    return floor_divide(x, y), remainder(x, y)


# ---- numbers made of bits -------------------------------------------------------------------
copysign: Op = elementwise(
    "copysign",
    ufunc=np.copysign,
    c="copysign{f}({x}, {y})",
    vjp=lambda g, out, x, y: (multiply(g, multiply(copysign(1.0, x), copysign(1.0, y))), None),
)
nextafter: Op = elementwise(
    "nextafter",
    ufunc=np.nextafter,
    c={"f2": "an_nextafter_f2({x}, {y})", "*": "nextafter{f}({x}, {y})"},
)
spacing: Op = elementwise(
    "spacing",
    ufunc=np.spacing,
    c={"f2": "an_spacing_f2({x})", "*": "an_spacing_{t}({x})"},
)
ldexp: Op = elementwise(
    "ldexp",
    ufunc=np.ldexp,
    c="an_ldexp_{t}({x}, {y})",
    vjp=lambda g, out, x, n: (ldexp(g, n), None),
)
frexp_mantissa: Op = elementwise(
    "frexp_mantissa",
    reference=lambda x: np.frexp(x)[0],
    dtypes=lambda x: _frexp_dtypes(x)[:2],
    arity=1,
    c="an_frexp_mantissa_{t}({x})",
    vjp=lambda g, out, x: (ldexp(g, negative(frexp_exponent(x))),),
)
frexp_exponent: Op = elementwise(
    "frexp_exponent",
    reference=lambda x: np.frexp(x)[1],
    dtypes=lambda x: _frexp_dtypes(x)[::2],
    arity=1,
    c="an_frexp_exponent_{t}({x})",
    vjp=zero_gradient,
)
modf_fraction: Op = elementwise(
    "modf_fraction",
    reference=lambda x: np.modf(x)[0],
    dtypes=lambda x: _modf_dtypes(x)[:2],
    arity=1,
    c="an_modf_fraction_{t}({x})",
    vjp=lambda g, out, x: (g,),
)
modf_integral: Op = elementwise(
    "modf_integral",
    reference=lambda x: np.modf(x)[1],
    dtypes=lambda x: _modf_dtypes(x)[:2],
    arity=1,
    c="trunc{f}({x})",
    vjp=zero_gradient,
)


def _frexp_dtypes(x: Any) -> tuple[DType, ...]:
    return resolve_ufunc(np.frexp, (x,))


def _modf_dtypes(x: Any) -> tuple[DType, ...]:
    return resolve_ufunc(np.modf, (x,))


def frexp(x: Any) -> tuple[Node, Node]:
    """np.frexp: mantissa and exponent."""
    return frexp_mantissa(x), frexp_exponent(x)


def modf(x: Any) -> tuple[Node, Node]:
    """np.modf: fractional and integral part, both with the sign of x."""
    return modf_fraction(x), modf_integral(x)


# ---- integers -------------------------------------------------------------------------------
gcd: Op = elementwise("gcd", ufunc=np.gcd, c="an_gcd_{t}({x}, {y})")
lcm: Op = elementwise("lcm", ufunc=np.lcm, c="an_lcm_{t}({x}, {y})")
