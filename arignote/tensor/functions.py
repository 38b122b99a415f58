"""What `function` gives: a callable that reads shared variables and stores their updates.

A call whose arguments are arrays of the inputs' types is made by the runtime (`Caller`), all other
calls by `_slowly`, with the same results.
"""

from __future__ import annotations

import copy
import dataclasses
import functools
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..api import Compiled
from ..config import config
from ..emit.dispatch import Caller, Container, Dispatcher
from ..errors import ArignoteError, UnsupportedError, warn_once
from ..lazily import lazily
from .expressions import Expressions
from .fgraph import FunctionGraph, Maker, used_variables
from .graph import Variable, leaves_of
from .modes import Mode, mode_of
from .parameters import In, Out, arguments
from .pickling import Rows, flattened, unflattened
from .profiling import ProfileStats
from .rebuilding import rebuilt
from .rewriting import compare, registered, rewrite
from .sharing import SharedVariable, is_on_gpu, on_host
from .types import TensorType, random_state_type
from .user_types import is_by_hand
from .variables import TensorConstant

if TYPE_CHECKING:
    from ..emit.cuda.runtime import resident
else:  # what functions on the CPU do without
    resident = lazily("arignote.emit.cuda.runtime.resident")


class MissingInputError(ArignoteError):
    """An expression needs a variable that is no input of the function."""


class UnusedInputError(ArignoteError):
    """An input of a function that nothing depends on."""


