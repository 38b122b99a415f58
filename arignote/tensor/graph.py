"""Symbolic expressions: variables, and the operations that they come from.

A variable is a deferred expression: its `owner` says which function of NumPy arrays makes it from
which variables.  Nothing is traced when it is built; `function` evaluates the expression on
traced values under `compile`, which settles sizes, broadcasting, gradients and specialisation as
for any plain function.  So this style needs no second compiler, and a size that is 1 only at run
time broadcasts, where a graph built once for symbolic sizes (2 or more) would have to be built
again.
"""

from __future__ import annotations

import linecache
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

from ..fxgraph.node import Origin

_OURS = os.path.dirname(os.path.dirname(__file__)) + os.sep


@dataclass(frozen=True, eq=False)
class Op:
    """What an Apply node does.

    run(apply, values) gives the values of the outputs, for arrays and for traced values alike.
    name: what it is called in prints.  kind: "call", "elementwise", "grad", "scan" or "ifelse".
    silent: positions of inputs through which no derivative passes (shapes, indices, seeds).
    lasting: its name says what it does, in another process too.
    """

    name: str
    run: Callable[[Apply, Sequence[Any]], Sequence[Any]]
    kind: str = "call"
    silent: frozenset[int] = frozenset()
    lasting: bool = True

    def __post_init__(self) -> None:
        if self.name in OPS:
            raise ValueError(f"there are two ops of the name {self.name!r}")
        OPS[self.name] = self

    def __reduce__(self) -> tuple[Any, ...]:
        return op_named, (self.name,)

    def __str__(self) -> str:
        return self.name

    def __eq__(self, other: object) -> bool:
        """Is it the op, or the function that applies it (`node.op == T.exp`)?"""
        return self is other or getattr(other, "op", None) is self

    def __hash__(self) -> int:
        return hash(self.name)


#: Every op by name; pickles hold the names.
OPS: dict[str, Op] = {}


def op_named(name: str) -> Op:
    """The op of that name.  Raises KeyError."""
    return OPS[name]


class Apply:
    """One application of an op.

    outputs: their types, or variables without owner.  attrs: the static arguments.  origin: the
    user's line that made it.
    """

    __slots__ = ("_tag", "attrs", "inputs", "op", "origin", "outputs")

    def __init__(
        self,
        op: Any,
        inputs: Sequence[Variable],
        outputs: Sequence[Any],
        attrs: dict[str, Any] | None = None,
    ) -> None:
        self.op = op
        self.inputs = list(inputs)
        self.attrs: dict[str, Any] = {} if attrs is None else attrs
        self.origin = user_line()
        self.outputs: list[Variable] = [self._output(x, k) for k, x in enumerate(outputs)]

    def _output(self, x: Any, k: int) -> Variable:
        """Output k, from its type, or the new variable that it is to be."""
        if not isinstance(x, Variable):
            return x.make_variable(owner=self, index=k)  # type: ignore[no-any-return]
        if x.owner is not None:
            raise ValueError(f"{x} is the output of {x.owner} already: give {x.type}()")
        x.owner, x.index = self, k
        return x

    @property
    def tag(self) -> SimpleNamespace:
        """A place for attributes of the user's."""
        if not hasattr(self, "_tag"):
            self._tag = SimpleNamespace()
        return self._tag

    @property
    def nin(self) -> int:
        return len(self.inputs)

    @property
    def nout(self) -> int:
        return len(self.outputs)

    @property
    def out(self) -> Variable:
        return self.default_output()

    def default_output(self) -> Variable:
        """The only output, or the first."""
        return self.outputs[0]

    def __repr__(self) -> str:
        return f"{self.op.name}({', '.join(str(x) for x in self.inputs)})"

    def clone_with_new_inputs(self, inputs: Sequence[Variable], strict: bool = True) -> Apply:
        """The application of its op to others."""
        return Apply(self.op, inputs, [v.type for v in self.outputs], dict(self.attrs))


class Variable:
    """A value of an expression.  `owner` is None for inputs, constants and shared variables."""

    def __init__(
        self, type: Any, owner: Apply | None = None, index: int = 0, name: str | None = None
    ) -> None:
        self.type = type
        self.owner = owner
        self.index = index
        self.name = name
        self._tag: SimpleNamespace | None = None

    @property
    def tag(self) -> SimpleNamespace:
        """A place for attributes of the user's."""
        if self._tag is None:
            self._tag = SimpleNamespace()
        return self._tag

    @tag.setter
    def tag(self, value: SimpleNamespace) -> None:
        self._tag = value

    def clone(self) -> Variable:
        """A new input of the same type and name."""
        new: Variable = self.type.make_variable(name=self.name)
        new.tag = SimpleNamespace(**vars(self.tag))
        return new

    def __str__(self) -> str:
        if self.name is not None:
            return self.name
        if self.owner is None:
            return f"<{self.type}>"
        several = f".{self.index}" if len(self.owner.outputs) > 1 else ".0"
        return f"{self.owner.op.name}{several}"

    __repr__ = __str__


@dataclass
class Frames:
    """Which files are the user's."""

    ours: dict[Any, bool] = field(default_factory=dict)
    known: dict[tuple[Any, int], Origin] = field(default_factory=dict)


_frames = Frames()


def user_line() -> Origin | None:
    """The line outside this package that is building the expression."""
    frame = sys._getframe(1)
    while frame is not None:
        code = frame.f_code
        ours = _frames.ours.get(code)
        if ours is None:
            ours = _frames.ours[code] = code.co_filename.startswith(_OURS)
        if not ours:
            line = frame.f_lineno
            found = _frames.known.get((code, line))
            if found is None:
                text = linecache.getline(code.co_filename, line).strip()
                found = Origin(code.co_filename, line, text, code.co_name)
                _frames.known[code, line] = found
            return found
        frame = frame.f_back  # type: ignore[assignment]
    return None


def apply_order(
    outputs: Iterable[Variable],
    known: Callable[[Variable], bool] = lambda v: False,
    inner: Callable[[Apply], Sequence[Variable]] | None = None,
) -> list[Apply]:
    """The applications below `outputs`, operands first; `known` variables are not looked into.

    inner: what an application holds beside its inputs.
    """
    done: dict[Apply, None] = {}
    stack: list[tuple[Apply, bool]] = []
    for v in reversed(list(outputs)):
        if v.owner is not None and not known(v):
            stack.append((v.owner, False))
    while stack:
        node, ready = stack.pop()
        if node in done:
            continue
        if ready:
            done[node] = None
            continue
        stack.append((node, True))
        below = node.inputs if inner is None else [*node.inputs, *inner(node)]
        for x in reversed(below):
            if x.owner is not None and x.owner not in done and not known(x):
                stack.append((x.owner, False))
    return list(done)


def sides(node: Apply) -> Sequence[Variable]:
    """What an `ifelse` gives on either side; nothing for any other application."""
    if node.op.kind != "ifelse":
        return ()
    return (*node.attrs["then"], *node.attrs["other"])


def leaves_of(
    outputs: Iterable[Variable], known: Callable[[Variable], bool] = lambda v: False
) -> list[Variable]:
    """The variables without owner below `outputs`, in the order in which they are met."""
    outputs = list(outputs)
    found: dict[Variable, None] = {v: None for v in outputs if v.owner is None and not known(v)}
    for node in apply_order(outputs, known):
        for x in node.inputs:
            if x.owner is None and not known(x):
                found[x] = None
    return list(found)
