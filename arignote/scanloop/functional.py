"""Loops and branches as functions: scan, map, reduce, foldl, foldr, while_loop, cond, until.

They are written as plain Python loops.  Outside compiled functions they run as they stand; inside,
they are converted like any function of the user, and become scan and cond nodes.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import numpy as np

F = TypeVar("F", bound=Callable[..., Any])


def traced_into(function: F) -> F:
    """Mark a function of this package that is converted when compiled code calls it."""
    function.__arignote_converted__ = True  # type: ignore[attr-defined]
    return function


class until:
    """`return outputs, until(condition)` in a step of `scan`: stop after it where this holds."""

    def __init__(self, condition: Any) -> None:
        self.condition = condition


@traced_into
def scan(
    fn: Callable[..., Any],
    sequences: Any = (),
    outputs_info: Any = (),
    non_sequences: Any = (),
    n_steps: Any = None,
    go_backwards: bool = False,
) -> Any:
    """Run `fn(*elements, *previous outputs, *non_sequences)` step by step; outputs stacked by step.

    sequences: an array or several; a step sees one element (row) of each.
    outputs_info: one an output: its value before the first step, None for outputs that are not fed
    back.
        For a past further back, `{"initial": array, "taps": [-2, -1]}`: the last rows of `initial`
        come before the first step, and fn gets the outputs at these distances, in the order of the
        taps.
    n_steps: needed where there are no sequences; never more than the shortest sequence has.
    fn gives one output or a tuple of them; `(outputs, until(condition))` stops after that step.

    Returns an array, or a tuple of arrays where there are several outputs.  Raises ValueError where
    the number of steps is not given by anything.
    """
    xs = _several(sequences)
    infos = _several(outputs_info)
    fixed = _several(non_sequences)
    n = _steps(xs, n_steps)
    single = _one_state(outputs_info)
    past = [_past(info) for info in infos]
    columns: list[list[Any]] = [[] for _ in infos] if infos else []
    plain: list[Any] = []
    for k in range(n):
        at = n - 1 - k if go_backwards else k
        seen = [p for info, state in zip(infos, past) for p in _taps(info, state)]
        result = fn(*[x[at] for x in xs], *seen, *fixed)
        stop: Any = False
        if type(result) is tuple and len(result) == 2 and isinstance(result[1], until):
            stop = result[1].condition
            result = result[0]
        if infos:
            outputs = (result,) if single else tuple(result)
            past = [_moved(i, s, o) for i, s, o in zip(infos, past, outputs)]
            for column, o in zip(columns, outputs):
                column.append(o)
        else:
            plain.append(result)
        if stop:
            break
    if not infos:
        return _stacked(plain)
    made = tuple([np.array(column) for column in columns])
    return made[0] if single else made


def _several(x: Any) -> tuple[Any, ...]:
    if x is None:
        return ()
    return tuple(x) if isinstance(x, tuple | list) else (x,)


def _one_state(info: Any) -> bool:
    return not isinstance(info, tuple | list) or len(info) == 1


def _steps(xs: Sequence[Any], n_steps: Any) -> Any:
    if n_steps is None and not xs:
        raise ValueError("scan: give sequences or n_steps")
    n = n_steps
    for x in xs:
        n = len(x) if n is None else min(n, len(x))
    return n


def _past(info: Any) -> Any:
    if isinstance(info, dict):
        deep = -min(info["taps"])
        initial = info["initial"]
        return tuple([initial[len(initial) - deep + k] for k in range(deep)])
    return info


def _taps(info: Any, state: Any) -> tuple[Any, ...]:
    if info is None:
        return ()
    if isinstance(info, dict):
        return tuple([state[len(state) + t] for t in info["taps"]])
    return (state,)


def _moved(info: Any, state: Any, output: Any) -> Any:
    if info is None:
        return None
    return (*state[1:], output) if isinstance(info, dict) else output


def _stacked(rows: list[Any]) -> Any:
    return np.array(rows)


@traced_into
def map(fn: Callable[..., Any], sequences: Any, non_sequences: Any = ()) -> Any:
    """`fn(*elements, *non_sequences)` for every step of the sequences, results stacked."""
    xs = _several(sequences)
    fixed = _several(non_sequences)
    return np.array([fn(*[x[k] for x in xs], *fixed) for k in range(_steps(xs, None))])


@traced_into
def foldl(fn: Callable[..., Any], sequences: Any, initial: Any, non_sequences: Any = ()) -> Any:
    """The last state of `state = fn(*elements, state, *non_sequences)`, first element first."""
    xs = _several(sequences)
    fixed = _several(non_sequences)
    state = initial
    for k in range(_steps(xs, None)):
        state = fn(*[x[k] for x in xs], state, *fixed)
    return state


@traced_into
def foldr(fn: Callable[..., Any], sequences: Any, initial: Any, non_sequences: Any = ()) -> Any:
    """As `foldl`, from the last element to the first."""
    xs = _several(sequences)
    fixed = _several(non_sequences)
    state = initial
    n = _steps(xs, None)
    for k in range(n):
        state = fn(*[x[n - 1 - k] for x in xs], state, *fixed)
    return state


@traced_into
def reduce(
    fn: Callable[..., Any],
    sequences: Any,
    initial: Any,
    non_sequences: Any = (),
    go_backwards: bool = False,
) -> Any:
    """`foldl`, or with `go_backwards` `foldr`."""
    if go_backwards:
        return foldr(fn, sequences, initial, non_sequences)
    return foldl(fn, sequences, initial, non_sequences)


@traced_into
def while_loop(condition: Callable[[Any], Any], step: Callable[[Any], Any], initial: Any) -> Any:
    """`state = step(state)` as long as `condition(state)`; the state is any nest of containers."""
    state = initial
    while condition(state):
        state = step(state)
    return state


@traced_into
def cond(pred: Any, then: Callable[..., Any], other: Callable[..., Any], *operands: Any) -> Any:
    """`then(*operands)` where `pred` is true, else `other(*operands)`; only one of them runs."""
    if pred:
        return then(*operands)
    return other(*operands)


for _helper in (_several, _one_state, _steps, _past, _taps, _moved, _stacked):
    traced_into(_helper)

__all__ = ["cond", "foldl", "foldr", "map", "reduce", "scan", "until", "while_loop"]
