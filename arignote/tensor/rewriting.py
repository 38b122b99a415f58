"""What users registered, done: which rewrites of `optdb` a mode lets act, and their comparison."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..config import config
from ..errors import DebugError
from .databases import Entry, as_whole, optdb
from .fgraph import FunctionGraph
from .graph import Variable
from .rebuilding import remade

#: what `theano.config.optimizer_excluding` and the like name, in the user's words
NAMED: dict[str, tuple[str, ...]] = {"excluding": (), "including": (), "requiring": ()}


def registered() -> frozenset[str]:
    """The names and tags of all that is registered."""
    return frozenset(t for e in optdb.every() for t in e.tags if t)


def rewrite(fgraph: FunctionGraph, mode: Any) -> None:
    """Do what is registered, as far as the mode (and the flags) let it; inside scans, too."""
    _rewrite_steps(fgraph, mode)
    excluded = {*mode.excluded, *config.excluding, *NAMED["excluding"]}
    required = {*mode.required, *config.requiring, *NAMED["requiring"]}
    included = {"fast_run", "fast_compile", *mode.included, *config.including, *NAMED["including"]}
    for e in optdb.every():
        if e.tags & excluded or not e.tags & included or (required and not e.tags & required):
            continue
        before = len(fgraph.history)
        as_whole(e).optimize(fgraph)
        done = fgraph.history[before:]
        fgraph.history[before:] = [(e.name, old, new) for _, old, new in done]
    for position, what in sorted(mode.extra, key=lambda pair: pair[0]):
        as_whole(Entry(str(what), what, position, frozenset())).optimize(fgraph)


def _rewrite_steps(fgraph: FunctionGraph, mode: Any) -> None:
    """`rewrite` for the steps of scans."""
    done: list[Any] = []
    while True:
        scans = [n for n in fgraph.toposort() if n.op.kind == "scan"]
        node = next((n for n in scans if all(n.attrs["inner"] is not i for i in done)), None)
        if node is None:
            return
        inner = node.attrs["inner"]
        step = FunctionGraph(inner.inputs, inner.roots)
        rewrite(step, mode)
        if not step.history:
            done.append(inner)
            continue
        changed = inner.computing(step.outputs)
        done.append(changed)
        made = remade(node, node.inputs, {**node.attrs, "inner": changed})
        names = " and ".join(dict.fromkeys(name for name, _, _ in step.history))
        pairs = zip(node.outputs, made.outputs, strict=True)
        fgraph.replace_all(pairs, f"{names} inside a scan")


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


def copy_stack_trace(from_var: Any, to_var: Any) -> Any:
    """`to_var`, whose errors name the user's lines of `from_var`; each one variable or a list."""
    olds, news = ([v] if isinstance(v, Variable) else list(v) for v in (from_var, to_var))
    origin = next((v.owner.origin for v in olds if v.owner is not None), None)
    for new in news:
        if new.owner is not None and origin is not None:
            new.owner.origin = origin
    return to_var
