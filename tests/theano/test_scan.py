"""Every argument of `scan`, against plain Python."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.sandbox.rng_mrg import MRG_RandomStreams
from arignote.theano.scan_module import until


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


X = np.array([0.5, -1.0, 2.0, 0.25, 1.5, -0.75])


def test_the_power_example_with_symbolic_n_steps():
    k, A = T.iscalar("k"), T.vector("A")
    result, updates = theano.scan(
        fn=lambda prior, A: prior * A, outputs_info=T.ones_like(A), non_sequences=A, n_steps=k
    )
    f = theano.function([A, k], [result, result[-1]], updates=updates)
    every, last = f(X, 3)
    assert every == pytest.approx(np.stack([X, X**2, X**3]))
    assert last == pytest.approx(X**3)
    assert f(X, 1)[0].shape == (1, 6)


@pytest.mark.parametrize("backwards", [False, True])
def test_taps_of_sequences_and_outputs(backwards):
    x = T.vector("x")

    def step(x_before, x_after, y3, y1):
        return x_before + 2 * x_after + 0.5 * y3 - 0.25 * y1

    start = np.array([0.1, 0.2, 0.3])
    out, _ = theano.scan(
        step, sequences={"input": x, "taps": [-1, 2]},
        outputs_info={"initial": T.constant(start), "taps": [-3, -1]}, go_backwards=backwards,
    )  # fmt: skip
    g = T.grad((out**2).sum(), x)
    value, slope = theano.function([x], [out, g])(X)

    def plain(x):
        before, after = x[:3], x[3:]
        rows = list(start)
        for t in range(3):
            k = 2 - t if backwards else t
            rows.append(before[k] + 2 * after[k] + 0.5 * rows[t] - 0.25 * rows[t + 2])
        return np.array(rows[3:])

    assert value == pytest.approx(plain(X))
    assert slope == pytest.approx(numeric(lambda x: (plain(x) ** 2).sum(), X), abs=1e-5)


def numeric(f, x, h=1e-6):
    out = np.zeros_like(x)
    for k in range(x.size):
        d = np.zeros_like(x)
        d[k] = h
        out[k] = (f(x + d) - f(x - d)) / (2 * h)
    return out


def test_several_outputs_some_not_fed_back_and_outer_variables_found():
    x, w = T.vector("x"), T.scalar("w")
    doubled = w * 2  # used inside, though not listed
    s = theano.shared(3.0)
    (h, y), updates = theano.scan(
        lambda x_t, h: (T.tanh(x_t * doubled + h), x_t + s), x, [np.float64(0), None]
    )
    assert not updates
    a, b, g = theano.function([x, w], [h, y, T.grad(h.sum(), w)])(X, 0.3)
    state, rows = 0.0, []
    for v in X:
        state = np.tanh(v * 0.6 + state)
        rows.append(state)
    assert a == pytest.approx(rows) and b == pytest.approx(X + 3)
    assert g != 0


def test_until_stops_after_the_step_that_says_so():
    def powers(previous, most):
        return previous * 2, until(previous * 2 > most)

    most = T.scalar("most")
    values, _ = theano.scan(powers, outputs_info=T.constant(1.0), non_sequences=most, n_steps=1024)
    f = theano.function([most], [values, T.grad(values.sum(), most, disconnected_inputs="ignore")])
    assert f(45.0)[0].tolist() == [2, 4, 8, 16, 32, 64]
    assert f(1e9)[0].size == 30


def test_truncated_gradient():
    x, w = T.vector("x"), T.scalar("w")
    h, _ = theano.scan(lambda x_t, h, w: T.tanh(w * h + x_t), x, T.constant(0.1), w,
                       truncate_gradient=2)  # fmt: skip
    f = theano.function([x, w], T.grad(h.sum(), [x, w]))
    gx, gw = f(X, 0.7)
    assert (gx[:-2] == 0).all() and (gx[-2:] != 0).all()
    states = [0.1]
    for v in X:
        states.append(np.tanh(0.7 * states[-1] + v))

    def last_two(w):
        a = np.tanh(w * states[4] + X[4])
        return a + np.tanh(w * a + X[5])

    assert gw == pytest.approx((last_two(0.7 + 1e-6) - last_two(0.7 - 1e-6)) / 2e-6, rel=1e-6)


def test_zero_and_one_steps():
    x = T.matrix("x")
    out, _ = theano.scan(lambda row, acc: row * 2 + acc, x, T.zeros((3,)))
    f = theano.function([x], [out, T.grad(out.sum(), x)])
    empty, g = f(np.zeros((0, 3)))
    assert empty.shape == (0, 3) and g.shape == (0, 3)
    one, g = f(np.ones((1, 3)))
    assert one.tolist() == [[2, 2, 2]] and (g == 2).all()
    n = T.iscalar("n")
    out, _ = theano.scan(lambda acc: acc + 1, outputs_info=T.constant(0.0), n_steps=n)
    assert theano.function([n], out)(0).shape == (0,)


def test_shared_variables_updated_inside():
    a = theano.shared(1, "a")
    values, updates = theano.scan(lambda: {a: a + 1}, n_steps=10)
    assert values is None
    b = a + 1
    f = theano.function([], [b], updates=updates)
    assert f() == [2] and a.get_value() == 11
    assert f() == [12] and a.get_value() == 21


def test_updates_are_carried_and_seen_by_later_steps():
    s = theano.shared(1.0, "s")
    out, updates = theano.scan(lambda x: (x * s, {s: s * 2}), T.constant(np.ones(4)))
    assert theano.function([], out, updates=updates)().tolist() == [1, 2, 4, 8]
    assert s.get_value() == 16.0


@pytest.mark.parametrize(
    "streams", [MRG_RandomStreams, theano.tensor.shared_randomstreams.RandomStreams]
)
def test_random_streams_inside_draw_anew_each_step_and_call(streams):
    rng = streams(7)
    out, updates = theano.scan(lambda: rng.uniform((3,)), n_steps=4)
    f = theano.function([], out, updates=updates)
    a, b = f(), f()
    assert np.unique(np.stack([a, b])).size == 24
    assert ((a > 0) & (a < 1)).all()


def test_nested_scans_and_scan_in_the_gradient_of_scan():
    A = T.matrix("A")
    rows, _ = theano.scan(
        lambda row: theano.scan(lambda v, acc: acc * v + 1, row, T.constant(1.0))[0], A
    )
    cost = (rows[:, -1] ** 2).sum()
    g = T.grad(cost, A)
    second = T.grad((g**2).sum(), A)
    f = theano.function([A], [cost, g, second])
    M = X.reshape(2, 3)

    def plain(a):
        total = 0.0
        for row in a.reshape(2, 3):
            acc = 1.0
            for v in row:
                acc = acc * v + 1
            total += acc * acc
        return total

    value, slope, curved = f(M)
    assert value == pytest.approx(plain(X))
    assert slope.reshape(-1) == pytest.approx(numeric(plain, X), abs=1e-4)
    assert curved.shape == (2, 3) and np.isfinite(curved).all()


def test_map_reduce_foldl_foldr():
    x = T.vector("x")
    squares, _ = theano.map(lambda v: v**2, x)
    total, _ = theano.reduce(lambda v, acc: acc + v, x, T.constant(0.0))
    left, _ = theano.foldl(lambda v, acc: acc * 0.5 + v, x, T.constant(0.0))
    right, _ = theano.foldr(lambda v, acc: acc * 0.5 + v, x, T.constant(0.0))
    a, b, c, d = theano.function([x], [squares, total, left, right])(X)
    assert a == pytest.approx(X**2) and b == pytest.approx(X.sum())
    acc = 0.0
    for v in X:
        acc = acc * 0.5 + v
    assert c == pytest.approx(acc)
    acc = 0.0
    for v in X[::-1]:
        acc = acc * 0.5 + v
    assert d == pytest.approx(acc)


def test_initial_values_are_widened_and_narrowing_is_refused():
    x = T.dvector("x")
    out, _ = theano.scan(lambda v, acc: v + acc, x, T.constant(np.int8(0)))
    assert out.dtype == "float64"
    assert theano.function([x], out)(X) == pytest.approx(np.cumsum(X))
    with pytest.raises(TypeError, match="initial value"):
        theano.scan(lambda v, acc: T.cast(v, "float32"), x, T.constant(np.float64(0)))


def test_bad_arguments_are_refused_where_they_stand():
    x = T.dvector("x")
    with pytest.raises(ValueError, match="number of steps"):
        theano.scan(lambda: 1)
    with pytest.raises(ValueError, match="n_steps must be an int"):
        theano.scan(lambda v: v, x, n_steps=T.dscalar())
    with pytest.raises(ValueError, match="without initial"):
        theano.scan(lambda v: v, x, {"taps": [-1]})
    with pytest.raises(ValueError, match="negative and distinct"):
        theano.scan(lambda v, a: v, x, {"initial": x, "taps": [0]})
    with pytest.raises(ValueError, match="updates before outputs"):
        theano.scan(lambda v: ({}, v), x)
    s = theano.shared(1.0, "s")
    with pytest.raises(ValueError, match=r"strict=True.*s"):
        theano.scan(lambda v: v * s, x, strict=True)
    f = theano.function([x], theano.scan(lambda v: v, x, n_steps=9)[0])
    with pytest.raises(IndexError):
        f(X)


def test_a_sequence_of_constants():
    """The polynomial of Theano's tutorial: its powers are a literal range."""
    coefficients, v = T.dvector("coefficients"), T.dscalar("v")
    terms, _ = theano.scan(
        fn=lambda c, p, v: c * (v**p),
        outputs_info=None,
        sequences=[coefficients, T.arange(10000)],
        non_sequences=v,
    )
    polynomial = theano.function([coefficients, v], terms.sum())
    assert polynomial(np.array([1.0, 0.0, 2.0]), 3.0) == 19.0
    assert polynomial(np.array([1.0, 0.0, 2.0, 1.0]), 2.0) == 17.0
