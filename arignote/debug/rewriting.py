"""Each application of a rule, and each pass over the graph, against the NumPy meaning.

A rule's `before` and `after` are evaluated side by side wherever the user's program gets to: inside
loop bodies step by step, and inside a branch only where its condition holds.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np

from ..config import config
from ..fxgraph.graph import Graph, order_of
from ..fxgraph.interpret import evaluate
from ..fxgraph.node import Node, origin
from ..fxgraph.text import graph_text
from ..fxgraph.types import OPAQUE
from ..optimize.pipeline import optimize
from ..optimize.rewrite import Report as Rewriting
from ..optimize.rule import Rule
from .compare import Difference, difference
from .report import Check, Finding
from .stepwise import Env, run_stepwise, spread

#: How many times one application is looked at inside loops.
VISITS = 12
Step = tuple[Rule, Node, Node]
Feeds = Callable[[], Env]


class Rewritten:
    """A graph, what the optimizer made of it, and every step on the way."""

    def __init__(self, graph: Graph, excluding: Collection[str] = ()) -> None:
        self.graph = graph
        self.passes: list[tuple[str, Graph, Graph]] = []
        self.report = Rewriting(keep_steps=True)
        self.excluding = (*config.excluding, *excluding)
        self.final = self.again(self.report, lambda *row: self.passes.append(row))

    def again(self, report: Rewriting | None = None, watch: Any = None) -> Graph:
        return optimize(
            self.graph, including=config.including, excluding=self.excluding,
            requiring=config.requiring, watch=watch, report=report,
        )  # fmt: skip

    @property
    def steps(self) -> list[Step]:
        """Applications, those of older nodes first: the order of the program."""
        return sorted(self.report.steps, key=lambda s: s[1].serial)

    @property
    def keeps_bits(self) -> bool:
        return all(r.keeps == "bits" for r, _, _ in self.report.steps)


# ---- rules ---------------------------------------------------------------------------------------
def check_rules(made: Rewritten, feeds: Feeds) -> tuple[list[Finding], Check]:
    """Every application of a rule."""
    started = time.perf_counter()
    look = _Look(made.steps, feeds)
    done: set[Graph] = set()
    for graph in (made.graph, *(after for _, _, after in made.passes)):
        if graph in done or not look.waiting:
            continue
        done.add(graph)
        with np.errstate(all="ignore"):
            try:
                run_stepwise(graph.roots, feeds(), look)
            except Exception:  # the program raises here; what it reached has been compared
                continue
    unseen = len(look.waiting)
    note = f"{unseen} stand where the program does not get to" if unseen else ""
    seconds = time.perf_counter() - started
    return look.findings, Check("rule applications", look.count, seconds, note)


class _Look:
    """Compares the steps whose open parameters are known where a body is entered."""

    def __init__(self, steps: Sequence[Step], feeds: Feeds) -> None:
        self.steps = steps
        self.feeds = feeds
        self.waiting = set(range(len(steps)))
        self.visits = [0] * len(steps)
        self.last: dict[int, tuple[Any, ...]] = {}
        self.findings: list[Finding] = []
        self.blamed: set[str] = set()
        self.count = 0

    def __call__(self, env: Env) -> None:
        here = [k for k in range(len(self.steps)) if self._due(k, env)]
        if not here:
            return
        roots = [n for k in here for n in self.steps[k][1:]]
        values: Sequence[Any]
        try:
            values = evaluate(roots, env)
        except Exception:
            values = [_Nothing if (v := _alone(r, env)) is _Nothing else v for r in roots]
        for j, k in enumerate(here):
            self.waiting.discard(k)
            self.visits[k] += 1
            self._compare(k, values[2 * j], values[2 * j + 1], env)

    def _due(self, k: int, env: Env) -> bool:
        free = self.steps[k][1].free | self.steps[k][2].free
        if self.visits[k] >= (VISITS if free else 1) or not all(f in env for f in free):
            return False
        now = tuple(env[f] for f in sorted(free, key=lambda f: f.serial))
        last = self.last.get(k)
        self.last[k] = now
        return last is None or any(a is not b for a, b in zip(last, now, strict=True))

    def _compare(self, k: int, want: Any, got: Any, env: Env) -> None:
        rule, before, after = self.steps[k]
        if want is _Nothing:
            return  # raises by itself: not the rule's doing
        self.count += 1
        if rule.name in self.blamed:
            return
        if got is _Nothing:
            found: Difference | None = difference("a value", "an error")
        else:
            found = step_difference(rule, before, want, got, env)
        if found is None:
            return
        self.blamed.add(rule.name)
        self.findings.append(_rule_finding(rule, before, after, found))


class _Nothing:
    """No value: it raised."""


def _alone(n: Node, env: Env) -> Any:
    try:
        return evaluate((n,), env)[0]
    except Exception:
        return _Nothing


def step_difference(rule: Rule, before: Node, want: Any, got: Any, env: Env) -> Difference | None:
    """How a replacement differs from what it replaces; a node of several values by its first."""
    pairs = zip(want, got, strict=True) if isinstance(before.type, tuple) else [(want, got)]
    types = before.type if isinstance(before.type, tuple) else (before.type,)
    exact = rule.keeps == "bits"
    slack: Any = None
    for (a, b), t in zip(pairs, types, strict=True):
        if t.dtype == OPAQUE:
            continue
        a, b = _as(a, t.dtype), _as(b, t.dtype)
        if difference(a, b) is None:
            continue
        if exact:
            return difference(a, b)
        if slack is None:
            whole = isinstance(before.type, tuple)
            slack = 0.0 if whole else spread((before,), lambda: env, (want,), rounding=True)[0]
        few = config.debug_float_ulp * _spacing(a)
        found = difference(a, b, slack + few, improve=True)
        if found is not None:
            return found
    return None


def _as(value: Any, dtype: Any) -> Any:
    return np.asarray(value) if np.asarray(value).dtype == dtype else np.asarray(value, dtype)


def _spacing(a: Any) -> Any:
    if a.dtype.kind not in "fc":
        return 0.0
    with np.errstate(all="ignore"):
        return np.nan_to_num(np.spacing(np.abs(a)))


def _rule_finding(rule: Rule, before: Node, after: Node, found: Difference) -> Finding:
    where = origin.get(before) or origin.get(after)
    why = (
        f"{rule.name} promises the same bits"
        if rule.keeps == "bits"
        else f"debug_float_ulp={config.debug_float_ulp}, and what rounding moves the value by"
    )
    excerpt = f"{rule.doc}\n{expression(before)}  ->  {expression(after)}"
    return Finding(
        "rule", rule.name, expression(before), str(found), where, found.index,
        found.expected, found.got, found.ulp, found.tolerance, why, excerpt,
    )  # fmt: skip


def expression(n: Node, room: int = 12) -> str:
    """A node as a short formula; what lies deeper than `room` nodes is left out."""
    text: dict[Node, str] = {}
    order = order_of((n,))
    for m in order[-room:]:
        name = str(dict(m.attrs).get("name", m.op.name))
        if m.op.name == "constant":
            text[m] = str(m.attr("bits"))
        elif not m.inputs:
            text[m] = name
        else:
            text[m] = f"{m.op.name}({', '.join(text.get(x, '...') for x in m.inputs)})"
    return text[n]


# ---- passes --------------------------------------------------------------------------------------
def check_passes(made: Rewritten, feeds: Feeds) -> tuple[list[Finding], Check]:
    """The outputs, and the error if there is one, before and after each pass."""
    started = time.perf_counter()
    findings: list[Finding] = []
    for name, before, after in made.passes:
        found = graph_difference(before, after, feeds, rounding=not made.keeps_bits)
        if found is not None:
            k, d = found
            node = before.outputs[k] if 0 <= k < len(before.outputs) else None
            where = origin.get(node) if node is not None else None
            value = f"output {k}" if k >= 0 else "errors"
            findings.append(
                Finding("pass", name, value, str(d), where, d.index, d.expected, d.got, d.ulp,
                        d.tolerance, "what rounding moves the output by", graph_text(after))
            )  # fmt: skip
            break
    check = Check("passes", len(made.passes), time.perf_counter() - started)
    return findings, check


def graph_difference(
    before: Graph, after: Graph, feeds: Feeds, *, rounding: bool
) -> tuple[int, Difference] | None:
    """(output, difference) of two graphs over the same inputs; output -1: one raises."""
    want, failed = outcome(before, feeds())
    got, raised = outcome(after, feeds())
    if failed is not None or raised is not None:
        if type(failed) is type(raised):
            return None
        return -1, difference(f"{failed!r}", f"{raised!r}") or Difference((), 0, 0, 0, 0, 1)
    slack: list[Any] | None = None
    for k, (a, b) in enumerate(zip(want, got, strict=True)):
        if difference(a, b) is None:
            continue
        if slack is None:
            slack = spread(before.outputs, feeds, want, rounding=rounding)
        found = difference(a, b, slack[k], improve=rounding)
        if found is not None:
            return k, found
    return None


def outcome(graph: Graph, env: Env) -> tuple[tuple[Any, ...], Exception | None]:
    """The outputs, or the error."""
    with np.errstate(all="ignore"):
        try:
            values = evaluate(graph.roots, env)
        except Exception as error:
            return (), error
    types = [n.type for n in graph.outputs]
    values = values[len(graph.effects) :]
    return tuple(
        v if t.dtype == OPAQUE else _as(v, t.dtype) for v, t in zip(values, types, strict=True)
    ), None


def check_repeat(made: Rewritten) -> tuple[list[Finding], Check]:
    """Rewriting the same graph again gives the same graph."""
    started = time.perf_counter()
    findings: list[Finding] = []
    first = graph_text(made.final)
    for _ in range(config.debug_patience - 1):
        text = graph_text(made.again())
        if text != first:
            findings.append(
                Finding("repeat", "optimizer", "the graph", "is another one the second time",
                        excerpt=_changed(first, text))
            )  # fmt: skip
            break
    return findings, Check(
        "repeated rewriting", config.debug_patience - 1, time.perf_counter() - started
    )


def _changed(a: str, b: str) -> str:
    rows = zip(a.splitlines(), b.splitlines(), strict=False)
    return "\n".join(f"- {x}\n+ {y}" for x, y in rows if x != y)
