"""Theano's explicit style: symbolic variables, and the functions of them.

    from arignote import tensor as T

`graph` says what an expression is, `evaluate` how it becomes values, `compiled` how it becomes a
function.  The names here are those of `theano.tensor`.
"""

# ruff: noqa: F401  (names for others)
from . import extra_ops as extra_ops
from . import (
    linalg,
    logarithms,
    mathematics,
    mrg,
    operators,
    pooling,
    raw_random,
    streams,
    transforms,
)
from . import nnet as nnet
from .cloning import clone as clone
from .constructors import CONSTRUCTORS
from .creation import (
    alloc,
    arange,
    choose,
    eye,
    fill,
    flatnonzero,
    identity_like,
    linspace,
    mgrid,
    nonzero,
    nonzero_values,
    ogrid,
    ones,
    ones_like,
    tri,
    tril,
    triu,
    where,
    zeros,
    zeros_like,
)
from .elementwise import (
    FUNCTIONS,
    NAMES,
    add,
    cast,
    clip,
    divmod_,
    iround,
    mul,
    round,
    switch,
)
from .extra_ops import (
    allclose,
    argtopk,
    bartlett,
    bincount,
    compress,
    diff,
    fill_diagonal,
    fill_diagonal_offset,
    inverse_permutation,
    isclose,
    permute_row_elements,
    ravel_multi_index,
    searchsorted,
    to_one_hot,
    topk,
    topk_and_argtopk,
    unravel_index,
)
from .gradients import Lop, Rop, grad, subgraph_grad
from .indexing import inc_subtensor, set_subtensor
from .jacobians import hessian, hessian_vector_product, jacobian, numeric_grad, verify_grad
from .joining import (
    concatenate,
    horizontal_stack,
    join,
    repeat,
    roll,
    split,
    stack,
    stacklists,
    tile,
    vertical_stack,
)
from .old_names import (
    all_dtypes,
    as_tensor,
    complex_dtypes,
    continuous_dtypes,
    default,
    discrete_dtypes,
    float_dtypes,
    floor_div,
    get_vector_length,
    int_dtypes,
    largest,
    scalar_from_tensor,
    smallest,
    take,
    tensor,
    tensor_from_scalar,
    uint_dtypes,
)
from .operators import NotScalarConstantError
from .operators import identity as tensor_copy
from .operators import scalar_constant as get_scalar_constant_value
from .products import (
    batched_dot,
    batched_tensordot,
    diag,
    diagonal,
    dot,
    einsum,
    matmul,
    outer,
    tensordot,
)
from .reductions import (
    all,
    any,
    argmax,
    argmin,
    argsort,
    cumprod,
    cumsum,
    max,
    max_and_argmax,
    mean,
    min,
    prod,
    ptp,
    sort,
    std,
    sum,
    var,
)
from .scalar_ops import Elemwise
from .shaping import (
    addbroadcast,
    dimshuffle,
    flatten,
    patternbroadcast,
    reshape,
    shape,
    shape_padaxis,
    shape_padleft,
    shape_padright,
    specify_shape,
    squeeze,
    swapaxes,
    transpose,
    unbroadcast,
)
from .sharing import shared
from .special import FUNCTIONS as SPECIAL
from .special import complex, complex_from_polar
from .types import TensorType
from .variables import (
    TensorConstant,
    TensorVariable,
    as_tensor_variable,
    constant,
)

globals().update(CONSTRUCTORS)
globals().update(SPECIAL)
globals().update({name: FUNCTIONS[name] for name in NAMES})
abs = abs_ = FUNCTIONS["abs_"]
and_, or_, xor = FUNCTIONS["bitwise_and"], FUNCTIONS["bitwise_or"], FUNCTIONS["bitwise_xor"]
invert = FUNCTIONS["bitwise_not"]
divmod = divmod_
second = fill
extract_constant = get_scalar_constant_value
sgn = FUNCTIONS["sgn"]
square = FUNCTIONS["sqr"]
