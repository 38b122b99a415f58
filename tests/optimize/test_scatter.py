"""Additions into shifted windows, gathered: same values, fewer passes over the array."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from arignote.fxgraph.affine import dim, minus, plus, size_node
from arignote.fxgraph.constants import const, lit, new_input, new_size
from arignote.fxgraph.graph import Graph
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.elementwise import exp, multiply, negative
from arignote.fxgraph.ops.structure import add_at, full, set_item
from arignote.fxgraph.window import Window
from arignote.optimize.pipeline import optimize

n = new_size("n")
line, short = new_input("b", "f8", (dim(n),)), new_input("t", "f8", (dim(minus(n, lit(2))),))
plane = new_input("B", "f8", (dim(n), dim(n)))
core = new_input("T", "f8", (dim(minus(n, lit(2))), dim(minus(n, lit(2)))))
rng = np.random.default_rng(0)


def feeds(size: int) -> dict[Node, object]:
    return {
        n: size,
        line: rng.normal(size=size),
        short: rng.normal(size=size - 2),
        plane: rng.normal(size=(size, size)),
        core: rng.normal(size=(size - 2, size - 2)),
    }


def shifted(base: Node, value: Node, *at: int) -> Node:
    w = Window(tuple(map(lit, at)), (1,) * base.rank, tuple(range(base.rank)), value.shape)
    return add_at(base, w, value)


def check(out: Node, passes: int, smallest: int = 4) -> None:
    inputs = (n, line, short, plane, core)
    enough = minus(n, lit(smallest))
    graph = Graph(inputs, (out,), (), (enough,))
    new = optimize(graph, check=True)
    assert optimize(new) is new
    big = [z for z in new.order if "write" in z.op.traits and large(z)]
    assert len(big) == passes
    plain = optimize(graph, excluding=["scatter_to_gather"])
    for size in (smallest, smallest + 1, 11):
        values = feeds(size)
        a, b = interpret(plain, values)[0], interpret(new, values)[0]
        np.testing.assert_allclose(a, b, rtol=1e-13, atol=1e-14)


def large(z: Node) -> bool:
    """Does the write cover a part that grows in every axis?"""
    k = len(z.attr("axes"))
    sizes = z.inputs[1 + k : -1]
    return all(s.op.name != "constant" for s in sizes)


def test_three_offsets_on_a_line() -> None:
    b = shifted(shifted(shifted(line, short, 2), short, 1), short, 0)
    check(b, 1)


def test_different_values_at_each_offset() -> None:
    b = shifted(shifted(shifted(line, exp(short), 2), multiply(short, 3.0), 1), short, 0)
    check(b, 1)


def test_five_points_on_a_plane() -> None:
    b = plane
    for at in ((0, 1), (1, 0), (1, 1), (1, 2), (2, 1)):
        b = shifted(b, core, *at)
    check(b, 1)


def test_what_was_just_zeroed_is_assigned() -> None:
    w = Window((lit(1),), (1,), (0,), short.shape)
    b = set_item(line, w, const(0.0))
    b = shifted(shifted(shifted(b, short, 2), short, 1), short, 0)
    graph = Graph((n, line, short), (b,), (), (minus(n, lit(4)),))
    new = optimize(graph)
    assert not any(z.op.name == "add_at" and large(z) for z in new.order)
    check(b, 1)


def test_rows_are_gathered_apart() -> None:
    row = new_input("r", "f8", short.shape)

    def at(base: Node, i: int, j: int) -> Node:
        return add_at(base, Window((lit(i), lit(j)), (1, 1), (-1, 0), row.shape), row)

    b = plane
    for i, j in ((0, 0), (1, 2), (0, 1), (1, 0), (0, 2), (1, 1)):
        b = at(b, i, j)
    graph = Graph((n, plane, row), (b,), (), (minus(n, lit(4)),))
    new = optimize(graph, check=True)
    assert sum(z.op.name == "add_at" and large(z) for z in new.order) == 2
    values = {n: 7, plane: rng.normal(size=(7, 7)), row: rng.normal(size=5)}
    np.testing.assert_allclose(interpret(graph, values)[0], interpret(new, values)[0], rtol=1e-13)


def test_versions_that_others_read_stay() -> None:
    first = shifted(line, short, 2)
    second = shifted(first, short, 0)
    graph = Graph((n, line, short), (first, second), (), (minus(n, lit(4)),))
    assert optimize(graph) is graph


@pytest.mark.parametrize("starts", [(0, 0), (1, 1)])
def test_windows_on_one_place_stay(starts: tuple[int, int]) -> None:
    b = shifted(shifted(line, short, starts[0]), exp(short), starts[1])
    graph = Graph((n, line, short), (b,), (), (minus(n, lit(4)),))
    assert optimize(graph) is graph


def test_without_a_proof_that_windows_overlap_nothing_happens() -> None:
    far = Window((plus(n, lit(-1)),), (1,), (0,), (1,))
    b = add_at(shifted(line, short, 0), far, const(np.ones(1)))
    graph = Graph((n, line, short), (shifted(b, short, 2),))
    assert optimize(graph) is graph


def placed(base: Node, value: Node, *at: int) -> Node:
    w = Window(tuple(map(lit, at)), (1,) * base.rank, tuple(range(base.rank)), value.shape)
    return set_item(base, w, value)


def zeros(*more: int) -> Node:
    return full(const(0.0, np.dtype("f8")), tuple(dim(plus(n, lit(k))) for k in more))


def names(out: Node) -> set[str]:
    graph = Graph((n, line, short, plane, core), (out,), (), (minus(n, lit(4)),))
    return {z.op.name for z in optimize(graph).order}


@pytest.mark.parametrize("first, second", [(0, 1), (1, 0)])
def test_two_windows_fill_an_array_without_zeros(first: int, second: int) -> None:
    out = shifted(placed(zeros(1), line, first), exp(line), second)
    check(out, 1)
    assert not {"add_at", "full"} & names(out)


def test_two_windows_in_a_larger_array_of_zeros() -> None:
    out = shifted(placed(zeros(4), line, 1), exp(line), 2)
    check(out, 1)
    assert "add_at" not in names(out)


def test_two_windows_shifted_both_ways_leave_corners() -> None:
    out = shifted(placed(zeros(1, 1), plane, 0, 0), exp(plane), 1, 1)
    check(out, 1)
    assert "add_at" not in names(out) and "full" in names(out)


def test_three_windows_into_zeros() -> None:
    check(shifted(shifted(placed(zeros(2), line, 1), exp(line), 0), multiply(line, line), 2), 1)


def test_a_first_window_of_another_shape_stays() -> None:
    out = placed(zeros(0), short, 1)
    out = shifted(shifted(out, exp(short), 0), multiply(short, short), 2)
    check(out, 1, smallest=6)
    check(shifted(placed(zeros(1), line, 0), short, 1), 2)


def reversed_(base: Node, value: Node, first: int) -> Node:
    """base[first : first + size][::-1] += value"""
    last = plus(lit(first - 1), size_node(value.shape[0]))
    return add_at(base, Window((last,), (-1,), (0,), value.shape), value)


@pytest.mark.parametrize(
    "order", [(shifted, reversed_), (reversed_, shifted), (reversed_, reversed_)]
)
def test_forwards_and_backwards_on_one_place(order: tuple[Any, Any]) -> None:
    first, second = order
    out = second(first(line, short, 1), exp(short), 1)
    check(out, 1)


def test_backwards_over_what_was_zeroed_beside_another_write() -> None:
    start = Window((lit(0),), (1,), (0,), (1,))
    inner = Window((lit(1),), (1,), (0,), short.shape)
    base = set_item(set_item(line, inner, const(0.0)), start, const(np.ones(1)))
    out = shifted(reversed_(base, short, 1), exp(short), 1)
    check(out, 1)
    assert "add_at" not in names(out)


def test_shifted_and_backwards() -> None:
    check(shifted(reversed_(line, short, 0), exp(short), 2), 1, smallest=6)


def largest_products(out: Node) -> tuple[int, int]:
    """Products of large arrays and numbers, and signs changed, after optimization."""
    graph = Graph((n, line, short, plane, core), (out,), (), (minus(n, lit(4)),))
    nodes = optimize(graph).order
    numbers = [z for z in nodes if z.op is multiply and any(x.rank == 0 for x in z.inputs)]
    return len([z for z in numbers if long(z)]), len([z for z in nodes if z.op is negative])


def long(z: Node) -> bool:
    return bool(z.shape) and not isinstance(z.shape[0], int)


def test_sums_of_shifted_multiples_are_multiplied_once() -> None:
    third = multiply(exp(short), 0.3)
    b = shifted(shifted(shifted(line, third, 2), third, 1), third, 0)
    check(b, 1)
    assert largest_products(b)[0] == 1


def test_factors_that_differ_stay_with_their_terms() -> None:
    some, others = multiply(short, 0.3), multiply(exp(short), 0.25)
    b = shifted(shifted(shifted(line, some, 2), others, 1), some, 0)
    check(b, 1)


@pytest.mark.parametrize("order", [(0, 1, 2), (2, 1, 0), (1, 0, 2)])
def test_signs_become_differences(order: tuple[int, ...]) -> None:
    t = multiply(negative(exp(short)), 0.7)
    values = [t, negative(t), multiply(exp(short), 0.7)]
    b = line
    for at in order:
        b = shifted(b, values[at], at)
    check(b, 1)


def test_all_signs_minus() -> None:
    b = shifted(shifted(line, negative(short), 1), negative(short), 0)
    check(b, 1)
