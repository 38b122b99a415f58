"""`theano.sparse`"""

# ruff: noqa: F401, F403  (names for others)
from ...tensor.sparse import (
    SparseType,
    SparseVariable,
    add,
    as_sparse_or_tensor_variable,
    as_sparse_variable,
    clean,
    col_scale,
    csc_matrix,
    csr_matrix,
    dense_from_sparse,
    diag,
    dot,
    ensure_sorted_indices,
    is_sparse,
    mul,
    neg,
    remove0,
    row_scale,
    sampling_dot,
    sp_sum,
    sqr,
    sqrt,
    structured_add,
    structured_dot,
    structured_exp,
    structured_log,
    structured_maximum,
    structured_minimum,
    structured_pow,
    structured_sigmoid,
    sub,
    transpose,
    true_dot,
    usmm,
)
from ...tensor.sparse import is_sparse as _is_sparse_variable
from ...tensor.sparse_parts import *
from . import basic
