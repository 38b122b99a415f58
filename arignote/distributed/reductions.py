"""`all_reduce`: one array from those of all processes, as an op with derivatives.

Every process must meet the same reductions in the same order; processes that run the same function
on arrays of the same sizes do, because compilation is deterministic.  Derivatives are those of the
sum of all processes' results: the transpose of a sum over processes is a sum over processes.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from ..errors import DTypeError
from ..fxgraph.affine import dim, plus, size_node
from ..fxgraph.constants import lit
from ..fxgraph.node import Node, Op
from ..fxgraph.ops.elementwise import divide, equal, multiply, where
from ..fxgraph.ops.library import library
from ..fxgraph.ops.shaping import concatenate, count, ravel, sliced, zeros_like
from ..fxgraph.ops.structure import reshape
from ..fxgraph.prove import hinted
from ..nn.operands import network
from ..trace.numpy_api.arguments import array
from ..trace.proxy import wrap
from ..trace.pytree import flatten
from .communicators import communicator, find, operation

OPERATIONS = ("sum", "mean", "prod", "max", "min")
#: Small arrays travel together up to this size: a message costs as much as some 100 kB.
BUCKET_BYTES = 4 << 20


def all_reduce(x: Any, op: str = "sum", comm: Any = None) -> Any:
    """The sum (mean, prod, max, min) over all processes of their arrays x, in each of them.

    comm: an mpi4py communicator, or a name given to `communicator`; None is all processes.  Raises
    ValueError for other operations, UnsupportedError where there is no MPI.
    """
    _check(op)
    return _reduced(x, op, communicator(comm))


def all_reduce_tree(
    tree: Any, op: str = "mean", comm: Any = None, bucket_bytes: int = BUCKET_BYTES
) -> Any:
    """`all_reduce` of every array in a pytree (gradients, say), many in one message.

    Arrays of one dtype are joined, in order, to buckets of up to bucket_bytes.
    """
    _check(op)
    return _buckets(tree, op, communicator(comm), bucket_bytes)


def broadcast_tree(tree: Any, root: int = 0, comm: Any = None) -> Any:
    """The arrays of process `root` in all processes; for arrays, outside compiled functions."""
    group = find(communicator(comm))
    leaves, shape = flatten(tree)
    out = [np.array(x) for x in leaves]
    for x in out:
        group.Bcast(x, root=root)
    return shape.unflatten(out)


@network
def _reduced(x: Any, op: str, comm: str) -> Any:
    return wrap(_total(array(x), op, comm))


@network
def _buckets(tree: Any, op: str, comm: str, bucket_bytes: int) -> Any:
    leaves, shape = flatten(tree)
    given = [array(x) for x in leaves]
    out: list[Any] = [None] * len(given)
    for bucket in _grouped(given, int(bucket_bytes)):
        joined = _total(concatenate([ravel(_at_least_1d(given[k])) for k in bucket], 0), op, comm)
        start = lit(0)
        for k in bucket:
            size = count(given[k].shape)
            part = sliced(joined, 0, start, dim(size))
            out[k] = wrap(reshape(part, given[k].shape))
            start = plus(start, size)
    return shape.unflatten(out)


def _at_least_1d(n: Node) -> Node:
    return n if n.rank else reshape(n, (1,))


def _grouped(given: Sequence[Node], most: int) -> list[list[int]]:
    """Positions that travel together: of one dtype, in order, up to `most` bytes."""
    open_: dict[Any, tuple[list[int], int]] = {}
    out: list[list[int]] = []
    for k, n in enumerate(given):
        size = (hinted(size_node(dim(count(n.shape)))) or 0) * n.dtype.itemsize
        bucket, held = open_.get(n.dtype, ([], 0))
        if not bucket or held + size > most:
            bucket, held = [], 0
            out.append(bucket)
        bucket.append(k)
        open_[n.dtype] = bucket, held + size
    return out


def _total(n: Node, op: str, comm: str) -> Node:
    if n.dtype.kind == "c" and op in ("max", "min"):
        raise DTypeError(f"all_reduce: complex numbers have no {op}")
    if op != "mean":
        return all_reduce_op(n, op=op, comm=comm)
    total = all_reduce_op(n, op="sum", comm=comm)
    return divide(total, int(find(comm).Get_size()))


# ---- the op --------------------------------------------------------------------------------------
def _meaning(x: Any, *, op: str, comm: str) -> Any:
    group = find(comm)
    send = np.ascontiguousarray(x)
    receive = np.empty_like(send)
    group.Allreduce(send, receive, op=operation(group, op))
    return receive.reshape(np.shape(x))


def _vjp(g: Node, out: Node, x: Node, *, op: str, comm: str) -> tuple[Node]:
    total = all_reduce_op(g, op="sum", comm=comm)
    if op == "sum":
        return (total,)
    if op == "prod":
        return (divide(multiply(total, out), x),)
    return (where(equal(x, out), total, zeros_like(x)),)


def _jvp(tangents: Any, out: Node, x: Node, *, op: str, comm: str) -> Node | None:
    t = tangents[0]
    if t is None:
        return None
    if op == "prod":
        return multiply(all_reduce_op(divide(t, x), op="sum", comm=comm), out)
    if op != "sum":
        t = where(equal(x, out), t, zeros_like(x))
    return all_reduce_op(t, op="sum", comm=comm)


#: (x): the arrays x of all processes, reduced
all_reduce_op: Op = library(
    "all_reduce",
    reference=_meaning,
    infer=lambda x, *, op, comm: x.type,
    vjp=_vjp,
    jvp=_jvp,
)


def _check(op: str) -> None:
    if op not in OPERATIONS:
        raise ValueError(f"all_reduce: operation {op!r} is none of {', '.join(OPERATIONS)}")


__all__ = ["BUCKET_BYTES", "OPERATIONS", "all_reduce", "all_reduce_tree", "broadcast_tree"]
