"""`theano.tensor`"""

# ruff: noqa: F401, F403, I001  (names for others)
from ...tensor import *
from ...tensor import elementwise as _elementwise
from ...tensor import extra_ops as extra_ops
from . import nnet  # type: ignore[no-redef]
from . import (
    basic,
    fft,
    nlinalg,
    opt,
    raw_random,
    shared_randomstreams,
    sharedvar,
    signal,
    slinalg,
    sort,
    subtensor,
    type,
    var,
    xlogx,
)
