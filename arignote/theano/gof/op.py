"""`theano.gof.op`"""

from ...tensor.user_ops import Op as Op

__all__ = ["Op"]
