"""`theano.tensor.opt`"""

from ...tensor.checking import Assert as Assert
from ...tensor.checking import assert_ as assert_

__all__ = ["Assert", "assert_"]
