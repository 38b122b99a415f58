"""Faults in what lowering, or a pass over programs, gives."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np

from arignote.debug import lowering
from arignote.debug.report import Finding
from arignote.debug.rewriting import Rewritten
from arignote.fxgraph.constants import new_index
from arignote.fxgraph.graph import substitute
from arignote.fxgraph.node import OPS, Node
from arignote.fxgraph.ops.arithmetic import add
from arignote.fxgraph.ops.family import cast_to
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
from arignote.specialise import traced
from arignote.trace.pytree import flatten
from arignote.transforms.gradients import grad
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, fresh, wrong

Change = Callable[[Statement], "tuple[Statement, ...] | None"]


def programs() -> Iterator[Mutant]:
    """A fault in what lowering, or one of the passes over programs, gives."""
    stages = ("lower", *(p.name for p in PASSES))
    for victim, args, changes in victims_and_changes():
        for change in changes:
            for name in stages:
                if _applies(victim, args, name, change):
                    yield _mutant(victim, args, name, change)
    for victim, args, changes, names, places in special():
        for change in changes:
            for where in places:
                for name in names:
                    if _applies(victim, args, name, change, where):
                        yield _mutant(victim, args, name, change, where)


Where = Callable[[Program, Change], "Program | None"]


def _mutant(
    victim: Any, args: tuple[Any, ...], name: str, change: Change, where: Where | None = None
) -> Mutant:
    at = f" {where.__name__}" if where is not None else ""
    return Mutant(
        f"{name} {change.__name__}{at} in {victim.__name__}",
        _planter(name, change, where or changed), lambda: _programs_of(victim, args),
        "lowering" if name == "lower" else "program pass", name, honest=where is None,
    )  # fmt: skip


def _programs_of(victim: Any, args: tuple[Any, ...]) -> list[Finding]:
    leaves, tree = flatten((args, {}))
    trace, _ = traced(victim, tree, leaves)
    final = Rewritten(trace.graph).final
    return lowering.check_programs(trace, final, lambda: fresh(args))[0]


def _planter(name: str, change: Change, where: Where) -> Callable[[Any], None]:
    def plant(patch: Any) -> None:
        if name == "lower":
            lower = lowering.lower
            patch.setattr(lowering, "lower", lambda *a: where(lower(*a), change) or lower(*a))
            return
        table = tuple(
            replace(p, run=lambda g, run=p.run: where(run(g), change) or run(g))
            if p.name == name
            else p
            for p in PASSES
        )
        patch.setattr(lowering, "PASSES", table)

    return plant


_cache: dict[Any, dict[str, Program]] = {}


def _applies(
    victim: Any, args: Any, name: str, change: Change, where: Where | None = None
) -> bool:
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
    return (where or changed)(_cache[victim][name], change) is not None


def changed(program: Program, change: Change) -> Program | None:
    """The program with the first statement that `change` takes changed; None if it takes none."""
    found = _changed(program.statements, change, lambda x: x)
    return None if found is None else replace(program, statements=found)


def first_in_tiles(program: Program, change: Change) -> Program | None:
    """The same in what runs where there is room for tiles."""
    return _in_tiles(program, change, lambda x: x)


def last_in_tiles(program: Program, change: Change) -> Program | None:
    return _in_tiles(program, change, lambda x: x[::-1])


def _in_tiles(program: Program, change: Change, order: Any) -> Program | None:
    statements = list(program.statements)
    for k, s in order(list(enumerate(statements))):
        if isinstance(s, If) and s.other:
            found = _changed(s.other, change, order)
            if found is not None:
                statements[k] = replace(s, other=found)
                return replace(program, statements=tuple(statements))
    return None


def _changed(
    statements: tuple[Statement, ...], change: Change, order: Any
) -> tuple[Statement, ...] | None:
    for k, s in order(list(enumerate(statements))):
        blocks = list(children(s))
        new: tuple[Statement, ...] | None = None
        for j, block in order(list(enumerate(blocks))):
            inner = _changed(block, change, order)
            if inner is not None:
                blocks[j] = inner
                new = (with_children(s, tuple(blocks)),)
                break
        new = change(s) if new is None else new
        if new is not None:
            return (*statements[:k], *new, *statements[k + 1 :])
    return None


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


def special() -> list[
    tuple[Any, tuple[Any, ...], tuple[Change, ...], tuple[str, ...], tuple[Where, ...]]
]:
    """Sums over windows and their adjoints, which become tiles (rows in fours and what is left,
    columns in eights and what is left), searches and counts."""
    rng = np.random.default_rng(1)
    args = rng.random(11), rng.random((2, 9))
    slopes = grad(victims.window_loss, argnums=(0, 1))._function  # type: ignore[attr-defined]
    few = (ends_early, loses_store, stores_wrong, stores_beside)
    ends, line = (first_in_tiles, last_in_tiles), np.linspace(0.15, 1.15, 6)
    return [
        (victims.windows, args, (*_BOUNDS, *few[1:]), ("tiles", "parallel"), ends),
        (slopes, args, few, ("window_adjoints",), ends),
        (victims.sought, (line, line[::-1].copy()), (assigns_wrong, *_STORES[:2]),
         ("lower", "strips", "parallel"), (changed,)),
        (victims.binned, (line**2,), (*_STORES[:2], stores_twice),
         ("lower", "fusion", "sums", "parallel"), (changed,)),
    ]  # fmt: skip
