"""`theano.tensor.basic`"""

# ruff: noqa: F403  (names for others)
from ...tensor import *
