"""Small hand-built programs: what the tests print, build and run."""

import numpy as np

from arignote.fxgraph.affine import plus, size_node
from arignote.fxgraph.constants import const, lit, new_index, new_size
from arignote.fxgraph.node import Origin, make
from arignote.fxgraph.ops import elementwise as ew
from arignote.fxgraph.types import TensorType
from arignote.optimize.loopnest.program import (
    Assign,
    Buffer,
    Fold,
    Loop,
    Program,
    Result,
    Store,
    load,
    new_local,
)

F8 = np.dtype("f8")


def op(name, *operands, **attrs):
    """A node of an elementwise op whose operands have the right dtypes already."""
    return make(getattr(ew, name), operands, tuple(sorted(attrs.items())))


def argument(name, dtype, shape, **more):
    return Buffer(name, np.dtype(dtype), tuple(shape), "argument", **more)


def output(name, dtype, shape, static=True):
    b = Buffer(name, np.dtype(dtype), tuple(shape), "result")
    return b, Result(TensorType(np.dtype(dtype), tuple(shape)), b, None, static)


def scalar_output(local):
    return Result(local.type, None, local, True)


def local(name, dtype="f8", weak=False):
    return new_local(name, TensorType(np.dtype(dtype), (), weak))


def counter(hi, name="i", lo=0, step=1):
    at = [x if not isinstance(x, int) else lit(x) for x in (lo, hi)]
    return new_index(at[0], at[1], step, name)


def here(line, text):
    return Origin("example.py", line, text)


def program(name, pointers, integers, statements, results, guards=(), sites=()):
    return Program(
        name, tuple(pointers), tuple(integers), tuple(guards), tuple(statements), tuple(results),
        tuple(sites),
    )  # fmt: skip


def elementwise_program(dtype="f8", f=None):
    """out[i] = f(x[i], y[i])"""
    n = new_size("n")
    x, y = argument("x", dtype, [n], written=False), argument("y", dtype, [n], written=False)
    i = counter(n)
    value = (f or (lambda a, b: op("add", op("multiply", op("exp", a), b), a)))(
        load(x, [i]), load(y, [i])
    )
    out, r = output("out", value.dtype, [n])
    nest = Loop(i, (Store(out, (i,), value),), vector=True, origin=here(3, "exp(x) * y + x"))
    return program("f", [x, y], [n], [nest], [r])


def reduction_program(reduce, start, dtype="f8", f=lambda v: v, rtype=None):
    """s = start; for i: s = s (reduce) f(x[i])"""
    n = new_size("n")
    x = argument("x", dtype, [n], written=False)
    i = counter(n)
    s = local("s", rtype or dtype)
    body = (
        Assign(s, const(start, s.dtype)),
        Loop(i, (Fold(s, reduce, f(load(x, [i]))),), origin=here(2, "np.sum(x)")),
    )
    return program("total", [x], [n], body, [scalar_output(s)])


def softmax_program():
    """Each row: its maximum, exponentials, their sum, quotients."""
    from arignote.fxgraph.ops.reduce import reduce_max, reduce_sum

    n, m = new_size("n"), new_size("m")
    x = argument("x", F8, [n, m], written=False)
    out, r = output("p", F8, [n, m])
    i = counter(n, "i")
    top, total, j, k, l = (
        local("top"),
        local("total"),
        counter(m, "j"),
        counter(m, "j"),
        counter(m, "j"),
    )
    body = (
        Assign(top, const(-np.inf, F8)),
        Loop(j, (Fold(top, reduce_max, load(x, [i, j])),), origin=here(2, "x.max(1)")),
        Assign(total, const(0.0, F8)),
        Loop(
            k,
            (Fold(total, reduce_sum, op("exp", op("subtract", load(x, [i, k]), top))),),
            origin=here(3, "np.exp(x - top).sum(1)"),
        ),
        Loop(
            l,
            (
                Store(
                    out,
                    (i, l),
                    op("divide", op("exp", op("subtract", load(x, [i, l]), top)), total),
                ),
            ),
            origin=here(4, "np.exp(x - top) / total"),
        ),
    )
    return program("softmax", [x], [n, m], [Loop(i, body, parallel=True, work=size_node(m))], [r])


def stencil_program():
    """A += in place: a[i] = (a[i-1] + a[i] + a[i+1]) / 3 for 1 <= i < n - 1"""
    n = new_size("n")
    a = argument("a", F8, [n])
    i = counter(plus(n, lit(-1)), lo=1)
    total = op(
        "add", op("add", load(a, [plus(i, lit(-1))]), load(a, [i])), load(a, [plus(i, lit(1))])
    )
    body = Store(a, (i,), op("divide", total, const(3.0, F8)))
    return program(
        "sweep",
        [a],
        [n],
        [Loop(i, (body,), origin=here(5, "a[i] = (a[i-1] + a[i] + a[i+1]) / 3"))],
        [],
    )
