"""`theano.tensor.subtensor`"""

from ...tensor.indexing import inc_subtensor as inc_subtensor
from ...tensor.indexing import set_subtensor as set_subtensor

__all__ = ["inc_subtensor", "set_subtensor"]
