"""Hamiltonian Monte Carlo of a hierarchical model: mean alcohol of wines from three cultivars.

    python examples/hamiltonian.py

Each cultivar has a mean of its own, the means have a common mean and spread.  One trajectory, its
leapfrog loop and the gradients in it, is one compiled function.
"""

import numpy as np
from sklearn.datasets import load_wine

import arignote as ag


def log_density(q, y, group):
    """q: common mean, log spread of the means, log noise, then the standardized group offsets."""
    mean, log_spread, log_noise, offsets = q[0], q[1], q[2], q[3:]
    means = mean + np.exp(log_spread) * offsets
    residuals = (y - means[group]) / np.exp(log_noise)
    likelihood = -0.5 * np.sum(residuals * residuals) - y.shape[0] * log_noise
    prior = -0.5 * (np.sum(offsets * offsets) + ((mean - 13.0) / 2.0) ** 2)
    return likelihood + prior - 0.5 * (log_spread**2 + log_noise**2)


@ag.compile
def trajectory(q, p, y, group, scale, step, steps):
    """Leapfrog: (position, momentum, energy before, energy after)."""
    slope = ag.grad(log_density)
    before = 0.5 * np.sum(p * p) - log_density(q, y, group)
    p = p + 0.5 * step * scale * slope(q, y, group)
    for k in range(steps):
        q = q + step * scale * p
        p = p + (0.5 if k == steps - 1 else 1.0) * step * scale * slope(q, y, group)
    return q, p, before, 0.5 * np.sum(p * p) - log_density(q, y, group)


def sample(y, group, draws=2000, seed=0):
    """(draws after a warm-up, acceptance rate)"""
    rng = np.random.default_rng(seed)
    groups = int(group.max()) + 1
    q = np.concatenate([[y.mean(), 0.0, 0.0], np.zeros(groups)])
    scale = np.concatenate([[0.3, 0.5, 0.05], np.full(groups, 0.3)])
    kept, accepted = [], 0
    for k in range(draws + 500):
        p = rng.standard_normal(q.size)
        new, _, before, after = trajectory(q, p, y, group, scale, 0.1, 30)
        if np.log(rng.random()) < before - after:
            q = new
            accepted += k >= 500
        if k >= 500:
            kept.append(q)
    return np.array(kept), accepted / draws


def main():
    wine = load_wine()
    y = np.ascontiguousarray(wine.data[:, 0])
    draws, rate = sample(y, wine.target)
    means = draws[:, :1] + np.exp(draws[:, 1:2]) * draws[:, 3:]
    for k, name in enumerate(wine.target_names):
        print(f"{name}: {means[:, k].mean():.2f} +- {means[:, k].std():.2f}")
    print(f"{100 * rate:.0f} % of the trajectories accepted")
    return means, rate, y, wine.target


if __name__ == "__main__":
    main()
