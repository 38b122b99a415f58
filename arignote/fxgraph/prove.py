"""What is known while a graph is built: facts, hints, guards, and the small eliminator over them.

`ge0(n)` proves an affine integer non-negative by eliminating its newest atom through that atom's
bounds.  `sure(n)` also takes what is true for the sizes of the present call, and records it as a
guard: the kernel tests its guards before it writes anything, and a failed guard traces anew.
Guards are never made for user conditions, nor for loop bounds but to tell that no step is taken.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from .affine import combine, from_linear, linear, minus, plus, times
from .constants import array_of, constant, index, input_op, lit, token
from .node import Node

DEPTH = 5
#: Parts of one question after which it counts as not proved.
MOST_STEPS = 500


@dataclass
class Knowledge:
    """State of one construction (a trace, a gradient, a rewrite)."""

    facts: list[Node] = field(default_factory=list)  # affine nodes known to be >= 0 here
    hints: dict[Node, int] = field(default_factory=dict)  # input integer -> its value in this call
    guards: dict[Node, None] = field(
        default_factory=dict
    )  # affine nodes over inputs taken to be >= 0
    regions: list[Node] = field(
        default_factory=list
    )  # tokens of the bodies being built, innermost last
    memo: dict[tuple[Node, tuple[Node, ...], int], bool] = field(default_factory=dict)
    values: dict[Node, int | None] = field(default_factory=dict)  # what `hinted` found for atoms
    taken: dict[tuple[Node, ...], bool] = field(default_factory=dict)  # see `_of_this_call`
    steps: int = 0  # parts of the present question that `ge0` has looked at


_local = threading.local()


def knowledge() -> Knowledge:
    """The innermost construction's knowledge (an empty one outside any)."""
    stack: list[Knowledge] | None = getattr(_local, "stack", None)
    if not stack:
        _local.stack = stack = [Knowledge()]
    return stack[-1]


@contextmanager
def construction(k: Knowledge | None = None) -> Iterator[Knowledge]:
    """Start with fresh knowledge (or the given one); the outer one comes back at the end."""
    knowledge()
    _local.stack.append(k if k is not None else Knowledge())
    try:
        yield _local.stack[-1]
    finally:
        _local.stack.pop()


def region() -> tuple[Node, ...]:
    """The token of the region being built, as the extra operand of a partial operation."""
    return tuple(knowledge().regions[-1:])


@contextmanager
def inside(where: Node | None, *facts: Node) -> Iterator[None]:
    """Build inside a body: its token, and what holds there."""
    k = knowledge()
    added = list(facts)
    k.facts.extend(added)
    if where is not None:
        k.regions.append(where)
    try:
        yield
    finally:
        for f in reversed(added):
            _remove_last(k.facts, f)
        if where is not None:
            k.regions.pop()


def _remove_last(facts: list[Node], f: Node) -> None:
    for position in range(len(facts) - 1, -1, -1):
        if facts[position] is f:
            del facts[position]
            return


def ge0(n: Node, depth: int = DEPTH) -> bool:
    """Is the integer scalar n provably >= 0?"""
    k = knowledge()
    key = (n, tuple(k.facts), depth)
    known = k.memo.get(key)
    if known is not None:
        return known
    if depth == DEPTH:
        k.steps = 0
    k.steps += 1
    if k.steps > MOST_STEPS:
        return False
    k.memo[key] = False  # a cycle proves nothing
    try:
        known = _ge0(n, depth)
    except OverflowError:  # a number of the proof is beyond 64 bits
        known = False
    k.memo[key] = known
    if k.steps > MOST_STEPS and not known:
        del k.memo[key]  # another question may get further
    return known


def _ge0(n: Node, depth: int) -> bool:
    coefs, const = linear(n)
    if not coefs:
        return const >= 0
    value = hinted(n)
    if value is not None and value < 0 and _of_this_call():
        return False  # where all facts hold in this call, nothing that is false in it follows
    facts = knowledge().facts
    if any(f is n for f in facts):
        return True
    if depth == 0:
        return False
    for atom in sorted(coefs, key=lambda a: -a.serial):
        k = coefs[atom]
        rest = from_linear({b: c for b, c in coefs.items() if b is not atom}, const)
        alternatives, both = bounds(atom, k > 0)
        tests = (ge0(plus(rest, times(b, k)), depth - 1) for b in alternatives)
        if alternatives and (all(tests) if both else any(tests)):
            return True
        multiple = _multiple_of_quotient(atom, k)
        if multiple is not None and ge0(plus(rest, multiple), depth - 1):
            return True
    mine = set(coefs)
    return any(
        mine & set(linear(f)[0]) and ge0(minus(n, f), depth - 1)
        for f in reversed(facts)
        if f is not n
    )


def _of_this_call() -> bool:
    """Do the facts hold in this call?  Not in a branch that it does not take."""
    k = knowledge()
    facts = tuple(k.facts)
    known = k.taken.get(facts)
    if known is None:
        values = [hinted(f) for f in facts]
        known = k.taken[facts] = all(v is None or v >= 0 for v in values)
    return known


