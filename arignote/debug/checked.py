"""What runs a trace in DEBUG_MODE: the first call is validated, every later one compared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from ..emit.dispatch import NO_MATCH, Dispatcher, Kernel
from ..emit.plan import Plan
from ..errors import DebugError
from ..fxgraph.interpret import evaluate
from ..fxgraph.ops.report import silent
from ..optimize.rule import in_use, using
from ..trace.interpreted import feeds_of, run
from ..trace.overlap import overlapping
from ..trace.plan import Trace
from ..trace.pytree import Tree
from .inputs import fresh
from .report import Report
from .rewinding import rewinding
from .validate import Depth, Validation

Overlap = Callable[[Kernel, Sequence[Any]], Any]


def checked_kernel(
    trace: Trace,
    structure: Tree | None,
    overlap: Overlap,
    function: Callable[..., Any] | None,
    emulate: bool = False,
) -> Kernel:
    """A kernel whose calls are compared with NumPy before anything of the caller's is written.

    Its calls raise DebugError, with the report, where a stage differs.  Calls in which a written
    array shares memory with another run by the interpreter.  emulate: check the CUDA form too.
    """
    runner = _Checked(trace, function, emulate)

    def call(*leaves: Any) -> Any:
        if not trace.signature.shared and overlapping(leaves, trace.written):
            return overlap(kernel, leaves)
        if any(g < 0 for g in evaluate(trace.graph.guards, feeds_of(trace, leaves))):
            return NO_MATCH
        return runner(list(leaves))

    plan = Plan(trace.signature.leaves, name=trace.name)
    kernel = Kernel(plan, function=call, structure=structure)
    return kernel


class _Checked:
    """The state of one specialisation: whether it has been validated, and the kernel if built."""

    def __init__(self, trace: Trace, function: Callable[..., Any] | None, emulate: bool) -> None:
        self.trace, self.function, self.emulate = trace, function, emulate
        self.made: Any = None
        self.real: Kernel | None = None
        self.fresh = True
        self.rules = in_use()  # the first call comes when they are out of force again

    def __call__(self, leaves: list[Any]) -> Any:
        trace = self.trace
        if trace.signature.shared:
            return run(trace, leaves)
        report = Report(trace.name)
        session = Validation(self.function, trace, report)
        with silent(), rewinding(trace), using(self.rules):
            if self.fresh:
                self.made = session.call(fresh(leaves), Depth(layouts=(), emulate=self.emulate))
            elif self.made is not None:
                session.later(fresh(leaves), self.made)
        if not report.ok:
            error = DebugError(str(report))
            error.report = report
            raise error
        self.fresh = False
        if self.made is None:
            return run(trace, leaves)
        if self.real is None:
            made, built = self.made
            self.real = Kernel(made.plan, built.entry, built.shapes, keep=built)
        return _CALLS.call(self.real, tuple(leaves))


def _unexpected(*_: Any) -> Any:
    raise AssertionError("a kernel is called for arguments it was made for")


_CALLS = Dispatcher(_unexpected)
