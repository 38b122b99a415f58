"""Wrong rules, passes, derivatives and meanings."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arignote.config import config
from arignote.debug import gradients, lowering
from arignote.debug.report import Finding
from arignote.debug.rewriting import Rewritten, check_passes, check_repeat, check_rules
from arignote.fxgraph.constants import new_input
from arignote.fxgraph.graph import Graph
from arignote.fxgraph.node import OPS, Op
from arignote.fxgraph.ops.arithmetic import add, multiply
from arignote.fxgraph.types import TensorType
from arignote.optimize import pipeline
from arignote.optimize.rule import RULES, Rule
from arignote.specialise import traced
from arignote.trace.pytree import flatten
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated, wrong
from tests.optimize.samples import samples


# ---- rules and passes over graphs ----------------------------------------------------------------
def rules() -> Iterator[Mutant]:
    """A wrong result of each rule that gives numbers."""
    for name, rule in sorted(RULES.items()):
        found = _sample(rule)
        if found is None:
            continue
        graph, feeds = found

        def plant(patch: Any, rule: Rule = rule, build: Any = rule.build) -> None:
            patch.setitem(vars(rule), "build", lambda *a, **k: wrong(build(*a, **k)))

        def run(name: str = name, graph: Graph = graph, feeds: Any = feeds) -> list[Finding]:
            with config(requiring=(name,), including=(name,)):
                return check_rules(Rewritten(graph), lambda: dict(feeds))[0]

        yield Mutant(f"rule {name}", plant, run, "rule", name)


def _sample(rule: Rule) -> Any:
    """A sample on which the rule fires and gives a number, or None."""
    for graph, feeds in samples(rule):
        with config(requiring=(rule.name,), including=(rule.name,)):
            steps = Rewritten(graph).report.steps
        kinds = [b.dtype.kind for _, _, b in steps if isinstance(b.type, TensorType)]
        if kinds and kinds[0] in "biufc" and _one_more_shows(graph, feeds):
            return graph, feeds
    return None


def _one_more_shows(graph: Graph, feeds: Any) -> bool:
    values = lowering.outcome(graph, dict(feeds))[0]
    first = np.asarray(values[0], complex) if values else np.zeros(1)
    return bool((np.isfinite(first) & (first + 1 != first)).any())


def passes() -> Iterator[Mutant]:
    """A pass that spoils an output, loses a check, or is not the same twice."""

    def broken(name: str, spoil: Callable[[Graph], Graph]) -> Callable[[Any], None]:
        def plant(patch: Any) -> None:
            table = tuple(
                replace(p, run=lambda g, c, r, run=p.run: spoil(run(g, c, r)))
                if p.name == name
                else p
                for p in pipeline.PIPELINE
            )
            patch.setitem(pipeline.MODES, "FAST_RUN", table)

        return plant

    def run() -> list[Finding]:
        graph, feeds = traced_graph(victims.everything, (np.linspace(0.1, 1, 5), 5))
        return check_passes(Rewritten(graph), feeds)[0]

    def run_late() -> list[Finding]:
        graph, feeds = traced_graph(victims.everything, (np.linspace(0.1, 1, 5), 9))
        return check_passes(Rewritten(graph), feeds)[0]

    def first_wrong(g: Graph) -> Graph:
        return replace(g, outputs=(wrong(g.outputs[0]), *g.outputs[1:]))

    def no_checks(g: Graph) -> Graph:
        return replace(g, effects=(), outputs=(g.inputs[0],) * len(g.outputs))

    for p in pipeline.PIPELINE:
        yield Mutant(f"pass {p.name} spoils", broken(p.name, first_wrong), run, "pass", p.name)
        plant = broken(p.name, no_checks)
        yield Mutant(f"pass {p.name} loses checks", plant, run_late, "pass", p.name)

    def run_inside() -> list[Finding]:
        return validated(victims.curved, (np.linspace(0.1, 1, 5),))

    plant = broken("canonicalize", first_wrong)
    name = "pass canonicalize spoils what the reference computes as well"
    yield Mutant(name, plant, run_inside, "pass", "canonicalize")
    count = [0]

    def moody(g: Graph) -> Graph:
        count[0] += 1
        return replace(g, outputs=(add(g.outputs[0], float(count[0])), *g.outputs[1:]))

    def run_again() -> list[Finding]:
        graph, _ = traced_graph(victims.everything, (np.linspace(0.1, 1, 5), 5))
        return check_repeat(Rewritten(graph))[0]

    plant = broken("canonicalize", moody)
    yield Mutant("pass canonicalize is moody", plant, run_again, "repeat", "optimizer")


def traced_graph(function: Any, args: tuple[Any, ...]) -> Any:
    leaves, tree = flatten((args, {}))
    trace, _ = traced(function, tree, leaves)
    return trace.graph, lambda: lowering.feeds_of(trace, flatten((args, {}))[0])


# ---- derivatives and meanings --------------------------------------------------------------------
def derivatives() -> Iterator[Mutant]:
    """A wrong derivative of each elementwise op that has one."""
    for op in _smooth_ops():
        graph, feeds = _of_op(op)

        def plant(patch: Any, op: Op = op, rule: Any = op.vjp) -> None:
            def bad(*args: Any, **attrs: Any) -> Any:
                return tuple(g if g is None else multiply(g, 1.25) for g in rule(*args, **attrs))

            patch.setitem(vars(op), "vjp", bad)

        def run(graph: Graph = graph, feeds: Any = feeds) -> list[Finding]:
            return gradients.check_graph(graph, dict(feeds))[0]

        yield Mutant(f"vjp {op.name}", plant, run, "gradient", op.name)


_FLAT = "sign floor ceil rint trunc heaviside floor_divide fmod remainder nextafter cast".split()


def _smooth_ops() -> list[Op]:
    found = []
    for _, op in sorted(OPS.items()):
        if "elementwise" in op.traits and op.vjp and "barrier" not in op.traits:
            if op.extra.get("arity") in (1, 2) and op.name not in _FLAT:
                try:
                    graph, feeds = _of_op(op)
                except Exception:
                    continue
                if graph.outputs[0].dtype == np.float64 and _has_slope(graph, feeds):
                    found.append(op)
    return found


def _has_slope(graph: Graph, feeds: Any) -> bool:
    found, check = gradients.check_graph(graph, dict(feeds))
    if found or not check.count:
        return False
    values = lowering.outcome(graph, dict(feeds))[0][0]
    moved = {n: v + 1e-3 for n, v in feeds.items()}
    return bool(np.abs(lowering.outcome(graph, moved)[0][0] - values).max() > 1e-6)


def _of_op(op: Op) -> Any:
    low, high = op.extra.get("domain") or (0.3, 0.9)
    inputs = [new_input(f"x{k}", np.dtype(float), (3,)) for k in range(op.extra["arity"])]
    feeds = {n: np.linspace(low, high, 5)[1:4] + 0.01 * k for k, n in enumerate(inputs)}
    return Graph(tuple(inputs), (op(*inputs),)), feeds


def references() -> Iterator[Mutant]:
    """A wrong NumPy meaning of an op: the graph is not the function."""
    for name in "exp sin sqrt tanh floor negative square log1p arctan expm1 cbrt rint".split():

        def plant(patch: Any, op: Op = OPS[name], f: Any = OPS[name].reference) -> None:
            patch.setitem(vars(op), "reference", lambda *a, **k: f(*a, **k) + 1)

        def run(f: Any = victims.unary(getattr(np, name))) -> list[Finding]:
            return validated(f, (np.linspace(0.1, 0.9, 5),))

        yield Mutant(f"meaning {name}", plant, run, "trace", "f")
