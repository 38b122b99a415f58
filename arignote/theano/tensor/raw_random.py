"""`theano.tensor.raw_random`"""

from ...tensor.raw_random import (
    binomial,
    choice,
    multinomial,
    normal,
    permutation,
    poisson,
    random_integers,
    uniform,
)  # fmt: skip
from ...tensor.types import random_state_type

__all__ = [
    "binomial", "choice", "multinomial", "normal", "permutation", "poisson", "random_integers",
    "random_state_type", "uniform",
]  # fmt: skip
