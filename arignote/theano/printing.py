"""`theano.printing`"""

from ..tensor.checking import Print
from ..tensor.descriptors import (
    hex_digest,
    min_informative_str,
    position_independent_str,
    var_descriptor,
)
from ..tensor.mathematics import assign, latex, pp
from ..tensor.trees import debugprint, pydotprint

pprint = pp

__all__ = [
    "Print", "assign", "debugprint", "hex_digest", "latex", "min_informative_str",
    "position_independent_str", "pp", "pprint", "pydotprint", "var_descriptor",
]  # fmt: skip
