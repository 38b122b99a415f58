"""Every registered operation with a derivative, against difference quotients: reverse and forward
mode, first and second order, on strided, Fortran-ordered, broadcast and empty operands, in both
precisions.  An operation that is added without samples fails here.
"""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import numpy as np
import pytest

import arignote as ag
from arignote.autograd_sym.check import check_gradients, gradient_graph
from arignote.autograd_sym.places import PLACES
from arignote.errors import DTypeError
from arignote.fxgraph.constants import new_input
from arignote.fxgraph.graph import Graph, bodies, order_of
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import OPS, Node, Op
from arignote.fxgraph.ops.elementwise import clip, ldexp, where
from arignote.fxgraph.ops.special import polygamma
from arignote.trace.interpreted import feeds_of
from arignote.trace.plan import DataOf, ValueOf
from arignote.trace.pytree import flatten

from .derivative_samples import SAMPLES, Sample

#: Tested where a generator's state is at hand.
ELSEWHERE = {"draw": "tests/trace/numpy_api/test_random.py"}
#: Declared so that nothing flows through them, or (add_at) met only in gradients, whose own are
#: the second order of reads.
ZERO = {
    "reduce_all", "reduce_any", "reduce_and", "reduce_or", "reduce_xor", "reduce_argmax",
    "reduce_argmin", "iota", "empty", "add_at", "nonzero_check", "cast",
}  # fmt: skip

#: Its derivative by the shape has none of its own, and says so.
ONCE = {"gammainc_shape"}


def _float_kinds(op: Op) -> list[np.dtype[Any]] | None:
    """Operand dtypes of the op's float64 loop, None where it has none."""
    if "resolve" not in op.extra:
        return None
    kinds = [np.dtype("f8")] * op.extra["arity"]
    if op is ldexp:
        kinds[1] = np.dtype("i4")
    if op is where:
        kinds[0] = np.dtype("?")
    if op is polygamma:
        kinds[1] = np.dtype("i8")
    try:
        *want, out = op.extra["resolve"](*kinds)
    except DTypeError:
        return None
    return want if out.kind == "f" else None


ELEMENTWISE = [
    op
    for _, op in sorted(OPS.items())
    if "elementwise" in op.traits and "barrier" not in op.traits and op.name not in ZERO
    if op.vjp is not None and _float_kinds(op)
]


def test_every_operation_with_a_derivative_is_tested() -> None:
    known = {*SAMPLES, *ZERO, *ELSEWHERE, *(op.name for op in ELEMENTWISE)}
    # other tests of this process may have registered operations of users
    listing = "import arignote.trace.capture; from arignote.fxgraph.node import OPS; print(*OPS)"
    asked = [sys.executable, "-c", listing]
    own = subprocess.run(asked, capture_output=True, text=True, check=True).stdout.split()
    assert len(own) > 200
    differentiable = {
        name
        for name in own
        if OPS[name].vjp or OPS[name].jvp or name in PLACES or "reverse" in OPS[name].extra
    }
    # barriers change derivatives on purpose: tests/transforms/test_barriers.py
    differentiable -= {name for name, op in OPS.items() if "barrier" in op.traits}
    integers = {
        name
        for name in differentiable
        if "elementwise" in OPS[name].traits and _float_kinds(OPS[name]) is None
    }
    missing = differentiable - known - integers
    assert not missing, f"add samples to derivative_samples.py for {sorted(missing)}"


# ---- elementwise ---------------------------------------------------------------------------------
SHAPES = {"broadcast": ((3, 1), (4,), (3, 4)), "scalar": ((), (4,), ()), "empty": ((0,),) * 3}


@pytest.mark.parametrize("shapes", SHAPES)
@pytest.mark.parametrize("op", ELEMENTWISE, ids=lambda op: op.name)
def test_elementwise(op: Op, shapes: str) -> None:
    kinds = _float_kinds(op)
    assert kinds is not None
    rng = np.random.default_rng(1)
    inputs, feeds = [], {}
    for k, kind in enumerate(kinds):
        x = new_input(f"x{k}", kind, SHAPES[shapes][k])
        inputs.append(x)
        feeds[x] = _values(op, k, x, rng)
    graph = Graph(tuple(inputs), (op(*inputs),))
    wrt = [x for x in inputs if x.dtype.kind == "f"]
    # a step function's slope is zero as its quotient is, where no step lies within reach
    check_gradients(graph, feeds, wrt, order=1 if op.name in ONCE else 2, rtol=1e-5)
    _keeps_types(graph, wrt, feeds)


