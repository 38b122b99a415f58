"""Rewrites of expressions: of whole graphs (`Optimizer`), of one application (`LocalOptimizer`).

They work on expressions, before these are traced; `ag.rule` (docs/extending.md) works afterwards,
on the graph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from .fgraph import FunctionGraph
from .graph import Apply, Variable
from .rebuilding import remade
from .variables import as_tensor_variable

_PASSES = 20


class Optimizer:
    """A rewrite of a whole graph: apply(fgraph) changes it by `fgraph.replace_validate`."""

    name: str | None = None

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Attach what `apply` needs."""

    def apply(self, fgraph: FunctionGraph) -> None:
        """Rewrite."""
        raise NotImplementedError(f"{type(self).__name__} has no apply")

    def optimize(self, fgraph: FunctionGraph, *_: Any, **__: Any) -> None:
        """`add_requirements`, then `apply`."""
        self.add_requirements(fgraph)
        self.apply(fgraph)

    __call__ = optimize

    def __str__(self) -> str:
        return str(getattr(self, "name", None) or type(self).__name__)


class LocalOptimizer:
    """A rewrite of one application: transform(node) gives new outputs, or False."""

    name: str | None = None

    def tracks(self) -> Sequence[Any] | None:
        """The ops (or classes of ops) that it looks at; None: all."""
        return None

    def add_requirements(self, fgraph: FunctionGraph) -> None:
        """Attach what `transform` needs."""

    def transform(self, node: Apply) -> Any:
        """New outputs, {output: new}, or False."""
        raise NotImplementedError(f"{type(self).__name__} has no transform")

    def __str__(self) -> str:
        return str(getattr(self, "name", None) or type(self).__name__)


class FromFunction(LocalOptimizer):
    def __init__(self, function: Callable[[Apply], Any], tracked: Sequence[Any] | None) -> None:
        self.function, self._tracked = function, tracked
        self.name = self.__name__ = function.__name__
        self.__doc__ = function.__doc__

    def tracks(self) -> Sequence[Any] | None:
        return self._tracked

    def transform(self, node: Apply) -> Any:
        return self.function(node)

    __call__ = transform


def local_optimizer(
    tracks: Sequence[Any] | None, inplace: bool = False, requirements: Any = ()
) -> Callable[[Callable[[Apply], Any]], FromFunction]:
    """A decorator that makes `function(node)` a local rewrite of applications of these ops."""
    if tracks is not None and not list(tracks):
        raise ValueError("local_optimizer: tracks is empty; use None to see every application")
    return lambda function: FromFunction(function, tracks)


def optimizer(function: Callable[[FunctionGraph], Any]) -> Optimizer:
    """A decorator that makes `function(fgraph)` a rewrite of a whole graph."""

    class FromGraphFunction(Optimizer):
        def apply(self, fgraph: FunctionGraph) -> None:
            function(fgraph)

    made = FromGraphFunction()
    made.name = function.__name__
    return made


def matches(op: Any, wanted: Any) -> bool:
    """Is it the op, an op equal to it, one of the class, or what the function applies?"""
    if isinstance(wanted, type):
        return isinstance(op, wanted)
    return bool(op == wanted) or getattr(wanted, "op", None) is op


# ---- local rewrites on a graph -------------------------------------------------------------------
class EquilibriumOptimizer(Optimizer):
    """Local and global rewrites, again and again until nothing changes."""

    repeat = True

    def __init__(self, optimizers: Iterable[Any], *_: Any, name: str | None = None, **__: Any):
        self.optimizers = list(optimizers)
        self.name = name

    def apply(self, fgraph: FunctionGraph) -> None:
        local = [o for o in self.optimizers if isinstance(o, LocalOptimizer)]
        whole = [o for o in self.optimizers if not isinstance(o, LocalOptimizer)]
        for _ in range(_PASSES if self.repeat else 1):
            before = len(fgraph.history)
            for o in whole:
                o.optimize(fgraph)
            if local:
                _swept(fgraph, local)
            if len(fgraph.history) == before:
                return


class SeqOptimizer(EquilibriumOptimizer):
    """Rewrites, one after the other."""

    repeat = False

    def __init__(self, *optimizers: Any, **options: Any) -> None:
        listed = optimizers[0] if optimizers and isinstance(optimizers[0], list) else optimizers
        super().__init__(listed, **options)


class TopoOptimizer(EquilibriumOptimizer):
    """A local rewrite at every application, once."""

    repeat = False

    def __init__(self, local_opt: Any, order: str = "in_to_out", **options: Any) -> None:
        super().__init__([local_opt], name=options.get("name"))


def out2in(*local_opts: Any, **options: Any) -> EquilibriumOptimizer:
    """The local rewrites at every application."""
    return EquilibriumOptimizer(local_opts, name=options.get("name"))


in2out = out2in


def _swept(fgraph: FunctionGraph, local: Sequence[LocalOptimizer]) -> None:
    """One pass from the inputs to the outputs."""
    known: dict[Variable, Variable] = {}
    for node in fgraph.toposort():
        inputs = [known.get(v, v) for v in node.inputs]
        fresh = node
        if any(a is not b for a, b in zip(inputs, node.inputs, strict=True)):
            fresh = remade(node, inputs, _followed(node, known))
            known.update(zip(node.outputs, fresh.outputs, strict=True))
        for o in local:
            changed = _tried(o, fresh)
            if changed:
                for old, new in changed.items():
                    fgraph.history.append((str(o), old, new))
                    known[node.outputs[old.index]] = new
                break
    if known:
        fgraph.outputs = [known.get(v, v) for v in fgraph.outputs]


def _followed(node: Apply, known: dict[Variable, Variable]) -> dict[str, Any]:
    attrs = dict(node.attrs)
    if node.op.kind == "grad":
        for key in ("targets", "wrt"):
            attrs[key] = [known.get(v, v) for v in attrs[key]]
    return attrs


def _tried(o: LocalOptimizer, node: Apply) -> dict[Variable, Variable]:
    """{output: what stands for it} by one rewrite; empty where it declines.

    Raises TypeError for an answer of another type.
    """
    tracked = o.tracks()
    if node.op.kind == "ifelse":
        return {}
    if tracked is not None and not any(matches(node.op, t) for t in tracked):
        return {}
    answer = o.transform(node)
    if not answer:
        return {}
    if isinstance(answer, dict):
        found = dict(answer)
    else:
        found = dict(zip(node.outputs, answer, strict=True))
    out = {}
    for old, new in found.items():
        new = as_tensor_variable(new)
        if new is old:
            continue
        if (new.dtype, new.ndim) != (old.type.dtype, old.type.ndim):
            raise TypeError(f"the rewrite {o} puts {new} of {new.type} for {old} of {old.type}")
        out[old] = new
    return out
