"""A Program executed statement by statement in Python: slow, and the judge of the lowering.

Memory is real (NumPy arrays over one flat allocation a buffer), so that a wrong order, a wrong
in-place choice or an index out of bounds shows; scratch starts as NaN, or as an odd pattern for
integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from ...fxgraph.constants import array_of
from ...fxgraph.graph import order_of
from ...fxgraph.node import Node, dependencies, op_named
from ...fxgraph.ops.checks import ERRORS
from ...fxgraph.types import OPAQUE
from .program import (
    GROW,
    Alloc,
    Assign,
    Break,
    Buffer,
    Check,
    Fold,
    If,
    Library,
    Loop,
    Panel,
    Point,
    Program,
    Statement,
    Store,
    While,
)


class GuardFailed(Exception):
    """The program does not apply to these sizes: trace again."""


class _Left(Exception):
    """A break on its way to its loop."""


@dataclass
class Memory:
    """Flat arrays by buffer, values by local, index or input."""

    arrays: dict[Buffer, Any] = field(default_factory=dict)
    values: dict[Node, Any] = field(default_factory=dict)
    orders: dict[Node, _Order] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class _Order:
    """What an expression computes, operands first, where `known` has values and that has not."""

    computed: tuple[Node, ...]
    known: frozenset[Node]


def simulate(program: Program, pointers: Sequence[Any], integers: Sequence[int]) -> tuple[Any, ...]:
    """Run a program.

    pointers: an array a buffer (written in place; any strides), a number a scalar.  Returns the
    results in order.  Raises GuardFailed, and what the checks raise.
    """
    memory = Memory(values=dict(zip(program.integers, integers, strict=True)))
    given = [*pointers, *(array_of(c) for c in program.constants)]
    for place, value in zip(program.pointers, given, strict=True):
        if isinstance(place, Buffer):
            memory.arrays[place] = value
        else:
            memory.values[place] = value
    for g in program.guards:
        if _value(g, memory) < 0:
            raise GuardFailed
    with np.errstate(all="ignore"):
        _block(program.statements, memory, program)
        out = []
        for r in program.results:
            out.append(memory.arrays[r.buffer] if r.buffer is not None else _value(r.value, memory))  # type: ignore[arg-type]
    return tuple(out)


def _block(block: Sequence[Statement], memory: Memory, program: Program) -> None:
    for s in block:
        _statement(s, memory, program)


def _statement(s: Statement, memory: Memory, program: Program) -> None:
    if isinstance(s, Assign):
        memory.values[s.local] = _cast(_value(s.value, memory), s.local)
    elif isinstance(s, Fold):
        join = op_named(s.op.extra["join"])
        assert join.reference is not None
        memory.values[s.local] = _cast(
            join.reference(memory.values[s.local], _value(s.value, memory)), s.local
        )
    elif isinstance(s, Store):
        _store(s, memory)
    elif isinstance(s, Loop):
        _loop(s, memory, program)
    elif isinstance(s, While):
        _while(s, memory, program)
    elif isinstance(s, If):
        _block(s.then if _value(s.pred, memory) else s.other, memory, program)
    elif isinstance(s, Break):
        raise _Left
    elif isinstance(s, Check):
        _check(s, memory, program)
    elif isinstance(s, Library):
        _library(s, memory, program)
    elif isinstance(s, Alloc):
        memory.arrays[s.buffer] = _scratch(s.buffer, s.zero, memory)
    elif isinstance(s, Point):
        arrays = [memory.arrays[_root(b)] for b in s.buffers]
        memory.arrays.update(zip(s.aliases, arrays, strict=True))


def _scratch(b: Buffer, zero: bool, memory: Memory) -> Any:
    shape = [int(_size(d, memory)) for d in b.shape]
    if zero:
        return np.zeros(shape, b.dtype)
    if b.dtype.kind in "fc":
        return np.full(shape, np.nan, b.dtype)
    return np.full(shape, 85, np.uint8 if b.dtype.kind == "b" else b.dtype).astype(b.dtype)


def _root(b: Buffer) -> Buffer:
    return b.base if b.base is not None else b


def _array(b: Buffer, memory: Memory) -> Any:
    if b.base is None:
        return memory.arrays[b]
    shape = [int(_size(d, memory)) for d in b.shape]
    base = memory.arrays[b.base]
    if base.size > math.prod(shape):  # it has grown, by more than is used
        base = base.reshape(-1)[: math.prod(shape)]
    return base.reshape(shape)


def _size(d: int | Node, memory: Memory) -> int:
    return d if isinstance(d, int) else int(_value(d, memory))


def _store(s: Store, memory: Memory) -> None:
    array = _array(s.buffer, memory)
    at = _index(s.index, array, memory)
    value = _value(s.value, memory)
    array[at] = array[at] + value if s.accumulate else value


def _index(index: Sequence[Node], array: Any, memory: Memory) -> tuple[int, ...]:
    at = tuple(int(_value(i, memory)) for i in index)
    if len(at) != array.ndim or any(not 0 <= i < n for i, n in zip(at, array.shape, strict=True)):
        raise AssertionError(f"the program reads or writes {at} of an array of shape {array.shape}")
    return at


def _loop(s: Loop, memory: Memory, program: Program) -> None:
    lo, hi = (int(_value(s.index.attr(k), memory)) for k in ("lo", "hi"))
    try:
        for i in range(lo, hi, s.index.attr("step")):
            memory.values[s.index] = i
            _block(s.body, memory, program)
    except _Left:
        pass


def _while(s: While, memory: Memory, program: Program) -> None:
    try:
        while True:
            _block(s.setup, memory, program)
            if not _value(s.cond, memory):
                break
            _block(s.body, memory, program)
    except _Left:
        pass


def _check(s: Check, memory: Memory, program: Program) -> None:
    values = [_value(x, memory) for x in s.operands]
    site = program.sites[s.site]
    good, result = True, values[0]
    if s.kind == "check_index":
        result = values[0] + (values[1] if values[0] < 0 else 0)
        good = 0 <= result < values[1]
    elif s.kind == "same_size":
        good = values[0] == values[1]
    elif s.kind in ("nonzero_check", "require"):
        good = bool(values[0])
    elif s.kind == "fits64":
        good = -(2**63) <= values[0] < 2**63
    if not good:
        raise ERRORS[site.error](site.message.format(*values))
    if s.result is not None:
        memory.values[s.result] = result


def _library(s: Library, memory: Memory, program: Program) -> None:
    if s.name == GROW:
        _grow(s, memory)
        return
    inputs = [_value(p, memory) if isinstance(p, Node) else _window(p, memory) for p in s.inputs]
    outputs = [_window(p, memory) for p in s.outputs]
    if s.name in ("gemm", "gemv", "syrk"):
        at = dict(s.attrs)
        panels = [x for x, p in zip(inputs, s.inputs, strict=True) if isinstance(p, Panel)]
        scales = [x for x, p in zip(inputs, s.inputs, strict=True) if isinstance(p, Node)]
        product = panels[0] @ (panels[0].T if s.name == "syrk" else panels[1])
        product = (scales[0] if scales else at.get("alpha", 1)) * product
        outputs[0][...] = product + outputs[0] if at.get("beta", 0) else product
        return
    node = program.sites[s.site].node
    assert node is not None and node.op.reference is not None
    values = node.op.reference(*inputs, **node.kwargs)
    if not isinstance(node.type, tuple):
        values = (values,)
        types = (node.type,)
    else:
        types = node.type
    kept = [v for v, t in zip(values, types, strict=True) if t.dtype != OPAQUE]
    for out, v in zip(outputs, kept, strict=True):
        out[...] = v


def _grow(s: Library, memory: Memory) -> None:
    (after,), (before,) = s.outputs, s.inputs
    assert isinstance(before, Panel)
    old = memory.arrays[after.buffer]
    assert old.shape[0] == _size(before.shape[0], memory)
    new = _scratch(replace(after.buffer, shape=after.shape), False, memory)
    new[: len(old)] = old
    memory.arrays[after.buffer] = new


class _Memory:
    """Memory at an address, kept alive by the array it belongs to."""

    def __init__(self, owner: Any, interface: dict[str, Any]) -> None:
        self.owner = owner
        self.__array_interface__ = interface


def _window(p: Panel, memory: Memory) -> Any:
    """A panel as an array over the buffer's memory."""
    array = _array(p.buffer, memory)
    shape = tuple(_size(d, memory) for d in p.shape)
    if 0 in shape:
        return np.empty(shape, array.dtype)
    address = array.__array_interface__["data"][0]
    interface = {
        "version": 3,
        "typestr": array.dtype.str,
        "shape": shape,
        "strides": tuple(_size(d, memory) * array.itemsize for d in p.strides),
        "data": (address + int(_value(p.offset, memory)) * array.itemsize, False),
    }
    return np.asarray(_Memory(array, interface))


