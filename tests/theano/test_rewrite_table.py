"""Theano's table of rewrites: each row's rules fire on a program of that row, excluding the row by
Theano's name switches them off, and what stabilizes does so in every mode."""

import numpy as np
import pytest
import scipy.special

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.optimize.loopnest.schedule import PASSES
from arignote.optimize.pipeline import PARTS, PIPELINE, optimize
from arignote.optimize.rewrite import Report
from arignote.tensor.rule_names import ROWS, translated

x, y, z = T.dvectors("xyz")
p, q = T.dmatrices("pq")
s = T.dscalar("s")
c = x > 0
VECTORS = {v: np.linspace(0.1, 0.9, 5) for v in (x, y, z)}
VALUES = {**VECTORS, p: np.arange(20.0).reshape(4, 5), q: np.ones((5, 4)), s: np.float64(2.0)}


def scanned(n_steps, last=True):
    states, _ = theano.scan(lambda h: T.tanh(h) * 2, outputs_info=x, n_steps=n_steps)
    return states[-1] if last else states


#: Theano's name -> the rule, an expression on which it fires
PROGRAMS = {
    "constant_folding": ("constant_folding", T.exp(T.zeros_like(x)) * y),
    "local_fill_sink": ("fill_sink", T.exp(T.fill(x, 2.0)) * y),
    "local_lift_transpose_through_dot": ("transpose_product", T.dot(p, q).T),
    "local_mul_canonizer": ("divide_product", x * y / y),
    "local_add_canonizer": ("subtract_sum", x + y - y),
    "local_greedy_distributor": ("product_of_quotient_sum", (z / x + y) * x),
    "local_useless_elemwise": ("multiply_one", x * 1.0),
    "local_useless_elemwise_comparison": ("compare_self", T.switch(x < x, x, y)),
    "local_cast_cast": ("cast_cast", x.astype("float32").astype("float64").astype("float32")),
    "local_func_inv": ("inverse_function", T.sinh(T.arcsinh(x))),
    "local_useless_switch": ("where_same", T.switch(c, x, x)),
    "local_mul_switch_sink": ("multiply_where_zero", y * T.switch(c, 0.0, x)),
    "local_div_switch_sink": ("divide_where_zero", T.switch(c, 0.0, x) / y),
    "local_merge_switch_same_cond": ("add_where", T.switch(c, x, y) + T.switch(c, z, x)),
    "local_subtensor_inc_subtensor": ("read_of_write", T.set_subtensor(x[1:3], y[:2])[1:3]),
    "local_subtensor_of_dot": ("row_of_product", T.dot(p, q)[1]),
    "local_incsubtensor_of_zeros_to_setsubtensor": (
        "add_to_zeros", T.grad((x[1:3] ** 2).sum(), x)),
    "local_useless_inc_subtensor": ("write_of_read", T.set_subtensor(x[1:3], x[1:3])),
    "local_op_of_op": ("sum_of_sum", p.sum(axis=0).sum()),
    "local_sum_prod_mul_by_scalar": ("sum_of_scaled", (s * x).sum()),
    "local_sum_prod_div_dimshuffle": ("sum_of_quotient", (x / s).sum()),
    "local_opt_alloc": ("sum_of_window", T.alloc(s, x.shape[0]).sum()),
    "local_pow_specialize": ("power_minus_half", x**-0.5),
    "local_mul_to_sqr": ("multiply_self", x * x),
    "local_log1p": ("log_one_plus", T.log(1 + x)),
    "local_expm1": ("exp_minus_one", T.exp(x) - 1),
    "local_log_add": ("log_add_exp", T.log(T.exp(x) + T.exp(y))),
    "local_log_sum_exp": ("log_sum_exp", T.log(T.exp(x).sum())),
    "local_logsoftmax": ("log_softmax", T.log(T.nnet.softmax(p))),
    "logsigm_to_softplus": ("log_sigmoid", T.log(T.nnet.sigmoid(x))),
    "log1msigm_to_softplus": ("log_one_minus_sigmoid", T.log1p(-T.nnet.sigmoid(x))),
    "log1pexp_to_softplus": ("softplus_log1p_form", T.log1p(T.exp(x))),
    "local_exp_over_1_plus_exp": ("sigmoid_exp_form", T.exp(x) / (1 + T.exp(x))),
    "local_inv_1_plus_exp": ("sigmoid_form", 1 / (1 + T.exp(-x))),
    "local_1msigmoid": ("one_minus_sigmoid", 1 - T.nnet.sigmoid(x)),
    "crossentropy_to_crossentropy_with_softmax": (
        "log_of_window", T.log(T.nnet.softmax(p)[T.arange(4), T.arange(4)])),
    "local_one_minus_erf": ("one_minus_erf", 1 - T.erf(x)),
    "local_log_erfc": ("log_erfc", T.log(T.erfc(x))),
    "local_grad_log_erfc_neg": (
        "scaled_bell_over_erfc", (1.5 / T.erfc(x)) * (T.exp(-T.sqr(x)) * -0.7)),
    "ScanSaveMem": ("scan_last_only", scanned(5)),
}  # fmt: skip


