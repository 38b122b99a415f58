"""Planted faults, one registry: each changes one thing that the compiler does and says which stage
and which name a validation must blame."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from arignote.config import config
from arignote.debug import gradients, lowering
from arignote.debug.report import Finding
from arignote.debug.rewriting import Rewritten, check_passes, check_repeat, check_rules
from arignote.debug.validate import Depth, validate
from arignote.emit import kernel as kernel_stages
from arignote.fxgraph.constants import new_index, new_input
from arignote.fxgraph.graph import Graph, substitute
from arignote.fxgraph.node import OPS, Node, Op
from arignote.fxgraph.ops.arithmetic import add, multiply
from arignote.fxgraph.ops.compare import logical_not
from arignote.fxgraph.ops.family import cast_to
from arignote.fxgraph.types import TensorType
from arignote.optimize import pipeline
from arignote.optimize.loopnest.program import (
    Assign,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Program,
    Statement,
    Store,
    children,
    map_expressions,
    with_children,
)
from arignote.optimize.loopnest.schedule import PASSES
from arignote.optimize.rule import RULES, Rule
from arignote.specialise import traced
from arignote.trace.pytree import flatten
from tests.debug import victims
from tests.optimize.samples import samples


@dataclass(frozen=True)
class Mutant:
    """plant(monkeypatch) makes the fault; run() gives what a validation finds.

    honest: may run() be tried without the fault, to see that it finds nothing?
    """

    name: str
    plant: Callable[[Any], None]
    run: Callable[[], list[Finding]]
    stage: str
    blame: str
    honest: bool = True


def mutants() -> list[Mutant]:
    """Every mutant that applies."""
    return [*rules(), *passes(), *derivatives(), *references(), *programs(), *kernels()]


# ---- rules and passes over graphs ----------------------------------------------------------------
def wrong(n: Node | None) -> Node | None:
    """Another value of the same type."""
    if n is None or not isinstance(n.type, TensorType):
        return n
    if n.dtype.kind == "b":
        return logical_not(n)
    return cast_to(add(n, 1), n.dtype, n.type.weak) if n.dtype.kind in "iufc" else n


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
        graph, feeds = _graph(victims.everything, (np.linspace(0.1, 1, 5), 5))
        return check_passes(Rewritten(graph), feeds)[0]

    def run_late() -> list[Finding]:
        graph, feeds = _graph(victims.everything, (np.linspace(0.1, 1, 5), 9))
        return check_passes(Rewritten(graph), feeds)[0]

    def first_wrong(g: Graph) -> Graph:
        return replace(g, outputs=(wrong(g.outputs[0]), *g.outputs[1:]))

    def no_checks(g: Graph) -> Graph:
        return replace(g, effects=(), outputs=(g.inputs[0],) * len(g.outputs))

    for p in pipeline.PIPELINE:
        yield Mutant(f"pass {p.name} spoils", broken(p.name, first_wrong), run, "pass", p.name)
        plant = broken(p.name, no_checks)
        yield Mutant(f"pass {p.name} loses checks", plant, run_late, "pass", p.name)
    count = [0]

    def moody(g: Graph) -> Graph:
        count[0] += 1
        return replace(g, outputs=(add(g.outputs[0], float(count[0])), *g.outputs[1:]))

    def run_again() -> list[Finding]:
        graph, _ = _graph(victims.everything, (np.linspace(0.1, 1, 5), 5))
        return check_repeat(Rewritten(graph))[0]

    plant = broken("canonicalize", moody)
    yield Mutant("pass canonicalize is moody", plant, run_again, "repeat", "optimizer")


def _graph(function: Any, args: tuple[Any, ...]) -> Any:
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
            return _validated(f, (np.linspace(0.1, 0.9, 5),))

        yield Mutant(f"meaning {name}", plant, run, "trace", "f")


def _validated(function: Any, args: tuple[Any, ...], **options: Any) -> list[Finding]:
    leaves, tree = flatten((args, {}))
    depth = Depth(**{"build": False, "layouts": (), **options})
    return validate(function, tree, leaves, traced, depth).findings


# ---- programs ------------------------------------------------------------------------------------
Change = Callable[[Statement], "tuple[Statement, ...] | None"]


def programs() -> Iterator[Mutant]:
    """A fault in what lowering, or one of the passes over programs, gives."""
    for victim, args, changes in victims_and_changes():
        for change in changes:
            for name in ("lower", *(p.name for p in PASSES)):
                if not _applies(victim, args, name, change):
                    continue
                label = f"{name} {change.__name__} in {victim.__name__}"
                yield Mutant(
                    label, _planter(name, change), lambda v=victim, a=args: _programs_of(v, a),
                    "lowering" if name == "lower" else "program pass", name,
                )  # fmt: skip


def _programs_of(victim: Any, args: tuple[Any, ...]) -> list[Finding]:
    leaves, tree = flatten((args, {}))
    trace, _ = traced(victim, tree, leaves)
    final = Rewritten(trace.graph).final
    return lowering.check_programs(trace, final, lambda: lowering_fresh(args))[0]


def lowering_fresh(args: tuple[Any, ...]) -> list[Any]:
    return [x.copy() if isinstance(x, np.ndarray) else x for x in flatten((args, {}))[0]]


def _planter(name: str, change: Change) -> Callable[[Any], None]:
    def plant(patch: Any) -> None:
        if name == "lower":
            lower = lowering.lower
            patch.setattr(lowering, "lower", lambda *a: changed(lower(*a), change) or lower(*a))
            return
        table = tuple(
            replace(p, run=lambda g, run=p.run: changed(run(g), change) or run(g))
            if p.name == name
            else p
            for p in PASSES
        )
        patch.setattr(lowering, "PASSES", table)

    return plant


_cache: dict[Any, dict[str, Program]] = {}


def _applies(victim: Any, args: Any, name: str, change: Change) -> bool:
    """Does this stage give a program that the change can change?"""
    if victim not in _cache:
        leaves, tree = flatten((args, {}))
        trace, _ = traced(victim, tree, leaves)
        meeting = lowering.meet(trace, Rewritten(trace.graph).final)
        stages = dict(lowering.stages(meeting))
        last = stages["lower"]
        for p in PASSES:
            last = stages.setdefault(p.name, last)
        _cache[victim] = stages
    return changed(_cache[victim][name], change) is not None


def changed(program: Program, change: Change) -> Program | None:
    """The program with the first statement that `change` takes changed; None if it takes none."""
    done = [False]

    def block(statements: tuple[Statement, ...]) -> tuple[Statement, ...]:
        out: list[Statement] = []
        for s in statements:
            if not done[0]:
                inner = tuple(block(b) for b in children(s))
                s = with_children(s, inner) if done[0] else s
            new = None if done[0] else change(s)
            if new is not None:
                done[0] = True
            out.extend((s,) if new is None else new)
        return tuple(out)

    new = replace(program, statements=block(program.statements))
    return new if done[0] else None


def _ranged(lo: int, hi: int, step: int) -> Callable[[Statement], Any]:
    def change(s: Statement) -> Any:
        if not isinstance(s, Loop) or any(isinstance(x, Loop) for x in s.body):
            return None
        at = s.index
        a, b = add(at.attr("lo"), lo) if lo else at.attr("lo"), at.attr("hi")
        new = new_index(a, add(b, hi) if hi else b, at.attr("step") * step)
        body = tuple(_renamed(x, at, new) for x in s.body)
        return (replace(s, index=new, body=body),)

    return change


def _renamed(s: Statement, old: Node, new: Node) -> Statement:
    s = map_expressions(s, lambda n: substitute((n,), {old: new})[0])
    return with_children(s, tuple(tuple(_renamed(x, old, new) for x in b) for b in children(s)))


def starts_late(s: Statement) -> Any:
    return _ranged(1, 0, 1)(s)


def ends_early(s: Statement) -> Any:
    return _ranged(0, -1, 1)(s)


def ends_late(s: Statement) -> Any:
    return _ranged(0, 1, 1)(s)


def strides_double(s: Statement) -> Any:
    return _ranged(0, 0, 2)(s)


def loses_store(s: Statement) -> Any:
    return () if isinstance(s, Store) else None


def stores_wrong(s: Statement) -> Any:
    return (replace(s, value=wrong(s.value)),) if isinstance(s, Store) else None


def stores_narrow(s: Statement) -> Any:
    if not isinstance(s, Store) or s.value.dtype != np.float64:
        return None
    return (replace(s, value=cast_to(cast_to(s.value, "f4"), "f8")),)


def stores_beside(s: Statement) -> Any:
    if not isinstance(s, Store) or not s.index:
        return None
    return (replace(s, index=(*s.index[:-1], add(s.index[-1], 1))),)


def stores_twice(s: Statement) -> Any:
    return (replace(s, accumulate=not s.accumulate),) if isinstance(s, Store) else None


def folds_wrong(s: Statement) -> Any:
    return (replace(s, op=OPS["reduce_max"]),) if isinstance(s, Fold) else None


def folds_nothing(s: Statement) -> Any:
    return () if isinstance(s, Fold) else None


def assigns_wrong(s: Statement) -> Any:
    ok = isinstance(s, Assign) and s.value.dtype.kind == "f"
    return (replace(s, value=wrong(s.value)),) if ok else None


def branches_wrong(s: Statement) -> Any:
    return (replace(s, then=s.other, other=s.then),) if isinstance(s, If) else None


def loses_branch(s: Statement) -> Any:
    return s.then if isinstance(s, If) else None


def loses_check(s: Statement) -> Any:
    if not isinstance(s, Check):
        return None
    return () if s.result is None else (Assign(s.result, s.operands[0]),)


def loses_library(s: Statement) -> Any:
    return () if isinstance(s, Library) else None


def loop_backwards(s: Statement) -> Any:
    """A lost order: statements of a loop's body change places."""
    if isinstance(s, Loop) and len(s.body) > 1:
        return (replace(s, body=tuple(reversed(s.body))),)
    return None


