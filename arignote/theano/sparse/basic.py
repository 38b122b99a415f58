"""`theano.sparse.basic`"""

# ruff: noqa: F403  (names for others)
from ...tensor.sparse import *
from ...tensor.sparse_parts import *