def fired(out, excluding=()):
    inputs = [v for v in VALUES if v in theano.gof.graph.inputs([out])]
    f = theano.function(inputs, out)
    report = Report()
    graph = f.compiled.trace_of(*[VALUES[v] for v in inputs]).graph
    optimize(graph, including=("fast_math",), excluding=excluding, report=report)
    return report.fired


@pytest.mark.parametrize("name", PROGRAMS)
def test_a_row_has_its_rule_and_its_name_excludes_it(name):
    rule, out = PROGRAMS[name]
    assert rule in translated([name])
    assert rule in fired(out)
    assert rule not in fired(out, translated([name]))


def test_rows_name_rules_and_passes_that_exist():
    known = {r.name for r in ag.rules()} | set(PARTS)
    known |= {stage.name for stage in (*PIPELINE, *PASSES)}
    for row in ROWS:
        assert row.rules or row.why
        assert set(row.rules.split()) <= known, row.names


def test_rules_have_docstrings_tags_and_promises():
    for r in ag.rules():
        assert "->" in r.doc and r.keeps in ("bits", "reals") and r.phase
        assert isinstance(r.tags, frozenset)


#: stabilizing rows: an expression, where its direct form fails, what it is there
STABLE = {
    "local_log1p": (T.log(1 + x), 1e-20, 1e-20),
    "local_expm1": (T.exp(x) - 1, 1e-20, 1e-20),
    "local_log_add": (T.log(T.exp(x) + T.exp(x)), 1000.0, 1000 + np.log(2)),
    "local_log_sum_exp": (T.log(T.exp(x).sum()), 1000.0, 1000.0),
    "local_logsoftmax": (T.log(T.nnet.softmax(T.stack([x, -x], axis=1)))[:, 1], 1000.0, -2000.0),
    "logsigm_to_softplus": (T.log(T.nnet.sigmoid(x)), -1000.0, -1000.0),
    "log1pexp_to_softplus": (T.log(1 + T.exp(x)), 1000.0, 1000.0),
    "local_exp_over_1_plus_exp": (T.exp(x) / (1 + T.exp(x)), 1000.0, 1.0),
    "local_one_minus_erf": (1 - T.erf(x), 10.0, scipy.special.erfc(10.0)),
    "local_log_erfc": (T.log(T.erfc(x)), 100.0, np.log(scipy.special.erfcx(100.0)) - 1e4),
    "local_grad_log_erfc_neg": (
        T.grad(T.log(T.erfc(x)).sum(), x), 100.0,
        -2 / np.sqrt(np.pi) / scipy.special.erfcx(100.0)),
}  # fmt: skip


@pytest.mark.parametrize("name", STABLE)
@pytest.mark.parametrize("mode", ["FAST_COMPILE", "NanGuardMode"])
def test_what_stabilizes_does_so_when_interpreted(name, mode):
    out, at, want = STABLE[name]
    found = theano.function([x], out, mode=mode)(np.array([at]))
    assert np.allclose(found, want, rtol=1e-9, atol=0)


def test_what_stabilizes_does_so_in_kernels():
    f = theano.function([x], [out for out, _, _ in STABLE.values()])
    for k, (_, at, want) in enumerate(STABLE.values()):
        assert np.allclose(f(np.array([at]))[k], want, rtol=1e-9, atol=0)


@pytest.mark.parametrize("name", ["local_log1p", "log1pexp_to_softplus", "local_log_erfc"])
def test_excluding_a_stabilization_works_when_interpreted(name):
    out, at, want = STABLE[name]
    mode = theano.Mode(linker="py").excluding(name)
    with np.errstate(all="ignore"):
        assert not np.allclose(theano.function([x], out, mode=mode)(np.array([at])), want, atol=0)


def test_excluding_works_for_all_functions_and_in_every_mode():
    out, at, want = STABLE["local_log1p"]
    with theano.config.change_flags(optimizer_excluding="local_log1p"):
        for mode in (None, "FAST_RUN", "FAST_COMPILE"):
            assert theano.function([x], out, mode=mode)(np.array([at])) == 0
    assert theano.function([x], out)(np.array([at])) == want