class Function(Caller):
    """A compiled expression; see `function`.

    Called with arrays for its inputs, by position or name; `output_subset`: numbers (or names) of
    the outputs that are wanted.
    """

    def __init__(
        self,
        inputs: list[In],
        outputs: list[Variable],
        pack: Any,
        updates: dict[SharedVariable, Any],
        replaced: dict[Variable, Variable],
        mode: Any = None,
        name: str | None = None,
        trust_input: bool = False,
        profile: Any = None,
    ) -> None:
        self.profile = ProfileStats() if profile is True else (profile or None)
        self.inputs, self.outputs, self.pack = inputs, outputs, pack
        self.updates, self.replaced = updates, replaced
        self.given_mode, self.name = mode, name
        self.mode: Mode = mode_of(mode)
        self.trust_input = trust_input
        self._states = [i for i in inputs if i.update is not None]
        self.news = [*updates.values(), *[i.update for i in self._states]]
        self._rewritten = self.mode.rewrites and bool(registered() or self.mode.extra)
        self._targets = [
            *[_target(v.type, v.container) for v in updates],
            *[_target(i.variable.type, i.container) for i in self._states],
        ]
        self._inner = {i.variable for i in inputs}
        leaves = self._leaves()
        self.shared = [v for v in leaves if isinstance(v, SharedVariable)]
        self._containers = [v.container for v in self.shared]
        self._by_hand = is_by_hand([*outputs, *self.news], [*self._inner, *self.shared])
        self._programs: dict[tuple[int, ...], Any] = {}
        self._program = self._program_for(tuple(range(len(outputs))))
        kept = {v.container for v in updates}
        self._frozen = [
            k for k, v in enumerate(self.shared)
            if v.container not in kept and not isinstance(v.type, TensorType)
        ]  # fmt: skip
        self._compared = self._rewritten and self.mode.kind == "DEBUG_MODE"
        self._foreign = [k for k, v in enumerate(outputs) if hasattr(v.type, "external")]
        self._resident = config.device == "cuda" and not self._by_hand
        plain = not (self._foreign or self._frozen or self._compared or config.device == "cuda")
        if plain and isinstance(self._program, Dispatcher):
            kinds = [_kind(i.variable.type) for i in inputs]
            self.bind(self._program, kinds, self._containers, self._targets, pack, len(outputs))

    @functools.cached_property
    def maker(self) -> Maker:
        """Under `maker.fgraph`, what is evaluated: `givens` in place, users' rewrites done."""
        roots = rebuilt([*self.outputs, *self.news], self.replaced)
        graph = FunctionGraph([i.variable for i in self.inputs], roots)
        if self._rewritten:
            rewrite(graph, self.mode)
        return Maker(graph, self.inputs, [Out(v) for v in self.outputs], self.mode)

    def roots(self, wanted: Sequence[int]) -> list[Variable]:
        """What is evaluated: the wanted outputs, then the updates."""
        if not self._rewritten or not self.maker.fgraph.history:
            return [*[self.outputs[k] for k in wanted], *self.news]
        found = self.maker.fgraph.outputs
        return [*[found[k] for k in wanted], *found[len(self.outputs) :]]

    @property
    def fn(self) -> Any:
        """The compiled function of (*inputs, *shared values)."""
        return self._program

    def _leaves(self) -> list[Variable]:
        def known(v: Variable) -> bool:
            return v in self._inner

        found: dict[Variable, None] = {}
        todo: list[Variable] = self.roots(range(len(self.outputs)))
        followed: set[Variable] = set()
        while todo:
            below = leaves_of([self.replaced.get(v, v) if not known(v) else v for v in todo], known)
            todo = []
            for v in below:
                found[v] = None
            for v in self.replaced:
                if v not in followed and not known(v):
                    followed.add(v)
                    todo.append(self.replaced[v])
        return [v for v in found if v not in self.replaced]

    def check(self, on_unused: str) -> None:
        """Raises MissingInputError; UnusedInputError, where `on_unused` is "raise"."""
        roots = [*self.outputs, *self.news]
        used = used_variables(roots, self.replaced, self._inner)
        for v in used:
            leaf = v.owner is None and not isinstance(v, TensorConstant | SharedVariable)
            if leaf and v not in self._inner and v not in self.replaced:
                raise MissingInputError(
                    f"the variable {v} of {v.type} is needed to compute the function, but it is no "
                    f"input, and givens has no value for it"
                )
        for i in self.inputs:
            if i.variable in used or i.update is not None or on_unused == "ignore":
                continue
            message = (
                f"the input {i.variable} is not used to compute the outputs or updates: leave it "
                f"out, or say on_unused_input='ignore'"
            )
            if on_unused == "raise":
                raise UnusedInputError(message)
            warn_once(f"unused {id(i.variable)}", message)

    # -- programs
    def _program_for(self, wanted: tuple[int, ...]) -> Any:
        found = self._programs.get(wanted)
        if found is None:
            run = Expressions(self, wanted)
            found = run if self._by_hand else self.mode.compiled(run)
            if self.profile is not None:
                found = self.profile.recorded(found)
            self._programs[wanted] = found
        return found

    @property
    def compiled(self) -> Compiled:
        """The compiled function of (*inputs, *shared values): graph, source, explain, validate."""
        program: Compiled = self._program
        return program

    # -- calls
    def _slowly(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        subset = kwargs.pop("output_subset", None)
        values: Sequence[Any] = args
        if kwargs or len(args) != len(self.inputs) or not self.trust_input:
            values = arguments(self.name or "the function", self.inputs, args, kwargs)
        return self._run(values, subset)

    def _run(self, values: Sequence[Any], output_subset: Any) -> Any:
        wanted = self._wanted(output_subset)
        program = self._program_for(wanted)
        state = [c.value for c in self._containers]
        for k in self._frozen:  # a generator whose state is not to move
            state[k] = copy.deepcopy(state[k])
        if self._compared:
            self._compare_rewrites(values)
        results = self._results(program, values, state)
        outs, news = [on_host(x) for x in results[: len(wanted)]], results[len(wanted) :]
        for k in self._foreign:
            if k in wanted:
                at = wanted.index(k)
                outs[at] = self.outputs[k].type.external(outs[at])
        for container, new in zip(self._targets, news, strict=True):
            if container is not None:
                container.value = new
        if self.pack == "none":
            return None if not self.outputs else list(outs)
        if self.pack == "one":
            return outs[0] if outs else None
        if self.pack == "list":
            return list(outs)
        return {self.pack[k]: v for k, v in zip(wanted, outs, strict=True)}

    def _results(self, program: Any, values: Sequence[Any], state: list[Any]) -> Any:
        """What the program gives, with the state on the GPU where it runs there."""
        if self._resident and self.mode.kind in ("FAST_RUN", "NanGuardMode"):
            for k, container in enumerate(self._containers):
                if k not in self._frozen:
                    state[k] = container.value = resident.moved(state[k])
            try:
                return program(*values, *state)
            except UnsupportedError as reason:  # no form on a GPU
                if not any(map(is_on_gpu, state)):
                    raise
                warn_once(f"device {self.name}", f"{self!r} runs on the CPU: {reason}")
                self._resident = False
        return program(*map(on_host, values), *map(on_host, state))

    def _compare_rewrites(self, values: Sequence[Any]) -> None:
        """Raises DebugError for a rewrite whose two sides have different values."""
        done = self.maker.fgraph.history
        if not done:
            return
        sides = [v for _, old, new in done for v in (old, new)]
        beside = Function(self.inputs, sides, "list", {}, self.replaced, Mode(linker="vm").plain())
        found = beside(*values)
        for k, (name, old, _) in enumerate(done):
            compare(name, old, found[2 * k], found[2 * k + 1])

    def _wanted(self, subset: Any) -> tuple[int, ...]:
        if subset is None:
            return tuple(range(len(self.outputs)))
        if isinstance(self.pack, list):
            return tuple(self.pack.index(k) if isinstance(k, str) else int(k) for k in subset)
        return tuple(int(k) for k in subset)

    # -- values kept
    def container_of(self, item: Any) -> Container:
        """What holds the value of an input with a default, or of a shared variable."""
        for i in self.inputs:
            if (item is i.variable or item == i.name) and i.container is not None:
                return i.container
        for v in self.shared:
            if item is v or (isinstance(item, str) and item == v.name):
                return v.container
        raise KeyError(f"{item!r} is no input with a value and no shared variable of the function")

    def __getitem__(self, item: Any) -> Any:
        return on_host(self.container_of(item).value)

    def __setitem__(self, item: Any, value: Any) -> None:
        self.container_of(item).value = value

    def get_shared(self) -> list[SharedVariable]:
        """The shared variables that the function reads or updates."""
        return list(dict.fromkeys([*self.shared, *self.updates]))

    @property
    def value(self) -> Function:
        """The values kept: `f.value[x]`, as `f[x]`."""
        return self

    @property
    def container(self) -> Containers:
        """What holds the values kept: `f.container[x].value`."""
        return Containers(self)

    def free(self) -> None:
        """Nothing is kept between calls, so there is nothing to free."""

    def sync_shared(self) -> None:
        """Calls are done when they return, so there is nothing to wait for."""

    def copy(
        self,
        share_memory: bool = False,
        swap: dict[Any, Any] | None = None,
        delete_updates: bool = False,
        name: str | None = None,
        profile: Any = None,
    ) -> Function:
        """Another function of the same expressions.

        swap: {shared variable: another of its type}.  delete_updates: it updates nothing.  Inputs
        with updates get a value of their own.
        """
        swap = dict(swap or {})
        known = self.get_shared()
        for old, new in swap.items():
            if old not in known:
                raise ValueError(f"swap: {old} is no shared variable of the function")
            if old.type != new.type:
                raise TypeError(f"swap: {new} is {new.type}, {old} is {old.type}")
        replaced: dict[Variable, Variable] = {**self.replaced, **swap}
        updates = {} if delete_updates else {swap.get(v, v): e for v, e in self.updates.items()}
        ins = []
        for i in self.inputs:
            new = copy.copy(i)
            if i.update is not None and i.container is not None:
                new.container = Container(copy.deepcopy(on_host(i.container.value)))
                new.update = None if delete_updates else i.update
            ins.append(new)
        return Function(
            ins, self.outputs, self.pack, updates, replaced, self.given_mode, name or self.name,
            self.trust_input, profile,
        )  # fmt: skip

    __copy__ = copy

    def __deepcopy__(self, memo: Any) -> Function:
        return restored(*copy.deepcopy(self.__reduce__()[1], memo))

    def __reduce__(self) -> tuple[Any, ...]:
        """The expressions, not the kernels: those are found in the cache on disk."""
        parts = {
            "inputs": [_fields(i) for i in self.inputs], "outputs": self.outputs,
            "pack": self.pack, "updates": list(self.updates.items()),
            "replaced": list(self.replaced.items()), "mode": self.given_mode, "name": self.name,
            "trust_input": self.trust_input,
        }  # fmt: skip
        return restored, flattened(parts)

    def __repr__(self) -> str:
        return f"<function {self.name or 'of expressions'}>"


def _kind(kind: Any) -> tuple[Any, tuple[bool, ...]]:
    """(dtype, flags) of arrays that need no closer look; no dtype where there is more to check."""
    return (kind.dtype, kind.broadcastable) if isinstance(kind, TensorType) else (None, ())


class Containers:
    """`f.container`: what holds the value of an input with a default or of a shared variable."""

    def __init__(self, function: Function) -> None:
        self._function = function

    def __getitem__(self, item: Any) -> Container:
        return self._function.container_of(item)


def _target(kind: Any, container: Container | None) -> Container | None:
    """Where an update is stored; generators are changed by the draws themselves."""
    return None if kind == random_state_type else container


# ---- pickles -------------------------------------------------------------------------------------
def _fields(i: In) -> dict[str, Any]:
    return {field.name: getattr(i, field.name) for field in dataclasses.fields(i)}


def restored(rows: Rows, body: Any) -> Function:
    """A function from its pickle."""
    parts = unflattened(rows, body)
    inputs = []
    for fields in parts["inputs"]:
        container = fields.pop("container")
        made = In(**{**fields, "value": None})
        made.value, made.container = fields["value"], container
        inputs.append(made)
    return Function(
        **{
            **parts,
            "inputs": inputs,
            "updates": dict(parts["updates"]),
            "replaced": dict(parts["replaced"]),
        }
    )
