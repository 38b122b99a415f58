"""`arignote view FILE FUNCTION ARGUMENTS -o PICTURE`: the graph of a function as a picture.

    arignote view model.py step "np.zeros((64, 10)), np.ones(300), 0.5" -o step.svg
"""

from __future__ import annotations

import argparse
import sys

from arignote.debug.view import view
from arignote.errors import ArignoteError
from arignote.optimize.pipeline import optimize

from .explain import add_call, called


def main(arguments: list[str]) -> int:
    """Writes the picture; 1 when the function cannot be traced, 2 for what is not there."""
    parser = argparse.ArgumentParser(
        prog="arignote view",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_call(parser)
    parser.add_argument("-o", "--output", default="graph.svg", help=".svg, .png or .pdf")
    parser.add_argument("--rewritten", action="store_true", help="the graph after all rewriting")
    given = parser.parse_args(arguments)
    compiled, (args, kwargs) = called(parser, given)
    try:
        graph = compiled.graph(*args, **kwargs)
        view(optimize(graph) if given.rewritten else graph, given.output)
    except ArignoteError as error:
        print(f"arignote: {error}", file=sys.stderr)
        return 1
    print(given.output)
    return 0
