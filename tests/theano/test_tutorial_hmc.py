"""Hybrid Monte Carlo as the tutorial writes it: leapfrog steps in a scan with gradients inside, and
random streams."""

import numpy as np

import arignote.theano as theano
import arignote.theano.tensor as T

MEAN = np.array([1.0, 2.0])


def energy(position):
    return 0.5 * T.sqr(position - MEAN).sum(axis=1)


def kinetic(velocity):
    return 0.5 * (velocity**2).sum(axis=1)


def simulated(position, velocity, stepsize, n_steps):
    def leapfrog(position, velocity, step):
        slope = T.grad(energy(position).sum(), position)
        velocity = velocity - step * slope
        return [position + step * velocity, velocity], {}

    half = velocity - 0.5 * stepsize * T.grad(energy(position).sum(), position)
    (positions, velocities), updates = theano.scan(
        leapfrog,
        outputs_info=[{"initial": position + stepsize * half}, {"initial": half}],
        non_sequences=[stepsize],
        n_steps=n_steps - 1,
    )
    last = positions[-1]
    slope = T.grad(energy(last).sum(), last)
    return last, velocities[-1] - 0.5 * stepsize * slope, updates


def test_samples_have_the_mean_of_the_density():
    position = theano.shared(np.random.RandomState(0).randn(8, 2), "position")
    stepsize = theano.shared(np.float64(0.1), "stepsize")
    streams = T.shared_randomstreams.RandomStreams(1)
    velocity = streams.normal(size=position.shape)
    end, turned, updates = simulated(position, velocity, stepsize, 10)
    before = energy(position) + kinetic(velocity)
    accepted = T.le(streams.uniform(size=(8,)), T.exp(before - energy(end) - kinetic(turned)))
    moved = T.switch(accepted.dimshuffle(0, "x"), end, position)
    sample = theano.function(
        [], accepted.mean(), updates=[(position, moved), *updates.items()], mode="FAST_COMPILE"
    )
    rates, found = [], []
    for _ in range(150):
        rates.append(sample())
        found.append(position.get_value())
    assert np.mean(rates) > 0.8
    assert np.allclose(np.mean(found[20:], axis=(0, 1)), MEAN, atol=0.25)
