"""Pictures of graphs."""

import xml.etree.ElementTree as ET

import numpy as np
import pytest

import arignote as ag
from arignote.debug.drawing import drawn
from arignote.errors import UnsupportedError
from arignote.fxgraph.constants import new_input
from arignote.fxgraph.graph import Graph
from arignote.fxgraph.ops.trigonometric import sin


def stepped(a, n):
    s = 0.0
    for i in range(n):
        if a[i] > 0:
            s = s + a[i] * 2.0
        else:
            s = s - 1.0
    return s, np.exp(a) + a


def graph():
    return ag.compile(stepped).graph(np.ones(3), 3)


def test_a_picture_names_operations_inputs_and_lines():
    text = ag.view(graph())
    root = ET.fromstring(text)
    words = [t.text for t in root.iter("{http://www.w3.org/2000/svg}text")]
    for word in ("a", "scan", "cond", "each step", "if so", "if not", "exp(·)"):
        assert word in words, words
    tips = [t.text for t in root.iter("{http://www.w3.org/2000/svg}title")]
    assert any("test_view.py" in t and "np.exp(a)" in t for t in tips)


def test_arrows_point_down_and_boxes_do_not_overlap():
    waiting = [drawn(graph().roots, graph().outputs)]
    seen = 0
    while waiting:
        p = waiting.pop()
        for a, b in p.arrows:
            assert p.boxes[a].y + p.boxes[a].height < p.boxes[b].y
        for k, a in enumerate(p.boxes):
            assert 0 <= a.x and a.x + a.width <= p.width + 1e-9
            for b in p.boxes[:k]:
                apart = a.x + a.width <= b.x or b.x + b.width <= a.x
                assert apart or a.y + a.height <= b.y or b.y + b.height <= a.y
            waiting += a.inner
            seen += 1
    assert seen > 8


def test_files(tmp_path):
    f = ag.compile(stepped)
    for name, head in (("f.svg", b"<svg"), ("f.png", b"\x89PNG"), ("f.pdf", b"%PDF")):
        ag.view(f, tmp_path / name, np.ones(3), 3)
        assert (tmp_path / name).read_bytes().startswith(head)
    with pytest.raises(UnsupportedError, match=r"\.svg, \.png or \.pdf"):
        ag.view(f, tmp_path / "f.bmp", np.ones(3), 3)


def test_what_cannot_be_drawn():
    with pytest.raises(TypeError, match="ag.view"):
        ag.view(np.ones(3))
    x = new_input("x", np.dtype("f8"), (3,))
    y = x
    for _ in range(4000):
        y = sin(y)
    with pytest.raises(UnsupportedError, match="4001 nodes"):
        ag.view(Graph((x,), (y,)))
