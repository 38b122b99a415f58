"""Poisson regression on the diabetes data by Newton steps; Hessians only times vectors.

python examples/newton_cg.py
"""

import functools

import numpy as np
import scipy.sparse.linalg as sparse
from sklearn.datasets import load_diabetes

import arignote as ag


def loss(w, x, y):
    """Mean negative log-likelihood of counts y with rates exp(x @ w)."""
    rate = x @ w
    return np.mean(np.exp(rate) - y * rate)


def newton(w, x, y, steps=30, tolerance=1e-10):
    """The minimum, and the gradient's norm after each step."""
    value_and_grad, hessian_times = ag.value_and_grad(loss), ag.hvp(loss)
    value, gradient = value_and_grad(w, x, y)
    norms = [np.linalg.norm(gradient)]
    while norms[-1] > tolerance and len(norms) <= steps:
        times = functools.partial(hessian_times, w, x, y)
        hessian = sparse.LinearOperator((w.size, w.size), matvec=times, dtype=w.dtype)
        step, _ = sparse.cg(hessian, -gradient, rtol=1e-8)
        size = 1.0
        while loss(w + size * step, x, y) > value + 1e-4 * size * (gradient @ step) and size > 1e-8:
            size /= 2
        w = w + size * step
        value, gradient = value_and_grad(w, x, y)
        norms.append(np.linalg.norm(gradient))
    return w, norms


def main():
    data = load_diabetes()
    x = np.hstack([data.data / data.data.std(axis=0), np.ones((len(data.data), 1))])
    _, norms = newton(np.zeros(x.shape[1]), x, data.target / data.target.mean())
    print("gradient norms:", " ".join(f"{n:.1e}" for n in norms))
    return norms


if __name__ == "__main__":
    main()
