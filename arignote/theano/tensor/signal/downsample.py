"""`theano.tensor.signal.downsample`, the name before `pool`"""

from ....tensor.pooling import max_pool_2d as max_pool_2d
from ....tensor.pooling import max_pool_2d_same_size as max_pool_2d_same_size

__all__ = ["max_pool_2d", "max_pool_2d_same_size"]
