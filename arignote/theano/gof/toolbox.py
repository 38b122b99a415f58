"""`theano.gof.toolbox`"""

from ...tensor.rewriting import ReplaceValidate as ReplaceValidate

__all__ = ["ReplaceValidate"]
