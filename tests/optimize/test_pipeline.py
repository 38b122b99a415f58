"""The pipeline as users see it: names, tags, modes, reports, effects, loops, time."""

from __future__ import annotations

import numpy as np
import pytest

from arignote.errors import ConfigError, VerifyError
from arignote.fxgraph.affine import dim
from arignote.fxgraph.constants import (
    const,
    lit,
    new_index,
    new_input,
    new_param,
    new_size,
    new_token,
)
from arignote.fxgraph.graph import Body, Graph, bodies, order_of
from arignote.fxgraph.interpret import interpret
from arignote.fxgraph.node import Node, Origin, at_origin, make, origin
from arignote.fxgraph.ops import checks, linalg
from arignote.fxgraph.ops import elementwise as el
from arignote.fxgraph.ops import reduce as red
from arignote.fxgraph.ops import structure as st
from arignote.fxgraph.ops.products import matmul
from arignote.fxgraph.ops.shaping import expand, select
from arignote.fxgraph.ops.structure import set_item
from arignote.fxgraph.window import Window
from arignote.optimize.pipeline import optimize, rules
from arignote.optimize.rewrite import Report, rewrite
from arignote.optimize.rule import RULES, Rule, rule, var
from arignote.scanloop.scan import scan, trip_count
from tests.effort import calls_of

n = new_size("n")
x = new_input("x", "f8", (dim(n),))
DATA = {n: 5, x: np.linspace(-1, 1, 5)}


def ops_of(graph: Graph) -> list[str]:
    return [m.op.name for m in graph.order]


def test_a_graph_with_nothing_to_do_comes_back_itself() -> None:
    g = Graph((n, x), (el.tanh(x),))
    assert optimize(g) is g


def test_excluding_by_rule_tag_phase_and_pass() -> None:
    g = Graph((n, x), (el.log(el.add(1.0, el.exp(x))),))
    assert "softplus" in ops_of(optimize(g))
    for name in (["softplus_form", "softplus_log1p_form", "log_one_plus"], ["stabilize"]):
        assert optimize(g, excluding=name) is g


def test_requiring_runs_only_what_is_named() -> None:
    g = Graph((n, x), (el.log(el.exp(el.multiply(x, 1.0))),))
    assert ops_of(optimize(g, requiring=["log_exp"])).count("multiply") == 1
    assert optimize(g).outputs == (x,)


def test_fast_math_is_off_until_included() -> None:
    g = Graph((n, x), (el.subtract(x, x),))
    assert optimize(g) is g
    assert "subtract" not in ops_of(optimize(g, including=["fast_math"]))
    assert "subtract" not in ops_of(optimize(g, including=["subtract_float_self"]))


def test_unknown_names_are_refused_with_the_nearest() -> None:
    g = Graph((n, x), (x,))
    with pytest.raises(ConfigError, match="'stabilise'.*did you mean 'stabilize'"):
        optimize(g, excluding=["stabilise"])
    with pytest.raises(ConfigError, match="FAST_RUN"):
        optimize(g, mode="FASTRUN")


def test_the_cheap_mode_stabilizes_and_removes_but_does_not_specialize() -> None:
    g = Graph((n, x), (el.log(el.exp(x)), el.power(el.multiply(x, 1.0), 2.0)))
    new = optimize(g, mode="FAST_COMPILE")
    assert "log" not in ops_of(new) and "multiply" not in ops_of(new) and "power" in ops_of(new)


def test_watch_sees_each_pass_that_changed_something() -> None:
    seen: list[str] = []
    g = Graph((n, x), (el.log(el.exp(el.power(x, 2.0))),))
    optimize(g, watch=lambda name, before, after: seen.append(name))
    assert seen == ["stabilize", "specialize"]


def test_the_report_counts_and_keeps_steps() -> None:
    report = Report(keep_steps=True)
    optimize(Graph((n, x), (el.negative(el.negative(x)),)), report=report)
    assert report.fired == {"negative_negative": 1}
    assert [(r.name, a.op.name, b) for r, a, b in report.steps] == [
        ("negative_negative", "negative", x)
    ]
    assert "negative_negative" in str(report) and "canonicalize" in str(report)


def test_origins_pass_to_replacements() -> None:
    where = Origin("model.py", 7, "np.log(1 + np.exp(x))")
    with at_origin(where):
        y = el.log(el.add(1.0, el.exp(el.multiply(x, 3.0))))
    new = optimize(Graph((n, x), (y,)))
    assert origin[new.outputs[0]] is where


def test_the_table_of_rules_is_complete() -> None:
    table = rules()
    assert {row["name"] for row in table} >= set(RULES)
    assert all(row["keeps"] in ("bits", "reals") and row["doc"] for row in table)


