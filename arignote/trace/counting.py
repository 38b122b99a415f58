"""Python integers that only count: proof that they stay far below 64 bits.

A carried integer that grows by a small amount a step cannot overflow: nobody runs 2**53 steps.  So
`n += 1` needs no overflow check, while `s += i * i` keeps one.
"""

from __future__ import annotations

from ..fxgraph.affine import linear, minus, times
from ..fxgraph.constants import proj
from ..fxgraph.graph import bodies
from ..fxgraph.node import Node
from ..fxgraph.prove import ge0
from ..fxgraph.types import I64
from .leaves import COUNTED, MOST_PER_STEP
from .python_numbers import interval

#: What a count may be reset to, or start from, beside other counts.
SLACK = 2**32
DEPTH = 16


def grows_slowly(init: Node, param: Node, result: Node) -> bool:
    """Does a carried Python integer stay below COUNTED?  True for all other types."""
    if not param.type.weak or param.type.dtype != I64 or param.shape:
        return True
    return _is_count(init) and _small_step(result, param, MOST_PER_STEP, DEPTH)


def _is_count(n: Node) -> bool:
    low, high = interval(n)
    return low >= -COUNTED - SLACK and high <= COUNTED + SLACK


def _small_step(n: Node, param: Node, room: int, depth: int) -> bool:
    """Is n the param plus at most `room`, or something that is small by itself?"""
    if n is param:
        return True
    if param not in n.free or depth == 0:
        return _is_small(n)
    coefs, rest = linear(n)
    near = [a for a in coefs if param in a.free]
    if len(near) != 1 or coefs[near[0]] != 1:
        return _is_small(n)
    atom = near[0]
    for other, k in coefs.items():
        if other is not atom:
            low, high = interval(other)
            rest = max(abs(rest) + abs(k) * max(abs(low), abs(high)), 0)
    if abs(rest) > room:
        return _is_small(n)
    room -= abs(rest)
    return atom is param or _through(atom, param, room, depth - 1)


def _through(atom: Node, param: Node, room: int, depth: int) -> bool:
    """The same through branches, inner loops, choices and bounds."""
    name = atom.op.name
    if name == "where":
        return all(_small_step(x, param, room, depth) for x in atom.inputs[1:])
    if name in ("minimum", "maximum", "fits64", "cast"):
        return all(_small_step(x, param, room, depth) for x in atom.inputs if x.type.weak)
    if atom.op is not proj:
        return False
    (node,), k = atom.inputs, atom.attr("k")
    inner = bodies(node)
    if node.op.name == "cond":
        return all(_small_step(b.results[k], param, room, depth) for b in inner)
    if node.op.name == "scan" and k < len(inner[0].params):
        (body,) = inner
        return _small_step(node.inputs[k], param, room, depth) and _small_step(
            body.results[k], body.params[k], MOST_PER_STEP, depth
        )
    return False


def direction(param: Node, result: Node) -> int:
    """1 for a Python integer that never falls, -1 for one that never rises, else 0."""
    if not param.type.weak or param.type.dtype != I64 or param.shape or result is param:
        return 0
    for sign in (1, -1):
        if _goes(result, param, sign, DEPTH):
            return sign
    return 0


def _goes(n: Node, param: Node, sign: int, depth: int) -> bool:
    """Is sign * (n - param) never negative?"""
    if n is param or ge0(times(minus(n, param), sign)):
        return True
    coefs, _ = linear(n)
    near = [a for a in coefs if param in a.free]
    if depth == 0 or len(near) != 1 or coefs[near[0]] != 1:
        return False
    atom = near[0]
    if not ge0(times(minus(n, atom), sign)):
        return False
    name = atom.op.name
    if name == "where":
        return all(_goes(x, param, sign, depth - 1) for x in atom.inputs[1:])
    if name in ("minimum", "maximum"):
        up = (name == "maximum") == (sign > 0)
        return (any if up else all)(_goes(x, param, sign, depth - 1) for x in atom.inputs)
    if atom.op is not proj:
        return False
    (node,), k = atom.inputs, atom.attr("k")
    inner = bodies(node)
    if node.op.name == "cond":
        return all(_goes(b.results[k], param, sign, depth - 1) for b in inner)
    if node.op.name == "scan" and k < len(inner[0].params):
        (body,) = inner
        return _goes(node.inputs[k], param, sign, depth - 1) and _goes(
            body.results[k], body.params[k], sign, depth - 1
        )
    return False


def _is_small(n: Node) -> bool:
    low, high = interval(n)
    return low >= -(2**61) and high <= 2**61
