"""Faults in what single functions of the compiler decide: one place of their own text is edited."""

from __future__ import annotations

import inspect
import linecache
import textwrap
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from types import FunctionType
from typing import Any

import numpy as np

from arignote.debug.report import Finding
from arignote.emit import numpy_loops
from arignote.fxgraph.ops import as_numpy
from arignote.optimize import newest_reads, rounding, spares
from arignote.optimize.loopnest import (
    early_exit,
    observable,
    row_fills,
    single_steps,
    turning,
)
from arignote.scanloop import zeroed_carries
from arignote.trace import distinct_of, failing
from arignote.trace.convert import tries
from arignote.transforms.gradients import grad
from tests.debug import victims
from tests.debug.mutants.mutant import Mutant, validated
from tests.debug.mutants.texts import edited

_RNG = np.random.default_rng(4)
LINE = np.linspace(0.15, 1.15, 7)
_POINTS = (_RNG.standard_normal(5), _RNG.random((5, 1)), 3)
_ROWS = (_RNG.standard_normal((5, 2)), _RNG.random((5, 1)), 2)
_WAVE = (np.arange(7.0) ** 2, np.arange(7.0), 3)
_TRIED = (LINE, [1.0, 0.0, 2.0], 1, 9)


@dataclass(frozen=True)
class Edit:
    """In the text of `function`, `old` becomes `new`; the victim then has something to blame.

    settings: also set while it is compiled: (object, attribute, value).
    """

    label: str
    function: Callable[..., Any]
    old: str
    new: str
    victim: Any
    args: tuple[Any, ...]
    stage: str
    blame: str
    build: bool = False
    settings: tuple[tuple[Any, str, Any], ...] = field(default=())


def _slope(f: Any) -> Any:
    return grad(f, argnums=(0, 1))._function  # type: ignore[attr-defined]


