"""`debugprint`, and how graphs and programs print."""

import io

import numpy as np
import pytest

import arignote as ag
from arignote import debugprint
from arignote.fxgraph.ops.arithmetic import negative


@ag.compile
def twice(x, y):
    s = x + y
    return s * np.exp(s)


@ag.compile
def powers(x, n):
    for _ in range(n):
        x = x * x + 1.0
    return x


ARGUMENTS = (np.ones(3), np.ones(3))


def test_the_tree_of_a_function():
    assert debugprint(twice, *ARGUMENTS, file="str").splitlines() == [
        "multiply [id A] <float64[x_n]>",
        " |add [id B] <float64[x_n]>",
        " | |x [id C] <float64[x_n]>",
        " | |y [id D] <float64[x_n]>",
        " |exp [id E] <float64[x_n]>",
        " | |add [id B] ...",
    ]


def test_without_arguments_every_trace_so_far(capsys):
    @ag.compile
    def f(x):
        return x + 1

    f(np.ones(3))
    f(np.ones(3, dtype="f4"))
    assert debugprint(f) is None
    text = capsys.readouterr().out
    assert "float64[x_n]" in text and "float32[x_n]" in text


def test_bodies_of_loops_come_after():
    lines = debugprint(powers, np.ones(3), 4, file="str").splitlines()
    at = next(k for k, line in enumerate(lines) if line.startswith("scan [id"))
    assert "body 0" in lines[at]
    assert any("multiply" in line for line in lines[at + 1 :])


def test_depth_origins_and_file():
    stream = io.StringIO()
    assert debugprint(twice, *ARGUMENTS, depth=1, origins=True, file=stream) is None
    assert stream.getvalue().count("\n") == 1
    assert "s * np.exp(s)" in stream.getvalue()


def test_graphs_and_nodes():
    graph = twice.graph(*ARGUMENTS)
    tree = debugprint(twice, *ARGUMENTS, file="str")
    assert debugprint(graph, file="str") == tree
    assert debugprint(graph.outputs[0], file="str") == tree
    assert debugprint(list(graph.outputs), file="str") == tree


def test_anything_else_is_refused():
    with pytest.raises(TypeError, match="not int"):
        debugprint(3)


def test_a_deep_graph_prints_in_lines_of_bounded_length():
    graph = powers.graph(np.ones(3), 2)
    node = next(n for n in graph.inputs if n.rank == 1)
    for _ in range(5000):
        node = negative(node)
    lines = debugprint(node, file="str").splitlines()
    assert len(lines) == 5001
    assert max(map(len, lines)) < 200


def test_graphs_and_programs_print_as_listings():
    graph, program = twice.graph(*ARGUMENTS), twice.program(*ARGUMENTS)
    assert str(graph).startswith("graph twice(")
    assert "np.exp(s)" in str(graph)
    assert str(program).startswith("program twice(")
    assert repr(program) == str(program)
