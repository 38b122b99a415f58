"""`theano.tensor.nnet.blocksparse`"""

from ....tensor.nnet_more import sparse_block_dot as sparse_block_dot

__all__ = ["sparse_block_dot"]
