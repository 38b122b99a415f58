"""`theano.tensor.nnet.conv`, the older interface"""

from ....tensor.nnet import conv2d as conv2d

__all__ = ["conv2d"]
