"""`theano.tensor.nnet.bn`"""

from ....tensor.nnet import batch_normalization as batch_normalization
from ....tensor.nnet import batch_normalization_test as batch_normalization_test
from ....tensor.nnet import batch_normalization_train as batch_normalization_train

__all__ = ["batch_normalization", "batch_normalization_test", "batch_normalization_train"]
