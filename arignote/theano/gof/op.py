"""`theano.gof.op`"""

from ...tensor.c_files import COp as COp
from ...tensor.c_files import OpenMPOp as OpenMPOp
from ...tensor.user_ops import Op as Op

__all__ = ["COp", "Op", "OpenMPOp"]
