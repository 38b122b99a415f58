"""`theano.tensor.signal.conv`"""

from ....tensor.pooling import conv2d as conv2d

__all__ = ["conv2d"]
