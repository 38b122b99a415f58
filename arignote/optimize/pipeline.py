"""Graph -> Graph passes, in the order of PIPELINE.

    rounding       NumPy's own operations where loops amplify every difference
    canonicalize   fewer ways to write the same thing; what is known is computed
    stabilize      forms that keep digits at the edges of the domain
    specialize     cheaper ops for what is left
    scan           loops and branches: dead carries, unused stacks, equal loops
    effects        checks that other checks imply
    counts         masks that are only counted
    scatter        additions into shifted windows gathered into one
    products       products that are each other's transposes
    lines          branches that write the same place go on from one version
    reads          writes read the version that they go on with
    spares         arrays that loops drop are those that they fill next

A pass never mutates: it returns the graph it was given when it has nothing to do.
"""

from __future__ import annotations

import difflib
import gc
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeAlias

from ..errors import ConfigError
from ..fxgraph.graph import Graph
from ..fxgraph.verify import verify
from ..scanloop.dead_writes import assign_first_additions, drop_dead_writes
from ..scanloop.merge import merge_loops
from ..scanloop.unused import drop_unused
from ..scanloop.zeroed_carries import zero_at_start
from . import rules as _declared  # noqa: F401  (declares every rule)
from .counts import count_masks
from .effects import cover_effects
from .loopnest.schedule import PASSES
from .newest_reads import read_newest
from .one_line import join_lines
from .products import share_transposed
from .rewrite import Report, idle, rewrite
from .rounding import keep_rounding
from .rule import PHASES, RULES, Rule, known_names, selected
from .scatter import gather_additions
from .spares import carry_spares

Watch: TypeAlias = "Callable[[str, Graph, Graph], None]"


@dataclass(frozen=True)
class Choice:
    """Which rules a pass may use."""

    including: frozenset[str] = frozenset()
    excluding: frozenset[str] = frozenset()
    requiring: frozenset[str] = frozenset()

    def rules(self, *phases: str) -> tuple[Rule, ...]:
        return selected(
            phases, including=self.including, excluding=self.excluding, requiring=self.requiring
        )

    def allows(self, name: str) -> bool:
        return name not in self.excluding


@dataclass(frozen=True)
class Pass:
    """run(graph, choice, report) returns the same object when nothing changed."""

    name: str
    run: Callable[[Graph, Choice, Report], Graph]


def _rules(*phases: str, new: str | None = None) -> Callable[[Graph, Choice, Report], Graph]:
    """A pass over the rules of some phases.

    new: the one phase that the pass before did not have; a graph that gives it nothing to look at
    is left alone.
    """

    def run(graph: Graph, choice: Choice, report: Report) -> Graph:
        if new is not None and idle(graph, choice.rules(new)):
            return graph
        return rewrite(graph, choice.rules(*phases), report)

    return run


def _loops(graph: Graph, choice: Choice, report: Report) -> Graph:
    """Loop and branch clean-up, with the rules that it gives new work to, until nothing changes."""
    if not any("body" in n.op.traits for n in graph.order):
        return graph
    rules = choice.rules("useless", "scan")
    for _ in range(8):
        before = graph
        if choice.allows("scan_merge"):
            graph = merge_loops(graph)
        if choice.allows("scan_unused"):
            graph = drop_unused(graph)
        graph = rewrite(graph, rules, report)
        if graph is before and choice.allows("dead_writes"):
            graph = drop_dead_writes(graph)
        if graph is before:
            break
    return graph


def _rounding(graph: Graph, choice: Choice, report: Report) -> Graph:
    if choice.requiring or not choice.allows("numpy_rounding"):
        return graph
    return keep_rounding(graph)


def _effects(graph: Graph, choice: Choice, report: Report) -> Graph:
    return cover_effects(graph) if choice.allows("cover_effects") and graph.effects else graph


def _counts(graph: Graph, choice: Choice, report: Report) -> Graph:
    return count_masks(graph) if choice.allows("count_masks") else graph


def _products(graph: Graph, choice: Choice, report: Report) -> Graph:
    return share_transposed(graph) if choice.allows("transposed_products") else graph


def _reads(graph: Graph, choice: Choice, report: Report) -> Graph:
    return read_newest(graph) if choice.allows("newest_reads") else graph


def _lines(graph: Graph, choice: Choice, report: Report) -> Graph:
    return join_lines(graph) if choice.allows("one_line") else graph


def _spares(graph: Graph, choice: Choice, report: Report) -> Graph:
    return carry_spares(graph) if choice.allows("carry_spares") else graph


def _scatter(graph: Graph, choice: Choice, report: Report) -> Graph:
    if choice.requiring:
        return graph
    if choice.allows("first_additions"):
        graph = assign_first_additions(graph)
    if not choice.allows("scatter_to_gather"):
        return graph
    if choice.allows("zeroed_carries"):
        turned = zero_at_start(graph)
        if turned is not graph:  # the first step, which stands before the loop, is new to all rules
            rules = choice.rules("useless", "canonicalize", "specialize", "scan")
            graph = drop_unused(rewrite(turned, rules, report))
    new = gather_additions(graph)
    return new if new is graph else rewrite(new, choice.rules("useless"), report)