def bounds(atom: Node, lower: bool) -> tuple[list[Node], bool]:
    """Bounds of an atom from one side; True when every alternative must do (what min/max hides)."""
    name = atom.op.name
    if atom.op is index:
        lo, hi = atom.attr("lo"), atom.attr("hi")
        if atom.attr("step") < 0:
            lo, hi = plus(hi, lit(1)), plus(lo, lit(1))
        return ([lo] if lower else [minus(hi, lit(1))]), False
    if name == "check_index":
        return ([lit(0)] if lower else [minus(atom.inputs[1], lit(1))]), False
    if name == "same_size":
        return [atom.inputs[0], atom.inputs[1]], False
    if name in ("minimum", "maximum") and atom.type.weak:
        return list(atom.inputs), (name == "minimum") == lower
    if name == "floor_divide" and atom.inputs[1].op is constant and atom.type.weak:
        return _quotient_bounds(atom.inputs[0], int(array_of(atom.inputs[1])), lower), False
    if name == "multiply" and atom.type.weak and lower:
        a, b = atom.inputs
        positive = all(ge0(minus(x, lit(1)), DEPTH - 3) for x in (a, b))
        return ([a, b] if positive else []), False
    if name == "remainder" and atom.inputs[1].op is constant and atom.type.weak:
        k = int(array_of(atom.inputs[1]))
        if k > 0:
            return [lit(0) if lower else lit(k - 1)], False
    if atom.op is input_op and lower and atom.attr("lower") is not None:
        return [lit(atom.attr("lower"))], False
    if name in ("count_true", "stacked_steps") and lower:
        return [lit(0)], False
    if atom.type.dtype.kind == "u" and lower:
        return [lit(0)], False
    if name == "cast" and atom.type.weak and atom.inputs[0].type.dtype.kind in "bu" and lower:
        return [lit(0)], False
    return [], False


def _quotient_bounds(x: Node, k: int, lower: bool) -> list[Node]:
    """floor(x / k) for a literal k >= 1: 0 when x is never negative, x when x is."""
    if k < 1:
        return []
    if lower:
        return [lit(0)] if ge0(x, DEPTH - 2) else []
    return [x] if ge0(x, DEPTH - 2) else []


def _multiple_of_quotient(atom: Node, c: int) -> Node | None:
    """A lower bound of c * floor(x / k), where k divides c: x - k < k * floor(x / k) <= x."""
    if atom.op.name != "floor_divide" or not atom.type.weak or atom.inputs[1].op is not constant:
        return None
    x, k = atom.inputs[0], int(array_of(atom.inputs[1]))
    if k < 1 or c % k:
        return None
    return times(x if c < 0 else minus(x, lit(k - 1)), c // k)


def sure(n: Node) -> bool:
    """ge0, or true for this call's sizes: then the graph is guarded by it."""
    if ge0(n):
        return True
    value = hinted(n)
    if value is None or value < 0 or not linear(n)[0]:
        return False
    k = knowledge()
    k.guards[n] = None
    k.facts.insert(0, n)
    k.memo.clear()
    return True


def hinted(n: Node) -> int | None:
    """The value of an integer scalar in this call, if it depends on inputs only."""
    total = 0
    coefs, const = linear(n)
    for atom, c in coefs.items():
        value = _atom_value(atom)
        if value is None:
            return None
        total += value * c
    return total + const


#: Total arithmetic of Python integers whose value in a call follows from its operands'.
_VALUES: dict[str, Callable[[int, int], int]] = {
    "multiply": lambda x, y: x * y,
    "floor_divide": lambda x, y: x // y,
    "remainder": lambda x, y: x % y,
    "minimum": min,
    "maximum": max,
}
_NESTING = 20  # operations inside one another before an atom's value is given up


def _atom_value(atom: Node, nesting: int = _NESTING) -> int | None:
    """The value of an atom in this call: a hint, or arithmetic of hints."""
    k = knowledge()
    if atom in k.hints:
        return k.hints[atom]
    meaning = _VALUES.get(atom.op.name)
    if meaning is None or not atom.type.weak or not nesting or atom.dtype.kind != "i":
        return None
    if atom not in k.values:
        operands = [_linear_value(x, nesting - 1) for x in atom.inputs]
        x, y = operands
        if x is None or y is None or (y == 0 and atom.op.name in ("floor_divide", "remainder")):
            k.values[atom] = None
        else:
            k.values[atom] = meaning(x, y)
    return k.values[atom]


def _linear_value(n: Node, nesting: int) -> int | None:
    coefs, const = linear(n)
    values = [(_atom_value(atom, nesting), c) for atom, c in coefs.items()]
    if any(v is None for v, _ in values):
        return None
    return sum((v * c for v, c in values if v is not None), const)


def equal(a: Node, b: Node) -> bool:
    """Are two integers provably equal?"""
    if a is b:
        return True
    d = minus(a, b)
    return ge0(d) and ge0(times(d, -1))


def sure_equal(a: Node, b: Node) -> bool:
    """equal, or equal in this call (guarded)."""
    if a is b:
        return True
    d = minus(a, b)
    value = hinted(d)
    if value is not None and linear(d)[0]:
        return value == 0 and sure(d) and sure(times(d, -1))
    return ge0(d) and ge0(times(d, -1))


def is_token(n: Node) -> bool:
    return n.op is token


__all__ = [
    "Knowledge",
    "bounds",
    "combine",
    "construction",
    "equal",
    "ge0",
    "hinted",
    "inside",
    "is_token",
    "knowledge",
    "region",
    "sure",
    "sure_equal",
]
