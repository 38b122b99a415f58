"""`theano.tensor.nnet.conv3d2d`"""

from ....tensor.nnet_more import conv3d2d as conv3d

__all__ = ["conv3d"]
