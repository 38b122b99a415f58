"""Golden texts: what small programs print as.  `--update-golden` writes them anew."""

from pathlib import Path

import pytest
from programs import elementwise_program, reduction_program, softmax_program, stencil_program

from arignote.emit.cython.printer import print_program
from arignote.fxgraph.ops.reduce import reduce_sum

GOLDEN = Path(__file__).parent / "golden"
PROGRAMS = {
    "elementwise": elementwise_program,
    "sum": lambda: reduction_program(reduce_sum, 0.0),
    "softmax": softmax_program,
    "stencil": stencil_program,
}


def shown(text):
    """The text without the C in its head, whose parts have tests of their own."""
    before, _, after = text.split('"""', 2)
    return f"{before}...{after}"


@pytest.mark.parametrize("name", PROGRAMS)
def test_text(name, update_golden):
    text = shown(print_program(PROGRAMS[name]()))
    again = shown(print_program(PROGRAMS[name]()))
    assert again == text  # nothing depends on what was printed before
    kept = GOLDEN / f"{name}.pyx"
    if update_golden:
        kept.write_text(text)
    assert text == kept.read_text(), "the emitted text changed: --update-golden if it is meant to"
