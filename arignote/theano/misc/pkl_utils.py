"""`theano.misc.pkl_utils`"""

from ...tensor.dumping import StripPickler as StripPickler
from ...tensor.dumping import dump as dump
from ...tensor.dumping import load as load

__all__ = ["StripPickler", "dump", "load"]
