"""Theano's ways to write rewrites: `local_optimizer`, `PatternSub`, `Optimizer`, `optdb`.

They work on expressions, before these are traced; `ag.rule` (docs/extending.md) works afterwards,
on the graph.  What is registered acts on every function made from then on, in every mode, unless
the mode excludes its name or tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..config import config
from ..errors import DebugError
from .fgraph import FunctionGraph
from .graph import Apply, Variable
from .rebuilding import remade
from .variables import TensorConstant, as_tensor_variable

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


# ---- patterns ------------------------------------------------------------------------------------
class PatternSub(LocalOptimizer):
    """Replace what a pattern matches: PatternSub((T.sub, (T.add, "x", "y"), "y"), "x").

    A pattern is (op, pattern, ...), a name, a number, a variable, or {"pattern": it, "constraint":
    a function of the variable}; a name stands for the same variable wherever it stands.
    """

    def __init__(
        self, in_pattern: Any, out_pattern: Any, allow_multiple_clients: bool = False,
        skip_identities_fn: Any = None, name: str | None = None, pdb: bool = False,
        tracks: Sequence[Any] = (), get_nodes: Any = None,
    ) -> None:  # fmt: skip
        self.in_pattern, self.out_pattern = in_pattern, out_pattern
        self.name = self.__name__ = name or f"{in_pattern} -> {out_pattern}"
        top = in_pattern["pattern"] if isinstance(in_pattern, dict) else in_pattern
        self.op = top[0]

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        if len(node.outputs) != 1:
            return False
        bound: dict[str, Variable] = {}
        if not _matched(self.in_pattern, node.outputs[0], bound):
            return False
        new = _written(self.out_pattern, bound)
        return [new]


def _matched(pattern: Any, v: Variable, bound: dict[str, Variable]) -> bool:
    todo = [(pattern, v)]
    while todo:
        pattern, v = todo.pop()
        if isinstance(pattern, dict):
            constraint = pattern.get("constraint")
            if constraint is not None and not constraint(v):
                return False
            pattern = pattern["pattern"]
        if isinstance(pattern, tuple | list):
            node = v.owner
            if node is None or not matches(node.op, pattern[0]):
                return False
            if len(node.inputs) != len(pattern) - 1:
                return False
            todo.extend(reversed(list(zip(pattern[1:], node.inputs, strict=True))))
        elif isinstance(pattern, str):
            if not _same(bound.setdefault(pattern, v), v):
                return False
        elif isinstance(pattern, Variable):
            if not _same(pattern, v):
                return False
        elif not (isinstance(v, TensorConstant) and np.array_equal(v.data, pattern)):
            return False
    return True


def _same(a: Variable, b: Variable) -> bool:
    if isinstance(a, TensorConstant) and isinstance(b, TensorConstant):
        return a.type == b.type and bool(np.array_equal(a.data, b.data))
    return a is b


def _written(pattern: Any, bound: dict[str, Variable]) -> Any:
    if isinstance(pattern, dict):
        pattern = pattern["pattern"]
    if isinstance(pattern, tuple | list):
        return pattern[0](*[_written(p, bound) for p in pattern[1:]])
    return bound[pattern] if isinstance(pattern, str) else as_tensor_variable(pattern)


class OpSub(LocalOptimizer):
    """Put one op in another's place."""

    def __init__(self, op1: Any, op2: Any, transfer_tags: bool = True) -> None:
        self.op1, self.op2 = op1, op2
        self.name = self.__name__ = f"{_op_name(op1)} -> {_op_name(op2)}"

    def tracks(self) -> Sequence[Any]:
        return [self.op1]

    def transform(self, node: Apply) -> Any:
        new = self.op2(*node.inputs)
        return new if isinstance(new, list) else [new]


class OpRemove(LocalOptimizer):
    """Put an op's only input in place of its output."""

    def __init__(self, op: Any) -> None:
        self.op = op
        self.name = self.__name__ = f"{_op_name(op)}(x) -> x"

    def tracks(self) -> Sequence[Any]:
        return [self.op]

    def transform(self, node: Apply) -> Any:
        return list(node.inputs) if len(node.inputs) == 1 else False


def _op_name(op: Any) -> str:
    return str(getattr(op, "__name__", op))


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


# ---- what is registered --------------------------------------------------------------------------
@dataclass
class Entry:
    """A registered rewrite."""

    name: str
    what: Any
    position: float
    tags: frozenset[str]


class DB:
    """Rewrites by name.  register(name, what, *tags) or register(name, what, position, *tags)."""

    def __init__(self, name: str = "", position: float = 0.0) -> None:
        self.name, self.position = name, position
        self.entries: list[Entry] = []
        self.inner: dict[str, DB] = {}

    def register(self, name: str, what: Any, *tags: Any, **options: Any) -> None:
        """Keep a rewrite (or a database).  Raises ValueError for a name that is taken."""
        words = [t for t in tags if isinstance(t, str)]
        numbers = [t for t in (*tags, options.get("position")) if isinstance(t, int | float)]
        position = float(numbers[0]) if numbers else self.position
        if isinstance(what, DB):
            what.name, what.position = name, position
            self.inner[name] = what
            return
        if any(e.name == name for e in self.entries):
            raise ValueError(f"{name!r} is registered already: take it back by remove({name!r})")
        self.entries.append(Entry(name, what, position, frozenset({name, self.name, *words})))

    def remove(self, name: str) -> None:
        """Take back a rewrite."""
        self.entries = [e for e in self.entries if e.name != name]

    def add_tags(self, name: str, *tags: str) -> None:
        """Give a rewrite more tags."""
        for e in self.entries:
            if e.name == name:
                e.tags |= frozenset(tags)

    def __getitem__(self, name: str) -> Any:
        if name in self.inner:
            return self.inner[name]
        for e in self.entries:
            if e.name == name:
                return e.what
        raise KeyError(f"no rewrite or database is called {name!r}")

    def __contains__(self, name: str) -> bool:
        return name in self.inner or any(e.name == name for e in self.entries)

    def every(self) -> Iterator[Entry]:
        """All entries, those of inner databases included, by position."""
        found = [*self.entries, *(e for db in self.inner.values() for e in db.every())]
        return iter(sorted(found, key=lambda e: e.position))

    def query(self, *tags: Any, **_: Any) -> SeqOptimizer:
        """What a Query, or tags ("+name", "-name", "name"), choose."""
        return SeqOptimizer([_as_whole(e) for e in self.every() if _query(tags).admits(e)])


