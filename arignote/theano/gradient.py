"""`theano.gradient`"""

from ..tensor.barriers import (
    consider_constant,
    disconnected_grad,
    grad_clip,
    grad_scale,
    undefined_grad,
    zero_grad,
)
from ..tensor.gradients import (
    DisconnectedInputError,
    DisconnectedType,
    Lop,
    NullType,
    NullTypeGradError,
    Rop,
    grad,
    grad_not_implemented,
    grad_undefined,
    subgraph_grad,
)
from ..tensor.jacobians import GradientError, hessian, jacobian, numeric_grad, verify_grad

__all__ = [
    "DisconnectedInputError", "DisconnectedType", "GradientError", "Lop", "NullType",
    "NullTypeGradError", "Rop", "consider_constant", "disconnected_grad", "grad", "grad_clip",
    "grad_not_implemented", "grad_scale", "grad_undefined", "hessian", "jacobian", "numeric_grad",
    "subgraph_grad", "undefined_grad", "verify_grad", "zero_grad",
]  # fmt: skip
