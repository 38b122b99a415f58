"""Draws from random generators, NumPy's new and old and Python's: the one op whose value depends on
what was drawn before.

The state of a generator is an opaque value that every draw takes and gives anew, so draws keep
their order; the state IS the generator, so values are NumPy's, draw for draw.  A draw is recorded
among its region's effects: it happens even when nobody uses its value.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import numpy as np

from ...errors import UnsupportedError
from ..affine import dim, size_node
from ..constants import project
from ..node import Node, Op, make
from ..prove import region
from ..types import OPAQUE, DType, Shape, TensorType
from .checks import partial
from .elementwise import add, divide, log, multiply, subtract
from .shaping import sum_to

_STATE = TensorType(OPAQUE)
#: Methods of Python's generator whose parameters have no names.
_BY_POSITION = frozenset({"random", "getrandbits", "_randbelow", "seed"})


def _draw(
    state: Any,
    *operands: Any,
    method: str,
    names: tuple[str, ...],
    options: Any,
    rank: int,
    **_: Any,
) -> Any:
    """options: further keyword arguments; rank: how many sizes, -1 for size=None."""
    values = dict(zip(names, operands, strict=False))
    sizes = operands[len(names) : len(names) + max(rank, 0)]
    if rank >= 0:
        values["size"] = tuple(int(d) for d in sizes)
    if isinstance(state, random.Random):
        return state, _python_number(state, method, values)
    with np.errstate(all="ignore"):
        number = getattr(state, method)(**values, **dict(options))
    return state, 0.0 if number is None else number  # seed() gives nothing


def _python_number(state: random.Random, method: str, values: dict[str, Any]) -> Any:
    given = {
        k: v.item() if isinstance(v, np.generic | np.ndarray) else v for k, v in values.items()
    }
    if method in _BY_POSITION:
        number = getattr(state, method)(*given.values())
    else:
        number = getattr(state, method)(**given)
    return 0.0 if number is None else number


def _type(
    state: Node,
    *operands: Node,
    names: tuple[str, ...],
    rank: int,
    dtype: DType,
    weak: bool,
    tail: int,
    **_: Any,
) -> tuple[TensorType, TensorType]:
    """tail: how many sizes follow that are no `size=`: the length of one draw of a vector."""
    first = len(names)
    sizes = operands[first : first + max(rank, 0) + tail]
    return _STATE, TensorType(dtype, tuple(dim(d) for d in sizes), weak)


def _location_scale(g: Node, out: Node, values: dict[str, Node]) -> dict[str, Node]:
    """out = loc + scale * z"""
    z = divide(subtract(out, values["loc"]), values["scale"])
    return {"loc": g, "scale": multiply(g, z)}


def _uniform(g: Node, out: Node, values: dict[str, Node]) -> dict[str, Node]:
    """out = low + (high - low) * u"""
    low, high = values["low"], values["high"]
    u = divide(subtract(out, low), subtract(high, low))
    return {"low": multiply(g, subtract(1.0, u)), "high": multiply(g, u)}


def _scaled(g: Node, out: Node, values: dict[str, Node]) -> dict[str, Node]:
    """out = scale * z"""
    return {"scale": multiply(g, divide(out, values["scale"]))}


def _lognormal(g: Node, out: Node, values: dict[str, Node]) -> dict[str, Node]:
    """log(out) = mean + sigma * z"""
    slope = multiply(g, out)
    z = divide(subtract(log(out), values["mean"]), values["sigma"])
    return {"mean": slope, "sigma": multiply(slope, z)}


#: Cotangents of the parameters of a draw that is a function of parameters and a fixed random
#: number.
_PATHWISE = {
    "normal": _location_scale,
    "laplace": _location_scale,
    "logistic": _location_scale,
    "gumbel": _location_scale,
    "uniform": _uniform,
    "exponential": _scaled,
    "rayleigh": _scaled,
    "lognormal": _lognormal,
}


def _vjp(
    g: Sequence[Node | None],
    out: Node,
    state: Node,
    *operands: Node,
    method: str,
    names: tuple[str, ...],
    **_: Any,
) -> tuple[Node | None, ...]:
    none: list[Node | None] = [None] * (1 + len(operands))
    if g[1] is None or out.type[1].dtype.kind not in "fc":
        return tuple(none)
    rule = _PATHWISE.get(method)
    if rule is None:
        raise UnsupportedError(
            f"no derivative of {method} by its parameters: draw from a "
            "distribution whose "
            f"parameters are constant ({', '.join(_PATHWISE)} have derivatives)"
        )
    values = dict(zip(names, operands, strict=False))
    found = rule(g[1], project(out, 1), values)
    for k, name in enumerate(names):
        if name in found:
            none[1 + k] = sum_to(found[name], values[name].shape)
    return tuple(none)


def _jvp(
    tangents: Sequence[Node | None],
    out: Node,
    state: Node,
    *operands: Node,
    method: str,
    names: tuple[str, ...],
    **_: Any,
) -> tuple[None, Node | None]:
    given = dict(zip(names, tangents[1:], strict=False))
    total: Node | None = None
    values = dict(zip(names, operands, strict=False))
    rule = _PATHWISE.get(method)
    for name, t in given.items():
        if t is None:
            continue
        if rule is None:
            raise UnsupportedError(f"no derivative of Generator.{method} by its parameters")
        slope = rule(t, project(out, 1), values).get(name)
        if slope is not None:
            total = slope if total is None else add(total, slope)
    return None, total


#: (state, parameters..., sizes..., token): (state afterwards, the values)
draw = Op(
    "draw",
    infer=_type,
    reference=_draw,
    vjp=_vjp,
    jvp=_jvp,
    traits=frozenset({"effect", "partial"}),
)


def drawn(
    state: Node,
    method: str,
    parameters: dict[str, Node],
    options: dict[str, Any],
    shape: Shape | None,
    dtype: DType,
    tail: Shape = (),
) -> tuple[Node, Node]:
    """(state afterwards, values).  shape None: one Python number; tail: the sizes of one vector
    draw.

    Raises UnsupportedError where a derivative by the parameters is asked for that is not known.
    """
    sizes = (*(shape or ()), *tail)
    attrs = {
        "dtype": dtype,
        "method": method,
        "names": tuple(parameters),
        "options": tuple(sorted(options.items())),
        "rank": -1 if shape is None else len(shape),
        "tail": len(tail),
        "weak": shape is None and not tail,
    }
    operands = (state, *parameters.values(), *(size_node(d) for d in sizes), *region())
    node = partial(make(draw, operands, tuple(sorted(attrs.items()))))
    return project(node, 0), project(node, 1)
