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
    gcd,
    lcm,
    ldexp,
    modf,
    modf_fraction,
    modf_integral,
    multiply,
    negative,
    nextafter,
    positive,
    reciprocal,
    remainder,
    spacing,
    square,
    subtract,
)
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
from .complex_parts import absolute, angle, conjugate, fabs, imag, make_complex, real, sign
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
from .rounding import ceil, floor, rint, round_, trunc
from .special import (
    digamma,
    entr,
    erf,
    erfc,
    erfinv,
    gammaln,
    i0,
    i1,
    log_expit,
    logit,
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
    "TWO_RESULTS",
    "absolute", "add", "angle", "arccos", "arccosh", "arcsin", "arcsinh", "arctan", "arctan2",
    "arctanh", "bitwise_and", "bitwise_count", "bitwise_or", "bitwise_xor", "cbrt", "ceil", "clip",
    "conjugate", "copysign", "cos", "cosh", "deg2rad", "digamma", "divide", "divmod_", "entr",
    "equal", "erf", "erfc", "erfinv", "exp", "exp2", "expit", "expm1", "fabs", "float_power",
    "floor", "floor_divide", "fmax", "fmin", "fmod", "frexp", "frexp_exponent", "frexp_mantissa",
    "gammaln", "gcd", "greater", "greater_equal", "heaviside", "hypot", "i0", "i1", "imag",
    "invert", "isfinite", "isinf", "isnan", "lcm", "ldexp", "left_shift", "less", "less_equal",
    "log", "log10", "log1p", "log2", "log_expit", "logaddexp", "logaddexp2", "logical_and",
    "logical_not", "logical_or", "logical_xor", "logit", "make_complex", "maximum", "minimum",
    "modf", "modf_fraction", "modf_integral", "multiply", "nan_to_num", "negative", "nextafter",
    "not_equal", "positive", "power", "py_max", "py_min", "rad2deg", "real", "reciprocal",
    "remainder", "right_shift", "rint", "round_", "select", "sign", "signbit", "sin", "sinc",
    "sinh", "softplus", "spacing", "sqrt", "square", "subtract", "tan", "tanh", "trigamma",
    "trunc", "where", "xlog1py", "xlogy",
]  # fmt: skip
