"""`scan` and its relatives: a step written with symbolic variables, applied again and again.

The step is called once, with a variable for each of its arguments.  What it uses from outside is
found and passed in; shared variables that it updates (random streams, too) are carried from step
to step, and their last values come back as updates.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from ..config import config
from .deferred import apply_op, test_value
from .elementwise import cast
from .graph import Op, Variable, apply_order, leaves_of
from .sharing import SharedVariable
from .stepping import Inner, Past, Seq, run
from .types import TensorType
from .updating import OrderedUpdates, updates_of, with_defaults
from .variables import TensorConstant, as_tensor_variable

_scan = Op("Scan", run, "scan")


class until:
    """`return outputs, until(condition)`: stop after the step in which this holds."""

    def __init__(self, condition: Any) -> None:
        self.condition = as_tensor_variable(condition)
        if self.condition.ndim != 0:
            raise TypeError(f"until: the condition must be a scalar, not {self.condition.type}")


@dataclass
class Info:
    """What an output starts from: None in `initial` where nothing is fed back."""

    initial: Any = None
    taps: tuple[int, ...] = ()
    window: bool = False


def scan(
    fn: Callable[..., Any],
    sequences: Any = None,
    outputs_info: Any = None,
    non_sequences: Any = None,
    n_steps: Any = None,
    truncate_gradient: int = -1,
    go_backwards: bool = False,
    mode: Any = None,
    name: str | None = None,
    profile: bool = False,
    allow_gc: bool | None = None,
    strict: bool = False,
    return_list: bool = False,
) -> tuple[Any, OrderedUpdates]:
    """(outputs, updates) of `fn` applied step by step; outputs are stacked by step.

    fn(*elements of the sequences, tap by tap, *past outputs, tap by tap, *non_sequences) returns
    outputs, updates, (outputs, updates), or these with a last `until(condition)`.
    sequences: variables, or {"input": variable, "taps": [-1, 0, 2]}: a step t sees input[t + tap];
    the sequence is cut so that all taps exist.
    outputs_info: one an output: None, the value before the first step, or {"initial": rows,
    "taps": [-3, -1]}, where the rows are the outputs before the first step.
    n_steps: default, as many as the shortest sequence has.  truncate_gradient: how many steps the
    gradient goes back (-1: all).  go_backwards: from the ends of the sequences to their starts.
    strict: shared variables must be among the non_sequences.  The updates must be given to
    `function`.

    Raises ValueError and TypeError for bad arguments.
    """
    seqs = [_sequence(s) for s in _several(sequences)]
    infos = [_info(x) for x in _several(outputs_info)]
    fixed = [x if isinstance(x, Variable) else as_tensor_variable(x)
             for x in _several(non_sequences)]  # fmt: skip
    if not seqs and n_steps is None:
        raise ValueError("scan: give sequences or n_steps, so that the number of steps is known")
    steps = _steps(n_steps)
    inner_seqs = tuple(_inner_seq(x, taps) for x, taps in seqs)
    infos, pasts, outputs, updates, condition = _called(fn, inner_seqs, infos, fixed)
    stated = with_defaults(
        [*outputs, *([condition] if condition is not None else [])], updates_of(updates), {}, None
    )
    if strict:
        _check_strict(outputs, stated, fixed)
    carried = [(v, e if isinstance(v.type, TensorType) else None) for v, e in stated.items()]
    own = {*(v for s in inner_seqs for v in s.variables),
           *(v for p in pasts for v in p.variables), *stated}  # fmt: skip
    roots = [*outputs, *stated.values(), *([condition] if condition is not None else [])]
    captured = captures(roots, own)
    inner = Inner(
        inner_seqs, pasts, tuple(carried), tuple(captured), tuple(outputs), condition,
        steps is not None, go_backwards, truncate_gradient,
    )  # fmt: skip
    inputs = [*([steps] if steps is not None else []), *[x for x, _ in seqs],
              *[infos[p.output].initial for p in pasts], *stated, *captured]  # fmt: skip
    types = [TensorType(v.dtype, (False, *v.broadcastable)) for v in outputs]
    silent = frozenset({0}) if steps is not None else frozenset()
    attrs = {"inner": inner, "name": name, "silent": silent}
    found = apply_op(_scan, inputs, [*types, *[v.type for v in stated]], attrs)
    outs: Any = found[: len(outputs)]
    news = OrderedUpdates(zip(stated, found[len(outputs) :], strict=True))
    if not return_list and len(outs) <= 1:
        outs = outs[0] if outs else None
    return outs, news


def _called(
    fn: Callable[..., Any], seqs: Sequence[Seq], infos: list[Info], fixed: Sequence[Any]
) -> Any:
    """(infos, pasts, outputs, updates, condition): fn called with a variable for each argument, and
    again where an initial value has to be of a wider dtype."""
    for _ in range(3):
        pasts = tuple(_inner_past(k, i) for k, i in enumerate(infos) if i.initial is not None)
        called = [*(v for s in seqs for v in s.variables),
                  *(v for p in pasts for v in p.variables), *fixed]  # fmt: skip
        outputs, updates, condition = returned(fn(*called))
        if not infos:
            infos = [Info() for _ in outputs]
        if not _widened(infos, outputs):
            break
    return infos, pasts, outputs, updates, condition


# ---- arguments -----------------------------------------------------------------------------------
def _several(x: Any) -> list[Any]:
    if x is None:
        return []
    return list(x) if isinstance(x, list | tuple) else [x]


def _steps(n: Any) -> Any:
    if n is None:
        return None
    n = as_tensor_variable(n)
    if np.dtype(n.dtype).kind not in "iu" or n.ndim:
        raise ValueError(f"scan: n_steps must be an int scalar, not {n.type}")
    if isinstance(n, TensorConstant) and int(n.data) < 0:
        raise ValueError("scan: n_steps is negative; use go_backwards")
    return n


def _sequence(s: Any) -> tuple[Any, tuple[int, ...]]:
    taps: Any = (0,)
    if isinstance(s, dict):
        taps = s.get("taps", (0,))
        taps = (0,) if taps is None else taps
        s = s["input"]
    x = as_tensor_variable(s)
    if x.ndim == 0:
        raise ValueError(f"scan: the sequence {x} is a scalar")
    return x, tuple(int(t) for t in (taps if isinstance(taps, list | tuple) else [taps]))


def _info(x: Any) -> Info:
    if x is None:
        return Info()
    if not isinstance(x, dict):
        return Info(as_tensor_variable(x), (-1,))
    unknown = set(x) - {"initial", "taps", "membuf", "inplace"}
    if unknown:
        raise ValueError(f"outputs_info has no {sorted(unknown)[0]!r}: initial and taps")
    taps = x.get("taps", -1)
    if x.get("initial") is None:
        if x.get("taps") is not None:
            raise ValueError("outputs_info: taps of an output without initial value")
        return Info()
    if taps is None:
        warnings.warn("outputs_info: an initial value without taps means taps [-1]", stacklevel=4)
        taps = -1
    taps = tuple(int(t) for t in taps) if isinstance(taps, list | tuple) else (int(taps),)
    if any(t >= 0 for t in taps) or len(set(taps)) < len(taps):
        raise ValueError(f"outputs_info: taps {list(taps)} must be negative and distinct")
    initial = as_tensor_variable(x["initial"])
    window = taps != (-1,)
    if window and initial.ndim == 0:
        raise ValueError(f"outputs_info: with taps {list(taps)} the initial value has rows")
    return Info(initial, taps, window)


def _inner_seq(x: Any, taps: tuple[int, ...]) -> Seq:
    kind = TensorType(x.dtype, x.broadcastable[1:])
    made = tuple(kind(_named(x, t if t else None)) for t in taps)
    low = min(0, *taps)
    _tested(x, [(v, t - low) for v, t in zip(made, taps, strict=True)])
    return Seq(taps, made)


def _tested(x: Any, rows: Sequence[tuple[Any, int | None]]) -> None:
    """Test values of inner variables: rows of x's, or all of it for None."""
    value = test_value(x) if config.compute_test_value != "off" else None
    if value is None:
        return
    for v, row in rows:
        if row is None or row < len(value):
            v.tag.test_value = value if row is None else value[row]