EDITS = (
    # ---- NumPy's own operations in chaotic loops
    Edit("product the other way", rounding._by_numpy, "make(numpy_product, n.inputs)",
         "make(numpy_product, n.inputs[::-1])", victims.attracted_rows,
         (_RNG.random((2, 2)), _RNG.random((2, 1)), 2), "pass", "rounding"),
    Edit("power of another number", rounding._by_numpy, "scalar_power, n.inputs",
         "scalar_power, n.inputs[:1] * 2", victims.attracted_numbers, (LINE, 3), "pass",
         "rounding"),
    Edit("meaning of a product", as_numpy._product, "np.matmul(a, b)", "np.matmul(a, b) * 2",
         victims.attracted_rows, _ROWS, "pass", "rounding"),
    Edit("meaning of a power", as_numpy._power, "np.power(x, y)", "np.power(x, -y)",
         victims.attracted, _POINTS, "pass", "rounding"),
    Edit("meaning of a sum", as_numpy._sum, "np.add.reduce(x, axis=axes)",
         "np.add.reduce(x + 1, axis=axes)", victims.attracted, _POINTS, "pass", "rounding"),
    # ---- their loops by pointer
    Edit("rows over each other", numpy_loops._elementwise, "step *= dims[a];", "",
         victims.attracted_rows, _ROWS, "kernel", "attracted_rows", True),
    Edit("a step in bytes", numpy_loops._elementwise, "step = size;", "step = 2 * size;",
         victims.attracted, _POINTS, "kernel", "attracted", True),
    Edit("a matrix turned", numpy_loops._product, "d[6] * size, d[7] * size",
         "d[7] * size, d[6] * size", victims.attracted_rows, _ROWS, "kernel", "attracted_rows",
         True),
    Edit("a sum that does not start at zero", numpy_loops._sum, "    {zero}\n", "",
         victims.attracted, _POINTS, "kernel", "attracted", True),
    Edit("a sum of all but one", numpy_loops._sum, "if (count) f->",
         "if (--count) f->", victims.attracted, _POINTS, "kernel", "attracted", True),
    Edit("another loop of NumPy's", numpy_loops.loop_name, 'f"{_UFUNCS[n.op.name]}_',
         'f"{_UFUNCS[n.op.name].replace(\'power\', \'multiply\')}_', victims.attracted, _POINTS,
         "kernel", "attracted", True),
    # ---- reads of the newest version
    Edit("reads past a write that they meet", newest_reads._turned, "apart(window_of(w), window)",
         "True", victims.thirds, (np.arange(9.0),), "pass", "reads"),
    Edit("writes further back are not asked", newest_reads._versions_before,
         "since = (*since, at)", "since = since or (at,)", victims.thirds, (np.arange(9.0),),
         "pass", "reads"),
    Edit("reads past a write before an error", newest_reads._turned,
         "apart(window_of(w), window)", "True", victims.thirds_of_positive,
         (np.arange(9.0) - 5,), "pass", "reads"),
    # ---- arrays that loops drop
    Edit("an array that is not filled", spares._carried, "fill.op is full_op", "False",
         victims.wave, _WAVE, "pass", "spares"),
    Edit("the wrong array is dropped", spares._carried, "*(p for p, _ in pairs))",
         "*(r for r in body.params[-len(pairs):]))", victims.wave, _WAVE, "pass", "spares"),
    Edit("pointers turn the other way", turning.turn, "tuple(kept)", "tuple(reversed(kept))",
         victims.wave, _WAVE, "lowering", "lower"),
    # ---- zeros beside what else is written
    Edit("a row's zeros start late", row_fills._zeros, "*rest", "plus(rest[0], lit(1)), rest[1]",
         victims.lower_rows, (LINE[1:],), "program pass", "row_fills", False,
         ((row_fills, "SMALL", 0),)),
    Edit("a row's zeros end early", row_fills._zeros, "*rest", "rest[0], plus(rest[1], lit(-1))",
         victims.lower_rows, (LINE[1:],), "program pass", "row_fills", False,
         ((row_fills, "SMALL", 0),)),
    Edit("rows that no step passes", row_fills._rest, "not _every_row(loop, b)", "False",
         victims.some_rows, (LINE[1:],), "program pass", "row_fills", False,
         ((row_fills, "SMALL", 0),)),
    Edit("a loop without a first step", zeroed_carries._runs, "ge0(", "bool(",
         _slope(victims.stencil_counted), (LINE, LINE**2, np.array([0])), "pass", "scatter"),
    Edit("the last zeros are lost", zeroed_carries._turned,
         "_zeros(v, ends[k]) if k in ends else v", "v", _slope(victims.stencil),
         (LINE, LINE**2, 3), "pass", "scatter"),
    Edit("the first step runs twice", zeroed_carries._turned, "plus(lo, lit(step))", "lo",
         _slope(victims.stencil), (LINE, LINE**2, 3), "pass", "scatter"),
    # ---- loops of one step
    Edit("the one step is another", single_steps._block, 's.index.attr("lo")',
         's.index.attr("hi")', victims.columns, (_RNG.random((7, 2)),), "program pass",
         "single_steps"),
    Edit("a loop that may have no step", single_steps._once, "ge0(plus(trip, lit(-1)))", "True",
         victims.some_steps, (LINE,), "program pass", "single_steps"),
    # ---- errors
    Edit("the first handler takes all", failing.handler_of, "issubclass(kind, wanted)", "True",
         victims.handled, (LINE.tolist(), *_TRIED[1:2], 2, 3), "trace", "handled"),
    Edit("no index is too low", failing._within, "minus(lit(0), n)", "minus(lit(-9), n)",
         victims.handled, (*_TRIED[:2], 1, -8), "trace", "handled"),
    Edit("an index is too high by one", failing._within, '"less"', '"less_equal"',
         victims.handled, (*_TRIED[:2], 1, 7), "trace", "handled"),
    Edit("a place that is written is not asked", tries._asked,
         "[value, *(p for t in targets for p in _read(t))]", "[value]", victims.handled,
         (*_TRIED[:2], 5, 1), "trace", "handled"),
    Edit("a loop goes on behind an error", tries._Steps._one,
         "[*self.block(stmt.body), located(leave, stmt)]", "self.block(stmt.body)",
         victims.handled_in_a_loop, (LINE, np.array([1, 9, 2])), "trace", "handled_in_a_loop"),
    Edit("what follows an error runs", tries._Steps._deeper, "_equals(self.flag, 0)",
         "ast.Constant(True)", victims.handled, _TRIED, "trace", "handled"),
    Edit("a write is left to a branch", observable.between_checks, "return [v for v in out",
         "return [v for v in ()", victims.chosen_then_fails,
         (np.arange(6.0), np.arange(36.0).reshape(6, 6)), "lowering", "lower"),
    Edit("a write goes before a check", observable.keep_order_of_writes,
         "_add_order(dag, check, n)", "_add_order(dag, n, check)", victims.fails_between_writes,
         (LINE, LINE**2, 3), "lowering", "lower"),
    Edit("a write goes behind a check", observable.keep_observable_order,
         "observed.effects[before:]", "()", victims.updates_on_either_side,
         (LINE, LINE**2, 2.0), "lowering", "lower"),
    # ---- early ends, sets
    Edit("the last step is not counted", early_exit.leave_loop, "lit(1)", "lit(0)",
         victims.left_early, (LINE, 6, np.array([1, 2])), "lowering", "lower"),
    Edit("the last values are lost", early_exit.leave_loop, "values.append(inner.scalar(r))",
         "values.append(place)", victims.left_early, (LINE, 6, np.array([1, 2])), "lowering",
         "lower"),
    Edit("the other side leaves", early_exit.exit_of, "Exit(at, j,", "Exit(at, 1 - j,",
         victims.left_early, (LINE, 6, np.array([1, 2])), "lowering", "lower"),
    Edit("equal elements are counted", distinct_of._distinct, "k == 0 or", "k >= 0 or",
         victims.distinct, (np.array([0.5, 1.0, 0.5]),), "trace", "distinct"),
)  # fmt: skip


def decisions() -> Iterator[Mutant]:
    for e in EDITS:

        def plant(patch: Any, e: Edit = e) -> None:
            _set(patch, e)
            patch.setattr(e.function, "__code__", _code_of(e))

        def run(e: Edit = e) -> list[Finding]:
            return validated(_again(e.victim), e.args, build=e.build)

        name = f"decision {e.label}"
        yield Mutant(name, plant, run, e.stage, e.blame, honest=not e.settings and not e.build)


def _again(f: Any) -> Any:
    """The same function, which has not been converted yet."""
    if f.__closure__:
        return f
    return FunctionType(f.__code__.replace(), f.__globals__, f.__name__)


def _set(patch: Any, e: Edit) -> None:
    for target, name, value in e.settings:
        patch.setattr(target, name, value)


def _code_of(e: Edit) -> Any:
    """The edited function's code, which takes the place of its own wherever it is called from."""
    text = edited(textwrap.dedent(inspect.getsource(e.function)), ((e.old, e.new),))
    made: dict[str, Any] = {}
    text = "from __future__ import annotations\n" + text
    file = f"<planted fault {e.label}>"
    linecache.cache[file] = (len(text), None, text.splitlines(True), file)  # may be traced itself
    exec(compile(text, file, "exec"), e.function.__globals__, made)
    return made[e.function.__name__].__code__
