"""Gradients of straight-line graphs against difference quotients, first and second order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from arignote.autograd_sym.check import check_gradients
from arignote.autograd_sym.complex_step import complex_step
from arignote.autograd_sym.forward import jvp
from arignote.autograd_sym.reverse import vjp
from arignote.errors import UnsupportedError
from arignote.fxgraph.affine import dim, minus
from arignote.fxgraph.constants import const, lit, new_input, new_size
from arignote.fxgraph.graph import Graph, order_of
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import Node, Op, Origin, at_origin, make
from arignote.fxgraph.ops import elementwise as el
from arignote.fxgraph.ops import reduce as red
from arignote.fxgraph.ops import structure as st
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.ops.products import matmul
from arignote.fxgraph.ops.shaping import (
    diagonal_window,
    expand,
    flip,
    select,
    sliced,
    spread,
    transpose,
)
from arignote.fxgraph.types import TensorType
from arignote.fxgraph.verify import verify
from arignote.fxgraph.window import Window
from arignote.optimize.pipeline import optimize

n, m = new_size("n"), new_size("m")
x = new_input("x", "f8", (dim(n),))
y = new_input("y", "f8", (dim(n),))
A = new_input("A", "f8", (dim(m), dim(n)))
S = new_input("S", "f8", (dim(n), dim(n)))
c = new_input("c", "f8")
k = new_input("k", "i8", (4,))
rng = np.random.default_rng(1)
FEEDS = {
    n: 5,
    m: 3,
    x: rng.uniform(0.2, 1.0, 5),
    y: rng.uniform(0.2, 1.0, 5),
    A: rng.normal(size=(3, 5)),
    S: rng.normal(size=(5, 5)),
    c: np.float64(0.7),
    k: np.array([0, 3, 3, -1]),
}


def total(z: Node, *axes: int) -> Node:
    return red.reduce_sum(z, axes=axes or tuple(range(z.rank)))


def pick(base: Node, index: Node, axis: int = 0, at: int = 0) -> Node:
    return make(st.gather, (base, index), (("at", at), ("axes", (axis,)), ("mode", "raise")))


def scatter(op: Op, base: Node, value: Node, index: Node) -> Node:
    return make(op, (base, value, index), (("at", 0), ("axes", (0,)), ("mode", "raise")))


PROGRAMS: dict[str, Callable[[], Node | tuple[Node, ...]]] = {
    "broadcast": lambda: el.multiply(el.exp(el.multiply(A, x)), c),
    "scalar times itself": lambda: el.multiply(c, el.multiply(c, c)),
    "square matrix and its transpose": lambda: el.multiply(S, transpose(S, (1, 0))),
    "row and column": lambda: el.multiply(expand(x, (1,)), expand(y, (0,))),
    "sum and mean": lambda: el.divide(total(el.square(A), 1), total(el.exp(x))),
    "overlapping slices": lambda: el.multiply(
        sliced(x, 0, 0, dim(minus(n, lit(1)))), sliced(x, 0, 1, dim(minus(n, lit(1))))
    ),
    "flip": lambda: el.multiply(x, flip(x, (0,))),
    "diagonal": lambda: el.tanh(st.view(S, diagonal_window(S.shape, 0, dim(n)))),
    "one element": lambda: el.tanh(select(select(A, 0, 1), 0, 2)),
    "spread": lambda: el.multiply(spread(x, (dim(m), dim(n))), A),
    "written row": lambda: el.tanh(
        st.set_item(A, Window((lit(1), lit(0)), (1, 1), (-1, 0), (dim(n),)), el.exp(x))
    ),
    "written scalar": lambda: el.square(st.set_item(x, Window((lit(0),), (2,), (0,), (2,)), c)),
    "added row": lambda: el.square(
        st.add_at(A, Window((lit(0), lit(0)), (1, 1), (0, 1), A.shape), x)
    ),
    "written then read": lambda: el.multiply(
        select(
            st.set_item(x, Window((lit(2),), (1,), (-1,), ()), el.multiply(c, select(x, 0, 2))),
            0,
            2,
        ),
        c,
    ),
    "gather": lambda: el.multiply(pick(x, k), pick(y, k)),
    "gather columns": lambda: el.exp(pick(A, k, 1, 1)),
    "scatter set with repeats": lambda: el.square(
        scatter(st.scatter_set, x, el.exp(pick(y, k)), k)
    ),
    "scatter set of rows": lambda: el.square(
        scatter(st.scatter_set, S, el.multiply(pick(S, k), c), k)
    ),
    "scatter add": lambda: el.square(scatter(st.scatter_add, x, el.exp(pick(y, k)), k)),
    "reshape": lambda: el.multiply(st.reshape(S, (dim(n), 1, dim(n))), expand(x, (0, 1))),
    "fill": lambda: el.multiply(st.full(c, A.shape), A),
    "product": lambda: matmul(matmul(A, S), transpose(A, (1, 0))),
    "where": lambda: el.where(el.less(x, 0.5), el.multiply(x, c), el.log(x)),
    "softmax": lambda: el.divide(el.exp(A), expand(total(el.exp(A), 1), (1,))),
    "reduce prod": lambda: red.reduce_prod(A, axes=(1,)),
    "reduce max": lambda: red.reduce_max(A, axes=(0,)),
    "running": lambda: el.multiply(red.cumulate_sum(x, axis=0), red.cumulate_prod(y, axis=0)),
    "two outputs": lambda: (el.multiply(x, c), total(el.exp(el.multiply(x, y)))),
    "powers": lambda: el.add(el.power(x, 3.0), el.power(x, y)),
}


@pytest.mark.parametrize("name", PROGRAMS)
def test_gradients(name: str) -> None:
    out = PROGRAMS[name]()
    graph = Graph(tuple(FEEDS), out if isinstance(out, tuple) else (out,))
    wrt = [z for z in (x, y, A, S, c) if z in set(graph.order)]
    check_gradients(graph, FEEDS, wrt, order=2)


@pytest.mark.parametrize("name", PROGRAMS)
def test_optimized_gradients_are_the_same(name: str) -> None:
    out = PROGRAMS[name]()
    outputs = out if isinstance(out, tuple) else (out,)
    wrt = [z for z in (x, y, A, S, c) if z in set(order_of(outputs))]
    seeds = [spread(const(1.0), o.shape) for o in outputs]
    grads = vjp(outputs, seeds, wrt)
    graph = Graph(tuple(FEEDS), tuple(g for g in grads if g is not None))
    verify(graph, "vjp")
    assert [g.type for g in graph.outputs] == [z.type for z in wrt]
    new = optimize(graph, check=True)
    for a, b in zip(interpret(graph, FEEDS), interpret(new, FEEDS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-11, atol=1e-12)


# ---- missing gradients ---------------------------------------------------------------------------
def test_disconnected_is_none_and_zero_is_zeros() -> None:
    out = total(el.multiply(el.floor(x), 2.0))
    gx, gy = vjp([out], [const(1.0)], [x, y])
    assert gy is None and gx is not None
    np.testing.assert_array_equal(interpret(Graph((n, x), (gx,)), FEEDS)[0], np.zeros(5))


def test_constants_stop_gradients() -> None:
    inner = el.exp(x)
    (g,) = vjp([el.multiply(inner, x)], [x], [x], constant=[inner])
    value = interpret(Graph((n, x), (g,)), FEEDS)[0]
    np.testing.assert_allclose(value, np.exp(FEEDS[x]) * FEEDS[x])


def test_integers_end_gradients() -> None:
    i = new_input("i", "i8", (4,))
    out = el.multiply(cast_to(i, "f8"), c)
    gi, gc = vjp([total(out)], [const(1.0)], [i, c])
    assert gi is None and gc is not None


def test_an_op_without_a_rule_names_the_line() -> None:
    opaque = Op("opaque_for_test", infer=lambda z: TensorType(z.dtype, z.shape), reference=np.sort)
    with at_origin(Origin("model.py", 3, "opaque(x)")):
        out = make(opaque, (x,))
    with pytest.raises(
        UnsupportedError, match=r"opaque_for_test has no derivative at model.py:3: opaque\(x\)"
    ):
        vjp([out], [x], [x])
    with pytest.raises(UnsupportedError, match="opaque_for_test"):
        jvp([out], [x], [x])


def test_gradients_keep_the_operands_dtype() -> None:
    h = new_input("h", "f4", (dim(n),))
    out = total(el.multiply(cast_to(h, "f8"), x))
    gh, gx = vjp([out], [const(1.0)], [h, x])
    assert gh is not None and gx is not None
    assert (gh.type, gx.type) == (h.type, x.type)


def test_many_reads_of_one_array_are_added_in_place() -> None:
    out = const(0.0)
    for i in range(50):
        out = el.add(out, el.exp(select(select(A, 0, 0), 0, i % 4)))
    (g,) = vjp([out], [const(1.0)], [A])
    assert g is not None
    names = [z.op.name for z in order_of([g])]
    assert names.count("full") == 1 and names.count("add_at") >= 4


def test_complex_follows_jax() -> None:
    z = new_input("z", "c16")
    (g,) = vjp([el.multiply(z, z)], [const(1.0 + 0j)], [z])
    value = interpret(Graph((z,), (g,)), {z: np.complex128(1 + 2j)})[0]
    assert value == 2 * (1 + 2j)


def test_a_chain_of_50000_nodes_is_differentiated_without_recursion() -> None:
    z = x
    for i in range(50_000):
        z = el.tanh(z) if i % 3 else el.multiply(z, c)
    gx, gc = vjp([z], [x], [x, c])
    assert gx is not None and gc is not None
    tx = jvp([z], [x], [x])[0]
    assert tx is not None


def test_the_complex_step_is_exact_and_declines_what_is_not_analytic() -> None:
    graph = Graph((n, x), (el.multiply(el.exp(x), el.sin(x)),))
    d = rng.normal(size=5)
    v = FEEDS[x]
    want = float(np.sum((np.exp(v) * (np.sin(v) + np.cos(v))) * d))
    got = complex_step(graph, FEEDS, [x], [d], [np.ones(5)])
    assert got == pytest.approx(want, rel=1e-14)
    assert complex_step(Graph((n, x), (el.absolute(x),)), FEEDS, [x], [d], [np.ones(5)]) is None
