"""`theano.ifelse`"""

from ..tensor.conditional import ifelse as ifelse

__all__ = ["ifelse"]
