"""Does a compiled function still mean what NumPy says?  Each stage is compared with the one before.

    plain function -> graph -> each rule -> each pass -> program -> each program pass -> kernel
      -> the function as it is called

The first stage that differs is to blame.  Only differences that no single stage shows are searched
for by bisection over the rules.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ..config import config
from ..emit.kernel import Compilation, compilation
from ..errors import CompilerMissingError
from ..fxgraph.graph import order_of
from ..fxgraph.ops.report import silent
from ..trace.derived import derivations
from ..trace.interpreted import feeds_of
from ..trace.overlap import overlapping
from ..trace.plan import Trace
from ..trace.pytree import Tree
from .bisect import guilty_rules
from .emulation import check_emulated
from .gradients import check_gradient
from .inputs import fresh, laid_out, sample
from .kernels import (
    Expected,
    Outcome,
    built_of,
    check_kernel,
    outcome_of,
    outcomes_differ,
    stabilized,
)
from .lowering import check_programs, origin_of
from .overlapped import check_overlapped
from .report import Check, Finding, Report
from .rewinding import rewinding
from .rewriting import Rewritten, check_passes, check_repeat, check_rules
from .script import script
from .shrink import shrunk

Leaves = list[Any]
#: (function, tree, leaves) -> (trace, static leaves), as `specialise.traced`
Tracer = Callable[..., "tuple[Trace, frozenset[int]]"]


@dataclass(frozen=True)
class Depth:
    """How much is checked.

    samples: generated calls besides the given one.  layouts: other memory orders of the arguments,
    each a kernel of its own.  gradients: also the backward graph, against difference quotients.
    build: kernels too, not only what comes before them.  reduce: seconds that may go into finding
    a smaller program that shows the first difference.  emulate: run the CUDA form too, by the
    emulation.
    """

    samples: int = 0
    layouts: tuple[str, ...] = ("F", "reversed", "odd")
    gradients: bool = False
    build: bool = True
    reduce: float = 0.0
    emulate: bool = False


def validate(
    function: Callable[..., Any] | None,
    tree: Tree,
    leaves: Sequence[Any],
    tracer: Tracer,
    depth: Depth | None = None,
    runner: Callable[[Trace], Callable[[Leaves], Any]] | None = None,
    used: Callable[[Leaves, bool], Any] | None = None,
) -> Report:
    """Compare every stage of the compilation of `function` for a call with these leaves.

    The arguments are copied, never written, and nothing that the function prints is shown.
    runner: runs the trace of a call whose arguments share memory.  used: calls the compiled
    function as its user does, with whatever it recalls from earlier calls and processes.  Raises
    what tracing raises.
    """
    with silent():
        return _validated(function, tree, leaves, tracer, depth or Depth(), runner, used)


def _validated(
    function: Callable[..., Any] | None,
    tree: Tree,
    leaves: Sequence[Any],
    tracer: Tracer,
    depth: Depth,
    runner: Callable[[Trace], Callable[[Leaves], Any]] | None,
    used: Callable[[Leaves, bool], Any] | None,
) -> Report:
    given = fresh(leaves)
    trace, _ = tracer(function, tree, given)
    with rewinding(trace):
        return _compared(function, tree, leaves, tracer, depth, runner, used, given, trace)


def _compared(
    function: Callable[..., Any] | None,
    tree: Tree,
    leaves: Sequence[Any],
    tracer: Tracer,
    depth: Depth,
    runner: Callable[[Trace], Callable[[Leaves], Any]] | None,
    used: Callable[[Leaves, bool], Any] | None,
    given: Leaves,
    trace: Trace,
) -> Report:
    report = Report(trace.name)
    session = Validation(function, trace, report)
    made = session.call(given, depth)
    base = getattr(function, "__arignote_of__", None)
    if base is not None:  # a derivative: NumPy has the function, and quotients of its differences
        below = Validation(base, tracer(base, tree, given)[0], report)
        below.leaves = given
        if below.add(below.plain(given)):
            below.add(check_gradient(below.trace, given))
        if below.failing:
            function, session = base, below
    if report.ok and used is not None:
        session.add(session.as_used(given, used))
    if overlapping(leaves, trace.written) and function is not None and runner is not None:
        session.add(check_overlapped(function, tree, leaves, tracer, runner))
    if report.ok and depth.layouts:
        for layout in depth.layouts:
            other = laid_out(given, layout)
            session.layout(layout, other, tracer(function, tree, other)[0], depth)
    for seed in range(depth.samples):
        if not report.ok:
            break
        session.sample(sample(given, seed, special=not _open_ended(trace)), made)
    if report.findings and depth.reduce and function is not None:
        smaller = _reduced(function, session, tracer, depth)
        report.findings[0] = replace(report.findings[0], script=smaller)
    return report


def _reduced(function: Any, session: Validation, tracer: Tracer, depth: Depth) -> str:
    """A script with the smallest call found for which the same is to blame."""
    first, tree = session.report.findings[0], session.trace.signature.tree
    few = Depth(layouts=(), gradients=first.stage == "gradient", build=first.stage == "kernel")

    def fails(candidate: Callable[..., Any], leaves: Leaves) -> bool:
        try:
            found = validate(candidate, tree, leaves, tracer, few).first
        except Exception:
            return False
        return found is not None and (found.stage, found.blame) == (first.stage, first.blame)

    base, derived = derivations(function)

    def again(candidate: Callable[..., Any]) -> Any:
        for step in derived:
            candidate = step.again(candidate)
        return candidate

    def derived_fails(candidate: Callable[..., Any], leaves: Leaves) -> bool:
        return fails(_inner(again(candidate)), leaves)

    given = fresh(session.failing)
    smaller, leaves = shrunk(base, given, derived_fails, depth.reduce)
    return script(_inner(again(smaller)), tree, leaves, first)


def _inner(function: Any) -> Any:
    """What a compiled function was made from."""
    return getattr(function, "_function", function)


class Validation:
    """The checks of one trace; what they find goes into `report`."""

    def __init__(self, function: Callable[..., Any] | None, trace: Trace, report: Report) -> None:
        self.function, self.trace, self.report = function, trace, report
        self.leaves: Leaves = []
        self.failing: Leaves = []

    @functools.cached_property
    def rewritten(self) -> Rewritten:
        """The graph and what rewriting made of it: later calls do without."""
        return Rewritten(self.trace.graph)

    def add(self, found: tuple[list[Finding], Check]) -> bool:
        """Note what was found at the arguments of now; True when nothing was."""
        tree, leaves = self.trace.signature.tree, self.leaves
        if found[0] and not self.failing:
            self.failing = leaves
        self.report.findings += [
            replace(f, script=script(self.function, tree, leaves, f)) for f in found[0]
        ]
        self.report.note(found[1])
        return not found[0]

    def call(self, leaves: Leaves, depth: Depth) -> Any:
        """Everything for one call; gives what further calls of the same kernel need."""
        self.leaves = leaves
        self.add(self.plain(leaves))
        self.graphs(leaves)
        self.add(check_repeat(self.rewritten))
        if depth.gradients:
            self.add(check_gradient(self.trace, leaves))
        self.add(self.programs(self.trace, self.rewritten, leaves))
        made = self.kernel(self.trace, leaves) if depth.build else None
        if depth.emulate and self.report.ok:
            expected = self.expected(self.trace, leaves)
            self.add(check_emulated(self.trace, lambda: fresh(leaves), expected))
        return made

    def plain(self, leaves: Leaves) -> tuple[list[Finding], Check]:
        """The function itself, run by Python and NumPy, against the graph."""
        started = time.perf_counter()
        name = "the traced graph"
        if self.function is None:
            return [], Check(name, 0, 0.0, "the function is not at hand")
        if hasattr(self.function, "__arignote_of__"):
            return [], Check(name, 0, 0.0, "a transformation has no form in NumPy")
        want = self.of_python(leaves)
        expected = Expected(self.trace, lambda: fresh(leaves), lambda: want)
        found = outcomes_differ(want, expected.outcome, expected.slack)
        check = Check(name, 1, time.perf_counter() - started)
        if found is None:
            return [], check
        value, k, d = found
        position = getattr(self.trace.outputs[k], "output", None) if k >= 0 else None
        where = origin_of(self.trace.graph.outputs[position]) if position is not None else None
        finding = Finding(
            "trace", self.trace.name, value, str(d), where, d.index, d.expected, d.got, d.ulp,
            d.tolerance, "what rounding moves the answer by",
        )  # fmt: skip
        return [finding], check

    def of_python(self, leaves: Leaves) -> Outcome:
        """What the function itself does; compiled functions and derivatives in it are interpreted,
        so that a fault of a rule or kernel is not in what they are judged by."""
        tree, function = self.trace.signature.tree, self.function
        assert function is not None

        def call(given: Leaves) -> Any:
            args, kwargs = tree.unflatten(iter(given))
            with config(mode="FAST_COMPILE"):
                answer = function(*args, **kwargs)
            return answer if self.trace.refills is None else (answer, (args, kwargs))

        return outcome_of(call, fresh(leaves))

    def expected(self, trace: Trace, leaves: Leaves) -> Expected:
        has_form = self.function is not None and not hasattr(self.function, "__arignote_of__")
        plain = (lambda: self.of_python(leaves)) if has_form else None
        return Expected(trace, lambda: fresh(leaves), plain)

    def programs(
        self, trace: Trace, made: Rewritten, leaves: Leaves
    ) -> tuple[list[Finding], Check]:
        """The loop program, and what arguments hold where it raises."""
        again = lambda: fresh(leaves)
        if not self.report.ok:  # which may be why they hold something else
            return check_programs(trace, made.final, again)
        left = lambda given: self.expected(trace, leaves).left(given)
        findings, check = check_programs(trace, made.final, again, left)
        after_error = findings and findings[0].value.startswith("argument")
        if after_error and findings[0].stage == "lowering":  # or a pass: graphs do not tell
            for name, before, after in made.passes:
                if check_programs(trace, before, again, left)[0]:
                    break
                if check_programs(trace, after, again, left)[0]:
                    return [replace(findings[0], stage="pass", blame=name)], check
        return findings, check

    def graphs(self, leaves: Leaves) -> None:
        """Rules and passes."""
        rules_fine = self.add(check_rules(self.rewritten, lambda: self.feeds(leaves)))
        findings, check = check_passes(self.rewritten, lambda: self.feeds(leaves))
        if findings and not rules_fine:
            findings = []  # the pass is wrong because its rule is
        elif findings:
            names = guilty_rules(self.rewritten, lambda: self.feeds(leaves))
            if names:
                blame = f"{findings[0].blame}, rule {' with '.join(names)}"
                findings = [replace(findings[0], blame=blame)]
        self.add((findings, check))

    def feeds(self, leaves: Leaves) -> Any:
        return feeds_of(self.trace, fresh(leaves))

    def kernel(self, trace: Trace, leaves: Leaves, label: str = "") -> Any:
        """Build and call the kernel; (compilation, module) for further calls."""
        started = time.perf_counter()
        try:
            made = compilation(trace)
            built = built_of(made)
        except CompilerMissingError:
            seconds = time.perf_counter() - started
            self.report.note(Check("kernel", 0, seconds, "there is no compiler"))
            return None
        seconds = time.perf_counter() - started
        self.report.note(Check(f"build{label and ', '}{label}", 1, seconds))
        self.call_kernel(made, built, leaves, label)
        return made, built

    def call_kernel(self, made: Compilation, built: Any, leaves: Leaves, label: str = "") -> bool:
        expected = self.expected(made.trace, leaves)
        before = self.report.ok
        findings, check = check_kernel(made, built, lambda: fresh(leaves), expected, label)
        if findings and not before:
            findings = []  # an earlier stage is wrong already
        return self.add((findings, check))

    def layout(self, name: str, leaves: Leaves, trace: Trace, depth: Depth) -> None:
        """The same call with its arrays in another memory order."""
        self.leaves = leaves
        findings, check = self.programs(trace, Rewritten(trace.graph), leaves)
        named = replace(check, name=f"{check.name}, {name} arguments")
        if not self.add((findings, named)) or not depth.build:
            return
        made = self.kernel(trace, leaves, name)
        if name == "reversed" and made is not None:
            for other in ("strided", "mixed"):  # the kernel for any strides takes them too
                self.leaves = laid_out(leaves, other)
                if self.report.ok:
                    self.call_kernel(made[0], made[1], self.leaves, other)

    def as_used(
        self, leaves: Leaves, call: Callable[[Leaves, bool], Any]
    ) -> tuple[list[Finding], Check]:
        """The compiled function as it is called otherwise: what its dispatcher and caches give.

        call: with leaves; gives the answer or, asked to, also the arguments, whose containers the
        function may have changed.
        """
        started = time.perf_counter()
        expected = self.expected(self.trace, leaves)
        with_arguments = self.trace.refills is not None
        got = outcome_of(lambda given: call(given, with_arguments), fresh(leaves))
        improve = stabilized(self.rewritten.report.fired)
        found = outcomes_differ(expected.outcome, got, expected.slack, improve=improve)
        check = Check("the function in use", 1, time.perf_counter() - started)
        if found is None:
            return [], check
        value, _, d = found
        finding = Finding(
            "call", self.trace.name, value, str(d), None, d.index, d.expected, d.got, d.ulp,
            d.tolerance, "what rounding moves the answer by",
            "the kernel that is made now is right: what an earlier call or process left in use "
            "is of another program ('arignote cache clear' removes what is on disk)",
        )  # fmt: skip
        return [finding], check

    def later(self, leaves: Leaves, made: Any) -> None:
        """A further call of a kernel that was validated: the graph and the kernel."""
        self.leaves = leaves
        if self.add(self.plain(leaves)):
            self.call_kernel(made[0], made[1], leaves)

    def sample(self, leaves: Leaves, made: Any) -> None:
        """A generated call: the graph, its rules and passes, and the kernel that is there."""
        self.leaves = leaves
        fine = self.add(self.plain(leaves))
        self.graphs(leaves)
        if fine and self.report.ok and made is not None:
            self.call_kernel(made[0], made[1], leaves)


def _open_ended(trace: Trace) -> bool:
    """Is there a loop whose end depends on array data?  Strange values might keep it running."""
    for n in order_of(trace.graph.roots, inside=True):
        for b in n.attr("bodies") if n.op.name == "scan" else ():
            if b.index is None:
                return True
            bounds = order_of((b.index.attr("lo"), b.index.attr("hi")))
            if not all(m.op.name in _FROM_SIZES for m in bounds):
                return True
    return False


#: Ops of numbers that follow from sizes and Python ints.
_FROM_SIZES = frozenset("affine input constant index minimum maximum floor_divide clip".split())


__all__ = ["Depth", "Validation", "validate"]
