"""`theano.tensor.signal.pool`"""

from ....tensor.pooling import max_pool_2d_same_size as max_pool_2d_same_size
from ....tensor.pooling import pool_2d as pool_2d
from ....tensor.pooling import pool_3d as pool_3d

__all__ = ["max_pool_2d_same_size", "pool_2d", "pool_3d"]
