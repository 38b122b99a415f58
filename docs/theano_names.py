"""What docs/theano.md says about each of Theano's names, as data; writes the page.

    python docs/theano_names.py            rewrites docs/theano.md
    python docs/theano_names.py --check    status 1 if it would change

A name without a note is offered as in Theano.  `DIFFERENT` and `NOT` say how, or why.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

from arignote.tensor.rule_names import ROWS

PAGE = Path(__file__).with_name("theano.md")

_CONSTRUCTORS = "scalar vector row col matrix tensor3 tensor4 tensor5 tensor6 tensor7"
#: heading -> {module: names}
OFFERED: dict[str, dict[str, str]] = {
    "Variables and types": {
        "tensor": f"{_CONSTRUCTORS} "
        + " ".join(p + n for n in _CONSTRUCTORS.split() for p in "bwilfdcz")
        + " scalars vectors rows cols matrices tensor3s tensor4s dscalars fvectors dmatrices "
        "TensorType constant as_tensor_variable cast shape specify_shape addbroadcast unbroadcast "
        "patternbroadcast shape_padleft shape_padright shape_padaxis get_scalar_constant_value "
        "get_vector_length tensor as_tensor default scalar_from_tensor tensor_from_scalar "
        "discrete_dtypes continuous_dtypes int_dtypes uint_dtypes float_dtypes complex_dtypes "
        "all_dtypes NotScalarConstantError",
        "tensor.var": "TensorVariable TensorConstant",
    },
    "Creation": {
        "tensor": "zeros ones alloc eye tri arange mgrid ogrid identity_like zeros_like ones_like "
        "fill second linspace",
    },
    "Elementwise": {
        "tensor": "add sub mul true_div int_div mod pow neg inv sqr sqrt abs_ sgn ceil floor trunc "
        "round iround clip maximum minimum divmod exp exp2 expm1 log log2 log10 log1p sin cos tan "
        "arcsin arccos arctan arctan2 sinh cosh tanh arcsinh arccosh arctanh deg2rad rad2deg erf "
        "erfc erfcx erfinv erfcinv gamma gammaln gammainc gammaincc gammau gammal chi2sf psi "
        "tri_gamma "
        "j0 j1 jv i0 i1 iv complex complex_from_polar real imag angle conj and_ or_ xor invert "
        "lt gt le "
        "ge eq neq isnan isinf isclose allclose switch where logaddexp largest smallest floor_div",
        "tensor.xlogx": "xlogx xlogy0",
    },
    "Reductions": {
        "tensor": "sum prod mean var std max min argmax argmin max_and_argmax any all ptp cumsum "
        "cumprod",
    },
    "Shapes": {
        "tensor": "reshape flatten dimshuffle transpose swapaxes concatenate stack join split "
        "stacklists tile roll squeeze repeat horizontal_stack vertical_stack diag diagonal tril "
        "triu",
    },
    "Indexing": {
        "tensor": "set_subtensor inc_subtensor nonzero flatnonzero nonzero_values choose take",
        "tensor.subtensor": "set_subtensor inc_subtensor",
    },
    "Products": {
        "": "dot",
        "tensor": "dot tensordot outer batched_dot batched_tensordot matmul einsum",
    },
    "Sorting, searching, sets": {
        "tensor": "sort argsort topk argtopk topk_and_argtopk permute_row_elements "
        "inverse_permutation",
        "tensor.extra_ops": "searchsorted Unique bincount diff compress to_one_hot unravel_index "
        "ravel_multi_index bartlett fill_diagonal fill_diagonal_offset cumsum cumprod repeat "
        "squeeze",
    },
    "Networks": {
        "tensor.nnet": "sigmoid ultra_fast_sigmoid hard_sigmoid softplus softsign relu elu selu "
        "softmax logsoftmax h_softmax binary_crossentropy sigmoid_binary_crossentropy "
        "categorical_crossentropy crossentropy_categorical_1hot softmax_with_bias "
        "crossentropy_softmax_argmax_1hot_with_bias crossentropy_softmax_1hot "
        "crossentropy_softmax_1hot_with_bias batch_normalization confusion_matrix conv2d "
        "conv3d conv2d_transpose separable_conv2d separable_conv3d causal_conv1d ctc",
        "tensor.nnet.blocksparse": "sparse_block_dot",
        "tensor.nnet.bn": "batch_normalization_train batch_normalization_test",
        "tensor.nnet.abstract_conv": "conv2d_grad_wrt_inputs conv2d_grad_wrt_weights "
        "conv3d_grad_wrt_inputs conv3d_grad_wrt_weights bilinear_upsampling AbstractConv2d "
        "AbstractConv2d_gradInputs AbstractConv2d_gradWeights get_conv_output_shape",
        "tensor.nnet.neighbours": "images2neibs neibs2images",
        "tensor.signal.pool": "pool_2d pool_3d max_pool_2d_same_size",
        "tensor.signal.downsample": "max_pool_2d",
        "tensor.signal.conv": "conv2d",
    },
    "Linear algebra, Fourier transforms": {
        "tensor.nlinalg": "matrix_inverse pinv det eig eigh qr svd lstsq matrix_power matrix_dot "
        "trace diag alloc_diag extract_diag norm tensorinv tensorsolve MatrixInverse MatrixPinv "
        "Det Eig Eigh SVD QRFull QRIncomplete AllocDiag ExtractDiag",
        "tensor.slinalg": "cholesky solve solve_lower_triangular solve_upper_triangular "
        "solve_symmetric eigvalsh kron expm Cholesky Solve Eigvalsh Kron Expm",
        "tensor.fft": "rfft irfft",
    },
    "Sparse matrices": {
        "sparse": "csc_matrix csr_matrix matrix fmatrix dmatrix CSR CSC CSM csm_properties "
        "csm_data "
        "csm_indices csm_indptr csm_shape csr_from_dense csc_from_dense construct_sparse_from_list "
        "square_diagonal hstack vstack clean remove0 ensure_sorted_indices cast eq neq lt gt le ge "
        "structured_add structured_minimum structured_maximum sin tan arcsin arctan sinh arcsinh "
        "tanh arctanh expm1 log1p deg2rad rad2deg sgn rint floor ceil trunc dot structured_dot "
        "true_dot sampling_dot usmm add sub mul "
        "neg transpose sp_sum col_scale row_scale diag dense_from_sparse structured_exp "
        "structured_log structured_pow structured_sigmoid sqr sqrt as_sparse_variable "
        "as_sparse_or_tensor_variable",
    },
    "Random streams": {
        "tensor.shared_randomstreams": "RandomStreams",
        "tensor.raw_random": "uniform normal binomial random_integers choice poisson permutation "
        "multinomial",
        "sandbox.rng_mrg": "MRG_RandomStreams",
    },
    "Functions and shared variables": {
        "": "function shared In Out OrderedUpdates clone OpFromGraph as_op Op Apply Variable "
        "function_dump",
        "typed_list": "TypedListType append extend insert remove reverse count index_ "
        "length getitem "
        "make_list",
        "misc.pkl_utils": "StripPickler dump load",
        "compile": "SharedVariable Function ProfileStats",
        "compile.ops": "as_op",
        "ifelse": "ifelse",
        "tensor.opt": "Assert",
        "raise_op": "Raise",
        "gof": "Apply Variable Constant Op COp OpenMPOp ParamsType Type FunctionGraph "
        "MissingInputError MethodNotDefined",
        "scalar": "ScalarOp UnaryScalarOp BinaryScalarOp Composite upgrade_to_float same_out "
        "upcast_out float64 float_types int_types",
        "tensor.elemwise": "Elemwise",
        "gof.graph": "inputs ancestors io_toposort variables clone is_same_graph "
        "equal_computations",
    },
    "Gradients": {
        "": "grad subgraph_grad",
        "tensor": "grad Lop Rop jacobian hessian verify_grad",
        "gradient": "consider_constant disconnected_grad zero_grad undefined_grad grad_clip "
        "grad_scale grad_not_implemented grad_undefined NullType DisconnectedType "
        "DisconnectedInputError NullTypeGradError numeric_grad "
        "GradientError Lop Rop jacobian hessian verify_grad",
    },
    "Loops": {
        "": "scan map reduce foldl foldr scan_checkpoints",
        "scan_module": "until scan map reduce foldl foldr",
        "scan_module.scan_utils": "clone until map_variables equal_computations",
    },
    "Rewrites of the user": {
        "gof": "local_optimizer optimizer Optimizer LocalOptimizer PatternSub OpSub OpRemove "
        "EquilibriumOptimizer SeqOptimizer TopoOptimizer out2in in2out DB SequenceDB EquilibriumDB "
        "LocalGroupDB TopoDB ProxyDB Query",
        "gof.opt": "copy_stack_trace",
        "tensor.opt": "register_canonicalize register_stabilize register_specialize "
        "register_uncanonicalize register_useless register_specialize_device",
        "compile": "optdb",
    },
    "Modes": {
        "": "Mode",
        "compile": "FAST_RUN FAST_COMPILE get_mode get_default_mode register_mode NanGuardMode "
        "MonitorMode DebugMode",
        "compile.debugmode": "DebugMode BadOptimization BadThunkOutput BadDestroyMap BadViewMap "
        "InvalidValueError StochasticOrder",
        "compile.monitormode": "MonitorMode detect_nan",
        "compile.nanguardmode": "NanGuardMode",
    },
    "Configuration": {"": "config change_flags"},
    "Printing": {
        "": "pp debugprint",
        "printing": "Print pp pprint debugprint pydotprint min_informative_str var_descriptor "
        "position_independent_str hex_digest PPrinter FunctionPrinter OperatorPrinter "
        "PatternPrinter",
    },
}

#: name -> how it differs
DIFFERENT: dict[str, str] = {
    "addbroadcast": "changes the flags only: an axis of length 1 broadcasts in any case",
    "unbroadcast": "changes the flags only",
    "patternbroadcast": "changes the flags only",
    "prod": "`no_zeros_in_input` changes nothing: the derivative is right with zeros",
    "tri_gamma": "without derivative",
    "dimshuffle": "an axis that is left out needs length 1 when the function runs, not a flag",
    "set_subtensor": "what is written takes the dtype of its place, but a float for an integer's "
    "place is refused, as is a complex number for a float's",
    "inc_subtensor": "as set_subtensor",
    "tensor.slinalg.Cholesky": "an instance is called like a function and stands in no graph, as "
    "do those of the other classes here; the gradient is that of a symmetric matrix",
    "tensor.nnet.conv2d": "`input_shape` and `filter_shape` are not needed and not read; "
    "`unshared` "
    "has no dilation and no groups",
    "tensor.nnet.ctc": "written as a scan, so that Baidu's warp-ctc is not needed",
    "tensor.nnet.abstract_conv.bilinear_upsampling": "`frac_ratio` is not offered",
    "sparse.csr_matrix": "results are SciPy's `csr_matrix`; gradients into a sparse variable "
    "have its stored places",
    "sparse.csc_matrix": "as csr_matrix",
    "tensor.shared_randomstreams.RandomStreams": "uniform and binomial draws are NumPy's "
    "`RandomState`'s; other draws are those of `np.random.Generator` on the same bits",
    "sandbox.rng_mrg.MRG_RandomStreams": "uniform draws follow Theano's recurrence and streams; "
    "sizes that are symbols use 15360 streams, as there",
    "tensor.raw_random.uniform": "the state is a shared generator",
    "function": "nothing is compiled before the first call, so that errors in an expression come "
    "there (or at once with `compute_test_value`); `accept_inplace` changes nothing",
    "compile.Function": "`f.compiled` (and `f.fn`) is the compiled function: `graph`, "
    "`source`, `explain`, `validate`; `f.maker.fgraph` shows the expressions with `givens` in "
    "their "
    "places and users' rewrites done, not yet the built-in rules; `f.fn(n_calls=...)` is not "
    "offered",
    "Op": "`perform` or `c_code` runs, as one library call with the GIL, and DEBUG_MODE compares "
    "the two; outputs of `c_code` start as NULL; `R_op` follows from `grad`",
    "gof.Type": "a function with such values runs its operations one by one in Python; `c_declare` "
    "and its relatives are not read; no gradients pass through such functions",
    "gof.ParamsType": "parameters are scalars, constants of the compiled code",
    "scalar.UnaryScalarOp": "with `c_code` for its types it joins loops with its neighbours; "
    "without, `impl` is called for each element",
    "scalar.float64": "scalars are tensors of rank 0",
    "tensor.elemwise.Elemwise": "`inplace_pattern` changes nothing",
    "gof.Op": "as `theano.Op`",
    "compile.ProfileStats": "counts and times calls; `summary` profiles a call like the last one",
    "gof.local_optimizer": "rewrites act on expressions before they are traced, in every mode, "
    "inside scans too; the modes exclude them by name or tag, and DEBUG_MODE compares their two "
    "sides",
    "compile.optdb": "holds users' rewrites only; the built-in rules are listed by `ag.rules()`",
    "compile.MonitorMode": "nodes are the operations of the optimized graph, run one by one "
    "in NumPy",
    "scan_module.scan_utils.map_variables": "inside of a scan only what the scan reads is replaced",
    "scan_module.scan_utils.equal_computations": "the steps of scans are compared by identity",
    "gof.graph.equal_computations": "the steps of scans are compared by identity",
    "gof.graph.is_same_graph": "as equal_computations",
    **{
        f"compile.debugmode.{name}": "another name of `ag.errors.DebugError`, whose report says "
        "what is to blame"
        for name in ("BadOptimization", "BadThunkOutput", "BadDestroyMap", "BadViewMap",
                     "InvalidValueError", "StochasticOrder")
    },
    "compile.nanguardmode.NanGuardMode": "the tag `nan_guard_mode_check` is not read",
    "compile.DebugMode": "its options change nothing: everything is compared",
    "typed_list.remove": "the values must be known when the function is traced",
    "typed_list.TypedListType": "the length is part of what a function is traced for",
    "shared": "sizes of 1 broadcast whether flagged or not; `target` changes nothing",
    "In": "`mutable`, `borrow`, `implicit` and `shared` change nothing: arguments are not written",
    "Out": "`borrow` changes nothing",
    "ifelse.ifelse": "gradients go to the variables that the branches are made of, not to "
    "expressions inside them; a user's op without `infer_shape` runs in any case where only its "
    "running tells the size of a branch",
    "OpFromGraph": "always inlined; `grad_overrides` and `lop_overrides`, not `rop_overrides`",
    "gradient.disconnected_grad": "a gradient through it alone raises DisconnectedInputError when "
    "the expression is built",
    "scan": "an initial value of a narrower dtype than its output is widened; `mode`, `profile` "
    "and `allow_gc` change nothing; 0 steps give 0 rows",
    "scan_checkpoints": "the backward pass decides what it stores, bounded by `tape_memory`",
    "Mode": "linkers `py` and `vm` interpret, the others build kernels; `including`, `excluding` "
    "and `requiring` take names and tags of `ag.rules()`, and act in every mode",
    "config": "flags with a meaning here act; the others can be set and read and do nothing",
    "change_flags": "a `with` block or a decorator; for the present thread only",
    "debugprint": "no node ids by address, no storage; gradients are one line",
    "printing.pydotprint": "needs Graphviz's `dot`, not pydot",
}

_GPU = "arrays of a GPU belong to the back end, not to the expression"
#: name -> why it is not offered
NOT: dict[str, str] = {
    "tensor.AllocEmpty": "use T.zeros; what is overwritten is not filled first",
    "tensor.nnet.abstract_conv.frac_bilinear_upsampling": "use conv2d_transpose with "
    "bilinear filters",
    "tensor.io.load": "read the file and pass the array",
    "tensor.io.send": "use `ag.distributed`",
    "tensor.io.recv": "use `ag.distributed`",
    "sparse_grad": "gradients of row gathers are scatters that the compiler keeps small",
    "sandbox.linalg": "hints such as psd are not read",
    "sparse.bsr_matrix": "use csr_matrix",
    "compile.register_linker": "back ends are part of the package",
    "compile.register_optimizer": "rules have tags: `ag.rules()`",
    "gof.LocalMetaOptimizer": "schedules are chosen by a cost model",
    "gof.toolbox.Feature": "graphs have their methods already; kernels are planned after rewriting",
    "gof.unify": "use PatternSub, or `@ag.rule`",
    "gof.opt.inherit_stack_trace": "use copy_stack_trace",
    "gof.CDataType": "C sees arrays; other values are Python's",
    "gof.EnumType": "give the constants to ParamsType",
    "tensor.subtensor.Subtensor": "the ops of reads and writes have names: `node.op.name`",
    "scan_module.scan_op.Scan": "ask `node.op.name == 'scan'`",
    "tests.breakpoint.PdbBreakpoint": "use MonitorMode and `breakpoint()`, or mode FAST_COMPILE",
    "compile.profiling.print_global_stats": "use `profile=True` and `f.profile.summary()`",
    "gof.CLinkerType": "C sees arrays; other values are Python's",
    "d3viz": "use pydotprint(format='svg')",
    "gpuarray": _GPU,
}  # fmt: skip


def entries() -> list[tuple[str, str]]:
    """(heading, name with its module) of everything offered."""
    return [
        (heading, f"{module}.{name}" if module else name)
        for heading, modules in OFFERED.items()
        for module, names in modules.items()
        for name in names.split()
    ]


def found(name: str) -> object:
    """What `arignote.theano` has under a name.  Raises AttributeError or ImportError."""
    module, _, last = name.rpartition(".")
    parent = importlib.import_module(f"arignote.theano{'.' + module if module else ''}")
    return getattr(parent, last)


def note(name: str) -> str | None:
    """How an offered name differs: by its full name, or by its last part."""
    if name in DIFFERENT:
        return DIFFERENT[name]
    last = name.rpartition(".")[2]
    return DIFFERENT.get(last) if name in (f"tensor.{last}", last) else None


def page() -> str:
    """The text of docs/theano.md."""
    lines = [
        "# Theano's names", "",
        "`import arignote.theano as theano` stands in Theano's place in old programs, and "
        "`arignote.theano.install()` puts it under the name `theano` for libraries that import it. "
        "For new programs, `from arignote import tensor as T`, `ag.function`, `ag.shared`.", "",
        "An expression is not compiled when it is built: `function` evaluates it on traced values "
        "when it is first called, like any function under `ag.compile`, and again for arguments of "
        "another kind. So sizes of 1 broadcast without flags, gradients are those of `ag.grad`, "
        "and `f.compiled` offers `explain`, `validate`, `source` and `profile`. How fast programs "
        "in this style are beside PyTensor and `jax.lax.scan`: "
        "[benchmarks/THEANO.md](../benchmarks/THEANO.md).", "",
        "This page is written by `python docs/theano_names.py`; tests compare it with what can be "
        "imported.", "",
    ]  # fmt: skip
    for heading, modules in OFFERED.items():
        lines += [f"## {heading}", ""]
        for module, names in modules.items():
            same = [n for n in names.split() if note(f"{module}.{n}" if module else n) is None]
            title = f"theano.{module}" if module else "theano"
            if same:
                lines += [f"The same, in `{title}`: " + ", ".join(f"`{n}`" for n in same) + ".", ""]
        rows = [(n, note(n)) for h, n in entries() if h == heading and note(n) is not None]
        if rows:
            lines += ["| different | how |", "|---|---|"]
            lines += [f"| `theano.{n}` | {how} |" for n, how in rows]
            lines.append("")
    lines += [
        "## Rewrites", "",
        "`excluding`, `including` and `requiring` take Theano's names of rewrites too. Stabilizing "
        "rules act in every mode. Rules of the tag `fast_math` (`ag.rules('fast_math')`) lose a "
        "nan or a rounding and act only when included, where Theano's canonizers always did.", "",
        "| Theano | here |", "|---|---|",
    ]  # fmt: skip
    for row in ROWS:
        here = ", ".join(f"`{r}`" for r in row.rules.split()) or row.why
        names = ", ".join(f"`{n}`" for n in row.names.split())
        lines.append(f"| {names} | {here} |")
    lines.append("")
    lines += ["## Not offered", "", "| name | instead, or why |", "|---|---|"]
    lines += [f"| `theano.{n}` | {why} |" for n, why in NOT.items()]
    return "\n".join(lines) + "\n"


def main(arguments: list[str]) -> int:
    """Write or check the page; the exit status."""
    text = page()
    if "--check" in arguments:
        return int(not PAGE.exists() or PAGE.read_text() != text)
    PAGE.write_text(text)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
