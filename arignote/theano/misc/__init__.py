"""`theano.misc`"""

from . import pkl_utils

__all__ = ["pkl_utils"]
