"""`theano.compile.builders`"""

from ...tensor.python_ops import OpFromGraph as OpFromGraph

__all__ = ["OpFromGraph"]