EquilibriumDB = SequenceDB = LocalGroupDB = TopoDB = ProxyDB = DB


@dataclass
class Query:
    """Which rewrites to take: those with one of the tags of `include`, all of `require`, none of
    `exclude`."""

    include: Any = ()
    require: Any = ()
    exclude: Any = ()
    subquery: Any = field(default_factory=dict)
    position_cutoff: float = float("inf")
    extra_optimizations: Any = ()

    def admits(self, e: Entry) -> bool:
        """Is it chosen?"""
        include, require, exclude = map(set, (self.include, self.require, self.exclude))
        wanted = bool(include & e.tags) and require <= e.tags and not exclude & e.tags
        return wanted and e.position <= self.position_cutoff

    def including(self, *tags: str) -> Query:
        """With more tags."""
        return Query({*self.include, *tags}, self.require, self.exclude)

    def excluding(self, *tags: str) -> Query:
        """Without these."""
        return Query(self.include, self.require, {*self.exclude, *tags})

    def requiring(self, *tags: str) -> Query:
        """Only with these."""
        return Query(self.include, {*self.require, *tags}, self.exclude)


def _query(tags: Sequence[Any]) -> Query:
    if len(tags) == 1 and isinstance(tags[0], Query):
        return tags[0]
    return Query(
        {t.lstrip("+") for t in tags if not t.startswith(("-", "&"))},
        {t[1:] for t in tags if t.startswith("&")},
        {t[1:] for t in tags if t.startswith("-")},
    )


def _as_whole(e: Entry) -> Any:
    return out2in(e.what, name=e.name) if isinstance(e.what, LocalOptimizer) else e.what


optdb = DB()
for _name, _position in {
    "merge1": 0.0, "useless": 0.6, "canonicalize": 1.0, "stabilize": 1.5, "specialize": 2.0,
    "uncanonicalize": 3.0, "gpuarray_opt": 48.5, "specialize_device": 48.6, "fusion": 49.0,
    "inplace": 60.0,
}.items():  # fmt: skip
    optdb.register(_name, DB(), _position)


def _registers(phase: str) -> Callable[..., Any]:
    def register(what: Any, *tags: str, **options: Any) -> Any:
        if isinstance(what, str):
            return lambda found: register(found, what, *tags, **options)
        name = options.get("name") or getattr(what, "__name__", None) or str(what)
        optdb[phase].remove(name)  # declared again, as in a notebook
        optdb[phase].register(name, what, "fast_run", "fast_compile", *tags)
        return what

    register.__name__ = f"register_{phase}"
    register.__doc__ = f"Register a rewrite among those of the phase {phase}; also a decorator."
    return register


register_useless = _registers("useless")
register_canonicalize = _registers("canonicalize")
register_stabilize = _registers("stabilize")
register_specialize = _registers("specialize")
register_uncanonicalize = _registers("uncanonicalize")
register_specialize_device = _registers("specialize_device")


#: what `theano.config.optimizer_excluding` and the like name, in the user's words
NAMED: dict[str, tuple[str, ...]] = {"excluding": (), "including": (), "requiring": ()}


def registered() -> frozenset[str]:
    """The names and tags of all that is registered."""
    return frozenset(t for e in optdb.every() for t in e.tags if t)


def rewrite(fgraph: FunctionGraph, mode: Any) -> None:
    """Do what is registered, as far as the mode (and the flags) let it."""
    excluded = {*mode.excluded, *config.excluding, *NAMED["excluding"]}
    required = {*mode.required, *config.requiring, *NAMED["requiring"]}
    included = {"fast_run", "fast_compile", *mode.included, *config.including, *NAMED["including"]}
    for e in optdb.every():
        if e.tags & excluded or not e.tags & included or (required and not e.tags & required):
            continue
        before = len(fgraph.history)
        _as_whole(e).optimize(fgraph)
        done = fgraph.history[before:]
        fgraph.history[before:] = [(e.name, old, new) for _, old, new in done]
    for position, what in sorted(mode.extra, key=lambda pair: pair[0]):
        _as_whole(Entry(str(what), what, position, frozenset())).optimize(fgraph)


def compare(name: str, old: Variable, before: Any, after: Any) -> None:
    """Raises DebugError where the two sides of a rewrite differ by more than rounding."""
    before, after = np.asarray(before), np.asarray(after)
    single = old.type.dtype in ("float32", "complex64", "float16")
    limit = 1e-3 if single else 1e-6
    same = before.shape == after.shape and np.allclose(
        before, after, rtol=limit, atol=limit, equal_nan=True
    )
    if not same:
        where = f" at {old.owner.origin}" if old.owner is not None else ""
        raise DebugError(
            f"the rewrite {name} changes {old}{where}: {before!s:.200} becomes {after!s:.200}"
        )


class ReplaceValidate:
    """Theano's feature of this name: every graph has its methods already."""
