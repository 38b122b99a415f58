"""Between which numbers integers of loops lie."""

import pytest

from arignote.fxgraph.affine import minus, plus, times
from arignote.fxgraph.constants import lit, new_index
from arignote.fxgraph.interval import interval
from arignote.fxgraph.node import make, op_named
from arignote.fxgraph.ops import arithmetic  # noqa: F401

I = new_index(lit(0), lit(60))  # noqa: E741
J = new_index(I, lit(60))
DOWN = new_index(lit(59), lit(-1), -1)
UNKNOWN = new_index(lit(0), new_index(lit(2), make(op_named("square"), (I,))))


def op(name, *operands):
    return make(op_named(name), operands)


@pytest.mark.parametrize(
    "n, ends",
    [
        (lit(7), (7, 7)),
        (I, (0, 59)),
        (J, (0, 59)),
        (DOWN, (0, 59)),
        (minus(lit(60), J), (1, 60)),
        (plus(times(I, 2), lit(-3)), (-3, 115)),
        (minus(J, I), (-59, 59)),
        (op("minimum", I, lit(4)), (0, 4)),
        (op("maximum", I, lit(4)), (4, 59)),
        (op("floor_divide", I, lit(8)), (0, 7)),
        (op("multiply", I, minus(I, lit(10))), (-590, 2891)),
        (op("multiply", I, op("floor_divide", I, I)), (None, None)),
        (UNKNOWN, (0, None)),
    ],
)
def test_ends(n, ends):
    assert interval(n) == ends


def test_loops_deep_inside_one_another_are_not_known():
    n = I
    for _ in range(30):
        n = new_index(lit(0), n)
    assert interval(n) == (None, None) or interval(n)[1] is None
