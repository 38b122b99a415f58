"""Theano's rewrites by name, and what does their work here.

`Mode.excluding("local_log1p")` switches off the rules of that row.  Rows without rules hold by
construction: the graph cannot say the left side, or lowering never emits it; excluding them changes
nothing.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Row:
    """One row of the table: Theano's names, rules and passes here, or why none is needed."""

    names: str
    rules: str = ""
    why: str = ""


ROWS: tuple[Row, ...] = (
    Row("MergeOptimizer merge merge1 merge2 merge3", why="equal nodes are one node when made"),
    Row("constant_folding", "constant_folding"),
    Row("ShapeOptimizer ShapeOpt local_shape_to_shape_i local_track_shape_i",
        why="shapes are part of types, so asking for one computes nothing"),
    Row("local_fill_sink local_fill_to_alloc local_elemwise_alloc",
        "fill_sink fill_of_elementwise"),
    Row("local_dimshuffle_lift local_useless_dimshuffle_in_reshape",
        why="transposes and new axes are index maps that fused loops read through"),
    Row("local_lift_transpose_through_dot", "transpose_product"),
    Row("local_mul_canonizer",
        "divide_product divide_quotient divide_by_quotient divide_self multiply_constants "
        "multiply_float_constants multiply_exp"),
    Row("local_add_canonizer",
        "subtract_sum subtract_float_self subtract_integer_sum add_constants add_float_constants"),
    Row("local_greedy_distributor", "product_of_quotient_sum"),
    Row("local_useless_elemwise local_useless_elemwise_comparison local_comparison_simplification",
        "add_zero subtract_zero multiply_one divide_one compare_self logic_with_constant "
        "same_twice "
        "positive_nothing not_comparison xor_self"),
    Row("local_cast_cast local_upcast_elemwise_constant_inputs", "cast_cast"),
    Row("local_func_inv local_neg_neg local_inv_inv",
        "negative_negative conjugate_conjugate invert_invert not_not exp_log inverse_function"),
    Row("local_useless_switch", "where_constant where_same where_not"),
    Row("local_mul_switch_sink local_div_switch_sink", "multiply_where_zero divide_where_zero"),
    Row("local_merge_switch_same_cond", "add_where where_where_first where_where_second"),
    Row("local_subtensor_merge", why="a window of a window is one window when made"),
    Row("local_subtensor_lift", why="fused loops compute only the elements that are read"),
    Row("local_useless_subtensor local_useless_slice", "gather_all"),
    Row("local_subtensor_inc_subtensor local_adv_sub1_adv_inc_sub1",
        "read_of_write read_of_add read_beside_write"),
    Row("local_subtensor_of_dot", "row_of_product"),
    Row("local_subtensor_of_alloc local_subtensor_make_vector",
        "read_of_reshape read_of_counter"),
    Row("local_incsubtensor_of_zeros_to_setsubtensor local_set_to_inc_subtensor "
        "local_useless_inc_subtensor local_inplace_setsubtensor_of_zeros",
        "add_to_zeros add_over_zeros write_nothing write_of_read write_whole write_of_fill "
        "write_over_write first_additions"),
    Row("local_IncSubtensor_serialize pre_local_IncSubtensor_serialize",
        "scatter_to_gather"),
    Row("local_reshape_chain local_useless_reshape local_reshape_to_dimshuffle",
        "reshape_reshape reshape_of_ones reshape_of_fill"),
    Row("local_join_1 local_join_empty local_join_make_vector",
        why="a join is writes into one result; one part, or an empty one, is none"),
    Row("local_op_of_op local_sum_prod_mul_by_scalar local_sum_prod_div_dimshuffle "
        "local_reduce_broadcastable local_opt_alloc local_sum_div_dimshuffle",
        "sum_of_sum extreme_of_extreme sum_of_scaled sum_of_quotient sum_of_negative reduce_ones "
        "reduce_nothing sum_of_fill extreme_of_fill sum_of_window extreme_of_window"),
    Row("local_sumsqr2dot", why="the sum is one fused loop that stores no product"),
    Row("local_pow_specialize local_pow_specialize_device local_mul_to_sqr local_mul_specialize "
        "local_add_specialize",
        "power_zero power_one power_two power_three power_four power_half power_minus_half "
        "power_minus_one power_minus_two multiply_self multiply_minus_one divide_minus_one"),
    Row("local_log1p local_expm1", "log_one_plus log_one_minus exp_minus_one one_minus_exp"),
    Row("local_log_add local_log_sum_exp", "log_add_exp log_sum_exp"),
    Row("local_logsoftmax local_logsoftmax_grad", "log_softmax log_exp_times softmax_shift"),
    Row("logsigm_to_softplus log1msigm_to_softplus log1pexp_to_softplus",
        "log_sigmoid log_one_minus_sigmoid softplus_form softplus_log1p_form"),
    Row("local_exp_over_1_plus_exp local_inv_1_plus_exp local_1msigmoid local_sigm_times_exp",
        "sigmoid_form sigmoid_exp_form sigmoid_negative_form sigmoid_reciprocal_form "
        "one_minus_sigmoid"),
    Row("crossentropy_to_crossentropy_with_softmax "
    "crossentropy_to_crossentropy_with_softmax_with_bias "
        "local_advanced_indexing_crossentropy_onehot "
        "local_advanced_indexing_crossentropy_onehot_grad", "log_of_window log_softmax"),
    Row("local_one_minus_erf local_one_minus_erf2 local_one_plus_erf local_one_minus_erfc "
        "local_erf_minus_one local_erf_neg_minus_one local_log_erfc local_grad_log_erfc_neg",
        "one_minus_erf one_minus_erfc one_plus_erf_negative log_erfc bell_over_erfc "
        "scaled_bell_over_erfc"),
    Row("local_dot_to_dot22 GemmOptimizer gemm_optimizer local_dot22_to_dot22scalar BlasOpt",
        "scaled_product raise_products batch"),
    Row("local_gemm_to_gemv local_gemm_to_ger local_dot22_to_ger_or_gemv",
        "outer_product raise_rows"),
    Row("FusionOptimizer local_elemwise_fusion local_add_mul_fusion elemwise_fusion "
        "gpua_elemwise_fusion local_gpu_elemwise_careduce fusion", "fusion"),
    Row("InplaceElemwiseOptimizer inplace inplace_elemwise_optimizer inplace_elemwise_opt "
        "inplace_opt local_inplace_setsubtensor local_inplace_gemm random_make_inplace",
        why="which buffer a value is in is decided by liveness after all rewrites"),
    Row("GraphToGPU gpuarray_opt gpuarray local_cut_gpu_transfers "
        "local_gpua_gemm_alpha_merge local_gpua_gemm_output_merge",
        why="a program is printed for a GPU as a whole, so there are no transfers inside"),
    Row("remove_constants_and_unused_inputs_scan scan_merge_inouts constant_folding_for_scan2",
        "scan_unused scan_invariant_carry"),
    Row("PushOutNonSeqScan scanOp_pushout_nonseqs_ops scan_pushout_nonseqs_ops",
        why="what does not depend on a step is not in the loop's body when that is made"),
    Row("PushOutSeqScan scanOp_pushout_seqs_ops PushOutDot1 scanOp_pushout_dot1 "
        "PushOutScanOutput scanOp_pushout_output scan_pushout_seqs_ops scan_pushout_dot1 "
        "scan_pushout_output scan_make_inplace scan", "batch accumulation"),
    Row("ScanMerge scanOp_merge scan_merge", "scan_merge"),
    Row("ScanSaveMem scanOp_save_mem scan_save_mem",
        "scan_last_only scan_no_steps scan_one_step dead_writes"),
    Row("ScanInplaceOptimizer scanOp_make_inplace",
        why="carried arrays are written in place wherever no later read needs them"),
)  # fmt: skip
#: tags and names that choose nothing here
_IDLE = frozenset(
    "fast_run fast_compile more_mem unsafe o1 o2 o3 o4 stabilize_ local_remove_all_assert "
    "cxx_only gpu_opt conv_gemm conv_dnn conv_meta scan_inplace BlasOpt c_blas blas_opt_inplace "
    "local_ultra_fast_sigmoid local_hard_sigmoid local_alloc_empty_to_zeros conv_fft "
    "uncanonicalize specialize_device InplaceElemwise check_stack_trace add_destroy_handler "
    "local_elemwise_alloc_op".split()
)
_BY_NAME = {name: tuple(row.rules.split()) for row in ROWS for name in row.names.split()}


def known(name: str) -> bool:
    """Is it one of Theano's names?"""
    return name in _BY_NAME or name in _IDLE


def translated(names: Iterable[str], mine: Iterable[str] = ()) -> tuple[str, ...]:
    """The rules that names mean: Theano's become ours, those of the user's own rewrites of
    expressions (`mine`) go, others stay."""
    own = frozenset(mine)
    out: dict[str, None] = {}
    for name in names:
        if name in _BY_NAME:
            out.update(dict.fromkeys(_BY_NAME[name]))
        elif name not in _IDLE and name not in own:
            out[name] = None
    return tuple(out)
