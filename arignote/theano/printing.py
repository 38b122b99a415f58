"""`theano.printing`"""

from ..tensor.checking import Print
from ..tensor.mathematics import assign, latex, pp
from ..tensor.trees import debugprint, pydotprint

pprint = pp

__all__ = ["Print", "assign", "debugprint", "latex", "pp", "pprint", "pydotprint"]
