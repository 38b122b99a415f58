"""Pictures of graphs: SVG without further programs, PNG and PDF by matplotlib.

    ag.view(f.graph(x), "f.svg")

Point at a box to see the line of yours that it came from.
"""

from __future__ import annotations

import html
import importlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ..errors import UnsupportedError
from ..fxgraph.graph import Graph
from .drawing import GAP, LINE, MARGIN, Box, Picture, drawn

#: Fill and border of each kind of box.
COLOURS = {
    "input": ("#dbeafe", "#3b82f6"),
    "outer": ("#f1f5f9", "#94a3b8"),
    "operation": ("#ffffff", "#64748b"),
    "loop": ("#fefce8", "#ca8a04"),
    "output": ("#dcfce7", "#16a34a"),
}
#: Boxes above which a picture helps nobody.
MOST = 3000


def view(what: Any, file: str | Path | None = None, *args: Any, **kwargs: Any) -> str:
    """The picture of a graph as SVG text; written to `file` (.svg, .png or .pdf) if one is given.

    what: a Graph, or a compiled function and then the arguments of a call.  Raises TypeError for
    anything else, UnsupportedError for another kind of file, for a graph with more than 3000 nodes,
    and where matplotlib is needed and not installed.
    """
    graph = what if isinstance(what, Graph) else None
    if graph is None and callable(getattr(what, "graph", None)):
        graph = what.graph(*args, **kwargs)
    if not isinstance(graph, Graph):
        raise TypeError(
            f"view takes a Graph or a compiled function and its arguments, not "
            f"{type(what).__name__}: ag.view(f.graph(x), 'f.svg')"
        )
    if len(graph.order) > MOST:
        raise UnsupportedError(
            f"{graph.name} has {len(graph.order)} nodes; a picture of more than {MOST} shows "
            f"nothing. Print it, or draw a part: ag.view(Graph(inputs, (node,)), ...)"
        )
    picture = drawn(graph.roots, graph.outputs, graph.name)
    text = svg(picture)
    if file is not None:
        _write(Path(file), text, picture)
    return text


def svg(picture: Picture) -> str:
    """A picture as one SVG document."""
    width, height = picture.width + 2 * GAP, picture.height + 2 * GAP
    body = "\n".join(_picture(picture, GAP, GAP))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width:.0f}" height="{height:.0f}" '
        f'viewBox="0 0 {width:.0f} {height:.0f}" font-family="monospace" font-size="11">\n'
        '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" '
        'markerHeight="7" orient="auto"><path d="M0 0 8 4 0 8z" fill="#64748b"/></marker></defs>\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{body}\n</svg>\n'
    )


def _picture(p: Picture, left: float, top: float) -> Iterator[str]:
    if p.title:
        yield (
            f'<text x="{left:.1f}" y="{top + LINE * 0.8:.1f}" fill="#475569">'
            f"{html.escape(p.title)}</text>"
        )
    for a, b in p.arrows:
        yield _arrow(p.boxes[a], p.boxes[b], left, top)
    for box in p.boxes:
        yield from _box(box, left + box.x, top + box.y)


def _arrow(a: Box, b: Box, left: float, top: float) -> str:
    x, y = left + a.x + a.width / 2, top + a.y + a.height
    u, v = left + b.x + b.width / 2, top + b.y
    bend = (v - y) / 2
    return (
        f'<path d="M{x:.1f} {y:.1f}C{x:.1f} {y + bend:.1f} {u:.1f} {v - bend:.1f} {u:.1f} {v:.1f}" '
        'fill="none" stroke="#94a3b8" marker-end="url(#tip)"/>'
    )


def _box(box: Box, x: float, y: float) -> Iterator[str]:
    fill, border = COLOURS[box.kind]
    tip = f"<title>{html.escape(box.tip)}</title>" if box.tip else ""
    yield (
        f'<g>{tip}<rect x="{x:.1f}" y="{y:.1f}" width="{box.width:.1f}" height="{box.height:.1f}" '
        f'rx="5" fill="{fill}" stroke="{border}"/>'
    )
    for k, line in enumerate(box.lines):
        colour = "#0f172a" if k == 0 else "#64748b"
        at = y + MARGIN + LINE * (k + 0.75)
        yield (
            f'<text x="{x + box.width / 2:.1f}" y="{at:.1f}" text-anchor="middle" '
            f'fill="{colour}">{html.escape(line)}</text>'
        )
    inside = x + GAP
    for p in box.inner:
        yield from _picture(p, inside, y + MARGIN + LINE * len(box.lines))
        inside += p.width + GAP
    yield "</g>"


# ---- files ---------------------------------------------------------------------------------------
def _write(file: Path, text: str, picture: Picture) -> None:
    kind = file.suffix.lower()
    if kind == ".svg":
        file.write_text(text, encoding="utf-8")
    elif kind in (".png", ".pdf"):
        _plot(picture, file)
    else:
        raise UnsupportedError(f"pictures are written as .svg, .png or .pdf, not {file.name!r}")


def _plot(picture: Picture, file: Path) -> None:
    try:
        figures = importlib.import_module("matplotlib.figure")
        patches = importlib.import_module("matplotlib.patches")
    except ImportError:
        raise UnsupportedError(
            f"{file.suffix} files need matplotlib: python -m pip install matplotlib, or write .svg"
        ) from None
    width, height = picture.width + 2 * GAP, picture.height + 2 * GAP
    figure = figures.Figure(figsize=(width / 96, height / 96), dpi=96)
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    axes.axis("off")
    _plot_picture(axes, patches, picture, GAP, GAP)
    figure.savefig(str(file))


def _plot_picture(axes: Any, patches: Any, p: Picture, left: float, top: float) -> None:
    size = 7.0
    if p.title:
        axes.text(left, top + LINE * 0.8, p.title, fontsize=size, family="monospace")
    for a, b in p.arrows:
        start, end = p.boxes[a], p.boxes[b]
        axes.annotate(
            "", (left + end.x + end.width / 2, top + end.y),
            (left + start.x + start.width / 2, top + start.y + start.height),
            arrowprops={"arrowstyle": "->", "color": "#94a3b8", "shrinkA": 0, "shrinkB": 0},
        )  # fmt: skip
    for box in p.boxes:
        fill, border = COLOURS[box.kind]
        x, y = left + box.x, top + box.y
        axes.add_patch(
            patches.Rectangle((x, y), box.width, box.height, facecolor=fill, edgecolor=border)
        )
        for k, line in enumerate(box.lines):
            at = y + MARGIN + LINE * (k + 0.75)
            axes.text(x + box.width / 2, at, line, fontsize=size, family="monospace", ha="center")
        inside = x + GAP
        for inner in box.inner:
            _plot_picture(axes, patches, inner, inside, y + MARGIN + LINE * len(box.lines))
            inside += inner.width + GAP


__all__ = ["svg", "view"]
