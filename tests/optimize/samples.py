"""Graphs on which each rule fires: built from its pattern, or written here for rules on whole
ops."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np

from arignote.errors import DTypeError
from arignote.fxgraph.constants import (
    const,
    constant,
    input_op,
    lit,
    new_index,
    new_input,
    new_param,
    new_token,
    project,
)
from arignote.fxgraph.graph import Body, Graph
from arignote.fxgraph.node import Node, Op, make
from arignote.fxgraph.ops import barriers, checks, linalg
from arignote.fxgraph.ops import elementwise as el
from arignote.fxgraph.ops import reduce as red
from arignote.fxgraph.ops import structure as st
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.ops.products import matmul
from arignote.fxgraph.ops.sets import true_positions
from arignote.fxgraph.ops.shaping import expand, filled, select, spread, transpose
from arignote.fxgraph.window import Window, whole
from arignote.optimize.rule import Rule
from arignote.scanloop.cond import branch, cond
from arignote.scanloop.scan import scan, trip_count

DTYPES = {"b": ["?"], "i": ["i8", "i4", "i1"], "u": ["u1"], "f": ["f8", "f4"], "c": ["c16"]}
#: What `cst` stands for, by rule and name of the constant.
CONSTANTS: dict[str, list[dict[str, float]]] = {
    "add_zero": [{"c": 0}, {"c": -0.0}],
    "subtract_zero": [{"c": 0}],
    "multiply_zero": [{"c": 0}],
    "multiply_float_zero": [{"c": 0}],
    "divide_power_of_two": [{"c": 4.0}, {"c": -0.5}],
    "power_by_multiplication": [{"c": 5.0}, {"c": 7.0}],
}
Sample = tuple[Graph, dict[Node, object]]
COUNT = 150
SPECIAL = [0.0, -0.0, 1.0, -1.0, 2.5, -3.75, 1e-3, 88.0, -700.0, np.inf, -np.inf, np.nan, 1e308]


def values(dtype: np.dtype, special: bool, seed: int) -> np.ndarray:
    """Sample operands: with nan, infinities and extremes, or in the middle of every op's domain."""
    rng = np.random.default_rng(seed)
    if dtype.kind == "b":
        return rng.integers(0, 2, COUNT).astype("?")
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        pool = np.array([info.min, info.max, 0, 1, 2, 5, info.max // 3], dtype)
        return rng.choice(pool, COUNT)
    with np.errstate(all="ignore"):
        if special:
            real = rng.choice(np.array(SPECIAL), COUNT).astype(dtype)
            return real + 1j * rng.choice(np.array(SPECIAL), COUNT) if dtype.kind == "c" else real
        real = rng.uniform(0.1, 0.9, COUNT)
        return (real + 1j * rng.uniform(0.1, 0.9, COUNT) if dtype.kind == "c" else real).astype(
            dtype
        )


# ---- from patterns -------------------------------------------------------------------------------
def from_pattern(r: Rule, dtype: str) -> Iterator[Sample]:
    """The rule's pattern over inputs of one dtype; nothing where an op has no loop for it."""
    assert r.pattern is not None
    for constants in CONSTANTS.get(r.name, [{"c": 3, "d": 5}]):
        inputs: dict[str, Node] = {}
        try:
            root = _instance(r.pattern, np.dtype(dtype), constants, inputs)
        except (DTypeError, OverflowError):
            continue
        special = r.keeps == "bits"
        feeds = {n: values(n.dtype, special, k) for k, n in enumerate(inputs.values())}
        yield Graph(tuple(inputs.values()), (root,)), feeds


def _instance(
    p: Node, dtype: np.dtype, constants: dict[str, float], inputs: dict[str, Node]
) -> Node:
    if p.op is input_op:
        name = p.attr("name")
        if name[0] == "!":
            return const(np.asarray(constants[name[1:]]).astype(dtype))
        wanted = p.dtype if p.dtype.kind == "b" else dtype
        if name not in inputs:
            inputs[name] = new_input(name[1:], wanted, (COUNT,))
        return inputs[name]
    if p.op is constant:
        return const(p.attr("bits").array()[()].astype(dtype))
    return p.op(*(_instance(x, dtype, constants, inputs) for x in p.inputs))


# ---- written out ---------------------------------------------------------------------------------
def _graph(build: Callable[..., Node | tuple[Node, ...]], **inputs: object) -> Sample:
    nodes = [
        new_input(name, np.asarray(v).dtype, np.shape(v), isinstance(v, int))
        for name, v in inputs.items()
    ]
    with checks.recording() as effects:
        out = build(*nodes)
    outputs = out if isinstance(out, tuple) else (out,)
    return Graph(tuple(nodes), outputs, tuple(effects)), dict(
        zip(nodes, inputs.values(), strict=True)
    )


rng = np.random.default_rng(0)
A = rng.normal(size=(4, 6))
V = rng.normal(size=6)
M = rng.normal(size=(3, 3))
EDGES = np.array([[np.nan, 1, -0.0], [np.inf, -2, 0.0], [3, -np.inf, 5]])
INTS = np.arange(12).reshape(3, 4)
FLAGS = np.array([[True, False], [True, True]])


def _sum(x: Node, *axes: int) -> Node:
    return make(red.reduce_sum, (x,), (("axes", axes),))


def _chosen(x: Node, mask: Node) -> Node:
    return st.gather(x, true_positions(mask), axes=(0,), at=0, mode="clip")


def _assigned(x: Node, mask: Node, value: Callable[[Callable[[Node], Node]], Node]) -> Node:
    """x with value(y -> y[mask]) at mask."""
    flat = mask if mask.rank == 1 else st.reshape(mask, (mask.shape[0] * mask.shape[1],))
    at = true_positions(flat)
    width = lit(mask.shape[-1])
    index = (at,) if mask.rank == 1 else (el.floor_divide(at, width), el.remainder(at, width))
    axes = tuple(range(mask.rank))
    new = value(lambda y: st.gather(y, *index, axes=axes, at=0, mode="clip"))
    return st.scatter_set(x, new, *index, axes=axes, at=0, mode="clip")


def _max(x: Node, *axes: int) -> Node:
    return make(red.reduce_max, (x,), (("axes", axes),))


def _row(a: Node, k: int) -> Window:
    return Window((lit(k), lit(0)), (1, 1), (-1, 0), (a.shape[1],))


def _loop(
    n: int, step: Callable[..., tuple[list[Node], list[Node]]], inits: list[Node]
) -> tuple[Node, ...]:
    i = new_index(lit(0), lit(n))
    params = tuple(new_param(f"c{k}", x.type) for k, x in enumerate(inits))
    results, stacks = step(i, *params)
    body = Body(i, params, None, tuple(results), new_token(), (), tuple(stacks))
    return scan(inits, body, trip_count(lit(0), lit(n), 1))


def _branch(pred: Node, then: list[Node], other: list[Node]) -> tuple[Node, ...]:
    return cond(pred, branch(then, new_token()), branch(other, new_token()))


def _passes(*values: Node) -> Node:
    return make(passes_for_test, values)


passes_for_test = Op(
    "passes_for_test",
    infer=lambda *values: tuple(v.type for v in values),
    reference=lambda *values: values,
    traits=frozenset({"passes"}),
)


def _checked(n: Node) -> Node:
    return checks.partial(n)


WRITTEN: dict[str, list[Callable[[], Sample]]] = {
    "same_twice": [lambda: _graph(lambda x: el.maximum(x, x), x=EDGES)],
    "compare_self": [
        lambda: _graph(lambda x: el.less(x, x), x=EDGES),
        lambda: _graph(lambda x: el.less_equal(x, x), x=INTS),
        lambda: _graph(lambda x: el.not_equal(x, x), x=INTS),
    ],
    "logic_with_constant": [
        lambda: _graph(lambda p: el.logical_and(p, const(True)), p=FLAGS),
        lambda: _graph(lambda p: el.logical_or(const(True), p), p=FLAGS),
        lambda: _graph(lambda p: el.logical_and(p, p), p=FLAGS),
    ],
    "not_comparison": [
        lambda: _graph(lambda x: el.logical_not(el.equal(x, 1.0)), x=EDGES),
        lambda: _graph(lambda x: el.logical_not(el.less(x, 5)), x=INTS),
    ],
    "where_constant": [
        lambda: _graph(lambda x: el.where(const(True), x, 2.0), x=EDGES),
        lambda: _graph(lambda x: el.where(const(False), 2.0, x), x=EDGES),
    ],
    "constant_folding": [
        lambda: _graph(lambda x: el.add(x, el.exp(const(np.arange(3.0)))), x=EDGES),
        lambda: _graph(lambda x: el.add(x, _sum(const(np.arange(3.0)), 0)), x=EDGES),
    ],
    "fill_sink": [lambda: _graph(lambda x: el.add(x, filled(1.5, x.dtype, x.shape)), x=EDGES)],
    "fill_of_elementwise": [
        lambda: _graph(lambda v: el.exp(st.full(v, (2, 3))), v=np.float64(0.5))
    ],
    "cast_cast": [
        lambda: _graph(lambda x: cast_to(cast_to(x, "f8"), "f4"), x=EDGES.astype("f4")),
        lambda: _graph(lambda x: cast_to(cast_to(x, "i8"), "i2"), x=INTS.astype("i4")),
    ],
    "read_of_write": [
        lambda: _graph(lambda a, v: st.view(st.set_item(a, _row(a, 2), v), _row(a, 2)), a=A, v=V),
        lambda: _graph(
            lambda a, v: select(select(st.set_item(a, _row(a, 2), v), 0, 2), 0, 3), a=A, v=V
        ),
    ],
    "read_beside_write": [
        lambda: _graph(lambda a, v: st.view(st.set_item(a, _row(a, 2), v), _row(a, 1)), a=A, v=V),
        lambda: _graph(lambda a, v: st.view(st.add_at(a, _row(a, 2), v), _row(a, 1)), a=A, v=V),
    ],
    "read_of_add": [
        lambda: _graph(lambda a, v: st.view(st.add_at(a, _row(a, 2), v), _row(a, 2)), a=A, v=V)
    ],
    "read_of_counter": [lambda: _graph(lambda i: select(st.iota(9), 0, i), i=4)],
    "read_of_reshape": [
        lambda: _graph(
            lambda a: select(st.make(st.reshape_op, (a, lit(4), lit(1), lit(6))), 0, 2), a=A
        )
    ],
    "write_whole": [
        lambda: _graph(lambda a, b: st.set_item(a, whole(a.shape), b), a=A, b=A + 1),
        lambda: _graph(lambda a, v: st.set_item(a, whole(a.shape), v), a=A, v=V),
    ],
    "write_over_write": [
        lambda: _graph(
            lambda a, v: st.set_item(st.set_item(a, _row(a, 2), el.exp(v)), _row(a, 2), v), a=A, v=V
        )
    ],
    "write_of_read": [
        lambda: _graph(lambda a: st.set_item(a, _row(a, 2), st.view(a, _row(a, 2))), a=A)
    ],
    "write_nothing": [
        lambda: _graph(
            lambda a: st.set_item(a, Window((lit(0),) * 2, (1, 1), (0, 1), (0, 6)), const(1.0)), a=A
        )
    ],
    "write_of_fill": [
        lambda: _graph(lambda a: st.set_item(a, _row(a, 2), filled(7.0, a.dtype, (6,))), a=A),
        lambda: _graph(
            lambda v: st.set_item(
                filled(0.0, v.dtype, (4, 6)),
                Window((lit(1), lit(0)), (1, 1), (-1, 0), (6,)),
                const(0.0),
            ),
            v=V,
        ),
    ],
    "add_to_zeros": [
        lambda: _graph(
            lambda a, v: st.add_at(filled(0.0, a.dtype, a.shape), _row(a, 1), v), a=A, v=V
        )
    ],
    "add_over_zeros": [
        lambda: _graph(
            lambda a, v: st.add_at(st.set_item(a, _row(a, 1), const(0.0)), _row(a, 1), v), a=A, v=V
        )
    ],
    "reshape_reshape": [
        lambda: _graph(lambda a: make(st.reshape_op, (st.reshape(a, (24,)), lit(2), lit(12))), a=A),
        lambda: _graph(lambda a: make(st.reshape_op, (a, lit(4), lit(6))), a=A),
    ],
    "reshape_of_fill": [
        lambda: _graph(lambda v: st.reshape(st.full(v, (4, 6)), (24,)), v=np.float64(2))
    ],
    "reshape_of_ones": [lambda: _graph(lambda a: st.reshape(a, (1, 4, 1, 6)), a=A)],
    "reshape_of_elementwise": [
        lambda: _graph(
            lambda a: el.multiply(st.reshape(el.exp(a), (24,)), st.reshape(a, (24,))), a=A
        ),
        lambda: _graph(
            lambda a, v: el.add(st.reshape(el.exp(a), (24,)), v), a=A, v=np.float64(2)
        ),
    ],
    "reduce_nothing": [lambda: _graph(lambda x: _max(x), x=EDGES)],
    "reduce_ones": [lambda: _graph(lambda x: _sum(expand(x, (1,)), 1, 2), x=EDGES)],
    "extreme_of_extreme": [lambda: _graph(lambda x: _max(_max(x, 0), 0), x=EDGES)],
    "sum_of_sum": [lambda: _graph(lambda x: _sum(_sum(x, 1), 0), x=A)],
    "extreme_of_window": [
        lambda: _graph(lambda x: _max(transpose(x, (1, 0)), 0, 1), x=EDGES),
        lambda: _graph(lambda x: _max(spread(x, (5, 3, 3)), 0), x=EDGES),
    ],
    "sum_of_window": [
        lambda: _graph(lambda x: _sum(transpose(x, (1, 0)), 0), x=A),
        lambda: _graph(lambda x: _sum(spread(x, (5, 4, 6)), 0, 2), x=A),
    ],
    "extreme_of_reshape": [lambda: _graph(lambda x: _max(st.reshape(x, (9,)), 0), x=EDGES)],
    "sum_of_reshape": [lambda: _graph(lambda x: _sum(st.reshape(x, (24,)), 0), x=A)],
    "reduction_of_choice": [
        lambda: _graph(lambda x, m: _sum(el.multiply(_chosen(x, m), 2.0), 0), x=V, m=V > 0.2),
        lambda: _graph(lambda x, m: _sum(_chosen(x, m), 0), x=V, m=V > 100),
        lambda: _graph(
            lambda x, y, m: _sum(el.multiply(_chosen(x, m), el.square(_chosen(y, m))), 0),
            x=V,
            y=V[::-1].copy(),
            m=V > 0.2,
        ),
    ],
    "write_of_choice": [
        lambda: _graph(
            lambda x, y, m: _assigned(x, m, lambda g: el.multiply(g(y), el.exp(g(x)))),
            x=EDGES.ravel(),
            y=np.arange(9.0),
            m=EDGES.ravel() > 0,
        ),
        lambda: _graph(
            lambda x, m: _assigned(x, m, lambda g: el.square(g(x))), x=INTS, m=INTS % 2 == 0
        ),
    ],
    "extreme_of_choice": [
        lambda: _graph(lambda x, m: _max(_chosen(x, m), 0), x=EDGES.ravel(), m=EDGES.ravel() > 0),
        lambda: _graph(lambda x, m: _max(_chosen(x, m), 0), x=np.arange(6), m=V < 0),
    ],
    "extreme_of_fill": [
        lambda: _graph(lambda v: _max(st.full(v, (2, 3)), 1), v=np.float64(np.nan))
    ],
    "sum_of_fill": [lambda: _graph(lambda v: _sum(st.full(v, (2, 3)), 1), v=np.float64(1.5))],
    "sum_of_scaled": [
        lambda: _graph(lambda x, c: _sum(el.multiply(c, x), 1), x=A, c=np.float64(3))
    ],
    "sum_of_quotient": [
        lambda: _graph(lambda x, c: _sum(el.divide(x, c), 1), x=A, c=np.float64(3))
    ],
    "sum_of_negative": [lambda: _graph(lambda x: _sum(el.negative(x), 1), x=A)],
    "negative_extreme": [lambda: _graph(lambda x: el.negative(_max(el.negative(x), 1)), x=EDGES)],
    "transpose_product": [
        lambda: _graph(lambda a, b: transpose(matmul(a, b), (1, 0)), a=A, b=A.T.copy())
    ],
    "row_of_product": [
        lambda: _graph(lambda a, b: select(matmul(a, b), 0, 2), a=A, b=A.T.copy()),
        lambda: _graph(lambda a, b: select(matmul(a, b), 1, 2), a=A, b=A.T.copy()),
        lambda: _graph(lambda a, b: select(select(matmul(a, b), 1, 2), 0, 1), a=A, b=A.T.copy()),
    ],
    "scaled_product": [
        lambda: _graph(
            lambda a, b, c: matmul(transpose(el.multiply(c, a), (1, 0)), b),
            a=A,
            b=A[:, :1].copy(),
            c=np.float64(3),
        ),
        lambda: _graph(
            lambda a, b, c: matmul(el.multiply(c, a), b), a=A, b=A.T[:, :1].copy(), c=np.float64(3)
        ),
        lambda: _graph(
            lambda a, b, c: matmul(b, el.multiply(a, c)),
            a=A.T.copy(),
            b=A[:1].copy(),
            c=np.float64(3),
        ),
    ],
    "inverse_product": [
        lambda: _graph(lambda m, b: matmul(linalg.inv(m), b), m=M, b=M[:, :2].copy()),
        lambda: _graph(lambda m, b: matmul(b, linalg.inv(m)), m=M, b=M[:2].copy()),
    ],
    "inverse_inverse": [lambda: _graph(lambda m: linalg.inv(linalg.inv(m)), m=M)],
    "sum_of_outer_products": [
        lambda: _graph(
            lambda a, b: _sum(el.multiply(expand(a, (2,)), expand(b, (1,))), 0),
            a=A, b=A[:, :3].copy(),
        ),
    ],
    "vector_product": [
        lambda: _graph(lambda a, x: matmul(transpose(a, (1, 0)), x), a=A, x=A[:, :1].copy()),
        lambda: _graph(lambda a, x: matmul(x, transpose(a, (1, 0))), a=A, x=A[:1].copy()),
        lambda: _graph(
            lambda a, x: matmul(st.view(a, Window((lit(1), lit(2)), (1, 1), (1, 0), (3, 2))), x),
            a=A,
            x=A[:2, :1].copy(),
        ),
    ],
    "outer_product": [lambda: _graph(matmul, a=A[:, :1].copy(), b=A[:1].copy())],
    "log_of_window": [
        lambda: _graph(lambda a: el.log(select(_softmax(a), 0, 1)), a=A),
        lambda: _graph(lambda a, i: el.log(_pick(_softmax(a), i)), a=A, i=np.array([0, 3, 3])),
    ],
    "log_sum_exp": [lambda: _graph(lambda a: el.log(_sum(el.exp(a), 1)), a=A)],
    "softmax_shift": [lambda: _graph(lambda a: _softmax(a), a=A)],
    "index_in_range": [
        lambda: _graph(
            lambda a: select(a, 0, _checked(make(checks.check_index, (lit(2), lit(4))))), a=A
        ),
        lambda: _graph(
            lambda a: select(a, 0, _checked(make(checks.check_index, (lit(-1), lit(4))))), a=A
        ),
    ],
    "sizes_equal": [
        lambda: _graph(lambda a: (a, _checked(make(checks.same_size, (lit(2), lit(2))))), a=A)
    ],
    "divisor_not_zero": [
        lambda: _graph(lambda a: (a, _checked(make(checks.nonzero_check, (lit(2),)))), a=A),
    ],
    "constant_fits": [lambda: _graph(lambda a: (a, _checked(make(checks.fits64, (lit(2),)))), a=A)],
    "condition_holds": [
        lambda: _graph(lambda a: (a, checks.required(const(True), "ValueError", "no"))[:1], a=A)
    ],
    "gather_all": [lambda: _graph(lambda a: _pick(a, st.iota(4)), a=A)],
    "remove_gradient_barrier": [
        lambda: _graph(lambda x: barriers.barrier(barriers.stop_gradient_op, x), x=EDGES),
        lambda: _graph(lambda x: barriers.grad_point(x), x=EDGES),
    ],
    "pass_custom_derivative": [lambda: _graph(lambda x: project(_passes(x, el.exp(x)), 1), x=A)],
    "scan_invariant_carry": [
        lambda: _graph(
            lambda v: _loop(4, lambda i, a, b: ([el.add(a, b), b], []), [v, el.exp(v)])[:2], v=V
        )
    ],
    "scan_no_steps": [
        lambda: _graph(lambda v: _loop(0, lambda i, a: ([el.add(a, 1.0)], [a]), [v]), v=V)
    ],
    "scan_one_step": [
        lambda: _graph(lambda v: _loop(1, lambda i, a: ([el.add(a, i)], [a]), [v]), v=V)
    ],
    "scan_last_only": [
        lambda: _graph(
            lambda v: select(
                _loop(4, lambda i, a: ([el.add(a, 1.0)], [el.add(a, 1.0)]), [v])[1], 0, 3
            ),
            v=V,
        )
    ],
    "cond_constant": [lambda: _graph(lambda v: _branch(const(True), [el.exp(v)], [v]), v=V)],
    "cond_same_result": [
        lambda: _graph(
            lambda v, p: _branch(p, [el.exp(v), v], [el.exp(v), el.negative(v)]),
            v=V,
            p=np.bool_(True),
        )
    ],
    "cond_predicate_result": [
        lambda: _graph(lambda p: _branch(p, [const(True)], [const(False)]), p=np.bool_(False))
    ],
}


def _softmax(a: Node) -> Node:
    e = el.exp(a)
    return el.divide(e, expand(_sum(e, 1), (1,)))


def _pick(a: Node, i: Node) -> Node:
    return make(st.gather, (a, i), (("at", 0), ("axes", (0,)), ("mode", "raise")))


def samples(r: Rule) -> list[Sample]:
    """Every sample of a rule."""
    if r.pattern is None:
        return [build() for build in WRITTEN.get(r.name, [])]
    return [s for kind in r.kinds for dtype in DTYPES.get(kind, []) for s in from_pattern(r, dtype)]