def _values(op: Op, k: int, x: Node, rng: np.random.Generator) -> Any:
    if x.dtype.kind == "b":
        return rng.random(x.shape) < 0.5
    if op is polygamma and k:
        return rng.integers(1, 5, x.shape)
    if x.dtype.kind == "i":
        return rng.integers(-3, 4, x.shape).astype(x.dtype)
    if op is clip and k:
        return np.full(x.shape, 2.0 * k - 3.0)
    low, high = op.extra["domain"]
    wide = (high - low) / 20
    return rng.uniform(low + wide, high - wide, x.shape)


def _keeps_types(graph: Graph, wrt: list[Node], feeds: dict[Node, Any]) -> None:
    weights = [
        np.ones(np.shape(v), o.dtype) for v, o in zip(interpret(graph, feeds), graph.outputs)
    ]
    back = gradient_graph(graph, wrt, weights)
    assert [(g.dtype, g.shape) for g in back.outputs] == [(x.dtype, x.shape) for x in wrt]
    for value, x in zip(interpret(back, feeds), wrt):
        assert np.asarray(value).dtype == x.dtype


# ---- the others ----------------------------------------------------------------------------------
CASES = [pytest.param(n, s, id=f"{n}-{k}") for n, ss in SAMPLES.items() for k, s in enumerate(ss)]


def _traced(sample: Sample, args: tuple[Any, ...]) -> tuple[Graph, dict[Node, Any], list[Node]]:
    trace = ag.compile(sample.function).trace_of(*args)
    leaves, _ = flatten((args, {}))
    wrt = [
        n
        for n, s in zip(trace.graph.inputs, trace.sources, strict=True)
        if isinstance(s, DataOf | ValueOf) and n.dtype.kind == "f"
    ]
    return trace.graph, feeds_of(trace, leaves), wrt


def _ops_of(graph: Graph) -> set[str]:
    found, left = set[str](), [order_of(graph.outputs)]
    while left:
        for n in left.pop():
            found.add(n.op.name)
            left.extend(order_of((*b.results, *b.stacks)) for b in bodies(n))
    return found


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_derivatives(name: str, sample: Sample) -> None:
    graph, _, _ = _traced(sample, sample.args)
    assert name in _ops_of(graph)
    ag.check_grad(sample.function, *sample.args, order=sample.order, rtol=1e-5)


@pytest.mark.parametrize(("name", "sample"), CASES)
@pytest.mark.parametrize("layout", ["strided", "Fortran"])
def test_other_layouts_give_the_same(name: str, sample: Sample, layout: str) -> None:
    def moved(x: Any) -> Any:
        if not isinstance(x, np.ndarray) or not x.ndim:
            return x
        return np.asfortranarray(x) if layout == "Fortran" else np.repeat(x, 2, axis=-1)[..., ::2]

    ag.check_grad(sample.function, *map(moved, sample.args), rtol=1e-5)


@pytest.mark.parametrize(("name", "sample"), [c for c in CASES if c.values[1].empty is not None])
def test_empty_operands(name: str, sample: Sample) -> None:
    ag.check_grad(sample.function, *sample.empty, order=2)


@pytest.mark.parametrize(("name", "sample"), CASES)
def test_single_precision_stays(name: str, sample: Sample) -> None:
    def gradients(args: tuple[Any, ...]) -> list[Any]:
        graph, feeds, wrt = _traced(sample, args)
        outputs = [o for o in graph.outputs if o.dtype.kind in "fc"]
        smaller = Graph(graph.inputs, tuple(outputs), graph.effects, graph.guards)
        weights = [
            np.ones(np.shape(v), o.dtype) for v, o in zip(interpret(smaller, feeds), outputs)
        ]
        back = gradient_graph(smaller, wrt, weights)
        assert [g.dtype for g in back.outputs] == [x.dtype for x in wrt]
        return [np.asarray(g) for g in interpret(back, feeds)]

    def single(x: Any) -> Any:
        return x.astype("f4") if np.asarray(x).dtype == np.float64 else x

    for small, large in zip(
        gradients(tuple(map(single, sample.args))), gradients(sample.args), strict=True
    ):
        assert small.dtype == np.float32
        np.testing.assert_allclose(small, large, rtol=2e-3, atol=2e-3 * np.max(np.abs(large)))
