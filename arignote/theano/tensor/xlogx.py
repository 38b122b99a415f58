"""`theano.tensor.xlogx`"""

from ...tensor.logarithms import xlogx as xlogx
from ...tensor.logarithms import xlogy0 as xlogy0

__all__ = ["xlogx", "xlogy0"]
