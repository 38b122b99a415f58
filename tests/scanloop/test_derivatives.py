"""Derivatives of loops and branches: both modes, first and second order, and what they store."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.autograd_sym.check import check_gradients, gradient_graph
from arignote.autograd_sym.reverse import vjp
from arignote.fxgraph.affine import dim, plus
from arignote.fxgraph.constants import const, lit
from arignote.fxgraph.graph import Graph, bodies, order_of
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.elementwise import add, exp, less, multiply, tanh
from arignote.fxgraph.ops.structure import full
from arignote.fxgraph.verify import verify
from arignote.optimize.pipeline import optimize
from arignote.scanloop.merge import merge_loops
from tests.scanloop.programs import (
    FEEDS,
    PROGRAMS,
    A,
    c,
    choose,
    get,
    loop,
    m,
    n,
    put,
    x,
)

SLOW_TWICE = ("cholesky", "lu")


def graph_of(out: Node) -> tuple[Graph, list[Node]]:
    reads = set(order_of([out]))
    return Graph(tuple(FEEDS), (out,)), [z for z in (x, A, c) if z in reads]


@pytest.mark.parametrize("name", PROGRAMS)
def test_both_modes_agree_with_differences(name: str) -> None:
    graph, wrt = graph_of(PROGRAMS[name]())
    check_gradients(graph, FEEDS, wrt)


@pytest.mark.parametrize("name", PROGRAMS)
def test_second_order(name: str) -> None:
    graph, wrt = graph_of(PROGRAMS[name]())
    ones = [np.ones(np.shape(v)) for v in interpret(graph, FEEDS)]
    first = optimize(gradient_graph(graph, wrt, ones), check=True)
    feeds = {**FEEDS, n: 3, x: FEEDS[x][:3], A: FEEDS[A][:3, :3]} if name in SLOW_TWICE else FEEDS
    if feeds is not FEEDS:
        first = optimize(gradient_graph(graph, wrt, [np.ones((3, 3))]))
    check_gradients(first, feeds, wrt)


@pytest.mark.parametrize("name", PROGRAMS)
def test_rewriting_the_gradient_changes_no_bit(name: str) -> None:
    graph, wrt = graph_of(PROGRAMS[name]())
    ones = [np.ones(np.shape(v)) for v in interpret(graph, FEEDS)]
    plain = gradient_graph(graph, wrt, ones)
    verify(plain, "gradient")
    new = optimize(plain, check=True)
    assert optimize(new) is new
    for a, b in zip(interpret(plain, FEEDS), interpret(new, FEEDS), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-12, atol=1e-13)


# ---- what is stored ------------------------------------------------------------------------------
def gradient_loops(name: str) -> tuple[list[Node], list[Node]]:
    """(loops of the forward pass, loops of the backward pass) of value and gradient."""
    graph, wrt = graph_of(PROGRAMS[name]())
    seed = full(const(1.0), graph.outputs[0].shape) if graph.outputs[0].rank else const(1.0)
    grads = vjp(graph.outputs, [seed], wrt)
    both = Graph(graph.inputs, (*graph.outputs, *(g for g in grads if g is not None)))
    loops = [z for z in order_of(optimize(both).roots, inside=True) if z.op.name == "scan"]
    backward = [
        z for z in loops if any(p.attr("name")[:2] in ("g_", "r_") for p in bodies(z)[0].params)
    ]
    return [z for z in loops if z not in backward], backward


def stacks(loops: list[Node]) -> list[Node]:
    return [s for z in loops for s in bodies(z)[0].stacks]


def test_linear_stencils_store_nothing_and_restore_nothing() -> None:
    forward, backward = gradient_loops("jacobi")
    assert not stacks(forward) and not stacks(backward)
    assert [len(bodies(z)[0].params) for z in backward] == [2]


def test_lu_stores_no_slice() -> None:
    forward, backward = gradient_loops("lu")
    assert len(forward) == 3 and len(backward) == 3
    inner = [s for z in forward if z.inputs[0] is not A for s in bodies(z)[0].stacks]
    assert all(s.rank == 0 for s in inner)


def test_a_recurrence_stores_one_number_a_step() -> None:
    forward, _ = gradient_loops("recurrence")
    assert [s.type.rank for s in stacks(forward)] == [0]


def test_a_sum_stores_nothing() -> None:
    forward, backward = gradient_loops("sum of squares")
    assert not stacks(forward) and len(backward) == 1


def test_the_forward_loop_runs_once() -> None:
    for name in ("recurrence", "nonlinear sweep", "heat with a parameter", "triangular nest"):
        graph, wrt = graph_of(PROGRAMS[name]())
        depth = sum(z.op.name == "scan" for z in order_of(graph.roots, inside=True))
        forward, backward = gradient_loops(name)
        assert (len(forward), len(backward)) == (depth, depth), name


def test_the_forward_loop_with_tangents_is_one_loop() -> None:
    from arignote.autograd_sym.forward import jvp

    out = PROGRAMS["recurrence"]()
    (t,) = jvp([out], [x], [x])
    assert t is not None
    both = merge_loops(Graph(tuple(FEEDS), (out, t)))
    assert sum(z.op.name == "scan" for z in both.order) == 1


def test_writes_into_a_copy_leave_the_gradient_of_the_original() -> None:
    out = loop([x], lambda i, a: [put(a, multiply(get(a, i), get(x, i)), i)])[0]
    graph, wrt = graph_of(add(out, exp(x)))
    check_gradients(graph, FEEDS, wrt)


def test_a_loop_of_many_steps_differentiates_as_fast_as_one_of_few() -> None:
    out = loop([c], lambda i, h: [tanh(multiply(h, 1.1))], lit(0), lit(10**9))[0]
    (g,) = vjp([out], [const(1.0)], [c])
    assert g is not None


def test_integer_state_beside_float_state() -> None:
    out = loop(
        [const(1.0), lit(1)], lambda i, s, k: [multiply(s, multiply(c, k)), add(k, 1, weak=True)]
    )[0]
    graph, wrt = graph_of(out)
    check_gradients(graph, FEEDS, wrt)


def test_gradient_with_respect_to_a_matrix_that_is_only_read() -> None:
    out = loop([x], lambda t, a: [put(a, multiply(get(A, t, t), get(a, t)), t)], lit(0), n)[0]
    graph, wrt = graph_of(out)
    (ga,) = vjp([out], [full(const(1.0), (dim(n),))], [A])
    assert ga is not None
    value = interpret(Graph(graph.inputs, (ga,)), FEEDS)[0]
    np.testing.assert_allclose(value, np.diag(FEEDS[x]))
    assert m in graph.inputs


def test_branches_of_two_bodies_do_not_merge() -> None:
    """An invariant branch in a loop is one node with the same branch outside, but what a backward
    body adds to it must stay in that body."""
    p = less(c, 1.0)
    pick = choose(p, [exp(c)], [c])[0]
    out = loop([c], lambda i, h: [multiply(add(h, get(x, i)), choose(p, [exp(c)], [c])[0])])[0]
    graph, wrt = graph_of(multiply(out, pick))
    ones = [np.ones(())]
    optimize(gradient_graph(graph, wrt, ones), check=True)
    check_gradients(graph, FEEDS, wrt)


def test_what_only_a_branch_may_read_is_not_saved_outside_it() -> None:
    """The index i + 1 is in range where the branch is taken, and nowhere else."""

    def step(i: Node, a: Node) -> list[Node]:
        ahead = plus(i, lit(1))
        inner = put(a, multiply(get(a, ahead), exp(get(a, i))), ahead)
        a = choose(less(ahead, n), [inner], [a])[0]
        return [put(a, multiply(get(a, i), get(a, i)), i)]

    graph, wrt = graph_of(loop([x], step)[0])
    check_gradients(graph, FEEDS, wrt)
    ones = [np.ones(4)]
    new = optimize(gradient_graph(graph, wrt, ones), check=True)
    check_gradients(Graph(new.inputs, new.outputs), FEEDS, wrt)
