"""`theano.compile.ops`"""

from ...tensor.python_ops import as_op as as_op

__all__ = ["as_op"]
