"""`theano.printing`"""

from __future__ import annotations

from typing import Any

from ..tensor.checking import Print
from ..tensor.descriptors import (
    hex_digest,
    min_informative_str,
    position_independent_str,
    var_descriptor,
)
from ..tensor.mathematics import assign, latex, pp
from ..tensor.trees import debugprint, pydotprint


class PPrinter:
    """`pprint(x)`, one line of mathematics; `pprint.assign(op, printer)` says how an op is shown.

    printer: a function of the texts of the inputs, or what the classes below make.
    """

    def __call__(self, *variables: Any) -> str:
        return pp(*variables)

    def assign(self, op: Any, printer: Any) -> None:
        """Print applications of `op` by `printer`."""
        assign(op, printer)


class FunctionPrinter:
    """name(x, y)"""

    def __init__(self, *names: str) -> None:
        self.names = names

    def __call__(self, *texts: str) -> str:
        return f"{self.names[0]}({', '.join(texts)})"


class OperatorPrinter:
    """(x sign y)"""

    def __init__(self, operator: str, *_: Any) -> None:
        self.operator = operator

    def __call__(self, *texts: str) -> str:
        if len(texts) == 1:
            return f"({self.operator}{texts[0]})"
        return f"({f' {self.operator} '.join(texts)})"


class PatternPrinter:
    """A pattern with %(0)s, %(1)s for the inputs; an output has the pattern of its index."""

    def __init__(self, *patterns: Any) -> None:
        self.patterns = [p if isinstance(p, str) else p[0] for p in patterns]

    def __call__(self, *texts: str) -> str:
        return str(self.patterns[0] % {str(k): t for k, t in enumerate(texts)})


pprint = PPrinter()

__all__ = [
    "FunctionPrinter", "OperatorPrinter", "PPrinter", "PatternPrinter", "Print",
    "assign", "debugprint", "hex_digest", "latex", "min_informative_str",
    "position_independent_str", "pp", "pprint", "pydotprint", "var_descriptor",
]  # fmt: skip
