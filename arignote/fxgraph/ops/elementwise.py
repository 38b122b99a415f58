"""Every elementwise op by name.  They are declared by subject; everybody reads them from here."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ..node import Node
from .arithmetic import (
    add,
    copysign,
    divide,
    divmod_,
    floor_divide,
    fmod,
    frexp,
    frexp_exponent,
    frexp_mantissa,
    fused_multiply,
    fused_square,
    gcd,
    lcm,
    ldexp,
    modf,
    modf_fraction,
    modf_integral,
    multiply,
    multiply_add,
    negative,
    nextafter,
    positive,
    reciprocal,
    remainder,
    spacing,
    square,
    subtract,
)
from .bessel import i0, i0e, i1, i1e, j0, j1, y0, y1
from .bits import (
    bitwise_and,
    bitwise_count,
    bitwise_or,
    bitwise_xor,
    invert,
    left_shift,
    right_shift,
)
from .choice import (
    clip,
    fmax,
    fmin,
    heaviside,
    maximum,
    minimum,
    nan_to_num,
    py_max,
    py_min,
    select,
    where,
)
from .compare import (
    equal,
    greater,
    greater_equal,
    isfinite,
    isinf,
    isnan,
    less,
    less_equal,
    logical_and,
    logical_not,
    logical_or,
    logical_xor,
    not_equal,
    signbit,
)
from .compensated import addition_error, join_error
from .complex_parts import (
    absolute,
    angle,
    conjugate,
    fabs,
    fused_absolute,
    imag,
    make_complex,
    real,
    sign,
)
from .exponential import (
    cbrt,
    exp,
    exp2,
    expit,
    expm1,
    float_power,
    hypot,
    log,
    log1p,
    log2,
    log10,
    logaddexp,
    logaddexp2,
    power,
    sqrt,
)
from .gamma import beta, betaln, gamma, gammainc, gammainc_curve, gammainc_shape, gammaincc
from .normal import erfcinv, erfcx, erfinv, log_ndtr, ndtr, ndtri
from .rounding import ceil, floor, rint, round_, round_digits, round_tens, trunc
from .special import (
    digamma,
    entr,
    erf,
    erfc,
    exp10,
    exprel,
    gammaln,
    huber,
    kl_div,
    log_expit,
    logit,
    pseudo_huber,
    rel_entr,
    sinc,
    softplus,
    trigamma,
    xlog1py,
    xlogy,
)
from .trigonometric import (
    arccos,
    arccosh,
    arcsin,
    arcsinh,
    arctan,
    arctan2,
    arctanh,
    cos,
    cosh,
    deg2rad,
    rad2deg,
    sin,
    sinh,
    tan,
    tanh,
)  # fmt: skip

#: NumPy's ufuncs with two results, as functions that make two nodes.
TWO_RESULTS: dict[Any, Callable[..., tuple[Node, Node]]] = {
    np.divmod: divmod_,
    np.frexp: frexp,
    np.modf: modf,
}

__all__ = [
    "TWO_RESULTS", "absolute", "add", "addition_error", "angle", "arccos", "arccosh", "arcsin",
    "arcsinh", "arctan", "arctan2", "arctanh", "beta", "betaln", "bitwise_and", "bitwise_count",
    "bitwise_or", "bitwise_xor", "cbrt", "ceil", "clip", "conjugate", "copysign", "cos", "cosh",
    "deg2rad", "digamma", "divide", "divmod_", "entr", "equal", "erf", "erfc", "erfcinv", "erfcx",
    "erfinv", "exp", "exp10", "exp2", "expit", "expm1", "exprel", "fabs", "float_power", "floor",
    "floor_divide", "fmax", "fmin", "fmod", "frexp", "frexp_exponent", "frexp_mantissa",
    "fused_absolute", "fused_multiply", "fused_square", "gamma", "gammainc", "gammainc_curve",
    "gammainc_shape", "gammaincc", "gammaln", "gcd", "greater", "greater_equal", "heaviside",
    "huber", "hypot", "i0", "i0e", "i1", "i1e", "imag", "invert", "isfinite", "isinf", "isnan",
    "j0", "j1", "join_error", "kl_div", "lcm", "ldexp", "left_shift", "less", "less_equal", "log",
    "log10", "log1p", "log2", "log_expit", "log_ndtr", "logaddexp", "logaddexp2", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logit", "make_complex", "maximum", "minimum",
    "modf", "modf_fraction", "modf_integral", "multiply", "multiply_add", "nan_to_num", "ndtr",
    "ndtri", "negative", "nextafter", "not_equal", "positive", "power", "pseudo_huber", "py_max",
    "py_min", "rad2deg", "real", "reciprocal", "rel_entr", "remainder", "right_shift", "rint",
    "round_", "round_digits", "round_tens", "select", "sign", "signbit", "sin", "sinc", "sinh",
    "softplus", "spacing", "sqrt", "square", "subtract", "tan", "tanh", "trigamma", "trunc",
    "where", "xlog1py", "xlogy", "y0", "y1",
]  # fmt: skip
