"""Names of Theano around expressions that no other test uses: databases of rewrites, kinds of
missing gradients, pickles, profiles, graphs."""

import io
import pickle

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano import gof, gradient, scalar, typed_list
from arignote.theano.compile import Function, ProfileStats, SharedVariable, get_mode, optdb
from arignote.theano.misc.pkl_utils import StripPickler
from arignote.theano.raise_op import Raise

V = np.array([0.3, 0.7, 1.5])


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


@pytest.fixture
def clean_database():
    phases = [optdb, *optdb.inner.values()]
    kept = [list(db.entries) for db in phases]
    yield
    for db, entries in zip(phases, kept, strict=True):
        db.entries = entries


# ---- functions -----------------------------------------------------------------------------------
def test_outputs_that_may_be_borrowed_and_profiles():
    x, w = T.dvector("x"), theano.shared(V, "w")
    assert isinstance(w, SharedVariable) and isinstance(x, theano.Variable)
    assert isinstance(x, gof.Variable) and isinstance(T.constant(1), gof.Constant)
    f = theano.function([x], [theano.Out(x * w, borrow=True)], profile=True)
    assert isinstance(f, Function) and isinstance(f.profile, ProfileStats)
    for _ in range(3):
        np.testing.assert_allclose(f(V)[0], V * V)
    assert f.profile.fct_callcount == 3
    text = io.StringIO()
    f.profile.summary(file=text)
    assert "3 calls" in text.getvalue()


def test_raise_in_the_branch_that_is_taken():
    x = T.dvector("x")
    refused = Raise("not positive", ArithmeticError)(x)
    f = theano.function([x], theano.ifelse.ifelse(x[0] > 0, x * 2, refused))
    np.testing.assert_allclose(f(V), 2 * V)
    with pytest.raises(ArithmeticError, match="not positive"):
        f(-V)


def test_lists_lose_values_and_give_elements():
    lst, v = typed_list.TypedListType(T.dvector)("lst"), np.array([2.0, 3.0])
    f = theano.function([lst], [typed_list.getitem(lst, 1), typed_list.length(lst)])
    second, count = f([V, v])
    assert second.tolist() == [2.0, 3.0] and count == 2
    known = typed_list.make_list([T.constant(V), T.constant(v)])
    rest = typed_list.remove(known, T.constant(V))
    np.testing.assert_allclose(theano.function([], rest)(), [v])


def test_pickles_without_what_only_debugging_needs():
    x = T.dvector("x")
    x.tag.trace = ["a", "long", "story"]
    y = T.exp(x)
    out = io.BytesIO()
    StripPickler(out, protocol=2, extra_tag_to_remove="note").dump([x, y])
    back_x, back_y = pickle.loads(out.getvalue())
    np.testing.assert_allclose(theano.function([back_x], back_y)(V), np.exp(V))


def test_graphs_are_walked_in_order():
    x, y = T.dvectors("x", "y")
    z = T.exp(x) * y + x
    order = gof.graph.io_toposort([x, y], [z])
    assert [str(n.op) for n in order] == ["exp", "mul", "add"]
    graph = gof.FunctionGraph([x, y], [z])
    assert len(graph.apply_nodes) == 3 and graph.clients(x)[-1][0] is z.owner
    graph.replace(order[0].outputs[0], T.sin(x), reason="sine")
    assert "sin" in theano.pp(graph.outputs[0])
    assert theano.printing.pprint(z) == theano.pp(z)


def test_scalar_types_and_what_ops_give():
    kinds = scalar.int8, scalar.float32
    assert scalar.upcast_out(*kinds) == [scalar.float32]
    assert scalar.same_out(scalar.int16) == [scalar.int16]
    assert scalar.upgrade_to_float(scalar.int32) == [scalar.float64]
    assert scalar.int64 in scalar.int_types and scalar.int64 not in scalar.float_types

    class Three(scalar.ScalarOp):
        """Of three numbers, by impl alone."""

        nin = 3

        def impl(self, a, b, c):
            return a + b * c

    x = T.dvector("x")
    f = theano.function([x], T.Elemwise(Three())(x, 2.0, x))
    np.testing.assert_allclose(f(V), 3 * V)
    with pytest.raises(gof.MethodNotDefined):
        Three().c_code(None, "", [], [], {})
    parallel = gof.OpenMPOp()
    parallel.openmp = True
    assert parallel.c_compile_args() == ["-fopenmp"] and parallel.c_headers() == ["omp.h"]


