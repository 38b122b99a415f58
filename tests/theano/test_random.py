"""Random streams: NumPy's and Theano's numbers, seeding, distributions, derivatives."""

import numpy as np
import pytest

import arignote as ag
import arignote.theano as theano
import arignote.theano.tensor as T
from arignote.theano.sandbox.rng_mrg import MRG_RandomStreams
from arignote.theano.tensor.shared_randomstreams import RandomStreams


@pytest.fixture(autouse=True)
def interpreted():
    with ag.config(mode="FAST_COMPILE"):
        yield


def test_uniform_and_binomial_draws_are_those_of_random_state():
    streams = RandomStreams(seed=234)
    u = streams.uniform((2, 2))
    b = streams.binomial((5,), p=0.3)
    f = theano.function([], [u, b])
    seeds = np.random.RandomState(234)
    first, second = (np.random.RandomState(int(seeds.randint(2**30))) for _ in range(2))
    for _ in range(2):
        got = f()
        assert got[0] == pytest.approx(first.uniform(size=(2, 2)), abs=0)
        assert got[1].tolist() == second.binomial(1, 0.3, size=5).tolist()


def test_streams_are_seeded_again_and_held():
    streams = RandomStreams(seed=9)
    x = streams.normal((3,))
    f = theano.function([], x)
    a = f()
    streams.seed(9)
    assert (f() == a).all()
    still = theano.function([], x, no_default_updates=[x.rng])
    assert (still() == still()).all()
    state = streams[x.rng]
    saved = state.get_state()
    b = f()
    state.set_state(saved)
    assert (f() == b).all()
    near = theano.function([], x + x - 2 * x)
    assert (near() == 0).all()  # one variable is drawn once


def recurrence(state, n):
    """The numbers of MRG31k3p, one after another, from its definition."""
    a, b = [int(v) for v in state[:3]], [int(v) for v in state[3:]]
    out = []
    for _ in range(n):
        new = (2**22 * a[1] + (2**7 + 1) * a[2]) % 2147483647
        other = (2**15 * b[0] + (2**15 + 1) * b[2]) % 2147462579
        a, b = [new, *a[:2]], [other, *b[:2]]
        z = a[0] - b[0] if a[0] > b[0] else a[0] - b[0] + 2147483647
        out.append(z / 2**31)
    return out


def test_mrg_draws_follow_the_recurrence_in_each_stream():
    rng = MRG_RandomStreams(12345)
    u = rng.uniform((2, 5), nstreams=3)
    f = theano.function([], u)
    states = u.rng.get_value()
    assert states.shape == (3, 6) and (states[0] == 12345).all()
    got = np.concatenate([f().reshape(-1), f().reshape(-1)])
    streams = [recurrence(s, 8) for s in states]
    # elements of a draw go round the streams; the first of them moves on once more
    expected = [streams[k % 3][k // 3] for k in range(10)]
    later = [4, 3, 3]
    expected += [streams[k % 3][later[k % 3] + k // 3] for k in range(10)]
    assert got == pytest.approx(expected, abs=0)


def test_mrg_distributions_and_seeds():
    rng = MRG_RandomStreams(7)
    n, p = rng.normal((4001,), avg=2.0, std=0.5), T.dmatrix("p")
    f = theano.function([p], [n, rng.binomial(size=(5000,), p=0.2), rng.multinomial(pvals=p)])
    rows = np.tile([[0.2, 0.5, 0.3]], (3000, 1))
    normal, coins, chosen = f(rows)
    assert abs(normal.mean() - 2) < 0.05 and abs(normal.std() - 0.5) < 0.03
    assert coins.dtype == np.int64 and abs(coins.mean() - 0.2) < 0.03
    assert (chosen.sum(1) == 1).all() and chosen.mean(0) == pytest.approx([0.2, 0.5, 0.3], abs=0.03)
    rng.seed(7)
    assert (f(rows)[0] == normal).all()
    for bad in (0, 2147483647):
        with pytest.raises(ValueError, match="seed"):
            MRG_RandomStreams(bad)
    with ag.config(floatX="float32"):
        assert MRG_RandomStreams(1).uniform((3,)).dtype == "float32"


def test_other_draws_of_random_streams():
    s = RandomStreams(1)
    x = T.dmatrix("x")
    f = theano.function(
        [x],
        [s.random_integers((200,), low=3, high=5), s.permutation(size=(4,), n=6),
         s.multinomial(size=(50,), n=3, pvals=[0.2, 0.3, 0.5]), s.choice((20,), a=4),
         s.poisson((30,), lam=2.0), s.shuffle_row_elements(x)],
    )  # fmt: skip
    rows = np.arange(12.0).reshape(3, 4)
    integers, orders, counts, picks, events, shuffled = f(rows)
    assert set(integers) == {3, 4, 5}
    assert (np.sort(orders, axis=1) == np.arange(6)).all()
    assert (counts.sum(1) == 3).all() and ((picks >= 0) & (picks < 4)).all()
    assert events.min() >= 0 and (np.sort(shuffled, axis=1) == rows).all()


def test_noise_passes_gradients_to_its_parameters():
    s, m = RandomStreams(3), T.dscalar("m")
    noisy = s.normal((1000,), avg=m, std=1.0)
    assert theano.function([m], T.grad(noisy.mean(), m))(0.5) == pytest.approx(1.0)


def test_test_values_of_draws_do_not_move_the_generators():
    plain, tested = RandomStreams(5), RandomStreams(5)
    a = plain.uniform((3,))
    with theano.change_flags(compute_test_value="raise"):
        b = tested.uniform((3,))
        assert b.tag.test_value.shape == (3,)
    assert (theano.function([], a)() == theano.function([], b)()).all()


def test_mrg_choice_draws_places_by_their_probabilities():
    rng = MRG_RandomStreams(11)
    p = T.dmatrix("p")
    with_replacement = rng.choice(size=400, p=p)
    without = rng.choice(size=3, p=p, replace=False)
    f = theano.function([p], [with_replacement, without])
    weights = np.array([[0.1, 0.2, 0.7, 0.0], [0.25, 0.25, 0.25, 0.25]])
    many, three = f(weights)
    assert many.shape == (2, 400) and many.dtype == np.int64 and three.shape == (2, 3)
    shares = np.bincount(many[0], minlength=4) / 400
    np.testing.assert_allclose(shares, weights[0], atol=0.1)
    assert sorted(three[0]) == [0, 1, 2] and len(set(three[1])) == 3
    with pytest.raises(AssertionError, match="more draws"):
        theano.function([p], rng.multinomial_wo_replacement(pvals=p, n=5))(weights)
    with pytest.raises(TypeError, match="give p"):
        rng.choice(size=3, a=5)


def test_mrg_truncated_normal_stays_inside_of_two_deviations():
    rng = MRG_RandomStreams(5)
    draws = theano.function([], rng.truncated_normal((4001,), avg=1.0, std=3.0))()
    assert np.abs(draws - 1).max() <= 6
    assert abs(draws.mean() - 1) < 0.2 and abs(draws.std() / 3 - 0.88) < 0.03
