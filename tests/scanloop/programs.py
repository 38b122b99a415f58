"""Loop programs as graphs, for derivatives: factorizations, sweeps, stencils, recurrences,
branches."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from arignote.fxgraph.affine import dim, minus, plus
from arignote.fxgraph.constants import (
    const,
    lit,
    new_index,
    new_input,
    new_param,
    new_size,
    new_token,
)
from arignote.fxgraph.graph import Body
from arignote.fxgraph.node import Node
from arignote.fxgraph.ops.elementwise import (
    absolute,
    add,
    cos,
    divide,
    exp,
    less,
    log,
    multiply,
    remainder,
    sin,
    sqrt,
    square,
    subtract,
    tanh,
    where,
)
from arignote.fxgraph.ops.family import cast
from arignote.fxgraph.ops.products import matmul
from arignote.fxgraph.ops.reduce import reduce_sum
from arignote.fxgraph.ops.shaping import flip, select
from arignote.fxgraph.ops.structure import set_item, view
from arignote.fxgraph.window import Window
from arignote.scanloop.cond import branch, cond
from arignote.scanloop.scan import scan, trip_count

n, m = new_size("n"), new_size("m")
x = new_input("x", "f8", (dim(n),))
A = new_input("A", "f8", (dim(n), dim(n)))
c = new_input("c", "f8")
zero, one, two = lit(0), lit(1), lit(2)
_rng = np.random.default_rng(0)
FEEDS: dict[Node, object] = {
    n: 4,
    m: 3,
    x: _rng.uniform(0.2, 1, 4),
    A: np.eye(4) * 3 + _rng.uniform(0.2, 1, (4, 4)),
    c: np.float64(0.3),
}
Step = Callable[..., Sequence[Node]]


# ---- writing programs ----------------------------------------------------------------------------
def loop(
    inits: Sequence[Node],
    step: Step,
    lo: Node = zero,
    hi: Node = n,
    by: int = 1,
    stacks: Step = lambda i, *c: (),
    test: Callable[..., Node] | None = None,
) -> tuple[Node, ...]:
    """for i in range(lo, hi, by): the carries become step(i, *carries)."""
    i = new_index(lo, hi, by)
    params = tuple(new_param(f"c{k}", z.type) for k, z in enumerate(inits))
    stop = test(i, *params) if test is not None else None
    rows = tuple(stacks(i, *params))
    body = Body(i, params, stop, tuple(step(i, *params)), new_token(), (), rows)
    return scan(inits, body, trip_count(lo, hi, by))


def while_loop(inits: Sequence[Node], test: Callable[..., Node], step: Step) -> tuple[Node, ...]:
    params = tuple(new_param(f"c{k}", z.type) for k, z in enumerate(inits))
    return scan(inits, Body(None, params, test(*params), tuple(step(*params)), new_token()))


def choose(p: Node, then: Sequence[Node], other: Sequence[Node]) -> tuple[Node, ...]:
    return cond(p, branch(then, new_token()), branch(other, new_token()))


def get(a: Node, *at: Node) -> Node:
    for i in at:
        a = select(a, 0, i)
    return a


def put(a: Node, v: Node, *at: Node) -> Node:
    return set_item(a, Window(tuple(at), (1,) * len(at), (-1,) * len(at), ()), v)


def part(*spec: Node | tuple[Node, Node]) -> Window:
    """One entry an axis: a position, or (start, size)."""
    starts, axes, shape = [], [], []
    for s in spec:
        if isinstance(s, tuple):
            starts.append(s[0])
            axes.append(len(shape))
            shape.append(dim(s[1]))
        else:
            starts.append(s)
            axes.append(-1)
    return Window(tuple(starts), (1,) * len(starts), tuple(axes), tuple(shape))


def dot(a: Node, b: Node) -> Node:
    return reduce_sum(multiply(a, b), axes=(0,))


INNER = (one, minus(n, two))


def left(a: Node) -> Node:
    return view(a, part((zero, minus(n, two))))


def right(a: Node) -> Node:
    return view(a, part((two, minus(n, two))))


# ---- programs ------------------------------------------------------------------------------------
def lu() -> Node:
    def eliminate(i: Node, j: Node, b: Node) -> Node:
        row, column = view(b, part(i, (zero, j))), view(b, part((zero, j), j))
        return put(b, subtract(get(b, i, j), dot(row, column)), i, j)

    def outer(i: Node, a: Node) -> list[Node]:
        def low(j: Node, b: Node) -> list[Node]:
            b = eliminate(i, j, b)
            return [put(b, divide(get(b, i, j), get(b, j, j)), i, j)]

        def up(j: Node, b: Node) -> list[Node]:
            row, column = view(b, part(i, (zero, i))), view(b, part((zero, i), j))
            return [put(b, subtract(get(b, i, j), dot(row, column)), i, j)]

        return [loop([loop([a], low, zero, i)[0]], up, i, n)[0]]

    return loop([A], outer)[0]


def cholesky() -> Node:
    def outer(i: Node, a: Node) -> list[Node]:
        def low(j: Node, b: Node) -> list[Node]:
            def inner(k: Node, d: Node) -> list[Node]:
                return [put(d, subtract(get(d, i, j), multiply(get(d, i, k), get(d, j, k))), i, j)]

            b = loop([b], inner, zero, j)[0]
            return [put(b, divide(get(b, i, j), get(b, j, j)), i, j)]

        def diagonal(k: Node, d: Node) -> list[Node]:
            return [put(d, subtract(get(d, i, i), square(get(d, i, k))), i, i)]

        a = loop([loop([a], low, zero, i)[0]], diagonal, zero, i)[0]
        return [put(a, sqrt(get(a, i, i)), i, i)]

    return loop([A], outer)[0]


def sweep() -> Node:
    def step(t: Node, a: Node) -> Sequence[Node]:
        def inner(i: Node, b: Node) -> list[Node]:
            return [put(b, multiply(get(b, i), tanh(get(b, minus(i, one)))), i)]

        return loop([a], inner, one, n)[:1]

    return loop([x], step, zero, m)[0]


def overlapping() -> Node:
    size = minus(n, one)

    def step(t: Node, a: Node) -> list[Node]:
        v = multiply(view(a, part((zero, size))), view(a, part((one, size))))
        return [set_item(a, part((one, size)), v)]

    return loop([x], step, zero, m)[0]


def jacobi() -> Node:
    def step(t: Node, a: Node, b: Node) -> list[Node]:
        b = set_item(b, part(INNER), multiply(0.5, add(left(a), right(a))))
        a = set_item(a, part(INNER), multiply(0.5, add(left(b), right(b))))
        return [a, b]

    return loop([x, x], step, zero, m)[0]


def growing() -> Node:
    def step(i: Node, a: Node) -> list[Node]:
        s = reduce_sum(square(view(a, part((zero, i)))), axes=(0,))
        return [put(a, tanh(s), i)]

    return loop([x], step, one, n)[0]


def used_after_overwrite() -> Node:
    def step(i: Node, a: Node) -> list[Node]:
        old = exp(get(a, i))
        b = put(a, sin(get(a, i)), minus(i, one))
        return [put(b, multiply(old, get(b, minus(i, one))), i)]

    return loop([x], step, one, n)[0]


def captured_by_inner() -> Node:
    """What the inner loop reads from outside was read from the array that it writes."""

    def outer(i: Node, a: Node) -> Sequence[Node]:
        q = get(a, i)
        return loop([a], lambda j, b: [put(b, multiply(get(b, j), sin(q)), j)])[:1]

    return loop([x], outer)[0]


def heat() -> Node:
    def step(t: Node, a: Node) -> list[Node]:
        middle = view(a, part(INNER))
        return [set_item(a, part(INNER), add(middle, multiply(c, add(left(a), right(a)))))]

    return loop([x], step, zero, m)[0]


def linked_list() -> Node:
    def step(t: Node, s: Node, j: Node) -> list[Node]:
        return [
            add(s, multiply(get(x, j), exp(multiply(s, 0.1)))),
            remainder(add(multiply(j, 2), 1), n, weak=True),
        ]

    return loop([const(0.0), zero], step)[0]


def steered_by_data() -> Node:
    """The index that is written to is read from the array that is written."""

    def at(v: Node, limit: float, k: int) -> Node:
        return cast(where(less(v, limit), 0, k), np.int64, True)

    def step(i: Node, a: Node) -> list[Node]:
        v = get(a, i)
        return [put(a, multiply(v, get(a, at(v, 0.5, 1))), at(v, 0.6, 2))]

    return loop([x], step)[0]


def branch_writes_both() -> Node:
    def step(i: Node, a: Node) -> Sequence[Node]:
        v = get(a, i)
        then = put(a, multiply(v, exp(get(a, zero))), i)
        other = put(a, sin(v), minus(n, plus(i, one)))
        return choose(less(v, 0.6), [then], [other])

    return loop([x], step)[0]


def branch_writes_one() -> Node:
    def step(i: Node, a: Node) -> Sequence[Node]:
        v = get(a, i)
        return choose(less(v, 0.6), [put(a, multiply(v, exp(get(a, zero))), i)], [a])

    return loop([x], step)[0]


def loop_in_branch_in_loop() -> Node:
    def step(t: Node, a: Node) -> Sequence[Node]:
        v = get(a, t)
        inner = loop([a], lambda i, b: [put(b, tanh(multiply(get(b, i), get(b, t))), i)])[0]
        return choose(less(v, 0.8), [inner], [multiply(a, 0.5)])

    return loop([x], step)[0]


def nested_branch() -> Node:
    def step(i: Node, h: Node) -> Sequence[Node]:
        inner = choose(less(h, get(x, i)), [exp(h)], [multiply(h, c)])[0]
        return choose(less(h, 0.5), [inner], [sin(h)])

    return loop([c], step)[0]


def newton() -> Node:
    """Kepler's equation, solved for each element by a while loop."""

    def step(i: Node, a: Node) -> list[Node]:
        def again(e: Node, d: Node) -> list[Node]:
            f = subtract(subtract(e, multiply(c, sin(e))), get(x, i))
            d = divide(f, subtract(1.0, multiply(c, cos(e))))
            return [subtract(e, d), d]

        e = while_loop([get(x, i), const(1.0)], lambda e, d: less(1e-13, absolute(d)), again)[0]
        return [put(a, e, i)]

    return loop([x], step)[0]


