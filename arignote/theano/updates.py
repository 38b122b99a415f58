"""`theano.updates`"""

from ..tensor.updating import OrderedUpdates as OrderedUpdates

__all__ = ["OrderedUpdates"]
