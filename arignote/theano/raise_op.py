"""`theano.raise_op`"""

from ..tensor.checking import Assert as Assert
from ..tensor.checking import Raise as Raise

__all__ = ["Assert", "Raise"]
