"""`theano.tensor.opt`"""

from ...tensor.checking import Assert as Assert
from ...tensor.checking import assert_ as assert_
from ...tensor.databases import (
    register_canonicalize,
    register_specialize,
    register_specialize_device,
    register_stabilize,
    register_uncanonicalize,
    register_useless,
)
from ...tensor.optimizers import in2out, local_optimizer, out2in

__all__ = [
    "Assert", "assert_", "in2out", "local_optimizer", "out2in", "register_canonicalize",
    "register_specialize", "register_specialize_device", "register_stabilize",
    "register_uncanonicalize", "register_useless",
]  # fmt: skip