def _value(n: Node, memory: Memory) -> Any:
    """An expression's value."""
    known = memory.values
    if n in known:
        return known[n]
    order = memory.orders.get(n)
    if (
        order is None
        or not order.known <= known.keys()
        or not known.keys().isdisjoint(order.computed)
    ):
        computed = tuple(order_of((n,), stop=lambda m: m in known))
        read = {d for m in computed for d in dependencies(m)}
        order = memory.orders[n] = _Order(computed, frozenset(read.difference(computed)))
    done: dict[Node, Any] = {}
    for m in order.computed:
        if m.op.name == "load":
            array = _array(m.attr("buffer"), memory)
            at = tuple(int(done[i] if i in done else known[i]) for i in m.inputs)
            if any(not 0 <= i < d for i, d in zip(at, array.shape, strict=True)):
                raise AssertionError(f"the program reads {at} of an array of shape {array.shape}")
            done[m] = array[at]
        else:
            assert m.op.reference is not None, m
            inputs = (done[x] if x in done else known[x] for x in m.inputs)
            done[m] = m.op.reference(*inputs, **m.kwargs)
            if m.op.name not in ("affine", "constant"):
                done[m] = np.asarray(done[m]).astype(m.dtype)[()]
    return done[n]


def _cast(value: Any, local: Node) -> Any:
    return np.asarray(value).astype(local.dtype)[()]
