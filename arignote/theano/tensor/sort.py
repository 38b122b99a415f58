"""`theano.tensor.sort`"""

from ...tensor.extra_ops import argtopk, topk, topk_and_argtopk
from ...tensor.reductions import argsort, sort

__all__ = ["argsort", "argtopk", "sort", "topk", "topk_and_argtopk"]