@pytest.fixture
def temporary_rule():
    before = dict(RULES)
    yield
    RULES.clear()
    RULES.update(before)


def test_rules_that_undo_each_other_end(temporary_rule: None) -> None:
    a, b = var("a"), var("b")

    @rule(el.add(a, b), keeps="bits")
    def to_subtract(a: Node, b: Node) -> Node:
        """a + b -> a - (-b)"""
        return make(el.subtract, (a, el.negative(b)))

    report = Report()
    g = Graph((n, x), (el.add(x, el.exp(x)),))
    new = rewrite(g, list(RULES.values()), report)
    np.testing.assert_array_equal(interpret(g, DATA)[0], interpret(new, DATA)[0])


def test_a_rule_that_grows_for_ever_is_retired(temporary_rule: None) -> None:
    a = var("a")

    @rule(el.exp(a), keeps="bits")
    def grow(a: Node) -> Node:
        """exp(a) -> exp(a + tanh(a))"""
        return el.exp(el.add(a, el.tanh(a)))

    report = Report()
    rewrite(Graph((n, x), (el.exp(x),)), [RULES["grow"]], report)
    assert report.retired == ["grow"]
    assert "grow was retired" in str(report)


def test_a_rule_needs_a_docstring_and_a_new_name(temporary_rule: None) -> None:
    with pytest.raises(ValueError, match="docstring"):

        @rule(el.exp(var("a")), keeps="bits")
        def silent(a: Node) -> Node:
            return a

    with pytest.raises(ValueError, match="twice"):

        @rule(el.exp(var("a")), keeps="bits")
        def log_exp(a: Node) -> Node:
            """again"""
            return a


def test_verification_blames_the_pass(temporary_rule: None) -> None:
    free = new_index(lit(0), lit(3))

    @rule(el.tanh(var("a")), keeps="bits")
    def leak(a: Node) -> Node | None:
        """tanh(a) -> something of no body"""
        return el.multiply(a, el.add(free, const(0.5))) if a is x else None

    with pytest.raises(VerifyError, match="canonicalize"):
        optimize(Graph((n, x), (el.tanh(x),)), check=True)
    assert isinstance(RULES["leak"], Rule)


# ---- effects -------------------------------------------------------------------------------------
def test_proved_checks_leave_the_effects_and_others_stay() -> None:
    i = new_input("i", "i8", (), True)
    with checks.recording() as effects:
        good = checks.partial(make(checks.check_index, (lit(1), n)))
        bad = checks.partial(make(checks.check_index, (i, n)))
    new = optimize(Graph((n, x, i), (select(x, 0, good),), tuple(effects)))
    assert [e.op.name for e in new.effects] == ["check_index"] and new.effects[0] is bad
    with pytest.raises(IndexError):
        interpret(new, {**DATA, i: 9})


# ---- loops ---------------------------------------------------------------------------------------
def loop(inits: list[Node], step, stacks=lambda i, *c: []) -> tuple[Node, ...]:
    i = new_index(lit(0), n)
    params = tuple(new_param(f"c{k}", z.type) for k, z in enumerate(inits))
    results = tuple(step(i, *params))
    body = Body(i, params, None, results, new_token(), (), tuple(stacks(i, *params)))
    return scan(inits, body, trip_count(lit(0), n, 1))


def scans(graph: Graph) -> list[Node]:
    return [m for m in order_of(graph.roots, inside=True) if m.op.name == "scan"]


def test_rules_fire_inside_bodies() -> None:
    out = loop([x], lambda i, c: [el.log(el.exp(el.add(c, i)))])
    new = optimize(Graph((n, x), out[:1]), check=True)
    names = [m.op.name for m in order_of(new.roots, inside=True)]
    assert "exp" not in names and "log" not in names
    np.testing.assert_allclose(interpret(new, DATA)[0], DATA[x] + 10)


def test_dead_carries_and_stacks_go() -> None:
    out = loop(
        [x, const(0.0), const(1.0)],
        lambda i, a, b, c: [el.tanh(a), el.add(b, c), el.multiply(c, 2.0)],
        lambda i, a, b, c: [a, b],
    )
    new = optimize(Graph((n, x), out[:1]), check=True)
    (s,) = scans(new)
    assert s.attr("n") == 1 and not bodies(s)[0].stacks
    kept = optimize(Graph((n, x), out[:1]), excluding=["scan_unused"])
    assert scans(kept)[0].attr("n") == 3
    np.testing.assert_array_equal(interpret(new, DATA)[0], interpret(kept, DATA)[0])


