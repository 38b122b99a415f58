"""What `arignote demo` runs: ordinary NumPy functions, and the data each is run on.

The functions know nothing of Arignote: the demo calls them as they stand, and compiled.  For the
classifier it compiles a shorter program, which leaves the gradient to `ag.value_and_grad`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

import arignote as ag

Array = Any  # of float64; typed arrays would need casts that a user would not write


@dataclass(frozen=True)
class Case:
    """One row of the demo.

    arguments(): fresh ones, for functions write into theirs.  other: what is compiled, where that
    is not the function itself.
    """

    name: str
    what: str
    function: Callable[..., Any]
    arguments: Callable[[], tuple[Any, ...]]
    tolerance: float = 1e-9
    other: Callable[..., Any] | None = None


# ---- a softmax classifier ------------------------------------------------------------------------
def probabilities(weights: Array, images: Array) -> Array:
    scores = images @ weights
    scores = scores - scores.max(axis=1, keepdims=True)
    powers = np.exp(scores)
    return powers / powers.sum(axis=1, keepdims=True)


def cross_entropy(weights: Array, images: Array, labels: Array) -> Any:
    return -np.mean(np.sum(labels * np.log(probabilities(weights, images)), axis=1))


def cross_entropy_gradient(weights: Array, images: Array, labels: Array) -> Array:
    return images.T @ (probabilities(weights, images) - labels) / images.shape[0]


def train(
    weights: Array, images: Array, labels: Array, rate: float, steps: int
) -> tuple[Array, Array]:
    losses = np.empty(steps)
    for k in range(steps):
        losses[k] = cross_entropy(weights, images, labels)
        weights = weights - rate * cross_entropy_gradient(weights, images, labels)
    return weights, losses


def train_without_derivations(
    weights: Array, images: Array, labels: Array, rate: float, steps: int
) -> tuple[Array, Array]:
    losses = np.empty(steps)
    for k in range(steps):
        losses[k], gradient = ag.value_and_grad(cross_entropy)(weights, images, labels)
        weights = weights - rate * gradient
    return weights, losses


# ---- kernel matrices -----------------------------------------------------------------------------
def gaussian_kernel(points: Array, gamma: float) -> Array:
    squares = np.sum(points * points, axis=1)
    distances = squares[:, None] + squares[None, :] - 2.0 * (points @ points.T)
    return np.exp(-gamma * np.maximum(distances, 0.0))


def laplacian_kernel(points: Array, gamma: float) -> Array:
    distances = np.abs(points[:, None, :] - points[None, :, :]).sum(axis=2)
    return np.exp(-gamma * distances)


# ---- lasso regression, coordinate by coordinate --------------------------------------------------
def lasso(features: Array, target: Array, penalty: float, sweeps: int) -> Array:
    columns = features.shape[1]
    weights = np.zeros(columns)
    residual = target.copy()
    norms = np.sum(features * features, axis=0)
    for _ in range(sweeps):
        for j in range(columns):
            old = weights[j]
            pull = features[:, j] @ residual + norms[j] * old
            if pull > penalty:
                new = (pull - penalty) / norms[j]
            elif pull < -penalty:
                new = (pull + penalty) / norms[j]
            else:
                new = 0.0
            if new != old:
                residual -= features[:, j] * (new - old)
                weights[j] = new
    return weights


# ---- waves on a square, written with slices ------------------------------------------------------
def waves(height: Array, before: Array, speed: float, damping: float, steps: int) -> Array:
    for _ in range(steps):
        bend = (
            height[:-2, 1:-1] + height[2:, 1:-1] + height[1:-1, :-2] + height[1:-1, 2:]
            - 4.0 * height[1:-1, 1:-1]
        )  # fmt: skip
        after = np.zeros_like(height)
        after[1:-1, 1:-1] = damping * (2.0 * height[1:-1, 1:-1] - before[1:-1, 1:-1] + speed * bend)
        before = height
        height = after
    return height


# ---- bodies that attract each other, written with loops ------------------------------------------
def bodies(place: Array, speed: Array, mass: Array, dt: float, steps: int) -> Array:
    count = place.shape[0]
    paths = np.empty((steps, count, 2))
    for k in range(steps):
        for i in range(count):
            for j in range(count):
                if i != j:
                    dx = place[j, 0] - place[i, 0]
                    dy = place[j, 1] - place[i, 1]
                    near = dx * dx + dy * dy + 0.001
                    pull = dt * mass[j] / (near * np.sqrt(near))
                    speed[i, 0] += pull * dx
                    speed[i, 1] += pull * dy
        for i in range(count):
            place[i, 0] += dt * speed[i, 0]
            place[i, 1] += dt * speed[i, 1]
        paths[k] = place
    return paths


# ---- the data ------------------------------------------------------------------------------------
def digits() -> tuple[Array, Array, Array]:
    """1797 images of 64 pixels from 0 to 1, their labels one-hot, and the labels."""
    from sklearn.datasets import load_digits

    pixels, numbers = load_digits(return_X_y=True)
    return pixels / 16.0, np.eye(10)[numbers], numbers


def cases(quick: bool) -> tuple[Case, ...]:
    """The rows of the demo; quick: smaller ones, for a machine that interprets."""
    from sklearn.datasets import load_diabetes

    images, labels, _ = digits()
    features, target = load_diabetes(return_X_y=True)
    few, size, steps, count = (60, 40, 10, 5) if quick else (700, 384, 300, 40)
    planets = _planets(count)
    drop = _drop(size)
    rows = images[:300] if quick else images
    return (
        Case("softmax", f"{len(rows)} digits, ag.grad", train,
             lambda: (np.zeros((64, 10)), rows, labels[: len(rows)], 0.5, 10 if quick else 100),
             other=train_without_derivations),
        Case("gaussian", f"kernel matrix, {len(rows)} digits", gaussian_kernel,
             lambda: (rows, 0.05)),
        Case("laplacian", f"broadcasting, {few} digits", laplacian_kernel,
             lambda: (images[:few], 0.05)),
        Case("lasso", "coordinate descent, loops", lasso,
             lambda: (features, target - target.mean(), 100.0, 5 if quick else 300)),
        Case("waves", f"{size} x {size} grid, slices", waves,
             lambda: (drop.copy(), drop.copy(), 0.25, 0.9995, steps)),
        Case("bodies", f"orbits of {count}, loops", bodies,
             lambda: (*(x.copy() for x in planets), 0.004, steps), tolerance=1e-6),
    )  # fmt: skip


def _drop(size: int) -> Array:
    """Two drops that fall on still water."""
    y, x = np.mgrid[0:size, 0:size] / size
    return np.exp(-900 * ((x - 0.3) ** 2 + (y - 0.4) ** 2)) - np.exp(
        -1500 * ((x - 0.7) ** 2 + (y - 0.65) ** 2)
    )


def _planets(count: int) -> tuple[Array, Array, Array]:
    """A heavy body in the middle and light ones that circle it."""
    random = np.random.default_rng(1)
    radius = random.uniform(0.4, 2.0, count)
    angle = random.uniform(0, 2 * np.pi, count)
    place = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1)
    speed = np.stack([-np.sin(angle), np.cos(angle)], axis=1) / np.sqrt(radius)[:, None]
    mass = np.full(count, 2e-4)
    place[0], speed[0], mass[0] = 0.0, 0.0, 1.0
    return place, speed, mass
