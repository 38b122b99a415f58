"""`theano.tensor.extra_ops`"""

# ruff: noqa: F403

from ...tensor.extra_ops import *
