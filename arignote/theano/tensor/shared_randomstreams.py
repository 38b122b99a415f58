"""`theano.tensor.shared_randomstreams`"""

from ...tensor.streams import RandomStreams as RandomStreams

__all__ = ["RandomStreams"]
