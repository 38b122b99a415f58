"""Warm starts: kernels that an earlier process made for the same function, found without tracing.

An entry holds the plan and the key of the built module, under everything tracing reads (see
`trace/fingerprint`), the kind of arguments, the flags, the compiler and the package's own files.
A trace may hold only for some sizes (its kernel tests that), so there are several entries a key.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from ..config import config
from ..errors import CompilerMissingError
from ..trace.fingerprint import fingerprint
from ..trace.pytree import Tree
from ..trace.signature import ArraySpec, LeafSpec, ObjectSpec, ScalarSpec, Signature, StaticSpec
from .cache import default_cache, package_fingerprint
from .compiler import find_compiler
from .cython.build import find, versions
from .dispatch import Kernel
from .plan import Plan, Static

#: Entries of one key, for relations between sizes that its traces took for granted.
VARIANTS = 4
#: Names of the user's rewrites of every function; with any, nothing is recalled or kept.
REWRITES: set[str] = set()
_LASTING = (bool, int, float, complex, str, bytes, type(None), type(Ellipsis))


@dataclass(frozen=True)
class Ready:
    """A plan and the module it goes with."""

    plan: Plan
    module: str
    externs: tuple[str, ...]


@dataclass(frozen=True)
class Wanted:
    """The trace for these arguments needs the values of these leaves."""

    static: frozenset[int]


def start_key(function: Any, mode: str, signature: Signature) -> str | None:
    """Where kernels of a call are kept, or None where the call is to be traced in any case."""
    if mode != "FAST_RUN" or not config.cache or _watched() or signature.shared:
        return None
    kind = _tree(signature.tree), tuple(map(_leaf, signature.leaves))
    meaning = None if None in kind[1] or kind[0] is None else fingerprint(function, kind)
    if meaning is None:
        return None
    try:
        compiler = find_compiler()
    except CompilerMissingError:
        return None
    facts = (meaning, config.key(), compiler, package_fingerprint(), versions())
    return f"start {facts!r}"


def recall(key: str, variant: int) -> Ready | Wanted | None:
    """An entry that an earlier process stored."""
    found = default_cache().get_object(f"{key} {variant}")
    return found if isinstance(found, Ready | Wanted) else None


def remember(key: str, variant: int, entry: Ready | Wanted) -> None:
    """Store an entry, unless its answer has objects that are of this process alone."""
    if isinstance(entry, Ready):
        known = [o.value for o in entry.plan.outputs if isinstance(o, Static)]
        if not all(type(v) in _LASTING or isinstance(v, np.generic) for v in known):
            return
        entry = replace(entry, plan=replace(entry.plan, leaves=()))  # each call brings its own
    default_cache().put_object(f"{key} {variant}", entry)


def kernel_of(entry: Ready, leaves: Sequence[LeafSpec], structure: Any) -> Kernel | None:
    """The kernel of an entry, or None where its module is gone."""
    built = find(entry.module, entry.plan.name, entry.externs)
    if built is None:
        return None
    plan = replace(entry.plan, leaves=tuple(leaves))
    return Kernel(plan, built.entry, built.shapes, structure=structure, keep=built)


def _watched() -> bool:
    """Does the user want to see, or to have checked, what a compilation does?"""
    seen = config.debug >= 2 or config.verify or config.keep
    return bool(seen or REWRITES) or config.warn_float64 != "ignore"


def _tree(tree: Tree) -> Any:
    """A structure as plain values, or None where it has code of the user's."""
    if tree.kind == "registered":
        return None
    children = [_tree(c) for c in tree.children]
    return None if None in children else (tree.kind, tree.meta, *children)


def _leaf(spec: LeafSpec) -> Any:
    if isinstance(spec, ArraySpec):
        return "array", spec.dtype, spec.sizes, spec.layout
    if isinstance(spec, ScalarSpec):
        return "scalar", spec.kind, spec.dtype, spec.slot
    if isinstance(spec, ObjectSpec):
        return "object", f"{spec.type.__module__}.{spec.type.__qualname__}"
    assert isinstance(spec, StaticSpec)
    return "static", spec.value
