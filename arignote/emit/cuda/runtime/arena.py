"""Where a call's scratch lies: one block, places shared by buffers that never live at once.

Lives are counted in top-level records: what a loop of the host touches lives as long as the loop.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields, is_dataclass
from typing import Any

from ..plan import Bind, CudaPlan, For, If, Record, While

ALIGNMENT = 512  # of every place, so that vector accesses are always legal

Life = tuple[int, int]


def lives(plan: CudaPlan) -> dict[int, Life]:
    """Position of a static scratch buffer -> first and last top-level record that touches it.

    Buffers that an alias may stand for live as long as all of them together.
    """
    places = {b.name: k for k, b in enumerate(plan.buffers)}
    groups = _groups(plan, places)
    spans: dict[int, Life] = {}
    for at, record in enumerate(plan.records):
        for name in _names(record):
            leader = groups[places[name]]
            first, _ = spans.get(leader, (at, at))
            spans[leader] = first, at
    out = {}
    for k, b in enumerate(plan.buffers):
        if b.role == "scratch" and b.static and groups[k] in spans:
            out[k] = spans[groups[k]]
    return out


def layout(spans: dict[int, Life], sizes: dict[int, int]) -> tuple[dict[int, int], int]:
    """(position -> offset, bytes in all): first fit, the biggest first.

    A buffer may begin where another one ends in time, not in the same record.
    """
    placed: list[tuple[int, int, Life]] = []  # offset, end, life
    offsets: dict[int, int] = {}
    for k in sorted(sizes, key=lambda k: (-sizes[k], k)):
        first, last = spans[k]
        offset = 0
        for start, end, (other_first, other_last) in sorted(placed):
            apart = last < other_first or other_last < first
            if not apart and offset < end and start < offset + sizes[k]:
                offset = _aligned(end)
        offsets[k] = offset
        placed.append((offset, offset + sizes[k], spans[k]))
    return offsets, max((end for _, end, _ in placed), default=0)


def _aligned(n: int) -> int:
    return -(-n // ALIGNMENT) * ALIGNMENT


def _groups(plan: CudaPlan, places: dict[str, int]) -> list[int]:
    """Position -> position of the leader of its group: buffers that one alias may stand for."""
    leader = list(range(len(plan.buffers)))

    def find(k: int) -> int:
        while leader[k] != k:
            leader[k] = k = leader[leader[k]]
        return k

    for record in all_records(plan.records):
        if isinstance(record, Bind):
            for a, b in zip(record.aliases, record.buffers):
                leader[find(places[a])] = find(places[b])
    return [find(k) for k in range(len(plan.buffers))]


def all_records(records: Sequence[Record]) -> Iterator[Record]:
    """Records and those inside them, outer before inner, in order."""
    stack = list(reversed(records))
    while stack:
        r = stack.pop()
        yield r
        inside: list[Record] = []
        for name in ("setup", "body", "then", "other"):
            if isinstance(r, For | While | If) and hasattr(r, name):
                inside += getattr(r, name)
        stack += reversed(inside)


def first_lines(plan: CudaPlan) -> dict[str, str]:
    """Buffer -> ", " and the line of the user's that first starts something with it."""
    out: dict[str, str] = {}
    for record in all_records(plan.records):
        line = getattr(record, "line", "")
        for name in _names(record) if line else ():
            out.setdefault(name, f", {line}")
    return out


def _names(record: Record) -> Iterator[str]:
    """Every buffer that a record and those inside it name."""
    for r in all_records((record,)):
        if isinstance(r, Bind):
            yield from (*r.aliases, *r.buffers)
            continue
        stack: list[Any] = [getattr(r, f.name) for f in fields(r) if f.name not in _INSIDE]
        if hasattr(r, "buffer"):
            yield r.buffer
        while stack:
            x = stack.pop()
            if isinstance(x, tuple):
                stack += x
            elif is_dataclass(x) and hasattr(x, "buffer"):
                yield x.buffer


_INSIDE = frozenset(("body", "setup", "then", "other", "attrs"))
