"""`theano.gof.utils`"""

from ...tensor.c_code import MethodNotDefined as MethodNotDefined

__all__ = ["MethodNotDefined"]
