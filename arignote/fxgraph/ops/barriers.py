"""Identities that only change derivatives; rewriting removes them, because by then derivatives are
taken.

`grad_point` makes a value the thing that is differentiated with respect to: two points of one
value are two variables.  The others stand where Theano's `disconnected_grad`, `zero_grad`,
`grad_clip` and `grad_scale` stood.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ..constants import const, fresh_uid
from ..node import Node, Op, make
from .elementwise import clip, multiply
from .family import cast_to
from .shaping import zeros_like


def _identity(
    name: str, vjp: Callable[..., tuple[Node | None, ...]], jvp: Callable[..., Node | None]
) -> Op:
    return Op(
        name,
        infer=lambda x, **attrs: x.type,
        reference=lambda x, **attrs: x,
        vjp=vjp,
        jvp=jvp,
        scalar_c="{x}",
        traits=frozenset({"elementwise", "barrier"}),
        extra={"arity": 1, "domain": (-3.0, 3.0), "ulp": 0.0, "resolve": lambda *k: (k[0], k[0])},
    )


#: x, as a variable of its own
grad_point_op = _identity(
    "grad_point", lambda g, out, x, *, uid: (g,), lambda t, out, x, *, uid: t[0]
)
#: x, computed again: not merged with x, so that what follows is not kept but repeated
recompute_point_op = _identity(
    "recompute_point", lambda g, out, x, *, uid: (g,), lambda t, out, x, *, uid: t[0]
)
#: x; nothing flows back
stop_gradient_op = _identity("stop_gradient", lambda g, out, x: (None,), lambda t, out, x: None)
#: x; zeros flow back
zero_gradient_op = _identity(
    "zero_gradient", lambda g, out, x: (zeros_like(x),), lambda t, out, x: zeros_like(x)
)
#: x; the cotangent is clipped
clip_gradient_op = _identity(
    "clip_gradient",
    lambda g, out, x, *, lo, hi: (clip(g, _like(lo, x), _like(hi, x)),),
    lambda t, out, x, *, lo, hi: t[0],
)
#: x; the cotangent is scaled
scale_gradient_op = _identity(
    "scale_gradient",
    lambda g, out, x, *, factor: (multiply(g, _like(factor, x)),),
    lambda t, out, x, *, factor: None if t[0] is None else multiply(t[0], _like(factor, x)),
)


def _like(value: float, x: Node) -> Node:
    return cast_to(const(value), x.dtype)


def grad_point(x: Node) -> Node:
    return make(grad_point_op, (x,), (("uid", fresh_uid()),))


def recompute_point(x: Node) -> Node:
    return make(recompute_point_op, (x,), (("uid", fresh_uid()),))


def barrier(op: Op, x: Node, **attrs: Any) -> Node:
    return make(op, (x,), tuple(sorted(attrs.items())))
