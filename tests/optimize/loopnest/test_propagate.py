"""Values that are read once go where they are read, in pieces that stay small."""

from __future__ import annotations

import functools

import numpy as np

from arignote.api import compile
from arignote.fxgraph.graph import order_of
from arignote.optimize.loopnest.program import expressions, walk
from arignote.optimize.loopnest.propagate import LONGEST


def _chain(x, y, length):
    return functools.reduce(lambda h, _: np.tanh(h * 0.9 + y) - x, range(length), x)


def test_a_long_chain_stays_in_pieces():
    x, y = np.linspace(-1, 1, 8), np.linspace(0, 2, 8)
    f = compile(lambda x, y: _chain(x, y, 600))
    sizes = [len(order_of(expressions(s))) for s in walk(f.program(x, y).statements)]
    assert len(sizes) > 3 and max(sizes) < 2 * LONGEST
    np.testing.assert_allclose(f(x, y), _chain(x, y, 600), rtol=1e-12)


def test_a_short_chain_is_one_expression():
    x = np.linspace(-1, 1, 8)
    program = compile(lambda x, y: _chain(x, y, 5)).program(x, x)
    assert len(list(walk(program.statements))) == 3  # memory, the loop, and its store