def _inner_past(k: int, info: Info) -> Past:
    x = info.initial
    kind = TensorType(x.dtype, x.broadcastable[1:] if info.window else x.broadcastable)
    made = tuple(kind(_named(x, t)) for t in info.taps)
    oldest = min(info.taps)
    _tested(x, [(v, t - oldest if info.window else None)
                for v, t in zip(made, info.taps, strict=True)])  # fmt: skip
    return Past(k, info.taps, made, info.window)


def _named(x: Any, tap: int | None) -> str | None:
    if x.name is None:
        return None
    return f"{x.name}[t]" if tap is None else f"{x.name}[t{tap:+d}]"


def _widened(infos: Sequence[Info], outputs: Sequence[Any]) -> bool:
    """Does an initial value have to be of a wider dtype?  Then it is, and fn is called again."""
    if len(infos) != len(outputs):
        raise ValueError(
            f"scan: fn returns {len(outputs)} outputs, outputs_info has {len(infos)} entries"
        )
    changed = False
    for k, (i, v) in enumerate(zip(infos, outputs, strict=True)):
        if i.initial is None:
            continue
        rank = i.initial.ndim - i.window
        if v.ndim != rank:
            raise ValueError(
                f"scan: output {k} has rank {v.ndim}, its initial value {i.initial} stands for "
                f"rank {rank}"
            )
        if v.dtype == i.initial.dtype:
            continue
        if not np.can_cast(np.dtype(i.initial.dtype), np.dtype(v.dtype)):
            raise TypeError(
                f"scan: output {k} is {v.dtype}, its initial value {i.initial} is "
                f"{i.initial.dtype}: cast one of them"
            )
        i.initial, changed = cast(i.initial, v.dtype), True
    return changed


