"""`theano.gof.type`"""

from ...tensor.user_types import Type as Type

__all__ = ["Type"]