# ---- gradients -----------------------------------------------------------------------------------
class Split(gof.Op):
    """Two inputs whose derivatives nobody has written, or which have none."""

    __props__ = ("reason",)

    def __init__(self, reason):
        self.reason = reason

    def make_node(self, x):
        return gof.Apply(self, [x], [x.type()])

    def perform(self, node, inputs, outputs):
        outputs[0][0] = np.floor(inputs[0])

    def grad(self, inputs, slopes):
        missing = getattr(gradient, self.reason)
        return [missing(self, 0, inputs[0], "because of the floor")]


@pytest.mark.parametrize("reason", ["grad_not_implemented", "grad_undefined"])
def test_gradients_that_are_missing_say_why(reason):
    x = T.dvector("x")
    with pytest.raises(gradient.NullTypeGradError, match="because of the floor"):
        T.grad(Split(reason)(x).sum(), x)


def test_difference_quotients():
    found = gradient.numeric_grad(lambda x: (x**3).sum(), [V])
    np.testing.assert_allclose(found.gf[0], 3 * V**2, rtol=1e-4)


def test_scans_with_checkpoints():
    x = T.dvector("x")
    h, updates = theano.scan_checkpoints(
        lambda v, h: T.tanh(h + v), sequences=[x], outputs_info=[T.constant(np.float64(0))],
        save_every_N=2,
    )  # fmt: skip
    assert not updates
    value, slope = theano.function([x], [h[-1], T.grad(h[-1], x)])(V)
    a = np.tanh(V[0])
    b = np.tanh(a + V[1])
    c = np.tanh(b + V[2])
    assert value == pytest.approx(c)
    last = 1 - c**2
    np.testing.assert_allclose(slope, [last * (1 - b**2) * (1 - a**2), last * (1 - b**2), last])


# ---- rewrites ------------------------------------------------------------------------------------
class DoubleSine(gof.LocalOptimizer):
    """sin(x) -> sin(x) * 1, which tells that it was here."""

    name = "double_sine"

    def tracks(self):
        return [T.sin]

    def transform(self, node):
        return [T.cos(node.inputs[0])]


def ops_of(optimizer, *outputs_of):
    x = T.dvector("x")
    graph = gof.FunctionGraph([x], [f(x) for f in outputs_of])
    optimizer.optimize(graph)
    return [str(n.op) for n in graph.toposort()]


@pytest.mark.parametrize(
    "made",
    [
        lambda o: gof.EquilibriumOptimizer([o]), lambda o: gof.SeqOptimizer([o]),
        lambda o: gof.TopoOptimizer(o), lambda o: gof.out2in(o), lambda o: gof.in2out(o),
    ],
)  # fmt: skip
def test_ways_to_apply_a_local_rewrite(made):
    assert ops_of(made(DoubleSine()), lambda x: T.sin(x) + 1) == ["cos", "add"]


def test_an_op_is_removed():
    removed = gof.out2in(gof.OpRemove(T.neg))
    assert ops_of(removed, lambda x: T.exp(-x)) == ["exp"]


def test_databases_answer_queries():
    kinds = gof.DB, gof.SequenceDB, gof.EquilibriumDB, gof.LocalGroupDB, gof.TopoDB, gof.ProxyDB
    for kind in kinds:
        db = kind()
        db.register("sine", DoubleSine(), 1, "fast_run", "mine")
        db.register("minus", gof.OpRemove(T.neg), 2, "fast_run")
        assert "sine" in db and isinstance(db["sine"], DoubleSine)
        one = db.query(gof.Query(include=["fast_run"], exclude=["mine"]))
        assert ops_of(one, lambda x: T.sin(-x)) == ["sin"]
        both = db.query("+fast_run")
        assert ops_of(both, lambda x: T.sin(-x)) == ["cos"]
        few = db.query(gof.Query(["fast_run"]).requiring("mine"))
        assert ops_of(few, lambda x: T.sin(-x)) == ["neg", "cos"]
        cut = gof.Query(["fast_run"], position_cutoff=1.5)
        assert ops_of(db.query(cut), lambda x: T.sin(-x)) == ["neg", "cos"]


@pytest.mark.parametrize(
    "phase", ["useless", "canonicalize", "stabilize", "specialize", "uncanonicalize",
              "specialize_device"],
)  # fmt: skip
def test_rewrites_are_registered_in_every_phase(phase, clean_database):
    @getattr(T.opt, f"register_{phase}")
    @gof.local_optimizer([T.sin])
    def sine_is_cosine(node):
        return [T.cos(node.inputs[0])]

    x = T.dvector("x")
    np.testing.assert_allclose(theano.function([x], T.sin(x))(V), np.cos(V))
    without = get_mode("FAST_COMPILE").excluding("sine_is_cosine")
    np.testing.assert_allclose(theano.function([x], T.sin(x), mode=without)(V), np.sin(V))


