"""`theano.scalar.basic`: scalars are tensors of rank 0."""

# ruff: noqa: F401  (names for others)

from ...tensor.elementwise import FUNCTIONS as _FUNCTIONS
from ...tensor.elementwise import add, cast, clip, mul, switch
from ...tensor.scalar_ops import (
    BinaryScalarOp,
    Composite,
    ScalarOp,
    UnaryScalarOp,
    same_out,
    upcast_out,
    upgrade_to_float,
)
from ...tensor.special import FUNCTIONS as _SPECIAL
from ...tensor.types import TensorType as _TensorType
from ...tensor.variables import as_tensor_variable as as_scalar
from ...tensor.variables import constant


def Scalar(dtype: object) -> _TensorType:
    """The type of scalars of a dtype."""
    return _TensorType(dtype, ())


get_scalar_type = Scalar
bool, int8, int16, int32, int64 = map(Scalar, ("bool", "int8", "int16", "int32", "int64"))
uint8, uint16, uint32, uint64 = map(Scalar, ("uint8", "uint16", "uint32", "uint64"))
float16, float32, float64 = map(Scalar, ("float16", "float32", "float64"))
complex64, complex128 = map(Scalar, ("complex64", "complex128"))
int_types = (int8, int16, int32, int64)
uint_types = (uint8, uint16, uint32, uint64)
float_types = (float16, float32, float64)
complex_types = (complex64, complex128)
discrete_types = (bool, *int_types, *uint_types)
continuous_types = (*float_types, *complex_types)
all_types = (*discrete_types, *continuous_types)

for _name, _function in (*_SPECIAL.items(), *_FUNCTIONS.items()):
    globals().setdefault(_name, _function)