def test_dead_results_go_inside_out() -> None:
    def outer(i: Node, a: Node, b: Node) -> list[Node]:
        inner = loop([a, b], lambda j, c, d: [el.tanh(c), el.add(d, c)])
        return list(inner[:2])

    out = loop([x, x], outer)
    new = optimize(Graph((n, x), out[:1]), check=True)
    assert [s.attr("n") for s in scans(new)] == [1, 1]
    np.testing.assert_array_equal(
        interpret(new, DATA)[0], interpret(Graph((n, x), out[:1]), DATA)[0]
    )


def test_loops_with_one_body_merge() -> None:
    i, c = new_index(lit(0), n), new_param("c", x.type)
    body = Body(i, (c,), None, (el.tanh(c),), new_token(), (), (c,))
    other = Body(i, (c,), None, body.results, body.token, (), (el.exp(c),))
    trip = trip_count(lit(0), n, 1)
    one, two = scan([x], body, trip), scan([x], other, trip)
    g = Graph((n, x), (one[0], one[1], two[0], two[1]))
    new = optimize(g, check=True)
    assert len(scans(new)) == 1 and len(scans(g)) == 2
    for a, b in zip(interpret(g, DATA), interpret(new, DATA), strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_loop_that_reads_another_with_its_body_does_not_merge() -> None:
    i, c = new_index(lit(0), n), new_param("c", x.type)
    trip = trip_count(lit(0), n, 1)
    token = new_token()
    one = scan([x], Body(i, (c,), None, (el.tanh(c),), token, (), (c,)), trip)
    two = scan([x], Body(i, (c,), None, (el.tanh(c),), token, (), (el.add(c, one[0]),)), trip)
    g = Graph((n, x), (one[1], two[1]))
    new = optimize(g, check=True)
    assert len(scans(new)) == 2


def test_checks_in_a_loop_survive_a_dead_loop() -> None:
    k = new_input("k", "i8", (), True)
    i, c, token = new_index(lit(0), n), new_param("c", x.type), new_token()
    bad = make(checks.check_index, (k, n, token))
    row = set_item(c, Window((bad,), (1,), (-1,), ()), const(0.0))
    out = scan([x], Body(i, (c,), None, (row,), token, (bad,)))
    g = Graph((n, x, k), (x,), (out[0].inputs[0],))
    new = optimize(g, check=True)
    with pytest.raises(IndexError):
        interpret(new, {**DATA, k: 99})
    assert interpret(new, {**DATA, k: 1})[0] is DATA[x]


# ---- size ----------------------------------------------------------------------------------------
def test_a_chain_of_100000_nodes_is_rewritten_in_linear_time() -> None:
    def chain(size: int) -> Graph:
        y = x
        for k in range(size):
            y = el.add(y, el.negative(x)) if k % 5 == 0 else el.tanh(y)
        return Graph((n, x), (y,))

    few, many = (calls_of(lambda g=chain(size): optimize(g)) for size in (2_000, 10_000))
    assert many < 5 * 1.2 * few
    assert "negative" not in ops_of(optimize(chain(100_000)))


# ---- effects that other effects imply ------------------------------------------------------------
def test_a_solve_takes_over_the_error_of_the_inverse() -> None:
    a = new_input("a", "f8", (3, 3))
    b = new_input("b", "f8", (3, 2))
    with checks.recording() as effects:
        out = matmul(linalg.inv(a), b)
    new = optimize(Graph((a, b), (out,), tuple(effects)), check=True)
    assert [e.op.name for e in new.effects] == ["solve"]
    assert "inv" not in ops_of(new)
    with pytest.raises(np.linalg.LinAlgError):
        interpret(new, {a: np.zeros((3, 3)), b: np.ones((3, 2))})
    kept = optimize(Graph((a, b), (out,), tuple(effects)), excluding=["cover_effects"])
    assert [e.op.name for e in kept.effects] == ["inv"]


def test_cross_entropy_picks_from_the_stable_logarithm() -> None:
    logits, labels = new_input("z", "f8", (4, 3)), new_input("y", "i8", (4,))
    e = el.exp(logits)
    p = el.divide(e, expand(make(red.reduce_sum, (e,), (("axes", (1,)),)), (1,)))
    picked = make(
        st.gather, (p, st.iota(4), labels), (("at", 0), ("axes", (0, 1)), ("mode", "raise"))
    )
    g = Graph((logits, labels), (el.negative(el.log(picked)),), (picked,))
    new = optimize(g, check=True)
    assert len(new.effects) == 1 and "divide" not in ops_of(new)
    z = np.array([[1000.0, 0, 0], [0, 1000, 0], [-1000, 0, 0], [1, 2, 3]])
    value = interpret(new, {logits: z, labels: np.array([1, 1, 0, 2])})[0]
    np.testing.assert_allclose(value[:3], [1000, 0, 1000 + np.log(2)], rtol=1e-12, atol=1e-12)
    with pytest.raises(IndexError):
        interpret(new, {logits: z, labels: np.array([1, 1, 0, 3])})
