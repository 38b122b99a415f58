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

__all__ = [
    "binomial", "choice", "multinomial", "normal", "permutation", "poisson", "random_integers",
    "uniform",
]  # fmt: skip