#: Whole-graph passes that users may exclude like rules: phase, promise, what becomes what.
PARTS: dict[str, tuple[str, str, str]] = {
    "numpy_rounding": (
        "rounding",
        "bits",
        "powers, products and sums that a chaotic loop goes on from -> NumPy's own loops",
    ),
    "scan_merge": (
        "scan",
        "bits",
        "loops over the same steps with the same body -> one loop with all their stacks",
    ),
    "scan_unused": (
        "scan",
        "bits",
        "carries and stacks that nobody reads -> gone, inside out and outside in",
    ),
    "dead_writes": (
        "scan",
        "bits",
        "writes into a carried array that no later read meets -> gone, with what they store",
    ),
    "first_additions": (
        "scatter",
        "reals",
        "additions to elements of zeros that nothing has written yet -> assignments",
    ),
    "zeroed_carries": (
        "scatter",
        "bits",
        "a carry that each step leaves zero somewhere -> zeroed at the start of the next step",
    ),
    "cover_effects": (
        "effects",
        "bits",
        "an operation that is only there to raise -> gone, if a live one raises alike",
    ),
    "count_masks": (
        "counts",
        "bits",
        "positions of true elements that nobody reads -> their number alone",
    ),
    "transposed_products": (
        "products",
        "reals",
        "A @ B and B.T @ A.T -> one product",
    ),
    "newest_reads": (
        "reads",
        "bits",
        "writes that read an earlier version where nothing has changed -> that they go on with",
    ),
    "one_line": (
        "lines",
        "bits",
        "writes of a branch over the version before another branch's -> over that one",
    ),
    "carry_spares": (
        "spares",
        "bits",
        "fresh arrays that a step fills in place of one that it drops -> that one's memory",
    ),
    "grown_stacks": (
        "stacks",
        "bits",
        "while x: step; for the steps that it took: push, step -> while x: push, step",
    ),
    "scatter_to_gather": (
        "scatter",
        "reals",
        "b[2:] += t; b[1:-1] += t; b[:-2] += t -> one addition of shifted values",
    ),
}

PIPELINE: tuple[Pass, ...] = (
    Pass("rounding", _rounding),
    Pass("canonicalize", _rules("useless", "canonicalize")),
    Pass("stabilize", _rules("useless", "canonicalize", "stabilize", new="stabilize")),
    Pass("specialize", _rules("useless", "specialize", new="specialize")),
    Pass("scan", _loops),
    Pass("effects", _effects),
    Pass("counts", _counts),
    Pass("scatter", _scatter),
    Pass("products", _products),
    Pass("lines", _lines),
    Pass("reads", _reads),
    Pass("spares", _spares),
)

#: What each mode runs; the cheap mode removes and stabilizes only.
MODES: dict[str, tuple[Pass, ...]] = {
    "FAST_RUN": PIPELINE,
    "FAST_COMPILE": (Pass("stabilize", _rules("useless", "stabilize")), Pass("scan", _loops)),
}


def optimize(
    graph: Graph,
    *,
    including: Iterable[str] = (),
    excluding: Iterable[str] = (),
    requiring: Iterable[str] = (),
    phases: Collection[str] | None = None,
    mode: str = "FAST_RUN",
    watch: Watch | None = None,
    report: Report | None = None,
    check: bool = False,
) -> Graph:
    """`graph` after the passes of `mode` (those named in `phases`, if given).

    including, excluding, requiring: names of rules, tags or passes; a rule of the tag "fast_math"
    runs only when included, and with `requiring` only rules that have one of the names run.
    watch(pass name, before, after) is called for each pass that changed the graph; check: verify
    after each such pass.  Returns the same object when nothing changed.  Raises ConfigError for
    unknown names.
    """
    choice = Choice(checked(including), checked(excluding), checked(requiring))
    if phases is not None:
        checked(phases)
    report = report if report is not None else Report()
    passes = _passes(mode)
    with paused_collector():
        return _run(graph, passes, choice, phases, watch, report, check)


def _run(
    graph: Graph,
    passes: tuple[Pass, ...],
    choice: Choice,
    phases: Collection[str] | None,
    watch: Watch | None,
    report: Report,
    check: bool,
) -> Graph:
    for p in passes:
        if p.name in choice.excluding or (phases is not None and p.name not in phases):
            continue
        start = time.perf_counter()
        new = p.run(graph, choice, report)
        report.passes.append((p.name, time.perf_counter() - start, len(new.order)))
        if new is not graph:
            if check:
                verify(new, p.name)
            if watch is not None:
                watch(p.name, graph, new)
        graph = new
    return graph


@contextmanager
def paused_collector() -> Iterator[None]:
    """No garbage collection inside: graphs have no cycles, and walking them costs more than
    rewriting."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def _passes(mode: str) -> tuple[Pass, ...]:
    try:
        return MODES[mode]
    except KeyError:
        raise ConfigError(f"there is no mode {mode!r}: the modes are {', '.join(MODES)}.") from None


def checked(names: Iterable[str]) -> frozenset[str]:
    """The names as a set; raises ConfigError for one that no rule, tag or pass has, with the
    nearest."""
    names = frozenset((names,) if isinstance(names, str) else names)
    if not names:
        return names
    passes = {p.name for p in PIPELINE} | {q.name for q in PASSES}
    known = known_names() | passes | set(PARTS) | set(PHASES)
    for name in sorted(names - known):
        near = difflib.get_close_matches(name, sorted(known), n=1, cutoff=0.4)
        hint = f"did you mean {near[0]!r}?" if near else "ag.rules() lists all names and tags."
        raise ConfigError(f"no rewrite, tag or pass is called {name!r}; {hint}")
    return names


def rules() -> list[dict[str, Any]]:
    """Every rewrite as a row: name, phase, tags, keeps, and what becomes what."""
    rows: list[dict[str, Any]] = [
        {
            "name": r.name,
            "phase": r.phase,
            "tags": tuple(sorted(r.tags)),
            "keeps": r.keeps,
            "doc": r.doc,
        }
        for r in RULES.values()
    ]
    rows += [
        {
            "name": name,
            "phase": phase,
            "tags": (),
            "keeps": keeps,
            "doc": doc,
        }
        for name, (phase, keeps, doc) in PARTS.items()
    ]
    return rows
