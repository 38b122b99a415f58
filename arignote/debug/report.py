"""What a validation found: readable, falsy when something is wrong, and data for machines."""

from __future__ import annotations

import html as markup
from dataclasses import dataclass, field
from typing import Any

from ..fxgraph.node import Origin


@dataclass(frozen=True)
class Finding:
    """One difference from NumPy.

    stage: "trace", "rule", "pass", "repeat", "lowering", "program pass", "kernel", "emulation",
    "call", "gradient".
    blame: the rule, pass, nest or kernel.  value: which value differs.  why: where the tolerance
    comes from.  excerpt: the graph, program or emitted source around it.  script: reproduces it.
    """

    stage: str
    blame: str
    value: str
    message: str
    origin: Origin | None = None
    index: tuple[int, ...] = ()
    expected: Any = None
    got: Any = None
    ulp: float = 0.0
    tolerance: float = 0.0
    why: str = ""
    excerpt: str = ""
    script: str = ""

    def __str__(self) -> str:
        lines = [f"{self.stage} {self.blame}: {self.value}: {self.message}"]
        if self.origin is not None:
            lines.append(f"  at {self.origin}, in {self.origin.function}: {self.origin.expression}")
        if self.why and self.expected is not None:
            lines.append(f"  tolerance: {self.why}")
        if self.excerpt:
            lines += ["  --", *(f"  {line}" for line in self.excerpt.splitlines()), "  --"]
        if self.script:
            lines += ["  to reproduce:", *(f"    {line}" for line in self.script.splitlines())]
        return "\n".join(lines)


@dataclass(frozen=True)
class Check:
    """One kind of comparison: how many were made, in what time, and why some were not."""

    name: str
    count: int
    seconds: float
    skipped: str = ""


@dataclass
class Report:
    """The outcome of a validation; `ok`, and true as a condition, when nothing differs.

    Findings are in the order of the stages, and in program order inside one.
    """

    name: str
    findings: list[Finding] = field(default_factory=list)
    checks: list[Check] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.findings

    def __bool__(self) -> bool:
        return self.ok

    @property
    def first(self) -> Finding | None:
        """The first difference: the one to look at."""
        return self.findings[0] if self.findings else None

    def note(self, check: Check) -> None:
        """Add a check to those of its name."""
        for k, c in enumerate(self.checks):
            if c.name == check.name:
                self.checks[k] = Check(
                    c.name, c.count + check.count, c.seconds + check.seconds,
                    c.skipped or check.skipped,
                )  # fmt: skip
                return
        self.checks.append(check)

    def __str__(self) -> str:
        many = f"{len(self.findings)} difference{'s' * (len(self.findings) > 1)}"
        head = "means what NumPy says" if self.ok else many
        lines = [f"{self.name}: {head}"]
        lines += [str(f) for f in self.findings[:1]]
        lines += [str(f).splitlines()[0] for f in self.findings[1:]]
        for c in self.checks:
            note = f"   (skipped: {c.skipped})" if c.skipped else ""
            lines.append(f"  {c.name:<34} {c.count:6d} compared  {1e3 * c.seconds:9.1f} ms{note}")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Only dicts, lists, numbers and strings."""
        return {
            "name": self.name,
            "ok": self.ok,
            "findings": [_row(f) for f in self.findings],
            "checks": [dict(vars(c)) for c in self.checks],
        }

    def html(self, path: str) -> None:
        """Write the report as one page."""
        rows = "".join(
            f"<tr><td>{markup.escape(c.name)}<td>{c.count}<td>{1e3 * c.seconds:.1f}"
            f"<td>{markup.escape(c.skipped)}"
            for c in self.checks
        )
        found = "".join(f"<pre>{markup.escape(str(f))}</pre>" for f in self.findings)
        title = markup.escape(str(self).splitlines()[0])
        page = (
            f"<!doctype html><meta charset=utf-8><title>{title}</title>"
            "<style>body{font-family:sans-serif}pre{background:#f4f4f4;padding:1em}"
            "td,th{padding:0 1em;text-align:left}</style>"
            f"<h1>{title}</h1>{found}<table><tr><th>check<th>compared<th>ms<th>skipped{rows}"
            "</table>\n"
        )
        with open(path, "w", encoding="utf-8") as file:
            file.write(page)


def _row(f: Finding) -> dict[str, Any]:
    row = dict(vars(f))
    where = f.origin
    row["origin"] = None if where is None else {
        "file": where.file, "line": where.line, "expression": where.expression,
        "function": where.function, "name": where.name,
    }  # fmt: skip
    row["index"] = list(f.index)
    row["expected"], row["got"] = repr(f.expected), repr(f.got)
    return row
