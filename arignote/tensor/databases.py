"""Databases of rewrites: `DB`, `Query`, and `optdb`, which holds what users registered.

What is registered acts on every function made from then on, in every mode, unless the mode excludes
its name or tags.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from .optimizers import LocalOptimizer, SeqOptimizer, out2in


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
        return SeqOptimizer([as_whole(e) for e in self.every() if _query(tags).admits(e)])


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


def as_whole(e: Entry) -> Any:
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
