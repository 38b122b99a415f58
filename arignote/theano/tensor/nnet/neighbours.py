"""`theano.tensor.nnet.neighbours`"""

from ....tensor.nnet import images2neibs as images2neibs
from ....tensor.nnet import neibs2images as neibs2images

__all__ = ["images2neibs", "neibs2images"]
