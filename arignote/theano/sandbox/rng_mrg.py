"""`theano.sandbox.rng_mrg`"""

from ...tensor.mrg import MRG_RandomStreams as MRG_RandomStreams

__all__ = ["MRG_RandomStreams"]
