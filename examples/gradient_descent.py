"""Least squares with a twist, by gradient descent on a loss whose gradient nobody derived."""

import numpy as np

import arignote as ag


def loss(parameters, x, y):
    """Huber's loss of a line: squares near the data, absolute values far away."""
    error = parameters["slope"] * x + parameters["offset"] - y
    near = np.abs(error) < 1.0
    return np.mean(np.where(near, 0.5 * error * error, np.abs(error) - 0.5))


@ag.compile
def fit(parameters, x, y, rate, steps):
    for _ in range(steps):
        slopes = ag.grad(loss)(parameters, x, y)
        parameters = {name: parameters[name] - rate * slopes[name] for name in parameters}
    return parameters


def main():
    random = np.random.default_rng(0)
    x = random.uniform(-2, 2, 1000)
    y = 3.0 * x - 1.0 + random.normal(size=1000) * 0.1
    y[::50] += 100.0  # some measurements went wrong
    found = fit({"slope": 0.0, "offset": 0.0}, x, y, 0.5, 300)
    print(f"slope {found['slope']:.3f}, offset {found['offset']:.3f} (true: 3 and -1)")


if __name__ == "__main__":
    main()
