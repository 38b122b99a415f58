"""`theano.tensor.elemwise`"""

from ...tensor.scalar_ops import Elemwise as Elemwise

__all__ = ["Elemwise"]