# ---- what fn returns -----------------------------------------------------------------------------
def returned(x: Any) -> tuple[list[Any], Any, Any]:
    """(outputs, updates, condition) of what a step returns.  Raises ValueError for other forms."""
    condition = None
    if isinstance(x, until):
        return [], [], x.condition
    if isinstance(x, list | tuple) and x and isinstance(x[-1], until):
        condition = x[-1].condition
        x = x[:-1]
        if len(x) == 1:
            x = x[0]
    if _are_updates(x):
        return [], x, condition
    if isinstance(x, list | tuple) and len(x) == 2 and _are_updates(x[1]) and not _is_var(x[1]):
        return _outputs(x[0]), x[1], condition
    if isinstance(x, list | tuple) and len(x) == 2 and _are_updates(x[0]) and not _is_var(x[0]):
        raise ValueError("scan: fn returns updates before outputs: return (outputs, updates)")
    return _outputs(x), [], condition


def _is_var(x: Any) -> bool:
    return isinstance(x, Variable)


def _are_updates(x: Any) -> bool:
    if isinstance(x, dict):
        return True
    if not isinstance(x, list | tuple) or not x:
        return False
    return all(
        isinstance(p, list | tuple) and len(p) == 2 and isinstance(p[0], SharedVariable) for p in x
    )


def _outputs(x: Any) -> list[Any]:
    if x is None:
        return []
    return [as_tensor_variable(v) for v in (x if isinstance(x, list | tuple) else [x])]


def captures(roots: Sequence[Variable], own: set[Variable]) -> list[Variable]:
    """The outermost variables below `roots` that do not depend on `own`, constants left out."""
    depends: set[Variable] = set(own)
    order = apply_order(roots, lambda v: v in own)
    for node in order:
        if any(x in depends for x in node.inputs):
            depends.update(node.outputs)
    found: dict[Variable, None] = {}
    for node in order:
        if node.outputs[0] in depends:
            found.update((x, None) for x in node.inputs if x not in depends)
    found.update((r, None) for r in roots if r not in depends)
    return [v for v in found if not isinstance(v, TensorConstant)]


def _check_strict(outputs: Sequence[Any], updates: Any, fixed: Sequence[Any]) -> None:
    known = {*fixed, *updates}
    for v in leaves_of([*outputs, *updates.values()]):
        if isinstance(v, SharedVariable) and v not in known:
            raise ValueError(f"scan(strict=True): the shared variable {v} is no non_sequence")


# ---- relatives -----------------------------------------------------------------------------------
def map(
    fn: Callable[..., Any], sequences: Any, non_sequences: Any = None, truncate_gradient: int = -1,
    go_backwards: bool = False, mode: Any = None, name: str | None = None,
) -> tuple[Any, OrderedUpdates]:  # fmt: skip
    """(fn of each element, updates)."""
    return scan(
        fn, sequences, None, non_sequences, None, truncate_gradient, go_backwards, mode, name
    )


def reduce(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None,
    go_backwards: bool = False, mode: Any = None, name: str | None = None,
) -> tuple[Any, OrderedUpdates]:  # fmt: skip
    """(the last outputs, updates)."""
    outs, updates = scan(
        fn, sequences, outputs_info, non_sequences, go_backwards=go_backwards, mode=mode, name=name
    )
    if isinstance(outs, list):
        return [x[-1] for x in outs], updates
    return outs[-1], updates


def foldl(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None,
    mode: Any = None, name: str | None = None,
) -> tuple[Any, OrderedUpdates]:  # fmt: skip
    """`reduce`, from the first element to the last."""
    return reduce(fn, sequences, outputs_info, non_sequences, False, mode, name)


def foldr(
    fn: Callable[..., Any], sequences: Any, outputs_info: Any, non_sequences: Any = None,
    mode: Any = None, name: str | None = None,
) -> tuple[Any, OrderedUpdates]:  # fmt: skip
    """`reduce`, from the last element to the first."""
    return reduce(fn, sequences, outputs_info, non_sequences, True, mode, name)


def scan_checkpoints(
    fn: Callable[..., Any], sequences: Any = (), outputs_info: Any = None,
    non_sequences: Any = (), name: str = "checkpointscan_fn", n_steps: Any = None,
    save_every_N: int = 10, padding: bool = True,
) -> tuple[Any, OrderedUpdates]:  # fmt: skip
    """`scan`; the backward pass decides by itself what it stores, bounded by
    `config.tape_memory`."""
    return scan(fn, list(sequences), outputs_info, list(non_sequences), n_steps, name=name)
