"""Which nodes of a region become statements of their own.

What many elements read, what needs memory and what has an effect does; other values are computed
where they are read.
"""

from __future__ import annotations

from collections.abc import Sequence

from ...fxgraph.node import Node
from ...fxgraph.types import TensorType
from ...fxgraph.window import window_of
from .region import MAX_DEPTH, NEVER, PANELS, Region, is_dot
from .scope import Scope
from .versions import chain_root, is_array


def is_action(n: Node, region: Region, scope: Scope) -> bool:
    """Does n become a statement of its own?"""
    op = n.op
    if op.name in NEVER or n in scope:
        return False
    if "body" in op.traits or n in region.forced:
        return True
    if op.name == "reshape":
        source = scope.buffer(n.inputs[0]) or scope.buffer(chain_root(n.inputs[0]))
        strided = source is not None and source.strides is not None
        return strided or None in region.users.get(n, ())
    if op.traits & {"write", "scatter", "library", "running", "arg_reduction", "effect"}:
        return True
    if "partial" in op.traits and op.name != "gather":
        return True
    if not isinstance(n.type, TensorType):
        return True
    users = region.users.get(n, [])
    if not n.shape:
        return _scalar_action(n, users) or (_slow(n) and _spread(n, region))
    if None in users:
        return True
    return _array_action(n, _through_views(users, region), region)


def _through_views(users: Sequence[Node | None], region: Region) -> Sequence[Node | None]:
    """Who reads a value, where all that is read is one window of it."""
    while len(users) == 1 and users[0] is not None and users[0].op.name == "view":
        further = region.users.get(users[0], [])
        if len(further) < 2:
            break
        users = further
    return users


def _scalar_action(n: Node, users: Sequence[Node | None]) -> bool:
    if n.op.name in ("view", "matmul", "gather") or "reduction" in n.op.traits:
        return True
    one = len(users) == 1 and users[0] is not None and not (set(users[0].op.traits) & {"body"})
    cheap = one and users[0] is not None and (is_array(users[0]) or not _has_shape(users[0]))
    return not cheap or (users[0] is not None and bool(users[0].op.traits & PANELS))


_QUICK = frozenset(
    "add subtract multiply divide negative square absolute minimum maximum where cast real imag "
    "conjugate make_complex equal not_equal less less_equal greater greater_equal logical_and "
    "logical_or logical_not logical_xor bitwise_and bitwise_or bitwise_xor invert left_shift "
    "right_shift floor_divide remainder isnan isinf isfinite sign sqrt".split()
)


def _slow(n: Node) -> bool:
    """Is it worth a variable, so that it is not computed for each element that it meets?"""
    return "elementwise" in n.op.traits and n.op.name not in _QUICK


def _spread(n: Node, region: Region) -> bool:
    """Does a number meet the elements of an array?"""
    while True:
        users = region.users.get(n, [])
        if len(users) != 1 or users[0] is None or "elementwise" not in users[0].op.traits:
            return False
        n = users[0]
        if n.shape:
            return True


def _has_shape(n: Node) -> bool:
    return isinstance(n.type, TensorType) and bool(n.type.shape)


def _array_action(n: Node, users: Sequence[Node | None], region: Region) -> bool:
    name = n.op.name
    readers = [u for u in users if u is not None]
    if name == "empty":
        return False
    if name in ("view", "full", "iota", "reshape"):
        return name in ("full", "iota") and any(_starts_from(u, n) for u in readers)
    if "body" in {t for u in readers for t in u.op.traits}:
        return True
    if any(u.op.name == "view" and window_of(u).repeated for u in readers):
        return True
    if name == "matmul" and not is_dot(n):
        return True
    if "reduction" in n.op.traits and keeps_last_axis(n):
        return True
    if not _is_plain_cast(n, region) and _is_broadcast(n, readers, region):
        return True
    if "reduction" in n.op.traits or name == "matmul":
        return not (
            (len(users) == 1 and readers[0].op.name in ("set_item", "add_at"))
            or (_same_shape_use(n, readers) and not _read_anywhere(readers[0], region))
        )
    if name == "gather" or "elementwise" in n.op.traits:
        return len(users) > 1 and n.op.name != "cast"
    return True


def _starts_from(u: Node, n: Node) -> bool:
    """Does a loop carry n on, or a branch read it?  What only the steps of a loop read is computed
    there."""
    if u.op.name != "scan":
        return "body" in u.op.traits
    return n in u.inputs[: u.attr("n")]


def _is_plain_cast(n: Node, region: Region) -> bool:
    """Is it a cast of what is in memory?  It costs no more than reading: readers do it again."""
    if n.op.name != "cast":
        return False
    x = n.inputs[0]
    alone = len(region.users.get(x, ())) < 2
    return not (alone and "elementwise" in x.op.traits and x.op.name != "cast")


def keeps_last_axis(n: Node) -> bool:
    """Does a reduction keep the last axis?  It then folds whole rows, in the operand's order."""
    x = n.inputs[0]
    last = x.shape[-1] if x.rank else 1
    return (
        bool(n.shape)
        and (x.rank - 1) not in n.attr("axes")
        and not (isinstance(last, int) and last <= 4)
    )


def _is_broadcast(n: Node, readers: Sequence[Node], region: Region) -> bool:
    """Would a reader, behind views too, compute each element of n many times over?"""
    stack = [(n, r) for r in readers]
    seen: set[Node] = set()
    while stack:
        x, reader = stack.pop()
        if reader.op.name == "view":
            if reader not in seen:
                seen.add(reader)
                stack.extend((reader, r) for r in region.users.get(reader, ()) if r is not None)
        elif _broadcasts(x, reader):
            return True
    return False


def _broadcasts(n: Node, reader: Node) -> bool:
    """Does an elementwise reader use each element of n for many of its own?"""
    if "elementwise" not in reader.op.traits:
        return False
    offset = reader.rank - n.rank
    return any(
        not (isinstance(d, int) and d == 1)
        and (k < offset or (isinstance(n.shape[k - offset], int) and n.shape[k - offset] == 1))
        for k, d in enumerate(reader.shape)
    )


def _same_shape_use(n: Node, readers: Sequence[Node]) -> bool:
    """One elementwise reader of the same shape: computed there, element by element."""
    if len(readers) != 1 or "elementwise" not in readers[0].op.traits:
        return False
    return readers[0].shape == n.shape


def _read_anywhere(n: Node, region: Region) -> bool:
    """Does an elementwise value end, element by element, in a gather that may ask for any of them
    again?
    """
    for _ in range(MAX_DEPTH):
        users = region.users.get(n, [])
        if len(users) != 1 or users[0] is None:
            return False
        if users[0].op.name == "gather":
            return bool(users[0].shape)
        if "elementwise" not in users[0].op.traits and users[0].op.name != "view":
            return False
        n = users[0]
    return False
