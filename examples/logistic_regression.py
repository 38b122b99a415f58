"""Logistic regression on the digits data: SciPy's L-BFGS with a compiled value and gradient.

python examples/logistic_regression.py
"""

import numpy as np
import scipy.optimize
from sklearn.datasets import load_digits
from sklearn.model_selection import train_test_split

import arignote as ag

CLASSES = 10


def loss(weights, images, labels, decay):
    """Mean cross entropy of a linear classifier, and a little weight decay."""
    w = weights.reshape(images.shape[1], CLASSES)
    logits = images @ w
    top = np.max(logits, axis=1)
    total = np.log(np.sum(np.exp(logits - top[:, None]), axis=1)) + top
    picked = logits[np.arange(labels.shape[0]), labels]
    return np.mean(total - picked) + decay * np.sum(w * w)


def main():
    digits = load_digits()
    images = np.hstack([digits.data / 16.0, np.ones((len(digits.data), 1))])
    train, test, train_labels, test_labels = train_test_split(
        images, digits.target, test_size=0.3, random_state=0
    )
    found = scipy.optimize.minimize(
        ag.value_and_grad(loss),
        np.zeros(images.shape[1] * CLASSES),
        args=(train, train_labels, 1e-4),
        jac=True,
        method="L-BFGS-B",
        options={"maxiter": 300},
    )
    w = found.x.reshape(-1, CLASSES)
    accuracy = np.mean(np.argmax(test @ w, axis=1) == test_labels)
    print(f"loss {found.fun:.4f} after {found.nit} steps, {100 * accuracy:.1f} % right")
    return accuracy


if __name__ == "__main__":
    main()