def test_branches_of_any_sizes():
    a, x = T.dscalar("a"), T.dmatrix("x")
    f = theano.function([a, x], theano.ifelse.ifelse(x[0, 0] > a, T.dot(x, x.T), x[1:, :2]))
    values = np.arange(6.0).reshape(2, 3)
    np.testing.assert_array_equal(f(-1.0, values), values @ values.T)
    np.testing.assert_array_equal(f(1.0, values), values[1:, :2])
    calls = []

    @theano.compile.ops.as_op([T.dmatrix], [T.dmatrix], infer_shape=lambda node, shapes: shapes)
    def doubled(m):
        calls.append(m)
        return 2 * m

    lazy = theano.function([a, x], theano.ifelse.ifelse(T.gt(a, 0), doubled(x), x))
    np.testing.assert_array_equal(lazy(-1.0, values), values)
    assert not calls
    np.testing.assert_array_equal(lazy(1.0, values), 2 * values)


def test_an_element_of_a_list_of_arrays_of_different_sizes():
    lst, i = typed_list.TypedListType(T.dmatrix)("lst"), T.lscalar("i")
    f = theano.function([lst, i], lst[i])
    given = [np.ones((2, 3)), np.zeros((4, 1)), np.full((1, 1), 7.0)]
    for k in (0, 1, 2, -1):
        np.testing.assert_array_equal(f(given, k), given[k])
    with pytest.raises(IndexError):
        f(given, 3)


def test_running_averages_have_the_rank_of_the_old_ones():
    x, old = T.dmatrix("x"), [theano.shared(np.zeros(3)), theano.shared(np.ones(3))]
    *_, mean, var = T.nnet.bn.batch_normalization_train(
        x, np.ones(3), np.zeros(3), running_mean=old[0], running_var=old[1]
    )
    step = theano.function([x], updates=list(zip(old, [mean, var], strict=True)))
    step(np.arange(6.0).reshape(2, 3))
    np.testing.assert_allclose(old[0].get_value(), 0.1 * np.array([1.5, 2.5, 3.5]))
    np.testing.assert_allclose(old[1].get_value(), 0.9 + 0.1 * np.full(3, 4.5))


def test_gradients_of_convolutions_take_theanos_keywords():
    x, w, g = T.dtensor4("x"), T.dtensor4("w"), T.dtensor4("g")
    rng = np.random.default_rng(2)
    images, filters, out = (rng.random(s) for s in ((1, 2, 7, 6), (3, 2, 3, 2), (1, 3, 3, 3)))
    cost = (T.nnet.conv2d(x, w, subsample=(2, 2)) * g).sum()
    conv = T.nnet.abstract_conv
    same = theano.function([x, w, g], [
        *T.grad(cost, [x, w]),
        conv.conv2d_grad_wrt_inputs(output_grad=g, filters=w, input_shape=(1, 2, 7, 6),
                                    filter_shape=(3, 2, 3, 2), subsample=(2, 2)),
        conv.conv2d_grad_wrt_weights(input=x, output_grad=g, filter_shape=(3, 2, 3, 2),
                                     input_shape=(1, 2, 7, 6), subsample=(2, 2)),
    ])(images, filters, out)  # fmt: skip
    np.testing.assert_allclose(same[2], same[0], rtol=1e-12)
    np.testing.assert_allclose(same[3], same[1], rtol=1e-12)
    with pytest.raises(NotImplementedError, match="shared"):
        conv.conv2d_grad_wrt_inputs(g, w, (1, 2, 7, 6), unshared=True)


def test_separable_conv3d_is_a_convolution_of_each_channel_and_one_that_mixes_them():
    x, d, p = (T.TensorType("float64", (False,) * 5)(name) for name in "xdp")
    rng = np.random.default_rng(3)
    images, each, mix = (rng.random(s) for s in ((1, 2, 4, 5, 4), (4, 1, 2, 2, 2), (3, 4, 1, 1, 1)))
    f = theano.function([x, d, p], T.nnet.separable_conv3d(x, d, p, num_channels=2))
    flipped = each[:, 0, ::-1, ::-1, ::-1]
    windows = np.lib.stride_tricks.sliding_window_view(images[0], (2, 2, 2), axis=(1, 2, 3))
    middle = np.stack([np.tensordot(windows[o // 2], flipped[o], 3) for o in range(4)])
    np.testing.assert_allclose(f(images, each, mix)[0], np.tensordot(mix[:, :, 0, 0, 0], middle, 1))
