"""`ag.rules()`: the rewrite rules as a table, to know what `including` and `excluding` may name."""

from __future__ import annotations

from dataclasses import dataclass

from . import rules as _declared  # noqa: F401  (the import declares them)
from .rule import RULES, Rule


@dataclass(frozen=True)
class Listing:
    """Rules in the order of their names.  Printed, a table; iterated, the rules: name, phase, tags,
    keeps ("bits" or "reals") and doc of each."""

    chosen: tuple[Rule, ...]

    def __iter__(self):  # type: ignore[no-untyped-def]
        return iter(self.chosen)

    def __len__(self) -> int:
        return len(self.chosen)

    def __contains__(self, name: object) -> bool:
        return any(r.name == name for r in self.chosen)

    def __getitem__(self, name: str) -> Rule:
        for r in self.chosen:
            if r.name == name:
                return r
        raise KeyError(name)

    def __str__(self) -> str:
        rows = [("name", "phase", "keeps", "tags", "before -> after")]
        for r in self.chosen:
            doc = r.doc.strip().splitlines()[0]
            rows.append((r.name, r.phase, r.keeps, ":".join(sorted(r.tags)), doc))
        widths = [max(len(row[k]) for row in rows) for k in range(4)]
        lines = [
            "  ".join(text.ljust(w) for text, w in zip(row[:4], widths, strict=True))
            + "  "
            + row[4]
            for row in rows
        ]
        return "\n".join(lines)

    __repr__ = __str__


def rules(tag: str | None = None) -> Listing:
    """The rewrite rules, or those that have this tag, name or phase."""
    found = sorted(RULES.values(), key=lambda r: r.name)
    if tag is not None:
        found = [r for r in found if tag in (r.name, r.phase) or tag in r.tags]
    return Listing(tuple(found))
