"""Where the boxes of a graph's picture stand: layers from operands to users, few crossings.

Loops and branches are boxes that hold the pictures of their bodies.  Constants stand in the text of
the operation that reads them.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

import networkx as nx

from ..fxgraph.constants import is_const
from ..fxgraph.graph import Body, bodies, captures, order_of
from ..fxgraph.node import Node, origin
from ..fxgraph.prove import is_token
from ..fxgraph.text import call_text
from ..fxgraph.types import TensorType

#: Pixels: of a character, between boxes of a layer, between layers, around the text of a box.
CHARACTER, GAP, RISE, MARGIN = 6.6, 18.0, 34.0, 8.0
#: Sweeps that order the boxes of each layer by where their neighbours stand.
SWEEPS = 6
LINE = 15.0
LONGEST = 46


@dataclass
class Box:
    """A node.  kind: "input", "output", "operation", "loop", "outer"; tip: the user's line.
    x, y: the upper left corner, inside the picture that the box belongs to."""

    lines: tuple[str, ...]
    kind: str
    tip: str = ""
    inner: list[Picture] = field(default_factory=list)
    x: float = 0.0
    y: float = 0.0

    @property
    def width(self) -> float:
        text = max(len(line) for line in self.lines) * CHARACTER + 2 * MARGIN
        inside = sum(p.width + GAP for p in self.inner) + GAP if self.inner else 0.0
        return max(text, inside)

    @property
    def height(self) -> float:
        inside = max((p.height for p in self.inner), default=0.0) + (GAP if self.inner else 0.0)
        return len(self.lines) * LINE + 2 * MARGIN + inside


@dataclass
class Picture:
    """Boxes and the arrows between them, by position in `boxes`."""

    title: str
    boxes: list[Box] = field(default_factory=list)
    arrows: list[tuple[int, int]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def drawn(roots: Iterable[Node], outputs: Iterable[Node], title: str = "") -> Picture:
    """The picture of what computes `roots`, of which `outputs` are marked."""
    return _picture(tuple(roots), frozenset(outputs), frozenset(), title)


def _picture(
    roots: tuple[Node, ...], outputs: frozenset[Node], outer: frozenset[Node], title: str
) -> Picture:
    picture = Picture(title)
    place: dict[Node, int] = {}

    def put(n: Node, box: Box) -> None:
        place[n] = len(picture.boxes)
        picture.boxes.append(box)

    for n in order_of(roots, stop=lambda n: n in outer):
        if _is_silent(n):
            continue
        for x in _operands(n):
            if x in outer and x not in place:
                put(x, _outer(x))
        put(n, _box(n, n in outputs))
        picture.arrows += [(place[x], place[n]) for x in _operands(n) if x in place]
    for n in roots:
        if n in outer and n not in place and not _is_silent(n):
            put(n, _outer(n))
    _lay_out(picture)
    return picture


def _is_silent(n: Node) -> bool:
    """Does n stand in the text of what reads it?"""
    return is_token(n) or is_const(n) or n.op.name == "affine"


def _operands(n: Node) -> list[Node]:
    """What arrows come from, each once; sums of integers by their parts."""
    parts = [y for x in n.inputs for y in (x.inputs if x.op.name == "affine" else (x,))]
    return [x for x in dict.fromkeys(parts) if not _is_silent(x)]


def _outer(n: Node) -> Box:
    return Box((_shortened(_name(n)), _shortened(_kind(n))), "outer")


def _kind(n: Node) -> str:
    return str(n.type) if isinstance(n.type, TensorType) else ", ".join(map(str, n.type))


def _box(n: Node, is_output: bool) -> Box:
    where = origin.get(n)
    tip = f"{where}: {where.expression}" if where is not None else ""
    kind = "operation"
    if n.op.name in ("input", "param", "index"):
        kind = "input"
    elif bodies(n):
        kind = "loop"
    elif is_output:
        kind = "output"
    box = Box((_shortened(_name(n)), _shortened(_kind(n))), kind, tip)
    for k, b in enumerate(bodies(n)):
        box.inner.append(_body(b, _TITLES.get((n.op.name, k), "each step")))
    return box


#: (op, position of the body) -> what it is; the bodies of other ops are steps
_TITLES = {("cond", 0): "if so", ("cond", 1): "if not"}


def _body(b: Body, title: str) -> Picture:
    outer = frozenset(captures(b.roots, b.own))
    return _picture(b.roots, frozenset((*b.results, *b.stacks)), outer, title)


def _name(n: Node) -> str:
    attrs = dict(n.attrs)
    if n.op.name in ("input", "param", "index"):
        return str(attrs.get("name", n.op.name))
    return call_text(n)


def _shortened(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


# ---- places --------------------------------------------------------------------------------------
def _lay_out(p: Picture) -> None:
    """Layers by the longest path from a leaf (networkx's generations), each centred; within a layer
    boxes go to the mean place of their neighbours (Sugiyama's barycentre heuristic)."""
    if not p.boxes:
        p.width, p.height = GAP, GAP
        return
    dag: nx.DiGraph = nx.DiGraph()
    dag.add_nodes_from(range(len(p.boxes)))
    dag.add_edges_from(p.arrows)
    layers = [sorted(layer) for layer in nx.topological_generations(dag)]
    for sweep in range(SWEEPS):
        down = sweep % 2 == 0
        for layer in layers if down else reversed(layers):
            rank = {k: i for row in layers for i, k in enumerate(row)}
            near = dag.predecessors if down else dag.successors
            layer.sort(key=lambda k: (_mean([rank[m] for m in near(k)], rank[k]), k))
    p.width = max(_row_width(p, layer) for layer in layers)
    y = LINE + GAP if p.title else GAP / 2
    for layer in layers:
        x = (p.width - _row_width(p, layer)) / 2
        for k in layer:
            p.boxes[k].x, p.boxes[k].y = x, y
            x += p.boxes[k].width + GAP
        y += max(p.boxes[k].height for k in layer) + RISE
    p.height = y - RISE + GAP / 2


def _row_width(p: Picture, layer: list[int]) -> float:
    return sum(p.boxes[k].width for k in layer) + GAP * (len(layer) - 1)


def _mean(values: list[int], other: float) -> float:
    return sum(values) / len(values) if values else float(other)


__all__ = ["Box", "Picture", "drawn"]