def while_writes() -> Node:
    def step(a: Node, h: Node) -> list[Node]:
        v = multiply(get(a, zero), get(a, one))
        return [put(a, v, zero), add(h, multiply(0.25, get(a, one)))]

    return while_loop([x, c], lambda a, h: less(h, 1.0), step)[0]


PROGRAMS: dict[str, Callable[[], Node]] = {
    "lu": lu,
    "cholesky": cholesky,
    "nonlinear sweep": sweep,
    "overlapping slices": overlapping,
    "jacobi": jacobi,
    "growing slice": growing,
    "recurrence": lambda: loop([c], lambda i, h: [tanh(add(multiply(h, 0.9), get(x, i)))])[0],
    "two scalars": lambda: loop([c, c], lambda i, p, q: [multiply(p, get(x, i)), add(tanh(q), p)])[
        1
    ],
    "swapped carries": lambda: loop(
        [x, exp(x)], lambda i, p, q: [q, multiply(tanh(p), get(p, i))], zero, m
    )[0],
    "used after overwrite": used_after_overwrite,
    "no steps": lambda: loop([x], lambda i, a: [exp(a)], zero, zero)[0],
    "one step": lambda: loop([x], lambda i, a: [exp(a)], zero, one)[0],
    "stacked output": lambda: loop(
        [c], lambda i, h: [multiply(h, get(x, i))], stacks=lambda i, h: [exp(h)]
    )[1],
    "triangular nest": lambda: loop(
        [c],
        lambda i, h: loop(
            [h], lambda j, g: [tanh(add(g, multiply(get(x, i), get(x, j))))], zero, i
        )[:1],
    )[0],
    "invariant matrix": lambda: loop(
        [x], lambda t, a: [tanh(reduce_sum(multiply(A, a), axes=(1,)))], zero, m
    )[0],
    "matrix products": lambda: loop([A], lambda t, a: [tanh(matmul(a, A))], zero, m)[0],
    "steps of -2": lambda: loop(
        [x],
        lambda i, a: [put(a, multiply(get(a, i), get(a, minus(i, one))), i)],
        minus(n, one),
        zero,
        -2,
    )[0],
    "captured by the inner loop": captured_by_inner,
    "whole array": lambda: loop(
        [x],
        lambda t, a: [subtract(a, multiply(0.1, multiply(a, subtract(a, flip(a, (0,))))))],
        zero,
        m,
    )[0],
    "heat with a parameter": heat,
    "linked list": linked_list,
    "steered by data": steered_by_data,
    "sum of squares": lambda: loop([const(0.0)], lambda i, s: [add(s, square(get(x, i)))])[0],
    "branch": lambda: choose(less(c, 1.0), [multiply(exp(x), c)], [tanh(x)])[0],
    "nan in the branch not taken": lambda: choose(
        less(c, 0.0), [log(subtract(c, 5.0))], [square(c)]
    )[0],
    "branch in a loop": lambda: loop(
        [c],
        lambda i, h: choose(
            less(h, get(x, i)), [multiply(h, exp(h))], [tanh(multiply(h, get(x, i)))]
        ),
    )[0],
    "branch that writes": branch_writes_both,
    "branch that writes in one arm": branch_writes_one,
    "loop in a branch": lambda: choose(
        less(c, 1.0),
        [loop([x], lambda i, a: [put(a, multiply(get(a, i), get(a, zero)), i)])[0]],
        [exp(x)],
    )[0],
    "loop in a branch in a loop": loop_in_branch_in_loop,
    "branch in a branch": nested_branch,
    "while": lambda: while_loop(
        [c], lambda h: less(h, 1.0), lambda h: [add(multiply(h, 1.3), multiply(h, h))]
    )[0],
    "while that writes": while_writes,
    "while in a loop": newton,
    "break": lambda: loop(
        [c],
        lambda i, h: [add(multiply(h, 1.3), multiply(h, get(x, i)))],
        test=lambda i, h: less(h, 1.0),
    )[0],
}
