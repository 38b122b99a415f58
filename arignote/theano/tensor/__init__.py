"""`theano.tensor`"""

# ruff: noqa: F401, F403  (names for others)
from ...tensor import *
from ...tensor import elementwise as _elementwise
from ...tensor import extra_ops as extra_ops
from ...tensor import reductions as _reductions
from . import (
    basic,
    elemwise,
    fft,
    nlinalg,
    opt,
    raw_random,
    shared_randomstreams,
    sharedvar,
    signal,
    slinalg,
    subtensor,
    type,
    xlogx,
)

# binds `nnet` and `extra_ops` to this package's modules, over those of the same name above
from .extra_ops import diff as _diff
from .nnet import conv2d as _conv2d
from .sort import topk as _topk
from .var import TensorVariable as _TensorVariable

# functions, over the modules of these names
globals().update(sort=_reductions.sort, var=_reductions.var)
