"""Pytrees: nested tuples, lists, dicts, named tuples, dataclasses and None with leaves in them.

`flatten` gives the leaves in a fixed order and a `Tree` that is hashable and puts them back.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

Flatten = Callable[[Any], "tuple[Sequence[Any], Hashable]"]
Unflatten = Callable[[Any, Sequence[Any]], Any]

_registered: dict[type, tuple[Flatten, Unflatten]] = {}
#: Of these, the ones that stand in a list for all its elements.
_lists: set[type] = set()


@dataclass(frozen=True, slots=True)
class Tree:
    """kind: "leaf", "none", "tuple", "list", "dict", "namedtuple", "dataclass" or "registered".
    meta: the class, the keys of a dict, or what a registered `flatten` gave beside the children.
    """

    kind: str
    meta: Any = None
    children: tuple[Tree, ...] = ()

    def unflatten(self, leaves: Iterable[Any]) -> Any:
        """The value with these leaves."""
        return _build(self, iter(leaves))

    @property
    def count(self) -> int:
        """How many leaves there are."""
        return 1 if self.kind == "leaf" else sum(c.count for c in self.children)

    def names(self, prefix: str = "") -> list[str]:
        """A readable name for every leaf, such as `x.0` or `state.weights`."""
        if self.kind == "leaf":
            return [prefix or "x"]
        keys: Iterable[Any] = range(len(self.children))
        if self.kind == "dict":
            keys = self.meta
        elif self.kind in ("dataclass", "namedtuple"):
            keys = self.meta[1]
        out = []
        for key, child in zip(keys, self.children, strict=True):
            out.extend(child.names(f"{prefix}.{key}" if prefix else str(key)))
        return out


LEAF = Tree("leaf")


def register_list(cls: type, flatten: Flatten, unflatten: Unflatten) -> None:
    """As `register_pytree`, for what stands in a list in place of its elements."""
    register_pytree(cls, flatten, unflatten)
    _lists.add(cls)


def register_pytree(cls: type, flatten: Flatten, unflatten: Unflatten) -> None:
    """Make instances of a class trees.

    flatten(value) gives (children, meta), unflatten(meta, children) the value.

    `meta` must be hashable; calls whose trees differ are traced apart.
    """
    _registered[cls] = (flatten, unflatten)


def is_registered(cls: type) -> bool:
    return cls in _registered


def register_object(cls: type) -> None:
    """Make objects of an ordinary class trees of their attributes, as those of dataclasses are."""

    def parts(x: Any) -> tuple[list[Any], Any]:
        return list(vars(x).values()), tuple(vars(x))

    def made(names: Any, values: Sequence[Any]) -> Any:
        out: Any = object.__new__(cls)
        out.__dict__.update(zip(names, values, strict=True))
        return out

    register_pytree(cls, parts, made)


def flatten(value: Any) -> tuple[list[Any], Tree]:
    """The leaves of a value in order, and its structure."""
    leaves: list[Any] = []
    return leaves, _walk(value, leaves)


def _walk(value: Any, leaves: list[Any]) -> Tree:
    cls = type(value)
    if value is None:
        return Tree("none")
    if cls is list and len(value) == 1 and type(value[0]) in _lists:
        return _walk(value[0], leaves)  # it stands for all elements, and gives the list again
    if cls is tuple or cls is list:
        return Tree(cls.__name__, None, tuple(_walk(v, leaves) for v in value))
    if cls is dict:
        return Tree("dict", tuple(value), tuple(_walk(v, leaves) for v in value.values()))
    if cls in _registered:
        children, meta = _registered[cls][0](value)
        return Tree("registered", (cls, meta), tuple(_walk(v, leaves) for v in children))
    if isinstance(value, tuple) and hasattr(cls, "_fields"):
        return Tree("namedtuple", (cls, cls._fields), tuple(_walk(v, leaves) for v in value))
    if dataclasses.is_dataclass(cls):
        fields = tuple(f.name for f in dataclasses.fields(cls))
        parts = tuple(_walk(getattr(value, f), leaves) for f in fields)
        return Tree("dataclass", (cls, fields), parts)
    leaves.append(value)
    return LEAF


def _build(tree: Tree, leaves: Iterator[Any]) -> Any:
    if tree.kind == "leaf":
        return next(leaves)
    if tree.kind == "none":
        return None
    parts = [_build(c, leaves) for c in tree.children]
    if tree.kind == "list":
        return parts
    if tree.kind == "tuple":
        return tuple(parts)
    if tree.kind == "dict":
        return dict(zip(tree.meta, parts, strict=True))
    if tree.kind == "namedtuple":
        return tree.meta[0](*parts)
    if tree.kind == "dataclass":
        return _dataclass(tree.meta[0], tree.meta[1], parts)
    cls, meta = tree.meta
    return _registered[cls][1](meta, parts)


def _dataclass(cls: type, fields: tuple[str, ...], parts: list[Any]) -> Any:
    """An instance with these fields; `__init__` and `__post_init__` do not run again."""
    out: Any = object.__new__(cls)
    for name, value in zip(fields, parts, strict=True):
        object.__setattr__(out, name, value)
    return out


def elements_of(x: Iterable[Any]) -> tuple[list[Any], Any]:
    """A set is no leaf: its elements are part of the signature."""
    return [], tuple((type(e), e) for e in x)  # in an order: to be walked alike


register_pytree(set, elements_of, lambda meta, _: {e for _, e in meta})
register_pytree(frozenset, elements_of, lambda meta, _: frozenset(e for _, e in meta))