def races(s: Statement) -> Any:
    """A loop whose steps depend on each other is shared by threads."""
    return (replace(s, parallel=True),) if isinstance(s, Loop) and not s.parallel else None


_BOUNDS = (starts_late, ends_early, strides_double)
_STORES = (loses_store, stores_wrong, stores_narrow, stores_beside)


def victims_and_changes() -> list[tuple[Any, tuple[Any, ...], tuple[Change, ...]]]:
    rng = np.random.default_rng(0)
    a, m, large = np.linspace(0.15, 1.15, 6), rng.random((4, 5)), rng.random((12, 5))
    return [
        (victims.shifted, (a,), (*_BOUNDS, ends_late, *_STORES, stores_twice)),
        (victims.total, (a,), (*_BOUNDS, ends_late, folds_wrong, folds_nothing, assigns_wrong)),
        (victims.stepped, (a, 6), (*_BOUNDS, branches_wrong, loses_branch, loop_backwards,
                                  races)),
        (victims.running, (a,), (races,)),
        (victims.wild, (a, np.array([0, 3, 1]), 9.0), (*_STORES[:2], ends_early)),
        (victims.wild, (a, np.array([0, 9, 1]), 9.0), (loses_check,)),
        (victims.table, (m,), (*_BOUNDS, ends_late, *_STORES)),
        (victims.product, (m, m.T.copy()), _STORES[:2]),
        (victims.product, (large, large.T.copy()), (loses_library,)),
    ]


# ---- kernels -------------------------------------------------------------------------------------
def kernels() -> Iterator[Mutant]:
    """Faults of the printed text, which only running it shows."""
    edits = {
        "ends early": ("range(first, last)", "range(first, last - 1)", victims.doubled),
        "ends late": ("range(first, last)", "range(first, last + 1)", victims.doubled),
        "another operation": ("a[i] * 2.0", "a[i] * 2.5", victims.doubled),
        "writes its argument": ("a[i] * 2.0", "a[i] * 2.0; a[i] = 1.0", victims.doubled),
        "single precision": ("a[i] * 2.0", "<float>a[i] * 2.0", victims.doubled),
    }
    for label, (old, new, victim) in edits.items():

        def plant(patch: Any, old: str = old, new: str = new) -> None:
            real = kernel_stages.print_program

            def bad(*args: Any, **options: Any) -> str:
                text = real(*args, **options).replace(old, new)
                assert new in text, text
                return text

            patch.setattr(kernel_stages, "print_program", bad)

        def run(victim: Any = victim) -> list[Finding]:
            return _validated(victim, (np.linspace(0.1, 1, 7),), build=True)

        yield Mutant(f"kernel {label}", plant, run, "kernel", victim.__name__, honest=False)
